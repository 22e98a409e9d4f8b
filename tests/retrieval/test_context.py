"""Context blocks: inside the budget, in order, each record once, with what is over marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from factloom.retrieval.context import build_context
from factloom.retrieval.token_counting import APPROXIMATE, Counter, approximate_tokens
from factloom.schemas.records import Episode, Fact, Role
from factloom.schemas.search import CONTEXT_CLOSE, CONTEXT_OPEN, Hit, QueryReading, SearchResult

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def said(number: int, text: str, *, note: str = "", score: float = 0.5) -> Hit:
    episode = Episode(
        id=f"e{number}", space="t", session="s", role=Role.USER, speaker="Ana", content=text, ref=number,
        occurred_at=NOW - timedelta(days=number), created_at=NOW,
    )  # fmt: skip
    return Hit(kind="episode", score=score, parts={}, episode=episode, sources=(episode,), note=note)


def known(number: int, text: str, *, over: bool = False) -> Hit:
    start = NOW - timedelta(days=number)
    fact = Fact(
        id=f"f{number}", space="t", subject_id="a", predicate="LIVES_IN", object_id="b", text=text, ref=100 + number,
        valid_at=start, invalid_at=start + timedelta(hours=1) if over else None, created_at=start,
    )  # fmt: skip
    return Hit(kind="fact", score=0.5, parts={}, fact=fact, sources=said(number, "source").sources)


def result(*hits: Hit) -> SearchResult:
    return SearchResult(hits=hits, reading=QueryReading(query="q", stripped="q"))


BYTES = Counter(APPROXIMATE, approximate_tokens)
WORDS = Counter("words", lambda text: len(text.replace("\n", " | ").split()))
"""Every word and every line end is a token."""

JOINING = Counter("joining", lambda text: len(text.split()) + text.count("\n") ** 2)
"""Counts more for a text of many lines than for its lines one by one, as some tokenizers do."""


def test_the_whole_text_is_counted_too() -> None:
    block = build_context(
        result(*[said(i, f"turn {i}") for i in range(1, 20)]), max_tokens=60, now=NOW, counter=JOINING
    )
    assert block.episodes
    assert JOINING.count(block.text) == block.tokens <= 60


@pytest.mark.parametrize("budget", [1, 16, 17, 25, 40, 75, 200, 1000])
@pytest.mark.parametrize("counter", [BYTES, WORDS])
def test_the_budget_is_never_exceeded(budget: int, counter: Counter) -> None:
    hits = [said(i, f"turn {i} " + "word " * (i * 7 % 40)) for i in range(1, 20)]
    hits[3:3] = [known(i, f"Fact {i} holds since a while.") for i in range(30, 40)]
    block = build_context(result(*hits), max_tokens=budget, now=NOW, counter=counter)
    count = counter.count(block.text)
    assert count <= budget
    assert block.tokens == (count if block.text else 0)


def test_facts_come_first_and_everything_runs_from_old_to_new() -> None:
    hits = [
        said(1, "newest"),
        known(5, "Ana lives in Porto."),
        said(9, "oldest"),
        said(4, "between"),
        said(9, "oldest"),
    ]
    block = build_context(result(*hits), max_tokens=500, now=NOW, counter=BYTES)
    lines = block.text.splitlines()
    assert (lines[0], lines[-1]) == (CONTEXT_OPEN, CONTEXT_CLOSE)
    assert lines[2] == "- Ana lives in Porto. (since 2025-05-27; Ana)"
    assert lines[5:-1] == [
        "[2025-05-23]", "Ana: oldest", "[2025-05-28]", "Ana: between", "[2025-05-31]", "Ana: newest",
    ]  # fmt: skip
    assert [episode.id for episode in block.episodes] == ["e9", "e4", "e1"]
    assert [fact.id for fact in block.facts] == ["f5"]


def test_what_was_said_on_one_day_stands_under_its_date() -> None:
    hits = [said(2, "first"), said(1, "later"), said(2, "first again").model_copy()]
    again = hits[2].episode
    assert again is not None
    hits[2] = hits[2].model_copy(
        update={"episode": (other := again.model_copy(update={"id": "x"})), "sources": (other,)}
    )
    text = build_context(result(*hits), max_tokens=500, now=NOW, counter=BYTES).text
    assert text.splitlines()[2:-1] == [
        "[2025-05-30]", "Ana: first", "Ana: first again", "[2025-05-31]", "Ana: later",
    ]  # fmt: skip


def test_what_is_over_is_marked() -> None:
    hits = [known(5, "Ana lives in Lisbon.", over=True), said(3, "I live in Lisbon", note="no longer true (since x)")]
    text = build_context(result(*hits), max_tokens=500, now=NOW, counter=BYTES).text
    assert "Ana lives in Lisbon. (no longer true (since 2025-05-27)" in text
    assert "I live in Lisbon (no longer true (since x))" in text


def test_a_long_passage_is_cut_to_fit() -> None:
    block = build_context(result(said(1, "word " * 5000)), max_tokens=60, now=NOW, counter=BYTES)
    assert block.text.endswith(f"word …\n{CONTEXT_CLOSE}")
    assert 30 < block.tokens <= 60


def test_no_hits_give_no_text() -> None:
    block = build_context(result(), max_tokens=100, now=NOW, counter=BYTES)
    assert (block.text, block.tokens, block.facts, block.episodes) == ("", 0, (), ())


def test_facts_about_one_entity_stand_together_oldest_first() -> None:
    others = [known(n, f"fact {n}") for n in (5, 3, 9, 7)]
    for hit, about in zip(others, "baab", strict=True):
        fact = hit.fact
        assert fact is not None
        others[others.index(hit)] = hit.model_copy(update={"fact": fact.model_copy(update={"subject_id": about})})
    block = build_context(result(*others), max_tokens=500, now=NOW, counter=BYTES)
    assert [fact.text for fact in block.facts] == ["fact 7", "fact 5", "fact 9", "fact 3"]


def test_the_same_words_are_shown_once() -> None:
    block = build_context(
        result(said(1, "see you"), said(1, "see you").model_copy(), said(2, "see you"), said(3, "no")),
        max_tokens=500, now=NOW, counter=BYTES,
    )  # fmt: skip
    assert block.text.count("see you") == 1
    assert [episode.id for episode in block.episodes] == ["e3", "e1"]


def test_what_is_not_known_since_when_is_as_of_its_source() -> None:
    hit = known(5, "Ana likes tea.")
    assert hit.fact is not None
    hit = hit.model_copy(update={"fact": hit.fact.model_copy(update={"valid_at": None})})
    text = build_context(result(hit), max_tokens=500, now=NOW, counter=BYTES).text
    assert "- Ana likes tea. (as of 2025-05-27; Ana)" in text


def test_another_time_is_named_and_what_ended_later_is_not_over() -> None:
    hit = known(5, "Ana lives in Lisbon.", over=True)
    then = NOW - timedelta(days=5)
    found = result(hit, said(6, "I live in Lisbon")).model_copy(update={"as_of": then})
    text = build_context(found, max_tokens=500, now=NOW, counter=BYTES).text
    assert "Known facts as of 2025-05-27:\n- Ana lives in Lisbon. (since 2025-05-27; Ana)" in text
    assert "From earlier conversations, up to 2025-05-27:" in text


def test_the_turns_around_the_best_come_along() -> None:
    before, after = said(4, "which one?").sources[0], said(2, "thanks").sources[0]
    hits = [said(3, "the blue one"), *[said(n, f"turn {n}") for n in range(10, 20)]]
    block = build_context(result(*hits), max_tokens=1000, now=NOW, counter=BYTES, around={"e3": [before, after]})
    lines = [line for line in block.text.splitlines() if line.startswith("Ana")]
    assert lines[-3:] == ["Ana: which one?", "Ana: the blue one", "Ana: thanks"]
    small = build_context(result(*hits), max_tokens=75, now=NOW, counter=BYTES, around={"e3": [before, after]})
    assert "which one?" not in small.text, "they take no room from the best hits"
    assert "the blue one" in small.text

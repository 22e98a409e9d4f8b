"""Context blocks: inside the budget, in order, each record once, with what is over marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from factloom.retrieval.context import approximate_tokens, build_context
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


class WordCounter:
    """Every word and every line end is a token."""

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [len(text.replace("\n", " | ").split()) for text in texts]


class JoiningCounter:
    """Counts more for a text of many lines than for its lines one by one, as some tokenizers do."""

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [len(text.split()) + text.count("\n") ** 2 for text in texts]


def test_the_whole_text_is_counted_too() -> None:
    block = build_context(
        result(*[said(i, f"turn {i}") for i in range(1, 20)]), max_tokens=60, now=NOW, counter=JoiningCounter()
    )
    assert block.episodes
    assert JoiningCounter().count_tokens([block.text])[0] == block.tokens <= 60


@pytest.mark.parametrize("budget", [1, 16, 17, 25, 40, 75, 200, 1000])
@pytest.mark.parametrize("counter", [None, WordCounter()])
def test_the_budget_is_never_exceeded(budget: int, counter: object) -> None:
    hits = [said(i, f"turn {i} " + "word " * (i * 7 % 40)) for i in range(1, 20)]
    hits[3:3] = [known(i, f"Fact {i} holds since a while.") for i in range(30, 40)]
    block = build_context(result(*hits), max_tokens=budget, now=NOW, counter=counter)
    count = WordCounter().count_tokens([block.text])[0] if counter else approximate_tokens(block.text)
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
    block = build_context(result(*hits), max_tokens=500, now=NOW, counter=None)
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
    text = build_context(result(*hits), max_tokens=500, now=NOW, counter=None).text
    assert text.splitlines()[2:-1] == [
        "[2025-05-30]", "Ana: first", "Ana: first again", "[2025-05-31]", "Ana: later",
    ]  # fmt: skip


def test_what_is_over_is_marked() -> None:
    hits = [known(5, "Ana lives in Lisbon.", over=True), said(3, "I live in Lisbon", note="no longer true (since x)")]
    text = build_context(result(*hits), max_tokens=500, now=NOW, counter=None).text
    assert "Ana lives in Lisbon. (no longer true (since 2025-05-27)" in text
    assert "I live in Lisbon (no longer true (since x))" in text


def test_a_long_passage_is_cut_to_fit() -> None:
    block = build_context(result(said(1, "word " * 5000)), max_tokens=60, now=NOW, counter=None)
    assert block.text.endswith(f"word …\n{CONTEXT_CLOSE}")
    assert 30 < block.tokens <= 60


def test_no_hits_give_no_text() -> None:
    block = build_context(result(), max_tokens=100, now=NOW, counter=None)
    assert (block.text, block.tokens, block.facts, block.episodes) == ("", 0, (), ())

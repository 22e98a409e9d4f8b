"""Search on the real store and index: what is found, what is left out, how it is explained and paged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.retrieval.clocked_memory import NOW, START, clocked_memory

from factloom import Memory
from factloom.schemas.errors import InvalidInputError, NotFoundError
from factloom.schemas.records import Category
from factloom.schemas.search import SearchResult


@pytest.fixture
def memory() -> Iterator[Memory]:
    with clocked_memory() as made:
        yield made


def talk(*lines: tuple[str, str], start: datetime = START, session: str = "s1", **more: Any) -> list[dict[str, Any]]:
    return [
        {"role": "user", "name": who, "content": text, "time": start + timedelta(minutes=i), "session": session, **more}
        for i, (who, text) in enumerate(lines)
    ]


def texts(result: SearchResult) -> list[str]:
    return [hit.text for hit in result]


def test_the_speaker_who_is_named_comes_first(memory: Memory) -> None:
    memory.add(talk(("Ana", "I adopted a grey cat"), ("Rui", "I adopted a grey cat")), space="t")
    assert memory.search("What did Rui adopt?", space="t")[0].sources[0].speaker == "Rui"
    assert memory.search("What did Ana adopt?", space="t")[0].sources[0].speaker == "Ana"
    for hit in memory.search("What did Ana adopt?", space="t"):
        assert (hit.parts.get("speaker", 0.0) > 0.0) == (hit.sources[0].speaker == "Ana")


def test_i_and_she_mean_the_asker(memory: Memory) -> None:
    memory.add(
        talk(("Ana", "bread with olives is my favourite"), ("Rui", "bread with olives is my favourite")), space="t"
    )
    for question in ("what is my favourite bread?", "what is her favourite bread?"):
        for asker in ("Ana", "Rui"):
            assert memory.search(question, space="t", asker=asker)[0].sources[0].speaker == asker


def test_an_answer_is_found_by_the_turn_before_it(memory: Memory) -> None:
    lines = [("Ana", f"nothing much about number {i} to tell") for i in range(30)]
    lines[15:17] = [("Rui", "which instrument did you buy at the flea market?"), ("Ana", "an accordion, fifty euros")]
    memory.add(talk(*lines), space="t")
    found = texts(memory.search("Which instrument was bought at the flea market?", space="t", limit=3))
    assert "an accordion, fifty euros" in found


def test_what_follows_a_turn_that_asks_counts_as_its_answer(memory: Memory) -> None:
    filler = [("Ana", f"nothing much about number {i} to tell") for i in range(20)]
    asked = [("Rui", "which instrument was on the flea market?"), ("Ana", "an accordion, fifty euros")]
    told = [("Rui", "that instrument was on the flea market!"), ("Ana", "an accordion, sixty euros")]
    memory.add(talk(*filler[:10], *told, *filler[10:], *asked), space="t")
    found = {hit.episode.content: hit for hit in memory.search("Which instrument?", space="t", limit=30) if hit.episode}
    answer, remark = found["an accordion, fifty euros"], found["an accordion, sixty euros"]
    assert answer.parts["answers"] > 0.02
    assert "answers" not in remark.parts
    assert answer.score > remark.score


def test_other_spaces_have_no_influence(memory: Memory) -> None:
    memory.add(talk(("Ana", "the code of the safe is 4711"), ("Ana", "the weather is fine")), space="one")
    before = memory.search("What is the code of the safe?", space="one")
    memory.add(talk(*[("Rui", f"the code of safe {i} is 1234") for i in range(40)]), space="two")
    memory.add_facts([("Ana", "LIKES", "safe codes")], space="two")
    after = memory.search("What is the code of the safe?", space="one")
    assert [(h.id, h.score, h.parts) for h in before] == [(h.id, h.score, h.parts) for h in after]


def test_pages_join_into_the_one_ranking(memory: Memory) -> None:
    memory.add(talk(*[("Ana", f"note {i} about the garden and item {i % 7}") for i in range(230)]), space="t")
    whole = memory.search("What about the garden?", space="t", limit=230)
    paged: list[str] = []
    for offset in range(0, 240, 37):
        page = memory.search("What about the garden?", space="t", limit=37, offset=offset)
        assert page.more == (offset + 37 < 230)
        paged += [hit.id for hit in page]
    assert paged == [hit.id for hit in whole]
    assert len(set(paged)) == 230
    assert not whole.more
    scores = [hit.score for hit in whole]
    assert scores == sorted(scores, reverse=True)


def test_parts_add_up_and_the_path_ends_at_the_hit(memory: Memory) -> None:
    memory.add(talk(("Ana", "hello there"), ("Ana", "I moved to Lisbon"), ("Rui", "how nice")), space="t")
    memory.add_facts([("Ana", "LIVES_IN", "Lisbon"), ("Rui", "WORKS_FOR", "Corvina")], space="t")
    result = memory.search("Where does Ana live?", space="t", limit=20)
    assert {hit.kind for hit in result} == {"fact", "episode"}
    for hit in result:
        assert sum(hit.parts.values()) == pytest.approx(hit.score)
        assert hit.path[0].edge is None
        assert hit.path[-1].id == hit.id
        assert hit.sources
    assert {"read", "embed", "seeds", "expand", "rank", "fetch", "engine", "total"} <= result.timings.keys()


def test_a_question_over_two_relations_shows_the_way(memory: Memory) -> None:
    memory.add_facts(
        [("Ana", "HAS_BROTHER", "Teo"), ("Teo", "WORKS_FOR", "Migalha"), ("Ana", "WORKS_FOR", "Kestrel")], space="t"
    )
    best = next(h for h in memory.search("Where does Ana's brother work?", space="t") if h.kind == "fact")
    assert best.text == "Teo works for Migalha."
    assert [step.edge for step in best.path] == [None, "HAS_BROTHER", "WORKS_FOR"]


def lives_here_then_there(memory: Memory) -> None:
    for place, day in (("Lisbon", START), ("Porto", START + timedelta(days=30))):
        (said,) = memory.add(
            talk(("Ana", f"I live in {place}"), start=day, session=place), space="t", infer=False
        ).episodes
        fact = {"subject": "Ana", "predicate": "LIVES_IN", "object": place, "valid_at": day, "episode_id": said.id}
        memory.add_facts([fact], space="t")


def test_what_is_over_does_not_stand_beside_what_holds(memory: Memory) -> None:
    lives_here_then_there(memory)
    result = memory.search("Where does Ana live?", space="t")
    assert [hit.text for hit in result if hit.kind == "fact"] == ["Ana lives in Porto."]
    fresh, stale = (next(h for h in result if h.text == f"I live in {place}") for place in ("Porto", "Lisbon"))
    assert stale.score < 0.7 * fresh.score
    assert stale.note == "no longer true (since 2025-03-31)"
    assert not fresh.note


def test_what_was_told_as_over_is_as_true_as_ever(memory: Memory) -> None:
    lives_here_then_there(memory)
    (said,) = memory.add(talk(("Ana", "I used to live in Oslo")), space="t", infer=False).episodes
    fact = {"subject": "Ana", "predicate": "LIVES_IN", "object": "Oslo", "invalid_at": START, "episode_id": said.id}
    memory.add_facts([fact], space="t")
    told, stale = (
        next(hit for hit in memory.search("Where does Ana live?", space="t") if hit.text == text)
        for text in ("I used to live in Oslo", "I live in Lisbon")
    )
    assert "stale" in stale.parts
    assert stale.note
    assert "stale" not in told.parts
    assert not told.note


def test_history_and_times_past_are_shown_when_asked(memory: Memory) -> None:
    lives_here_then_there(memory)
    history = memory.search("Where does Ana live?", space="t", include_history=True)
    notes = {hit.text: hit.note for hit in history if hit.kind == "fact"}
    assert notes == {"Ana lives in Porto.": "", "Ana lives in Lisbon.": "no longer true (since 2025-03-31)"}
    then = memory.search("Where does Ana live?", space="t", as_of=START + timedelta(days=7))
    assert sorted(texts(then)) == ["Ana lives in Lisbon.", "I live in Lisbon"]


def test_a_fact_said_in_other_words_is_shown_once(memory: Memory) -> None:
    facts = [
        {"subject": "Ana", "predicate": "LIKES", "object": "hiking", "text": "Ana likes hiking in the hills."},
        {"subject": "Ana", "predicate": "ENJOYS", "object": "hiking", "text": "Ana likes hiking in hills."},
        {"subject": "Ana", "predicate": "AVOIDS", "object": "hiking", "text": "Ana never likes hiking in the hills."},
    ]
    memory.add_facts(facts, space="t")
    found = [h.text for h in memory.search("Does Ana like hiking?", space="t") if h.kind == "fact"]
    assert len(found) == 2
    assert "Ana never likes hiking in the hills." in found


def test_facts_that_share_words_are_not_repeats(memory: Memory) -> None:
    facts: list[Any] = [
        ("Ana", "LOVES", "Rui"),
        ("Rui", "LOVES", "Ana"),
        ("Ana", "FLEW_FROM", "Rome"),
        ("Ana", "FLEW_TO", "Rome"),
    ]
    memory.add_facts(facts, space="t")
    for day in (START, START + timedelta(days=30)):
        visit = {"subject": "Ana", "predicate": "VISITED", "object": "Porto", "valid_at": day}
        memory.add_facts([{**visit, "category": "episodic"}], space="t", time=day)
    found = sorted(texts(memory.search("what about Ana, Rui, Rome and Porto?", space="t", kinds=["fact"], limit=50)))
    loves_and_flights = ["Ana flew from Rome.", "Ana flew to Rome.", "Ana loves Rui."]
    assert found == [*loves_and_flights, "Ana visited Porto.", "Ana visited Porto.", "Rui loves Ana."]


def test_sources_are_the_episodes_of_the_fact_whenever_it_was_said(memory: Memory) -> None:
    memory.add(talk(("Ana", "hello there Lisbon"), start=START - timedelta(days=400)), space="t")
    facts = [
        {"subject": f"P{i}", "predicate": "LIVES_IN", "object": f"City{i}", "valid_at": START - timedelta(days=400)}
        for i in range(60)
    ]
    memory.add_facts(facts, space="t")
    asked: dict[str, Any] = {"space": "t", "kinds": ["fact"], "as_of": START - timedelta(days=7)}
    hits = [
        hit for page in range(3) for hit in memory.search("where does P5 live", limit=20, offset=20 * page, **asked)
    ]
    assert len(hits) == 60
    for hit in hits:
        assert hit.fact is not None
        assert [source.id for source in hit.sources] == list(hit.fact.episode_ids)


def test_sources_bear_the_labels_that_were_asked_for(memory: Memory) -> None:
    for run in ("r1", "r2"):
        memory.add_facts([("Ana", "LIVES_IN", "Lisbon")], space="t", run_id=run)
    (hit,) = memory.search("where does Ana live", space="t", run_id="r1", kinds=["fact"])
    assert [source.labels.run_id for source in hit.sources] == ["r1"]


def test_a_fact_past_its_retention_says_so_in_history(memory: Memory) -> None:
    fact = {"subject": "Ana", "predicate": "FEELS", "object": "tired", "expires_at": NOW - timedelta(days=2)}
    memory.add_facts([fact], space="t", time=NOW - timedelta(days=9))
    assert not memory.search("how does Ana feel", space="t", kinds=["fact"]).hits
    (hit,) = memory.search("how does Ana feel", space="t", kinds=["fact"], include_history=True)
    assert hit.note == "kept until 2025-05-30"


def test_filters_narrow_before_ranking(memory: Memory) -> None:
    crowd = talk(*[("Ana", f"the red bicycle number {i}") for i in range(120)], metadata={"topic": "noise"})
    memory.add(crowd, space="t")
    memory.add(talk(("Ana", "a bell"), start=START + timedelta(days=1), metadata={"topic": "wanted"}), space="t")
    wanted = memory.search("red bicycle", space="t", metadata={"topic": "wanted"})
    assert texts(wanted) == ["a bell"]
    assert "length" in wanted[0].parts, "found as a candidate, not only at the end of all that is left"
    assert texts(memory.search("red bicycle", space="t", since=START + timedelta(hours=12))) == ["a bell"]
    memory.add_facts([("Ana", "LIKES", "red bicycles"), ("Ana", "WORKS_FOR", "Corvina")], space="t")
    assert texts(memory.search("red bicycle", space="t", predicates=["WORKS_FOR"])) == ["Ana works for Corvina."]


def test_the_time_that_is_named_counts(memory: Memory) -> None:
    for month in (1, 2, 3, 4, 5):
        day = datetime(2025, month, 10, tzinfo=UTC)
        memory.add(talk(("Ana", "we went camping again"), start=day, session=str(month)), space="t")
    for question, month in (("When did Ana go camping in March?", 3), ("camping last month", 5)):
        assert memory.search(question, space="t", now=NOW)[0].sources[0].occurred_at.month == month


@pytest.mark.parametrize("query", ["", "   ", "\n\t"])
def test_a_blank_question_is_refused(memory: Memory, query: str) -> None:
    with pytest.raises(InvalidInputError, match="query"):
        memory.search(query, space="t")


def test_odd_questions_are_answered_with_nothing_rather_than_an_error(memory: Memory) -> None:
    for query in ("?", "the of and", "🙈", "'s", "a" * 5000, "31 February 2025", "999 years ago"):
        assert len(memory.search(query, space="empty")) == 0
    memory.add(talk(("Ana", "hello")), space="t")
    for query in ("?", "the of and", "🙈", "'s", "a" * 5000, "31 February 2025", "999 years ago"):
        assert texts(memory.search(query, space="t")) == ["hello"]


def test_wrong_pages_are_refused(memory: Memory) -> None:
    for wrong in ({"limit": 0}, {"offset": -1}, {"kinds": ()}, {"kinds": ("entity",)}):
        with pytest.raises(InvalidInputError):
            memory.search("hello", space="t", **wrong)


def test_an_unrelated_question_scores_low(memory: Memory) -> None:
    memory.add(talk(("Ana", "I adopted a grey cat from the shelter"), ("Ana", "the train was late")), space="t")
    known = memory.search("Who adopted a grey cat from the shelter?", space="t")[0].score
    unknown = memory.search("Which volcano erupted beside Naples?", space="t")[0].score
    assert unknown < known / 2


def test_what_is_deleted_is_not_found(memory: Memory) -> None:
    (said, _) = memory.add(talk(("Ana", "the secret is blue"), ("Ana", "the sky is grey")), space="t").episodes
    memory.delete(said.id)
    assert "the secret is blue" not in texts(memory.search("What is the secret?", space="t"))
    with pytest.raises(NotFoundError):
        memory.get(said.id)


def test_what_happened_to_a_plan_is_how_it_ended(memory: Memory) -> None:
    planned = "Great, I've written down a trip to the Azores in June. Do you have dates yet?"
    memory.add(talk(("Juno", planned), ("Ana", "not yet, we have to ask at work")), space="t")
    memory.add_facts(
        [
            {"subject": "Ana", "predicate": "PLANS_TO", "object": "trip to the Azores", "text": "Ana plans a trip."},
            {
                "subject": "Ana",
                "predicate": "CANCELLED",
                "object": "trip to the Azores",
                "text": "Ana has cancelled the trip to the Azores.",
                "category": "episodic",
                "valid_at": "2025-05-20T10:00:00+00:00",
            },
        ],
        space="t",
    )
    for question in ("What happened to the trip to the Azores?", "what became of Ana's trip to the Azores?"):
        best = memory.search(question, space="t")[0]
        assert best.text == "Ana has cancelled the trip to the Azores."
        assert best.parts["outcome"] > 0.0
    asked = memory.search("Where is the trip to?", space="t")
    assert asked.reading.asks_for == "where"
    assert all("outcome" not in hit.parts for hit in asked)


def test_of_two_ends_the_later_one_comes_first(memory: Memory) -> None:
    for day, said in (("2025-04-01", "Ana has postponed the race."), ("2025-05-01", "Ana has cancelled the race.")):
        memory.add_facts(
            [
                {
                    "subject": "Ana",
                    "predicate": said.split()[2].upper(),
                    "object": "race",
                    "text": said,
                    "category": "episodic",
                    "valid_at": f"{day}T10:00:00+00:00",
                }
            ],
            space="t",
        )
    assert texts(memory.search("How did the race end up?", space="t"))[0] == "Ana has cancelled the race."


def test_facts_age_by_their_category(memory: Memory) -> None:
    said = {"subject": "Ana", "valid_at": NOW - timedelta(days=365)}
    memory.add_facts(
        [
            {**said, "predicate": "visited", "object": "the museum of clocks", "category": "episodic"},
            {**said, "predicate": "likes", "object": "the museum of clocks", "category": "preference"},
        ],
        space="t",
    )
    ages = {hit.fact.category: hit.parts["recency"] for hit in memory.search("museum of clocks", space="t") if hit.fact}
    assert ages[Category.PREFERENCE] == pytest.approx(0.05 * 2**-1)
    assert ages[Category.EPISODIC] == pytest.approx(0.05 * 2 ** (-365 / 90))

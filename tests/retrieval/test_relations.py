"""The walk along typed relations, on neighbourhoods built by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from factloom.retrieval.bm25 import KeywordScorer
from factloom.retrieval.candidates import Candidates, Seeds
from factloom.retrieval.dates import DateHint
from factloom.retrieval.predicate_words import predicate_terms, predicates_asked_for
from factloom.retrieval.reading import Reading
from factloom.retrieval.relations import relation_scores, walk_relations
from factloom.schemas.ports import EntityNode, FactNode, Neighbourhood, Posting, TermMatches
from factloom.schemas.records import Entity

NOW = datetime(2025, 1, 1, tzinfo=UTC)
NAMES = {1: "Rui", 2: "Helena", 3: "Graça", 4: "Migalha", 5: "Porto", 6: "Ana"}
TRIPLES = {
    10: (1, "HAS_BOSS", 2),
    11: (2, "HAS_SISTER", 3),
    12: (3, "RUNS", 4),
    13: (1, "LIVES_IN", 5),
    14: (6, "RUNS", 5),
    15: (2, "LIVES_IN", 5),
}


def around() -> Neighbourhood:
    facts = {
        ref: FactNode(ref, subject, object_, predicate, "semantic", None, None, 0.0, None, 1.0, 1, ())
        for ref, (subject, predicate, object_) in TRIPLES.items()
    }
    entities = {ref: EntityNode(ref, name, "person", 1) for ref, name in NAMES.items()}
    return Neighbourhood({}, facts, entities, {}, frozenset())


def reading(*terms: str, about: tuple[int, ...] = (1,)) -> Reading:
    entities = tuple(
        Entity(id=str(r), space="s", name=NAMES[r], key=NAMES[r].lower(), created_at=NOW, updated_at=NOW, ref=r)
        for r in about
    )
    return Reading(" ".join(terms), "?", terms, entities, (), "anything", None, past=False, former=False, nested=False)


def test_it_follows_a_chain_to_its_end() -> None:
    walked = walk_relations(reading("sister", "boss", "run"), around())
    assert {ref: round(match.share, 2) for ref, match in walked.items()} == {10: 0.33, 11: 0.67, 12: 1.0}
    assert [(step.edge, step.kind, step.ref) for step in walked[12].path] == [
        (None, "entity", 1),
        ("HAS_BOSS", "entity", 2),
        ("HAS_SISTER", "entity", 3),
        ("RUNS", "fact", 12),
    ]


def test_only_what_the_question_names_is_a_start() -> None:
    walked = walk_relations(reading("run", about=(6,)), around())
    assert set(walked) == {14}
    assert walk_relations(reading("run", about=()), around()) == {}


def test_a_relation_is_walked_from_its_object_too() -> None:
    walked = walk_relations(reading("boss", about=(2,)), around())
    assert [step.edge for step in walked[10].path] == [None, "^HAS_BOSS"]


def test_words_that_name_no_relation_do_not_count() -> None:
    walked = walk_relations(reading("live", "exact", "2025"), around())
    assert {ref: match.share for ref, match in walked.items()} == {13: 1.0}
    assert walk_relations(reading("exact"), around()) == {}


def test_predicates_are_known_by_name_phrase_and_further_words() -> None:
    assert "work" in predicate_terms("WORKS_FOR")
    assert "boss" in predicate_terms("HAS_BOSS")
    assert predicate_terms("NOT_LIKES") == predicate_terms("LIKES")
    assert "publish" in predicate_terms("WAS_PUBLISHED_BY")
    assert "LIVES_IN" in predicates_asked_for(("live",))


def scores(*terms: str, about: tuple[int, ...] = (1,), dates: DateHint | None = None) -> dict[int, float]:
    """What walks are worth."""
    asked = replace(reading(*terms, about=about), dates=dates)
    return relation_scores(walk_relations(asked, around()), asked, found(*terms))


def found(*terms: str) -> Candidates:
    return Candidates(no_seeds(*terms), around())


def no_seeds(*terms: str) -> Seeds:
    """Every word was said equally often, and "bakery" stands in fact 12 alone."""
    said = TermMatches(100, 1000, {term: posting(*range(5)) for term in terms})
    stated = TermMatches(6, 30, {"bakery": posting(12)} if "bakery" in terms else {})
    return Seeds(KeywordScorer(said, terms), KeywordScorer(stated, terms), {})


def posting(*refs: int) -> Posting:
    ones = np.ones(len(refs), np.int64)
    return Posting(len(refs), np.array(refs, np.int64), ones, ones)


def test_the_end_of_a_chain_outweighs_what_is_on_the_way() -> None:
    assert scores("sister", "boss", "run") == {10: 0.0, 11: 0.0, 12: pytest.approx(1.5)}


def test_a_fact_that_takes_in_the_relation_alone_is_worth_less() -> None:
    (whole,) = scores("live").values()
    (half,) = scores("live", "hurt").values()
    (third,) = scores("live", "hurt", "knee").values()
    assert whole == pytest.approx(1.0)
    assert 0.3 < third < half < 0.7


def test_words_that_stand_in_the_fact_are_taken_in() -> None:
    assert scores("sister", "boss", "run", "bakery")[12] == pytest.approx(1.5)
    assert scores("sister", "boss", "run", "harbour")[12] < 1.5


def test_names_and_times_and_what_is_asked_for_are_no_words_to_take_in() -> None:
    march = DateHint(words="in March 2025", since=NOW, until=NOW)
    assert scores("rui", "live", "march", "2025", "mani", dates=march) == {13: pytest.approx(1.0)}
    assert scores("rui", "live", "march", "2025")[13] < 1.0


def test_only_the_clause_that_names_the_relation_asks() -> None:
    aside = replace(reading("book", "train", "live"), query="before I book the train, where does Rui live?")
    assert relation_scores(walk_relations(aside, around()), aside, found("book", "train", "live")) == {
        13: pytest.approx(1.0)
    }
    together = replace(aside, query="where does Rui live when I book the train?")
    assert relation_scores(walk_relations(together, around()), together, found("book", "train", "live"))[13] < 0.7


def test_facts_outside_the_time_that_is_named_count_by_half() -> None:
    def score(since: datetime, *, category: str = "semantic", query: str = "where did Rui live in 2024?") -> float:
        asked = replace(
            reading("live"),
            query=query,
            dates=DateHint(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC), words="2024"),
        )
        near = around()
        fact = near.facts[13]._replace(valid_at=since.timestamp(), category=category)
        near = replace(near, facts={**near.facts, 13: fact})
        return relation_scores(walk_relations(asked, near), asked, Candidates(no_seeds("live"), near))[13]

    before, then, later = (datetime(year, 6, 1, tzinfo=UTC) for year in (2023, 2024, 2025))
    assert score(then) == score(before) == pytest.approx(1.0)
    assert score(later) == pytest.approx(0.5)
    assert score(then, category="episodic") == pytest.approx(1.0)
    assert score(before, category="episodic") == pytest.approx(0.5)
    assert score(later, query="in 2024 I was away. where does Rui live?") == pytest.approx(1.0)


def test_who_somebody_is_hardly_answers_where() -> None:
    asked = reading("sister", about=(2,))
    who, where = (
        relation_scores(walk_relations(each, around()), each, found("sister"))[11]
        for each in (asked, replace(asked, asks_for="where"))
    )
    assert where == pytest.approx(0.5 * who)


def test_a_relation_of_the_same_relation_is_walked_twice() -> None:
    near = around()
    near = replace(near, facts={**near.facts, 11: near.facts[11]._replace(predicate="HAS_BOSS")})
    for query in ("Where does Rui's boss's boss live?", "where does the boss of Rui's boss live"):
        asked = replace(reading("boss", "live"), query=query)
        walked = walk_relations(asked, near)
        assert walked[11].share == pytest.approx(2 / 3)
        assert [step.ref for step in walked[11].path] == [1, 2, 11]
    once = replace(reading("boss", "live"), query="Where does Rui's boss live?")
    assert 11 not in walk_relations(once, near)


def test_whose_boss_one_is_comes_only_after_who_ones_boss_is() -> None:
    near = around()
    both = replace(near, facts={**near.facts, 16: near.facts[10]._replace(ref=16, subject=2, object=6)})
    assert set(walk_relations(reading("boss", about=(2,)), near)) == {10}
    assert set(walk_relations(reading("boss", about=(2,)), both)) == {16}

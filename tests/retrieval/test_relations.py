"""The walk along typed relations, on neighbourhoods built by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from factloom.retrieval.bm25 import KeywordScorer
from factloom.retrieval.candidates import Seeds
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
    return Reading("?", "?", terms, entities, (), "anything", None, past=False, former=False, nested=False)


def test_it_follows_a_chain_to_its_end() -> None:
    found = walk_relations(reading("sister", "boss", "run"), around())
    assert {ref: round(match.share, 2) for ref, match in found.items()} == {10: 0.33, 11: 0.67, 12: 1.0}
    assert [(step.edge, step.kind, step.ref) for step in found[12].path] == [
        (None, "entity", 1),
        ("HAS_BOSS", "entity", 2),
        ("HAS_SISTER", "entity", 3),
        ("RUNS", "fact", 12),
    ]


def test_only_what_the_question_names_is_a_start() -> None:
    found = walk_relations(reading("run", about=(6,)), around())
    assert set(found) == {14}
    assert walk_relations(reading("run", about=()), around()) == {}


def test_a_relation_is_walked_from_its_object_too() -> None:
    found = walk_relations(reading("boss", about=(2,)), around())
    assert [step.edge for step in found[10].path] == [None, "^HAS_BOSS"]


def test_words_that_name_no_relation_do_not_count() -> None:
    found = walk_relations(reading("live", "exact", "2025"), around())
    assert {ref: match.share for ref, match in found.items()} == {13: 1.0}
    assert walk_relations(reading("exact"), around()) == {}


def test_predicates_are_known_by_name_phrase_and_further_words() -> None:
    assert "work" in predicate_terms("WORKS_FOR")
    assert "boss" in predicate_terms("HAS_BOSS")
    assert predicate_terms("NOT_LIKES") == predicate_terms("LIKES")
    assert "publish" in predicate_terms("WAS_PUBLISHED_BY")
    assert "LIVES_IN" in predicates_asked_for(("live",))


def scores(*terms: str, about: tuple[int, ...] = (1,), dates: DateHint | None = None) -> dict[int, float]:
    """What walks are worth where every word was said equally often, and "bakery" stands in fact 12 alone."""
    asked = replace(reading(*terms, about=about), dates=dates)
    said = TermMatches(100, 1000, {term: posting(*range(5)) for term in terms})
    stated = TermMatches(6, 30, {"bakery": posting(12)} if "bakery" in terms else {})
    seeds = Seeds(KeywordScorer(said, terms), KeywordScorer(stated, terms), {})
    return relation_scores(walk_relations(asked, around()), asked, seeds)


def posting(*refs: int) -> Posting:
    ones = np.ones(len(refs), np.int64)
    return Posting(len(refs), np.array(refs, np.int64), ones, ones)


def test_the_end_of_a_chain_outweighs_what_is_on_the_way() -> None:
    assert scores("sister", "boss", "run") == {10: 0.0, 11: 0.0, 12: pytest.approx(1.5)}


def test_a_fact_that_takes_in_the_relation_alone_is_worth_less() -> None:
    (whole,) = scores("live").values()
    (half,) = scores("live", "hurt").values()
    (third,) = scores("live", "hurt", "badly").values()
    assert whole == pytest.approx(1.0)
    assert 0.3 < third < half < 0.7


def test_words_that_stand_in_the_fact_are_taken_in() -> None:
    assert scores("sister", "boss", "run", "bakery")[12] == pytest.approx(1.5)
    assert scores("sister", "boss", "run", "harbour")[12] < 1.5


def test_names_and_times_and_what_is_asked_for_are_no_words_to_take_in() -> None:
    march = DateHint(words="in March 2025", since=NOW, until=NOW)
    assert scores("rui", "live", "march", "2025", "mani", dates=march) == {13: pytest.approx(1.0)}
    assert scores("rui", "live", "march", "2025")[13] < 1.0

"""The walk along typed relations, on neighbourhoods built by hand."""

from datetime import UTC, datetime

from factloom.retrieval.predicate_words import predicate_terms, predicates_asked_for
from factloom.retrieval.reading import Reading
from factloom.retrieval.relations import walk_relations
from factloom.schemas.ports import EntityNode, FactNode, Neighbourhood
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

"""Predicates and types of users' own, from what is said to the answers: as good as those of the core."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factloom import EntityType, Memory, PredicateSpec, Said
from factloom.engine.extraction.llm.prompt import instructions
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import ConfigurationError
from factloom.schemas.ontology import ontology_in_use

PAST = datetime(2025, 1, 1, tzinfo=UTC)
OWN = {
    "type": [EntityType(name="ship", description="a vessel with a name", kind_of="product")],
    "predicate": [
        PredicateSpec(
            name="SKIPPER_OF",
            subject_type="person",
            object_type="ship",
            cardinality="one",
            inverse="HAS_SKIPPER",
            phrase="is the skipper of",
            asked_by=("helm",),
            said=Said(verbs=("skipper", "captain"), text="{s} is the skipper of {o}."),
        ),
        PredicateSpec(
            name="LEFT_SHIP",
            category="episodic",
            subject_type="person",
            object_type="ship",
            ends=("SKIPPER_OF",),
            phrase="left the ship",
            said=Said(verbs=("disembark from",)),
        ),
        PredicateSpec(
            name="HAS_MENTOR",
            subject_type="person",
            object_type="person",
            phrase="is mentored by",
            said=Said(nouns=("guru",)),
        ),
        PredicateSpec(name="KEEN_ON_BOATS", category="preference", said=Said(adjectives=("mad for",))),
    ],
}


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(str(tmp_path / "memory.db"), embedder=HashingEmbedder(64), ontology=OWN)


def say(memory: Memory, text: str, day: int = 0) -> list[str]:
    added = memory.add(text, user_id="ana", name="Ana", time=PAST + timedelta(days=day))
    return [change.fact.text for change in added.changes if change.fact is not None]


def test_they_are_read_reconciled_found_and_drawn(memory: Memory) -> None:
    assert say(memory, "I skipper the Aurora.") == ["Ana is the skipper of Aurora."]
    assert say(memory, "I captain the Borealis now.", 1) == ["Ana is the skipper of Borealis."]
    (now,) = memory.get_all(user_id="ana", predicates=["SKIPPER_OF"])
    assert now.text == "Ana is the skipper of Borealis."
    assert memory.entity("Borealis", user_id="ana").entity.type == "ship"
    assert memory.search("Who is at the helm?", user_id="ana", kinds=["fact"])[0].fact == now
    rows = memory.cypher("MATCH (p:Person)-[:SKIPPER_OF]->(s:Ship) RETURN p.name, s.name", user_id="ana").rows
    assert [tuple(row) for row in rows] == [("Ana", "Borealis")]
    say(memory, "I disembarked from the Borealis.", 2)
    assert memory.get_all(user_id="ana", predicates=["SKIPPER_OF"]) == []
    memory.close()


def test_nouns_and_adjectives_say_them_too(memory: Memory) -> None:
    assert "Ana's guru is called Tom." in say(memory, "My guru Tom lives in Porto.")
    (mentor,) = memory.get_all(user_id="ana", predicates=["HAS_MENTOR"])
    assert mentor.metadata["worth_reasons"][0] == "core lasting"
    say(memory, "I am mad for catamarans.")
    assert [fact.category.value for fact in memory.get_all(user_id="ana", predicates=["KEEN_ON_BOATS"])] == [
        "preference"
    ]
    memory.close()


def test_the_inverse_is_stored_the_other_way_round_and_types_agree(memory: Memory) -> None:
    memory.add_facts(
        [{"subject": "Aurora", "predicate": "COSTS", "object": "a lot", "subject_type": "product"}], user_id="ana"
    )
    memory.add_facts([("Aurora", "HAS_SKIPPER", "Bea")], user_id="ana")
    (fact,) = memory.get_all(user_id="ana", predicates=["SKIPPER_OF"])
    names = [memory.get(id_).name for id_ in (fact.subject_id, fact.object_id)]  # type: ignore[union-attr]
    assert names == ["Bea", "Aurora"]
    (ship,) = (entity for entity in memory.entities(user_id="ana") if entity.name == "Aurora")
    assert ship.type == "ship"
    memory.close()


def test_another_memory_in_the_process_knows_nothing_of_them(memory: Memory, tmp_path: Path) -> None:
    say(memory, "I skipper the Aurora.")
    with Memory(str(tmp_path / "other.db"), embedder=HashingEmbedder(64)) as other:
        say(other, "I skipper the Aurora.")
        assert other.get_all(user_id="ana", predicates=["SKIPPER_OF"]) == []
        assert "SKIPPER_OF" not in other.ontology
    assert "SKIPPER_OF" in memory.ontology
    assert "SKIPPER_OF" not in ontology_in_use()
    memory.close()


def test_a_language_model_is_told_of_them(memory: Memory) -> None:
    told = instructions(memory.ontology)
    assert "- ship (a kind of product): a vessel with a name" in told
    assert "- person SKIPPER_OF ship (1): is the skipper of (said: skipper, captain)" in told
    assert "- person HAS_MENTOR person: is mentored by (said: my guru)" in told
    memory.close()


def test_what_is_wrong_is_said_before_a_store_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="predicate SAILS: object_type 'ship' is not defined"):
        Memory(str(tmp_path / "m.db"), ontology={"predicate": {"SAILS": {"object_type": "ship"}}})
    assert list(tmp_path.iterdir()) == []

"""What a write asks of the server goes through indexes, whatever the store holds: the plans say so.

They are made on an empty store here, where a scan looks cheapest; the plan of the statement that sends a write is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from factloom.graph.neo4j_store.pending import PARTS, SECTIONS, sending
from factloom.graph.neo4j_store.queries import queries_for

from .stores import Neo4jStores

PARAMETERS = {
    "w": {},
    "now": 1,
    "client": "x",
    "space": "user/ana",
    "after": 0,
    "upto": 9,
    "token": "t",
    "labels": ["Fact"],
}
ASKED = (
    *("lock_store", "same_episodes", "known_episode", "known_entity", "known_fact", "entities_with_keys"),
    *("has_lapsed", "lapsed_edges", "facts_about", "neighbours", "unname_episodes", "redact_changes", "delete_changes"),
    *(
        "close_ranks",
        "delete_episodes",
        "delete_empty_sessions",
        "delete_facts",
        "forget_successors",
        "delete_entities",
    ),
    *("vector_sequence", "vector_writes", "added_vectors", "removed_vectors"),
)


def operators(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["operatorType"].partition("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)


def planned(stores: Neo4jStores, text: str) -> set[str]:
    """The operators of the plan that find nodes."""
    with stores.server.driver(notifications_min_severity="OFF") as driver, driver.session() as session:
        plan = session.run(f"EXPLAIN {text}", PARAMETERS).consume().plan
    return {name for name in operators(plan) if "Scan" in name or "Seek" in name}


@pytest.mark.parametrize("part", ["all", *(part for part in PARTS if part != "native")])
def test_sending_a_write_uses_indexes_only(neo4j_stores: Neo4jStores, part: str) -> None:
    store = neo4j_stores.new()
    text, _ = sending(queries_for(store.label_prefix), SECTIONS if part == "all" else PARTS[part])
    found = planned(neo4j_stores, text)
    assert found
    assert not [name for name in found if "Scan" in name]


def test_each_section_by_itself_uses_indexes_only(neo4j_stores: Neo4jStores) -> None:
    queries = queries_for(neo4j_stores.new().label_prefix)
    for section in SECTIONS:
        assert not [name for name in planned(neo4j_stores, queries.alone(section)) if "Scan" in name], section


@pytest.mark.parametrize("name", ASKED)
def test_what_a_write_asks_uses_indexes_only(neo4j_stores: Neo4jStores, name: str) -> None:
    store = neo4j_stores.new()
    found = planned(neo4j_stores, queries_for(store.label_prefix)[name])
    assert found
    assert not [each for each in found if "Scan" in each]

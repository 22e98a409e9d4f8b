"""Typed edges show the facts that are current, no others, after any change; and names that are data stay data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conformance.graph_records import change, days, entity, episode, fact

from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Entity, Fact
from factloom.schemas.spaces import Labels, SpaceSet

from .stores import Neo4jStores

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


class Clock:
    """Tells the time that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(neo4j_stores: Neo4jStores, clock: Clock) -> Neo4jGraphStore:
    return neo4j_stores.new(clock=clock)


@pytest.fixture
def edges(neo4j_stores: Neo4jStores, store: Neo4jGraphStore) -> Callable[[], list[tuple[Any, ...]]]:
    """(subject, type, object, text) of every typed edge of the store."""
    label = f"{store.label_prefix}Entity"

    def read() -> list[tuple[Any, ...]]:
        rows = neo4j_stores.rows(f"MATCH (a:{label})-[r]->(b:{label}) RETURN a.name, type(r), b.name, r.text")
        return sorted(map(tuple, rows))

    return read


def put(store: Neo4jGraphStore, *facts: Fact) -> list[Fact]:
    return store.write(lambda tx: tx.put_facts(facts))


@pytest.fixture
def people(store: Neo4jGraphStore) -> list[Entity]:
    return store.write(
        lambda tx: tx.put_entities([entity("Ana", type="person"), entity("Lisbon", type="place"), entity("Porto")])
    )


class TestInStep:
    def test_an_edge_tells_what_its_fact_does(
        self, neo4j_stores: Neo4jStores, store: Neo4jGraphStore, people: list[Entity]
    ) -> None:
        ana, lisbon, _ = people
        (known,) = put(store, fact(ana, lisbon, valid_at=days(-9), invalid_at=days(9), confidence=0.5, support=3))
        prefix = store.label_prefix
        ((properties,),) = neo4j_stores.rows(
            f"MATCH (:{prefix}Person {{name: 'Ana'}})-[r:LIVES_IN]->(:{prefix}Place) RETURN properties(r)"
        )
        assert properties.pop("since").to_native() == days(-9)
        assert properties.pop("until").to_native() == days(9)
        told = {"fact_id": known.id, "text": known.text, "confidence": 0.5, "support": 3, "space": known.space}
        assert properties == told

    @pytest.mark.parametrize("end", [{"expired_at": NOW}, {"invalid_at": NOW}, {"expires_at": NOW - timedelta(days=1)}])
    def test_it_goes_with_an_end_of_any_kind_and_comes_back(
        self, store: Neo4jGraphStore, people: list[Entity], edges: Callable[[], list[Any]], end: dict[str, Any]
    ) -> None:
        (known,) = put(store, fact(*people[:2]))
        drawn = edges()
        assert len(drawn) == 1
        put(store, known.model_copy(update=end))
        assert edges() == []
        put(store, known)
        assert edges() == drawn
        put(store, fact(*people[:2], "VISITED", **end))
        assert edges() == drawn

    def test_it_is_drawn_anew_when_its_fact_changes(
        self, store: Neo4jGraphStore, people: list[Entity], edges: Callable[[], list[Any]]
    ) -> None:
        ana, lisbon, porto = people
        (known,) = put(store, fact(ana, lisbon))
        moved = known.model_copy(update={"object_id": porto.id, "predicate": "WORKS_IN", "text": "new"})

        def twice(tx: WriteTransaction) -> None:
            tx.put_facts([known.model_copy(update={"text": "in between"})])
            tx.put_facts([moved])

        store.write(twice)
        assert edges() == [("Ana", "WORKS_IN", "Porto", "new")]

    def test_parallel_and_circular_edges_are_kept_apart(
        self, store: Neo4jGraphStore, people: list[Entity], edges: Callable[[], list[Any]]
    ) -> None:
        ana, lisbon, _ = people
        one, _, own = put(
            store, fact(ana, lisbon, text="a"), fact(ana, lisbon, text="b"), fact(ana, ana, "IS", text="c")
        )
        put(store, one.model_copy(update={"expired_at": NOW}))
        assert edges() == [("Ana", "IS", "Ana", "c"), ("Ana", "LIVES_IN", "Lisbon", "b")]
        store.write(lambda tx: tx.delete([own.id]))
        assert edges() == [("Ana", "LIVES_IN", "Lisbon", "b")]

    def test_it_goes_with_its_fact_and_with_its_ends(
        self, store: Neo4jGraphStore, people: list[Entity], edges: Callable[[], list[Any]]
    ) -> None:
        ana, lisbon, porto = people
        known, _ = put(store, fact(ana, lisbon), fact(ana, porto))
        store.write(lambda tx: tx.delete([known.id]))
        assert [row[2] for row in edges()] == ["Porto"]
        store.write(lambda tx: tx.delete([porto.id]))
        assert edges() == []

    def test_one_whose_time_runs_out_goes_with_the_next_write_or_when_asked(
        self, store: Neo4jGraphStore, people: list[Entity], clock: Clock, edges: Callable[[], list[Any]]
    ) -> None:
        ana, lisbon, porto = people
        put(
            store,
            fact(ana, lisbon, invalid_at=days(2)),
            fact(ana, porto, expires_at=days(4)),
            fact(lisbon, porto, "NEAR"),
        )
        assert (len(edges()), store.remove_lapsed_edges()) == (3, 0)
        clock.now = days(2)
        store.write(lambda tx: tx.add_episodes([episode()]))
        assert [row[:3] for row in edges()] == [("Ana", "LIVES_IN", "Porto"), ("Lisbon", "NEAR", "Porto")]
        clock.now = days(5)
        assert (store.remove_lapsed_edges(), store.remove_lapsed_edges()) == (1, 0)
        assert [row[1] for row in edges()] == ["NEAR"]

    def test_type_labels_change_with_the_type(
        self, neo4j_stores: Neo4jStores, store: Neo4jGraphStore, people: list[Entity]
    ) -> None:
        ana = people[0]
        prefix = store.label_prefix

        def labels() -> set[str]:
            ((found,),) = neo4j_stores.rows(f"MATCH (n:{prefix}Entity {{id: $id}}) RETURN labels(n)", id=ana.id)
            return {name.removeprefix(prefix) for name in found}

        assert labels() == {"Entity", "Person"}
        store.write(lambda tx: tx.put_entities([ana.model_copy(update={"type": "meeting place"})]))
        assert labels() == {"Entity", "MeetingPlace"}
        store.write(lambda tx: tx.put_entities([ana.model_copy(update={"type": "!?"})]))
        assert labels() == {"Entity"}


HOSTILE = (
    "`) DETACH DELETE n //",
    "user@example.com",
    "a'b\"c\\d`e``",
    "$w {prefix} ${x}",
    "日本語 🙂 é",
    "\\u0060",
    "x" * 250,
)


class TestHostileNames:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_names_and_types_and_spaces_are_data(self, store: Neo4jGraphStore, name: str) -> None:
        space = name[:256]

        def work(tx: WriteTransaction) -> tuple[Any, ...]:
            (said,) = tx.add_episodes([episode(name, space=space, session=name, speaker=name)])
            ends = tx.put_entities([entity(n, space=space, type=name, aliases=(name,)) for n in (name, f"{name} 2")])
            (known,) = tx.put_facts([fact(*ends, text=name, episode_ids=(said.id,), metadata={name: name})])
            tx.record([change(known, reason=name)])
            return said, ends, known

        said, ends, known = store.write(work)
        seen = SpaceSet.of(space)
        assert store.find_episodes(EpisodeQuery(session=name), spaces=seen) == [said]
        assert store.find_entities(EntityQuery(types=(name,)), spaces=seen) == ends
        assert store.find_facts(FactQuery(metadata={name: name}), spaces=seen) == [known]
        assert store.find_facts(FactQuery(), spaces=SpaceSet.of("user/other")) == []
        assert [each.space for each in store.statistics(spaces=SpaceSet.everything())] == [space]
        assert store.history([known.id], spaces=seen)[0].reason == name

    def test_predicates_reach_their_limits_and_not_beyond(
        self, store: Neo4jGraphStore, people: list[Entity], edges: Callable[[], list[Any]]
    ) -> None:
        longest = "P" + "_9" * 31 + "Z"
        put(store, fact(*people[:2], longest), fact(*people[:2], "NAMED"), fact(*people[:2], "SUBJECT"))
        assert [row[1] for row in edges()] == sorted([longest, "NAMED", "SUBJECT"])
        broken = fact(*people[:2]).model_copy(update={"predicate": "X`]->() //"})
        with pytest.raises(InvalidInputError, match="predicate"):
            put(store, broken)
        assert len(edges()) == 3

    def test_a_type_cannot_be_a_label_of_ours(self, neo4j_stores: Neo4jStores, store: Neo4jGraphStore) -> None:
        types = ("fact", "store", "space", "my fact", "Embedded")
        store.write(lambda tx: tx.put_entities([entity(f"n {t}", type=t) for t in types]))
        prefix = store.label_prefix
        for label in ("Fact", "Embedded"):
            assert neo4j_stores.rows(f"MATCH (n:{prefix}{label}) RETURN n") == []
        assert len(neo4j_stores.rows(f"MATCH (n:{prefix}Store) RETURN n")) == 1
        assert len(neo4j_stores.rows(f"MATCH (n:{prefix}Fact_) RETURN n")) == 1
        assert store.find_facts(FactQuery(), spaces=SpaceSet.everything()) == []

    def test_what_an_index_could_not_hold_is_refused_and_the_rest_of_the_write_goes_on(
        self, store: Neo4jGraphStore
    ) -> None:
        longest = "é" * 1500

        def work(tx: WriteTransaction) -> None:
            for broken in (entity("x", key=longest + "x"), entity("y", type=longest + "x"), entity(longest + "x")):
                with pytest.raises(InvalidInputError, match="3001 bytes"):
                    tx.put_entities([broken])
            with pytest.raises(InvalidInputError, match="session"):
                tx.add_episodes([episode(session=longest + "x")])
            tx.put_entities([entity(longest, space="s" * 256, aliases=(longest[::-1],))])
            tx.add_episodes([episode(session=longest, labels=Labels(user_id=longest))])

        store.write(work)
        (kept,) = store.find_entities(EntityQuery(), spaces=SpaceSet.everything())
        assert (kept.name, len(store.find_episodes(EpisodeQuery(session=longest), spaces=SpaceSet.everything()))) == (
            longest,
            1,
        )

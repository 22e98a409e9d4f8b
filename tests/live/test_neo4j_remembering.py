"""What a store's writes know from earlier ones: never older than what is stored, whoever wrote in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance.graph_records import HOME, add_episodes, entity, episode, fact, put_entities, put_facts

from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.schemas.errors import StoreError
from factloom.schemas.ports import GraphStore, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Entity, Fact, Status
from factloom.schemas.spaces import SpaceSet

from .servers import Neo4jServer
from .stores import Neo4jStores, stores_on

ANA = SpaceSet.of(HOME)


@pytest.fixture(scope="module")
def stores(neo4j_database: Neo4jServer) -> Iterator[Neo4jStores]:
    yield from stores_on(neo4j_database)


@pytest.fixture
def store(stores: Neo4jStores) -> Iterator[Neo4jGraphStore]:
    yield stores.new()
    stores.give_all_back()


@pytest.fixture
def other(store: Neo4jGraphStore, stores: Neo4jStores) -> Iterator[Neo4jGraphStore]:
    """Another process, as far as the first one can tell."""
    second = Neo4jGraphStore(stores.access(), label_prefix=store.label_prefix)
    yield second
    second.close()


def facts_of(store: GraphStore, subject: Entity, *predicates: str) -> list[Fact]:
    query = FactQuery(subject_ids=(subject.id,), predicates=predicates or None, limit=100_000)
    return store.write(lambda tx: tx.find_facts(query, spaces=ANA))


def called(store: GraphStore, *keys: str) -> list[str]:
    query = EntityQuery(keys=keys, limit=100)
    return store.write(lambda tx: [found.name for found in tx.find_entities(query, spaces=ANA)])


def test_what_another_store_wrote_in_between_is_seen(store: Neo4jGraphStore, other: Neo4jGraphStore) -> None:
    ana, lisbon, porto = put_entities(store, entity("Ana", type="person"), entity("Lisbon"), entity("Porto"))
    (home,) = put_facts(store, fact(ana, lisbon))
    (said,) = add_episodes(store, episode())
    assert (facts_of(store, ana), called(store, "ana", "rui")) == ([home], ["Ana"])
    (moved,) = put_facts(other, home.model_copy(update={"object_id": porto.id}))
    put_entities(other, ana.model_copy(update={"name": "Ana Silva", "aliases": ("Rui",)}))
    other.write(lambda tx: tx.set_status([said.id], Status.DONE))
    assert facts_of(store, ana) == [moved]
    assert called(store, "rui") == ["Ana Silva"]
    query = EpisodeQuery(ids=(said.id,))
    assert [e.status for e in store.write(lambda tx: tx.find_episodes(query, spaces=ANA))] == [Status.DONE]


def test_what_another_store_deleted_is_gone(store: Neo4jGraphStore, other: Neo4jGraphStore) -> None:
    ana, lisbon = put_entities(store, entity("Ana"), entity("Lisbon"))
    (home,) = put_facts(store, fact(ana, lisbon))
    assert facts_of(store, ana) == [home]
    other.write(lambda tx: tx.delete([home.id, lisbon.id]))
    assert (facts_of(store, ana), called(store, "lisbon")) == ([], [])
    (again,) = put_entities(store, entity("Lisbon"))
    assert store.write(lambda tx: tx.locate([again.id], spaces=ANA))[again.id].ref == again.ref


def test_what_was_rolled_back_is_forgotten(store: Neo4jGraphStore) -> None:
    ana, lisbon = put_entities(store, entity("Ana"), entity("Lisbon"))
    (home,) = put_facts(store, fact(ana, lisbon))

    def fail(tx: WriteTransaction) -> None:
        tx.put_entities([entity("Rui"), ana.model_copy(update={"name": "Anna"})])
        tx.put_facts([home.model_copy(update={"support": 7}), fact(ana, lisbon, "LIKES")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(fail)
    assert facts_of(store, ana) == [home]
    assert called(store, "ana", "rui") == ["Ana"]


def test_changing_what_was_handed_out_changes_nothing_stored(store: Neo4jGraphStore) -> None:
    ana, lisbon = put_entities(store, entity("Ana", attributes={"tags": ["a"]}), entity("Lisbon"))
    (home,) = put_facts(store, fact(ana, lisbon, metadata={"tags": ["a"]}))
    home.metadata["tags"].append("of the caller's")
    ana.attributes["tags"].append("of the caller's")
    for found in facts_of(store, ana):
        found.metadata["tags"].append("more of it")
    assert [found.metadata for found in facts_of(store, ana)] == [{"tags": ["a"]}]
    found = store.write(lambda tx: tx.find_entities(EntityQuery(keys=("ana",), limit=9), spaces=ANA))
    assert [each.attributes for each in found] == [{"tags": ["a"]}]


def test_an_id_that_is_stored_is_replaced_though_it_comes_without_its_ref(
    store: Neo4jGraphStore, other: Neo4jGraphStore
) -> None:
    ana, lisbon = put_entities(other, entity("Ana"), entity("Lisbon"))
    (home,) = put_facts(other, fact(ana, lisbon))
    (renamed,) = put_entities(store, ana.model_copy(update={"ref": 0, "name": "Ana Silva", "key": "ana silva"}))
    (likelier,) = put_facts(store, home.model_copy(update={"ref": 0, "support": 2}))
    assert (renamed.ref, likelier.ref) == (ana.ref, home.ref)
    assert facts_of(other, ana) == [likelier]
    with pytest.raises(StoreError, match="another space"):
        put_entities(store, lisbon.model_copy(update={"ref": 0, "space": "elsewhere"}))


def test_an_entity_with_many_facts_is_asked_about_for_what_is_wanted(
    store: Neo4jGraphStore, other: Neo4jGraphStore
) -> None:
    ana, *places = put_entities(store, entity("Ana"), *(entity(f"Place {n}") for n in range(230)))
    visits = put_facts(store, *(fact(ana, place, "VISITED") for place in places))
    (home,) = put_facts(store, fact(ana, places[0]))
    assert {found.id for found in facts_of(other, ana)} == {home.id, *(visit.id for visit in visits)}
    assert facts_of(other, ana, "LIVES_IN") == [home]

    def work(tx: WriteTransaction) -> list[list[Fact]]:
        query = FactQuery(subject_ids=(ana.id,), predicates=("LIVES_IN",), limit=100_000)
        before = tx.find_facts(query, spaces=ANA)
        (second,) = tx.put_facts([fact(ana, places[1])])
        return [before, [second], tx.find_facts(query.model_copy(update={"oldest_first": True}), spaces=ANA)]

    before, new, after = other.write(work)
    assert before == [home]
    assert {found.id for found in after} == {home.id, new[0].id}

"""What other memories on Neo4j get wrong on a real server, asked of ours through ``Memory``.

More of them: questions of 127 words or of punctuation only in ``test_reads``, lost answers in ``test_neo4j_faults``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.consistency import problems
from benchmarks.stores import measure_together
from tests.conformance.graph_records import NOW, entity, fact

from factloom import Memory, load_settings
from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import EmbedderMismatchError, InvalidInputError, NotFoundError
from factloom.schemas.ports import IndexEntry
from factloom.schemas.queries import FactQuery, View
from factloom.schemas.records import Episode
from factloom.schemas.spaces import SpaceSet

from .servers import Neo4jServer
from .stores import Neo4jStores

PATIENT = 250.0
"""Seconds that a writer waits for its turn here: tests may run beside others on a slow machine."""


def open_memory(store: Neo4jGraphStore) -> Memory:
    settings = load_settings(extractor={"kind": "none"})
    return Memory(store, settings=settings, embedder=HashingEmbedder(64), clock=lambda: NOW)


@pytest.fixture
def store(neo4j_stores: Neo4jStores) -> Neo4jGraphStore:
    return neo4j_stores.new(clock=lambda: NOW, busy_timeout=PATIENT)


@pytest.fixture
def memory(store: Neo4jGraphStore) -> Iterator[Memory]:
    with open_memory(store) as memory:
        yield memory


@pytest.fixture
def agrees(neo4j_stores: Neo4jStores) -> Callable[[Neo4jGraphStore], None]:
    """Asserts that what is in the graph agrees with itself."""

    def check(store: Neo4jGraphStore) -> None:
        with neo4j_stores.server.driver(notifications_min_severity="OFF") as driver:
            assert problems(driver, store.label_prefix, now=NOW) == []

    return check


def texts(hits: Any) -> set[str]:
    return {hit.text for hit in hits}


class TestAtOnce:
    """Twenty callers on four connections, all beginning together."""

    @pytest.fixture
    def together(self, neo4j_stores: Neo4jStores, store: Neo4jGraphStore) -> Iterator[Callable[..., list[Any]]]:
        with ExitStack() as stack:
            others = [
                Neo4jGraphStore(neo4j_stores.access(busy_timeout=PATIENT), label_prefix=store.label_prefix)
                for _ in range(3)
            ]
            memories = [open_memory(each) for each in (store, *others)]
            for each in memories[1:]:
                stack.enter_context(each)

            def run(call: Callable[[Memory, int], Any]) -> list[Any]:
                barrier = threading.Barrier(20)
                answers: list[Any] = [None] * 20

                def one(number: int) -> None:
                    barrier.wait()
                    try:
                        answers[number] = call(memories[number % 4], number)
                    except BaseException as error:  # noqa: BLE001 - told by the caller's assertions
                        answers[number] = error

                threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                return answers

            yield run

    def test_first_messages_make_one_session_and_are_all_found(
        self, store: Neo4jGraphStore, memory: Memory, together: Callable[..., list[Any]], agrees: Callable[..., None]
    ) -> None:
        said = [f"Parcel number{i} came." for i in range(20)]
        answers = together(lambda memory, i: memory.add(said[i], user_id="ana").episodes[0])
        assert [type(answer) for answer in answers] == [Episode] * 20
        assert len({answer.session for answer in answers}) == 1
        assert texts(memory.search("Which parcel came?", user_id="ana", limit=50)) == set(said)
        agrees(store)

    def test_one_name_makes_one_entity_and_each_edge_once(
        self, neo4j_stores: Neo4jStores, store: Neo4jGraphStore, memory: Memory, together: Callable[..., list[Any]],
        agrees: Callable[..., None],
    ) -> None:  # fmt: skip
        facts = [("Ana", "KNOWS", "Bo"), ("Ana", "VISITED", "Porto")]
        answers = together(lambda memory, i: memory.add_facts([*facts, ("Ana", "KNOWS", f"Friend {i}")], user_id="ana"))
        assert [error for error in answers if isinstance(error, BaseException)] == []
        names = [each.name for each in memory.entities(user_id="ana")]
        assert sorted(names) == sorted(["Ana", "Bo", "Porto", *(f"Friend {i}" for i in range(20))])
        p = store.label_prefix
        rows = neo4j_stores.rows(f"MATCH (:{p}Entity {{name: 'Ana'}})-[r]->(b:{p}Entity) RETURN type(r), b.name")
        expected = [("KNOWS", "Bo"), ("VISITED", "Porto"), *(("KNOWS", f"Friend {i}") for i in range(20))]
        assert sorted(map(tuple, rows)) == sorted(expected)
        agrees(store)

    def test_searches_with_different_limits_do_not_share_them(
        self, memory: Memory, together: Callable[..., list[Any]]
    ) -> None:
        memory.add([f"The parcel {i} came." for i in range(30)], user_id="ana")
        answers = together(lambda memory, i: len(memory.search("Which parcel came?", user_id="ana", limit=i + 1)))
        assert answers == list(range(1, 21))

    def test_eight_processes_lose_nothing_and_double_nothing(
        self, neo4j_stores: Neo4jStores, neo4j_server: Neo4jServer, tmp_path: Path
    ) -> None:
        prefix = neo4j_stores.take_prefix()
        named = {"user": neo4j_server.user, "password": neo4j_server.password, "label_prefix": prefix}
        named |= {"transaction_timeout": PATIENT, "connection_timeout": 60.0}
        figures = measure_together(
            load_settings(store=neo4j_server.uri, neo4j=named, index_dir=str(tmp_path), extractor={"kind": "none"}),
            *(8, 8),
        )
        figures.pop("together, adds/s")
        assert {name.strip(): value for name, value in figures.items()} == {
            "acknowledged and lost": 0,
            "entities there more than once": 0,
            "errors": 0,
        }
        with neo4j_server.driver(notifications_min_severity="OFF") as driver:
            assert problems(driver, prefix, now=NOW) == []
        neo4j_stores.give_back(prefix)


class TestSpaces:
    def test_a_search_over_several_covers_them_all(self, memory: Memory) -> None:
        for name in ("ana", "bo", "cy", "di"):
            memory.add(f"The parcel of {name} came.", user_id=name)
        spaces = ["user/ana", "user/bo", "user/cy"]
        expected = {f"The parcel of {name} came." for name in ("ana", "bo", "cy")}
        for given in (spaces, spaces[::-1]):
            assert texts(memory.search("Which parcel came?", spaces=given)) == expected

    def test_an_empty_list_of_them_means_nobody(self, store: Neo4jGraphStore, memory: Memory) -> None:
        memory.add("The parcel came.", user_id="ana")
        memory.add_facts([("Ana", "LIVES_IN", "Lisbon")], user_id="ana")
        nobody = Memory(
            store, settings=load_settings(extractor={"kind": "none"}), embedder=HashingEmbedder(64), spaces=[]
        )
        assert list(memory.search("Which parcel came?", spaces=[])) == []
        assert memory.get_all(spaces=[]) == []
        assert memory.entities(spaces=[]) == []
        assert list(nobody.search("Which parcel came?", user_id="ana")) == []
        assert nobody.stats().episodes == 0

    def test_the_only_memory_of_one_is_found_among_sixty_alike_of_others(self, memory: Memory) -> None:
        for number in range(6):
            said = [f"The blue parcel {number} {i} came on Monday." for i in range(10)]
            memory.add(said, user_id=f"other{number}")
        memory.add("A parcel was lost.", user_id="ana")
        assert texts(memory.search("Which blue parcel came on Monday?", user_id="ana", limit=3)) == {
            "A parcel was lost."
        }

    def test_an_address_as_an_id_is_written_and_searched(self, memory: Memory) -> None:
        memory.add("The parcel came.", user_id="user@example.com")
        memory.add("The parcel went.", user_id="user")
        memory.add_facts([("Ana", "LIVES_IN", "Lisbon")], user_id="user@example.com")
        assert texts(memory.search("parcel", user_id="user@example.com", kinds=["episode"])) >= {"The parcel came."}
        assert "The parcel went." not in texts(memory.search("parcel", user_id="user@example.com"))
        assert [
            hit.record.predicate for hit in memory.search("Lisbon", user_id="user@example.com", kinds=["fact"])
        ] == ["LIVES_IN"]
        memory.delete_all(user_id="user@example.com")
        assert list(memory.search("parcel", user_id="user@example.com")) == []
        assert texts(memory.search("parcel", user_id="user")) == {"The parcel went."}


class TestChanges:
    def test_six_cats_after_four_are_six(
        self, neo4j_stores: Neo4jStores, store: Neo4jGraphStore, memory: Memory, agrees: Callable[..., None]
    ) -> None:
        (four,) = memory.add_facts([("Ana", "HAS_PET", "4 cats")], user_id="ana").added
        six = memory.update(four.id, object="6 cats")
        (hit,) = memory.search("How many cats does Ana have?", user_id="ana", kinds=["fact"])
        assert hit.record.id == six.id
        assert "6 cats" in hit.text
        p = store.label_prefix
        rows = neo4j_stores.rows(f"MATCH (:{p}Entity {{name: 'Ana'}})-[:HAS_PET]->(pet) RETURN pet.name")
        assert rows == [["6 cats"]]
        assert {f.id for f in memory.get_all(user_id="ana", include_history=True)} == {four.id, six.id}
        agrees(store)

    def test_of_what_there_is_one_of_the_newer_takes_the_place(self, memory: Memory) -> None:
        for number, age in enumerate(("41", "42")):
            memory.add_facts([("Ana", "HAS_AGE", age)], user_id="ana", time=NOW - timedelta(days=9 - number))
        (current,) = memory.get_all(user_id="ana")
        assert memory.get(current.object_id).name == "42"  # type: ignore[union-attr]
        assert all("42" in hit.text for hit in memory.search("How old is Ana?", user_id="ana", kinds=["fact"]))

    def test_a_stored_message_can_be_deleted(
        self, store: Neo4jGraphStore, memory: Memory, agrees: Callable[..., None]
    ) -> None:
        said = memory.add(["The parcel came.", "The secret is out.", "The parcel went."], user_id="ana").episodes
        memory.delete(said[1].id)
        with pytest.raises(NotFoundError):
            memory.get(said[1].id)
        assert texts(memory.search("What is the secret?", user_id="ana")) <= {"The parcel came.", "The parcel went."}
        assert memory.stats(user_id="ana").episodes == 2
        agrees(store)


class TestFilters:
    FACTS = (
        {"subject": "Ana", "predicate": "LIKES", "object": "tea", "metadata": {"topic": "food", "stars": 3}},
        {"subject": "Ana", "predicate": "LIKES", "object": "jazz", "metadata": {"topic": "music"}},
        {"subject": "Ana", "predicate": "LIVES_IN", "object": "Lisbon", "category": "episodic"},
    )

    CASES: tuple[tuple[dict[str, Any], set[str]], ...] = (
        ({}, {"tea", "jazz", "Lisbon", "rum"}),
        ({"metadata": {"topic": "food"}}, {"tea"}),
        ({"metadata": {"topic": "food", "stars": 3}}, {"tea"}),
        ({"metadata": {"topic": "food", "stars": 4}}, set()),
        ({"predicates": ["LIVES_IN"]}, {"Lisbon"}),
        ({"predicates": ["likes", "LIVES_IN"]}, {"tea", "jazz", "Lisbon", "rum"}),
        ({"categories": ["episodic"]}, {"Lisbon"}),
        ({"categories": []}, set()),
        ({"agent_id": "helper"}, {"rum"}),
        ({"run_id": "r7"}, {"rum"}),
        ({"agent_id": "nobody"}, set()),
        ({"since": NOW - timedelta(days=2)}, {"rum"}),
        ({"until": NOW - timedelta(days=2)}, {"tea", "jazz", "Lisbon"}),
        ({"as_of": NOW - timedelta(days=2)}, {"tea", "jazz", "Lisbon"}),
    )

    def test_each_that_is_documented_works(self, memory: Memory) -> None:
        memory.add_facts(self.FACTS, user_id="ana", time=NOW - timedelta(days=9))
        memory.add_facts([("Ana", "LIKES", "rum")], user_id="ana", agent_id="helper", run_id="r7")
        question = "What does Ana like, and where does she live?"
        for filters, expected in self.CASES:
            hits = memory.search(question, user_id="ana", kinds=["fact"], **filters)
            assert {memory.get(hit.record.object_id).name for hit in hits} == expected, filters  # type: ignore[union-attr]


class TestRefused:
    def test_a_vector_of_another_size_and_the_space_goes_on(
        self, store: Neo4jGraphStore, memory: Memory, agrees: Callable[..., None]
    ) -> None:
        (said,) = memory.add("The parcel came.", user_id="ana").episodes
        odd = IndexEntry("episode", said.id, None, np.ones((1, 63), dtype=np.float32) / np.float32(63**0.5))
        with pytest.raises(EmbedderMismatchError):
            store.write(lambda tx: tx.put_index([odd], embedder=memory.embedder.name))
        memory.add("The parcel went.", user_id="ana")
        assert texts(memory.search("parcel", user_id="ana")) == {"The parcel came.", "The parcel went."}
        agrees(store)

    def test_an_edge_to_what_is_not_there(
        self, store: Neo4jGraphStore, memory: Memory, agrees: Callable[..., None]
    ) -> None:
        ana, nobody = entity("Ana"), entity("Nobody")
        store.write(lambda tx: tx.put_entities([ana]))
        with pytest.raises(NotFoundError, match="object"):
            store.write(lambda tx: tx.put_facts([fact(ana, nobody)]))
        stated = {"subject": "Ana", "predicate": "KNOWS", "object": "Bo", "episode_id": "0190-nowhere"}
        with pytest.raises(NotFoundError):
            memory.add_facts([stated], user_id="ana")
        everything = FactQuery(view=View(now=NOW, history=True))
        assert store.find_facts(everything, spaces=SpaceSet.everything()) == []
        assert [each.name for each in memory.entities(user_id="ana")] == ["Ana"]
        with pytest.raises(InvalidInputError):
            memory.add_facts([("Ana", "KNOWS", "")], user_id="ana")
        memory.delete(ana.id)
        agrees(store)

"""Neo4j's own vector index: nobody starves among others' memories, stores that had vectors before, no FAISS at all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conformance.vector_stores import FollowingVectorStore, NativeVectorStore, units

from factloom import Memory
from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.graph.neo4j_store.native_vectors import Neo4jVectorIndex
from factloom.graph.neo4j_store.pending import sending
from factloom.graph.neo4j_store.queries import queries_for
from factloom.retrieval.vectors import FaissVectorIndex
from factloom.schemas.ports import IndexEntry, VectorHits
from factloom.schemas.settings import load_settings
from factloom.schemas.spaces import SpaceSet

from .servers import Neo4jServer
from .stores import Neo4jStores

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

ROOT = Path(__file__).parents[2]
DIMENSION = 24
EVERYTHING = SpaceSet.everything()


@pytest.fixture
def given(neo4j_stores: Neo4jStores) -> NativeVectorStore:
    return NativeVectorStore(neo4j_stores.new())


@pytest.fixture
def index_asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows the server's index was asked for, each time; not at all where that would not have paid."""
    asked: list[int] = []
    real = Neo4jVectorIndex._by_index

    def noting(self: Neo4jVectorIndex, *arguments: Any) -> list[list[Any]]:
        rows = real(self, *arguments)
        asked.append(sum(row[0] for row in rows))
        return rows

    monkeypatch.setattr(Neo4jVectorIndex, "_by_index", noting)
    return asked


def near(center: Vectors, rng: np.random.Generator, count: int, noise: float) -> list[Vectors]:
    """Records of one vector each, around one direction."""
    made = center + noise * rng.standard_normal((count, center.shape[-1])).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return list(made[:, np.newaxis].astype(np.float32))


def best(vectors: Mapping[int, Vectors], query: Vectors, limit: int) -> list[int]:
    """The exact answer."""
    return sorted(vectors, key=lambda ref: (-float((vectors[ref] @ query).max()), ref))[:limit]


def count(stores: Neo4jStores, store: Neo4jGraphStore) -> int:
    """How many vectors the server's index is over."""
    p = store.label_prefix
    labels = f"{p}EpisodeVector|{p}FactVector|{p}EntityVector"
    ((found,),) = stores.rows(f"MATCH (v:{labels}) RETURN count(v)")
    return int(found)


class TestIsolation:
    @pytest.fixture(scope="class")
    @classmethod
    def tenants(
        cls, _stores: Neo4jStores
    ) -> Iterator[tuple[NativeVectorStore, dict[str, dict[int, Vectors]], Vectors]]:
        """Fifty spaces of similar memories, one of a single memory, and a large one; and what they are all about."""
        store = NativeVectorStore(_stores.new())
        rng = np.random.default_rng(5)
        topic = units(rng, 1, DIMENSION)
        held: dict[str, dict[int, Vectors]] = {}
        for space, number, noise in (
            *((f"user/{i}", 60, 0.05) for i in range(50)),
            ("user/lonely", 1, 0.6),
            ("team/large", 2500, 0.2),
        ):
            vectors = near(topic, rng, number, noise)
            held[space] = dict(zip(store.put(space, "fact", vectors), vectors, strict=True))
        yield store, held, topic[0]
        _stores.give_all_back()

    @pytest.mark.parametrize("exact_up_to", [0, 100, 100_000])
    def test_the_only_memory_is_found_among_those_of_others(
        self, tenants: tuple[NativeVectorStore, dict[str, dict[int, Vectors]], Vectors], exact_up_to: int
    ) -> None:
        store, held, topic = tenants
        index = store.open_index(exact_up_to=exact_up_to)
        (hits,) = index.search(topic[np.newaxis], kind="fact", spaces=SpaceSet.of("user/lonely"), limit=10)
        assert hits.refs.tolist() == list(held["user/lonely"])

    @pytest.mark.parametrize("exact_up_to", [0, 100, 100_000])
    @pytest.mark.parametrize(
        "names", [["user/7"], ["team/large"], ["user/3", "user/lonely", "user/41"], ["team/large", "user/lonely"], None]
    )
    def test_any_spaces_give_the_exact_answer(
        self,
        tenants: tuple[NativeVectorStore, dict[str, dict[int, Vectors]], Vectors],
        names: list[str] | None,
        exact_up_to: int,
    ) -> None:
        store, held, topic = tenants
        index = store.open_index(exact_up_to=exact_up_to)
        readable = {ref: vector for name in names or held for ref, vector in held[name].items()}
        spaces = EVERYTHING if names is None else SpaceSet(names)
        queries = np.stack([topic, units(np.random.default_rng(9), 1, DIMENSION)[0]])
        for limit in (1, 20):
            for _ in range(2):  # the second time in the way that worked the first time
                answers = index.search(queries, kind="fact", spaces=spaces, limit=limit)
                for query, hits in zip(queries, answers, strict=True):
                    expected = best(readable, query, limit)
                    assert hits.refs.tolist() == expected
                    cosines = [float(readable[ref][0] @ query) for ref in expected]
                    assert np.allclose(hits.scores, cosines, atol=1e-6)

    def test_large_spaces_are_searched_by_the_index_where_that_pays(
        self, tenants: tuple[NativeVectorStore, dict[str, dict[int, Vectors]], Vectors], index_asked: list[int]
    ) -> None:
        store, held, topic = tenants
        index = store.open_index()

        def search(spaces: SpaceSet, limit: int) -> VectorHits:
            return index.search(topic[np.newaxis], kind="fact", spaces=spaces, limit=limit)[0]

        search(SpaceSet.of("user/7"), 10)
        assert index_asked == []
        search(EVERYTHING, 10)
        search(SpaceSet.of("team/large"), 10)
        assert index_asked[0] == 1
        # What others hold lies before all of this space: the index did not get to it, and the answer is right still.
        assert search(SpaceSet.of("team/large"), 10).refs.tolist() == best(held["team/large"], topic, 10)

    def test_among_restricts_before_ranking_in_large_spaces(
        self, tenants: tuple[NativeVectorStore, dict[str, dict[int, Vectors]], Vectors]
    ) -> None:
        store, held, topic = tenants
        chosen = best(held["team/large"], topic, 2500)[-30:]
        among = np.array(sorted([*chosen, *held["user/7"]]))
        (hits,) = store.open_index().search(
            topic[np.newaxis], kind="fact", spaces=SpaceSet.of("team/large"), limit=5, among=among
        )
        assert hits.refs.tolist() == chosen[:5]

    def test_agrees_with_faiss(self, tenants: tuple[NativeVectorStore, dict[str, dict[int, Vectors]], Vectors]) -> None:
        store, held, topic = tenants
        native, faiss = store.open_index(), FaissVectorIndex(store.feed)
        refs: Refs = np.array([*held["user/7"], *held["user/lonely"]])
        for spaces in (SpaceSet.of("user/7"), SpaceSet.of("user/7", "team/large"), EVERYTHING):
            ours, theirs = (
                index.search(topic[np.newaxis], kind="fact", spaces=spaces, limit=50)[0] for index in (native, faiss)
            )
            assert np.allclose(ours.scores, theirs.scores, atol=1e-6)
            assert set(ours.refs[:40].tolist()) <= set(theirs.refs.tolist())
            here, there = (
                index.similarity(topic[np.newaxis], refs, kind="fact", spaces=spaces) for index in (native, faiss)
            )
            assert np.allclose(here, there, atol=1e-6, equal_nan=True)
        faiss.close()


class TestVectorsOfZeros:
    """The server compares none, so that one of them would fail a whole search."""

    def test_they_are_at_right_angles_to_all(self, given: NativeVectorStore) -> None:
        nothing, some = np.zeros((1, DIMENSION), np.float32), np.eye(1, DIMENSION, dtype=np.float32)
        refs = given.put("user/ana", "fact", [nothing, some, -some])
        for exact_up_to in (0, 1000):
            index = given.open_index(exact_up_to=exact_up_to)
            (hits,) = index.search(some, kind="fact", spaces=EVERYTHING, limit=9)
            assert hits.refs.tolist() == [refs[1], refs[0], refs[2]]
            assert hits.scores.tolist() == [1.0, 0.0, -1.0]
            (hits,) = index.search(nothing, kind="fact", spaces=EVERYTHING, limit=9)
            assert (hits.refs.tolist(), hits.scores.tolist()) == (refs, [0.0] * 3)

    def test_a_vector_may_become_one_and_be_one_no_more(self, given: NativeVectorStore) -> None:
        nothing, some = np.zeros((1, DIMENSION), np.float32), np.eye(1, DIMENSION, dtype=np.float32)
        (ref,) = given.put("user/ana", "fact", [some])
        index = given.open_index()
        for vector, expected in ((nothing, 0.0), (some, 1.0)):
            given.replace("user/ana", "fact", ref, vector)
            assert index.similarity(some, np.array([ref]), kind="fact", spaces=EVERYTHING).tolist() == [[expected]]


class TestStoresThatHadVectorsBefore:
    def filled(self, stores: Neo4jStores, records: int = 700) -> tuple[FollowingVectorStore, dict[int, Vectors]]:
        store = FollowingVectorStore(stores.new())
        vectors = [units(np.random.default_rng(i), 1 + i % 3, DIMENSION) for i in range(records)]
        return store, dict(zip(store.put("user/ana", "episode", vectors), vectors, strict=True))

    def check(self, index: Any, held: Mapping[int, Vectors]) -> None:
        query = units(np.random.default_rng(99), 1, DIMENSION)
        (hits,) = index.search(query, kind="episode", spaces=EVERYTHING, limit=30)
        assert hits.refs.tolist() == best(held, query[0], 30)

    def test_opening_makes_what_is_missing_and_tells_how_far_it_is(self, neo4j_stores: Neo4jStores) -> None:
        store, held = self.filled(neo4j_stores)
        told: list[tuple[int, int]] = []
        server = store.feed
        assert isinstance(server, Neo4jGraphStore)
        self.check(server.native_vectors(progress=lambda done, total: told.append((done, total))), held)
        total = sum(map(len, held.values()))
        assert told[-1] == (total, total)
        assert len(told) > 1
        told.clear()
        server.native_vectors(progress=lambda done, total: told.append((done, total)))
        assert told == []

    def test_one_that_was_interrupted_is_continued(self, neo4j_stores: Neo4jStores) -> None:
        store, held = self.filled(neo4j_stores)
        server = store.feed
        assert isinstance(server, Neo4jGraphStore)

        def interrupt(done: int, total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            server.native_vectors(progress=interrupt)
        made = count(neo4j_stores, server)
        assert 0 < made < sum(map(len, held.values()))
        # What is written and deleted in between is in step already.
        gone = min(held)
        store.remove("user/ana", [gone])
        del held[gone]
        vector = units(np.random.default_rng(5), 1, DIMENSION)
        held[store.put("user/ana", "episode", [vector])[0]] = vector
        self.check(server.native_vectors(), held)
        assert count(neo4j_stores, server) == sum(map(len, held.values()))

    def test_processes_that_search_with_faiss_keep_it_in_step_and_one_can_go_back(
        self, neo4j_stores: Neo4jStores
    ) -> None:
        store, held = self.filled(neo4j_stores, 20)
        server = store.feed
        assert isinstance(server, Neo4jGraphStore)
        native = server.native_vectors()
        other = Neo4jGraphStore(neo4j_stores.access(), label_prefix=server.label_prefix)
        faiss = FaissVectorIndex(other)
        self.check(faiss, held)
        # Written through the store object that never heard of a native index.
        vector = units(np.random.default_rng(5), 2, DIMENSION)
        first = min(held)
        entry = IndexEntry("episode", store._ids[first], None, vector)
        other.write(lambda tx: tx.put_index([entry], embedder="test/exact"))
        held[first] = vector
        self.check(native, held)
        self.check(faiss, held)
        faiss.close()
        other.close()

    def test_the_documented_statements_remove_it_and_it_can_be_made_again(self, neo4j_stores: Neo4jStores) -> None:
        store, held = self.filled(neo4j_stores, 20)
        server = store.feed
        assert isinstance(server, Neo4jGraphStore)
        server.native_vectors()
        documented = (ROOT / "docs" / "neo4j.md").read_text(encoding="utf-8").partition("To be rid of it")[2]
        (statements, *_) = re.findall(r"```cypher\n(.*?)```", documented, re.DOTALL)
        prefix = server.label_prefix
        for statement in re.sub(r"(?<=:|\|)(?=\w)|(?<=factloom)", prefix, statements).split(";"):
            neo4j_stores.rows(statement)
        assert count(neo4j_stores, server) == 0
        names = {name for (name,) in neo4j_stores.rows("SHOW VECTOR INDEXES YIELD name")}
        assert not [name for name in names if name.startswith(f"factloom{prefix}_")]
        vector = units(np.random.default_rng(5), 1, DIMENSION)
        held[store.put("user/ana", "episode", [vector])[0]] = vector
        assert count(neo4j_stores, server) == 0
        self.check(server.native_vectors(), held)

    def test_rebuilding_mends_what_somebody_else_broke(self, neo4j_stores: Neo4jStores) -> None:
        store, held = self.filled(neo4j_stores, 20)
        server = store.feed
        assert isinstance(server, Neo4jGraphStore)
        index = server.native_vectors()
        label = f"{server.label_prefix}EpisodeVector"
        neo4j_stores.rows(f"MATCH (v:{label}) WITH v LIMIT 9 DELETE v")
        neo4j_stores.rows(f"CREATE (:{label} {{_ref: 1000000, part: 0, space: 'user/ana', embedding: [1.0]}})")
        assert index.rebuild(spaces=SpaceSet.of("user/ana")) == sum(map(len, held.values()))
        assert count(neo4j_stores, server) == sum(map(len, held.values()))
        self.check(index, held)


class TestForgetting:
    def test_deleting_leaves_no_vector(self, neo4j_stores: Neo4jStores, given: NativeVectorStore) -> None:
        refs = given.put("user/ana", "episode", [units(np.random.default_rng(1), 3, DIMENSION)] * 4)
        given.put("user/ben", "entity", [units(np.random.default_rng(1), 1, DIMENSION)])
        server = given.feed
        assert isinstance(server, Neo4jGraphStore)
        assert count(neo4j_stores, server) == 13
        given.replace("user/ana", "episode", refs[0], units(np.random.default_rng(2), 2, DIMENSION))
        assert count(neo4j_stores, server) == 12
        given.remove("user/ana", refs)
        assert count(neo4j_stores, server) == 1

    def test_an_embedder_of_another_dimension_can_take_over(
        self, neo4j_stores: Neo4jStores, given: NativeVectorStore
    ) -> None:
        (ref,) = given.put("user/ana", "fact", [units(np.random.default_rng(1), 1, DIMENSION)])
        server = given.feed
        assert isinstance(server, Neo4jGraphStore)
        index = given.open_index(exact_up_to=0)
        server.write(lambda tx: tx.clear_vectors())
        assert count(neo4j_stores, server) == 0
        wider = units(np.random.default_rng(1), 1, 2 * DIMENSION)
        assert index.search(wider, kind="fact", spaces=EVERYTHING, limit=1)[0].refs.tolist() == []
        entry = IndexEntry("fact", given._ids[ref], None, wider)
        server.write(lambda tx: tx.put_index([entry], embedder="test/wider"))
        assert index.search(wider, kind="fact", spaces=EVERYTHING, limit=1)[0].refs.tolist() == [ref]


class TestPlans:
    """Made on an empty store, where a scan looks cheapest."""

    @pytest.mark.parametrize("statement", ["vectors_in_spaces", "vectors_of_records"])
    def test_reads_use_indexes(
        self, neo4j_stores: Neo4jStores, given: NativeVectorStore, scans: Callable[[str], list[str]], statement: str
    ) -> None:
        queries = queries_for(given._store.label_prefix)
        assert scans(f"{queries.of_kind(statement, 'fact')}\n{queries['rank_vectors']}") == []

    def test_whole_vectors_are_read_by_index(self, given: NativeVectorStore, scans: Callable[[str], list[str]]) -> None:
        assert scans(queries_for(given._store.label_prefix).of_kind("whole_vectors", "entity")) == []

    def test_the_index_is_asked_without_a_scan(
        self, given: NativeVectorStore, scans: Callable[[str], list[str]]
    ) -> None:
        assert scans(queries_for(given._store.label_prefix).of_kind("nearest_by_index", "fact")) == []

    def test_writes_use_indexes(self, given: NativeVectorStore, scans: Callable[[str], list[str]]) -> None:
        assert scans(sending(queries_for(given._store.label_prefix))[0]) == []

    @pytest.fixture
    def scans(self, neo4j_stores: Neo4jStores) -> Callable[[str], list[str]]:
        """The operators of a plan that look at all nodes of a label."""

        def operators(plan: dict[str, Any]) -> Iterator[str]:
            yield f"{plan['operatorType'].partition('@')[0]} {plan['args'].get('Details', '')}"
            for child in plan.get("children", ()):
                yield from operators(child)

        def found(text: str) -> list[str]:
            with neo4j_stores.server.driver(notifications_min_severity="OFF") as driver, driver.session() as session:
                plan = session.run(f"EXPLAIN {text}", {"w": {}}).consume().plan
            return [each for each in operators(plan) if "Scan " in each]

        return found


WITHOUT_FAISS = """
import json, os, sys

sys.modules["faiss"] = None  # any import of it fails

from factloom import Memory
from factloom.schemas.settings import load_settings

settings = load_settings(**json.loads(sys.argv[1]))
with Memory(settings=settings) as memory:
    def hits(text):
        return [hit.text for hit in memory.search(text, user_id="ana").hits]

    assert hits("Where does Ana live?") == []
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(hits(line.strip())), flush=True)
"""


class TestMemory:
    """Through the front door."""

    def arguments(self, server: Neo4jServer) -> dict[str, Any]:
        return {
            "store": server.uri,
            "neo4j": {"user": server.user, "password": server.password, "vectors": "native", "label_prefix": "Native"},
            "embedder": {"kind": "hashing", "dimension": 64},
            "extractor": {"kind": "none"},
        }

    def test_a_process_without_faiss_sees_at_once_what_another_adds_and_deletes(
        self, neo4j_database: Neo4jServer
    ) -> None:
        arguments = self.arguments(neo4j_database)
        with (
            Memory(settings=load_settings(**arguments)) as memory,
            subprocess.Popen(
                [sys.executable, "-c", WITHOUT_FAISS, json.dumps(arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as other,
        ):
            assert other.stdin
            assert other.stdout
            assert other.stdout.readline() == "ready\n"

            def asked(text: str) -> list[str]:
                other.stdin.write(f"{text}\n")  # type: ignore[union-attr]
                other.stdin.flush()  # type: ignore[union-attr]
                found: list[str] = json.loads(other.stdout.readline())  # type: ignore[union-attr]
                return found

            # No word of the question is in it, so that only vectors can find it.
            added = memory.add("The violinist moved to Lisbon.", user_id="ana")
            assert len(asked("violinists moving")) == 1
            memory.delete(added.episodes[0].id)
            assert asked("violinists moving") == []
            other.stdin.close()
            assert other.wait(60) == 0
        with neo4j_database.driver() as driver:
            (record,) = driver.execute_query("MATCH (v:NativeEpisodeVector) RETURN count(v) AS n").records
        assert record["n"] == 0

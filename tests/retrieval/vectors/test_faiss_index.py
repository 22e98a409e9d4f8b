from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np
import pytest
from tests.conformance.memory_feed import MemoryFeed
from tests.conformance.vector_stores import FollowingVectorStore, units

from factloom.graph.sqlite import SqliteGraphStore
from factloom.retrieval.vectors import FaissVectorIndex
from factloom.schemas.errors import InvalidInputError, StoreUnavailableError, VectorIndexError
from factloom.schemas.ports import ChangeFeed, Verifiable
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import VectorChanges, Vectors

ANA = SpaceSet.of("user/ana")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def spaces_of_ten(feed: MemoryFeed, rng: np.random.Generator, count: int) -> None:
    for number in range(count):
        feed.put(f"user/{number}", "fact", [(10 * number + i, v[np.newaxis]) for i, v in enumerate(units(rng, 10, 8))])


def test_importing_the_package_does_not_load_faiss() -> None:
    script = "import sys, factloom.retrieval.vectors; sys.exit('faiss' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


class TestMemory:
    def test_blocks_not_used_for_longest_are_dropped_and_load_again(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        spaces_of_ten(feed, rng, 4)
        a_block = 10 * (4 * 8 + 12)
        index = FaissVectorIndex(feed, max_bytes=2 * a_block)
        query = units(rng, 1, 8)
        expected = {}
        for number in (0, 1, 0, 2, 0, 1):
            (hits,) = index.search(query, kind="fact", spaces=SpaceSet.of(f"user/{number}"), limit=3)
            assert hits.refs.tolist() == expected.setdefault(number, hits.refs.tolist())
        assert feed.calls == ["user/0", "user/1", "user/2", "user/1"]

    def test_a_block_larger_than_the_bound_still_answers(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        spaces_of_ten(feed, rng, 3)
        index = FaissVectorIndex(feed, max_bytes=1)
        (hits,) = index.search(units(rng, 1, 8), kind="fact", spaces=SpaceSet.everything(), limit=100)
        assert sorted(hits.refs.tolist()) == list(range(30))

    def test_only_spaces_that_are_asked_for_are_loaded(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        spaces_of_ten(feed, rng, 3)
        index = FaissVectorIndex(feed)
        index.search(units(rng, 1, 8), kind="fact", spaces=SpaceSet.of("user/1"), limit=5)
        index.search(units(rng, 1, 8), kind="fact", spaces=SpaceSet.of("user/1"), limit=5)
        assert feed.calls == ["user/1"]

    def test_the_process_keeps_its_number_of_threads(self, rng: np.random.Generator) -> None:
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(3)
        try:
            feed = MemoryFeed()
            feed.put("user/ana", "fact", enumerate(units(rng, 2000, 8)[:, np.newaxis]))
            FaissVectorIndex(feed).search(units(rng, 2, 8), kind="fact", spaces=ANA, limit=5)
            assert faiss.omp_get_max_threads() == 3
        finally:
            faiss.omp_set_num_threads(before)


class TestExactness:
    @pytest.mark.parametrize("count", [1_000, 4_000, 50_000])
    def test_scores_do_not_depend_on_threads_batches_or_neighbours(self, rng: np.random.Generator, count: int) -> None:
        """Of 400 numbers each: 1,000 rows are searched by the loop, 4,000 by all products, 50,000 by threads."""
        feed = MemoryFeed()
        vectors = units(rng, count, 400)
        vectors[count // 2 :: 7] = vectors[: len(vectors[count // 2 :: 7])]  # ties
        for start in range(0, count, 10_000):
            refs = range(start, min(count, start + 10_000))
            feed.put("user/ana", "fact", ((ref, vectors[ref : ref + 1]) for ref in refs))
        index = FaissVectorIndex(feed)
        queries = units(rng, 330, 400)
        together = index.search(queries, kind="fact", spaces=ANA, limit=20)
        for number in (0, 7, 329):
            query = queries[number : number + 1]
            (alone,) = index.search(query, kind="fact", spaces=ANA, limit=20)
            among = np.union1d(alone.refs, np.arange(0, count, 3))
            (restricted,) = index.search(query, kind="fact", spaces=ANA, limit=20, among=among)
            for hits in (together[number], restricted):
                assert hits.refs.tolist() == alone.refs.tolist()
                assert hits.scores.tolist() == alone.scores.tolist()
            true = vectors.astype(np.float64) @ query[0].astype(np.float64)
            assert alone.refs.tolist() == np.argsort(-true, kind="stable")[:20].tolist()


class TestFeeds:
    def test_both_stores_are_feeds_and_the_index_can_be_verified(self, tmp_path: Path) -> None:
        store = SqliteGraphStore(tmp_path / "memory.db")
        assert isinstance(store, ChangeFeed)
        assert isinstance(MemoryFeed(), ChangeFeed)
        assert isinstance(FaissVectorIndex(store), Verifiable)
        assert store.vector_spaces() == []
        store.close()

    def test_many_pages_give_the_same_as_one(self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
        feed = MemoryFeed()
        for start in range(0, 200, 8):
            feed.put("user/ana", "episode", [(start + i, units(rng, 3, 8)) for i in range(8)])
        feed.put("user/ana", "episode", [(i, units(rng, 2, 8)) for i in range(5)])
        feed.remove("user/ana", range(20, 40))
        query = units(rng, 2, 8)
        expected = FaissVectorIndex(feed).search(query, kind="episode", spaces=ANA, limit=30)
        original = feed.vector_changes
        monkeypatch.setattr(
            feed, "vector_changes", lambda space, *, after, limit: original(space, after=after, limit=50)
        )
        paged = FaissVectorIndex(feed)
        for one, other in zip(expected, paged.search(query, kind="episode", spaces=ANA, limit=30), strict=True):
            assert one.refs.tolist() == other.refs.tolist()
        assert len(feed.calls) > 5
        monkeypatch.undo()
        assert paged.verify(spaces=ANA) == []

    def test_a_failure_halfway_leaves_nothing_half_done(
        self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        feed = MemoryFeed()
        for start in range(0, 100, 10):
            feed.put("user/ana", "fact", [(start + i, units(rng, 1, 8)) for i in range(10)])
        original, calls = feed.vector_changes, []

        def failing(space: str, *, after: int, limit: int) -> VectorChanges:
            calls.append(after)
            if len(calls) == 3:
                raise StoreUnavailableError("locked")
            return original(space, after=after, limit=min(limit, 20))

        monkeypatch.setattr(feed, "vector_changes", failing)
        index = FaissVectorIndex(feed)
        with pytest.raises(StoreUnavailableError):
            index.search(units(rng, 1, 8), kind="fact", spaces=ANA, limit=5)
        (hits,) = index.search(units(rng, 1, 8), kind="fact", spaces=ANA, limit=500)
        assert sorted(hits.refs.tolist()) == list(range(100))

    def test_a_store_put_back_from_a_backup_is_read_again(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        vectors = units(rng, 3, 8)
        for ref in range(3):
            feed.put("user/ana", "fact", [(ref, vectors[ref : ref + 1])])
        index = FaissVectorIndex(feed)
        index.search(vectors, kind="fact", spaces=ANA, limit=5)
        feed.__init__()  # type: ignore[misc]
        feed.put("user/ana", "fact", [(0, vectors[:1])])
        assert index.search(vectors[:1], kind="fact", spaces=ANA, limit=5)[0].refs.tolist() == [0]

    def test_vectors_of_another_dimension_are_refused(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        feed.put("user/ana", "fact", [(1, units(rng, 1, 12))])
        index = FaissVectorIndex(feed, dimension=8)
        with pytest.raises(VectorIndexError, match=r"12 numbers.*8"):
            index.search(units(rng, 1, 8), kind="fact", spaces=ANA, limit=5)
        with pytest.raises(InvalidInputError, match=r"12 numbers.*8"):
            index.search(units(rng, 1, 12), kind="fact", spaces=ANA, limit=5)

    def test_after_embedding_again_another_dimension_is_learned(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        feed.put("user/ana", "fact", [(1, units(rng, 1, 12))])
        index = FaissVectorIndex(feed)
        index.search(units(rng, 1, 12), kind="fact", spaces=ANA, limit=5)
        feed.put("user/ana", "fact", [(1, units(rng, 1, 8))])
        index.forget(SpaceSet.everything())
        assert index.search(units(rng, 1, 8), kind="fact", spaces=ANA, limit=5)[0].refs.tolist() == [1]

    def test_values_that_are_not_finite_are_refused(self) -> None:
        feed = MemoryFeed()
        feed.put("user/ana", "fact", [(1, np.full((1, 8), np.nan, np.float32))])
        with pytest.raises(VectorIndexError, match="finite"):
            FaissVectorIndex(feed).search(np.eye(1, 8, dtype=np.float32), kind="fact", spaces=ANA, limit=5)

    def test_a_feed_that_does_not_advance_is_refused(
        self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        feed = MemoryFeed()
        feed.put("user/ana", "fact", [(1, units(rng, 1, 8))])
        original = feed.vector_changes
        monkeypatch.setattr(
            feed,
            "vector_changes",
            lambda space, *, after, limit: original(space, after=after, limit=limit)._replace(
                sequence=0, complete=False
            ),
        )
        with pytest.raises(VectorIndexError, match="does not get beyond"):
            FaissVectorIndex(feed).search(units(rng, 1, 8), kind="fact", spaces=ANA, limit=5)

    def test_one_loads_while_others_wait(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        feed.put("user/ana", "fact", enumerate(units(rng, 3000, 8)[:, np.newaxis]))
        index = FaissVectorIndex(feed)
        query, found = units(rng, 1, 8), []

        def search() -> None:
            found.append(index.search(query, kind="fact", spaces=ANA, limit=5)[0].refs.tolist())

        threads = [threading.Thread(target=search) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [found[0]] * 8
        assert feed.calls == ["user/ana"]


class TestVerify:
    def test_names_what_is_missing_extra_and_different(self, rng: np.random.Generator) -> None:
        feed = MemoryFeed()
        feed.put("user/ana", "fact", [(ref, units(rng, 1, 8)) for ref in range(6)])
        feed.put("user/ana", "episode", [(ref, units(rng, 2, 8)) for ref in range(10, 13)])
        feed.put("user/ben", "fact", [(20, units(rng, 1, 8))])
        index = FaissVectorIndex(feed)
        assert index.verify(spaces=SpaceSet.everything()) == []
        _damage(feed, "user/ana", rng)
        assert index.verify(spaces=SpaceSet.everything()) == [
            ("user/ana", "episode", 10, "different"),
            ("user/ana", "fact", 1, "extra"),
            ("user/ana", "fact", 2, "different"),
            ("user/ana", "fact", 99, "missing"),
        ]
        assert index.verify(spaces=SpaceSet.of("user/ben")) == []
        index.rebuild(spaces=ANA)
        assert index.verify(spaces=ANA) == []


def _damage(feed: MemoryFeed, space: str, rng: np.random.Generator) -> None:
    """Change what is stored without a new sequence number, as no store should."""
    held = feed._stored[space]
    del held[1]
    held[2] = held[2]._replace(vectors=units(rng, 1, 8))
    held[10] = held[10]._replace(vectors=held[10].vectors[:1])
    held[99] = held[2]


_CHILD = """
import sys
from pathlib import Path
import numpy as np
from factloom.graph.sqlite import SqliteGraphStore
from factloom.retrieval.vectors import FaissVectorIndex
from factloom.schemas.spaces import SpaceSet

store = SqliteGraphStore(Path(sys.argv[1]))
index = FaissVectorIndex(store, directory=Path(sys.argv[2]), min_snapshot_rows=10)
for line in sys.stdin:
    query = np.fromstring(line, sep=" ", dtype=np.float32)[np.newaxis]
    (hits,) = index.search(query, kind="fact", spaces=SpaceSet.of("user/ana"), limit=3)
    print(*hits.refs.tolist(), flush=True)
index.close()
store.close()
"""


def test_another_process_sees_writes_without_a_restart(tmp_path: Path, rng: np.random.Generator) -> None:
    store, folder = FollowingVectorStore(SqliteGraphStore(tmp_path / "memory.db")), tmp_path / "index"
    index = store.open_index(folder, min_snapshot_rows=10)
    vectors = units(rng, 60, 16)
    refs = store.put("user/ana", "fact", list(vectors[:50, np.newaxis]))
    command = [sys.executable, "-c", _CHILD, str(tmp_path / "memory.db"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def there(query: Vectors) -> list[int]:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(" ".join(map(str, query.tolist())) + "\n")
            child.stdin.flush()
            return [int(ref) for ref in child.stdout.readline().split()]

        def here(query: Vectors) -> list[int]:
            (hits,) = index.search(query[np.newaxis], kind="fact", spaces=ANA, limit=3)
            return hits.refs.tolist()

        assert there(vectors[4]) == here(vectors[4])
        assert here(vectors[4])[0] == refs[4]
        (new,) = store.put("user/ana", "fact", [vectors[55:56]])
        assert there(vectors[55])[0] == new
        store.remove("user/ana", [refs[4], new])
        index.forget(ANA)
        assert refs[4] not in there(vectors[4])
        assert new not in there(vectors[55])
        assert there(vectors[55]) == here(vectors[55])
        child.stdin.close()
        assert child.wait(timeout=60) == 0
    (file,) = folder.iterdir()
    content = file.read_bytes()
    assert vectors[5].tobytes() in content
    assert vectors[4].tobytes() not in content
    assert vectors[55].tobytes() not in content
    index.close()
    store.close()

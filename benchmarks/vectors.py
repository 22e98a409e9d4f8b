"""The vector index beside plain numpy in the same run: latency, catching up, loading, removing, memory.

    python -m benchmarks.vectors [--large] [--dimension N] [--texts FILE]

Vectors are random unit vectors. Search is for the best 50 of one query, numpy's yardstick is
``argpartition(-(rows @ query), 50)`` and a sort of those 50. The times are medians. Python's own time per search is
measured on a space of one record. Loading from the store is measured on a real SQLite store. --large adds a million
rows (needs 4 GB). --texts embeds a file of 40,000 or more texts, one a line, and says how many of the nearest are
found where sketches propose; every hundredth text asks for the others.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from benchmarks.results import printed_figures
from tests.conformance.memory_feed import MemoryFeed

from factloom.graph.sqlite import SqliteGraphStore
from factloom.retrieval.embedders import OnnxEmbedder
from factloom.retrieval.vectors import FaissVectorIndex
from factloom.schemas.ports import IndexEntry
from factloom.schemas.records import Entity, new_id, utc_now
from factloom.schemas.spaces import SpaceSet

LIMIT = 50
PAGE = 10_000


def units(rng: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """Random unit vectors."""
    made = rng.standard_normal((count, dimension), dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def median_ms(work: Callable[[], object], budget: float = 2.0) -> float:
    """Median milliseconds of ``work``, of as many runs as fit in ``budget`` seconds (7 to 2,000)."""
    work()
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < 7 or (time.perf_counter() - began < budget and len(taken) < 2000):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def once_ms(work: Callable[[], object]) -> float:
    """Milliseconds of one run."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def resident_mb() -> float:
    """Memory of this process; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def show(what: str, *figures: str) -> None:
    """One line of the report."""
    print(f"{what:58}" + "   ".join(figures), flush=True)


def numpy_search(rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The yardstick."""
    scores = rows @ query
    best = np.argpartition(-scores, LIMIT)[:LIMIT]
    return best[np.argsort(-scores[best])]


def fill(feed: MemoryFeed, space: str, vectors: np.ndarray, parts: int = 1) -> None:
    """Put vectors into the feed, ``parts`` for each record."""
    grouped = vectors.reshape(len(vectors) // parts, parts, -1)
    for start in range(0, len(grouped), PAGE):
        feed.put(space, "episode", enumerate(grouped[start : start + PAGE], start))


def own_time(rng: np.random.Generator, dimension: int) -> None:
    """What a search costs when there is next to nothing to search."""
    feed = MemoryFeed()
    fill(feed, "s", units(rng, 1, dimension))
    index, query = FaissVectorIndex(feed), units(rng, 1, dimension)
    spaces = SpaceSet.of("s")
    took = median_ms(lambda: index.search(query, kind="episode", spaces=spaces, limit=LIMIT))
    show("search, a space of one record (Python's own time)", f"{took * 1000:.0f} us")


def one_space(rng: np.random.Generator, count: int, dimension: int) -> None:
    """Search, among, similarity, batches and removal in one space of ``count`` rows."""
    vectors = units(rng, count, dimension)
    queries = units(rng, 64, dimension)
    query, spaces = queries[:1], SpaceSet.of("s")
    feed = MemoryFeed()
    fill(feed, "s", vectors)
    index = FaissVectorIndex(feed)

    def search(**options: object) -> object:
        return index.search(query, kind="episode", spaces=spaces, limit=LIMIT, **options)  # type: ignore[arg-type]

    before = resident_mb()
    search()
    grown = resident_mb() - before
    yardstick = median_ms(lambda: numpy_search(vectors, query[0]))
    show(f"{count:,} rows: top {LIMIT}", f"{median_ms(search):.3f} ms", f"numpy {yardstick:.3f} ms")
    batch = median_ms(lambda: index.search(queries, kind="episode", spaces=spaces, limit=LIMIT)) / len(queries)
    show(f"{count:,} rows: top {LIMIT}, each of a batch of {len(queries)}", f"{batch:.3f} ms")
    for share in (0.01, 0.5):
        among = np.sort(rng.choice(count, int(count * share), replace=False))
        show(
            f"{count:,} rows: top {LIMIT} among {len(among):,}", f"{median_ms(lambda a=among: search(among=a)):.3f} ms"
        )
    refs = np.sort(rng.choice(count, 400, replace=False))
    took = median_ms(lambda: index.similarity(query, refs, kind="episode", spaces=spaces))
    yardstick = median_ms(lambda: vectors[refs] @ query[0])
    show(f"{count:,} rows: similarity of 400 refs", f"{took:.3f} ms", f"numpy {yardstick:.3f} ms")
    show(f"{count:,} rows: memory", f"{grown:.0f} MB", f"of which vectors {vectors.nbytes / 2**20:.0f} MB")
    catching_up(index, feed, count, rng, dimension)


def catching_up(
    index: FaissVectorIndex, feed: MemoryFeed, count: int, rng: np.random.Generator, dimension: int
) -> None:
    """What adding and removing cost the index alone: the feed's answer is made before, and there are no facts."""
    query, spaces = units(rng, 1, dimension), SpaceSet.of("s")
    ask = feed.vector_changes
    for what in ("100 rows more", "1,000 rows fewer"):
        told = feed.sequence("s")
        if what.endswith("more"):
            feed.put("s", "episode", enumerate(units(rng, 100, dimension)[:, np.newaxis], count))
        else:
            feed.remove("s", range(1000))
        answer = ask("s", after=told)
        feed.vector_changes = lambda *_, answer=answer, **__: answer  # type: ignore[method-assign]
        took = once_ms(lambda: index.search(query, kind="fact", spaces=spaces, limit=LIMIT))
        show(f"{count:,} rows: {what}", f"{took:.3f} ms")
    feed.vector_changes = ask  # type: ignore[method-assign]


def many_spaces(rng: np.random.Generator, spaces: int, each: int, dimension: int) -> None:
    """``each`` rows in each of many spaces."""
    vectors = units(rng, each, dimension)
    feed = MemoryFeed()
    for number in range(spaces):
        feed.put(f"user/{number}", "episode", ((number * each + i, v[np.newaxis]) for i, v in enumerate(vectors)))
    index, query = FaissVectorIndex(feed), units(rng, 1, dimension)
    before = resident_mb()
    everything = SpaceSet.everything()
    loading = once_ms(lambda: index.search(query, kind="episode", spaces=everything, limit=LIMIT))
    name = f"{spaces:,} spaces of {each:,}"
    grown, needed = resident_mb() - before, spaces * vectors.nbytes / 2**20
    show(f"{name}: load all", f"{loading / spaces:.3f} ms each", f"{grown:.0f} MB (vectors {needed:.0f} MB)")
    one = SpaceSet.of("user/7")
    took = median_ms(lambda: index.search(query, kind="episode", spaces=one, limit=LIMIT))
    yardstick = median_ms(lambda: numpy_search(vectors, query[0]))
    show(f"{name}: top {LIMIT} of one", f"{took:.3f} ms", f"numpy {yardstick:.3f} ms")
    ten = SpaceSet(f"user/{i}" for i in range(10))
    took = median_ms(lambda: index.search(query, kind="episode", spaces=ten, limit=LIMIT))
    show(f"{name}: top {LIMIT} of ten", f"{took:.3f} ms")
    took = median_ms(lambda: index.search(query, kind="episode", spaces=everything, limit=LIMIT))
    show(f"{name}: top {LIMIT} of all", f"{took:.1f} ms")


def loading(rng: np.random.Generator, count: int, dimension: int) -> None:
    """From an SQLite store and from a snapshot; 100 rows caught up in between."""
    with tempfile.TemporaryDirectory() as folder:
        store, snapshots = SqliteGraphStore(Path(folder) / "memory.db"), Path(folder) / "index"
        add_entities(store, units(rng, count, dimension))
        query, spaces = units(rng, 1, dimension), SpaceSet.of("s")

        def search(index: FaissVectorIndex, kind: str = "entity") -> object:
            return index.search(query, kind=kind, spaces=spaces, limit=LIMIT)

        first = FaissVectorIndex(store)
        show(f"{count:,} rows: first search, from SQLite", f"{once_ms(lambda: search(first)):.1f} ms")
        took = median_ms(lambda: store.sequence("s"), 0.3)
        show(f"{count:,} rows: asking SQLite whether anything is new", f"{took * 1000:.0f} us")
        add_entities(store, units(rng, 100, dimension))
        show(f"{count:,} rows: 100 rows more, from SQLite", f"{once_ms(lambda: search(first, 'fact')):.2f} ms")
        writer = FaissVectorIndex(store, directory=snapshots, min_snapshot_rows=1)
        both = once_ms(lambda: (search(writer), writer.close()))
        reader = FaissVectorIndex(store, directory=snapshots, min_snapshot_rows=1)
        read = once_ms(lambda: search(reader))
        show(f"{count:,} rows: first search, from SQLite, snapshot written", f"{both:.1f} ms")
        show(f"{count:,} rows: first search, from a snapshot", f"{read:.1f} ms")
        store.close()


def add_entities(store: SqliteGraphStore, vectors: np.ndarray) -> None:
    """Store entities that have nothing but vectors."""
    now = utc_now()
    for start in range(0, len(vectors), PAGE):
        page = vectors[start : start + PAGE]
        made = [
            Entity(id=i, space="s", name=i, key=i, created_at=now, updated_at=now) for i in (new_id() for _ in page)
        ]
        entries = [IndexEntry("entity", e.id, None, v[np.newaxis]) for e, v in zip(made, page, strict=True)]

        def work(tx: object, made: list[Entity] = made, entries: list[IndexEntry] = entries) -> None:
            tx.put_entities(made)  # type: ignore[attr-defined]
            tx.put_index(entries, embedder="bench")  # type: ignore[attr-defined]

        store.write(work)


def found_by_sketches(path: Path) -> None:
    """Share of the nearest texts that a search finds, and its time beside an exact one."""
    texts = list(dict.fromkeys(path.read_text(encoding="utf-8").splitlines()))
    embedder = OnnxEmbedder()
    vectors = np.vstack([embedder.embed_documents(texts[i : i + 256]) for i in range(0, len(texts), 256)])
    asking = np.arange(len(vectors)) % 100 == 0
    queries, kept = vectors[asking], np.ascontiguousarray(vectors[~asking])
    feed, spaces = MemoryFeed(), SpaceSet.of("s")
    fill(feed, "s", kept)
    index = FaissVectorIndex(feed)
    for wanted in (10, 25, 50):
        exact = np.argsort(-(queries @ kept.T), axis=1, kind="stable")[:, :wanted]
        found = [
            index.search(queries[i : i + 1], kind="episode", spaces=spaces, limit=wanted)[0]
            for i in range(len(queries))
        ]
        share = np.mean([len(np.intersect1d(h.refs, e)) / wanted for h, e in zip(found, exact, strict=True)])
        show(f"{len(kept):,} texts, {len(queries)} queries: top {wanted}", f"{100 * share:.2f} % found")
        took = [
            once_ms(lambda q=q, n=wanted: index.search(q[np.newaxis], kind="episode", spaces=spaces, limit=n))
            for q in queries
        ]
        plain = [once_ms(lambda q=q: numpy_search(kept, q)) for q in queries]
        show(
            f"{len(kept):,} texts: top {wanted}",
            f"p50 {statistics.median(took):.3f} ms",
            f"p95 {np.percentile(took, 95):.3f} ms",
            f"numpy p50 {statistics.median(plain):.3f} ms",
        )


def main() -> None:
    """Run everything and print a line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="a million rows as well")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--texts", type=Path, help="a text a line: only say what sketches find of these")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    with printed_figures("vectors", options.json):
        rng = np.random.default_rng(0)
        threads = os.environ.get("OMP_NUM_THREADS", "not set")
        print(f"faiss {version('faiss-cpu')}, numpy {np.__version__}, Python {platform.python_version()}")
        print(f"{os.cpu_count()} processors, OMP_NUM_THREADS {threads}, {options.dimension} dimensions\n")
        if options.texts:
            found_by_sketches(options.texts)
            return
        own_time(rng, options.dimension)
        for count in (6_000, 10_000, 100_000, *([1_000_000] if options.large else [])):
            one_space(rng, count, options.dimension)
        many_spaces(rng, 1000, 1000 if options.large else 100, options.dimension)
        for count in (1_000, 5_000, 100_000):
            loading(rng, count, options.dimension)


if __name__ == "__main__":
    main()

"""Both ways to search vectors of a Neo4j store, side by side in one run: FAISS in this process, and the server's index.

    python -m benchmarks.neo4j_vectors [LOCOMO.json] [--count N]

With a LoCoMo file its turns are embedded (all-MiniLM-L6-v2, int8) and its questions asked; else vectors are random,
around 40 directions. A server is started for it. Measured: the best 50 episodes of one query, and the cosines of 400
records, each one call to the index. Recall is that of the best 50 against FAISS, which is exact.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmarks.results import printed_figures
from benchmarks.retrieval import locomo_turns, turn_text
from scripts.neo4j_server.process import LocalServer
from tests.conformance.vector_stores import FollowingVectorStore

from factloom.graph.neo4j_store import Access, Neo4jGraphStore
from factloom.retrieval.vectors import FaissVectorIndex
from factloom.schemas.ports import VectorIndex
from factloom.schemas.spaces import SpaceSet

LIMIT = 50
SMALL = [f"user/{i}" for i in range(50)]
PAGE = 500


def from_talk(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of turns, then of two and three in a row until there are so many; and those of questions."""
    from factloom.retrieval.embedders import ALL_MINILM_L6_V2, OnnxEmbedder

    samples = json.loads(path.read_text(encoding="utf-8"))
    texts = [turn_text(turn) for sample in samples for _, _, turn in locomo_turns(sample)]
    turns = list(texts)
    for length in (2, 3):
        texts += [" ".join(turns[i : i + length]) for i in range(len(turns) - length + 1)]
    questions = [each["question"] for sample in samples for each in sample["qa"]][:200]
    embedder = OnnxEmbedder(ALL_MINILM_L6_V2)
    return embedder.embed_documents(texts[:count]), embedder.embed_queries(questions)


def made_up(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random vectors around 40 directions."""
    rng = np.random.default_rng(1)
    centers = rng.standard_normal((40, 384), dtype=np.float32)
    made = 0.7 * centers[rng.integers(0, 40, count + 200)] + rng.standard_normal((count + 200, 384), dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made[:count], made[count:]


def times(work: Callable[[int], object], runs: int = 40) -> str:
    """Median and 95th percentile of milliseconds, after a few runs that do not count."""
    for run in range(8):
        work(run)
    taken = []
    for run in range(runs):
        start = time.perf_counter()
        work(run)
        taken.append((time.perf_counter() - start) * 1000)
    return f"{statistics.median(taken):.1f} ({sorted(taken)[int(runs * 0.95)]:.1f})"


def show(what: str, *figures: str) -> None:
    """Print a line of the table."""
    print(f"{what:58}" + "".join(f"{figure:>18}" for figure in figures), flush=True)


def fill(store: FollowingVectorStore, space: str, vectors: np.ndarray) -> None:
    """Store an episode for each vector."""
    for start in range(0, len(vectors), PAGE):
        store.put(space, "episode", list(vectors[start : start + PAGE, np.newaxis]))


def compare(
    store: Neo4jGraphStore, what: str, indexes: list[VectorIndex], queries: np.ndarray, spaces: SpaceSet
) -> None:
    """One line: the times of each index, and the recall of the last against the first.

    How far the spaces are is given, as a search of a memory gives it, which learned it with its first question.
    """
    known = {name: store.sequence(name) for name in (store.vector_spaces() if spaces.is_everything else spaces)}

    def search(index: VectorIndex, run: int) -> np.ndarray:
        query = queries[run % len(queries)][np.newaxis]
        return index.search(query, kind="episode", spaces=spaces, limit=LIMIT, sequences=known)[0].refs

    found = [times(lambda run, index=index: search(index, run)) for index in indexes]  # type: ignore[misc]
    exact, ours = ([set(search(index, run).tolist()) for run in range(len(queries))] for index in indexes)
    shared = sum(len(one & other) for one, other in zip(exact, ours, strict=True)) / sum(map(len, exact))
    show(what, *found, f"{shared:.4f}")


def measure(vectors: np.ndarray, queries: np.ndarray, access: Access) -> None:
    """Fill a store and print the table."""
    server = Neo4jGraphStore(access)
    store = FollowingVectorStore(server)
    large = SpaceSet.of("team/large")
    start = time.perf_counter()
    fill(store, "team/large", vectors)
    show(f"storing {len(vectors)} episodes, without the server's index, s", f"{time.perf_counter() - start:.1f}")
    start = time.perf_counter()
    native = server.native_vectors()
    show("making the server's index for them, s", f"{time.perf_counter() - start:.1f}")
    show(
        f"load {os.getloadavg()[0]:.1f}; RETURN 1, ms", times(lambda _run: server._connection.reading.rows("RETURN 1"))
    )
    faiss = FaissVectorIndex(server)
    indexes: list[VectorIndex] = [faiss, native]
    show("milliseconds, p50 (p95)", "FAISS", "native", "recall@50")
    compare(server, f"best 50 of {len(vectors)}, alone in the database", indexes, queries, large)
    refs = server.stored_refs("episode", space="team/large")
    chosen = np.random.default_rng(1).choice(refs, 400, replace=False)

    known = {"team/large": server.sequence("team/large")}

    def cosines(index: VectorIndex) -> str:
        def compare_all(run: int) -> object:
            query = queries[run : run + 1]
            return index.similarity(query, chosen, kind="episode", spaces=large, sequences=known)

        return times(compare_all)

    show("cosines of 400 of them", *(cosines(index) for index in indexes))
    among = np.sort(chosen)

    def restricted(index: VectorIndex) -> str:
        def search(run: int) -> object:
            query = queries[run : run + 1]
            return index.search(query, kind="episode", spaces=large, limit=LIMIT, among=among, sequences=known)

        return times(search)

    show("best 50 among 400 of them", *(restricted(index) for index in indexes))
    start = time.perf_counter()
    for i, space in enumerate(SMALL):
        fill(store, space, np.roll(vectors, -i, axis=0)[i :: len(SMALL)])
    stored = f"{time.perf_counter() - start:.1f}"
    show(f"storing {len(vectors)} more in 50 spaces, with the server's index, s", stored)
    each = len(vectors) // len(SMALL)
    compare(server, f"best 50 of one space of {each}, beside 50 others", indexes, queries, SpaceSet.of("user/7"))
    compare(server, f"best 50 of 50 spaces of {each} together", indexes, queries, SpaceSet(SMALL))
    compare(server, f"best 50 of {len(vectors)}, beside 50 spaces", indexes, queries, large)
    compare(server, "best 50 of everything", indexes, queries, SpaceSet.everything())
    faiss.close()
    server.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("locomo", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    with printed_figures("neo4j_vectors", arguments.json):
        vectors, queries = (
            from_talk(arguments.locomo, arguments.count) if arguments.locomo else made_up(arguments.count)
        )
        with LocalServer() as process:
            access = Access(f"neo4j://{process.address}", user=process.user, password=process.password)
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            measure(vectors, queries, access)
            print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

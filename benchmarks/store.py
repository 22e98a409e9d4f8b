"""How fast the SQLite store is: ``python -m benchmarks.store [--facts 100000] [--folder FOLDER]``.

One space with 10,000 entities, some of them hubs, one episode for every two facts, terms and vectors for a part.
Each figure stands beside a plain yardstick measured in the same run, where there is one.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from benchmarks.results import printed_figures

from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.ports import IndexEntry, WriteTransaction
from factloom.schemas.queries import ExpandLimits, FactQuery, View
from factloom.schemas.records import Entity, Episode, Fact, Role, new_id
from factloom.schemas.spaces import SpaceSet

_SPACE = "user/bench"
_START = datetime(2024, 1, 1, tzinfo=UTC)
_DIMENSION = 384
_VOCABULARY = 20_000


def _milliseconds(work: Callable[[], object], repeats: int) -> str:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return f"p50 {statistics.median(times):8.3f} ms   p95 {times[int(len(times) * 0.95)]:8.3f} ms"


def _entity(number: int) -> Entity:
    name = f"entity {number}"
    return Entity(id=new_id(), space=_SPACE, name=name, key=name, created_at=_START, updated_at=_START)


def _episode(number: int) -> Episode:
    return Episode(
        id=new_id(),
        space=_SPACE,
        session=f"session {number // 30}",
        role=Role.USER,
        speaker="Ana",
        content=f"turn {number} of a long conversation about many things",
        occurred_at=_START + timedelta(minutes=number),
        created_at=_START + timedelta(minutes=number),
    )


def _fact(number: int, subject: Entity, other: Entity, episodes: Sequence[Episode]) -> Fact:
    at = _START + timedelta(minutes=number)
    return Fact(
        id=new_id(),
        space=_SPACE,
        subject_id=subject.id,
        predicate=f"RELATION_{number % 40}",
        object_id=other.id,
        text=f"{subject.name} has relation {number % 40} with {other.name}",
        valid_at=at,
        invalid_at=at + timedelta(days=1) if number % 10 == 0 else None,
        created_at=at,
        support=1 + number % 3,
        episode_ids=tuple(episode.id for episode in episodes),
    )


def _fill(store: SqliteGraphStore, facts: int, rng: random.Random) -> tuple[list[Entity], list[Episode], list[Fact]]:
    entities: list[Entity] = []
    episodes: list[Episode] = []
    made: list[Fact] = []
    start = time.perf_counter()
    entities = store.write(lambda tx: tx.put_entities([_entity(i) for i in range(10_000)]))
    print(f"insert 10,000 entities in one write          {time.perf_counter() - start:8.2f} s")
    for first in range(0, facts, 10_000):
        turns = [_episode(i) for i in range(first // 2, (first + 10_000) // 2)]

        def add(tx: WriteTransaction, turns: list[Episode] = turns, first: int = first) -> list[Fact]:
            stored = tx.add_episodes(turns)
            episodes.extend(stored)
            new = []
            for i in range(first, first + 10_000):
                # Cubing makes a few entities hubs of thousands of facts.
                subject, other = entities[int(rng.random() ** 3 * 9_999)], entities[rng.randrange(10_000)]
                new.append(_fact(i, subject, other, [turns[(i - first) // 2]]))
            nonlocal start
            start = time.perf_counter()
            return tx.put_facts(new)

        start = time.perf_counter()
        made += store.write(add)
        if first in (0, facts - 10_000):
            print(f"put_facts and commit, 10,000 on top of {first:7,} {time.perf_counter() - start:8.2f} s")
    return entities, episodes, made


def _index(store: SqliteGraphStore, facts: list[Fact], rng: random.Random) -> None:
    weights = 1 / np.arange(1, _VOCABULARY + 1)
    words = np.random.default_rng(1).choice(_VOCABULARY, size=(len(facts), 12), p=weights / weights.sum())
    vectors = np.random.default_rng(2).standard_normal((10_000, 1, _DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    start = time.perf_counter()
    for first in range(0, len(facts), 10_000):
        entries = [
            IndexEntry("fact", fact.id, [f"word{w}" for w in words[first + i]], vectors[i] if first == 0 else None)
            for i, fact in enumerate(facts[first : first + 10_000])
        ]
        store.write(lambda tx, entries=entries: tx.put_index(entries, embedder="benchmark"))  # type: ignore[misc]
        if first == 0:
            print(f"put_index, 10,000 with terms and vectors     {time.perf_counter() - start:8.2f} s")
    print(f"put_index, {len(facts):,} with terms in all      {time.perf_counter() - start:8.2f} s")


def _measure_writes(store: SqliteGraphStore, folder: Path, episodes: int) -> None:
    number = iter(range(episodes, episodes + 10_000))
    one = _milliseconds(lambda: store.write(lambda tx: tx.add_episodes([_episode(next(number))])), 100)
    print(f"add one episode, durably                     {one}")
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE t (x TEXT)")
    print(
        f"  yardstick: one bare INSERT, durably        "
        f"{_milliseconds(lambda: plain.execute('INSERT INTO t VALUES (1)'), 100)}"
    )
    plain.close()


def _measure_reads(store: SqliteGraphStore, facts: list[Fact], rng: random.Random) -> None:
    spaces = SpaceSet.of(_SPACE)
    now = View(now=_START + timedelta(days=400))
    past = View(now=now.now, at=_START + timedelta(days=20))
    for seeds in (10, 200):
        picked = [[fact.ref for fact in rng.sample(facts, seeds)] for _ in range(50)]
        turn = itertools.cycle(picked)
        for label, view, hops in (("now", now, 1), ("now", now, 2), ("at a time", past, 1)):
            bounds = ExpandLimits(hops=hops)
            took = _milliseconds(
                lambda t=turn, v=view, h=bounds: store.expand(  # type: ignore[misc]
                    next(t), spaces=spaces, view=v, limits=h
                ),
                50,
            )
            found = store.expand(picked[0], spaces=spaces, view=view, limits=bounds)
            sizes = f"{len(found.facts)} facts, {len(found.entities)} entities, {len(found.episodes)} episodes"
            print(f"expand, {seeds:3} facts, {hops} hop(s), {label:9}        {took}   ({sizes})")
    few = [[f"word{rng.randrange(20, 5_000)}" for _ in range(6)] for _ in range(100)]
    asked = iter(few)
    took = _milliseconds(lambda: store.match_terms(next(asked), kind="fact", spaces=spaces, max_documents=10_000), 100)
    print(f"match_terms, 6 terms                         {took}")
    got = store.match_terms([f"word{i}" for i in range(20)], kind="fact", spaces=spaces, max_documents=1_000_000)
    total = sum(posting.documents for posting in got.postings.values())
    took = _milliseconds(
        lambda: store.match_terms([f"word{i}" for i in range(20)], kind="fact", spaces=spaces, max_documents=1_000_000),
        5,
    )
    print(f"match_terms, {total:,} postings             {took}")
    print(f"sequence                                     {_milliseconds(lambda: store.sequence(_SPACE), 1000)}")
    refs = [fact.ref for fact in rng.sample(facts, 50)]
    print(f"read 50 facts                                {_milliseconds(lambda: store.facts(refs, spaces=spaces), 50)}")
    query = FactQuery(view=now, limit=50)
    print(
        f"newest 50 facts                              "
        f"{_milliseconds(lambda: store.find_facts(query, spaces=spaces), 50)}"
    )
    print(
        f"select all current facts                     {_milliseconds(lambda: store.select(query, spaces=spaces), 10)}"
    )
    tagged = FactQuery(metadata={"topic": "x"})
    print(
        f"select by metadata                           {_milliseconds(lambda: store.select(tagged, spaces=spaces), 10)}"
    )
    print(
        f"vector_changes, 10,000 rows                  "
        f"{_milliseconds(lambda: store.vector_changes(_SPACE, after=0), 5)}"
    )
    print(f"statistics                                   {_milliseconds(lambda: store.statistics(spaces=spaces), 10)}")


def main() -> None:
    """Build a store, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where to put the store; default: a temporary folder")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    with printed_figures("store", options.json):
        rng = random.Random(0)
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = Path(folder) / "bench.db"
            store = SqliteGraphStore(path)
            _, episodes, facts = _fill(store, options.facts, rng)
            _index(store, facts, rng)
            _measure_writes(store, Path(folder), len(episodes))
            _measure_reads(store, facts, rng)
            doomed = [fact.id for fact in facts[:1000]]
            start = time.perf_counter()
            store.write(lambda tx: tx.delete(doomed))
            print(f"delete 1,000 facts                           {time.perf_counter() - start:8.2f} s")
            start = time.perf_counter()
            store.vacuum()
            print(f"vacuum                                       {time.perf_counter() - start:8.2f} s")
            print(f"size                                         {store.size_in_bytes() / 2**20:8.1f} MiB")
            store.close()


if __name__ == "__main__":
    main()

"""SQLite and Neo4j side by side, in one run: ``python -m benchmarks.stores [--neo4j URI] [--json OUT]``.

Without ``--neo4j`` it starts a server of its own, as the tests do (Java 17 and Maven); with it, the data go under a
label prefix of their own and are removed at the end (FACTLOOM_NEO4J__USER and FACTLOOM_NEO4J__PASSWORD say who asks).

Both stores get the same generated talk with a fact for every third turn, and vectors of the default embedder, which are
made beforehand: no figure has embedding in it. ``search`` is the engine's time with a FAISS index; beside it stand two
yardsticks: the barest query that the store answers, and the expansion around the hits of each search, by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.ingest import spread, timed, timed_each
from benchmarks.latency import Fact, generated_talk
from benchmarks.results import write_result

from factloom import Memory
from factloom.engine.wiring import open_store
from factloom.retrieval.embedders import HashingEmbedder, OnnxEmbedder
from factloom.schemas.errors import FactloomError
from factloom.schemas.queries import ExpandLimits, View
from factloom.schemas.records import utc_now
from factloom.schemas.settings import Settings, load_settings
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Embedder, Vectors

_SPACE = "bench/one"
_SHARED = ("bench/shared/0", "bench/shared/1")
_PEOPLE = 40
_BATCH = 500
_SINGLE = 200


class KnownVectors:
    """An embedder that looks texts up which it has embedded before, so that runs on both stores cost the same."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._documents: dict[str, np.ndarray] = {}
        self._queries: dict[str, np.ndarray] = {}
        self.name, self.dimension = embedder.name, embedder.dimension

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts."""
        return self._known(texts, self._documents, self._embedder.embed_documents)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions."""
        return self._known(texts, self._queries, self._embedder.embed_queries)

    def _known(
        self, texts: Sequence[str], known: dict[str, np.ndarray], embed: Callable[[Sequence[str]], Vectors]
    ) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, embed(missing), strict=True))
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.stack([known[text] for text in texts])


# --- the stores ---


@contextmanager
def server(uri: str | None) -> Iterator[dict[str, Any]]:
    """Settings of a Neo4j server: the given one, or one of our own."""
    prefix = f"Bench{secrets.token_hex(3)}x"
    if uri is not None:
        given = load_settings(store=uri).neo4j
        yield {"store": uri, "neo4j": {**given.model_dump(), "label_prefix": prefix}}
        return
    from scripts.neo4j_server.java import ServerUnavailableError
    from scripts.neo4j_server.process import LocalServer

    try:
        own = LocalServer()
    except ServerUnavailableError as error:
        sys.exit(f"no Neo4j server to measure: {error}; or give one with --neo4j")
    with own as local:
        named = {"user": local.user, "password": local.password, "label_prefix": prefix}
        yield {"store": f"neo4j://{local.address}", "neo4j": named}


def settings_of(store: dict[str, Any], folder: Path) -> Settings:
    """Complete settings: nothing is extracted, and index snapshots go to ``folder``."""
    return load_settings(**store, index_dir=str(folder), extractor={"kind": "none"})


def bare_query(settings: Settings) -> tuple[Callable[[], object], Callable[[], None]]:
    """The least that a client can ask of the store, and what closes it."""
    if "://" not in settings.store:
        connection = sqlite3.connect(settings.store, isolation_level=None)
        return lambda: connection.execute("SELECT 1").fetchall(), connection.close
    import neo4j

    auth = (settings.neo4j.user, settings.neo4j.password.get_secret_value())
    driver = neo4j.GraphDatabase.driver(settings.store, auth=auth)

    def ask() -> object:
        with driver.session(database=settings.neo4j.database, default_access_mode=neo4j.READ_ACCESS) as session:
            return session.run("RETURN 1").values()

    return ask, driver.close


# --- one process ---


def measure_alone(settings: Settings, embedder: KnownVectors, episodes: int, questions: int) -> dict[str, Any]:
    """Import, single adds and searches on an empty store."""
    messages, facts, asked = generated_talk(episodes, 2 * questions)
    figures: dict[str, Any] = {}
    with Memory(settings=settings, embedder=embedder) as memory:
        memory.add("warm up", space="bench/warm", infer=False)

        def fill() -> None:
            for first in range(0, len(messages), _BATCH):
                memory.add(messages[first : first + _BATCH], space=_SPACE, infer=False)

        figures["import, messages/s"] = round(len(messages) / timed(fill))

        def learn(facts: Sequence[Fact]) -> None:
            for first in range(0, len(facts), _BATCH):
                memory.add_facts(facts[first : first + _BATCH], space=_SPACE)

        first, others = facts[:_BATCH], facts[_BATCH:]
        cold = round(len(first) / timed(lambda: learn(first)))
        figures["import, facts/s"] = round(len(others) / timed(lambda: learn(others)))
        figures[f"  the first {len(first)} after a start, facts/s"] = cold
        figures |= measure_searches(memory, settings, asked[:questions], asked[questions:])
        texts = [f"a single message, number {number}" for number in range(_SINGLE)]
        embedder.embed_documents(texts)
        add = timed_each(lambda text: memory.add(text, space="bench/single", infer=False), texts)
        figures["single add of a message, ms"] = spread(add)
        triples = [("Ana", "VISITED", f"place {number}") for number in range(_SINGLE)]
        memory.add_facts([("Ana", "VISITED", "a place")], space="bench/single")
        add = timed_each(lambda triple: memory.add_facts([triple], space="bench/single"), triples)
        figures["single add of a fact, ms"] = spread(add)
    return figures


def measure_searches(memory: Memory, settings: Settings, first: Sequence[str], asked: Sequence[str]) -> dict[str, Any]:
    """The engine's time of each question in ``asked``, and the yardsticks.

    ``first``: questions that are asked before, while plans are made and the server's virtual machine still compiles.
    """
    memory.search(f"{first[0]} now", space=_SPACE)  # the vector index is read
    early = [memory.search(question, space=_SPACE, limit=20).timings["engine"] / 1000 for question in first]
    results = [memory.search(question, space=_SPACE, limit=20) for question in asked]
    took = [result.timings["engine"] / 1000 for result in results]
    spaces, view, limits = SpaceSet.of(_SPACE), View(now=utc_now()), ExpandLimits()
    store = open_store(settings, clock=utc_now)
    refs = [[hit.record.ref for hit in result] for result in results]
    store.expand(refs[0], spaces=spaces, view=view, limits=limits)
    expand = timed_each(lambda each: store.expand(each, spaces=spaces, view=view, limits=limits), refs)
    store.close()
    ask, close = bare_query(settings)
    ask()
    bare = timed_each(lambda _: ask(), asked)
    close()
    return {
        "search, engine, ms": spread(took),
        f"  the first {len(first)} after a start, ms": spread(early),
        "  yardstick: bare query, ms": spread(bare),
        "  yardstick: expansion alone, ms": spread(expand),
    }


# --- several processes ---


def work(worker: int, adds: int, settings: Settings) -> dict[str, int]:
    """One process of many: messages and facts about the same people, into the same spaces."""
    done: Counter[str] = Counter()
    with Memory(settings=settings, embedder=HashingEmbedder(64)) as memory:
        for number in range(adds):
            space = _SHARED[number % len(_SHARED)]
            one, other = number % _PEOPLE, (number * 7 + worker + 1) % _PEOPLE
            try:
                if number % 2:
                    memory.add(f"worker {worker} says {number}", space=space, name=f"Person {one}", infer=False)
                    done["messages"] += 1
                else:
                    fact = {
                        "subject": f"Person {one}",
                        "predicate": "KNOWS",
                        "object": f"Person {other} of {worker % 2}",
                    }
                    memory.add_facts([{**fact, "text": f"Worker {worker} saw that in {number}."}], space=space)
                    done["facts"] += 1
            except FactloomError as error:
                done[f"error {type(error).__name__}"] += 1
    return dict(done)


def measure_together(settings: Settings, processes: int, adds: int) -> dict[str, Any]:
    """What many processes lose, double or fail at."""
    given = settings.model_dump(mode="json", include={"store", "index_dir"})
    named = {**settings.neo4j.model_dump(mode="json"), "password": settings.neo4j.password.get_secret_value()}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.stores", "--worker"]
    started = time.perf_counter()
    running = []
    for worker in range(processes):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
        assert child.stdin is not None
        own = {**given, "index_dir": f"{given['index_dir']}/{worker}", "neo4j": named}
        job = {"worker": worker, "adds": adds, "settings": own}
        child.stdin.write(json.dumps(job))
        child.stdin.close()
        running.append(child)
    total: Counter[str] = Counter()
    for child in running:
        assert child.stdout is not None
        with child.stdout:
            answer = child.stdout.read()
        total.update(json.loads(answer) if child.wait() == 0 else {"error of a whole process": 1})
    seconds = time.perf_counter() - started
    store = open_store(settings, clock=utc_now)
    with Memory(store, settings=settings, embedder=HashingEmbedder(64)) as memory:
        stored = sum(memory.stats(space=space).episodes for space in _SHARED)
        entities = [e for space in _SHARED for e in memory.entities(space=space, limit=100_000)]
    store.close()
    names = Counter((entity.space, entity.key) for entity in entities)
    return {
        "together, adds/s": round(processes * adds / seconds),
        "  acknowledged and lost": total["messages"] + total["facts"] - stored,
        "  entities there more than once": sum(count - 1 for count in names.values()),
        "  errors": sum(count for name, count in total.items() if name.startswith("error")),
    }


# --- reports ---


def shown(value: object) -> str:
    """A figure in a table."""
    return f"{value['p50_ms']:.2f}, p95 {value['p95_ms']:.2f}" if isinstance(value, dict) else f"{value:,}"


def main() -> None:
    """Measure both stores, print them side by side, and write the figures where they were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neo4j", metavar="URI", help="a server that runs; default: start one")
    parser.add_argument("--episodes", type=int, default=6000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--adds", type=int, default=500, help="of each process")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        job = json.load(sys.stdin)
        settings = load_settings(**job["settings"], extractor={"kind": "none"})
        print(json.dumps(work(job["worker"], job["adds"], settings)))
        return
    embedder = KnownVectors(OnnxEmbedder())
    figures: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rehearsal = settings_of({"store": ":memory:"}, folder / "rehearsal")
        print("embedding ...", file=sys.stderr, flush=True)
        rehearse(rehearsal, embedder, chosen.episodes, chosen.questions)
        served = stack.enter_context(server(chosen.neo4j))
        stores = {"sqlite": ({"store": str(folder / "a.db")}, {"store": str(folder / "b.db")})}
        other = {**served, "neo4j": {**served["neo4j"], "label_prefix": f"{served['neo4j']['label_prefix']}y"}}
        stores["neo4j"] = (served, other)
        for name, (alone, together) in stores.items():
            print(f"{name} ...", file=sys.stderr, flush=True)
            mine = settings_of(alone, folder / f"{name}.alone")
            shared = settings_of(together, folder / f"{name}.together")
            figures[name] = measure_alone(mine, embedder, chosen.episodes, chosen.questions)
            figures[name] |= measure_together(shared, chosen.processes, chosen.adds)
            if chosen.neo4j and name == "neo4j":
                clean((mine, embedder), (shared, HashingEmbedder(64)))
    load = os.getloadavg()[0]
    print(f"{chosen.episodes:,} messages; {chosen.processes} processes of {chosen.adds:,} adds; load {load:.1f}")
    print(f"{'':36}{'sqlite':>24}{'neo4j':>24}")
    for what, value in figures["sqlite"].items():
        print(f"{what:36}{shown(value):>24}{shown(figures['neo4j'][what]):>24}")
    if chosen.json:
        write_result(chosen.json, {"benchmark": "stores", **figures})


def rehearse(settings: Settings, embedder: KnownVectors, episodes: int, questions: int) -> None:
    """Do once what is measured later, so that every text has its vector."""
    measure_alone(settings, embedder, episodes, questions)


def clean(*used: tuple[Settings, Embedder]) -> None:
    """Remove what a run left on a server that is not ours; its empty indexes stay."""
    for settings, embedder in used:
        with Memory(settings=settings, embedder=embedder) as memory:
            memory.reset()


if __name__ == "__main__":
    main()

"""FAISS replicas: processes on one server, each with an index of its own, see each other's additions and deletions."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from factloom import Memory
from factloom.schemas.settings import load_settings
from factloom.schemas.spaces import SpaceSet

from .servers import Neo4jServer

DEADLINE = 60.0
"""Seconds after which a test gives up; how long it really takes is reported, and usually milliseconds."""

WATCHER = """
import json, sys
from factloom import Memory
from factloom.schemas.settings import load_settings
from tests.live.test_replicas import vector_hits, watch

settings = load_settings(**json.loads(sys.argv[1]))
with Memory(settings=settings) as memory:
    vector_hits(memory, "warm")
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(watch(memory, **json.loads(line))), flush=True)
"""


def vector_hits(memory: Memory, text: str) -> list[tuple[int, float]]:
    """Refs and cosines that this process's own index gives; nothing but vectors has a part in it."""
    parts = memory._parts
    queries = parts.embedder.embed_queries([text])
    (hits,) = parts.index.search(queries, kind="episode", spaces=SpaceSet.of("user/ana"), limit=50)
    return list(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True))


def watch(memory: Memory, text: str, ref: int, present: bool) -> dict[str, Any]:
    """Ask until the record is there, or gone; says when that was, and what the index and a search give then."""
    until = time.time() + DEADLINE
    while True:
        hits = vector_hits(memory, text)
        seen = time.time()
        if (ref in dict(hits)) == present or seen > until:
            return {"seen": seen, "hits": hits, "texts": [h.text for h in memory.search(text, user_id="ana").hits]}
        time.sleep(0.005)


class Watching:
    """Another process with a memory of its own on the same server."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WATCHER, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the process ended with {self._process.wait()}"
        return json.loads(line)

    def ask(self, **question: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin
        with self._process:
            self._process.stdin.close()


@pytest.fixture
def arguments(neo4j_database: Neo4jServer) -> dict[str, Any]:
    server = neo4j_database
    server.wipe()
    return {
        "store": server.uri,
        "neo4j": {"user": server.user, "password": server.password, "vectors": "faiss", "label_prefix": "Replicas"},
        "embedder": {"kind": "hashing", "dimension": 64},
        "extractor": {"kind": "none"},
    }


@pytest.fixture
def memories(arguments: dict[str, Any]) -> Iterator[tuple[Memory, list[Watching]]]:
    """One that writes, here, and two others in processes of their own, all of which have searched already."""
    with ExitStack() as stack:
        memory = stack.enter_context(Memory(settings=load_settings(**arguments)))
        memory.add("The harbour is closed on Mondays.", user_id="ana")
        others = [Watching(arguments) for _ in range(2)]
        for other in others:
            stack.callback(other.close)
            assert other.answer() == "ready"
        yield memory, others


def test_all_see_what_one_adds_and_deletes(
    memories: tuple[Memory, list[Watching]], record_property: Callable[[str, object], None]
) -> None:
    memory, others = memories
    delays: dict[bool, list[float]] = {True: [], False: []}
    for number in range(5):
        text = f"The violinist number {number} moved to Lisbon."
        (episode,) = memory.add(text, user_id="ana").episodes
        for present in (True, False):
            for other in others:
                other.ask(text=text, ref=episode.ref, present=present)
            if not present:
                memory.delete(episode.id)  # while the others are asking
            done = time.time()
            expected = vector_hits(memory, text)
            assert (episode.ref in dict(expected)) == present
            for other in others:
                answer = other.answer()
                delays[present].append(answer["seen"] - done)
                assert [tuple(hit) for hit in answer["hits"]] == expected
                assert (text in answer["texts"]) == present
    for present, name in ((True, "additions"), (False, "deletions")):
        worst = max(delays[present])
        record_property(f"{name}_seen_after_seconds", worst)
        sys.stdout.write(f"{name} seen by the others after at most {worst:.3f} s\n")


def test_all_agree_after_many_changes(memories: tuple[Memory, list[Watching]]) -> None:
    memory, others = memories
    episodes = [memory.add(f"Note {n} on the garden.", user_id="ana").episodes[0] for n in range(20)]
    for episode in episodes[::3]:
        memory.delete(episode.id)
    last = episodes[-1]
    assert last not in episodes[::3]
    for other in others:
        other.ask(text="the garden", ref=last.ref, present=True)
    answers = [other.answer() for other in others]
    expected = vector_hits(memory, "the garden")
    assert len(expected) == 1 + 20 - len(episodes[::3])
    for answer in answers:
        assert [tuple(hit) for hit in answer["hits"]] == expected

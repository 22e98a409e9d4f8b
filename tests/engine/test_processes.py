"""Several real processes on one store: kill -9 in the middle of adds, and two that read and write at once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factloom import Memory
from factloom.schemas.settings import load_settings

SETTINGS = {"embedder": {"kind": "hashing", "dimension": 64}, "extractor": {"kind": "none"}}

ADDER = """
import json, sys
from factloom import Memory
from factloom.schemas.settings import load_settings

path, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
settings = load_settings(store=path, embedder={"kind": "hashing", "dimension": 64}, extractor={"kind": "none"})
with Memory(settings=settings) as memory:
    for number in range(count):
        text = f"{who} says {number}"
        added = memory.add(text, user_id="shared", name=who)
        facts = memory.add_facts([("Ana", "likes", f"{who} thing {number}"), ("Ana", "knows", "Bea")], user_id="shared")
        print(json.dumps({"episode": added.episodes[0].id, "facts": [f.id for f in facts.added]}), flush=True)
"""


def start(path: Path, who: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ADDER, str(path), who, str(count)], stdout=subprocess.PIPE, text=True
    )


def open_store(path: Path) -> Memory:
    return Memory(settings=load_settings(store=str(path), **SETTINGS))


def check_whole(memory: Memory) -> None:
    """Nothing is half-written: every fact has its ends and its episodes, every record that is done has its vector."""
    entities = {entity.id for entity in memory.entities(user_id="shared", limit=10_000)}
    facts = memory.get_all(user_id="shared", limit=10_000, include_history=True)
    for fact in facts:
        assert fact.subject_id in entities
        assert fact.object_id in entities
        assert len(fact.episode_ids) == fact.support
        for id_ in fact.episode_ids:
            memory.get(id_)
    stats = memory.stats()
    assert stats.vectors == stats.episodes - stats.pending + stats.facts + stats.entities
    assert memory.rebuild_index() == stats.vectors


@pytest.mark.parametrize("after", [1, 7, 20])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, after: int) -> None:
    path = tmp_path / "memory.db"
    process = start(path, "Ana", 100_000)
    assert process.stdout is not None
    acknowledged = [json.loads(process.stdout.readline()) for _ in range(after)]
    time.sleep(0.003 * after)
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [json.loads(line) for line in process.stdout.read().splitlines() if line.endswith("}")]
    process.wait()
    process.stdout.close()
    with open_store(path) as memory:
        for record in acknowledged:
            memory.get(record["episode"])
            for id_ in record["facts"]:
                memory.get(id_)
        memory.retry()
        assert memory.pending() == []
        check_whole(memory)
        (known,) = [f for f in memory.get_all(user_id="shared", limit=10_000) if f.predicate == "KNOWS"]
        assert known.support >= len(acknowledged)


def test_processes_share_entities_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    count, people = 25, ("Rui", "Bea", "Tom")
    processes = [start(path, who, count) for who in people]
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert len(output.splitlines()) == count
    with open_store(path) as memory:
        assert memory.stats().episodes == 3 * count * len(people)
        assert [e.name for e in memory.entities(user_id="shared", limit=10_000) if e.name in ("Ana", "Bea")] == [
            "Ana",
            "Bea",
        ]
        (known,) = [f for f in memory.get_all(user_id="shared", limit=10_000) if f.predicate == "KNOWS"]
        assert known.support == count * len(people)
        check_whole(memory)


def test_an_open_memory_sees_what_another_process_adds_and_deletes(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with open_store(path) as memory:
        memory.add("nothing yet", user_id="shared")
        assert len(memory.search("says 3", user_id="shared", kinds=["episode"])) == 1
        process = start(path, "Ana", 5)
        output, _ = process.communicate(timeout=60)
        hits = memory.search("Ana says 3", user_id="shared", kinds=["episode"])
        assert "Ana says 3" in {hit.text for hit in hits}
        ids = [json.loads(line)["episode"] for line in output.splitlines()]
        code = (
            "import sys; from factloom import Memory; from factloom.schemas.settings import load_settings; "
            "Memory(settings=load_settings(store=sys.argv[1], embedder={'kind': 'hashing', 'dimension': 64}, "
            "extractor={'kind': 'none'})).delete(sys.argv[2])"
        )
        subprocess.run([sys.executable, "-c", code, str(path), ids[3]], check=True, timeout=60)
        hits = memory.search("Ana says 3", user_id="shared", kinds=["episode"])
        assert "Ana says 3" not in {hit.text for hit in hits}

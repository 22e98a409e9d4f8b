"""An import that is stopped, killed or run again ends where an uninterrupted one does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factloom import Episode, Memory
from factloom.engine.importing import Importer, ImportProgress, ImportSummary
from factloom.schemas.errors import StoreFullError
from factloom.schemas.settings import load_settings

Load = Callable[..., ImportSummary]
Write = Callable[..., Path]
Stored = Callable[..., list[Episode]]

NAMES = ("Ana", "Bea", "Carlos", "Duarte", "Eva")
CITIES = ("Lisbon", "Porto", "Ghent", "Leeds", "Turin", "Graz", "Oslo")


def generate(count: int) -> list[dict[str, Any]]:
    """Small talk with facts in it, some of which end others."""
    made = []
    for number in range(count):
        name = NAMES[number % 5]
        text = f"I moved to {CITIES[(number // 25) % 7]}." if number % 5 == number // 5 % 5 else f"ok, message {number}"
        when = f"2025-{number // 700 + 1:02}-{number // 25 % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00+00:00"
        made.append({"name": name, "content": text, "session": f"s{number // 25}", "time": when})
    return made


def command(path: Path, store: Path) -> tuple[list[str], dict[str, str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACTLOOM_")}
    environment |= {"FACTLOOM_EMBEDDER__KIND": "hashing", "FACTLOOM_STORE": str(store), "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-m", "factloom.engine.app.cli", "import", str(path), "--space", "chat", "--json"]
    return arguments, environment


def opened(store: Path) -> Memory:
    return Memory(settings=load_settings(store=str(store), embedder={"kind": "hashing"}))


def holdings(store: Path) -> tuple[object, ...]:
    """What a user would see, without ids and the times of writing."""
    with opened(store) as memory:
        stats = memory.stats()
        facts = memory.get_all(space="chat", include_history=True, limit=10_000)
        shown = sorted((f.text, f.predicate, str(f.valid_at), str(f.invalid_at), f.support) for f in facts)
        entities = sorted((e.name, e.type) for e in memory.entities(space="chat", limit=10_000))
        return stats.episodes, stats.pending, stats.vectors, shown, entities


def test_killed_in_the_middle_it_goes_on_and_nothing_is_lost_or_doubled(tmp_path: Path, write: Write) -> None:
    path = write(generate(1000), "chat.jsonl", lines=True)
    whole, cut = tmp_path / "whole.db", tmp_path / "cut.db"
    arguments, environment = command(path, whole)
    finished = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(finished.stdout)["added"] == 1000

    arguments, environment = command(path, cut)
    running = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and not under_way(cut):
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL

    with opened(cut) as memory:
        between = memory.stats().episodes
    assert 0 < between < 1000
    again = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    summary = json.loads(again.stdout)
    assert summary["known"] >= between
    assert summary["known"] + summary["added"] == 1000
    expected = holdings(whole)
    assert expected[3], "the import should have learned something"
    assert holdings(cut) == expected


def under_way(store: Path) -> bool:
    """Whether the first batch is committed."""
    if not store.exists():
        return False
    with opened(store) as memory:
        stats = memory.stats()
    return stats.episodes - stats.pending >= 64


def test_control_c_ends_after_the_batch_and_says_how_to_go_on(tmp_path: Path, write: Write) -> None:
    path = write(generate(3000), "chat.jsonl", lines=True)
    arguments, environment = command(path, tmp_path / "cut.db")
    running = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not under_way(tmp_path / "cut.db"):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)

    assert running.returncode == 130
    summary = json.loads(out)
    assert summary["stopped"]
    assert summary["pending"] == 0
    assert 0 < summary["added"] < 3000
    assert "stopping after this batch" in err
    assert "run the same command again" in err
    with opened(tmp_path / "cut.db") as memory:
        assert memory.stats().episodes == summary["added"]
        assert memory.pending() == []


def test_a_second_run_finds_everything_there(load: Load, write: Write, memory: Memory) -> None:
    path = write(generate(300), "chat.jsonl", lines=True)
    first = load(path)
    sizes = memory.stats().model_copy(update={"bytes": 0})

    second = load(path)

    assert (first.added, first.known) == (300, 0)
    assert (second.added, second.known, second.facts) == (0, 300, 0)
    assert memory.stats().model_copy(update={"bytes": 0}) == sizes


def test_asked_to_stop_it_ends_with_whole_batches(memory: Memory, write: Write, stored: Stored) -> None:
    path = write([{"content": f"m{n}"} for n in range(50)], "chat.jsonl", lines=True)
    calls: list[ImportProgress] = []

    def stop() -> bool:
        return len(calls) >= 2 and calls[-1].messages >= 20

    summary = Importer(memory, user_id="ana", batch=10, on_progress=calls.append, should_stop=stop).run([path])

    assert summary.stopped
    assert not summary.clean
    assert summary.read == summary.added == 20
    assert len(stored()) == 20
    done = [call.bytes_done for call in calls]
    assert done == sorted(done)
    assert calls[-1].bytes_total == path.stat().st_size


def test_on_a_full_disk_it_says_what_was_kept_and_goes_on_from_there(
    memory: Memory, write: Write, stored: Stored
) -> None:
    path = write([{"content": f"m{n} {'x' * 2000}", "session": "s"} for n in range(300)], "chat.jsonl", lines=True)

    def set_most_pages(more: int) -> None:  # SQLite's own limit gives the same result code as a full disk
        with memory._parts.store._connections.writing() as database:  # type: ignore[attr-defined]
            database.run(f"PRAGMA max_page_count = {database.row('PRAGMA page_count')[0] + more}")

    calls: list[ImportProgress] = []

    def progress(state: ImportProgress) -> None:
        calls.append(state)
        if state.messages == 100:
            set_most_pages(10)

    with pytest.raises(StoreFullError, match="no space is left") as raised:
        Importer(memory, user_id="ana", batch=50, on_progress=progress).run([path])
    assert "the 100 messages before it are kept" in str(raised.value)
    assert "run the same import again" in str(raised.value)

    set_most_pages(100_000)
    summary = Importer(memory, user_id="ana").run([path])
    assert (summary.added + summary.known, summary.pending) == (300, 0)
    assert summary.known >= 100
    assert len(stored()) == 300


def test_progress_reaches_the_end_over_several_files(memory: Memory, write: Write) -> None:
    paths = [
        write([{"content": f"{name}{n}", "session": name} for n in range(20)], f"{name}.jsonl", lines=True)
        for name in ("one", "two")
    ]
    calls: list[ImportProgress] = []

    summary = Importer(memory, user_id="ana", on_progress=calls.append).run(paths)

    assert summary.files == tuple(str(path) for path in paths)
    assert calls[-1].bytes_done == calls[-1].bytes_total == sum(path.stat().st_size for path in paths)
    assert calls[-1].messages == 40


def test_messages_that_could_not_be_learned_from_are_counted(tmp_path: Path, write: Write) -> None:
    settings = load_settings(store=str(tmp_path / "p.db"), embedder={"path": str(tmp_path / "no-model")})
    with Memory(settings=settings) as memory:
        summary = Importer(memory, user_id="ana").run([write([{"content": "hi"}], "chat.jsonl", lines=True)])

        assert (summary.added, summary.pending, summary.clean) == (1, 1, False)
        assert len(memory.pending(user_id="ana")) == 1

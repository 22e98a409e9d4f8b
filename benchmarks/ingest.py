"""How fast messages are taken in.

Run: ``python -m benchmarks.ingest [LOCOMO.json] [--json OUT]``.

Single turns (extraction, embedding and two durable commits included), the extraction of the same turns alone, and whole
conversations in batches, each beside two yardsticks measured in the same run: embedding the same turns and nothing
else, and one durable SQLite insert a turn. Without a dataset it takes the demo conversation.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from benchmarks.results import write_result

from factloom import Memory
from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import Extraction, ExtractionRequest

_SINGLE = 200


def conversations(path: Path | None) -> dict[str, list[list[dict[str, Any]]]]:
    """Sessions of messages by conversation, from a LoCoMo file or, without one, from the demo."""
    if path is None:
        text = resources.files("factloom.engine.demo").joinpath("conversation.jsonl").read_text(encoding="utf-8")
        messages = [json.loads(line) for line in text.splitlines()]
        sessions: dict[str, list[dict[str, Any]]] = {}
        for message in messages:
            sessions.setdefault(message["session"], []).append(message)
        return {"demo": list(sessions.values())}
    return {
        sample["sample_id"]: list(_locomo_sessions(sample["conversation"])) for sample in json.loads(path.read_text())
    }


def _locomo_sessions(conversation: dict[str, Any]) -> Iterable[list[dict[str, Any]]]:
    for number in range(1, 1000):
        turns = conversation.get(f"session_{number}")
        if turns is None:
            continue
        said = conversation[f"session_{number}_date_time"]
        when = datetime.strptime(said, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC).isoformat()
        yield [
            {"role": "user", "name": t["speaker"], "content": t["text"], "time": when, "session": f"session_{number}"}
            for t in turns
            if t["text"].strip()
        ]


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def timed_each(work: Callable[[Any], object], items: Iterable[Any]) -> list[float]:
    """Seconds that ``work`` takes for each item."""
    return [timed(lambda item=item: work(item)) for item in items]  # type: ignore[misc]


def spread(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(1000 * s for s in seconds)
    return {"p50_ms": round(statistics.median(ordered), 2), "p95_ms": round(ordered[int(0.95 * len(ordered))], 2)}


def durable_inserts(texts: list[str], folder: Path) -> dict[str, float]:
    """The yardstick of a commit: one row a transaction, WAL, synchronous=FULL."""
    database = sqlite3.connect(folder / "yardstick.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE turn (text TEXT)")
    result = spread(timed_each(lambda text: database.execute("INSERT INTO turn VALUES (?)", (text,)), texts))
    database.close()
    return result


def import_time() -> dict[str, float]:
    """Wall seconds of ``import factloom; factloom.Memory`` in a new process, less those of an empty one.

    Median of 7.
    """

    def run(code: str) -> float:
        return statistics.median(
            timed(lambda: subprocess.run([sys.executable, "-c", code], check=True)) for _ in range(7)
        )

    empty = run("pass")
    return {
        "import_factloom_s": round(run("import factloom") - empty, 3),
        "import_factloom_memory_s": round(run("import factloom; factloom.Memory") - empty, 3),
    }


class Recording(OfflineExtractor):
    """The offline extractor, which keeps what it was asked, earlier turns included."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[ExtractionRequest] = []

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        """As the offline extractor."""
        self.requests += requests
        return super().extract(requests)


def measure(path: Path | None) -> dict[str, Any]:
    """All figures of this benchmark."""
    found = conversations(path)
    figures: dict[str, Any] = {"dataset": path.name if path else "demo", **import_time()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        turns = [m for sessions in found.values() for session in sessions for m in session]
        recording = Recording()
        with Memory(folder / "single.db", extractor=recording) as memory:
            memory.add("Ana lives in Lisbon.", user_id="warm up")
            seconds = timed_each(lambda message: memory.add(message, user_id="bench"), turns[:_SINGLE])
            figures["single_add"] = spread(seconds)
            figures["single_add_facts"] = memory.stats().facts
            fresh = OfflineExtractor()
            alone = timed_each(lambda request: fresh.extract([request]), recording.requests)
            figures["extract_one"] = spread(alone[1:])
            embedder = memory.embedder
            texts = [turn["content"] for turn in turns]
            one = timed_each(lambda text: embedder.embed_documents([text]), texts[:_SINGLE])
            figures["yardstick_embed_one"] = spread(one)
        figures["yardstick_durable_insert"] = durable_inserts(texts[:_SINGLE], folder)
        with Memory(folder / "import.db") as memory:
            start = time.perf_counter()
            for space, sessions in found.items():
                for session in sessions:
                    memory.add(session, space=f"bench/{space}")
            figures["import_s"] = round(time.perf_counter() - start, 1)
            stats = memory.stats()
            figures |= {"import_turns": stats.episodes, "import_facts": stats.facts, "import_vectors": stats.vectors}
            figures["store_bytes"] = stats.bytes
        figures["yardstick_embed_all_s"] = round(timed(lambda: embedder.embed_documents(texts)), 1)
    return figures


def main() -> None:
    """Measure, print, and write the figures where they were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", type=Path, help="a LoCoMo file")
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    figures = measure(arguments.dataset)
    for name, value in figures.items():
        print(f"{name:<26} {value}")
    if arguments.json:
        write_result(arguments.json, {"benchmark": "ingest", **figures})


if __name__ == "__main__":
    main()

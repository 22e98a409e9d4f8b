"""Searches a second by 1 and 4 threads, cold and warm start, and memory, each beside numpy over the same vectors.

    python -m benchmarks.throughput [--facts 20000] [--spaces 10] [--questions 300] [--json RESULT.json]

The store is that of `benchmarks.scale`: generated facts in many spaces, one of them ten times as large, vectors that
cost next to nothing. So what is measured is search without a model. Every figure comes from a process of its own:

start    ``import``: of factloom, or numpy. ``cold``: from opening a memory to its first answer, where nothing but the
         store is there; ``warm``: with the index's snapshots, as they are left by the process before. numpy's start
         reads the vectors of the largest space from a file, cold and warm alike.
threads  questions a second of N threads that share one memory; numpy's multiply with the largest space and sort.
memory   resident MB at the end, and how much of that was there after the imports.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

THREADS = (1, 4)
_RUNS = 3
"""Times that a start is measured; the median counts."""


def resident_mb() -> float:
    """Resident memory of this process, in MB; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)


def answering(job: dict[str, Any], closing: ExitStack) -> tuple[dict[str, float], Callable[[int], object]]:
    """What it takes to the first answer, and how to answer question number n: of factloom, or of numpy."""
    began = time.perf_counter()
    if job["who"] == "numpy":
        import numpy as np

        imported, resident = time.perf_counter(), resident_mb()
        vectors = np.load(job["vectors"])

        def ask(number: int) -> object:
            return np.argsort(-(vectors @ vectors[number % len(vectors)]), kind="stable")[:120]
    else:
        from benchmarks.scale import open_memory, questions_of

        imported, resident = time.perf_counter(), resident_mb()
        memory = closing.enter_context(open_memory(Path(job["store"])))
        asked, spaces = questions_of(job["questions"]), job["spaces"]

        def ask(number: int) -> object:
            return memory.search(asked[number % len(asked)], space=spaces[number % len(spaces)])

    ask(0)
    answered = time.perf_counter()
    start = {
        "import_ms": round((imported - began) * 1000, 1),
        "first_answer_ms": round((answered - imported) * 1000, 1),
        "imported_mb": round(resident, 1),
    }
    return start, ask


def work(job: dict[str, Any]) -> dict[str, float]:
    """One process's part: its start, and questions a second of its threads where they are asked for."""
    with ExitStack() as closing:  # which writes the snapshots
        figures, ask = answering(job, closing)
        figures |= _busy(job, ask) if job["threads"] else {}
        figures["resident_mb"] = round(resident_mb(), 1)
    return figures


def _busy(job: dict[str, Any], ask: Callable[[int], object]) -> dict[str, float]:
    """Questions a second of its threads together, and processor time of each."""
    for number in range(job["questions"]):  # load every space
        ask(number)
    with ThreadPoolExecutor(job["threads"]) as pool:
        began, processor = time.perf_counter(), time.process_time()
        list(pool.map(ask, range(job["questions"])))
        took, busy = time.perf_counter() - began, time.process_time() - processor
    return {
        "a_second": round(job["questions"] / took, 1),
        "processor_ms_each": round(1000 * busy / job["questions"], 3),
    }


def _child(job: dict[str, Any]) -> dict[str, float]:
    """Run ``work`` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.throughput", "--job", json.dumps(job)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"a process failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    """The run whose first answer took the median time."""
    return sorted(runs, key=lambda run: run["first_answer_ms"])[len(runs) // 2]


def run(facts: int, spaces: int, questions: int) -> dict[str, Any]:
    """All figures of one store."""
    from benchmarks.scale import fill, sizes_of, vectors_like

    sizes = sizes_of(facts, spaces)
    figures: dict[str, Any] = {"benchmark": "throughput", "facts": sum(sizes.values()), "spaces": len(sizes)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, vectors = folder / "store.db", folder / "vectors.npy"
        fill(store, sizes)
        vectors_like(max(sizes.values()), vectors)
        job = {"store": str(store), "vectors": str(vectors), "spaces": list(sizes), "questions": questions}
        cold = []
        for _ in range(_RUNS):
            for snapshots in folder.glob("store.db.index*"):
                shutil.rmtree(snapshots)
            cold.append(_child({**job, "who": "factloom", "threads": 0}))
        for who in ("factloom", "numpy"):
            one: dict[str, Any] = {"cold": _median(cold)} if who == "factloom" else {}
            busy = [_child({**job, "who": who, "threads": threads}) for threads in THREADS]
            one["threads"] = [{"threads": n, **found} for n, found in zip(THREADS, busy, strict=True)]
            one["warm"] = _median([_child({**job, "who": who, "threads": 0}) for _ in range(_RUNS)])
            figures[who] = one
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--facts", type=int, default=20_000)
    parser.add_argument("--spaces", type=int, default=10)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.job:
        print(json.dumps(work(json.loads(chosen.job))))
        return
    figures = run(chosen.facts, chosen.spaces, chosen.questions)
    print(json.dumps(figures, indent=2))
    if chosen.json:
        from benchmarks.results import write_result

        write_result(chosen.json, figures)


if __name__ == "__main__":
    main()

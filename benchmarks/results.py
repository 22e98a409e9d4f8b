"""Results that can be compared between commits: the figures of one run, with what they were measured on."""

from __future__ import annotations

import io
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

RUN = "run"
"""Key of what a result was measured on; all other keys are figures."""

_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?")
_PROJECT = Path(__file__).resolve().parents[1]
_PACKAGES = ("numpy", "faiss-cpu", "onnxruntime", "spacy")


def with_run(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures with the commit, time, Python, packages, processor and threads of this run under ``run``."""
    return {"benchmark": figures.get("benchmark", ""), RUN: _this_run(), **figures}


def write_result(path: Path, figures: Mapping[str, Any]) -> None:
    """Write the figures of a benchmark there, as `python -m benchmarks.compare` and `benchmarks.plots` read them."""
    text = json.dumps(with_run(figures), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


@contextmanager
def printed_figures(benchmark: str, path: Path | None) -> Iterator[None]:
    """Write the figures of what is printed meanwhile to ``path`` as well: for benchmarks that print a line each.

    A figure is a number after two spaces or more; its name is what stands before them, under the last line without.
    """
    if path is None:
        yield
        return
    told = io.StringIO()
    with redirect_stdout(_Tee(sys.stdout, told)):
        yield
    write_result(path, {"benchmark": benchmark, "figures": figures_in(told.getvalue().splitlines())})


def figures_in(lines: Iterable[str]) -> dict[str, list[float]]:
    """The numbers of each line by its name; a name that comes again gets its number."""
    figures: dict[str, list[float]] = {}
    section = ""
    for line in lines:
        name, gap, rest = line.strip().partition("  ")
        found = [float(number.replace(",", "")) for number in _NUMBER.findall(rest)]
        if not gap or not found:
            section = line.strip()
            continue
        place = f"{section}: {name}" if section else name
        again = sum(known == place or known.startswith(f"{place} #") for known in figures)
        figures[f"{place} #{again + 1}" if again else place] = found
    return figures


class _Tee(io.TextIOBase):
    """Writes to two streams."""

    def __init__(self, *streams: IO[str]) -> None:
        self._streams = streams

    def write(self, text: str) -> int:
        for stream in self._streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        for stream in self._streams:
            stream.flush()


def read_result(path: Path) -> dict[str, Any]:
    """A result as `write_result` wrote it.

    Raises:
        SystemExit: the file cannot be read, or holds no JSON object.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"cannot read the result {path}: {error}") from error
    if not isinstance(result, dict):
        raise SystemExit(f"{path} holds no result of a benchmark; write one with --json")
    return result


def _this_run() -> dict[str, Any]:
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
    }


def _git(*arguments: str) -> str | None:
    """What git says of the project's folder; None outside a repository or without git."""
    try:
        done = subprocess.run(["git", "-C", str(_PROJECT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name, as Linux tells it; elsewhere as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")

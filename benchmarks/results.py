"""Results that can be compared between commits: the figures of one run, with what they were measured on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RUN = "run"
"""Key of what a result was measured on; all other keys are figures."""

_PROJECT = Path(__file__).resolve().parents[1]
_PACKAGES = ("numpy", "faiss-cpu", "onnxruntime", "spacy")


def with_run(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures with the commit, time, Python, packages, processor and threads of this run under ``run``."""
    return {"benchmark": figures.get("benchmark", ""), RUN: _this_run(), **figures}


def write_result(path: Path, figures: Mapping[str, Any]) -> None:
    """Write the figures of a benchmark there, as `python -m benchmarks.compare` and `benchmarks.plots` read them."""
    text = json.dumps(with_run(figures), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


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

"""All benchmarks, one after the other: ``python -m benchmarks [--datasets FOLDER]``.

FOLDER holds ``locomo_dev.json``, ``musique_dev.json`` and ``carb_dev.tsv`` (or files that begin with ``locomo``,
``musique`` and ``carb``); what needs a dataset that is not there is left out, and said so. Each benchmark also runs by
itself: ``python -m benchmarks.NAME -h``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def _dataset(folder: Path | None, name: str, ending: str = "json") -> str | None:
    found = sorted(folder.glob(f"{name}*.{ending}")) if folder else []
    return str(found[0]) if found else None


def _runs(folder: Path | None) -> list[tuple[str, list[str] | None]]:
    carb = _dataset(folder, "carb", "tsv")
    locomo, musique = _dataset(folder, "locomo"), _dataset(folder, "musique")
    return [
        ("recall on LoCoMo", ["retrieval", "locomo", locomo] if locomo else None),
        ("recall on multi-hop questions", ["retrieval", "multihop", musique] if musique else None),
        ("evidence in the context", ["retrieval", "context", locomo] if locomo else None),
        ("latency of search in real talk", ["latency", locomo] if locomo else None),
        ("latency of search in generated talk", ["latency"]),
        ("taking in messages", ["ingest", *([locomo] if locomo else [])]),
        ("open information extraction", ["openie", "--gold", carb] if carb else None),
        ("conversations understood", ["gold"]),
        ("embedder", ["embedder", *([locomo] if locomo else [])]),
        ("vector index", ["vectors"]),
        ("store", ["store"]),
        ("both stores side by side", ["stores"]),
    ]


def main() -> int:
    """Run them; returns 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, help="folder of LoCoMo, MuSiQue and CaRB files")
    folder = parser.parse_args().datasets
    failed = False
    for title, arguments in _runs(folder):
        print(f"\n== {title}" + (f": python -m benchmarks.{' '.join(arguments)}" if arguments else ""), flush=True)
        if arguments is None:
            print(f"left out: no dataset for it in {folder}; see --datasets")
            continue
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{arguments[0]}", *arguments[1:]], check=False)
        failed |= done.returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

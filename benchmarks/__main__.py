"""All benchmarks, one after the other: ``python -m benchmarks [--datasets FOLDER] [--json FOLDER]``.

FOLDER holds ``locomo_dev.json``, ``musique_dev.json`` and ``carb_dev.tsv`` (or files that begin with ``locomo``,
``musique`` and ``carb``); what needs a dataset that is not there is left out, and said so. Each benchmark also runs by
itself: ``python -m benchmarks.NAME -h``. ``--json FOLDER`` keeps every result, for `benchmarks.compare` and
`benchmarks.plots`. `benchmarks.ablation` takes long and is not among them.
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
        ("latency by size", ["scale", "--facts", "10000", "100000"]),
        ("searches a second, starts, memory", ["throughput"]),
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
    parser.add_argument("--json", type=Path, help="folder for the results, one file each")
    options = parser.parse_args()
    folder, results = options.datasets, options.json
    if results is not None:
        results.mkdir(parents=True, exist_ok=True)
    failed = False
    for title, arguments in _runs(folder):
        print(f"\n== {title}" + (f": python -m benchmarks.{' '.join(arguments)}" if arguments else ""), flush=True)
        if arguments is None:
            print(f"left out: no dataset for it in {folder}; see --datasets")
            continue
        kept = ["--json", str(results / f"{title.replace(' ', '-')}.json")] if results is not None else []
        command = [sys.executable, "-m", f"benchmarks.{arguments[0]}", *arguments[1:], *kept]
        done = subprocess.run(command, check=False)
        failed |= done.returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

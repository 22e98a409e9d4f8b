"""Train the English pipeline that ships with factloom: `python -m scripts.train_pipeline TREEBANK`.

TREEBANK holds the files of UD English EWT 2.16 (`en_ewt-ud-*.conllu`) and of Universal NER
(`en_ewt-ner-*.iob2`). The same files and the same versions of spaCy and thinc give the same model up to the
rounding of the machine's arithmetic. Takes about half an hour on two cores; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HALVES = ("syntax", "ner")
ROOT = Path(__file__).parents[2]


def main() -> None:
    """Write the corpora, train the two halves side by side, and ship the result."""
    parser = argparse.ArgumentParser(prog="python -m scripts.train_pipeline", description=__doc__.split("\n", 1)[0])
    parser.add_argument("treebank", type=Path, help="folder with the treebank and NER files")
    parser.add_argument("--out", type=Path, default=ROOT / "engine" / "extraction" / "model")
    parser.add_argument("--work", type=Path, help="keep corpora and checkpoints here (default: a temporary folder)")
    parser.add_argument("--ship-only", action="store_true", help="checkpoints are in --work already")
    parser.add_argument("--half", choices=HALVES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.half:
        from .train import train_half

        train_half(arguments.half, arguments.work)
        return
    if not (arguments.treebank / "en_ewt-ud-train.conllu").is_file():
        parser.error(f"{arguments.treebank} holds no en_ewt-ud-train.conllu: give the treebank's folder (TREEBANK=…)")
    with tempfile.TemporaryDirectory(prefix="factloom-model-") as temporary:
        work = arguments.work or Path(temporary)
        if not arguments.ship_only:
            _train(arguments.treebank, work)
        from .ship import ship

        meta = ship(work, arguments.out)
    for name, value in meta["figures"]["int8"].items():
        print(f"{name:40} {value:5.1f}")
    print(f"wrote {arguments.out} ({meta['weights_bytes']:,} bytes of weights)")


def _train(treebank: Path, work: Path) -> None:
    from .corpora import write_corpora

    write_corpora(treebank, work)
    base = [sys.executable, "-m", "scripts.train_pipeline", str(treebank), "--work", str(work)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = [subprocess.Popen([*base, "--half", half], cwd=ROOT, env=environment) for half in HALVES]
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("training failed; see the messages above")


if __name__ == "__main__":
    main()

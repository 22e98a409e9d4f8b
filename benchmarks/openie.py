"""Open information extraction: the tuples of sentences, and how they score against CaRB's.

Run: ``python -m benchmarks.openie SENTENCES.txt --out PREDICTED.tsv``, or ``python -m benchmarks.openie --gold
GOLD.tsv``.

SENTENCES.txt holds one tokenised sentence a line (tokens between blanks, as in CaRB); of a line with tabs the first
cell is read, so that a gold file will do. PREDICTED.tsv: sentence, confidence, relation, arguments, separated by tabs.
With ``--gold`` (rows: sentence, relation, arguments) precision, recall and F1 at the best threshold and the area under
the precision-recall curve are printed, as CaRB's scorer defines them (Bhardwaj et al., EMNLP 2019). Speed is in words
per second of processor time, parsing included, on one core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from benchmarks.carb import GoldTuple, PredictedTuple, score
from benchmarks.results import write_result

from factloom.engine.extraction.openie.extract import OpenTuple, read_sentences
from factloom.engine.extraction.pipeline import load_pipeline


def sentences_of(path: Path) -> list[str]:
    """The distinct sentences of a file, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(line.split("\t")[0].strip() for line in lines if line.strip()))


def gold_of(path: Path) -> dict[str, list[GoldTuple]]:
    """Gold tuples by sentence."""
    gold: dict[str, list[GoldTuple]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.strip().split("\t")
        if len(cells) >= 3:
            arguments = [cell.strip() for cell in cells[2:] if "C: " not in cell]
            gold[cells[0].strip()].append(GoldTuple(cells[1].strip(), arguments))
    return gold


def main() -> int:
    """Read, write, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", type=Path, nargs="?", help="tokenised sentences (default: those of --gold)")
    parser.add_argument("--out", type=Path, help="where to write the tuples")
    parser.add_argument("--gold", type=Path, help="gold tuples to score against")
    parser.add_argument("--pipeline", help="another spaCy pipeline, by name or folder")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    source = options.sentences or options.gold
    if source is None:
        parser.error("give a file of sentences, or --gold")
    try:
        sentences, gold = sentences_of(source), gold_of(options.gold) if options.gold else {}
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"cannot read {source}: {error}")
    nlp = load_pipeline(options.pipeline)
    started = time.process_time()
    found = dict(zip(sentences, read_sentences(sentences, nlp), strict=True))
    spent = time.process_time() - started
    if options.out:
        options.out.write_text("".join(map(_rows, found, found.values())), encoding="utf-8")
    words = sum(len(sentence.split()) for sentence in sentences)
    total = sum(map(len, found.values()))
    print(f"{len(sentences)} sentences, {words} words, {total} tuples, {words / max(spent, 1e-9):,.0f} words/s")
    figures = {"sentences": len(sentences), "words": words, "tuples": total, "words_a_second": words / max(spent, 1e-9)}
    if options.gold:
        predicted = {
            sentence: [PredictedTuple(t.relation, list(t.arguments), t.confidence) for t in rows]
            for sentence, rows in found.items()
        }
        scored = score(gold, predicted)
        print(scored)
        figures |= asdict(scored)
    if options.json:
        write_result(options.json, {"benchmark": "openie", **figures})
    return 0


def _rows(sentence: str, rows: list[OpenTuple]) -> str:
    return "".join("\t".join([sentence, f"{row.confidence:.2f}", row.relation, *row.arguments]) + "\n" for row in rows)


if __name__ == "__main__":
    sys.exit(main())

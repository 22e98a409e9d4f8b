"""fp32 beside int8: load time, one query, throughput, memory and recall of the default embedder.

    python -m benchmarks.embedder [DATASET] [--threads N] [--runs FOLDER]

DATASET is a LoCoMo file; without one, throughput is measured on sentences made here, and recall is left out.
Each precision runs in a process of its own, after a first run that builds and keeps the graph. Recall is that
of plain cosine over a conversation's turns, without anything else of factloom; --runs keeps the rankings as
FOLDER/fp32.jsonl and FOLDER/int8.jsonl, one {"id", "ranked"} a line.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.results import write_result

from factloom.retrieval.embedders import OnnxEmbedder

KS = (5, 10, 20, 50)
TURNS = 800
QUERIES = ("where does she live?", "What did Maria say about the trip to Porto in May?", "favourite food")


def own_turns() -> list[str]:
    """Sentences of the lengths of chat turns, the same at every run."""
    pick = random.Random(7)
    parts = [
        "I moved to Lisbon last spring",
        "my sister started a new job at the hospital",
        "we could go hiking on Saturday if the weather holds",
        "that sounds like a lot of fun, honestly",
        "the dog kept everybody awake again",
        "he said that the concert was sold out within minutes",
    ]
    return [", ".join(pick.choices(parts, k=pick.randint(1, 5))) + "." for _ in range(TURNS)]


def turns_of(sample: dict[str, Any]) -> dict[str, str]:
    """The turns of a LoCoMo conversation by dia_id."""
    sessions = (v for k, v in sample["conversation"].items() if re.fullmatch(r"session_\d+", k))
    return {turn["dia_id"]: f"{turn['speaker']}: {turn['text']}" for session in sessions for turn in session}


def ranked_turns(embedder: OnnxEmbedder, dataset: list[dict[str, Any]]) -> dict[str, list[str]]:
    """For each question, named <sample_id>/<position>, the turns of its conversation, nearest first."""
    run = {}
    for sample in dataset:
        turns = turns_of(sample)
        ids = list(turns)
        questions = embedder.embed_queries([q["question"] for q in sample["qa"]])
        similarity = questions @ embedder.embed_documents(list(turns.values())).T
        for position, scores in enumerate(similarity):
            nearest = np.argsort(-scores, kind="stable")[: max(KS)]
            run[f"{sample['sample_id']}/{position}"] = [ids[i] for i in nearest]
    return run


def recall(run: dict[str, list[str]], dataset: list[dict[str, Any]]) -> dict[str, float]:
    """Evidence recall@k over categories 1 to 4 (5 asks for what is not there)."""
    rows = []
    for sample in dataset:
        turns = turns_of(sample)
        for position, question in enumerate(sample["qa"]):
            evidence = evidence_of(question, turns)
            if evidence and question["category"] != 5:
                ranked = run[f"{sample['sample_id']}/{position}"]
                rows.append([len(evidence & set(ranked[:k])) / len(evidence) for k in KS])
    return {f"recall@{k}": 100 * statistics.mean(column) for k, column in zip(KS, zip(*rows, strict=True), strict=True)}


def evidence_of(question: dict[str, Any], turns: dict[str, str]) -> set[str]:
    """The turns that answer a question; LoCoMo writes them in several ways."""
    found = re.findall(r"D:?(\d+):(\d+)", str(question.get("evidence") or ""))
    return {f"D{int(s)}:{int(t)}" for s, t in found} & turns.keys()


def resident_mb() -> float:
    """Resident memory of this process now, in MB; 0 where /proc is missing."""
    status = Path("/proc/self/status")
    match = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(match[1]) / 1024 if match else 0.0


def measure(precision: Any, path: str | None, threads: int, runs: Path | None) -> dict[str, float]:
    """All figures of one precision; runs in a fresh process whose graph is in the cache."""
    started = time.perf_counter()
    embedder = OnnxEmbedder(precision=precision, threads=threads)
    embedder.embed_queries(["warm"])
    figures = {"load s": time.perf_counter() - started}
    times = []
    for turn in range(200):
        before = time.perf_counter()
        embedder.embed_queries([QUERIES[turn % len(QUERIES)]])
        times.append(1000 * (time.perf_counter() - before))
    figures["query p50 ms"] = statistics.median(times)
    dataset = json.loads(Path(path).read_text(encoding="utf-8")) if path else None
    turns = [text for s in dataset for text in turns_of(s).values()][:TURNS] if dataset else own_turns()
    figures["turns"] = len(turns)
    rates = []
    for _ in range(3):
        before = time.perf_counter()
        embedder.embed_documents(turns)
        rates.append(len(turns) / (time.perf_counter() - before))
    figures["turns/s best"] = max(rates)
    figures["resident MB"] = resident_mb()
    if not dataset:
        return figures
    run = ranked_turns(embedder, dataset)
    if runs is not None:
        lines = (json.dumps({"id": question, "ranked": ranked}) + "\n" for question, ranked in run.items())
        (runs / f"{precision}.jsonl").write_text("".join(lines), encoding="utf-8")
    return figures | recall(run, dataset)


def main() -> None:
    """Measure both and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", help="a LoCoMo file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=Path, help="folder for the rankings")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for precision in ("fp32", "int8"):
        OnnxEmbedder(precision=precision).embed_queries(["build and keep the graph"])
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            columns[precision] = pool.apply(measure, (precision, options.dataset, options.threads, options.runs))
    print(f"{'':14}" + "".join(f"{name:>10}" for name in columns))
    for figure in columns["fp32"]:
        print(f"{figure:14}" + "".join(f"{column[figure]:10.2f}" for column in columns.values()))
    if options.json:
        write_result(options.json, {"benchmark": "embedder", **columns})


if __name__ == "__main__":
    main()

"""What each signal of search is worth: every one switched off in turn, recall on LoCoMo and MuSiQue measured again.

    python -m benchmarks.ablation --locomo LOCOMO.json --multihop MUSIQUE.json --work FOLDER
                                  [--only NAME …] [--seconds N] [--json RESULT.json]

The two stores are built once, in FOLDER, and only asked again for each signal; what was measured is kept there too, so
that a run that is cut (``--seconds``) goes on where it stopped. Both are made anew when the code of search, or what
fills a store, has changed. ``--only`` measures the signals whose names begin with one of these, besides "nothing".

A weight is switched off by setting it to 0, a kind of seed by taking none of it; how, stands beside each in
``switches``. Nothing is made up for, so the figures say what search loses without the signal as it is weighed now, not
what the best search without it would reach.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from benchmarks.results import write_result
from benchmarks.retrieval import (
    DEPTH,
    KS,
    MULTIHOP_SPACE,
    Question,
    fill_locomo,
    fill_multihop,
    locomo_present,
    locomo_questions,
    locomo_space,
    locomo_texts,
    multihop_questions,
    recall,
    sources,
)

import factloom
from factloom import Memory
from factloom.retrieval import candidates, diversity, ranking, searcher
from factloom.retrieval.embedders import CachingEmbedder, OnnxEmbedder
from factloom.retrieval.ranking import EPISODE_WEIGHTS, FACT_WEIGHTS

NOTHING = "nothing"
"""The run with all signals."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A signal, and the block of code in which it is off."""

    name: str
    off: Callable[[], AbstractContextManager[Any]]


def switches() -> list[Switch]:
    """Nothing first, then every weight, kind of seed and step."""
    return [
        Switch(NOTHING, nullcontext),
        *(_weight("episode", name, EPISODE_WEIGHTS) for name in EPISODE_WEIGHTS),
        *(_weight("fact", name, FACT_WEIGHTS) for name in FACT_WEIGHTS),
        Switch("seed: vector", lambda: patch.object(candidates, "_add_vector_seeds", _none)),
        *(_seeds(how) for how in ("keyword", "entity", "relation")),
        Switch("seed: date", lambda: patch.object(candidates, "_add_date_seeds", _none)),
        Switch("step: stripped question", lambda: patch.object(searcher._Search, "texts", property(_whole))),
        Switch("step: whole question", lambda: patch.object(searcher._Search, "texts", property(_stripped))),
        Switch("step: turns around a seed", lambda: _limits(window=0)),
        Switch("step: two hops", lambda: patch.object(candidates, "FAR_LIMITS", candidates.LIMITS)),
        Switch("step: ends of the nearest facts", lambda: patch.object(candidates, "SPREAD_FACTS", 0)),
        Switch("step: sessions", lambda: _both("session_vector", "session_keyword")),
        Switch("step: keywords", lambda: _both("keyword", "keyword_window", "session_keyword")),
        Switch("step: walks along relations", lambda: patch.object(searcher, "walk_relations", _no_walks)),
        Switch("step: what is outdated", lambda: patch.object(ranking, "STALE", 0.0)),
        Switch("step: diversity of lists", lambda: patch.object(diversity, "PENALTY", 0.0)),
    ]


def _weight(kind: str, name: str, weights: dict[str, float]) -> Switch:
    return Switch(f"{kind}: {name}", lambda: patch.dict(weights, {name: 0.0}))


def _both(*names: str) -> AbstractContextManager[Any]:
    """Several weights at once, of episodes and of facts."""
    stack = ExitStack()
    for weights in (EPISODE_WEIGHTS, FACT_WEIGHTS):
        stack.enter_context(patch.dict(weights, {name: 0.0 for name in names if name in weights}))
    return stack


def _seeds(how: str) -> Switch:
    """Seeds that are found in one way; `Seeds.add` is where all of them pass."""
    add = candidates.Seeds.add

    def without(seeds: candidates.Seeds, refs: Any, found: str) -> None:
        if found != how:
            add(seeds, refs, found)

    return Switch(f"seed: {how}", lambda: patch.object(candidates.Seeds, "add", without))


def _limits(**changed: int) -> AbstractContextManager[Any]:
    stack = ExitStack()
    for name in ("LIMITS", "FAR_LIMITS"):
        limits = getattr(candidates, name).model_copy(update=changed)
        stack.enter_context(patch.object(candidates, name, limits))
    return stack


def _none(*_: Any) -> None:
    """Seeds of a kind, when there are none."""


def _no_walks(*_: Any) -> dict[int, Any]:
    return {}


def _whole(search: Any) -> tuple[str, ...]:
    return (search.reading.query,)


def _stripped(search: Any) -> tuple[str, ...]:
    return (search.reading.stripped,)


# --- stores and questions ---


@dataclass(frozen=True, slots=True)
class Bench:
    """A store that is filled, and how to ask its questions."""

    kind: str
    memory: Memory
    dataset: Any

    def ask(self) -> list[Question]:
        """Every question with what was found; LoCoMo's adversarial ones have no answer and are left out."""
        asked = []
        if self.kind == "multihop":
            for question in multihop_questions(self.dataset):
                question.ranked = sources(self.memory.search(question.text, space=MULTIHOP_SPACE, limit=DEPTH))
                asked.append(question)
            return asked
        for sample in self.dataset:
            space, present = locomo_space(sample), locomo_present(sample)
            for question in locomo_questions(sample, set(locomo_texts(sample))):
                if question.category != "adversarial":
                    found = self.memory.search(question.text, space=space, limit=DEPTH, now=present)
                    question.ranked = sources(found)
                    asked.append(question)
        return asked

    def measure(self) -> dict[str, float]:
        """Recall in percent, by k."""
        asked, ks = self.ask(), KS[self.kind]
        return {str(k): round(100 * statistics.mean(recall(q.evidence, q.ranked, k) for q in asked), 2) for k in ks}


def open_bench(kind: str, path: Path, work: Path, embedder: CachingEmbedder) -> Bench:
    """The store of a dataset, filled if it is not yet."""
    dataset = json.loads(path.read_text(encoding="utf-8"))
    folder = work / kind
    filled, store = folder / "filled", folder / "store.db"
    made_by = fingerprint("engine", "graph", "schemas", "retrieval/embedders", "retrieval/analysis.py", data=path)
    if not filled.exists() or filled.read_text(encoding="utf-8") != made_by:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with Memory(store, embedder=embedder) as memory:
            print(f"filling {store} ...", flush=True)
            (fill_multihop if kind == "multihop" else fill_locomo)(memory, dataset)
        filled.write_text(made_by, encoding="utf-8")
    return Bench(kind, Memory(store, embedder=embedder), dataset)


def fingerprint(*folders: str, data: Path | None = None) -> str:
    """A hash of the project's code in these folders or files, and of a dataset."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(factloom.__name__.encode())
    for folder in folders:
        for file in sorted((root / folder).rglob("*.py")) if (root / folder).is_dir() else [root / folder]:
            digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    if data is not None:
        digest.update(data.read_bytes())
    return digest.hexdigest()


# --- the run ---


def run(benches: Sequence[Bench], wanted: Sequence[Switch], work: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """One row per signal: the recall of each bench without it. Stops, incomplete, after so many seconds."""
    kept = work / "measured.json"
    code = fingerprint("retrieval", "schemas", "graph", "engine", "benchmarks/retrieval.py")
    known: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if known.get("code") != code:
        known = {"code": code}
    started = time.monotonic()
    for switch in wanted:
        row: dict[str, Any] = {"without": switch.name}
        for bench in benches:
            key = f"{bench.kind} without {switch.name}"
            if key not in known:
                if time.monotonic() - started > seconds:
                    return
                with switch.off():
                    known[key] = bench.measure()
                kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
            row[bench.kind] = known[key]
        yield row


def table(rows: Sequence[dict[str, Any]], kinds: Sequence[str]) -> str:
    """The rows as a Markdown table: recall with all signals, then what changes without each, in points."""
    ks = [(kind, str(k)) for kind in kinds for k in KS[kind]]
    titles = {"locomo": "LoCoMo", "multihop": "MuSiQue"}
    head = ["without", *(f"{titles[kind]} @{k}" for kind, k in ks)]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---|" * len(ks)]
    whole = next(row for row in rows if row["without"] == NOTHING)
    for row in rows:
        if row is whole:
            cells = [f"{row[kind][k]:.1f}" for kind, k in ks]
        else:
            cells = [_change(row[kind][k] - whole[kind][k]) for kind, k in ks]
        lines.append(f"| {row['without']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _change(points: float) -> str:
    return f"{points:+.1f}" if abs(points) >= 0.05 else "0"


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the stores, measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--locomo", type=Path, help="a LoCoMo file")
    parser.add_argument("--multihop", type=Path, help="a MuSiQue file")
    parser.add_argument("--work", type=Path, required=True, help="folder for the stores and for what was measured")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only signals whose names begin so")
    parser.add_argument("--seconds", type=float, default=np.inf, help="begin no more measurements after so long")
    parser.add_argument("--json", type=Path, help="write the figures there")
    chosen = parser.parse_args(arguments)
    datasets = {"locomo": chosen.locomo, "multihop": chosen.multihop}
    if not any(datasets.values()):
        parser.error("give --locomo, --multihop or both")
    everything = switches()
    only = (NOTHING, *(chosen.only or ("",)))
    wanted = [switch for switch in everything if switch.name.startswith(only)]
    chosen.work.mkdir(parents=True, exist_ok=True)
    embedder = CachingEmbedder(OnnxEmbedder(), entries=10_000)
    benches = [open_bench(kind, path, chosen.work, embedder) for kind, path in datasets.items() if path]
    rows = list(run(benches, wanted, chosen.work, chosen.seconds))
    for bench in benches:
        bench.memory.close()
    if rows:
        print(table(rows, [bench.kind for bench in benches]))
    if len(rows) < len(wanted):
        print(f"\n{len(rows)} of {len(wanted)} signals are measured; run it again to go on")
    if chosen.json:
        write_result(chosen.json, {"benchmark": "ablation", "complete": len(rows) == len(wanted), "signals": rows})


if __name__ == "__main__":
    main()

"""Recall and latency of search through the public API, each beside a plain numpy yardstick in the same run.

    python -m benchmarks.retrieval locomo   DATASET.json [--run RUN.jsonl] [--json RESULT.json] [--no-infer]
    python -m benchmarks.retrieval multihop DATASET.json [--run RUN.jsonl] [--json RESULT.json]
    python -m benchmarks.retrieval context  DATASET.json                   [--json RESULT.json]

``locomo``: each conversation is a space of its own; its turns are added session by session with their speakers and
times, and with the caption of a shared photo, as an application would. A hit counts as its source episodes.
``multihop``: passages are documents, and the triples that come with them explicit facts.
``context``: how much of LoCoMo's evidence stands in `Memory.context` within a budget of tokens.

The yardstick is what a list of vectors gives: cosine of the question with every turn ("Speaker: text") or passage,
by the same embedder. RUN.jsonl holds one {"id", "ranked"} a line, sources in order. Recall@k is the share of a
question's evidence among the first k distinct sources, averaged over questions; LoCoMo's leaves out category 5
(adversarial) and questions without evidence that exists.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.results import write_result

from factloom import Memory, SearchResult
from factloom.retrieval.embedders import OnnxEmbedder

KS = {"locomo": (5, 10, 20, 50), "multihop": (2, 5, 10, 20)}
DEPTH = 120
BUDGETS = (500, 1000, 2000)
"""Tokens of a context."""

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


@dataclass
class Question:
    """A question, the sources that answer it, and what was found, best first."""

    id: str
    text: str
    category: str
    evidence: list[str]
    ranked: list[str] = field(default_factory=list)
    yardstick: list[str] = field(default_factory=list)


@dataclass
class Times:
    """Milliseconds: of each search, of its part without embedding, and of the yardstick."""

    total: list[float] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)
    yardstick: list[float] = field(default_factory=list)

    def take(self, result: SearchResult) -> None:
        """Note what a search took."""
        self.total.append(result.timings["total"])
        self.engine.append(result.timings["engine"])

    def summary(self) -> dict[str, float]:
        """Median and 95th percentile of each, in ms."""
        rows = {"engine": self.engine, "total": self.total, "numpy": self.yardstick}
        return {
            f"{name}_p{percent}": round(float(np.percentile(values, percent)), 3)
            for name, values in rows.items()
            if values
            for percent in (50, 95)
        }


class Yardstick:
    """Cosine of a question with every text, in numpy: what a list of vectors gives."""

    def __init__(self, embedder: OnnxEmbedder, texts: dict[str, str]) -> None:
        self._embedder = embedder
        self._ids = list(texts)
        self._vectors = embedder.embed_documents(list(texts.values()))

    def ranked(self, question: str, times: Times) -> list[str]:
        """Ids, nearest first; the time includes embedding."""
        started = time.perf_counter()
        scores = self._vectors @ self._embedder.embed_queries([question])[0]
        order = np.argsort(-scores, kind="stable")[:DEPTH]
        times.yardstick.append((time.perf_counter() - started) * 1000.0)
        return [self._ids[i] for i in order]


def sources(result: SearchResult) -> list[str]:
    """The marked episodes that the hits rest on, in order, each once."""
    found = (episode.metadata.get("source") for hit in result for episode in hit.sources)
    return list(dict.fromkeys(source for source in found if source))


def recall(evidence: Sequence[str], ranked: Sequence[str], k: int) -> float:
    """Share of the evidence among the first k."""
    return len(set(evidence) & set(ranked[:k])) / len(evidence)


# --- LoCoMo ---


def locomo_turns(sample: dict[str, Any]) -> Iterable[tuple[str, datetime, dict[str, Any]]]:
    """Turns as (session, time, turn); a turn comes half a minute after the one before."""
    conversation = sample["conversation"]
    names = sorted((n for n in conversation if re.fullmatch(r"session_\d+", n)), key=lambda n: int(n.split("_")[1]))
    for name in names:
        start = datetime.strptime(conversation[f"{name}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for position, turn in enumerate(conversation[name]):
            yield name, start + timedelta(seconds=30 * position), turn


def turn_text(turn: dict[str, Any]) -> str:
    """What was said, and the caption of a photo that was shared."""
    caption = turn.get("blip_caption")
    return f"{turn['text']} [shares a photo: {caption}]" if caption else str(turn["text"])


def locomo_messages(sample: dict[str, Any]) -> list[dict[str, Any]]:
    """The turns as an application would add them."""
    return [
        {
            "role": "user",
            "name": turn["speaker"],
            "content": turn_text(turn),
            "time": at,
            "session": session,
            "metadata": {"source": turn["dia_id"]},
        }
        for session, at, turn in locomo_turns(sample)
    ]


def locomo_questions(sample: dict[str, Any], known: set[str]) -> list[Question]:
    """The questions of a conversation that have evidence among its turns, named <sample_id>/<position>."""
    questions = []
    for position, qa in enumerate(sample["qa"]):
        named = re.findall(r"D:?(\d+):(\d+)", " ".join(map(str, qa.get("evidence") or [])))
        evidence = [id for id in dict.fromkeys(f"D{int(s)}:{int(t)}" for s, t in named) if id in known]
        if evidence:
            id = f"{sample['sample_id']}/{position}"
            questions.append(Question(id, qa["question"], CATEGORIES[qa["category"]], evidence))
    return questions


def fill_locomo(memory: Memory, dataset: list[dict[str, Any]], *, infer: bool = True) -> float:
    """Add every conversation to its space; returns the seconds that it took."""
    started = time.perf_counter()
    for sample in dataset:
        memory.add(locomo_messages(sample), space=locomo_space(sample), infer=infer)
    return time.perf_counter() - started


def locomo_space(sample: dict[str, Any]) -> str:
    """The space of a conversation."""
    return f"locomo/{sample['sample_id']}"


def locomo_texts(sample: dict[str, Any]) -> dict[str, str]:
    """The turns as the yardstick sees them, by id."""
    return {turn["dia_id"]: f"{turn['speaker']}: {turn['text']}" for _, _, turn in locomo_turns(sample)}


def locomo_present(sample: dict[str, Any]) -> datetime:
    """When the questions are asked: the day after the last turn."""
    *_, (_, last, _) = locomo_turns(sample)
    return last + timedelta(days=1)


def run_locomo(dataset: list[dict[str, Any]], *, infer: bool) -> tuple[list[Question], Times, float]:
    """Add every conversation to its space and ask its questions."""
    asked: list[Question] = []
    times = Times()
    embedder = OnnxEmbedder()
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "locomo.db") as memory:
        added = fill_locomo(memory, dataset, infer=infer)
        for sample in dataset:
            texts, space, present = locomo_texts(sample), locomo_space(sample), locomo_present(sample)
            yardstick = Yardstick(embedder, texts)
            for question in locomo_questions(sample, set(texts)):
                times.take(memory.search(question.text, space=space, now=present))
                question.ranked = sources(memory.search(question.text, space=space, limit=DEPTH, now=present))
                question.yardstick = yardstick.ranked(question.text, times)
                asked.append(question)
    return asked, times, added


# --- multi-hop ---


MULTIHOP_SPACE = "multihop"


def multihop_texts(dataset: dict[str, Any]) -> dict[str, str]:
    """The passages, by id."""
    return {passage["id"]: f"{passage['title']}\n{passage['text']}" for passage in dataset["passages"]}


def multihop_questions(dataset: dict[str, Any]) -> list[Question]:
    """The questions with their passages."""
    return [Question(q["id"], q["question"], "all", q["evidence"]) for q in dataset["questions"]]


def fill_multihop(memory: Memory, dataset: dict[str, Any]) -> float:
    """Add the passages as documents and their triples as facts; returns the seconds that it took."""
    started = time.perf_counter()
    passages, texts = dataset["passages"], multihop_texts(dataset)
    for first in range(0, len(passages), 200):
        batch = passages[first : first + 200]
        documents = [
            {
                "role": "document",
                "content": texts[passage["id"]],
                "session": passage["id"],
                "metadata": {"source": passage["id"]},
            }
            for passage in batch
        ]
        stored = memory.add(documents, space=MULTIHOP_SPACE, infer=False).episodes
        ids = {episode.metadata["source"]: episode.id for episode in stored}
        facts = [
            {
                "subject": triple[0][:200],
                "predicate": triple[1][:200],
                "object": triple[2][:200],
                "text": " ".join(triple),
                "episode_id": ids[passage["id"]],
            }
            for passage in batch
            for triple in passage["triples"]
            if len(triple) == 3 and all(re.search(r"\w", part) for part in triple)
        ]
        memory.add_facts(facts, space=MULTIHOP_SPACE)
    return time.perf_counter() - started


def run_multihop(dataset: dict[str, Any]) -> tuple[list[Question], Times, float]:
    """Add the passages and their triples, and ask the questions."""
    times = Times()
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "multihop.db") as memory:
        added = fill_multihop(memory, dataset)
        yardstick = Yardstick(OnnxEmbedder(), multihop_texts(dataset))
        asked = multihop_questions(dataset)
        for question in asked:
            times.take(memory.search(question.text, space=MULTIHOP_SPACE))
            question.ranked = sources(memory.search(question.text, space=MULTIHOP_SPACE, limit=DEPTH))
            question.yardstick = yardstick.ranked(question.text, times)
    return asked, times, added


# --- context ---


def run_context(dataset: list[dict[str, Any]]) -> dict[str, Any]:
    """Share of the evidence whose turn stands in the context, by budget; the yardstick fills it by cosine alone.

    The yardstick's lines are "Speaker: text", nearest first, until the next one does not fit.
    """
    shares: dict[int, list[float]] = {budget: [] for budget in BUDGETS}
    plain: dict[int, list[float]] = {budget: [] for budget in BUDGETS}
    embedder = OnnxEmbedder()
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "locomo.db") as memory:
        for sample in dataset:
            space, messages = f"locomo/{sample['sample_id']}", locomo_messages(sample)
            memory.add(messages, space=space)
            texts = {m["metadata"]["source"]: f"{m['name']}: {m['content']}" for m in messages}
            sizes = dict(zip(texts, embedder.count_tokens(list(texts.values())), strict=True))
            yardstick = Yardstick(embedder, texts)
            for question in locomo_questions(sample, set(texts)):
                if question.category == "adversarial":
                    continue
                ranked = yardstick.ranked(question.text, Times())
                for budget in BUDGETS:
                    block = memory.context(question.text, space=space, max_tokens=budget)
                    shown = [episode.metadata["source"] for episode in block.episodes]
                    shares[budget].append(recall(question.evidence, shown, len(shown)))
                    fits = int(np.searchsorted(np.cumsum([sizes[id] + 1 for id in ranked]), budget, side="right"))
                    plain[budget].append(recall(question.evidence, ranked, fits))
    return {
        "benchmark": "context",
        "questions": len(shares[BUDGETS[0]]),
        "factloom": {budget: round(100 * statistics.mean(found), 1) for budget, found in shares.items()},
        "numpy": {budget: round(100 * statistics.mean(found), 1) for budget, found in plain.items()},
    }


# --- reports ---


def report(kind: str, asked: list[Question], times: Times, added: float) -> dict[str, Any]:
    """Recall of factloom and of the yardstick, over all and by category, and milliseconds."""
    ks = KS[kind]
    groups: dict[str, list[Question]] = {"overall": [q for q in asked if q.category != "adversarial"]}
    for question in asked:
        if question.category != "all":
            groups.setdefault(question.category, []).append(question)
    print(f"{'recall@':14}" + "".join(f"{k:>8}" for k in ks) + "       n      numpy:" + "".join(f"{k:>8}" for k in ks))
    table: dict[str, Any] = {}
    for name, questions in groups.items():
        ours = [100 * statistics.mean(recall(q.evidence, q.ranked, k) for q in questions) for k in ks]
        plain = [100 * statistics.mean(recall(q.evidence, q.yardstick, k) for q in questions) for k in ks]
        table[name] = {"n": len(questions), "factloom": dict(zip(ks, ours, strict=True))}
        table[name]["numpy"] = dict(zip(ks, plain, strict=True))
        row = f"{name:14}" + "".join(f"{value:8.1f}" for value in ours)
        print(row + f"{len(questions):8}            " + "".join(f"{value:8.1f}" for value in plain))
    print("ms:", ", ".join(f"{name} {value:.2f}" for name, value in times.summary().items()), f"| adding {added:.1f} s")
    return {"benchmark": kind, "recall": table, "ms": times.summary(), "adding_seconds": round(added, 2)}


def is_dataset(dataset: object, kind: str) -> bool:
    """Whether a file's JSON has the outer form of the data set of a benchmark."""
    if kind == "multihop":
        return isinstance(dataset, dict) and dataset.keys() >= {"passages", "questions"}
    return (
        isinstance(dataset, list)
        and bool(dataset)
        and all(isinstance(sample, dict) and sample.keys() >= {"conversation", "qa"} for sample in dataset)
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=(__doc__ or "").split("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("locomo", "multihop"):
        one = kinds.add_parser(kind)
        one.add_argument("dataset", type=Path)
        one.add_argument("--run", type=Path, help="write the ranking of every question there, as JSON lines")
        one.add_argument("--json", type=Path, help="write the figures there")
        if kind == "locomo":
            one.add_argument("--no-infer", action="store_true", help="store the turns without learning facts from them")
            one.add_argument("--samples", type=int, help="only the first N conversations")
    context = kinds.add_parser("context")
    context.add_argument("dataset", type=Path)
    context.add_argument("--json", type=Path, help="write the figures there")
    chosen = parser.parse_args(arguments)
    try:
        dataset = json.loads(chosen.dataset.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"cannot read {chosen.dataset}: {error}")
    if not is_dataset(dataset, chosen.kind):
        parser.error(f"{chosen.dataset} is no data set of the kind {chosen.kind}")
    if chosen.kind == "context":
        figures = run_context(dataset)
        print(json.dumps(figures, indent=2))
    else:
        if chosen.kind == "locomo":
            outcome = run_locomo(dataset[: chosen.samples], infer=not chosen.no_infer)
        else:
            outcome = run_multihop(dataset)
        figures = report(chosen.kind, *outcome)
        if chosen.run:
            rows = (json.dumps({"id": q.id, "ranked": q.ranked}) for q in outcome[0])
            chosen.run.write_text("\n".join(rows) + "\n", encoding="utf-8")
    if chosen.json:
        write_result(chosen.json, figures)


if __name__ == "__main__":
    main()

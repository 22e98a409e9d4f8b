"""Latency of search in one space of N episodes, beside a plain numpy yardstick in the same run.

    python -m benchmarks.latency [DATASET.json] [--episodes 6000] [--questions 200] [--json RESULT.json]

With a LoCoMo file, its conversations follow each other in one space, again and again with later dates, until there are
N turns, and its own questions are asked. Without, talk of 25 things and six people is generated, every third turn with
a fact: the hardest case for keywords and hubs, since every word is common and everybody knows everything.

``engine`` is the search without embedding the question. The yardstick embeds the question and multiplies.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.results import write_result
from benchmarks.retrieval import Times, Yardstick, locomo_messages

from factloom import Memory
from factloom.retrieval.embedders import OnnxEmbedder

_PEOPLE = ("Ana", "Rui", "Teo", "Nadia", "Ingrid", "Tom")
_THINGS = (
    "pottery class", "marathon", "guitar", "bakery", "garden", "camping trip", "job interview", "museum", "concert",
    "dentist", "bicycle", "apartment", "dog", "cooking course", "train to Porto", "book club", "painting", "wedding",
    "football match", "birthday party", "physics exam", "beach house", "coffee machine", "old car", "yoga studio",
)  # fmt: skip
_PATTERNS = (
    "I finally went to the {0} yesterday and it was better than the {1}",
    "do you still think about the {0}?",
    "the {0} takes most of my week, the {1} has to wait until {2} comes back",
    "{2} told me about the {0}, can you believe it",
    "haha yes, and then the {1} again",
    "we should plan the {0} for next month, maybe with {2}",
    "I was so tired after the {0} that I forgot the {1} and everything else that {2} had asked me to bring along",
)


Message = dict[str, Any]
Fact = tuple[str, str, str]


def generated_talk(episodes: int, questions: int) -> tuple[list[Message], list[Fact], list[str]]:
    """Messages, a fact for every third of them, and questions; always the same."""
    pick = random.Random(11)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    messages, facts = [], []
    for number in range(episodes):
        speaker = pick.choice(_PEOPLE)
        one, two = pick.sample(_THINGS, 2)
        text = pick.choice(_PATTERNS).format(one, two, pick.choice(_PEOPLE))
        at = start + timedelta(days=number // 20, seconds=30 * (number % 20))
        messages.append(
            {"role": "user", "name": speaker, "content": f"{text} ({number})", "time": at, "session": str(number // 20)}
        )
        if number % 3 == 0:
            facts.append((speaker, pick.choice(("LIKES", "WENT_TO", "PLANS")), f"{one} {number % 300}"))
    asked = [f"What did {pick.choice(_PEOPLE)} say about the {thing}?" for thing in pick.choices(_THINGS, k=questions)]
    return messages, facts, [f"{q[:-1]} and the {pick.choice(_THINGS)} ({i})?" for i, q in enumerate(asked)]


def conversations(dataset: list[dict[str, Any]], episodes: int, questions: int) -> tuple[list[Message], list[str]]:
    """Turns and questions of a LoCoMo file."""
    once = [(sample["sample_id"], message) for sample in dataset for message in locomo_messages(sample)]
    messages = []
    for number in range(episodes):
        name, message = once[number % len(once)]
        again = number // len(once)
        later = {
            "time": message["time"] + timedelta(days=1000 * again),
            "session": f"{name}/{message['session']}/{again}",
        }
        messages.append({**message, **later})
    asked = [qa["question"] for sample in dataset for qa in sample["qa"]]
    random.Random(1).shuffle(asked)
    return messages, asked[:questions]


def run(dataset: list[dict[str, Any]] | None, episodes: int, questions: int) -> dict[str, Any]:
    """Fill one space and ask it; the yardstick is asked after, so that neither waits for memory that the other used."""
    facts: list[Fact] = []
    if dataset is None:
        messages, facts, asked = generated_talk(episodes, questions + 30)
    else:
        messages, asked = conversations(dataset, episodes, questions + 30)
    times = Times()
    stages: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "latency.db"
        with Memory(path) as memory:
            for first in range(0, len(messages), 1000):
                memory.add(messages[first : first + 1000], space="one", infer=dataset is not None)
            for first in range(0, len(facts), 500):
                memory.add_facts(facts[first : first + 500], space="one")
        with Memory(path) as memory:
            stored = memory.stats(space="one")
            for question in asked[:30]:  # load models, fill pages
                memory.search(question, space="one")
            for question in asked[30:]:
                result = memory.search(question, space="one")
                times.take(result)
                for stage, took in result.timings.items():
                    stages.setdefault(stage, []).append(took)
    yardstick = Yardstick(OnnxEmbedder(), {str(i): f"{m['name']}: {m['content']}" for i, m in enumerate(messages)})
    for question in asked:
        yardstick.ranked(question, times)
    medians = {stage: round(statistics.median(values), 3) for stage, values in stages.items()}
    return {
        "benchmark": "latency",
        "episodes": stored.episodes,
        "facts": stored.facts,
        "ms": times.summary(),
        "stages_p50": medians,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("dataset", type=Path, nargs="?", help="a LoCoMo file; default: generated talk")
    parser.add_argument("--episodes", type=int, default=6000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write the figures there")
    chosen = parser.parse_args(arguments)
    dataset = json.loads(chosen.dataset.read_text(encoding="utf-8")) if chosen.dataset else None
    figures = run(dataset, chosen.episodes, chosen.questions)
    print(json.dumps(figures, indent=2))
    if chosen.json:
        write_result(chosen.json, figures)


if __name__ == "__main__":
    main()

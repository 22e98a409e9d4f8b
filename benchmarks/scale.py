"""Latency and memory of search in large stores, beside numpy over the same vectors.

    python -m benchmarks.scale [--facts 10000 100000] [--spaces 100] [--questions 200] [--json RESULT.json]
        [--keep FOLDER] [--one-up-to 100000]

For each size one store of many spaces, one of them ten times as large as the others, and one store with a single
space. Facts are explicit ones about things whose degrees follow Zipf's law, as the words of their sentences do. Vectors
come from the hashing embedder in 384 dimensions, so that filling the store takes minutes and not hours, and are turned
by one random rotation, which keeps their cosines and makes them dense, as those of a model are. What is measured, the
engine's time without embedding, does not depend on who made them. The questions name two of the entities.
The yardstick multiplies a question with as many vectors as the largest space has facts, and sorts.

With ``--keep``, stores are filled once into FOLDER (a million facts take three quarters of an hour) and used again.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from benchmarks.results import write_result
from numpy.typing import NDArray

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.settings import load_settings

T = TypeVar("T")

_DIMENSION = 384
_BATCH = 2_000
_PREDICATES = ("LIKES", "KNOWS", "WORKS_WITH", "VISITED", "OWNS", "READS", "PLAYS", "LIVES_NEAR", "TALKED_ABOUT")
_SYLLABLES = ("ba", "co", "di", "fu", "ga", "le", "mi", "no", "pa", "ri", "so", "ta", "ve", "zu", "ka", "jo")


def _word(number: int, least: int = 2) -> str:
    """A word of its own for each number."""
    parts = []
    while number or len(parts) < least:
        number, digit = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[digit])
    return "".join(parts)


class _Zipf:
    """Numbers from 0 whose frequencies fall as 1/rank."""

    def __init__(self, size: int, pick: random.Random) -> None:
        self._weights = np.cumsum(1.0 / np.arange(1, size + 1)).tolist()
        self._numbers = range(size)
        self._pick = pick

    def draw(self, count: int) -> list[int]:
        return self._pick.choices(self._numbers, cum_weights=self._weights, k=count)


def facts_of(count: int, pick: random.Random) -> Iterator[dict[str, str]]:
    """Facts with their sentences."""
    entities, words = _Zipf(max(50, count // 4), pick), _Zipf(20_000, pick)
    for number in range(count):
        subject, object_ = (f"{_word(n + 40, 3)}".capitalize() for n in entities.draw(2))
        predicate = pick.choice(_PREDICATES)
        said = " ".join(_word(n) for n in words.draw(6))
        verb = predicate.lower().replace("_", " ")
        yield {
            "subject": subject,
            "predicate": predicate,
            "object": object_ if object_ != subject else f"{object_}s",
            "text": f"{subject} {verb} {object_}: {said} ({number})",
        }


class _DenseHashing:
    """The hashing embedder's vectors, all turned by the same random rotation."""

    def __init__(self) -> None:
        self._hashing = HashingEmbedder(_DIMENSION)
        turned = np.random.default_rng(5).standard_normal((_DIMENSION, _DIMENSION))
        self._rotation = np.linalg.qr(turned)[0].astype(np.float32)
        self.name = f"rotated-{self._hashing.name}"
        self.dimension = _DIMENSION
        self.embeds_in_turn = self._hashing.embeds_in_turn

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._hashing.embed_documents(texts) @ self._rotation

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_documents(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._hashing.count_tokens(texts)


def open_memory(path: Path) -> Memory:
    """A memory without an extractor, whose vectors cost next to nothing."""
    settings = load_settings(extractor={"kind": "none"})
    return Memory(path, settings=settings, embedder=_DenseHashing())


def fill(path: Path, sizes: dict[str, int]) -> None:
    """Store so many facts in each space."""
    pick = random.Random(7)
    with open_memory(path) as memory:
        for space, size in sizes.items():
            facts = facts_of(size, pick)
            while batch := list(islice(facts, _BATCH)):
                memory.add_facts(batch, space=space)


def sizes_of(facts: int, spaces: int) -> dict[str, int]:
    """How many facts each space gets: the first ten times as many as the others."""
    share = max(1, facts // (spaces + 9))
    return {"space/0": 10 * share} | {f"space/{i}": share for i in range(1, spaces)}


def questions_of(count: int) -> list[str]:
    """Questions that name two of the commonest entities."""
    pick = random.Random(3)
    entities = _Zipf(50, pick)
    pairs = ((f"{_word(n + 40, 3)}".capitalize() for n in entities.draw(2)) for _ in range(count))
    return [f"What does {one} like, and does it know {two}? {i}" for i, (one, two) in enumerate(pairs)]


def vectors_like(facts: int, path: Path) -> None:
    """Write as many random vectors as a space has facts to a file of numpy."""
    np.save(path, np.random.default_rng(1).standard_normal((facts, _DIMENSION), dtype=np.float32))


def measure(path: Path, spaces: list[str], questions: int) -> dict[str, Any]:
    """Milliseconds of searches, each space in turn, from a fresh start."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with open_memory(path) as memory:
        memory.search("what does anybody like?", space=spaces[0])
        first = (time.perf_counter() - started) * 1000.0
        for space in spaces:  # load their vectors
            memory.search("who knows whom?", space=space)
        engine = []
        for number, question in enumerate(questions_of(questions)):
            result = memory.search(question, space=spaces[number % len(spaces)])
            engine.append(result.timings["engine"])
    return {
        "first_answer_ms": round(first, 1),
        "engine_p50": round(statistics.median(engine), 3),
        "engine_p95": round(float(np.percentile(engine, 95)), 3),
        "peak_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
    }


def yardstick(facts: int, questions: int) -> float:
    """Milliseconds of the bare multiplication and sorting, p50, over so many vectors."""
    vectors = np.random.default_rng(1).standard_normal((facts, _DIMENSION), dtype=np.float32)
    took = []
    for query in vectors[:questions]:
        started = time.perf_counter()
        scores = vectors @ query
        np.argsort(-scores, kind="stable")[:120]
        took.append((time.perf_counter() - started) * 1000.0)
    return round(statistics.median(took), 3)


def _apart(function: Callable[..., T], *arguments: Any) -> T:
    """What the function returns in a process of its own, whose memory nothing else has used before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def run(facts: int, spaces: int, questions: int, *, one: bool = True, keep: Path | None = None) -> dict[str, Any]:
    """One size in many spaces and, with ``one``, in one."""
    figures: dict[str, Any] = {"facts": facts}
    layouts = {"many_spaces": sizes_of(facts, spaces)} | ({"one_space": {"one": facts}} if one else {})
    for name, sizes in layouts.items():
        with tempfile.TemporaryDirectory(dir=keep) as folder:
            filled = Path(folder) / "scale.db"
            path = filled if keep is None else keep / f"scale_{facts}_{name.partition('_')[0]}.db"
            took: dict[str, float] = {}
            if not path.exists():
                started = time.perf_counter()
                fill(filled, sizes)
                took = {"fill_s": round(time.perf_counter() - started, 1)}
                filled.replace(path)  # whole, or not there
            # A quarter of the questions go to the large space, as a quarter of the use would.
            asked = [*list(sizes)[1:], *["space/0"] * (len(sizes) // 4)] if len(sizes) > 1 else list(sizes)
            figures[name] = {
                "spaces": len(sizes),
                **took,
                "file_mb": round(path.stat().st_size / 1e6),
                **_apart(measure, path, asked, questions),
                "numpy_p50": _apart(yardstick, max(sizes.values()), min(questions, facts)),
            }
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--facts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--spaces", type=int, default=100)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--one-up-to", type=int, default=100_000, help="larger stores only in many spaces")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the stores there, and use those that are")
    parser.add_argument("--json", type=Path, help="write the figures there")
    chosen = parser.parse_args(arguments)
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
    figures = []
    for facts in chosen.facts:
        one = facts <= chosen.one_up_to
        figures.append(run(facts, chosen.spaces, chosen.questions, one=one, keep=chosen.keep))
        print(json.dumps(figures[-1], indent=2), flush=True)
    if chosen.json:
        write_result(chosen.json, {"benchmark": "scale", "sizes": figures})


if __name__ == "__main__":
    main()

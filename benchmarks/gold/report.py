"""Print scores as one table, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.gold.errors import classify
from benchmarks.gold.scoring import Ratio, Result, Score, f1

TARGETS = {
    "facts precision, strict": ">= .85",
    "facts recall, strict": ">= .65",
    "coreference": ">= .85",
    "time": ">= .90",
    "junk, of stored": "<= 10 %",
    "over-invalidated": "<= 2 %",
}


def rows(score: Score) -> dict[str, float | int | Ratio | None]:
    """Every line of the table: a share, a count, or a ratio that is shown with what it is of."""
    return {
        "turns": score.turns,
        "facts asked for": score.strict_recall.of,
        "facts stored": score.stored,
        "facts precision, strict": score.strict_precision.share,
        "facts recall, strict": score.strict_recall.share,
        "facts F1, strict": f1(score.strict_precision, score.strict_recall),
        "facts precision, lenient": score.lenient_precision.share,
        "facts recall, lenient": score.lenient_recall.share,
        "facts F1, lenient": f1(score.lenient_precision, score.lenient_recall),
        "silence kept": score.silence,
        "coreference": score.coreference,
        "  I, we": score.speaker,
        "  she, my sister": score.others,
        "  of all asked for": score.resolved,
        "time": score.time,
        "  dates of all asked for": score.dated,
        "polarity": score.polarity,
        "denials found": score.denials,
        "modality": score.modality,
        "category": score.category,
        "junk, of stored": Ratio(score.junk, score.stored),
        "junk, a turn": score.junk / score.turns if score.turns else None,
        "repeated": score.repeated,
        "over-invalidated": score.over_closed,
        "missed closings": score.left_open,
        "closed by the right turn": score.closed_by,
        "contradictions standing": score.standing,
        "clashes of cardinality": score.clashes,
        "entities mixed up": score.mixed_up,
        "entities doubled": score.doubled,
        "turns not learned from": score.pending,
    }


def table(results: Sequence[Result]) -> str:
    """The table: all conversations, the target, those to look at, those to check with, then each by itself."""
    parts = {
        "all": results,
        "to look at": [result for result in results if not result.conversation.check],
        "to check": [result for result in results if result.conversation.check],
    }
    scores = {name: sum((result.score for result in part), Score()) for name, part in parts.items() if part}
    scores |= {result.conversation.name: result.score for result in results}
    columns = [rows(score) for score in scores.values()]
    lines = [["", "all", "target", *list(scores)[1:]]]
    for label in columns[0]:
        first, *others = (_cell(column[label]) for column in columns)
        lines.append([label, first, TARGETS.get(label, ""), *others])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([head.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))]).rstrip()
        for head, *rest in lines
    )


def _cell(value: float | int | Ratio | None) -> str:
    if isinstance(value, Ratio):
        return "-" if value.share is None else f"{_share(value.share)} {value.right}/{value.of}"
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else _share(value)


def _share(value: float) -> str:
    return "1.00" if value >= 0.995 else f"{value:.2f}".removeprefix("0")


def errors(results: Sequence[Result], *, examples: int = 0) -> str:
    """The classes of errors, the most frequent first, each with up to ``examples`` of them to look at."""
    found = [(name, told, result.conversation.check) for result in results for name, told in classify(result)]
    lines = []
    for name, count in Counter(name for name, *_ in found).most_common():
        lines.append(f"{count:4}  {name}")
        lines += [f"        {told}" for kind, told, check in found if kind == name and not check][:examples]
    return "\n".join(lines)


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """All figures, and every error to look at with its class."""

    def plain(score: Score) -> dict[str, Any]:
        return {
            label.strip(): {"right": v.right, "of": v.of, "share": v.share} if isinstance(v, Ratio) else v
            for label, v in rows(score).items()
        }

    return {
        "all": plain(sum((result.score for result in results), Score())),
        "conversations": {result.conversation.name: plain(result.score) for result in results},
        "errors": [
            {"class": name, "error": told}
            for result in results
            if not result.conversation.check
            for name, told in classify(result)
        ],
    }

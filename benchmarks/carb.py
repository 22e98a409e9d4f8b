"""Score tuples of open information extraction as CaRB does: tokens of relation and arguments, matched one to one.

Bhardwaj, Aggarwal and Mausam, "CaRB: A Crowdsourced Benchmark for Open IE", EMNLP 2019. A pair of tuples scores token
precision and recall over relation, first argument and the others joined; nothing where the relations share no token.
Per sentence, precision pairs tuples greedily one to one; recall takes the best prediction for each gold tuple.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

_BE: Final = frozenset({"be", "is", "am", "are", "was", "were", "been", "being"})
_SPEECH: Final = ("said", "told", "added", "adds", "says")


@dataclass(frozen=True, slots=True)
class GoldTuple:
    """A relation and its arguments, tokens between blanks."""

    relation: str
    arguments: list[str]


@dataclass(frozen=True, slots=True)
class PredictedTuple(GoldTuple):
    """The same with a confidence."""

    confidence: float = field(default=1.0)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 at the threshold with the best F1, and the area under the curve."""

    precision: float
    recall: float
    f1: float
    auc: float
    threshold: float

    def __str__(self) -> str:
        figures = f"P {self.precision:.3f} R {self.recall:.3f} F1 {self.f1:.3f} AUC {self.auc:.3f}"
        return f"{figures} (confidence {self.threshold:.2f} and above)"


def _parts(row: GoldTuple) -> list[list[str]]:
    arguments = row.arguments
    joined = [arguments[0], " ".join(arguments[1:])] if len(arguments) >= 2 else arguments
    return [row.relation.split(), *(part.split() for part in joined)]


def _pair(gold: list[list[str]], predicted: list[list[str]]) -> tuple[float, float]:
    shared = Counter(gold[0]) & Counter(predicted[0])
    hits = shared.total()
    if "be" in Counter(predicted[0]) - shared and _BE & set(gold[0]):
        hits += 1
    if not hits or len(predicted) < len(gold):
        return 0.0, 0.0
    said, wanted = len(predicted[0]), len(gold[0])
    for one, other in zip(gold[1:], predicted[1:], strict=False):
        hits += (Counter(one) & Counter(other)).total()
        said, wanted = said + len(other), wanted + len(one)
    return hits / said, hits / wanted


def match(gold: GoldTuple, predicted: GoldTuple) -> tuple[float, float]:
    """Token precision and recall of a predicted tuple; who said and what was said may stand the other way round."""
    one, other = _parts(gold), _parts(predicted)
    best = _pair(one, other)
    if any(verb in gold.relation for verb in _SPEECH) and len(other) == 3:
        best = max(best, _pair(one, [other[0], other[2], other[1]]))
    return best


def score(gold: dict[str, list[GoldTuple]], predicted: dict[str, list[PredictedTuple]]) -> Score:
    """The figures over all sentences of ``gold``. ``ValueError`` when nothing was predicted."""
    thresholds = sorted({row.confidence for rows in predicted.values() for row in rows}, reverse=True)
    if not thresholds:
        raise ValueError("nothing was predicted, so there is nothing to score")
    matches = {
        sentence: [[match(one, row) for row in predicted.get(sentence, [])] for one in golds]
        for sentence, golds in gold.items()
    }
    curve = []
    for threshold in thresholds:
        precision, recall = _at(threshold, gold, predicted, matches)
        total = precision + recall
        curve.append((recall, precision, 2 * precision * recall / total if total else 0.0, threshold))
    points = [(0.0, 1.0), *((recall, precision) for recall, precision, _, _ in curve)]
    area = sum((r1 - r0) * (p0 + p1) / 2 for (r0, p0), (r1, p1) in pairwise(points))
    recall, precision, f1, threshold = max(curve, key=lambda point: point[2])
    return Score(precision, recall, f1, area, threshold)


_Matches = dict[str, list[list[tuple[float, float]]]]


def _at(
    threshold: float,
    gold: dict[str, list[GoldTuple]],
    predicted: dict[str, list[PredictedTuple]],
    matches: _Matches,
) -> tuple[float, float]:
    hits = said = found = wanted = 0.0
    for sentence, golds in gold.items():
        keep = [i for i, row in enumerate(predicted.get(sentence, [])) if row.confidence >= threshold]
        wanted, said = wanted + len(golds), said + len(keep)
        if not keep:
            continue
        table = matches[sentence]
        found += sum(max(row[i][1] for i in keep) for row in table)
        rows, columns = set(range(len(golds))), set(keep)
        while rows and columns:
            i, j = max(((i, j) for i in sorted(rows) for j in sorted(columns)), key=lambda ij: table[ij[0]][ij[1]][0])
            hits += table[i][j][0]
            rows.remove(i)
            columns.remove(j)
    return (hits / said if said else 1.0), (found / wanted if wanted else 0.0)

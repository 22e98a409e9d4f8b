"""Near-equal names: "MGM" and "MGM Studios", "United States" and "USA" may well be one thing.

Resolution merges what it is sure of. What it is not stays two entities, and a question that enters the graph at one of
them would miss what is said of the other; so the spread goes from one to the other, the nearer their names, the more.
These are the synonymy edges of HippoRAG (Gutiérrez et al., NeurIPS 2024), made for the candidates of a question only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.candidates import Candidates
from factloom.retrieval.first_look import Scope
from factloom.retrieval.graph_signal import SEED_FACTS

if TYPE_CHECKING:
    from factloom.schemas.ports import VectorIndex

NEAR: Final = 0.75
"""Cosine of two names from which they are joined; an edge weighs nothing there, and at 1 as much as a fact. By
all-MiniLM-L6-v2 "United States" and "USA" are at 0.87, names that are only of one kind ("Lake Como", "Lake Garda") at
0.57, and so is a name and what it is short for ("MGM", "Metro-Goldwyn-Mayer"), which is not found this way."""

_MOST: Final = 4
"""Names that one is joined with: of a large family of names, the nearest."""


def near_names(found: Candidates, scope: Scope, index: VectorIndex) -> list[tuple[int, int, float]]:
    """Pairs of candidate entities (refs) with near-equal names, and the weight of each pair's edge, over 0 to 1.

    One of each pair stands at an end of the facts nearest to the question. Only where documents answer: in talk, few
    things are spoken of, and its turns lead to one another (see `SPREAD_LIMITS`).
    """
    around = found.around.entities
    facts = found.nearest_facts(SEED_FACTS) if found.documents else []
    ends = sorted({end for fact in facts for end in (fact.subject, fact.object) if end in around})
    if not ends:
        return []
    spaces, known = scope.spaces, scope.sequences
    vectors = index.vectors(np.array(ends, np.int64), kind="entity", spaces=spaces, sequences=known)
    there = ~np.isnan(vectors).any(axis=1) if vectors.size else np.zeros(len(ends), bool)
    if not there.any():
        return []
    refs = np.array(list(around), np.int64)  # ascending
    cosines = index.similarity(vectors[there], refs, kind="entity", spaces=spaces, sequences=known)
    pairs: dict[tuple[int, int], float] = {}
    for end, row in zip(np.array(ends)[there].tolist(), np.nan_to_num(cosines, nan=-1.0), strict=True):
        row[np.searchsorted(refs, end)] = -1.0  # itself
        nearest = np.argsort(-row, kind="stable")[:_MOST]
        for at in nearest[row[nearest] > NEAR].tolist():
            other = int(refs[at])
            pairs[min(end, other), max(end, other)] = min(1.0, (float(row[at]) - NEAR) / (1.0 - NEAR))
    return [(one, other, weight) for (one, other), weight in sorted(pairs.items())]

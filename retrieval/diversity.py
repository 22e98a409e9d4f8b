"""Lists: evidence for every item, not five versions of one. The first places of the order, spread out.

After maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): the next place goes to the hit whose score, less
what those before it have said already, is highest. What a hit says are its words that are not the question's, and the
entities that its facts are about; each counts by how few of the hits have it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence, Set
from typing import Final

import numpy as np

from factloom.retrieval.analysis import STOP_WORDS

PLACES: Final = 20
"""Places that are spread out; what follows keeps its order. Each costs its reading, whatever page is asked for."""

PENALTY: Final = 0.3
"""What a hit loses that says nothing new: most of what its nearness to the question was worth."""

FREE: Final = 0.4
"""The share of a hit that may have been said before at no cost: turns about one topic share words."""

_STEM: Final = 6
_WORD: Final = re.compile(r"[^\W_]{2,}")


def spread_out(scores: Sequence[float], says: Sequence[Set[object]], floor: float) -> list[tuple[int, float]]:
    """The new order: positions in the old one, with what each loses (0 or less).

    The scores that are left never rise from one place to the next, and never fall under ``floor``.

    Args:
        scores: of the hits, best first.
        says: what each of them says, as words and entities.
        floor: the score of the first hit that keeps its place.
    """
    if PENALTY == 0.0 or len(scores) < 2:
        return [(position, 0.0) for position in range(len(scores))]
    repeated = _said_by_others(says)
    left, lost = list(scores), [0.0] * len(scores)
    waiting = list(range(len(scores)))
    order: list[tuple[int, float]] = []
    while waiting:
        chosen = max(waiting, key=lambda position: left[position])  # the first of equal ones
        waiting.remove(chosen)
        order.append((chosen, lost[chosen]))
        for position in waiting:
            loss = -PENALTY * repeated[position][chosen]
            if loss < lost[position]:
                lost[position] = max(loss, min(0.0, floor - scores[position]))
                left[position] = scores[position] + lost[position]
    return order


def words_said(text: str) -> set[str]:
    """The words of a text that say something, cut to where their endings begin: cheap, and enough to compare hits."""
    return {word[:_STEM] for word in _WORD.findall(text.lower()) if word not in STOP_WORDS}


def _said_by_others(says: Sequence[Set[object]]) -> list[list[float]]:
    """For each hit (row) the share of what it says that another (column) says too, from 0 at ``FREE`` to 1."""
    held_by = Counter(thing for things in says for thing in things)
    column = {thing: at for at, thing in enumerate(held_by)}
    weights = np.array([math.log1p(len(says) / count) for count in held_by.values()])
    holds = np.zeros((len(says), len(column)))
    for row, things in enumerate(says):
        holds[row, [column[thing] for thing in things]] = 1.0
    whole = holds @ weights
    shared = (holds * weights) @ holds.T / np.maximum(whole, 1e-9)[:, None]
    return ((shared - FREE) / (1.0 - FREE)).clip(0.0, 1.0).tolist()  # type: ignore[no-any-return]

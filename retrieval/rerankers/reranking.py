"""Reranking: a reranker asked about the first hits, and what happens when it fails or takes too long."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from factloom.retrieval.deadline import Deadline, TimeLimitPassed
from factloom.schemas.errors import ModelResponseError, ModelUnavailableError

if TYPE_CHECKING:
    from factloom.schemas.ports import Reranker

_log = logging.getLogger(__name__)

OnFailure = Literal["fallback", "error"]

CANDIDATES: Final = 30


class Reranking:
    """A reranker with the rules for using it.

    A service that is out of reach, or an answer that cannot be used, costs the search nothing but the new order:
    ``fallback`` keeps the one that there is, and says so. What does not go away by itself, a missing model, a refused
    key, a wrong setting, is raised always: silence would hide that nothing is ever reranked.

    Args:
        reranker: scores texts.
        candidates: how many of the first places it is asked about.
        on_failure: ``fallback``, or ``error``, which raises whatever went wrong.
    """

    def __init__(self, reranker: Reranker, *, candidates: int = CANDIDATES, on_failure: OnFailure = "fallback") -> None:
        self._reranker = reranker
        self._on_failure = on_failure
        self.candidates = candidates

    @property
    def name(self) -> str:
        """The reranker's name, for explanations."""
        return self._reranker.name

    def opinions(self, query: str, texts: Sequence[str], deadline: Deadline) -> list[float] | None:
        """One score per text, higher is better; None: there is none, keep the order.

        Raises:
            ModelError: it failed, and that is to be told or will not go away.
            ConfigurationError: it cannot be used as it is set up.
        """
        if not texts:
            return []
        try:
            return _checked(deadline.wait_for(lambda: self._reranker.rerank(query, texts)), len(texts), self.name)
        except TimeLimitPassed:
            return None
        except (ModelUnavailableError, ModelResponseError) as error:
            if self._on_failure == "error":
                raise
            _log.warning("the reranker failed, the order stays as it was: %s", error)
            return None


def _checked(scores: Sequence[float], wanted: int, name: str) -> list[float]:
    if len(scores) != wanted or not all(isinstance(s, (int, float)) and math.isfinite(s) for s in scores):
        raise ModelResponseError(f"the reranker {name} gave {len(scores)} scores for {wanted} texts, or not numbers")
    return [float(score) for score in scores]

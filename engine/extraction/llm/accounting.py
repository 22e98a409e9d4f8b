"""Accounting: what requests cost in tokens and money, and whose turn it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in whatever currency; None where it is not known."""

    prompt: float | None = None
    answer: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What services say a request used; those that say nothing count for nothing."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
        )

    def shares(self, weights: Sequence[int]) -> list[Usage]:
        """What each turn of a request is charged, in proportion to its weight; the shares add up to the whole."""
        prompt, completion, cached = (
            _apportioned(amount, weights) for amount in (self.prompt_tokens, self.completion_tokens, self.cached_tokens)
        )
        return [Usage(*amounts) for amounts in zip(prompt, completion, cached, strict=True)]

    def as_dict(self, prices: Prices) -> dict[str, float]:
        """For an episode: counts, and the cost if prices are known; empty if nothing was used or told.

        Cached tokens are charged like the others.
        """
        if self == Usage():
            return {}
        told: dict[str, float] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }
        if self.cached_tokens:
            told["cached_tokens"] = self.cached_tokens
        if prices.prompt is not None or prices.answer is not None:
            cost = self.prompt_tokens * (prices.prompt or 0.0) + self.completion_tokens * (prices.answer or 0.0)
            told["cost"] = round(cost / 1e6, 9)
        return told


def _apportioned(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers in proportion to ``weights`` that add up to ``amount``: cumulative sums are rounded down."""
    total = sum(weights) or 1
    bounds = [0]
    reached = 0
    for weight in weights:
        reached += weight
        bounds.append(amount * reached // total)
    return [after - before for before, after in pairwise(bounds)]


def usage_of(completion: object) -> Usage:
    """What a completion says it used; a field that is missing or no number counts as none."""
    usage = getattr(completion, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    return Usage(
        _count(getattr(usage, "prompt_tokens", None)),
        _count(getattr(usage, "completion_tokens", None)),
        _count(getattr(details, "cached_tokens", None)),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0

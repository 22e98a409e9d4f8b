"""Facts as expansion reads them, and which of them a view sees.

A fact that was read once serves every view of the same state of the store, so that here, other than in all other reads
(`view_condition` of each store), it is Python that decides what is seen. The conformance suite holds them to one
meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from factloom.graph.stored_values import to_micros
from factloom.schemas.ports import FactNode

if TYPE_CHECKING:
    from factloom.schemas.queries import View


class StoredFact(NamedTuple):
    """A fact and what decides whether it is seen, in microseconds since 1970. ``since``: by which newer ones go first.

    ``dated``: it has, or had, any kind of end.
    """

    node: FactNode
    since: int
    dated: bool
    valid_at: int | None
    invalid_at: int | None
    expired_at: int | None
    expires_at: int | None


def stored_fact(row: Sequence[Any]) -> StoredFact:
    """A fact from ref, subject, object, predicate, category, valid, invalid, created and expired, confidence, support,
    the newest episodes, since when, and expires; times in microseconds.
    """
    (
        ref, subject, object_, predicate, category, valid, invalid, created, expired, confidence, support, episodes,
        since, expires,
    ) = row  # fmt: skip
    node = FactNode(
        ref,
        subject,
        object_,
        predicate,
        category,
        None if valid is None else valid / 1e6,
        None if invalid is None else invalid / 1e6,
        created / 1e6,
        None if expired is None else expired / 1e6,
        confidence,
        support,
        tuple(episodes),
    )
    dated = not (expired is None and invalid is None and expires is None)
    return StoredFact(node, since, dated, valid, invalid, expired, expires)


def best_first(fact: StoredFact) -> tuple[int, int, int]:
    """Sorts an entity's facts: by support, then newest, then ref."""
    return -fact.node.support, -fact.since, fact.node.ref


class Sight:
    """What one view sees: the facts that hold at its time, or had begun by then where it asks for history."""

    __slots__ = ("_at_a_time", "_history", "_now", "_time")

    def __init__(self, view: View) -> None:
        self._now = to_micros(view.now)
        self._time = to_micros(view.at or view.now)
        self._at_a_time = view.at is not None
        self._history = view.history

    def sees(self, fact: StoredFact) -> bool:
        """Whether the view sees a fact; plans count for the present, and not at another time."""
        if self._at_a_time and not self._has_begun(fact):
            return False
        if not fact.dated or self._history:
            return True
        return (
            fact.expired_at is None
            and (fact.expires_at is None or fact.expires_at > self._now)
            and (fact.invalid_at is None or fact.invalid_at > self._time)
        )

    def is_over(self, fact: StoredFact) -> bool:
        """Whether a fact had begun and ended before the time of the view."""
        return fact.dated and self._has_begun(fact) and not self.sees(fact)

    def _has_begun(self, fact: StoredFact) -> bool:
        return fact.valid_at is None or fact.valid_at <= self._time

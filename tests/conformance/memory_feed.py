"""A change feed in memory: the reference for what ``ChangeFeed`` means, and the store of index tests and benchmarks."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from factloom.schemas.ports import VectorChanges, VectorRows

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors


class _Stored(NamedTuple):
    sequence: int
    kind: str
    vectors: Vectors


class MemoryFeed:
    """Vectors by space and ref, each with the number of the write that put it there, and a log of removals.

    Numbers are per space and only grow. A write may put several records or remove several. A record that is replaced
    is told as added only; a store may tell it as removed as well.
    """

    def __init__(self, store_id: str = "a-store") -> None:
        self._id = store_id
        self._sequences: dict[str, int] = {}
        self._stored: dict[str, dict[int, _Stored]] = {}
        self._removed: dict[str, list[tuple[int, int]]] = {}
        self._lock = threading.Lock()
        self.calls: list[str] = []

    # --- writing ---

    def put(self, space: str, kind: str, records: Iterable[tuple[int, Vectors]]) -> None:
        """Store records in one write; one that is there already is replaced."""
        with self._lock:
            number = self._next(space)
            held = self._stored.setdefault(space, {})
            for ref, vectors in records:
                held[ref] = _Stored(number, kind, np.asarray(vectors, np.float32))

    def remove(self, space: str, refs: Iterable[int]) -> None:
        """Delete records in one write."""
        with self._lock:
            number = self._next(space)
            for ref in refs:
                if self._stored[space].pop(ref, None) is not None:
                    self._removed[space].append((number, ref))

    def _next(self, space: str) -> int:
        self._removed.setdefault(space, [])
        self._sequences[space] = self._sequences.get(space, 0) + 1
        return self._sequences[space]

    # --- the feed ---

    def sequence(self, space: str) -> int:
        with self._lock:
            return self._sequences.get(space, 0)

    def vector_changes(self, space: str, *, after: int, limit: int = 20_000) -> VectorChanges:
        with self._lock:
            self.calls.append(space)
            last = self._sequences.get(space, 0)
            newer = sorted(
                ((s.sequence, ref, s) for ref, s in self._stored.get(space, {}).items() if s.sequence > after),
                key=lambda item: item[:2],
            )
            upto = _last_write_within(newer, last, limit)
            removed = {ref for number, ref in self._removed.get(space, ()) if after < number <= upto}
        taken = [(ref, stored) for number, ref, stored in newer if number <= upto]
        return VectorChanges(
            removed=np.array(sorted(removed) if after else [], np.int64),
            added=VectorRows(
                refs=_column((ref for ref, s in taken for _ in s.vectors)),
                parts=_column((part for _, s in taken for part in range(len(s.vectors)))),
                kinds=[s.kind for _, s in taken for _ in s.vectors],
                vectors=np.concatenate([s.vectors for _, s in taken]) if taken else np.empty((0, 0), np.float32),
            ),
            sequence=upto,
            complete=upto == last,
        )

    def vector_spaces(self) -> list[str]:
        with self._lock:
            return sorted(self._sequences)

    def vector_count(self) -> int:
        with self._lock:
            return sum(len(stored.vectors) for space in self._stored.values() for stored in space.values())

    def store_id(self) -> str:
        return self._id


def _last_write_within(newer: list[tuple[int, int, _Stored]], last: int, limit: int) -> int:
    """The last write up to which there are at most ``limit`` rows, but at least the first one."""
    rows = 0
    for i, (number, _, stored) in enumerate(newer):
        rows += len(stored.vectors)
        if rows > limit and number != newer[0][0]:
            # Whole writes only: end before the write that went over.
            return max(before for before, _, _ in newer[:i] if before < number)
    return last


def _column(values: Iterable[int]) -> Refs:
    return np.fromiter(values, np.int64)

"""The map from records to the rows that hold their vectors: sorted arrays, 12 bytes for each record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

MAPPED_BYTES: Final = 12
"""What a record's first part costs; further parts are few, and cost about ten times as much."""


class RowMap:
    """The row of each record's part 0, and the rows of its other parts.

    Most additions are of the newest records and are put at the end; anything else rewrites the arrays, which takes
    about a millisecond for a million records.
    """

    __slots__ = ("_others", "_refs", "_rows")

    def __init__(self, refs: Refs, parts: NDArray[np.int32]) -> None:
        """Row i holds part ``parts[i]`` of record ``refs[i]``."""
        self._refs: Refs = np.empty(0, np.int64)
        self._rows: NDArray[np.int32] = np.empty(0, np.int32)
        self._others: dict[int, list[int]] = {}
        self.add(refs, parts, 0)

    def whole_rows(self, refs: Refs) -> Refs:
        """The row of part 0 of each record, -1 where there is none."""
        if not len(self._refs):
            return np.full(len(refs), -1, np.int64)
        at = np.searchsorted(self._refs, refs)
        at[at == len(self._refs)] = 0
        return np.where(self._refs[at] == refs, self._rows[at], -1).astype(np.int64)

    def all_rows(self, refs: Refs) -> Refs:
        """The rows of all parts of these records, in no particular order."""
        whole = self.whole_rows(refs)
        found: Refs = whole[whole >= 0]
        if self._others:
            others = [row for ref in refs.tolist() if ref in self._others for row in self._others[ref]]
            found = np.concatenate((found, np.array(others, np.int64)))
        return found

    def add(self, refs: Refs, parts: NDArray[np.int32], start: int) -> None:
        """Note the rows from ``start`` on, of records that are not here yet."""
        is_whole = parts == 0
        rows = np.arange(start, start + len(refs), dtype=np.int32)
        new, new_rows = refs[is_whole], rows[is_whole]
        ascends = bool((new[1:] > new[:-1]).all()) and (not len(new) or not len(self._refs) or new[0] > self._refs[-1])
        self._refs, self._rows = np.concatenate((self._refs, new)), np.concatenate((self._rows, new_rows))
        if not ascends:
            order = np.argsort(self._refs, kind="stable")
            self._refs, self._rows = self._refs[order], self._rows[order]
        for ref, row in zip(refs[~is_whole].tolist(), rows[~is_whole].tolist(), strict=True):
            self._others.setdefault(ref, []).append(row)

    def remove(self, refs: Refs) -> None:
        """Forget these records."""
        kept = np.isin(self._refs, refs, invert=True)
        self._refs, self._rows = self._refs[kept], self._rows[kept]
        for ref in refs.tolist():
            self._others.pop(ref, None)

    def move(self, refs: Refs, parts: NDArray[np.int32], old: Refs, new: Refs) -> None:
        """Note that part ``parts[i]`` of record ``refs[i]`` moves from row ``old[i]`` to ``new[i]``."""
        is_whole = parts == 0
        self._rows[np.searchsorted(self._refs, refs[is_whole])] = new[is_whole]
        further = (array[~is_whole].tolist() for array in (refs, old, new))
        for ref, before, after in zip(*further, strict=True):
            rows = self._others[ref]
            rows[rows.index(before)] = after

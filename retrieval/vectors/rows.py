"""Rows: the vectors of one kind in one space, contiguous and without gaps, with the record and part of each.

A removed row is filled with the last one, so that no dead row is ever scanned, there is nothing to compact, and
what was deleted is overwritten at once. The order of the rows therefore means nothing; ranking orders by ref.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.vectors.sketches import SKETCHED, Sketches, can_be_sketched, sketch

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

_MAPPING_BYTES: Final = 110
"""About what a row costs in the map from refs to rows (a dictionary entry and two integers, measured)."""

_SMALLEST_SPARE: Final = 1024
"""Rows from which spare room is made at once: it costs nothing where the system gives memory when it is touched."""


class _Mapped(NamedTuple):
    """The row of each record's part 0, and the rows of its other parts."""

    whole: dict[int, int]
    others: dict[int, list[int]]


class Rows:
    """Growable arrays; ``vectors[i]`` is part ``parts[i]`` of record ``refs[i]``, for i < ``count``.

    Not thread-safe: ``Block`` guards it. The map from refs to rows and the sketches are made at their first use.
    """

    __slots__ = ("_mapped", "_newest", "_sketches", "_unfit", "count", "extra", "parts", "refs", "vectors")

    def __init__(self, dimension: int) -> None:
        """No rows so far."""
        self.refs: Refs = np.empty(0, np.int64)
        self.parts: NDArray[np.int32] = np.empty(0, np.int32)
        self.vectors: Vectors = np.empty((0, dimension), np.float32)
        self.count = 0
        self.extra = 0
        self._newest = -1
        self._mapped: _Mapped | None = None
        self._sketches: Sketches | None = None
        self._unfit = 0  # so many rows could not be sketched; looked at again when they have doubled

    def fill(self, count: int, read: Callable[[NDArray[Any]], None]) -> None:
        """Take in ``count`` first rows from where ``read`` puts refs, then parts, then vectors into the array given.

        An array is not made twice that way; a snapshot is read into its place.
        """
        self.reserve(count)
        for array in (self.refs, self.parts, self.vectors):
            read(array[:count])
        self.count = count
        self.extra = int(np.count_nonzero(self.parts[:count]))
        self._newest = int(self.refs[:count].max(initial=-1))

    @property
    def nbytes(self) -> int:
        """Memory that is in use; spare room is not, as it is never touched."""
        per_row: int = 4 * self.vectors.shape[1] + 12 + (_MAPPING_BYTES if self._mapped is not None else 0)
        if self._sketches is not None:
            per_row += self._sketches.shape[1]
        return self.count * per_row

    @property
    def sketches(self) -> Sketches | None:
        """The sketches of all rows; None while there are few, or if their vectors cannot be sketched.

        Readers may make them at the same time; each assigns the same, and whole.
        """
        if self.count < max(SKETCHED, 2 * self._unfit):
            return None
        made = self._sketches
        if made is None:
            if not can_be_sketched(self.vectors[: self.count]):
                self._unfit = self.count
                return None
            made = np.empty((len(self.refs), -(-self.vectors.shape[1] // 8)), np.uint8)
            made[: self.count] = sketch(self.vectors[: self.count])
            self._sketches = made
        return made[: self.count]

    def whole_rows(self, refs: Refs) -> Refs:
        """The row of part 0 of each record, -1 where there is none."""
        whole, _ = self._mapping()
        return np.fromiter(map(whole.get, refs.tolist(), repeat(-1)), np.int64, len(refs))

    def all_rows(self, refs: Refs) -> Refs:
        """The rows of all parts of these records, in no particular order."""
        whole, others = self._mapping()
        wanted = refs.tolist()
        found = [whole[ref] for ref in wanted if ref in whole]
        if others:
            found += [row for ref in wanted if ref in others for row in others[ref]]
        return np.array(found, np.int64)

    def holds_any(self, refs: Refs) -> bool:
        """Whether any of these records may be here, without making the map when their refs are all newer."""
        if not self.count or not len(refs):
            return False
        if refs.min() > self._newest:
            return False
        whole, others = self._mapping()
        return any(ref in whole or ref in others for ref in refs.tolist())

    def remove(self, refs: Refs) -> None:
        """Forget these records; those that are not here are ignored."""
        if not self.holds_any(refs):
            return
        refs = np.unique(refs)
        dead = np.sort(self.all_rows(refs))
        kept = self.count - len(dead)
        holes = dead[dead < kept]
        tail = np.arange(kept, self.count)
        movers = tail[~np.isin(tail, dead)]
        self.extra -= int(np.count_nonzero(self.parts[dead]))
        self._unmap(refs)
        self._remap(movers, holes)
        sketches = () if self._sketches is None else (self._sketches,)
        for array in (self.refs, self.parts, self.vectors, *sketches):
            array[holes] = array[movers]
        for array in (self.vectors, *sketches):
            array[kept : self.count] = 0
        self.count = kept
        if len(self.refs) > _SMALLEST_SPARE and kept < len(self.refs) // 4:
            self._resize(kept)

    def reserve(self, more: int) -> None:
        """Have room for so many rows more. Those that are here stay as they are, so readers need not be kept out."""
        needed = self.count + more
        if needed > len(self.refs):
            small = not self.count and needed < _SMALLEST_SPARE
            self._resize(needed if small else needed * 3 // 2)

    def append(self, refs: Refs, parts: NDArray[np.int32], vectors: Vectors) -> None:
        """Take in rows of records that are not here yet."""
        self.reserve(len(refs))
        start, end = self.count, self.count + len(refs)
        self.refs[start:end] = refs
        self.parts[start:end] = parts
        self.vectors[start:end] = vectors
        if self._sketches is not None and len(self._sketches) < end:
            self._sketches = None  # a reader made them while room was made, as long as the old room
        if self._sketches is not None:
            self._sketches[start:end] = sketch(vectors)
        self.count = end
        self.extra += int(np.count_nonzero(parts))
        self._newest = max(self._newest, int(refs.max(initial=-1)))
        if self._mapped is not None:
            _extend(self._mapped, refs, parts, start)

    def _resize(self, capacity: int) -> None:
        for name in ("refs", "parts", "vectors", "_sketches"):
            old = getattr(self, name)
            if old is None:
                continue
            made = np.empty((capacity, *old.shape[1:]), old.dtype)
            made[: self.count] = old[: self.count]
            setattr(self, name, made)

    def _mapping(self) -> _Mapped:
        """Where each record's rows are. Readers may make it at the same time; each assigns the same, and whole."""
        if self._mapped is None:
            made = _Mapped({}, {})
            _extend(made, self.refs[: self.count], self.parts[: self.count], 0)
            self._mapped = made
        return self._mapped

    def _unmap(self, refs: Refs) -> None:
        whole, others = self._mapping()
        for ref in refs.tolist():
            whole.pop(ref, None)
            others.pop(ref, None)

    def _remap(self, movers: Refs, holes: Refs) -> None:
        """Note that the rows ``movers`` are about to move to ``holes``."""
        whole, others = self._mapping()
        moving = (self.refs[movers], self.parts[movers], movers, holes)
        for ref, part, old, new in zip(*(array.tolist() for array in moving), strict=True):
            if part == 0:
                whole[ref] = new
            else:
                rows = others[ref]
                rows[rows.index(old)] = new


def _extend(mapped: _Mapped, refs: Refs, parts: NDArray[np.int32], start: int) -> None:
    """Note rows from ``start`` on."""
    is_whole = parts == 0
    rows = np.arange(start, start + len(refs))
    mapped.whole.update(zip(refs[is_whole].tolist(), rows[is_whole].tolist(), strict=True))
    for ref, row in zip(refs[~is_whole].tolist(), rows[~is_whole].tolist(), strict=True):
        mapped.others.setdefault(ref, []).append(row)

"""Rows: the vectors of one kind in one space, contiguous and without gaps, with the record and part of each.

A removed row is filled with the last one, so that no dead row is ever scanned, there is nothing to compact, and
what was deleted is overwritten at once. The order of the rows therefore means nothing; ranking orders by ref.

Packed rows hold a vector as 8-bit numbers and one factor, in about a quarter of the memory (see `packing`).

Rows of a snapshot stay where the file holds them until the first change, which takes them over into memory of their
own; until then each is checked when it is first looked at (see `row_checks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.vectors import kernels
from factloom.retrieval.vectors.packing import Scales, pack, unpack
from factloom.retrieval.vectors.row_checks import RowChecks
from factloom.retrieval.vectors.row_map import MAPPED_BYTES, RowMap
from factloom.retrieval.vectors.sketches import SKETCHED, Sketches, can_be_sketched, sketch, sketch_bytes

if TYPE_CHECKING:
    from factloom.retrieval.vectors.kernels import Proposal
    from factloom.schemas.ports import Refs, Vectors

_SMALLEST_SPARE: Final = 1024
"""Rows from which spare room is made at once: it costs nothing where the system gives memory when it is touched."""

_UNPACKED: Final = 256
"""Packed rows that are multiplied at a time: of 384 numbers they stay in a core's own cache, which is twice as fast."""

_PACKED: Final = 4_096
"""Rows that are packed at a time: 6 MB of 384 numbers."""


class Rows:
    """Growable arrays; ``vectors[i]`` is part ``parts[i]`` of record ``refs[i]``, for i < ``count``.

    Where they are packed, ``vectors`` holds 8-bit numbers and ``scales`` what each row is multiplied with; else
    ``vectors`` is float32 and ``scales`` None. Not thread-safe: ``Block`` guards it. The map from refs to rows and the
    sketches are made at their first use.
    """

    __slots__ = (
        *("_checks", "_map", "_newest", "_sketches", "_unfit"),
        *("count", "extra", "parts", "refs", "scales", "vectors"),
    )

    def __init__(self, dimension: int, *, packed: bool = False) -> None:
        """No rows so far."""
        self.refs: Refs = np.empty(0, np.int64)
        self.parts: NDArray[np.int32] = np.empty(0, np.int32)
        self.vectors: NDArray[Any] = np.empty((0, dimension), np.int8 if packed else np.float32)
        self.scales: Scales | None = np.empty(0, np.float32) if packed else None
        self.count = 0
        self.extra = 0
        self._newest = -1
        self._map: RowMap | None = None
        self._checks: RowChecks | None = None
        self._sketches: Sketches | None = None
        self._unfit = 0  # so many rows could not be sketched; looked at again when they have doubled

    @property
    def packed(self) -> bool:
        """Whether vectors are held as 8-bit numbers."""
        return self.scales is not None

    @classmethod
    def of(
        cls,
        refs: Refs,
        parts: NDArray[np.int32],
        vectors: NDArray[Any],
        scales: Scales | None,
        *,
        sketches: Sketches | None,
        checks: RowChecks,
    ) -> Rows:
        """Rows that are used where they are, which may be read-only; ``checks`` tell what the vectors should be."""
        rows = cls(vectors.shape[1], packed=scales is not None)
        rows.refs, rows.parts, rows.vectors, rows.scales = refs, parts, vectors, scales
        rows._sketches, rows._checks = sketches, checks
        rows.count = len(refs)
        rows.extra = int(np.count_nonzero(parts))
        rows._newest = int(refs.max(initial=-1))
        return rows

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What makes up the rows: refs, parts, vectors, and scales where they are packed."""
        held = (self.refs, self.parts, self.vectors)
        return held if self.scales is None else (*held, self.scales)

    def check_all(self) -> None:
        """See that rows of a file are what was written.

        Raises:
            DamagedRowsError: they are not. So does everything here that looks at vectors, or changes rows.
        """
        checks = self._checks
        if checks is not None:
            checks.check_all(self.vectors[: self.count])
            self._checks = None

    def pack(self) -> None:
        """Hold the rows as 8-bit numbers from now on."""
        if self.scales is None:
            self.check_all()
            scales = np.empty(len(self.refs), np.float32)
            codes = np.empty(self.vectors.shape, np.int8)
            for rows in self._slices():
                codes[rows], scales[rows] = pack(self.vectors[rows])
            self.vectors, self.scales, self._sketches = codes, scales, None
            self._own()

    @property
    def nbytes(self) -> int:
        """Memory that is in use; spare room is not, as it is never touched."""
        per_row = sum(array.itemsize * (array.shape[1] if array.ndim > 1 else 1) for array in self.arrays)
        if self._map is not None:
            per_row += MAPPED_BYTES
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
            self.check_all()
            if not can_be_sketched(self.vectors[: self.count]):
                self._unfit = self.count
                return None
            made = np.empty((len(self.refs), sketch_bytes(self.vectors.shape[1])), np.uint8)
            made[: self.count] = sketch(self.vectors[: self.count])
            self._sketches = made
        return made[: self.count]

    # --- comparing ---

    def nearest(self, queries: Vectors, k: int) -> Proposal:
        """The ``k`` best rows for each query; ``k`` is not more than ``count``."""
        self.check_all()
        if self.scales is None:
            return kernels.nearest(queries, self.vectors, self.count, k)
        everything = np.arange(self.count)
        return kernels.best_of(np.vstack([self._unpacked_products(query, everything) for query in queries]), k)

    def products(self, queries: Vectors, positions: Refs) -> Vectors:
        """Inner products, shape of ``positions``: of query i with the rows ``positions[i]``; -inf if one is negative.

        The same two vectors give the same bits, wherever they are stored and whatever else is asked.
        """
        if self.scales is None:
            if self._checks is not None:
                self._check(np.unique(positions))
            return kernels.products(queries, self.vectors, positions)
        made = [self._unpacked_products(query, chosen) for query, chosen in zip(queries, positions, strict=True)]
        return np.vstack(made) if made else np.empty(positions.shape, np.float32)

    def vectors_at(self, positions: Refs) -> Vectors:
        """The vectors of these rows, shape (positions, dimension)."""
        self._check(positions)
        if self.scales is None:
            chosen: Vectors = self.vectors[positions]
            return chosen
        return unpack(self.vectors[positions], self.scales[positions])

    def _check(self, positions: Refs) -> None:
        checks = self._checks
        if checks is not None:
            checks.check(self.vectors, positions)

    def _unpacked_products(self, query: Vectors, chosen: Refs) -> Vectors:
        """Inner products of ``query`` with packed rows; a row's factor is applied to its product, not to the row."""
        assert self.scales is not None
        self._check(chosen)
        made = np.empty(len(chosen), np.float32)
        for start in range(0, len(chosen), _UNPACKED):
            part = chosen[start : start + _UNPACKED]
            codes = self.vectors.take(part, axis=0).astype(np.float32)
            made[start : start + len(part)] = kernels.products(
                query[np.newaxis], codes, np.arange(len(part))[np.newaxis]
            )
        made *= self.scales.take(chosen)
        made[chosen < 0] = -np.inf
        return made

    def _slices(self) -> Iterator[slice]:
        return (slice(start, min(start + _PACKED, self.count)) for start in range(0, self.count, _PACKED))

    # --- which row is whose ---

    def whole_rows(self, refs: Refs) -> Refs:
        """The row of part 0 of each record, -1 where there is none."""
        return self._mapping().whole_rows(refs)

    def all_rows(self, refs: Refs) -> Refs:
        """The rows of all parts of these records, in no particular order."""
        return self._mapping().all_rows(refs)

    def holds_any(self, refs: Refs) -> bool:
        """Whether any of these records may be here, without making the map when their refs are all newer."""
        if not self.count or not len(refs):
            return False
        if refs.min() > self._newest:
            return False
        return len(self._mapping().all_rows(refs)) > 0

    def _mapping(self) -> RowMap:
        """Where each record's rows are. Readers may make it at the same time; each assigns the same, and whole."""
        made = self._map
        if made is None:
            made = self._map = RowMap(self.refs[: self.count], self.parts[: self.count])
        return made

    # --- changing ---

    def remove(self, refs: Refs) -> None:
        """Forget these records; those that are not here are ignored."""
        if not self.holds_any(refs):
            return
        self._own()
        refs = np.unique(refs)
        dead = np.sort(self.all_rows(refs))
        kept = self.count - len(dead)
        holes = dead[dead < kept]
        tail = np.arange(kept, self.count)
        movers = tail[~np.isin(tail, dead)]
        self.extra -= int(np.count_nonzero(self.parts[dead]))
        mapping = self._mapping()
        mapping.remove(refs)
        mapping.move(self.refs[movers], self.parts[movers], movers, holes)
        sketches = () if self._sketches is None else (self._sketches,)
        for array in (*self.arrays, *sketches):
            array[holes] = array[movers]
        for array in (*self.arrays[2:], *sketches):
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
        else:
            self._own()

    def append(self, refs: Refs, parts: NDArray[np.int32], vectors: Vectors) -> None:
        """Take in rows of records that are not here yet."""
        self.reserve(len(refs))
        start, end = self.count, self.count + len(refs)
        self.refs[start:end] = refs
        self.parts[start:end] = parts
        if self.scales is None:
            self.vectors[start:end] = vectors
        else:
            self.vectors[start:end], self.scales[start:end] = pack(vectors)
        if self._sketches is not None and len(self._sketches) < end:
            self._sketches = None  # a reader made them while room was made, as long as the old room
        if self._sketches is not None:
            self._sketches[start:end] = sketch(self.vectors[start:end])
        self.count = end
        self.extra += int(np.count_nonzero(parts))
        self._newest = max(self._newest, int(refs.max(initial=-1)))
        if self._map is not None:
            self._map.add(refs, parts, start)

    def _own(self) -> None:
        """Hold what is changed next in memory of our own; what a file or another holder sees stays as it is."""
        if not all(array.flags.writeable for array in self.arrays):
            self._resize(self.count)

    def _resize(self, capacity: int) -> None:
        self.check_all()
        for name in ("refs", "parts", "vectors", "scales", "_sketches"):
            old = getattr(self, name)
            if old is None:
                continue
            made = np.empty((capacity, *old.shape[1:]), old.dtype)
            made[: self.count] = old[: self.count]
            setattr(self, name, made)

"""A block: the vectors of one space, by kind, at one sequence number of the store's change feed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.vectors import ranking
from factloom.retrieval.vectors.read_write_lock import ReadWriteLock
from factloom.retrieval.vectors.rows import Rows
from factloom.schemas.errors import VectorIndexError

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, VectorChanges, VectorHits, VectorRows, Vectors


class Block:
    """Any number of threads search it; whoever holds ``following`` may change it, and readers wait meanwhile.

    ``sequence``: up to where the feed was followed. ``unsaved``: rows that changed since the snapshot was written or
    read. ``loaded``: it was looked whether there is a snapshot. ``packed``: vectors are held as 8-bit numbers.
    """

    __slots__ = ("_lock", "following", "kinds", "loaded", "packed", "sequence", "space", "unsaved")

    def __init__(self, space: str, *, packed: bool = False) -> None:
        self.space = space
        self.packed = packed
        self.kinds: dict[str, Rows] = {}
        self.sequence = 0
        self.unsaved = 0
        self.loaded = False
        self.following = threading.Lock()
        self._lock = ReadWriteLock()

    @property
    def rows(self) -> int:
        """Number of vectors."""
        return sum(rows.count for rows in self.kinds.values())

    @property
    def nbytes(self) -> int:
        """Memory in use."""
        return sum(rows.nbytes for rows in self.kinds.values())

    def search(self, queries: Vectors, *, kind: str, limit: int, among: Refs | None) -> list[VectorHits]:
        """The ``limit`` best records of ``kind`` for each query."""
        with self._lock.reading():
            rows = self.kinds.get(kind)
            if rows is None or not rows.count:
                return [ranking.no_hits()] * len(queries)
            if among is None:
                return ranking.search_rows(rows, queries, limit)
            return ranking.search_among(rows, queries, limit, among)

    def similarity(self, queries: Vectors, refs: Refs, *, kind: str, best: bool) -> Vectors | None:
        """Shape (queries, refs), NaN for records that are not here; None if the space has none of this kind."""
        with self._lock.reading():
            rows = self.kinds.get(kind)
            if rows is None or not rows.count:
                return None
            compare = ranking.similarity_best if best else ranking.similarity_whole
            return compare(rows, queries, refs)

    def put_vectors(self, refs: Refs, into: Vectors, *, kind: str) -> None:
        """Put the vectors of whole texts that are here ``into`` their places, shape (refs, dimension)."""
        with self._lock.reading():
            rows = self.kinds.get(kind)
            if rows is not None and rows.count:
                chosen = rows.whole_rows(refs)
                there = chosen >= 0
                into[there] = rows.vectors_at(chosen[there])

    def checked(self) -> Block:
        """The block, once every row is known to be what was written.

        Raises:
            DamagedRowsError: rows that a file holds are not. So does everything here that looks at vectors.
        """
        with self._lock.reading():
            for rows in self.kinds.values():
                rows.check_all()
        return self

    def adopt(self, kinds: dict[str, Rows], sequence: int) -> None:
        """Start from what a snapshot holds."""
        with self._lock.writing():
            self.kinds, self.sequence, self.unsaved = kinds, sequence, 0

    def apply(self, changes: VectorChanges, *, dimension: int, sequence: int) -> None:
        """Forget what was removed or is replaced, take in what was added, and be at ``sequence``."""
        added = _by_kind(changes.added, dimension)
        gone = np.union1d(changes.removed, changes.added.refs)
        made = {kind: Rows(dimension, packed=self.packed) for kind in added.keys() - self.kinds.keys()}
        for kind, (refs, _, _) in added.items():
            (self.kinds.get(kind) or made[kind]).reserve(len(refs))
        with self._lock.writing():
            for rows in self.kinds.values():
                rows.remove(gone)
            self.kinds.update(made)
            for kind, new in added.items():
                self.kinds[kind].append(*new)
            self.sequence = sequence
            self.unsaved += len(gone)


def _by_kind(added: VectorRows, dimension: int) -> dict[str, tuple[Refs, NDArray[np.int32], Vectors]]:
    """Refs, parts and vectors of each kind, checked.

    Raises:
        VectorIndexError: the feed's rows do not fit together, or are not what the index was made for.
    """
    refs = np.asarray(added.refs, np.int64)
    parts = np.asarray(added.parts, np.int32)
    vectors = np.asarray(added.vectors, np.float32)
    if not len(refs):
        return {}
    if vectors.ndim != 2 or not len(refs) == len(parts) == len(added.kinds) == len(vectors):
        raise VectorIndexError(
            f"the store gave {len(refs)} refs, {len(parts)} parts, {len(added.kinds)} kinds and vectors of shape "
            f"{vectors.shape}; they must be equally many"
        )
    if vectors.shape[1] != dimension:
        raise VectorIndexError(
            f"the store's vectors have {vectors.shape[1]} numbers, the vector index was opened for {dimension}; "
            "open the store with the embedder that made them"
        )
    if not np.isfinite(vectors).all():
        raise VectorIndexError("the store's vectors hold values that are not finite; embed the records again")
    kinds = set(added.kinds)
    if len(kinds) == 1:
        return {kinds.pop(): (refs, parts, vectors)}
    made = {}
    for kind in sorted(kinds):
        of_kind = np.fromiter((name == kind for name in added.kinds), bool, len(refs))
        made[kind] = (refs[of_kind], parts[of_kind], vectors[of_kind])
    return made

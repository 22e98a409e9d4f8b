"""The vector index on FAISS: one block per space, loaded when first searched, always caught up with the store."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from factloom.retrieval.vectors import ranking
from factloom.retrieval.vectors.block import Block
from factloom.retrieval.vectors.comparison import differences
from factloom.retrieval.vectors.row_checks import DamagedRowsError
from factloom.retrieval.vectors.snapshot_file import Snapshot
from factloom.retrieval.vectors.snapshots import Snapshots
from factloom.schemas.errors import InvalidInputError, StoreError, VectorIndexError
from factloom.schemas.records import KINDS
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import ChangeFeed, Refs, VectorDifference, VectorHits, Vectors

MIN_SNAPSHOT_ROWS: Final = 5_000
"""Smaller blocks are read from the store faster than it matters (see docs/vector-index.md), so they get no file."""

PACKED_FROM: Final = 400_000
"""Vectors in a store from which they are held as 8-bit numbers: 600 MB of 384 dimensions if they were not."""

_READ_AT_ONCE: Final = 20_000
_PACKED_AT_ONCE: Final = 4_000
"""Vectors taken from the store at a time; fewer where memory matters."""

_SAVE_SOON: Final = 20_000
_VERIFY_ATTEMPTS: Final = 5

_log = logging.getLogger(__name__)

T = TypeVar("T")


class FaissVectorIndex:
    """Exact cosine search over what a store's change feed gives; implements ``VectorIndex`` and ``Verifiable``.

    Vectors are unit vectors by contract, so their inner product is their cosine; queries are not normalised.
    Errors of the feed pass through. After ``close`` every method but ``close`` raises VectorIndexError.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        *,
        dimension: int | None = None,
        directory: Path | None = None,
        max_bytes: int | None = None,
        min_snapshot_rows: int = MIN_SNAPSHOT_ROWS,
        packed_from: int = PACKED_FROM,
    ) -> None:
        """Follow ``feed``.

        Args:
            feed: the store whose vectors are searched.
            dimension: their length; None takes it from the first ones.
            directory: folder for snapshots; None keeps none.
            max_bytes: memory for blocks; beyond it those not searched for longest are dropped. None: no bound.
            min_snapshot_rows: blocks with fewer vectors get no snapshot.
            packed_from: a store with so many vectors, when the first one is read, has them held as 8-bit numbers, in
                about a quarter of the memory (see `packing`).
        """
        self._feed = feed
        self._fixed_dimension = dimension
        self._dimension = dimension
        self._max_bytes = max_bytes
        self._min_snapshot_rows = min_snapshot_rows
        self._packed_from = packed_from
        self._packed: bool | None = None
        self._snapshots = None if directory is None else Snapshots(directory, feed.store_id)
        self._blocks: OrderedDict[str, Block] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closed = False

    # --- the port ---

    def search(
        self,
        queries: Vectors,
        *,
        kind: str,
        spaces: SpaceSet,
        limit: int,
        among: Refs | None = None,
        sequences: Mapping[str, int] | None = None,
    ) -> list[VectorHits]:
        """The ``limit`` best records of ``kind`` for each row of ``queries``; ties by ascending ref.

        Exact up to 4,096 vectors of a kind in a space. Of more, sketches propose which are compared (see `sketches`):
        the scores are exact, and one in some thousand of the best may be missing. With ``among`` always exact.

        With ``sequences``, the feed is asked only for a space that has not come so far here.

        Raises:
            InvalidInputError: queries of another shape or dimension or not finite, an unknown kind, a limit below 1.
            VectorIndexError: the index is closed, or the feed gives what cannot be used.
        """
        queries = self._checked(queries, kind)
        if limit < 1:
            raise InvalidInputError(f"limit must be at least 1, got {limit}")
        if among is not None:
            among = np.asarray(among, np.int64)
        found = []
        for block in self._current(spaces, queries, sequences):
            search = partial(Block.search, queries=queries, kind=kind, limit=limit, among=among)
            found.append(self._asked(block, search))
        if len(found) == 1:
            return found[0]
        if not found:
            return [ranking.no_hits()] * len(queries)
        return [ranking.merge([hits[i] for hits in found], limit) for i in range(len(queries))]

    def similarity(
        self,
        queries: Vectors,
        refs: Refs,
        *,
        kind: str,
        spaces: SpaceSet,
        parts: str = "whole",
        sequences: Mapping[str, int] | None = None,
    ) -> Vectors:
        """Cosine of every query with every record of ``refs``: shape (queries, refs), NaN for records with no vector.

        The same bits as the scores of ``search``. Raises as ``search`` does, and for an unknown ``parts``.
        """
        queries = self._checked(queries, kind)
        if parts not in ("whole", "best"):
            raise InvalidInputError(f"parts must be 'whole' or 'best', got {parts!r}")
        refs = np.asarray(refs, np.int64)
        made: Vectors | None = None
        for block in self._current(spaces, queries, sequences):
            compare = partial(Block.similarity, queries=queries, refs=refs, kind=kind, best=parts == "best")
            found = self._asked(block, compare)
            if made is None:
                made = found
            elif found is not None:
                made = np.where(np.isnan(made), found, made)
        return np.full((len(queries), len(refs)), np.nan, np.float32) if made is None else made

    def vectors(
        self, refs: Refs, *, kind: str, spaces: SpaceSet, sequences: Mapping[str, int] | None = None
    ) -> Vectors:
        """The vectors of whole texts: shape (refs, dimension), NaN for records with none.

        Raises:
            InvalidInputError: an unknown kind.
            VectorIndexError: the index is closed, or the feed gives what cannot be used.
        """
        self._check_open()
        _check_kind(kind)
        refs = np.asarray(refs, np.int64)
        blocks = list(self._current(spaces, None, sequences))  # from now on the dimension is known
        made: Vectors = np.full((len(refs), self._dimension or 0), np.nan, np.float32)
        for block in blocks:
            self._asked(block, partial(Block.put_vectors, refs=refs, into=made, kind=kind))
        return made

    def rebuild(self, *, spaces: SpaceSet) -> int:
        """Drop what is held, snapshots included, and read the store again; returns the number of vectors."""
        self._check_open()
        self._drop(spaces)
        self._remove_snapshots(spaces)
        return sum(block.rows for block in self._current(spaces, None))

    def forget(self, spaces: SpaceSet) -> None:
        """Leave no trace of what the store has deleted from the spaces, in memory or in snapshots.

        Blocks that are held follow the store, which costs what was deleted; of all spaces together they are dropped,
        and load again when asked for.

        Raises:
            VectorIndexError: a snapshot could not be deleted.
        """
        self._check_open()
        if spaces.is_everything:
            self._drop(spaces)
        else:
            with self._lock:
                held = [self._blocks[space] for space in spaces if space in self._blocks]
            for block in held:
                try:
                    self._catch_up(block)
                except (StoreError, VectorIndexError) as error:  # then the block is dropped, so nothing stays in it
                    _log.warning("a block of the vector index was dropped (%s)", type(error).__name__)
        self._remove_snapshots(spaces)

    def _drop(self, spaces: SpaceSet) -> None:
        with self._lock:
            for space in list(self._blocks) if spaces.is_everything else spaces:
                self._blocks.pop(space, None)
                self._sizes.pop(space, None)
            if spaces.is_everything:
                self._dimension, self._packed = self._fixed_dimension, None

    def _remove_snapshots(self, spaces: SpaceSet) -> None:
        if self._snapshots is None:
            return
        if spaces.is_everything:
            self._snapshots.remove_all()
        else:
            for space in spaces:
                self._snapshots.remove(space)

    def verify(self, *, spaces: SpaceSet) -> list[VectorDifference]:
        """Every record whose vectors here differ from the store's, by space, kind and ref; needs memory for both.

        Raises:
            VectorIndexError: a space was written to during each of several attempts.
        """
        found: list[VectorDifference] = []
        for block in self._current(spaces, None):
            held = self._asked(block, Block.checked)
            for _ in range(_VERIFY_ATTEMPTS):
                stored = Block(held.space, packed=held.packed)
                with held.following:
                    self._follow(held)
                    self._follow(stored)
                    if stored.sequence == held.sequence:
                        found += differences(held, stored)
                        break
            else:
                raise VectorIndexError("a space is being written to all the time; verify when writers are quiet")
        return found

    def close(self) -> None:
        """Write snapshots and release memory; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            blocks = list(self._blocks.values())
            self._blocks.clear()
            self._sizes.clear()
        for block in blocks:
            with block.following:
                if block.unsaved > block.rows // 20:
                    self._save(block)

    # --- following the store ---

    def _current(
        self, spaces: SpaceSet, queries: Vectors | None, known: Mapping[str, int] | None = None
    ) -> Iterator[Block]:
        """The blocks of ``spaces``, each caught up when it is its turn; those without any vector ever are left out.

        ``known``: how far the spaces are known to be; the store is asked where it is not given.
        """
        if spaces.is_everything:
            spaces_read: Iterable[str] = self._feed.vector_spaces() if known is None else known
        else:
            spaces_read = spaces
        for space in spaces_read:
            newest = self._feed.sequence(space) if known is None else known.get(space, 0)
            packed = self._packs() if self._packed is None else self._packed
            with self._lock:
                self._check_open()
                block = self._blocks.get(space)
                if block is None:
                    if not newest:
                        continue
                    block = self._blocks[space] = Block(space, packed=packed)
                self._blocks.move_to_end(space)
            # One that is ahead was caught up by another thread meanwhile, or the store is an older copy of itself.
            if block.sequence != newest or not block.loaded:
                block = self._asked(block, self._caught_up)
            if queries is not None and self._dimension not in (None, queries.shape[1]):
                raise _wrong_dimension(queries, self._dimension)
            yield block

    def _asked(self, block: Block, ask: Callable[[Block], T]) -> T:
        """What ``ask`` makes of ``block``, or of another one read from the store if a snapshot turns out damaged."""
        try:
            return ask(block)
        except DamagedRowsError as error:
            with self._lock:
                self._check_open()
                if self._blocks.get(block.space) in (block, None):  # else another thread was here before
                    self._blocks[block.space] = Block(block.space, packed=block.packed)
                    if self._snapshots is not None:
                        self._snapshots.refuse(block.space, error)
                other = self._blocks[block.space]
            return ask(self._caught_up(other))

    def _caught_up(self, block: Block) -> Block:
        self._catch_up(block)
        return block

    def _catch_up(self, block: Block) -> None:
        try:
            with block.following:
                if not block.loaded:
                    self._load(block)
                self._follow(block)
                block.loaded = True
                if block.unsaved >= max(_SAVE_SOON, block.rows // 2):
                    self._save(block)
        except BaseException:
            # It may be halfway; what remains readable to others is consistent, but the next search starts afresh.
            with self._lock:
                if self._blocks.get(block.space) is block:
                    del self._blocks[block.space]
                    self._sizes.pop(block.space, None)
            raise
        self._make_room(block)

    def _packs(self) -> bool:
        """Whether vectors are held as 8-bit numbers: all or none, so that scores do not depend on what came first."""
        packed = self._feed.vector_count() >= self._packed_from
        with self._lock:
            if self._packed is None:
                self._packed = packed
            return self._packed

    def _load(self, block: Block) -> None:
        """Start from the snapshot if there is one that fits; one that is not packed is packed if need be."""
        if self._snapshots is None:
            return
        newest = self._feed.sequence(block.space)
        snapshot = self._snapshots.load(block.space, dimension=self._dimension, newest=newest)
        if snapshot is not None and all(block.packed or not rows.packed for rows in snapshot.kinds.values()):
            self._learn_dimension(snapshot.dimension)
            for rows in snapshot.kinds.values() if block.packed else ():
                rows.pack()
            block.adopt(snapshot.kinds, snapshot.sequence)

    def _follow(self, block: Block) -> None:
        """Apply the feed's changes; the caller holds ``block.following``."""
        newest = self._feed.sequence(block.space)
        if newest < block.sequence:
            # The store is an older copy of itself (a backup that was put back): nothing that is held can be trusted.
            block.adopt({}, 0)
            self._remove_snapshot(block.space)
        while block.sequence < newest:
            limit = _PACKED_AT_ONCE if block.packed else _READ_AT_ONCE
            changes = self._feed.vector_changes(block.space, after=block.sequence, limit=limit)
            reached = max(changes.sequence, newest) if changes.complete else changes.sequence
            if reached <= block.sequence:
                raise VectorIndexError(f"the store's change feed does not get beyond {block.sequence}; update factloom")
            if len(changes.added.refs):
                self._learn_dimension(changes.added.vectors.shape[-1])
            block.apply(changes, dimension=self._dimension or 0, sequence=reached)
            if len(np.setdiff1d(changes.removed, changes.added.refs)):
                self._remove_snapshot(block.space)
                # There is no file now, so closing writes one; not each deletion, which would cost the whole block.
                block.unsaved = max(block.unsaved, block.rows // 20 + 1)

    def _learn_dimension(self, dimension: int) -> None:
        with self._lock:
            if self._dimension is None:
                self._dimension = dimension

    def _remove_snapshot(self, space: str) -> None:
        """A record was deleted, so the file, which may hold its vector, must go."""
        if self._snapshots is None:
            return
        try:
            self._snapshots.remove(space)
        except VectorIndexError as error:
            _log.warning("%s", error)

    def _save(self, block: Block) -> None:
        """Write the snapshot of a block that is large enough; the caller holds ``block.following``.

        Followed before, so that no vector that is deleted by now is written; and after, so that one deleted
        meanwhile takes the file with it. A deletion after that finds the file and removes it (``forget``).
        """
        if self._snapshots is None or block.rows < self._min_snapshot_rows or self._dimension is None:
            return
        try:
            self._follow(block)
            written = self._snapshots.save(block.space, Snapshot(block.sequence, self._dimension, block.kinds))
            if written:
                block.unsaved = 0
                self._follow(block)
        except StoreError as error:
            _log.warning("an index snapshot was not kept: the store does not answer (%s)", type(error).__name__)
            self._remove_snapshot(block.space)

    def _make_room(self, used: Block) -> None:
        """Note how large ``used`` is now, and drop the blocks that were not searched for longest if it is too much."""
        if self._max_bytes is None:
            return
        dropped = []
        with self._lock:
            if self._blocks.get(used.space) is used:
                self._sizes[used.space] = used.nbytes
            total = sum(self._sizes.values())
            for space in list(self._blocks):
                if total <= self._max_bytes:
                    break
                if self._blocks[space] is not used:
                    total -= self._sizes.pop(space, 0)
                    dropped.append(self._blocks.pop(space))
        for block in dropped:
            if block.unsaved > block.rows // 20:
                with block.following:
                    self._save(block)

    # --- checks ---

    def _check_open(self) -> None:
        if self._closed:
            raise VectorIndexError("the vector index is closed; open the memory again")

    def _checked(self, queries: Vectors, kind: str) -> Vectors:
        self._check_open()
        _check_kind(kind)
        queries = np.ascontiguousarray(queries, np.float32)
        if queries.ndim != 2:
            raise InvalidInputError(f"queries must have shape (queries, dimension), got {queries.shape}")
        if self._dimension not in (None, queries.shape[1]):
            raise _wrong_dimension(queries, self._dimension)
        # A product that overflows is no proof, but is what all but broken queries are spared the closer look by.
        if not math.isfinite(np.vdot(queries, queries)) and not np.isfinite(queries).all():
            raise InvalidInputError("queries hold values that are not finite (NaN or infinite)")
        return queries


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise InvalidInputError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")


def _wrong_dimension(queries: Vectors, dimension: int | None) -> InvalidInputError:
    return InvalidInputError(
        f"queries have {queries.shape[1]} numbers each, the vectors of this store have {dimension}; "
        "use the embedder that made them"
    )

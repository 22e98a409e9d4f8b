"""The vectors: kept whole on their records, numbered by write, so that a derived index can follow each space."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.known import Indexed, Known, KnownRecords
from factloom.graph.neo4j_store.native_storage import native_row
from factloom.graph.neo4j_store.pending import Pending
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import FORGOTTEN, KIND_LABELS, Row, findable, space_token
from factloom.schemas.errors import EmbedderMismatchError, InvalidInputError, StoreCorruptError
from factloom.schemas.ports import VectorChanges, VectorRows

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

_STORED: Final = np.dtype("<f4")
_ATTEMPTS: Final = 3


class Embeddings:
    """The vectors as one transaction changes them. ``embedded``: how many records had some when it began."""

    def __init__(
        self,
        pending: Pending,
        known: KnownRecords,
        place: str,
        name: str | None,
        dimension: int | None,
        embedded: int,
    ) -> None:
        self._pending = pending
        self._known = known
        self._place = place
        self.name = name
        self.dimension = dimension
        self._embedded = embedded

    # --- which embedder ---

    def check(self, embedder: str | None, sizes: Sequence[int]) -> tuple[str, int] | None:
        """See that vectors of these dimensions by ``embedder`` may be stored; returns both, None without any sizes.

        Raises:
            EmbedderMismatchError: the store's vectors come from another one.
            InvalidInputError: no name was given.
        """
        if not sizes:
            return None
        if not embedder:
            raise InvalidInputError("vectors need the name of the embedder that made them")
        stored = (self.name, self.dimension) if self._embedded else (embedder, sizes[0])
        for size in sizes:
            if stored != (embedder, size):
                raise EmbedderMismatchError(
                    f"the vectors of the store {self._place} come from {stored[0]} ({stored[1]} dimensions), these of "
                    f"{embedder} ({size} dimensions); set the embedder back to {stored[0]}, or embed everything again "
                    "with: factloom reembed"
                )
        return embedder, sizes[0]

    def fix(self, embedder: tuple[str, int] | None) -> None:
        """From now on the vectors are of this embedder."""
        if embedder is not None:
            self.name, self.dimension = embedder

    # --- writing ---

    def put(self, kind: str, record: Known, vectors: Vectors, held: Indexed) -> Indexed:
        """Replace the vectors of a record, none removes them; returns what is held of it then."""
        if not len(vectors):
            if held.parts:
                self.remove(kind, record, held)
                self._pending.drop(f"put_vectors {kind}", record.ref)
                self._pending.put(f"drop_vectors {kind}", record.ref, {"ref": record.ref})
            return held._replace(parts=0)
        self._pending.begin_vectors(record.space)
        self._pending.count(record.space, vectors=len(vectors) - held.parts)
        self._embedded += not held.parts
        row = {
            "ref": record.ref,
            "space": record.space,
            "parts": len(vectors),
            "data": vectors.astype(_STORED, copy=False).tobytes(),
        }
        self._pending.drop(f"drop_vectors {kind}", record.ref)
        self._pending.put(f"put_vectors {kind}", record.ref, row)
        self._put_native(kind, record, vectors)
        return held._replace(parts=len(vectors))

    def remove(self, kind: str, record: Known, held: Indexed) -> None:
        """Count the vectors of a record as gone, and note it for followers; its node is the caller's."""
        if held.parts:
            self._pending.begin_vectors(record.space)
            self._pending.count(record.space, vectors=-held.parts)
            self._embedded -= 1
            token = space_token(self._pending.store_id, record.space)
            row = {"ref": record.ref, "space": record.space, "token": token}
            self._pending.put("put_removals", record.ref, row)
            self._put_native(kind, record, None)

    def _put_native(self, kind: str, record: Known, vectors: Vectors | None) -> None:
        """Keep the server's own index in step, where there is one."""
        if not self._pending.native:
            return
        parts = 0 if vectors is None else len(vectors)
        self._pending.drop(f"put_native {kind}", record.ref)
        self._pending.put(f"drop_native {kind}", record.ref, {"ref": record.ref, "parts": parts})
        if vectors is not None:
            self._pending.put(f"put_native {kind}", record.ref, native_row(record.ref, record.space, vectors))

    def clear(self, runner: Runner, queries: Queries) -> None:
        """Remove every vector and forget whose they were."""
        kinds = {f"{queries.prefix}{label}": kind for kind, label in KIND_LABELS.items()}
        rows = runner.rows(queries["all_embedded"], {"w": {"labels": list(kinds)}})
        for space, ref, parts, label in rows:
            held = Indexed("", 0, parts)
            self.remove(kinds[label], Known(ref, space, 0, ()), held)
            self._pending.put(f"drop_vectors {kinds[label]}", ref, {"ref": ref})
        self._pending.send()  # what is asked for from now on is without them
        self._known.forget_vectors()
        self.name = self.dimension = None
        self._embedded = 0


# --- reading ---


def stored_embedder(runner: Runner, queries: Queries) -> tuple[str, int] | None:
    """Name and dimension of the embedder whose vectors are stored; None if there are none."""
    for name, dimension, embedded in runner.rows(queries["embedder"]):
        if embedded and name is not None:
            return name, dimension
    return None


def vector_sequence(runner: Runner, queries: Queries, space: str) -> int:
    """The number of the space's last write to its vectors; 0 for one without any."""
    if not findable([space]):
        return 0
    rows = runner.rows(queries["vector_sequence"], {"space": space})
    return int(rows[0][0]) if rows else 0


def vector_spaces(runner: Runner, queries: Queries) -> list[str]:
    """The spaces that have, or had, vectors, by name; not those whose names are forgotten with all that they held."""
    return sorted(name for (name,) in runner.rows(queries["vector_spaces"]) if not name.startswith(FORGOTTEN))


def vector_count(runner: Runner, queries: Queries) -> int:
    """How many records have vectors; the server keeps that count."""
    return sum(int(count) for (count,) in runner.rows(queries["vector_count"]))


def vector_changes(
    runner: Runner, queries: Queries, store_id: str, space: str, *, after: int, limit: int, place: str
) -> VectorChanges:
    """Changes to the vectors of ``space`` after ``after``: whole writes, together at most ``limit`` rows.

    A single write with more rows than that comes alone. Whoever asks from 0 holds nothing, and hears of no removals.
    The statements need not see one state: what is replaced between them has a later number, and is told next time.
    """
    for _ in range(_ATTEMPTS):
        changes = _vector_changes(runner, queries, store_id, space, after, limit)
        if changes is not None:
            return changes
    raise StoreCorruptError(f"vectors of the store {place} have the wrong length; embed again: factloom reembed")


def _vector_changes(
    runner: Runner, queries: Queries, store_id: str, space: str, after: int, limit: int
) -> VectorChanges | None:
    """The changes; None if vectors are not as long as the store says, as while another embedder takes over."""
    found = runner.rows(queries["vector_writes"], {"space": space, "after": after}) if findable([space]) else []
    dimension, last, writes = found[0] if found else (None, None, [])
    if last is None:
        empty = VectorRows(_integers([]), _integers([]), [], np.empty((0, dimension or 0), dtype=np.float32))
        return VectorChanges(_integers([]), empty, 0, True)
    upto = _last_write_within(writes, after, last, limit)
    bounds = {"after": after, "upto": upto}
    removed = []
    if after > 0:
        removed = runner.rows(queries["removed_vectors"], {"token": space_token(store_id, space), **bounds})
    labels = [f"{queries.prefix}{label}" for label in KIND_LABELS.values()]
    rows = []
    if writes:
        rows = runner.rows(queries["added_vectors"], {"space": space, "labels": labels, **bounds})
    kinds = dict(zip(labels, KIND_LABELS, strict=True))
    added = _vector_rows(rows, kinds, dimension or 0)
    if added is None:
        return None
    return VectorChanges(_integers([ref for (ref,) in removed]), added, upto, upto == last)


def _last_write_within(writes: Sequence[tuple[int, int]], after: int, last: int, limit: int) -> int:
    """The last write up to which there are at most ``limit`` rows; at least the next write that has any."""
    rows, reached = 0, after
    for sequence, size in writes:
        if rows and rows + size > limit:
            return reached
        rows += size
        reached = sequence
    return last


def _integers(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def _vector_rows(rows: Sequence[Row], kinds: dict[str, str], dimension: int) -> VectorRows | None:
    """Rows of (ref, label, parts, data) as arrays, one row per vector; None if a length is wrong."""
    parts = _integers([row[2] for row in rows])
    refs = np.repeat(_integers([row[0] for row in rows]), parts)
    starts = np.repeat(np.cumsum(parts) - parts, parts)
    data = np.frombuffer(b"".join(row[3] for row in rows), dtype=_STORED)
    if data.size != len(refs) * dimension:
        return None
    vectors = data.reshape(len(refs), dimension)
    if sys.byteorder != "little":
        vectors = vectors.astype(np.float32)
    names = [kinds[row[1]] for row in rows for _ in range(row[2])]
    return VectorRows(refs=refs, parts=np.arange(len(refs)) - starts, kinds=names, vectors=vectors)

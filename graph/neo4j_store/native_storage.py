"""The nodes that the server's own vector index is over: one a vector, written together with ``_vectors``.

``_vectors`` stays the source of truth. A store has these nodes once it was opened for native search; from then on every
writer keeps them, however that one searches, since ``:Store._native`` says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from factloom.graph.neo4j_store.connection import Connection, Managed
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import KIND_LABELS
from factloom.graph.neo4j_store.schema import run_schema
from factloom.schemas.errors import StoreCorruptError, StoreError, VectorIndexError

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

Progress = Callable[[int, int], None]

SECTIONS: Final = ("drop_native", "put_native")
"""The statements that keep the nodes in step, in this order."""

_READY: Final = "ready"
_BATCH_VECTORS: Final = 500
_STORED: Final = np.dtype("<f4")

_log = logging.getLogger(__name__)


def vector_index(prefix: str, kind: str) -> str:
    """The name of the vector index over the vectors of ``kind``."""
    return f"factloom{prefix}_{kind}_vectors"


def native_row(ref: int, space: str, vectors: Vectors) -> dict[str, Any]:
    """A record's vectors, shape (parts, dimension), as a row of ``put_native``; the server takes no vector of zeros."""
    return {
        "ref": ref,
        "space": space,
        "vectors": [
            {"part": part, "embedding": vector.tolist()} if vector.any() else {"part": part, "zero": True}
            for part, vector in enumerate(vectors)
        ],
    }


def prepare(connection: Connection, queries: Queries, progress: Progress | None = None) -> None:
    """See that the store has its nodes and indexes; those of vectors that it had before are made, which takes a while.

    Any number of processes may do so at once, and one that was interrupted is continued by the next.
    ``progress``: told how many vectors are done, of how many.

    Raises:
        StoreError: the server refused; what is made stays, and the next opening goes on from there.
    """
    if connection.reading.rows(queries["native_state"]) == [[_READY]]:
        return
    for kind in KIND_LABELS:
        name = vector_index(queries.prefix, kind)
        _make(connection, queries, "native_constraint", kind, f"{name}_ref")
        _make(connection, queries, "native_spaces", kind, f"{name}_space")
    connection.run_alone(queries["await_indexes"])
    connection.write(lambda transaction: transaction.rows(queries["native_begin"]))
    fill(connection, queries, spaces=None, again=False, progress=progress)
    make_indexes(connection, queries)
    connection.write(lambda transaction: transaction.rows(queries["native_ready"]))


def make_indexes(connection: Connection, queries: Queries) -> None:
    """Make the vector indexes that are missing, and wait until they can be asked."""
    for kind in KIND_LABELS:
        _make(connection, queries, "native_index", kind, vector_index(queries.prefix, kind))
    connection.run_alone(queries["await_indexes"])


def _make(connection: Connection, queries: Queries, statement: str, kind: str, name: str) -> None:
    run_schema(connection, queries.of_kind(statement, kind).replace("{index}", name))


def fill(
    connection: Connection,
    queries: Queries,
    *,
    spaces: Sequence[str] | None,
    again: bool,
    progress: Progress | None = None,
) -> int:
    """Make the nodes that are missing from ``spaces`` (None: all), or ``again`` all of them; returns how many vectors.

    In steps of some hundred, each in a write of its own, so that others can write in between.
    """
    wanted = {
        kind: connection.reading.rows(queries.of_kind("native_missing", kind), {"spaces": spaces, "again": again})
        for kind in KIND_LABELS
    }
    total: int = sum(parts for rows in wanted.values() for _, parts in rows)
    done = 0
    for kind, rows in wanted.items():
        for refs, parts in _batches(rows):
            connection.write(lambda transaction, kind=kind, refs=refs: _fill(transaction, queries, kind, refs))  # type: ignore[misc]
            done += parts
            _log.info("vectors made ready for Neo4j's own index: %d of %d", done, total)
            if progress is not None:
                progress(done, total)
    return total


def _batches(rows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], int]]:
    """Refs that have so many vectors together, with how many."""
    refs: list[int] = []
    size = 0
    for ref, parts in rows:
        refs.append(ref)
        size += parts
        if size >= _BATCH_VECTORS:
            yield refs, size
            refs, size = [], 0
    if refs:
        yield refs, size


def _fill(transaction: Managed, queries: Queries, kind: str, refs: Sequence[int]) -> None:
    """Copy the vectors of these records, as they are now that no other writer is under way."""
    state = transaction.rows(queries["native_lock"], {"client": None})
    if not state:
        raise StoreError("the store is gone: somebody removed its nodes; open it again")
    rows = []
    for ref, space, parts, data in transaction.rows(queries.of_kind("native_stored", kind), {"w": {"refs": refs}}):
        vectors = np.frombuffer(data, dtype=_STORED)
        if not parts or vectors.size % parts:
            raise StoreCorruptError("vectors in the store have the wrong length; embed again: factloom reembed")
        rows.append(native_row(ref, space, vectors.reshape(parts, -1).astype(np.float32)))
    drops = [{"ref": row["ref"], "parts": len(row["vectors"])} for row in rows]
    transaction.rows(queries.of_kind("drop_native", kind), {"w": {"rows": drops}})
    transaction.rows(queries.of_kind("put_native", kind), {"w": {"rows": rows}})


def remove_strays(connection: Connection, queries: Queries, spaces: Sequence[str] | None) -> None:
    """Remove nodes whose records have no vectors; there are none unless somebody else wrote to the store."""

    def work(transaction: Managed) -> None:
        transaction.rows(queries["native_lock"], {"client": None})
        for kind in KIND_LABELS:
            transaction.rows(queries.of_kind("native_strays", kind), {"spaces": spaces})

    connection.write(work)


def check_prepared(rows: Sequence[Sequence[Any]]) -> None:
    """See that an answer came from a store that still is one.

    Raises:
        VectorIndexError: its nodes are gone.
    """
    if not rows:
        raise VectorIndexError("the store is gone: somebody removed its nodes; open the memory again")

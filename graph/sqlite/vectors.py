"""The vectors: stored by record, numbered by write, so that a derived index can follow each space."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.graph.sqlite.database import Database, Row
from factloom.graph.sqlite.rows import KIND_NAMES
from factloom.graph.sqlite.space_names import FORGOTTEN
from factloom.schemas.errors import EmbedderMismatchError, InvalidInputError, StoreCorruptError
from factloom.schemas.ports import VectorChanges, VectorRows

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

_STORED: Final = np.dtype("<f4")


def stored_embedder(database: Database) -> tuple[str, int] | None:
    """Name and dimension of the embedder whose vectors are stored; None if there are none."""
    rows: dict[str, str] = dict(database.rows("SELECT name, value FROM meta WHERE name IN ('embedder', 'dimension')"))
    if len(rows) < 2 or database.row("SELECT 1 FROM vector LIMIT 1") is None:
        return None
    return rows["embedder"], int(rows["dimension"])


def check_embedder(database: Database, embedder: str | None, dimension: int) -> None:
    """See that vectors of ``embedder`` may be stored; the first ones fix its name and dimension.

    Raises:
        EmbedderMismatchError: the store's vectors come from another one.
        InvalidInputError: no name was given.
    """
    if not embedder:
        raise InvalidInputError("vectors need the name of the embedder that made them")
    stored = stored_embedder(database)
    if stored is None:
        database.run_many(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [("embedder", embedder), ("dimension", str(dimension))],
        )
    elif stored != (embedder, dimension):
        raise EmbedderMismatchError(
            f"the vectors of the store {database.path} come from {stored[0]} ({stored[1]} dimensions), these from "
            f"{embedder} ({dimension}); set the embedder back to {stored[0]}, or embed everything again with: "
            "factloom reembed"
        )


def put_vectors(
    database: Database,
    kind: int,
    records: Sequence[tuple[int, int, Vectors]],
    next_sequence: Callable[[int], int],
) -> None:
    """Replace the vectors of records given as (ref, space, vectors); no vectors removes them."""
    remove_vectors(database, [(ref, space) for ref, space, _ in records], next_sequence)
    database.run_many(
        "INSERT INTO vector (ref, space, sequence, kind, parts, data) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (ref, space, next_sequence(space), kind, len(vectors), vectors.astype(_STORED, copy=False).tobytes())
            for ref, space, vectors in records
            if len(vectors)
        ],
    )


def remove_vectors(database: Database, records: Sequence[tuple[int, int]], next_sequence: Callable[[int], int]) -> None:
    """Remove the vectors of records given as (ref, space), and note that they are gone."""
    spaces = dict(records)
    held = database.rows(
        "SELECT v.ref FROM json_each(?) j CROSS JOIN vector v ON v.ref = j.value", (str(list(spaces)),)
    )
    database.run_many("DELETE FROM vector WHERE ref = ?", held)
    database.run_many(
        "INSERT OR IGNORE INTO vector_removal (space, sequence, ref) VALUES (?, ?, ?)",
        [(spaces[ref], next_sequence(spaces[ref]), ref) for (ref,) in held],
    )


def clear_vectors(database: Database, next_sequence: Callable[[int], int]) -> None:
    """Remove every vector and forget whose they were."""
    remove_vectors(database, database.rows("SELECT ref, space FROM vector"), next_sequence)
    database.run("DELETE FROM meta WHERE name IN ('embedder', 'dimension')")


def vector_sequence(database: Database, space: str) -> int:
    """The number of the space's last write to its vectors; 0 for one without any."""
    found = database.row("SELECT vector_sequence FROM space WHERE name = ?", (space,))
    return int(found[0]) if found else 0


def vector_spaces(database: Database) -> list[str]:
    """The spaces that have, or had, vectors, by name; not those whose names are forgotten with all that they held."""
    rows = database.rows("SELECT name FROM space WHERE vector_sequence > 0")
    return sorted(name for (name,) in rows if not name.startswith(FORGOTTEN))


def vector_count(database: Database) -> int:
    """How many vectors there are."""
    row = database.row("SELECT SUM(vectors) FROM space")
    return int(row[0] or 0) if row else 0


def vector_changes(database: Database, space: str, *, after: int, limit: int) -> VectorChanges:
    """Changes to the vectors of ``space`` after ``after``: whole writes, together at most ``limit`` rows.

    A single write with more rows than that comes alone. Whoever asks from 0 holds nothing, and hears of no removals.
    """
    embedder = stored_embedder(database)
    dimension = embedder[1] if embedder else 0
    found = database.row("SELECT number, vector_sequence FROM space WHERE name = ?", (space,))
    if found is None:
        return VectorChanges(np.empty(0, dtype=np.int64), _vector_rows([], dimension, database.path), 0, True)
    number, last = found
    upto = _last_write_within(database, number, after, last, limit)
    removed: list[Row] = []
    if after > 0:
        removed = database.rows(
            "SELECT DISTINCT ref FROM vector_removal WHERE space = ? AND sequence > ? AND sequence <= ? ORDER BY ref",
            (number, after, upto),
        )
    rows = database.rows(
        "SELECT ref, kind, parts, data FROM vector WHERE space = ? AND sequence > ? AND sequence <= ? "
        "ORDER BY sequence, ref",
        (number, after, upto),
    )
    return VectorChanges(
        removed=np.fromiter((ref for (ref,) in removed), dtype=np.int64, count=len(removed)),
        added=_vector_rows(rows, dimension, database.path),
        sequence=upto,
        complete=upto == last,
    )


def _last_write_within(database: Database, space: int, after: int, last: int, limit: int) -> int:
    """The last write up to which there are at most ``limit`` rows; at least the next write that has any."""

    def first_that_fit(sizes: Iterable[Row]) -> int:
        rows, reached = 0, after
        for sequence, size in sizes:
            if rows and rows + size > limit:
                return reached
            rows += size
            reached = sequence
        return last

    return database.read(
        "SELECT sequence, SUM(parts) FROM vector WHERE space = ? AND sequence > ? GROUP BY sequence ORDER BY sequence",
        (space, after),
        first_that_fit,
    )


def _vector_rows(rows: Sequence[Row], dimension: int, path: str) -> VectorRows:
    """Rows of (ref, kind, parts, data) as arrays, one row per vector."""
    parts = np.fromiter((row[2] for row in rows), dtype=np.int64, count=len(rows))
    refs = np.repeat(np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows)), parts)
    starts = np.repeat(np.cumsum(parts) - parts, parts)
    kinds = [name for row in rows for name in (KIND_NAMES[row[1]],) * row[2]]
    data = np.frombuffer(b"".join(row[3] for row in rows), dtype=_STORED)
    if data.size != len(refs) * dimension:
        raise StoreCorruptError(f"vectors of the store {path} have the wrong length; embed again: factloom reembed")
    vectors = data.reshape(len(refs), dimension)
    if sys.byteorder != "little":
        vectors = vectors.astype(np.float32)
    return VectorRows(refs=refs, parts=np.arange(len(refs)) - starts, kinds=kinds, vectors=vectors)

"""Everything that a space holds, in the order of storing, and where a copy came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.graph.sqlite import rows as r
from factloom.graph.sqlite.database import Database
from factloom.graph.sqlite.keywords import terms_of
from factloom.graph.sqlite.scope import as_json_refs
from factloom.schemas.ports import HistoryPage, IndexEntry

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

_STORED: Final = np.dtype("<f4")


def spaces(database: Database) -> list[str]:
    """The spaces that hold records or history, by name."""
    rows = database.rows(
        "SELECT name FROM space s WHERE episodes + entities + facts > 0 "
        "OR EXISTS (SELECT 1 FROM change c WHERE c.space = s.number)"
    )
    return sorted(name for (name,) in rows)


def stored_refs(database: Database, kind: str, space: str) -> Refs:
    """Refs of the records of ``kind`` in the space, ascending."""
    r.kind_number(kind)
    sql = f"SELECT ref FROM {kind} WHERE space = (SELECT number FROM space WHERE name = ?) ORDER BY ref"
    return database.read(sql, (space,), lambda rows: np.fromiter((row[0] for row in rows), dtype=np.int64))


def index_entries(database: Database, kind: str, refs: Sequence[int], space: str) -> list[IndexEntry]:
    """Terms and vectors of the records of ``kind`` with these refs."""
    r.kind_number(kind)
    wanted = as_json_refs(refs)
    ids: dict[int, str] = dict(
        database.rows(
            f"SELECT x.ref, x.id FROM json_each(?) j CROSS JOIN {kind} x ON x.ref = j.value "
            "WHERE x.space = (SELECT number FROM space WHERE name = ?)",
            (wanted, space),
        )
    )
    terms = terms_of(database, refs)
    vectors = _vectors(database, wanted)
    nothing = np.empty((0, 0), dtype=np.float32)
    return [
        IndexEntry(kind, ids[ref], terms.get(ref, ()), vectors.get(ref, nothing))
        for ref in map(int, refs)
        if ref in ids
    ]


def _vectors(database: Database, refs: str) -> dict[int, Vectors]:
    rows = database.rows(
        "SELECT v.ref, v.parts, v.data FROM json_each(?) j CROSS JOIN vector v ON v.ref = j.value", (refs,)
    )
    return {
        ref: np.frombuffer(data, dtype=_STORED).reshape(parts, -1).astype(np.float32, copy=False)
        for ref, parts, data in rows
    }


def recorded(database: Database, space: str, *, after: int, limit: int) -> HistoryPage:
    """Changes of the space after the one numbered ``after``, in the order of recording."""
    rows = database.rows(
        f"SELECT {r.CHANGE_COLUMNS}, c.number FROM change c JOIN space s ON s.number = c.space "
        "WHERE c.space = (SELECT number FROM space WHERE name = ?) AND c.number > ? ORDER BY c.number LIMIT ?",
        (space, after, limit),
    )
    return HistoryPage([r.change_of(row) for row in rows], rows[-1][-1] if rows else after)


# --- where a copy came from: the note and the number of the write that left it ---


def keep_origins(database: Database, origins: Mapping[int, str]) -> None:
    """Store notes of spaces, by their numbers, once the write is numbered."""
    database.run_many(
        "INSERT INTO meta (name, value) SELECT 'origin ' || number, sequence || ' ' || ?2 FROM space WHERE number = ?1 "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        list(origins.items()),
    )


def origin(database: Database, space: str) -> str | None:
    """The note of a space, if its last write left it."""
    row = database.row(
        "SELECT s.sequence, m.value FROM space s JOIN meta m ON m.name = 'origin ' || s.number WHERE s.name = ?",
        (space,),
    )
    if row is None:
        return None
    sequence, _, text = row[1].partition(" ")
    return str(text) if int(sequence) == row[0] else None

"""Everything that a space holds, in the order of storing, and where a copy came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.graph.neo4j_store import rows as r
from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.matching import integers
from factloom.graph.neo4j_store.queries import Queries
from factloom.schemas.ports import HistoryPage, IndexEntry

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

_STORED: Final = np.dtype("<f4")
_REFS: Final = {"episode": "stored_episodes", "fact": "stored_facts", "entity": "stored_entities"}


def spaces(runner: Runner, queries: Queries) -> list[str]:
    """The spaces that hold records or history, by name."""
    return sorted(name for (name,) in runner.rows(queries["filled_spaces"]))


def stored_refs(runner: Runner, queries: Queries, kind: str, space: str) -> Refs:
    """Refs of the records of ``kind`` in the space, ascending."""
    text = queries[_REFS[r.check_kind(kind)]]
    if not r.findable([space]):
        return integers([])
    return integers(runner.rows(text, {"w": {"space": space}})[0][0])


def index_entries(runner: Runner, queries: Queries, kind: str, refs: Sequence[int], space: str) -> list[IndexEntry]:
    """Terms and vectors of the records of ``kind`` with these refs."""
    text = queries.of_kind("index_entries", kind)
    wanted = [int(ref) for ref in refs]
    if not wanted or not r.findable([space]):
        return []
    found = {
        ref: IndexEntry(kind, id_, r.terms_of(terms, repeats, spelled), _vectors(parts, data))
        for ref, id_, terms, repeats, spelled, parts, data in runner.rows(text, {"w": {"refs": wanted, "space": space}})
    }
    return [found[ref] for ref in wanted if ref in found]


def _vectors(parts: int | None, data: bytes | None) -> Vectors:
    if not parts or data is None:
        return np.empty((0, 0), dtype=np.float32)
    return np.frombuffer(data, dtype=_STORED).reshape(parts, -1).astype(np.float32, copy=False)


def recorded(runner: Runner, queries: Queries, space: str, *, after: int, limit: int) -> HistoryPage:
    """Changes of the space after the one numbered ``after``, in the order of recording."""
    if not r.findable([space]):
        return HistoryPage([], after)
    rows = runner.rows(queries["recorded"], {"w": {"space": space, "after": after, "limit": limit}})
    return HistoryPage([r.change_of(row) for row, _ in rows], rows[-1][1] if rows else after)


def origin(runner: Runner, queries: Queries, space: str) -> str | None:
    """The note of a space, if its last write left it."""
    rows = runner.rows(queries["origin"], {"space": space}) if r.findable([space]) else []
    return str(rows[0][0]) if rows else None

"""The vector index on Neo4j's own: nothing is held in this process, so nothing has to follow, load or be kept.

The server's index filters by space only after it has searched, so a small space in a large database would find nothing.
Hence up to ``EXACT_UP_TO`` vectors are compared one by one inside their spaces. Where there are more, the index is
asked for as many more as other spaces hold, and its answer counts only if it went beyond the last hit; else these are
compared one by one, too.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from factloom.graph.neo4j_store import native_storage
from factloom.graph.neo4j_store.connection import Connection
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import check_kind
from factloom.schemas.errors import InvalidInputError, VectorIndexError
from factloom.schemas.ports import VectorHits

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors
    from factloom.schemas.spaces import SpaceSet

EXACT_UP_TO: Final = 2_000
"""So many vectors are compared in the time that one question to the index takes (docs/neo4j.md)."""

_UNBOUNDED: Final = 2**31
_LEAST: Final = 400
_TIMES: Final = 4
"""The index is asked for ``_LEAST`` rows and for ``_TIMES`` the limit, times the stored vectors per readable one: the
more rows, the fewer hits it misses."""
_SHARE: Final = 0.5
"""Above this share of the readable vectors, comparing them one by one is cheaper."""
_REMEMBERED: Final = 1_000
_REMEMBER_FOR: Final = 60.0

_WAYS: Final = ("bounded", "index", "exact")
"""How a search may go, in the order of trying: one by one if there are few, by the index, one by one."""


class Neo4jVectorIndex:
    """``VectorIndex`` inside the Neo4j store: what a write has committed, the next search of any process sees.

    ``exact_up_to``: spaces with so many vectors are searched one by one, and exactly. Beyond it the server's index
    proposes (HNSW): a hit may be missed, rarely; docs/neo4j.md says how rarely. Scores are cosines in any case, the
    same from ``search`` and ``similarity``. ``sequences`` are not needed, as nothing is held here.
    """

    def __init__(
        self,
        connection: Connection,
        queries: Queries,
        *,
        exact_up_to: int = EXACT_UP_TO,
        progress: native_storage.Progress | None = None,
    ) -> None:
        """Open the index; the nodes and indexes of a store that has none are made.

        Raises:
            StoreError: see ``native_storage.prepare``.
        """
        self._connection = connection
        self._queries = queries
        self._exact_up_to = exact_up_to
        self._closed = False
        self._lock = threading.Lock()
        self._ways: OrderedDict[tuple[str, SpaceSet, int], tuple[str, float]] = OrderedDict()
        native_storage.prepare(connection, queries, progress)

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
        """The ``limit`` best records of ``kind`` for each row of ``queries``, ties by ascending ref.

        Raises:
            InvalidInputError: queries of another shape or dimension or not finite, an unknown kind, a limit below 1.
            VectorIndexError: the index is closed.
            StoreError: the server failed.
        """
        queries = self._checked(queries, kind)
        if limit < 1:
            raise InvalidInputError(f"limit must be at least 1, got {limit}")
        if not len(queries):
            return []
        nothing = VectorHits(np.empty(0, np.int64), np.empty(0, np.float32))
        names = _names(spaces)
        if names == [] or (among is not None and not len(among)):
            return [nothing] * len(queries)
        w = {**_asked(queries), "spaces": names, "limit": limit}
        if among is not None:
            w |= {"refs": np.unique(among).tolist(), "parts": _UNBOUNDED, "bound": _UNBOUNDED}
            rows = self._rows("vectors_of_records", kind, w)
        else:
            rows = self._nearest(kind, spaces, w)
        self._check_dimension(rows, queries)
        answers = []
        for row, scale in zip(rows, _lengths(queries), strict=True):
            answers.append(VectorHits(np.array(row[2], np.int64), _cosines(row[3], scale)))
        return answers

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

        Raises as ``search`` does, and for an unknown ``parts``.
        """
        queries = self._checked(queries, kind)
        if parts not in ("whole", "best"):
            raise InvalidInputError(f"parts must be 'whole' or 'best', got {parts!r}")
        refs = np.asarray(refs, np.int64)
        made = np.full((len(queries), len(refs)), np.nan, np.float32)
        names = _names(spaces)
        if not made.size or names == []:
            return made
        distinct, columns = np.unique(refs, return_inverse=True)
        w = {
            **_asked(queries),
            "spaces": names,
            "limit": len(distinct),
            "refs": distinct.tolist(),
            "parts": 1 if parts == "whole" else _UNBOUNDED,
            "bound": _UNBOUNDED,
        }
        rows = self._rows("vectors_of_records", kind, w)
        self._check_dimension(rows, queries)
        of_distinct = np.full((len(queries), len(distinct)), np.nan, np.float32)
        for i, (row, scale) in enumerate(zip(rows, _lengths(queries), strict=True)):
            of_distinct[i, np.searchsorted(distinct, row[2])] = _cosines(row[3], scale)
        made[:] = of_distinct[:, columns]
        return made

    def vectors(
        self, refs: Refs, *, kind: str, spaces: SpaceSet, sequences: Mapping[str, int] | None = None
    ) -> Vectors:
        """The vectors of whole texts: shape (refs, dimension), NaN for records with none.

        Raises:
            InvalidInputError: an unknown kind.
            VectorIndexError: the index is closed.
            StoreError: the server failed.
        """
        self._check_open()
        check_kind(kind)
        refs = np.asarray(refs, np.int64)
        w = {"refs": np.unique(refs).tolist(), "spaces": _names(spaces)}
        rows = self._connection.read(self._queries.of_kind("whole_vectors", kind), {"w": w})
        dimension = rows[0][2] if rows else 0
        made: Vectors = np.full((len(refs), dimension), np.nan, np.float32)
        for ref, embedding, _ in rows:
            made[refs == ref] = embedding or np.zeros(dimension, np.float32)  # none is kept of one of zeros
        return made

    def rebuild(self, *, spaces: SpaceSet) -> int:
        """Make the nodes of the spaces anew from what the store holds; returns the number of vectors."""
        self._check_open()
        names = _names(spaces)
        if names == []:
            return 0
        native_storage.remove_strays(self._connection, self._queries, names)
        made = native_storage.fill(self._connection, self._queries, spaces=names, again=True)
        native_storage.make_indexes(self._connection, self._queries)
        return made

    def forget(self, spaces: SpaceSet) -> None:
        """Do nothing: vectors go in the transaction that deletes their records, and none are held here."""
        self._check_open()

    def close(self) -> None:
        """End the use of the index; the connection is the store's. Safe to call twice."""
        self._closed = True

    # --- asking the server ---

    def _rows(self, head: str, kind: str, w: Mapping[str, Any]) -> list[list[Any]]:
        """Rows of (complete, dimension, refs, scores), one per query: the vectors that ``head`` finds, ranked."""
        text = f"{self._queries.of_kind(head, kind)}\n{self._queries['rank_vectors']}"
        rows = self._connection.read(text, {"w": w})
        native_storage.check_prepared(rows)
        return rows

    def _nearest(self, kind: str, spaces: SpaceSet, w: dict[str, Any]) -> list[list[Any]]:
        """The best records of the spaces: in the way that worked last time for as many, else in the next one."""
        head = "vectors_everywhere" if spaces.is_everything else "vectors_in_spaces"
        place = (kind, spaces, w["limit"].bit_length())
        for way in _WAYS[_WAYS.index(self._remembered(place)) :]:
            if way == "index":
                rows = self._by_index(kind, spaces, w)
            else:
                bound = self._exact_up_to + 1 if way == "bounded" else _UNBOUNDED
                rows = self._rows(head, kind, {**w, "bound": bound})
            if all(row[0] for row in rows) or way == "exact":
                self._remember(place, way)
                break
        return rows

    def _by_index(self, kind: str, spaces: SpaceSet, w: Mapping[str, Any]) -> list[list[Any]]:
        """As ``_rows``, from the vector index; not complete where the index had to be asked for too much."""
        if not all(w["queries"]):
            return [[False, None, [], []]]  # one of zeros: the index takes none
        asked = {
            **w,
            "index": native_storage.vector_index(self._queries.prefix, kind),
            "spaces": w["spaces"] or [],
            "everywhere": spaces.is_everything,
            "least": _LEAST,
            "times": _TIMES,
            "share": _SHARE,
        }
        rows = self._connection.read(self._queries.of_kind("nearest_by_index", kind), {"w": asked})
        native_storage.check_prepared(rows)
        return rows

    def _remembered(self, place: tuple[str, SpaceSet, int]) -> str:
        with self._lock:
            way, until = self._ways.get(place, (_WAYS[0], 0.0))
        return way if time.monotonic() < until else _WAYS[0]

    def _remember(self, place: tuple[str, SpaceSet, int], way: str) -> None:
        """Note which way gave the answer, for a while, as spaces grow and shrink; it is a matter of speed alone."""
        if way == _WAYS[0]:
            return
        with self._lock:
            if place not in self._ways or time.monotonic() >= self._ways[place][1]:
                self._ways[place] = (way, time.monotonic() + _REMEMBER_FOR)
            self._ways.move_to_end(place)
            while len(self._ways) > _REMEMBERED:
                self._ways.popitem(last=False)

    # --- checks ---

    def _check_open(self) -> None:
        if self._closed:
            raise VectorIndexError("the vector index is closed; open the memory again")

    def _checked(self, queries: Vectors, kind: str) -> Vectors:
        self._check_open()
        check_kind(kind)
        queries = np.ascontiguousarray(queries, np.float32)
        if queries.ndim != 2:
            raise InvalidInputError(f"queries must have shape (queries, dimension), got {queries.shape}")
        if not np.isfinite(queries).all():
            raise InvalidInputError("queries hold values that are not finite (NaN or infinite)")
        return queries

    def _check_dimension(self, rows: list[list[Any]], queries: Vectors) -> None:
        dimension = rows[0][1]
        if dimension is not None and dimension != queries.shape[1]:
            raise InvalidInputError(
                f"queries have {queries.shape[1]} numbers each, the vectors of this store have {dimension}; "
                "use the embedder that made them"
            )


def _names(spaces: SpaceSet) -> list[str] | None:
    """The names of the spaces; None for all of them."""
    return None if spaces.is_everything else list(spaces.names)


def _asked(queries: Vectors) -> dict[str, Any]:
    """The queries as the statements take them: nothing stands for one of zeros, which the server refuses."""
    return {
        "queries": [query.tolist() if query.any() else [] for query in queries],
        "dimension": queries.shape[1],
    }


def _lengths(queries: Vectors) -> list[float]:
    lengths: list[float] = np.linalg.norm(queries.astype(np.float64), axis=1).tolist()
    return lengths


def _cosines(scores: list[float], length: float) -> Vectors:
    """Inner products of unit vectors with a query of this length, from the server's (1 + cosine) / 2."""
    return ((2.0 * np.array(scores, np.float64) - 1.0) * length).astype(np.float32)

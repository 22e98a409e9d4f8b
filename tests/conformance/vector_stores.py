"""Stores whose vectors an index follows, behind one face, so that the tests of indexes need not know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pytest

from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.graph.sqlite import SqliteGraphStore
from factloom.retrieval.vectors import FaissVectorIndex
from factloom.schemas.ports import ChangeFeed, GraphStore, IndexEntry, VectorIndex, WriteTransaction
from factloom.schemas.records import Entity, Episode, Fact, Role, new_id

from .memory_feed import MemoryFeed

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

_WHEN = datetime(2025, 1, 1, tzinfo=UTC)


class VectorStore(Protocol):
    """A store that is written to as tests need it; ``put`` gives each record its vectors, whole text first."""

    def put(self, space: str, kind: str, records: Sequence[Vectors]) -> list[int]:
        """Store new records in one write; returns their refs, ascending."""

    def replace(self, space: str, kind: str, ref: int, vectors: Vectors) -> None:
        """Give a record other vectors."""

    def remove(self, space: str, refs: Sequence[int]) -> None:
        """Delete records."""

    def open_index(self, directory: Path | None = None, **options: Any) -> VectorIndex:
        """A fresh index on this store."""

    def close(self) -> None:
        """Release everything."""


class MemoryVectorStore:
    """FAISS on the feed in memory."""

    def __init__(self) -> None:
        self.feed = MemoryFeed()
        self._last = 0

    def put(self, space: str, kind: str, records: Sequence[Vectors]) -> list[int]:
        refs = list(range(self._last + 1, self._last + 1 + len(records)))
        self._last += len(records)
        self.feed.put(space, kind, zip(refs, records, strict=True))
        return refs

    def replace(self, space: str, kind: str, ref: int, vectors: Vectors) -> None:
        self.feed.put(space, kind, [(ref, vectors)])

    def remove(self, space: str, refs: Sequence[int]) -> None:
        self.feed.remove(space, refs)

    def open_index(self, directory: Path | None = None, **options: Any) -> VectorIndex:
        return FaissVectorIndex(self.feed, directory=directory, **options)

    def close(self) -> None:
        pass


class FollowedStore(GraphStore, ChangeFeed, Protocol):
    """A graph store with a feed."""


class FollowingVectorStore:
    """FAISS on a graph store."""

    def __init__(self, store: FollowedStore) -> None:
        self.feed = store
        self._ids: dict[int, str] = {}

    def put(self, space: str, kind: str, records: Sequence[Vectors]) -> list[int]:
        def work(tx: WriteTransaction) -> list[int]:
            stored = _add_records(tx, space, kind, len(records))
            entries = [IndexEntry(kind, record.id, None, v) for record, v in zip(stored, records, strict=True)]
            tx.put_index(entries, embedder="test/exact")
            self._ids.update({record.ref: record.id for record in stored})
            return [record.ref for record in stored]

        return self.feed.write(work)

    def replace(self, space: str, kind: str, ref: int, vectors: Vectors) -> None:
        entry = IndexEntry(kind, self._ids[ref], None, vectors)
        self.feed.write(lambda tx: tx.put_index([entry], embedder="test/exact"))

    def remove(self, space: str, refs: Sequence[int]) -> None:
        self.feed.write(lambda tx: tx.delete([self._ids[ref] for ref in refs]))

    def open_index(self, directory: Path | None = None, **options: Any) -> VectorIndex:
        return FaissVectorIndex(self.feed, directory=directory, **options)

    def close(self) -> None:
        self.feed.close()


class NativeVectorStore(FollowingVectorStore):
    """Neo4j's own index on its store."""

    def __init__(self, store: Neo4jGraphStore) -> None:
        super().__init__(store)
        self._store = store
        store.native_vectors()

    def open_index(self, directory: Path | None = None, **options: Any) -> VectorIndex:
        return self._store.native_vectors(**options)


def _add_records(tx: WriteTransaction, space: str, kind: str, count: int) -> Sequence[Episode | Entity | Fact]:
    ids = [new_id() for _ in range(count)]
    if kind == "episode":
        return tx.add_episodes(
            [
                Episode(id=i, space=space, session="s", role=Role.USER, content=i, occurred_at=_WHEN, created_at=_WHEN)
                for i in ids
            ]
        )
    if kind == "entity":
        return tx.put_entities(
            [Entity(id=i, space=space, name=i, key=i, created_at=_WHEN, updated_at=_WHEN) for i in ids]
        )
    ends = _add_records(tx, space, "entity", 2)
    return tx.put_facts(
        [
            Fact(
                id=i,
                space=space,
                subject_id=ends[0].id,
                predicate="KNOWS",
                object_id=ends[1].id,
                text=i,
                created_at=_WHEN,
            )
            for i in ids
        ]
    )


STORES: dict[str, Callable[[Path, pytest.FixtureRequest], VectorStore]] = {
    "faiss-memory": lambda _folder, _request: MemoryVectorStore(),
    "faiss-neo4j": lambda _folder, request: FollowingVectorStore(request.getfixturevalue("neo4j_stores").new()),
    "native-neo4j": lambda _folder, request: NativeVectorStore(request.getfixturevalue("neo4j_stores").new()),
    "faiss-sqlite": lambda folder, _request: FollowingVectorStore(SqliteGraphStore(folder / "memory.db")),
}
"""An adapter joins the conformance suite by an entry here."""


def units(rng: np.random.Generator, count: int, dimension: int) -> Vectors:
    """Random unit vectors."""
    made = rng.standard_normal((count, dimension)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made

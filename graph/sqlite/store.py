"""The SQLite graph store: reads on a connection per thread, writes one at a time, each durable when it returns."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from factloom.graph.neighbourhood import KnownGraphs
from factloom.graph.sqlite import exporting, vectors
from factloom.graph.sqlite.connections import Connections
from factloom.graph.sqlite.reader import Reader
from factloom.graph.sqlite.turns import TURNS
from factloom.graph.sqlite.writer import Writer
from factloom.schemas.errors import StoreUnavailableError
from factloom.schemas.ports import (
    HistoryPage,
    IndexEntry,
    Located,
    Neighbourhood,
    Probe,
    Probed,
    Records,
    SpaceStatistics,
    TermMatches,
    Turns,
    VectorChanges,
    WriteTransaction,
)
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Change, Entity, Episode, Fact, utc_now
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

T = TypeVar("T")


class SqliteGraphStore:
    """``GraphStore``, ``ChangeFeed``, ``Exportable``, ``TakesTurns`` and ``StoreFiles`` in one SQLite file.

    Any number of threads and processes may use it. ``path`` may be ":memory:" for a store that nobody else sees and
    that ends with the object. ``busy_timeout``: seconds to wait for another writer. ``clock`` tells which facts are
    current in ``statistics``.

    Raises:
        StoreReadOnlyError: the file or its folder cannot be written.
        ForeignStoreError: the file is not a factloom store; it is left as it is.
        StoreVersionError: a newer factloom made it.
        StoreCorruptError: it is damaged.
    """

    def __init__(
        self, path: Path | str, *, busy_timeout: float = 15.0, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._connections = Connections(path, busy_timeout)
        self._clock = clock
        self._known = KnownGraphs()

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        with self._connections.reading() as database, database.snapshot():
            yield Reader(database, self._clock, self._known)

    # --- GraphReader ---

    def locate(self, ids: Iterable[str], *, spaces: SpaceSet) -> dict[str, Located]:
        """Kind, ref and space of each id; unknown ids are left out."""
        with self._reading() as reader:
            return reader.locate(ids, spaces=spaces)

    def episodes(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Episode]:
        """The episodes with these refs, in this order; unknown ones are left out."""
        with self._reading() as reader:
            return reader.episodes(refs, spaces=spaces)

    def facts(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Fact]:
        """The facts with these refs, in this order; unknown ones are left out."""
        with self._reading() as reader:
            return reader.facts(refs, spaces=spaces)

    def entities(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Entity]:
        """The entities with these refs, in this order; unknown ones are left out."""
        with self._reading() as reader:
            return reader.entities(refs, spaces=spaces)

    def records(
        self,
        *,
        spaces: SpaceSet,
        episodes: Sequence[int] = (),
        facts: Sequence[int] = (),
        entities: Sequence[int] = (),
        sources: int = 0,
    ) -> Records:
        """The records with these refs, of all kinds at once, and the newest ``sources`` episodes of the facts."""
        with self._reading() as reader:
            return reader.records(spaces=spaces, episodes=episodes, facts=facts, entities=entities, sources=sources)

    def probe(self, probe: Probe, *, spaces: SpaceSet) -> Probed:
        """Everything that ``probe`` asks for, of one state of the store."""
        with self._reading() as reader:
            return reader.probe(probe, spaces=spaces)

    def find_episodes(self, query: EpisodeQuery, *, spaces: SpaceSet) -> list[Episode]:
        """Episodes that match, in the query's order."""
        with self._reading() as reader:
            return reader.find_episodes(query, spaces=spaces)

    def find_facts(self, query: FactQuery, *, spaces: SpaceSet) -> list[Fact]:
        """Facts that match, in the query's order."""
        with self._reading() as reader:
            return reader.find_facts(query, spaces=spaces)

    def find_entities(self, query: EntityQuery, *, spaces: SpaceSet) -> list[Entity]:
        """Entities that match, in the query's order."""
        with self._reading() as reader:
            return reader.find_entities(query, spaces=spaces)

    def select(self, query: FactQuery | EpisodeQuery, *, spaces: SpaceSet) -> Refs:
        """Refs of all records that match, ascending."""
        with self._reading() as reader:
            return reader.select(query, spaces=spaces)

    def match_terms(self, terms: Sequence[str], *, kind: str, spaces: SpaceSet, max_documents: int) -> TermMatches:
        """Postings of ``terms`` among records of ``kind``."""
        with self._reading() as reader:
            return reader.match_terms(terms, kind=kind, spaces=spaces, max_documents=max_documents)

    def expand(
        self, refs: Sequence[int], *, spaces: SpaceSet, view: View, limits: ExpandLimits, state: Hashable = None
    ) -> Neighbourhood:
        """The bounded two-way neighbourhood of the records ``refs``; see ``factloom.graph.neighbourhood``."""
        with self._reading() as reader:
            return reader.expand(refs, spaces=spaces, view=view, limits=limits)

    def history(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes to these records, oldest first."""
        with self._reading() as reader:
            return reader.history(ids, spaces=spaces)

    def changes_by(self, episode_ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes that what these episodes say brought about, oldest first."""
        with self._reading() as reader:
            return reader.changes_by(episode_ids, spaces=spaces)

    def changes(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """The changes with these ids, oldest first."""
        with self._reading() as reader:
            return reader.changes(ids, spaces=spaces)

    def statistics(self, *, spaces: SpaceSet) -> list[SpaceStatistics]:
        """Counts per space that holds anything, by name."""
        with self._reading() as reader:
            return reader.statistics(spaces=spaces)

    # --- GraphStore ---

    def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """Run ``work`` in one durable transaction and return what it returns; on an exception nothing is kept.

        Raises:
            InvalidInputError: called inside ``work``.
            StoreUnavailableError: another writer held the store for longer than the busy timeout.
        """
        with self._connections.writing() as database, database.transaction("BEGIN IMMEDIATE"):
            writer = Writer(database, self._clock)
            result = work(writer)
            writer.finish()
        return result

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimension of the embedder whose vectors are stored; None while there are none."""
        with self._connections.reading() as database, database.snapshot():
            return vectors.stored_embedder(database)

    def vacuum(self) -> None:
        """Rewrite the file if anything was deleted or replaced since the last time, and empty the log.

        SQLite overwrites deleted content with zeros (secure_delete), but copies that it made when it moved rows
        between pages can remain in their gaps; only a rewrite is certain to leave none.

        Raises:
            StoreUnavailableError: someone still reads a state from before; the deleted text is still in the log.
        """
        with self._connections.writing() as database:
            if database.row("SELECT 1 FROM meta WHERE name = 'residue'") is not None:
                database.run("DELETE FROM meta WHERE name = 'residue'")
                try:
                    database.run("VACUUM")
                except BaseException:
                    database.run("INSERT INTO meta (name, value) VALUES ('residue', '1') ON CONFLICT (name) DO NOTHING")
                    raise
            if self._connections.in_memory:
                return
            blocked = database.row("PRAGMA wal_checkpoint(TRUNCATE)")
            if blocked is None or blocked[0]:
                raise StoreUnavailableError(
                    f"deleted text is still in the log of the store {database.path}, since another process is reading; "
                    "close what holds it open, or try again in a moment"
                )

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        self._connections.close()

    # --- ChangeFeed ---

    def sequence(self, space: str) -> int:
        """The number of the space's last write to its vectors; 0 for a space without any."""
        with self._connections.reading() as database:
            return vectors.vector_sequence(database, space)

    def vector_changes(self, space: str, *, after: int, limit: int = 20_000) -> VectorChanges:
        """Changes to the space's vectors after sequence number ``after``, in whole writes."""
        with self._connections.reading() as database, database.snapshot():
            return vectors.vector_changes(database, space, after=after, limit=limit)

    def vector_spaces(self) -> list[str]:
        """The spaces that have, or had, vectors, by name."""
        with self._connections.reading() as database:
            return vectors.vector_spaces(database)

    def vector_count(self) -> int:
        """How many vectors there are."""
        with self._connections.reading() as database:
            return vectors.vector_count(database)

    def store_id(self) -> str:
        """An id made with the store."""
        with self._connections.reading() as database:
            row = database.row("SELECT value FROM meta WHERE name = 'store_id'")
            return str(row[0]) if row else ""

    # --- Exportable ---

    def spaces(self) -> list[str]:
        """The spaces that hold anything, by name."""
        with self._connections.reading() as database, database.snapshot():
            return exporting.spaces(database)

    def stored_refs(self, kind: str, *, space: str) -> Refs:
        """Refs of all records of ``kind`` in the space, ascending."""
        with self._connections.reading() as database:
            return exporting.stored_refs(database, kind, space)

    def index_entries(self, kind: str, refs: Sequence[int], *, space: str) -> list[IndexEntry]:
        """Terms and vectors of these records, in this order."""
        with self._connections.reading() as database, database.snapshot():
            return exporting.index_entries(database, kind, refs, space)

    def recorded(self, space: str, *, after: int = 0, limit: int = 1000) -> HistoryPage:
        """The space's history in the order of recording."""
        with self._connections.reading() as database:
            return exporting.recorded(database, space, after=after, limit=limit)

    def origin(self, space: str) -> str | None:
        """What the last write to the space noted of where its records come from."""
        with self._reading() as reader:
            return reader.origin(space)

    # --- TakesTurns ---

    def turns(self) -> Turns:
        """Those of all embedded stores in this process."""
        return TURNS

    # --- StoreFiles ---

    def size_in_bytes(self) -> int:
        """Bytes on disk, the write-ahead log and its index included; 0 for a store in memory."""
        path = self._connections.path
        if self._connections.in_memory:
            return 0
        files = [Path(f"{path}{end}") for end in ("", "-wal", "-shm")]
        return sum(file.stat().st_size for file in files if file.exists())

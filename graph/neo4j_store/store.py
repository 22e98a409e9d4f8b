"""The Neo4j graph store: many processes on one server, one writer at a time, each write durable when it returns."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from factloom.graph.neighbourhood import KnownGraphs
from factloom.graph.neo4j_store import exporting, vectors
from factloom.graph.neo4j_store.connection import Access, Connection, Managed
from factloom.graph.neo4j_store.failures import DRIVER_FAILURES, ConstraintError
from factloom.graph.neo4j_store.native_storage import Progress
from factloom.graph.neo4j_store.native_vectors import EXACT_UP_TO, Neo4jVectorIndex
from factloom.graph.neo4j_store.posting_cache import PostingCache
from factloom.graph.neo4j_store.queries import queries_for
from factloom.graph.neo4j_store.reader import Reader, Remembered
from factloom.graph.neo4j_store.rows import to_micros
from factloom.graph.neo4j_store.schema import open_schema
from factloom.graph.neo4j_store.typed_edges import has_lapsed, remove_lapsed
from factloom.graph.neo4j_store.user_queries import run_user_query
from factloom.graph.neo4j_store.writer import Client, Held, Writer
from factloom.schemas.cypher import CypherResult
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
    VectorChanges,
    WriteTransaction,
)
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Change, Entity, Episode, Fact, utc_now
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

T = TypeVar("T")


class Neo4jGraphStore:
    """``GraphStore``, ``ChangeFeed`` and ``Exportable`` in a Neo4j database, for any number of processes and machines.

    ``label_prefix`` begins every label of ours, so that a database can be shared with others. ``clock`` tells which
    facts are current, in ``statistics`` and for the typed edges.

    Raises:
        ConfigurationError: the address or the prefix cannot be used.
        StoreAuthError: the server refused the user or the password.
        StorePermissionError: the user may not read or write, or not create what is missing on the first opening.
        StoreDatabaseError: the server has no such database.
        StoreServerError: it is older than 5.26, or no Neo4j.
        StoreEncryptionError: address and server disagree about TLS.
        StoreUnavailableError: the server cannot be reached.
        ForeignStoreError: another program uses our labels; the database is left as it is.
        StoreVersionError: a newer factloom made the store.
    """

    def __init__(self, access: Access, *, label_prefix: str = "", clock: Callable[[], datetime] = utc_now) -> None:
        self._queries = queries_for(label_prefix)
        self._label_prefix = label_prefix
        self._connection = Connection(access)
        self._clock = clock
        self._begin_process()
        try:
            self._connection.check()
            self._store_id = open_schema(self._connection, self._queries)
        except BaseException:
            self._connection.close()
            raise
        self._reader = Reader(
            self._connection.reading, self._queries, self._store_id, clock, Remembered(PostingCache(), KnownGraphs())
        )

    def _begin_process(self) -> None:
        """Be a writer of its own, as each process that came through a fork is."""
        self._pid = os.getpid()
        self._client = str(uuid.uuid4())
        self._writes = 0
        self._held = Held(self._queries)

    @property
    def label_prefix(self) -> str:
        """What every label of the store begins with."""
        return self._queries.prefix

    # --- GraphReader ---

    def locate(self, ids: Iterable[str], *, spaces: SpaceSet) -> dict[str, Located]:
        """Kind, ref and space of each id; unknown ids are left out."""
        return self._reader.locate(ids, spaces=spaces)

    def episodes(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Episode]:
        """The episodes with these refs, in this order; unknown ones are left out."""
        return self._reader.episodes(refs, spaces=spaces)

    def facts(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Fact]:
        """The facts with these refs, in this order; unknown ones are left out."""
        return self._reader.facts(refs, spaces=spaces)

    def entities(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Entity]:
        """The entities with these refs, in this order; unknown ones are left out."""
        return self._reader.entities(refs, spaces=spaces)

    def records(
        self,
        *,
        spaces: SpaceSet,
        episodes: Sequence[int] = (),
        facts: Sequence[int] = (),
        entities: Sequence[int] = (),
        sources: int = 0,
    ) -> Records:
        """The records with these refs, and the newest ``sources`` episodes of the facts."""
        return self._reader.records(spaces=spaces, episodes=episodes, facts=facts, entities=entities, sources=sources)

    def probe(self, probe: Probe, *, spaces: SpaceSet) -> Probed:
        """Everything that ``probe`` asks for."""
        return self._reader.probe(probe, spaces=spaces)

    def find_episodes(self, query: EpisodeQuery, *, spaces: SpaceSet) -> list[Episode]:
        """Episodes that match, in the query's order."""
        return self._reader.find_episodes(query, spaces=spaces)

    def find_facts(self, query: FactQuery, *, spaces: SpaceSet) -> list[Fact]:
        """Facts that match, in the query's order."""
        return self._reader.find_facts(query, spaces=spaces)

    def find_entities(self, query: EntityQuery, *, spaces: SpaceSet) -> list[Entity]:
        """Entities that match, in the query's order."""
        return self._reader.find_entities(query, spaces=spaces)

    def select(self, query: FactQuery | EpisodeQuery, *, spaces: SpaceSet) -> Refs:
        """Refs of all records that match, ascending."""
        return self._reader.select(query, spaces=spaces)

    def match_terms(self, terms: Sequence[str], *, kind: str, spaces: SpaceSet, max_documents: int) -> TermMatches:
        """Postings of ``terms`` among records of ``kind``."""
        return self._reader.match_terms(terms, kind=kind, spaces=spaces, max_documents=max_documents)

    def expand(
        self, refs: Sequence[int], *, spaces: SpaceSet, view: View, limits: ExpandLimits, state: Hashable = None
    ) -> Neighbourhood:
        """The bounded two-way neighbourhood of the records ``refs``; without a trip where that state is known."""
        return self._reader.expand(refs, spaces=spaces, view=view, limits=limits, state=state)

    def history(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes to these records, oldest first."""
        return self._reader.history(ids, spaces=spaces)

    def changes_by(self, episode_ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes that what these episodes say brought about, oldest first."""
        return self._reader.changes_by(episode_ids, spaces=spaces)

    def changes(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """The changes with these ids, oldest first."""
        return self._reader.changes(ids, spaces=spaces)

    def statistics(self, *, spaces: SpaceSet) -> list[SpaceStatistics]:
        """Counts per space that holds anything, by name."""
        return self._reader.statistics(spaces=spaces)

    # --- GraphStore ---

    def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """Run ``work`` in one durable transaction and return what it returns; on an exception nothing is kept.

        The server may ask for a repetition (a deadlock, a change of leader), and ``work`` runs again then. When the
        connection is lost during the commit, the number of the write, kept with it, says whether it arrived; one that
        did is not done twice.

        Raises:
            InvalidInputError: called inside ``work``.
            StoreUnavailableError: another writer held the store for too long, or the server is out of reach.
        """
        number: int | None = None
        careful = in_doubt = False
        result: list[T] = []

        def attempt(transaction: Managed) -> None:
            nonlocal number, in_doubt
            in_doubt = False
            if os.getpid() != self._pid:
                self._begin_process()
            if number is None:  # here, since one writes at a time from here on
                self._writes += 1
                number = self._writes
            client = Client(self._client, number)
            writer = Writer(
                transaction, self._queries, self._store_id, self._clock, client, self._held, careful=careful
            )
            if writer.begin(self._connection.place) and result:
                return
            try:
                result[:] = [work(writer)]
            except DRIVER_FAILURES:
                raise
            except Exception:
                in_doubt = writer.assumes
                raise
            writer.finish()

        try:
            self._connection.write(attempt)
        except Exception as error:
            # An id that was taken for new may be stored: then that should have been said, and before any other error.
            if not (in_doubt or isinstance(error, ConstraintError)):
                raise
            careful = True
            self._connection.write(attempt)
        return result[0]

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimension of the embedder whose vectors are stored; None while there are none."""
        return vectors.stored_embedder(self._connection.reading, self._queries)

    def vacuum(self) -> None:
        """Do nothing: a client can do no more than delete.

        The server's files keep what was deleted until it reuses the room, and its transaction log until it is pruned
        (``db.tx_log.rotation.retention_policy``); backups are its keeper's too. See docs/neo4j.md.
        """
        self._connection.check_open()

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        self._connection.close()

    # --- typed edges ---

    def remove_lapsed_edges(self) -> int:
        """Remove the typed edges whose facts are over by now; returns how many. Every write does so first, too."""
        now = to_micros(self._clock())
        if not has_lapsed(self._connection.reading, self._queries, now):
            return 0
        return self._connection.write(lambda transaction: remove_lapsed(transaction, self._queries, now))

    # --- CypherRunner ---

    def run_cypher(self, query: str, parameters: Mapping[str, Any], *, timeout: float, limit: int) -> CypherResult:
        """The first ``limit`` rows of a query that a user wrote, over the whole database, read-only."""
        self.remove_lapsed_edges()
        return run_user_query(
            self._connection, query, parameters, prefix=self._label_prefix, timeout=timeout, limit=limit
        )

    # --- ChangeFeed ---

    def sequence(self, space: str) -> int:
        """The number of the space's last write to its vectors; 0 for a space without any."""
        return vectors.vector_sequence(self._connection.reading, self._queries, space)

    def vector_changes(self, space: str, *, after: int, limit: int = 20_000) -> VectorChanges:
        """Changes to the space's vectors after sequence number ``after``, in whole writes."""
        return vectors.vector_changes(
            self._connection.reading,
            self._queries,
            self._store_id,
            space,
            after=after,
            limit=limit,
            place=self._connection.place,
        )

    def vector_spaces(self) -> list[str]:
        """The spaces that have, or had, vectors, by name."""
        return vectors.vector_spaces(self._connection.reading, self._queries)

    def vector_count(self) -> int:
        """How many records have vectors."""
        return vectors.vector_count(self._connection.reading, self._queries)

    def store_id(self) -> str:
        """An id made with the store."""
        self._connection.check_open()
        return self._store_id

    # --- the server's own vector index ---

    def native_vectors(self, *, exact_up_to: int = EXACT_UP_TO, progress: Progress | None = None) -> Neo4jVectorIndex:
        """A ``VectorIndex`` that holds nothing: searches run on the server. Its nodes are made if there are none yet.

        ``exact_up_to``: spaces with so few vectors are searched one by one. ``progress``: told how many vectors that
        were stored before are done, of how many.
        """
        return Neo4jVectorIndex(self._connection, self._queries, exact_up_to=exact_up_to, progress=progress)

    # --- Exportable ---

    def spaces(self) -> list[str]:
        """The spaces that hold anything, be it history alone, by name."""
        return exporting.spaces(self._connection.reading, self._queries)

    def stored_refs(self, kind: str, *, space: str) -> Refs:
        """Refs of all records of ``kind`` in the space, in the order of storing."""
        return exporting.stored_refs(self._connection.reading, self._queries, kind, space)

    def index_entries(self, kind: str, refs: Sequence[int], *, space: str) -> list[IndexEntry]:
        """How these records are found, in this order; unknown refs are left out."""
        return exporting.index_entries(self._connection.reading, self._queries, kind, refs, space)

    def recorded(self, space: str, *, after: int = 0, limit: int = 1000) -> HistoryPage:
        """The space's history in the order of recording."""
        return exporting.recorded(self._connection.reading, self._queries, space, after=after, limit=limit)

    def origin(self, space: str) -> str | None:
        """What was noted with the last write to the space."""
        return exporting.origin(self._connection.reading, self._queries, space)

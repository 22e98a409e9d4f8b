"""Ports: what the engine needs from a graph store, a vector index, an embedder, an extractor and a reranker.

Each is a Protocol; adapters need not inherit from it. ``tests/conformance`` holds one suite per port, which
every adapter passes. All methods are batch-first and safe to call from several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from factloom.schemas.cypher import CypherResult
from factloom.schemas.extraction import Extraction, ExtractionRequest
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Change, Entity, Episode, Fact, Metadata, Status
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Refs = NDArray[np.int64]

T = TypeVar("T")


# --- graph store ---


class Located(NamedTuple):
    """Where an id leads."""

    kind: str
    ref: int
    space: str


class IndexEntry(NamedTuple):
    """How a record can be found: its analysed ``terms`` (repeats count) and its vectors.

    ``vectors`` holds the whole text first, then, for long episodes, one per sentence; unit length, float32.
    ``terms`` or ``vectors`` None leaves what is stored as it is; empty removes it.
    """

    kind: str
    id: str
    terms: Sequence[str] | None
    vectors: Vectors | None


class EpisodeNode(NamedTuple):
    """An episode as ranking sees it. ``previous``/``next``: refs of its neighbours in the session, 0 at the ends.

    ``occurred_at``: seconds since 1970. ``length``: number of index terms. ``text_length``: characters.
    ``question``: its content ends in a question mark. ``session``: a number that is equal within one session.
    """

    ref: int
    session: int
    previous: int
    next: int
    speaker: str | None
    role: str
    occurred_at: float
    length: int
    text_length: int
    question: bool


class FactNode(NamedTuple):
    """A fact as ranking sees it; times in seconds since 1970, None where open. ``episodes``: newest first, bounded."""

    ref: int
    subject: int
    object: int
    predicate: str
    category: str
    valid_at: float | None
    invalid_at: float | None
    created_at: float
    expired_at: float | None
    confidence: float
    support: int
    episodes: tuple[int, ...]


class EntityNode(NamedTuple):
    """An entity as ranking sees it. ``degree``: number of facts about it in the view."""

    ref: int
    name: str
    type: str
    degree: int


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What lies around the seeds, by ref, in ascending order. Edges are implied: NEXT by
    ``EpisodeNode.previous``/``next``, STATED_IN by ``FactNode.episodes``, SUBJECT and OBJECT by
    ``FactNode.subject``/``object``.

    ``over``: by episode, the facts that it states and that ended before the time of the view, by ref.
    ``stale_episodes``: those of them that state no fact that is in the view.
    """

    episodes: Mapping[int, EpisodeNode]
    facts: Mapping[int, FactNode]
    entities: Mapping[int, EntityNode]
    over: Mapping[int, tuple[FactNode, ...]]
    stale_episodes: frozenset[int]


class Posting(NamedTuple):
    """The records that hold one term: refs ascending, how often each holds it, and how many terms each has.

    ``documents`` counts them all; when there are more than the caller's bound, the arrays are empty.
    """

    documents: int
    refs: Refs
    counts: Refs
    lengths: Refs


@dataclass(frozen=True, slots=True)
class TermMatches:
    """Postings of the terms asked for, and what BM25 needs to know of the spaces that were read."""

    documents: int
    terms: int
    postings: Mapping[str, Posting]


class TermQuery(NamedTuple):
    """Index terms to look up among records of one kind, as in ``GraphReader.match_terms``."""

    kind: str
    terms: tuple[str, ...]
    max_documents: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What a search asks first, all at once, so that a store on a server is asked once.

    ``terms``: postings to look up. ``entity_keys``: normalised names, for at most ``entity_limit`` entities, by name,
    then id. ``predicates`` with ``view``: facts with these predicates about each of the entities found.
    ``selections``: records whose refs are wanted.
    """

    terms: tuple[TermQuery, ...] = ()
    entity_keys: tuple[str, ...] = ()
    entity_limit: int = 100
    predicates: tuple[str, ...] = ()
    view: View | None = None
    selections: tuple[FactQuery | EpisodeQuery, ...] = ()


@dataclass(frozen=True, slots=True)
class Probed:
    """What a ``Probe`` found, all of one state of the store.

    ``terms`` and ``selections`` are in the order asked. ``relations``: by ref of each entity found, the refs of the
    facts about it that have one of the predicates, ascending. ``sequences``: of each readable space that has or had
    vectors, the number of the last write to them, as ``ChangeFeed.sequence`` gives it. ``state``: stands for the state
    that was read, for ``GraphReader.expand``; None where a store makes no use of it.
    """

    terms: tuple[TermMatches, ...]
    entities: tuple[Entity, ...]
    relations: Mapping[int, Refs]
    selections: tuple[Refs, ...]
    sequences: Mapping[str, int]
    state: Hashable = None


class Records(NamedTuple):
    """Records that were fetched together; what is unknown is left out."""

    episodes: list[Episode]
    facts: list[Fact]
    entities: list[Entity]


class SpaceStatistics(NamedTuple):
    """Counts of one space. ``sequence`` grows with every write to it."""

    space: str
    episodes: int
    pending: int
    failed: int
    entities: int
    facts: int
    current_facts: int
    vectors: int
    sequence: int


class GraphReader(Protocol):
    """Reads of a graph store. A record outside ``spaces`` is as if it did not exist, in every method."""

    def locate(self, ids: Iterable[str], *, spaces: SpaceSet) -> dict[str, Located]:
        """Kind, ref and space of each id; unknown ids are left out."""

    def episodes(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Episode]:
        """The episodes with these refs, in this order; unknown ones are left out."""

    def facts(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Fact]:
        """The facts with these refs, in this order, whatever their state; unknown ones are left out."""

    def entities(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Entity]:
        """The entities with these refs, in this order; unknown ones are left out."""

    def records(
        self,
        *,
        spaces: SpaceSet,
        episodes: Sequence[int] = (),
        facts: Sequence[int] = (),
        entities: Sequence[int] = (),
        sources: int = 0,
    ) -> Records:
        """The records with these refs, of all kinds at once, each kind in the order given.

        ``sources``: the newest so many episodes of each of the facts, newest first, follow the episodes given; each
        episode comes once then.
        """

    def probe(self, probe: Probe, *, spaces: SpaceSet) -> Probed:
        """Everything that ``probe`` asks for; each part as the method of its own would give it."""

    def find_episodes(self, query: EpisodeQuery, *, spaces: SpaceSet) -> list[Episode]:
        """Episodes that match, in the query's order."""

    def find_facts(self, query: FactQuery, *, spaces: SpaceSet) -> list[Fact]:
        """Facts that match, in the query's order. ``query.view`` None sees all of them, corrected ones too."""

    def find_entities(self, query: EntityQuery, *, spaces: SpaceSet) -> list[Entity]:
        """Entities that match, in the query's order."""

    def select(self, query: FactQuery | EpisodeQuery, *, spaces: SpaceSet) -> Refs:
        """Refs of all records that match, ascending; limit and offset are ignored."""

    def match_terms(self, terms: Sequence[str], *, kind: str, spaces: SpaceSet, max_documents: int) -> TermMatches:
        """Postings of ``terms`` among records of ``kind``; counts are those of ``spaces`` alone."""

    def expand(
        self, refs: Sequence[int], *, spaces: SpaceSet, view: View, limits: ExpandLimits, state: Hashable = None
    ) -> Neighbourhood:
        """The bounded two-way neighbourhood of the records ``refs`` (any kinds), those themselves included.

        An episode given leads to its neighbours along NEXT, each of these to the facts that it states, a fact to its
        episodes, subject and object, an entity to its facts. Facts outside ``view`` are not seen, and not counted in
        degrees. Deterministic.

        ``state``: what a probe of the same spaces gave, where an answer as old as that probe will do: what is known of
        that state need not be asked for again.
        """

    def history(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes to these records, oldest first."""

    def changes_by(self, episode_ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes that what these episodes say brought about, oldest first."""

    def changes(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """The changes with these ids, oldest first; unknown ones are left out."""

    def statistics(self, *, spaces: SpaceSet) -> list[SpaceStatistics]:
        """Counts per space that exists, by name."""


class WriteTransaction(GraphReader, Protocol):
    """Reads that see the writes before them, and writes that are kept all or not at all."""

    def foresee(self, keys: Sequence[str], *, space: str) -> None:
        """Say that the bearers of these normalised names, and the facts about them, will be looked up one by one.

        A store that is far away reads them at once; others have nothing to do. It changes no answer.
        """

    def add_episodes(self, episodes: Sequence[Episode]) -> list[Episode]:
        """Store episodes; one that is there already (same space, content hash, time, role) is not stored again.

        Within a session, NEXT follows ``occurred_at`` and, where that is equal, the order of storing; an episode that
        arrives late is linked in between. Returns the stored ones, in order, with their refs; one that was there
        already comes back as it is stored, id included.
        """

    def set_status(self, ids: Sequence[str], status: Status, *, error: str | None = None) -> None:
        """Set how far episodes have come, and why not further; counts an attempt when an ``error`` is given."""

    def set_episode_metadata(self, values: Mapping[str, Metadata]) -> None:
        """Replace the metadata of stored episodes, by id; unknown ids are passed over.

        For what learning from an episode found and cost, beside what it came with.
        """

    def put_entities(self, entities: Sequence[Entity]) -> list[Entity]:
        """Insert or, by id, replace entities; ``created_at`` of a stored one is kept. Returns them with refs.

        Raises:
            StoreError: another entity has the same space, key and type.
        """

    def put_facts(self, facts: Sequence[Fact]) -> list[Fact]:
        """Insert or, by id, replace facts; ``created_at`` of a stored one is kept. Returns them with refs.

        Raises:
            NotFoundError: subject, object or an episode is not in the fact's space.
        """

    def put_index(self, entries: Sequence[IndexEntry], *, embedder: str | None) -> None:
        """Store terms and vectors of records. The first vectors of a store fix its embedder and dimension.

        Raises:
            EmbedderMismatchError: the store's vectors come from another embedder.
            NotFoundError: an id is not stored.
        """

    def record(self, changes: Sequence[Change]) -> None:
        """Append to history."""

    def record_again(self, changes: Sequence[Change]) -> None:
        """Append changes, in place of those with the same ids that are recorded already, if there are any.

        For a change that is told of another record now (two entities turned out to be one), or in fewer words.
        """

    def delete(self, ids: Sequence[str]) -> list[str]:
        """Delete records with their terms, vectors, links and history; returns the ids that were there.

        The sessions of deleted episodes close ranks. A fact that loses its last episode here stays; deciding what
        goes is the caller's. Facts whose subject or object is deleted go too, and are in the returned ids.
        """

    def clear_vectors(self) -> None:
        """Remove every vector of the store and forget which embedder made them, so that another may begin."""

    def origin(self, space: str) -> str | None:
        """What ``set_origin`` noted in the last write to the space; None when that write noted nothing."""

    def set_origin(self, space: str, text: str) -> None:
        """Note where the space's records come from. The first write to the space without such a note voids it."""


@runtime_checkable
class GraphStore(GraphReader, Protocol):
    """Keeps episodes, entities, facts, terms, vectors and history, and is the source of truth for all of them.

    Every method may raise StoreUnavailableError (locked, closed, out of reach), StoreCorruptError and other
    StoreErrors.
    """

    def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """Run ``work`` in one durable transaction and return what it returns; on an exception nothing is kept.

        ``work`` may run more than once (when a server asks for a retry), so it must not have other effects.
        Writers exclude each other for the whole of ``work``: what it reads stays true until it is committed.
        """

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimension of the embedder whose vectors are stored; None before the first."""

    def vacuum(self) -> None:
        """Make sure that deleted text is nowhere in the store's files any more, logs included."""

    def close(self) -> None:
        """Release everything; safe to call twice. Later calls raise StoreUnavailableError."""


@runtime_checkable
class StoreFiles(Protocol):
    """Ability of a store that lives in files of its own."""

    def size_in_bytes(self) -> int:
        """Size of all its files together; 0 for a store in memory."""


class Turns(Protocol):
    """Runs pieces of work one at a time where side by side would be slower. It changes no result."""

    def run(self, work: Callable[[], T], *, seconds: float | None = None) -> T:
        """What ``work`` returns or raises, in whichever thread; it sees the caller's context variables.

        After ``seconds`` of waiting, or when other work takes long, it does not wait for its turn any more.

        Raises:
            CancelledError: the caller was cancelled while it waited.
        """


@runtime_checkable
class TakesTurns(Protocol):
    """Ability of a store that reads in this process, so that searches side by side hold each other up.

    A store on a server has it not: while one search waits for the server, another one goes on.
    """

    def turns(self) -> Turns:
        """What a search runs through, all but the calls to models."""


class VectorRows(NamedTuple):
    """Vectors by record: row i of ``vectors`` belongs to record ``refs[i]`` (part 0 is its whole text)."""

    refs: Refs
    parts: Refs
    kinds: Sequence[str]
    vectors: Vectors


class VectorChanges(NamedTuple):
    """What happened to the vectors of one space: first forget ``removed``, then take in ``added``.

    A record in ``added`` replaces all vectors that it had. ``complete`` False: ask again from ``sequence``.
    """

    removed: Refs
    added: VectorRows
    sequence: int
    complete: bool


@runtime_checkable
class ChangeFeed(Protocol):
    """Ability of a store whose vectors a derived index can follow."""

    def sequence(self, space: str) -> int:
        """The number of the space's last write to its vectors, deletions included; 0 for a space without any.

        Never goes back, not even when the space is emptied. Cheap: asked before every search.
        """

    def vector_changes(self, space: str, *, after: int, limit: int = 20_000) -> VectorChanges:
        """Changes to the space's vectors after sequence number ``after``, in order, at most ``limit`` rows and
        whole writes.
        """

    def vector_spaces(self) -> list[str]:
        """The spaces that have, or had, vectors, by name."""

    def vector_count(self) -> int:
        """About how many vectors there are: a store may count the records that have some. Nothing is scanned."""

    def store_id(self) -> str:
        """An id made with the store, so that a snapshot of another store is never taken for this one's."""


class HistoryPage(NamedTuple):
    """Changes in the order in which they were recorded; ``position`` is where the next page begins."""

    changes: list[Change]
    position: int


@runtime_checkable
class Exportable(Protocol):
    """Ability of a store to give all that it holds in the order of storing, so that it can be copied and compared."""

    def spaces(self) -> list[str]:
        """The spaces that hold anything, be it history alone, by name."""

    def stored_refs(self, kind: str, *, space: str) -> Refs:
        """Refs of all records of ``kind`` in the space, ascending: the order of storing."""

    def index_entries(self, kind: str, refs: Sequence[int], *, space: str) -> list[IndexEntry]:
        """How these records are found, in this order; unknown refs are left out.

        ``WriteTransaction.put_index`` with them makes it so: terms are sorted and repeated as often as the record
        holds them, vectors are those that are stored, bit by bit; what is not there is empty.
        """

    def recorded(self, space: str, *, after: int = 0, limit: int = 1000) -> HistoryPage:
        """The space's history in the order of recording, at most ``limit`` changes after a page's ``position``."""

    def origin(self, space: str) -> str | None:
        """As ``WriteTransaction.origin``."""


@runtime_checkable
class CypherRunner(Protocol):
    """Ability to run Cypher, read-only. A store with it runs the query over its whole database, all spaces together."""

    def run_cypher(self, query: str, parameters: Mapping[str, Any], *, timeout: float, limit: int) -> CypherResult:
        """The first ``limit`` rows of the query, as they are within ``timeout`` seconds.

        Raises:
            QueryError: the query is wrong, or is refused since it would write, read files or change the server.
            QueryTimeoutError: it took longer.
        """


# --- vector index ---


class VectorHits(NamedTuple):
    """Best records for one query: refs and cosines, best first; a record appears once, with its best vector."""

    refs: Refs
    scores: NDArray[np.float32]


class VectorIndex(Protocol):
    """Cosine search over the vectors of the readable spaces. Derived from the store, never the source of truth."""

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

        Scores are exact. Of very many vectors an adapter may leave out one in some thousand of the best.

        ``among`` (ascending refs) restricts the search before it ranks. ``sequences``: how far the readable spaces
        are known to be (``Probed.sequences``), so that the store need not be asked.
        """

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

        ``parts``: "whole" compares the whole text, "best" the record's best vector, sentences included.
        ``sequences``: as for ``search``.
        """

    def vectors(
        self, refs: Refs, *, kind: str, spaces: SpaceSet, sequences: Mapping[str, int] | None = None
    ) -> Vectors:
        """The vectors of whole texts: shape (refs, dimension), NaN for records with none.

        (refs, 0) where the spaces hold no vector that would tell the dimension. ``sequences``: as for ``search``.
        """

    def rebuild(self, *, spaces: SpaceSet) -> int:
        """Forget what is held and read the store again; returns the number of vectors."""

    def forget(self, spaces: SpaceSet) -> None:
        """Leave no trace of what the store has deleted from the spaces, in memory or in snapshots (after a deletion).

        Raises:
            VectorIndexError: a snapshot could not be deleted.
        """

    def close(self) -> None:
        """Write snapshots and release memory; safe to call twice."""


@runtime_checkable
class NativeVectors(Protocol):
    """Ability of a store that can search its vectors itself."""

    def native_vectors(self) -> VectorIndex:
        """An index that runs in the store. What it needs there is made now, for vectors stored before, too."""


class VectorDifference(NamedTuple):
    """Where an index and its store do not agree. ``problem``: "missing" in the index, "extra", or "different"."""

    space: str
    kind: str
    ref: int
    problem: str


@runtime_checkable
class Verifiable(Protocol):
    """Ability of a vector index that can be compared with its store."""

    def verify(self, *, spaces: SpaceSet) -> list[VectorDifference]:
        """Every record whose vectors differ from the store's, by space, kind and ref; empty when all agree."""


# --- models ---


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors. Queries and documents are told apart, since some models prefix them."""

    @property
    def name(self) -> str:
        """Model and precision, such as ``all-MiniLM-L6-v2/int8``; recorded with the vectors."""

    @property
    def dimension(self) -> int:
        """Length of the vectors."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), float32, rows of unit length, in order.

        Raises:
            ModelError: the model is missing, out of reach or answers nonsense.
        """

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """As ``embed_documents``, for questions."""


@runtime_checkable
class EmbedsInTurn(Protocol):
    """Ability of an embedder to say that it is Python code, while which no other thread can do anything.

    A search then embeds in the turn that it has (`Turns`); others give the turn up while a model runs.
    """

    @property
    def embeds_in_turn(self) -> bool:
        """Whether it is."""


@runtime_checkable
class EmbedsApart(Protocol):
    """Ability of an embedder to say that texts in calls of their own cost no more than in one, and that others go on.

    A search then has the question embedded while it still reads it; elsewhere all forms of it go into one call.
    """

    @property
    def embeds_apart(self) -> bool:
        """Whether they do."""


@runtime_checkable
class TokenCounter(Protocol):
    """Counts text in a model's own tokens."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, without special ones and without truncation."""


@runtime_checkable
class Extractor(Protocol):
    """Reads candidate facts out of episodes."""

    @property
    def name(self) -> str:
        """Recorded on every fact (``metadata["extractor"]``)."""

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        """One result per request, in order. What fails for one episode is told in its result and spares the others.

        Raises:
            ModelNotFoundError: nothing can be extracted at all, since the model is missing.
        """


@runtime_checkable
class UsesEntities(Protocol):
    """Ability of an extractor that is told which entities a space already knows (``ExtractionRequest.entities``)."""

    @property
    def known_entities(self) -> int:
        """How many at most it wants with each request."""


@runtime_checkable
class Closable(Protocol):
    """Ability of an extractor or a reranker that holds connections."""

    def close(self) -> None:
        """Release them; a later call opens new ones."""


@runtime_checkable
class Reranker(Protocol):
    """Scores texts against a query; used on the first hits only, and off by default."""

    @property
    def name(self) -> str:
        """Shown in explanations."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text, higher is better; on any scale, only the order counts.

        Raises:
            ModelUnavailableError, ModelResponseError: not this time; the search may go on without.
            ModelNotFoundError, ModelAuthError, ConfigurationError: not before somebody mends it.
        """

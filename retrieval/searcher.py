"""Search: read the question, embed it, find seeds, expand, rank, fetch the page that was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict, TypeVar, Unpack

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.candidates import Candidates, Seeds, expand_seeds, find_seeds, seeds_by_words
from factloom.retrieval.context import SHOWN_WITH_NEIGHBOURS, build_context
from factloom.retrieval.context_turns import turns_around
from factloom.retrieval.deadline import Deadline, Errand, TimeLimitPassed
from factloom.retrieval.diversity import words_said
from factloom.retrieval.explanation import Step
from factloom.retrieval.features import Question, describe_episodes, describe_facts
from factloom.retrieval.first_look import FirstLook, look
from factloom.retrieval.graph_signal import Spread
from factloom.retrieval.near_names import near_names
from factloom.retrieval.page import PageReader, Second
from factloom.retrieval.people_meant import who_is_meant
from factloom.retrieval.ranking import Ranking, rank
from factloom.retrieval.reading import Reading, draft_question, question_text
from factloom.retrieval.relations import relation_scores, walk_relations
from factloom.retrieval.staleness import outdated
from factloom.retrieval.token_counting import Counter, embedders_counter
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import EmbedsApart, EmbedsInTurn
from factloom.schemas.queries import View
from factloom.schemas.records import utc_now
from factloom.schemas.search import ContextBlock, Hit, HitKind, SearchFilter, SearchResult
from factloom.schemas.settings import SearchSettings
from factloom.schemas.spaces import SpaceSet
from factloom.schemas.trusted import trusted

if TYPE_CHECKING:
    from factloom.retrieval.rerankers import Reranking
    from factloom.schemas.ports import Embedder, GraphReader, Neighbourhood, Refs, Turns, VectorIndex, Vectors

T = TypeVar("T")

BOTH_KINDS: Final[tuple[HitKind, ...]] = ("fact", "episode")
MOST_HITS: Final = 10_000
"""Last position that paging reaches."""

_LEAST_WAIT: Final = 0.1
"""Milliseconds of waiting for other searches that are worth a note."""

_TOGETHER: Final = 256
"""Questions that are embedded in one batch; what is known of each is held until its turn."""


class Searcher:
    """Answers questions from the spaces that may be read.

    One embedding batch and a handful of set-based reads for each question; what they cost grows with the number of
    candidates, not with the store. Safe to use from several threads.

    Args:
        store: the graph store.
        index: the vector index that follows it.
        embedder: the one that made its vectors.
        spread: personalised PageRank (`factloom.graph.pagerank`).
        settings: defaults of search.
        reranking: reorders the first hits; off by default.
        turns: what all but the calls to models runs through, where searches side by side hold each other up.
        clock: the present, where a call names none.
        timer: seconds of a clock that never goes back, for time limits.
    """

    def __init__(
        self,
        store: GraphReader,
        index: VectorIndex,
        embedder: Embedder,
        *,
        spread: Spread,
        settings: SearchSettings,
        reranking: Reranking | None = None,
        turns: Turns | None = None,
        clock: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._index = index
        self._embedder = embedder
        self._spread = spread
        self._settings = settings
        self._fact_half_life_days = settings.fact_half_life_days.model_dump()
        self._reranking = reranking
        self._turns = turns
        self._embeds_in_turn = isinstance(embedder, EmbedsInTurn) and embedder.embeds_in_turn
        self._embeds_apart = isinstance(embedder, EmbedsApart) and embedder.embeds_apart
        self._clock = clock
        self._timer = timer

    def search(self, query: str, *, spaces: SpaceSet, **how: Unpack[SearchOptions]) -> SearchResult:
        """The facts and episodes that answer ``query``, best first: `search_many` with one question."""
        (result,) = self.search_many([query], spaces=spaces, **how)
        return result

    def search_many(
        self, queries: Sequence[str], *, spaces: SpaceSet, **how: Unpack[SearchOptions]
    ) -> list[SearchResult]:
        """What answers each of ``queries``, in order: as single searches would, but embedded together.

        Pages are cut from one ranking, which does not depend on ``limit`` and ``offset``. Milliseconds of "embed" are a
        question's share of the batch.

        Args:
            queries: questions, or a few words each.
            spaces: what may be read; nothing else has any influence.
            how: see `SearchOptions`.

        Raises:
            InvalidInputError: a query is empty, or a number or kind cannot be used.
            ModelError: the questions cannot be embedded, or the reranker failed and is told to say so.
            StoreError: the store failed.
            CancelledError: nobody waits for the answers any more.
        """
        asked = _Asked.of(how, self._settings, self._clock)
        deadline = Deadline(how.get("time_limit"), timer=self._timer)
        results: list[SearchResult] = []
        for start in range(0, len(queries), _TOGETHER):
            searches = [_Search(query) for query in queries[start : start + _TOGETHER]]
            answer = partial(self._answer, searches, spaces, asked, deadline)
            in_one_turn = self._embeds_in_turn and len(searches) == 1 and self._reranking is None
            results += self._in_turn(searches[0], deadline, answer) if in_one_turn else answer()
        return results

    def _answer(
        self, searches: Sequence[_Search], spaces: SpaceSet, asked: _Asked, deadline: Deadline
    ) -> list[SearchResult]:
        """What answers each; while it waits for a model or a service, it is somebody else's turn."""
        # Of one question, embedding begins while it is read; of several, all go into one batch.
        ahead = deadline if self._embeds_apart and len(searches) == 1 else None
        for search in searches:
            self._in_turn(search, deadline, partial(self._begin, search, spaces, asked, ahead))
        self._embed(searches, deadline)
        return [self._finish(search, asked, deadline) for search in searches]

    def _in_turn(self, search: _Search, deadline: Deadline, work: Callable[[], T]) -> T:
        """What ``work`` returns, when it is its turn; how long that took is noted."""
        asked = time.perf_counter()

        def begin() -> T:
            waited = (time.perf_counter() - asked) * 1000.0
            if waited >= _LEAST_WAIT:
                search.timings["wait"] = search.timings.get("wait", 0.0) + waited
            return work()

        return self._turn(begin, deadline.remaining())

    def _turn(self, work: Callable[[], T], seconds: float | None = None) -> T:
        return work() if self._turns is None else self._turns.run(work, seconds=seconds)

    def _begin(self, search: _Search, spaces: SpaceSet, asked: _Asked, ahead: Deadline | None) -> None:
        """Read the question and take a first look at the store; ``ahead``: it is embedded meanwhile, until then."""
        text = question_text(search.query)
        if ahead is not None:
            search.ahead_since, search.before_ahead = time.perf_counter(), sum(search.timings.values())
            with suppress(TimeLimitPassed):
                search.ahead = ahead.begin(partial(self._embedder.embed_queries, [text]))
        with search.timed("read"):
            draft = draft_question(text, now=asked.view.at or asked.view.now, asker=asked.asker)
            first = look(
                draft, store=self._store, filters=asked.filters, spaces=spaces, view=asked.view, kinds=asked.kinds
            )
            search.first, search.reading = first, first.reading
        with search.timed("seeds"):
            search.worded = seeds_by_words(first)

    def _embed(self, searches: Sequence[_Search], deadline: Deadline) -> None:
        """One vector for each question whole and stripped, all embedded in one batch: their mean.

        Its inner product with a record is the mean of the two cosines, so that one search does for both. Without time
        for it, a question is answered by its words alone.
        """
        started = time.perf_counter()
        begun = {search.reading.query: search.ahead for search in searches if search.ahead is not None}
        texts = [text for text in dict.fromkeys(chain.from_iterable(s.texts for s in searches)) if text not in begun]
        rows: dict[str, Vectors] = {}
        try:
            if texts:
                rows.update(zip(texts, deadline.wait_for(partial(self._embedder.embed_queries, texts)), strict=True))
            rows.update((text, deadline.outcome(errand)[0]) for text, errand in begun.items())
        except TimeLimitPassed:
            rows.clear()
        for search in searches:
            if rows:
                search.vectors = _mean([rows[text] for text in search.texts])
            else:
                search.vectors = np.zeros((1, self._embedder.dimension), np.float32)
                search.skipped.append("embed")
            search.timings["embed"] = search.overlap(started) + (time.perf_counter() - started) * 1000.0 / len(searches)

    def _finish(self, search: _Search, asked: _Asked, deadline: Deadline) -> SearchResult:
        """Seeds, expansion, ranking and the page; nobody has to wait for a reranker but who asked for it."""
        second = self._second(search, asked, deadline)
        if second is None:
            return self._in_turn(
                search, deadline, lambda: self._page(search, asked, self._rank(search, deadline), None)
            )
        return self._page(search, asked, self._in_turn(search, deadline, partial(self._rank, search, deadline)), second)

    def _rank(self, search: _Search, deadline: Deadline) -> _Ranked:
        """Seeds, expansion and ranking."""
        first, queries, reading = search.first, search.vectors, search.reading
        scope = first.scope
        with search.timed("seeds"):
            seeds = find_seeds(first, queries, search.worded, index=self._index)
        with search.timed("expand"):
            found = expand_seeds(
                seeds, reading, store=self._store, scope=scope, hurry=search.hurried(deadline, "spread")
            )
        with search.timed("rank"):
            reading = search.reading = _with_people(reading, found.around)
            question = Question(
                reading, queries, scope, self._settings.recency_half_life_days, self._fact_half_life_days
            )
            episodes = describe_episodes(found, question, self._index)
            facts = describe_facts(found, question, episodes, self._index)
            led_to = walk_relations(reading, found.around)
            stale = outdated(found, question, episodes, facts, self._index)
            related = relation_scores(led_to, reading, found)
            hurry = search.hurried(deadline, "graph")
            spread, alike = (_nowhere, []) if hurry else (self._spread, near_names(found, scope, self._index))
            ranking = rank(found, episodes, facts, related, stale, alike, scope=scope, spread=spread)
        return _Ranked(found, ranking, {ref: match.path for ref, match in led_to.items()})

    def _page(self, search: _Search, asked: _Asked, ranked: _Ranked, second: Second | None) -> SearchResult:
        """The hits that were asked for."""
        reading, scope, found = search.reading, search.first.scope, ranked.found
        with search.timed("fetch"):
            reader = PageReader(
                self._store, self._index, found, ranked.ranking, scope=scope, queries=search.vectors, ways=ranked.ways
            )
            known = _said_in(reading) if reading.asks_for == "list" else None
            hits, more = reader.page(asked.limit, asked.offset, second=second, known=known)
        return search.result(hits, found.seeds, more=more, offset=asked.offset, as_of=asked.view.at)

    def _second(self, search: _Search, asked: _Asked, deadline: Deadline) -> Second | None:
        """The reranker's opinion, if there is one and it is asked for."""
        reranking = self._reranking
        if reranking is None or not asked.rerank:
            return None

        def opinions(texts: Sequence[str]) -> list[float] | None:
            with search.timed("rerank"):
                scores = reranking.opinions(search.query, texts, deadline)
            if scores is None:
                search.skipped.append("rerank")
            return scores

        return Second(reranking.name, reranking.candidates, opinions)

    def context(
        self,
        result: SearchResult,
        *,
        spaces: SpaceSet,
        max_tokens: int,
        now: datetime | None = None,
        counter: Counter | None = None,
    ) -> ContextBlock:
        """A block of text for a prompt from the hits of ``result``: never more than ``max_tokens``.

        ``counter`` counts them; default: the embedder's tokenizer, else a third of the bytes.
        """
        present = self._clock() if now is None else now
        best = [hit.episode for hit in result if hit.episode is not None][:SHOWN_WITH_NEIGHBOURS]
        view = View(now=present, at=result.as_of)
        return build_context(
            result,
            max_tokens=max_tokens,
            now=present,
            counter=counter or embedders_counter(self._embedder),
            around=self._turn(partial(turns_around, best, store=self._store, spaces=spaces, view=view)),
        )


class _Ranked(NamedTuple):
    """What was found, in order, and the ways through relations that led there, by ref."""

    found: Candidates
    ranking: Ranking
    ways: Mapping[int, tuple[Step, ...]]


class SearchOptions(TypedDict, total=False):
    """How to search, all optional."""

    limit: int | None
    """Hits on this page, at least 1."""
    offset: int
    """Hits to leave out before it."""
    kinds: Sequence[HitKind]
    """"fact", "episode" or both."""
    filters: SearchFilter
    """Applied before ranking."""
    as_of: datetime | None
    """Answer as of that time: facts that held, episodes said until then."""
    include_history: bool
    """Facts that are over or were corrected count too."""
    asker: str | None
    """Name or user id of who asks: the "I" of the question."""
    now: datetime | None
    """The present."""
    rerank: bool
    """Whether the reranker, if there is one, is asked; default: it is."""
    time_limit: float | None
    """Seconds after which what was found so far is returned, marked as partial; default: as long as it takes."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Options of a search, checked, with their defaults."""

    limit: int
    offset: int
    kinds: Sequence[HitKind]
    filters: SearchFilter
    view: View
    asker: str | None
    rerank: bool

    @classmethod
    def of(cls, how: SearchOptions, settings: SearchSettings, clock: Callable[[], datetime]) -> _Asked:
        limit = how.get("limit")
        limit = settings.limit if limit is None else limit
        offset, kinds = how.get("offset", 0), how.get("kinds", BOTH_KINDS)
        _check_page(limit, offset, kinds)
        view = View(now=how.get("now") or clock(), at=how.get("as_of"), history=how.get("include_history", False))
        filters, rerank = how.get("filters") or SearchFilter(), how.get("rerank", True)
        return cls(limit, offset, kinds, filters, view, how.get("asker"), rerank)


@dataclass(slots=True)
class _Search:
    """One question on its way: what was found so far, milliseconds per stage, and what time did not suffice for.

    ``ahead``: the question as it is, being embedded since ``ahead_since``, when ``before_ahead`` milliseconds had been
    noted. ``overlapped``: those that count both for that and for what was done meanwhile.
    """

    query: str
    timings: dict[str, float] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    ahead: Errand[Vectors] | None = None
    ahead_since: float = 0.0
    before_ahead: float = 0.0
    overlapped: float = 0.0
    first: FirstLook = field(init=False)
    reading: Reading = field(init=False)
    worded: tuple[Refs, Refs] = field(init=False)
    vectors: Vectors = field(init=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """What is embedded for it."""
        return tuple(dict.fromkeys((self.reading.query, self.reading.stripped)))

    def hurried(self, deadline: Deadline, step: str) -> bool:
        """Whether a step has to be left out; it is noted then."""
        if deadline.passed:
            self.skipped.append(step)
            return True
        return False

    def overlap(self, until: float) -> float:
        """For how many milliseconds embedding went on ``until`` then; what was done meanwhile is noted."""
        if self.ahead is None:
            return 0.0
        self.overlapped = sum(self.timings.values()) - self.before_ahead
        return (until - self.ahead_since) * 1000.0

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note the milliseconds that a stage took."""
        started = time.perf_counter()
        yield
        self.timings[stage] = self.timings.get(stage, 0.0) + (time.perf_counter() - started) * 1000.0

    def result(
        self, hits: Sequence[Hit], seeds: Seeds, *, more: bool, offset: int, as_of: datetime | None
    ) -> SearchResult:
        """What is returned."""
        rerank = self.timings.get("rerank", 0.0)
        self.timings["fetch"] -= rerank  # it ran inside
        self.timings["total"] = sum(self.timings.values()) - self.overlapped
        others = rerank + self.timings.get("wait", 0.0)
        self.timings["engine"] = self.timings["total"] - self.timings["embed"] - others
        return trusted(
            SearchResult,
            hits=tuple(hits),
            reading=self.reading.shown(),
            timings=self.timings,
            seeds=seeds.by_kind(),
            offset=offset,
            more=more,
            partial=bool(self.skipped),
            skipped=tuple(self.skipped),
            as_of=as_of,
        )


def _with_people(reading: Reading, around: Neighbourhood) -> Reading:
    """The reading with the people whom the question names by a relation ("my sister")."""
    meant = who_is_meant(reading, around)
    if not meant:
        return reading
    told = tuple((one.words, tuple(around.entities[ref].name for ref in one.people)) for one in meant)
    return replace(reading, meant=told, meant_refs=frozenset(ref for one in meant for ref in one.people))


def _mean(vectors: Sequence[Vectors]) -> Vectors:
    """The mean of vectors of shape (dimension,): shape (1, dimension), float32."""
    total = vectors[0]
    for vector in vectors[1:]:
        total = total + vector
    return np.asarray(total, np.float32)[np.newaxis] / np.float32(len(vectors))


def _said_in(reading: Reading) -> set[str]:
    """What a question says itself: its words, and the ids of the entities that it names."""
    return words_said(reading.query) | {entity.id for entity in reading.entities}


def _nowhere(
    sources: NDArray[np.int64], targets: NDArray[np.int64], weights: NDArray[np.float64], restart: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A spread that leads nowhere, for want of time."""
    return np.zeros(len(restart))


def _check_page(limit: int, offset: int, kinds: Sequence[HitKind]) -> None:
    if not isinstance(limit, int) or not isinstance(offset, int) or limit < 1 or offset < 0:
        raise InvalidInputError(f"limit must be 1 or more and offset 0 or more, got {limit!r} and {offset!r}")
    if offset + limit > MOST_HITS:
        raise InvalidInputError(f"search reaches the first {MOST_HITS:,} hits; list more with get_all")
    if not kinds or not set(kinds) <= set(BOTH_KINDS):
        raise InvalidInputError(f"kinds must be some of {', '.join(BOTH_KINDS)}, got {list(kinds)!r}")

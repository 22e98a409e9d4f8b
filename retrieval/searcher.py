"""Search: read the question, embed it, find seeds, expand, rank, fetch the page that was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.candidates import expand_seeds, find_seeds
from factloom.retrieval.context import build_context
from factloom.retrieval.features import Question, describe_episodes, describe_facts
from factloom.retrieval.first_look import look
from factloom.retrieval.graph_signal import Spread
from factloom.retrieval.page import PageReader
from factloom.retrieval.ranking import rank
from factloom.retrieval.reading import Reading, draft_question
from factloom.retrieval.relations import walk_relations
from factloom.retrieval.staleness import outdated
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.queries import View
from factloom.schemas.records import utc_now
from factloom.schemas.search import ContextBlock, HitKind, SearchFilter, SearchResult
from factloom.schemas.settings import SearchSettings
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Embedder, GraphReader, Reranker, VectorIndex, Vectors

BOTH_KINDS: Final[tuple[HitKind, ...]] = ("fact", "episode")
MOST_HITS: Final = 10_000
"""Last position that paging reaches."""


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
        reranker: reorders the first hits; off by default.
        clock: the present, where a call names none.
    """

    def __init__(
        self,
        store: GraphReader,
        index: VectorIndex,
        embedder: Embedder,
        *,
        spread: Spread,
        settings: SearchSettings,
        reranker: Reranker | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._index = index
        self._embedder = embedder
        self._spread = spread
        self._settings = settings
        self._reranker = reranker
        self._clock = clock

    def search(
        self,
        query: str,
        *,
        spaces: SpaceSet,
        limit: int | None = None,
        offset: int = 0,
        kinds: Sequence[HitKind] = BOTH_KINDS,
        filters: SearchFilter | None = None,
        as_of: datetime | None = None,
        include_history: bool = False,
        asker: str | None = None,
        now: datetime | None = None,
    ) -> SearchResult:
        """The facts and episodes that answer ``query``, best first.

        Pages are cut from one ranking, which does not depend on ``limit`` and ``offset``.

        Args:
            query: a question or a few words.
            spaces: what may be read; nothing else has any influence.
            limit: hits on this page, at least 1.
            offset: hits to leave out before it.
            kinds: "fact", "episode" or both.
            filters: applied before ranking.
            as_of: answer as of that time: facts that held, episodes said until then.
            include_history: facts that are over or were corrected count too.
            asker: name or user id of who asks: the "I" of the question.
            now: the present.

        Raises:
            InvalidInputError: the query is empty, or a number or kind cannot be used.
            ModelError: the question cannot be embedded.
            StoreError: the store failed.
        """
        limit = self._settings.limit if limit is None else limit
        _check_page(limit, offset, kinds)
        present = self._clock() if now is None else now
        timings: dict[str, float] = {}
        started = time.perf_counter()
        with _timed(timings, "read"):
            view = View(now=present, at=as_of, history=include_history)
            draft = draft_question(query, now=as_of or present, asker=asker)
            first = look(
                draft, store=self._store, filters=filters or SearchFilter(), spaces=spaces, view=view, kinds=kinds
            )
            reading, scope = first.reading, first.scope
        with _timed(timings, "embed"):
            queries = self._embed(reading)
        with _timed(timings, "seeds"):
            seeds = find_seeds(first, queries, index=self._index)
        with _timed(timings, "expand"):
            found = expand_seeds(seeds, reading, store=self._store, scope=scope)
        with _timed(timings, "rank"):
            half_life = self._settings.recency_half_life_days
            question = Question(reading, queries, scope, half_life)
            episodes = describe_episodes(found, question, self._index)
            facts = describe_facts(found, question, episodes, self._index)
            led_to = walk_relations(reading, found.around)
            stale = outdated(found, question, episodes, facts, self._index)
            shares = {ref: match.worth for ref, match in led_to.items()}
            ranking = rank(found, episodes, facts, shares, stale, scope=scope, spread=self._spread)
        with _timed(timings, "fetch"):
            ways = {ref: match.path for ref, match in led_to.items()}
            reader = PageReader(self._store, self._index, found, ranking, scope=scope, queries=queries, ways=ways)
            hits, more = reader.page(limit, offset, reranker=(self._reranker, query) if self._reranker else None)
        timings["total"] = (time.perf_counter() - started) * 1000.0
        timings["engine"] = timings["total"] - timings["embed"]
        return SearchResult(hits=tuple(hits), reading=reading.shown(), timings=timings, offset=offset, more=more)

    def context(self, result: SearchResult, *, max_tokens: int, now: datetime | None = None) -> ContextBlock:
        """A block of text for a prompt from the hits of ``result``: never more than ``max_tokens``."""
        return build_context(
            result, max_tokens=max_tokens, now=self._clock() if now is None else now, counter=self._embedder
        )

    def _embed(self, reading: Reading) -> Vectors:
        """One vector for the question whole and stripped, which are embedded in one batch: their mean.

        Its inner product with a record is the mean of the two cosines, so that one search does for both.
        """
        vectors = self._embedder.embed_queries(list(dict.fromkeys((reading.query, reading.stripped))))
        mean: Vectors = vectors.mean(axis=0, keepdims=True, dtype=np.float32)
        return mean


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Note the milliseconds that a stage took."""
    started = time.perf_counter()
    yield
    timings[stage] = (time.perf_counter() - started) * 1000.0


def _check_page(limit: int, offset: int, kinds: Sequence[HitKind]) -> None:
    if not isinstance(limit, int) or not isinstance(offset, int) or limit < 1 or offset < 0:
        raise InvalidInputError(f"limit must be 1 or more and offset 0 or more, got {limit!r} and {offset!r}")
    if offset + limit > MOST_HITS:
        raise InvalidInputError(f"search reaches the first {MOST_HITS:,} hits; list more with get_all")
    if not kinds or not set(kinds) <= set(BOTH_KINDS):
        raise InvalidInputError(f"kinds must be some of {', '.join(BOTH_KINDS)}, got {list(kinds)!r}")

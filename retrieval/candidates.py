"""Candidates: where a search enters the graph, and what lies around those seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.analysis import NUMBER, WHEN
from factloom.retrieval.bm25 import KeywordScorer
from factloom.retrieval.predicate_words import predicates_asked_for, relation_words
from factloom.retrieval.reading import Reading
from factloom.schemas.ports import GraphReader, Neighbourhood, Posting, VectorIndex
from factloom.schemas.queries import EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.search import HitKind, SearchFilter
from factloom.schemas.spaces import Labels, SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

VECTOR_SEEDS: Final = 25
KEYWORD_SEEDS: Final = 15
FACT_SEEDS: Final = 12
DATE_SEEDS: Final = 20
"""Seeds of each kind. The neighbourhood makes up for what they leave out: on LoCoMo dev, 40 of each for both question
vectors gave 75.5 / 82.5 / 87.7 / 93.5 at 5/10/20/50, these give 76.0 / 82.4 / 87.9 / 93.5."""

COMMON_TERM: Final = 4000
"""Terms in more records than this are left out when the question has rarer ones: they say little and cost much."""

LIMITS: Final = ExpandLimits(window=2, hops=0, facts_per_entity=8, episodes_per_fact=3, nodes=500)
FAR_LIMITS: Final = LIMITS.model_copy(update={"hops": 2})
"""Far for questions that go through a relation of a relation; others found nothing more by it on LoCoMo dev."""

_LATEST: Final = datetime(9999, 12, 1, tzinfo=UTC)

RELATION_SEEDS: Final = 16
"""Facts of the kind that the question asks for, about those whom it names, however many others there are."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one search may see and return.

    ``episodes``/``facts``: refs (ascending) that the filters leave, None where there is no filter. ``kinds``: what is
    returned; the other kind still serves as a way to it. ``labels``: those that a hit's sources must bear too.
    """

    spaces: SpaceSet
    view: View
    kinds: frozenset[HitKind]
    episodes: Refs | None = None
    facts: Refs | None = None
    labels: Labels = field(default_factory=Labels)


@dataclass(slots=True)
class Seeds:
    """Records at which the search enters, by ref, with how each was found ("vector", "keyword", "entity", …).

    ``episode_keywords``/``fact_keywords`` score further records as they found some; ``marked``: the episodes that
    hold a mark of the kind of answer asked for. ``best_facts``: the facts nearest to the question, best first, with
    their cosines.
    """

    episode_keywords: KeywordScorer
    fact_keywords: KeywordScorer
    marked: dict[str, Posting]
    found_by: dict[int, str] = field(default_factory=dict)
    best_facts: dict[int, float] = field(default_factory=dict)

    def add(self, refs: Sequence[int] | Refs, how: str) -> None:
        """Take in ``refs``; the first way in which a record was found is kept."""
        for ref in refs if isinstance(refs, list) else [int(ref) for ref in refs]:
            self.found_by.setdefault(ref, how)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The seeds and their neighbourhood."""

    seeds: Seeds
    around: Neighbourhood


def make_scope(
    store: GraphReader, filters: SearchFilter, *, spaces: SpaceSet, view: View, kinds: Sequence[HitKind]
) -> Scope:
    """The scope of a search: filters become sets of refs before anything is ranked.

    With ``view.at`` set, episodes said after that time do not exist yet.
    """
    wanted = frozenset(kinds)
    if filters.predicates is not None or filters.categories is not None:
        wanted &= {"fact"}
    until = filters.until
    if view.at is not None:
        known = view.at + timedelta(microseconds=1)
        until = known if until is None else min(until, known)
    episodes = facts = None
    narrow = filters.labels.given() or filters.metadata or filters.since
    if narrow or until is not None:
        query = EpisodeQuery(labels=filters.labels, metadata=filters.metadata, since=filters.since, until=until)
        episodes = store.select(query, spaces=spaces)
    if not filters.is_empty or view.at is not None:
        facts = store.select(
            FactQuery(
                labels=filters.labels,
                metadata=filters.metadata,
                categories=filters.categories,
                predicates=filters.predicates,
                since=filters.since,
                until=filters.until,
                view=view,
            ),
            spaces=spaces,
        )
    return Scope(spaces, view, wanted, episodes, facts, filters.labels)


def find_seeds(reading: Reading, queries: Vectors, *, store: GraphReader, index: VectorIndex, scope: Scope) -> Seeds:
    """Seeds of every kind.

    Args:
        reading: the question.
        queries: its vector, shape (1, dimension).
        store: where to look.
        index: where to look.
        scope: what may be seen.
    """
    marks = [mark for mark, asked in ((WHEN, "when"), (NUMBER, "how many")) if reading.asks_for == asked]
    episode_keywords, marked = _keywords(store, reading.terms, "episode", scope.spaces, marks)
    fact_keywords, _ = _keywords(store, reading.terms, "fact", scope.spaces, [])
    seeds = Seeds(episode_keywords, fact_keywords, marked)
    _add_vector_seeds(seeds, queries, index, scope)
    seeds.add(episode_keywords.best(KEYWORD_SEEDS, scope.episodes)[0], "keyword")
    seeds.add(fact_keywords.best(FACT_SEEDS, scope.facts)[0], "keyword")
    seeds.add([entity.ref for entity in reading.entities], "entity")
    _add_relation_seeds(seeds, reading, store, scope)
    _add_date_seeds(seeds, reading, queries, store, index, scope)
    return seeds


def expand_seeds(seeds: Seeds, reading: Reading, *, store: GraphReader, scope: Scope) -> Candidates:
    """The seeds with their bounded neighbourhood."""
    goes_far = reading.nested or len(relation_words().keys() & set(reading.terms)) > 1
    limits = FAR_LIMITS if goes_far else LIMITS
    return Candidates(seeds, store.expand(list(seeds.found_by), spaces=scope.spaces, view=scope.view, limits=limits))


def _add_relation_seeds(seeds: Seeds, reading: Reading, store: GraphReader, scope: Scope) -> None:
    """Facts about the entities that the question names, with the predicates that it asks for; the newest first."""
    predicates = predicates_asked_for(reading.terms)
    if not predicates or not reading.entities:
        return
    query = FactQuery(about_ids=tuple(entity.id for entity in reading.entities), predicates=predicates, view=scope.view)
    refs = store.select(query, spaces=scope.spaces)
    if scope.facts is not None:
        refs = np.intersect1d(refs, scope.facts, assume_unique=True)
    seeds.add(refs[-RELATION_SEEDS:], "relation")


def _add_vector_seeds(seeds: Seeds, queries: Vectors, index: VectorIndex, scope: Scope) -> None:
    episodes = index.search(queries, kind="episode", spaces=scope.spaces, limit=VECTOR_SEEDS, among=scope.episodes)
    for hits in episodes:
        seeds.add(hits.refs, "vector")
    cosines: dict[int, list[float]] = {}
    for hits in index.search(queries, kind="fact", spaces=scope.spaces, limit=FACT_SEEDS, among=scope.facts):
        seeds.add(hits.refs, "vector")
        for ref, score in zip(hits.refs.tolist(), hits.scores.tolist(), strict=True):
            cosines.setdefault(ref, []).append(score)
    best = {ref: max(scores) for ref, scores in cosines.items()}
    seeds.best_facts.update(sorted(best.items(), key=lambda item: (-item[1], item[0])))


def _keywords(
    store: GraphReader, terms: Sequence[str], kind: str, spaces: SpaceSet, marks: list[str]
) -> tuple[KeywordScorer, dict[str, Posting]]:
    """A scorer over the question's terms, and the postings of ``marks``."""
    matches = store.match_terms([*terms, *marks], kind=kind, spaces=spaces, max_documents=COMMON_TERM)
    postings = dict(matches.postings)
    marked = {mark: posting for mark in marks if (posting := postings.get(mark)) is not None and len(posting.refs)}
    known = [postings[term] for term in terms if term in postings]
    if known and not any(len(posting.refs) for posting in known):
        # Only common words: the rarest of them is better than none.
        rarest = min((term for term in terms if term in postings), key=lambda term: (postings[term].documents, term))
        bound = postings[rarest].documents
        matches = store.match_terms([rarest], kind=kind, spaces=spaces, max_documents=min(bound, 10 * COMMON_TERM))
        terms = [rarest]
    return KeywordScorer(matches, terms), marked


def _add_date_seeds(
    seeds: Seeds, reading: Reading, queries: Vectors, store: GraphReader, index: VectorIndex, scope: Scope
) -> None:
    """The nearest episodes of the time that the question names; they may be far from the nearest of all."""
    dates = reading.dates
    if dates is None or dates.since is None or dates.until is None:
        return
    slack = timedelta(days=2 if dates.precise else 0)
    if dates.until > _LATEST - slack:
        return
    query = EpisodeQuery(since=dates.since - slack / 2, until=dates.until + slack)
    refs = store.select(query, spaces=scope.spaces)
    if scope.episodes is not None:
        refs = np.intersect1d(refs, scope.episodes, assume_unique=True)
    if len(refs):
        for hits in index.search(queries, kind="episode", spaces=scope.spaces, limit=DATE_SEEDS, among=refs):
            seeds.add(hits.refs, "date")

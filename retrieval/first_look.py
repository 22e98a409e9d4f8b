"""The first look: all that a search asks of a store before anything is ranked, put into one probe.

Who is named, which words occur where, what the filters leave, which facts bear a relation that is asked for: none of it
depends on the other, once every word that might be a name is asked for as a name and as a word.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.analysis import NUMBER, WHEN
from factloom.retrieval.bm25 import KeywordScorer
from factloom.retrieval.predicate_words import predicates_asked_for
from factloom.retrieval.reading import MOST_ENTITIES, Draft, Reading
from factloom.schemas.ports import GraphReader, Posting, Probe, Probed, TermMatches, TermQuery
from factloom.schemas.queries import EpisodeQuery, FactQuery, View
from factloom.schemas.search import HitKind, SearchFilter
from factloom.schemas.spaces import Labels, SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

COMMON_TERM: Final = 4000
"""Terms in more records than this are left out when the question has rarer ones: they say little and cost much."""

_MARKS: Final = {"when": WHEN, "how many": NUMBER}
_EARLIEST: Final = datetime(1, 2, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 1, tzinfo=UTC)
"""Times that leave room in the calendar for some days before and after them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one search may see and return.

    ``episodes``/``facts``: refs (ascending) that the filters leave, None where there is no filter. ``kinds``: what is
    returned; the other kind still serves as a way to it. ``labels``: those that a hit's sources must bear too.
    ``sequences``: how far the vectors of the readable spaces are (`Probed.sequences`). ``state``: stands for the
    state of the store that was looked at (`Probed.state`).
    """

    spaces: SpaceSet
    view: View
    kinds: frozenset[HitKind]
    episodes: Refs | None = None
    facts: Refs | None = None
    labels: Labels = field(default_factory=Labels)
    sequences: Mapping[str, int] | None = None
    state: Hashable = None


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the first look found.

    ``episode_keywords``/``fact_keywords`` score records by the question's words; ``marked``: the episodes that hold
    a mark of the kind of answer asked for. ``related``: facts with a predicate that is asked for, about those whom the
    question names, ascending. ``dated``: episodes of the time that it names, None if it names none.
    """

    reading: Reading
    scope: Scope
    episode_keywords: KeywordScorer
    fact_keywords: KeywordScorer
    marked: dict[str, Posting]
    related: Refs
    dated: Refs | None


def look(
    draft: Draft,
    *,
    store: GraphReader,
    filters: SearchFilter,
    spaces: SpaceSet,
    view: View,
    kinds: Sequence[HitKind],
) -> FirstLook:
    """Ask ``store`` all that ``draft`` and ``filters`` need, at once."""
    wanted = frozenset(kinds)
    if filters.predicates is not None or filters.categories is not None:
        wanted &= {"fact"}
    mark = _MARKS.get(draft.asks_for)
    predicates = predicates_asked_for(draft.terms)
    selections = {
        "episodes": _episodes_left(filters, view),
        "facts": _facts_left(filters, view),
        "dated": _episodes_of_the_time(draft),
    }
    asked = {name: query for name, query in selections.items() if query is not None}
    probed = store.probe(
        Probe(
            terms=(
                TermQuery("episode", draft.marks, 0),
                TermQuery("episode", (*draft.terms, mark) if mark else draft.terms, COMMON_TERM),
                TermQuery("fact", draft.terms, COMMON_TERM),
            ),
            entity_keys=draft.keys,
            entity_limit=4 * MOST_ENTITIES,
            predicates=predicates,
            view=view,
            selections=tuple(asked.values()),
        ),
        spaces=spaces,
    )
    left: dict[str, Refs] = dict(zip(asked, probed.selections, strict=True))
    speakers, in_episodes, in_facts = probed.terms
    spoken = [name for name, posting in speakers.postings.items() if posting.documents]
    reading = draft.read(speakers=spoken, entities=probed.entities)
    scope = Scope(
        spaces, view, wanted, left.get("episodes"), left.get("facts"), filters.labels, probed.sequences, probed.state
    )
    posting = in_episodes.postings.get(mark) if mark else None
    return FirstLook(
        reading=reading,
        scope=scope,
        episode_keywords=_scorer(in_episodes, reading, draft, "episode", store=store, spaces=spaces),
        fact_keywords=_scorer(in_facts, reading, draft, "fact", store=store, spaces=spaces),
        marked={mark: posting} if mark and posting is not None and len(posting.refs) else {},
        related=_related(probed, reading, predicates, store=store, scope=scope),
        dated=left.get("dated"),
    )


def _episodes_left(filters: SearchFilter, view: View) -> EpisodeQuery | None:
    """Episodes that the filters let through. With ``view.at`` set, those said after that time do not exist yet."""
    until = filters.until
    if view.at is not None:
        known = view.at + timedelta(microseconds=1)
        until = known if until is None else min(until, known)
    if not (filters.labels.given() or filters.metadata or filters.since or until is not None):
        return None
    return EpisodeQuery(labels=filters.labels, metadata=filters.metadata, since=filters.since, until=until)


def _facts_left(filters: SearchFilter, view: View) -> FactQuery | None:
    if filters.is_empty and view.at is None:
        return None
    return FactQuery(
        labels=filters.labels,
        metadata=filters.metadata,
        categories=filters.categories,
        predicates=filters.predicates,
        since=filters.since,
        until=filters.until,
        view=view,
    )


def _episodes_of_the_time(draft: Draft) -> EpisodeQuery | None:
    """Episodes of the time that the question names, a day more on either side of a date: people tell the day after."""
    dates = draft.dates
    if dates is None or dates.since is None or dates.until is None:
        return None
    slack = timedelta(days=2 if dates.precise else 0)
    if dates.since < _EARLIEST or dates.until > _LATEST:
        return None
    return EpisodeQuery(since=dates.since - slack / 2, until=dates.until + slack)


def _scorer(
    matches: TermMatches, reading: Reading, draft: Draft, kind: str, *, store: GraphReader, spaces: SpaceSet
) -> KeywordScorer:
    """A scorer over the question's terms; where all are common, over the rarest, which is better than none."""
    terms: Sequence[str] = reading.terms
    if not set(terms) <= set(draft.terms):
        # Words can run together where a name between them was left out.
        matches = store.match_terms(terms, kind=kind, spaces=spaces, max_documents=COMMON_TERM)
    postings = matches.postings
    known = [postings[term] for term in terms if term in postings]
    if known and not any(len(posting.refs) for posting in known):
        rarest = min((term for term in terms if term in postings), key=lambda term: (postings[term].documents, term))
        bound = min(postings[rarest].documents, 10 * COMMON_TERM)
        matches = store.match_terms([rarest], kind=kind, spaces=spaces, max_documents=bound)
        terms = [rarest]
    return KeywordScorer(matches, terms)


def _related(probed: Probed, reading: Reading, predicates: Sequence[str], *, store: GraphReader, scope: Scope) -> Refs:
    """Facts about the entities that the question names, with the predicates that it asks for."""
    wanted = predicates_asked_for(reading.terms)
    if not wanted or not reading.entities:
        return np.empty(0, np.int64)
    if set(wanted) == set(predicates):
        refs: Refs = np.unique(np.concatenate([probed.relations[entity.ref] for entity in reading.entities]))
    else:  # a name in the question is also the word for a relation
        ids = tuple(entity.id for entity in reading.entities)
        refs = store.select(FactQuery(about_ids=ids, predicates=wanted, view=scope.view), spaces=scope.spaces)
    return refs if scope.facts is None else np.intersect1d(refs, scope.facts, assume_unique=True)

"""Candidates: where a search enters the graph, and what lies around those seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.bm25 import KeywordScorer
from factloom.retrieval.first_look import FirstLook, Scope
from factloom.retrieval.predicate_words import relation_words
from factloom.retrieval.reading import Reading
from factloom.schemas.ports import FactNode, GraphReader, Neighbourhood, Posting, VectorIndex
from factloom.schemas.queries import ExpandLimits
from factloom.schemas.records import Role

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

VECTOR_SEEDS: Final = 25
KEYWORD_SEEDS: Final = 15
FACT_SEEDS: Final = 12
DATE_SEEDS: Final = 20
"""Seeds of each kind. The neighbourhood makes up for what they leave out: on LoCoMo dev, 40 of each for both question
vectors gave 75.5 / 82.5 / 87.7 / 93.5 at 5/10/20/50, these give 76.0 / 82.4 / 87.9 / 93.5."""

LIMITS: Final = ExpandLimits(window=2, hops=0, facts_per_entity=8, episodes_per_fact=3, nodes=500)
FAR_LIMITS: Final = LIMITS.model_copy(update={"hops": 2})
"""Far for questions that go through a relation of a relation; others found nothing more by it on LoCoMo dev."""

SPREAD_FACTS: Final = 8
SPREAD_LIMITS: Final = ExpandLimits(window=0, hops=1, facts_per_entity=20, episodes_per_fact=3, nodes=2000)
"""Where documents answer, nothing but the things they speak of leads from one to the next: from the ends of the nearest
facts to whatever else is said of them. In talk, its neighbours lead to an answer, and people are hubs."""

_ROLE: Final = attrgetter("role")

RELATION_SEEDS: Final = 16
"""Facts of the kind that the question asks for, about those whom it names, however many others there are."""


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

    def by_kind(self) -> dict[str, int]:
        """How many were found in each way."""
        return dict(Counter(self.found_by.values()))


@dataclass(frozen=True, slots=True)
class Candidates:
    """The seeds and their neighbourhood. ``documents``: more of its episodes are documents than talk."""

    seeds: Seeds
    around: Neighbourhood
    documents: bool = False

    def nearest_facts(self, most: int) -> list[FactNode]:
        """The ``most`` facts nearest to the question, nearest first."""
        facts = self.around.facts
        return [facts[ref] for ref in self.seeds.best_facts if ref in facts][:most]


def seeds_by_words(first: FirstLook) -> tuple[Refs, Refs]:
    """Episodes and facts with the question's words, best first: no vector is needed for them."""
    scope = first.scope
    episodes, _ = first.episode_keywords.best(KEYWORD_SEEDS, scope.episodes)
    facts, _ = first.fact_keywords.best(FACT_SEEDS, scope.facts)
    return episodes, facts


def find_seeds(first: FirstLook, queries: Vectors, worded: tuple[Refs, Refs], *, index: VectorIndex) -> Seeds:
    """Seeds of every kind.

    Args:
        first: what the first look at the store found.
        queries: the question's vector, shape (1, dimension).
        worded: the `seeds_by_words`.
        index: where to look for what is near.
    """
    seeds = Seeds(first.episode_keywords, first.fact_keywords, first.marked)
    _add_vector_seeds(seeds, queries, index, first.scope)
    for refs in worded:
        seeds.add(refs, "keyword")
    seeds.add([entity.ref for entity in first.reading.entities], "entity")
    seeds.add(first.related[-RELATION_SEEDS:], "relation")
    _add_date_seeds(seeds, first, queries, index)
    return seeds


def expand_seeds(
    seeds: Seeds, reading: Reading, *, store: GraphReader, scope: Scope, hurry: bool = False
) -> Candidates:
    """The seeds with their bounded neighbourhood; in a ``hurry``, without what lies further away."""
    goes_far = reading.nested or len(relation_words().keys() & set(reading.terms)) > 1
    limits = FAR_LIMITS if goes_far and not hurry else LIMITS

    def expand(refs: Sequence[int], limits: ExpandLimits) -> Neighbourhood:
        return store.expand(refs, spaces=scope.spaces, view=scope.view, limits=limits, state=scope.state)

    around = expand(list(seeds.found_by), limits)
    documents = _mostly_documents(around)
    nearest = list(seeds.best_facts)[:SPREAD_FACTS]
    if nearest and documents and not hurry:
        around = _joined(around, expand(nearest, SPREAD_LIMITS))
    return Candidates(seeds, around, documents)


def _mostly_documents(around: Neighbourhood) -> bool:
    roles = list(map(_ROLE, around.episodes.values()))
    return 2 * roles.count(Role.DOCUMENT.value) > len(roles)


def _joined(one: Neighbourhood, other: Neighbourhood) -> Neighbourhood:
    """Two neighbourhoods in one view as one; what is in both is the same."""
    return Neighbourhood(
        episodes=dict(sorted({**other.episodes, **one.episodes}.items())),
        facts=dict(sorted({**other.facts, **one.facts}.items())),
        entities=dict(sorted({**other.entities, **one.entities}.items())),
        over={**other.over, **one.over},
        stale_episodes=one.stale_episodes | other.stale_episodes,
    )


def _add_vector_seeds(seeds: Seeds, queries: Vectors, index: VectorIndex, scope: Scope) -> None:
    if not np.count_nonzero(queries):  # not embedded in time: nothing is near
        return
    (episodes,) = index.search(
        queries,
        kind="episode",
        spaces=scope.spaces,
        limit=VECTOR_SEEDS,
        among=scope.episodes,
        sequences=scope.sequences,
    )
    seeds.add(episodes.refs, "vector")
    (facts,) = index.search(
        queries, kind="fact", spaces=scope.spaces, limit=FACT_SEEDS, among=scope.facts, sequences=scope.sequences
    )
    seeds.add(facts.refs, "vector")
    seeds.best_facts.update(zip(facts.refs.tolist(), facts.scores.tolist(), strict=True))


def _add_date_seeds(seeds: Seeds, first: FirstLook, queries: Vectors, index: VectorIndex) -> None:
    """The nearest episodes of the time that the question names; they may be far from the nearest of all."""
    refs, scope = first.dated, first.scope
    if refs is not None and scope.episodes is not None:
        refs = np.intersect1d(refs, scope.episodes, assume_unique=True)
    if refs is None or not len(refs):
        return
    (hits,) = index.search(
        queries, kind="episode", spaces=scope.spaces, limit=DATE_SEEDS, among=refs, sequences=scope.sequences
    )
    seeds.add(hits.refs, "date")

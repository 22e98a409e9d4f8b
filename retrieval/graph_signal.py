"""What the graph says: episodes that share entities with the facts nearest to the question, by personalised PageRank.

After HippoRAG (Gutiérrez et al., NeurIPS 2024): walks begin at the ends of the nearest facts, the rarer an entity the
more, and a little at the episodes that fit by themselves. They also go between entities with near-equal names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.candidates import Candidates
from factloom.retrieval.features import Column, EpisodeTable, FactTable

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

SEED_FACTS: Final = 8
_EPISODE_SHARE: Final = 0.05
_NAMED: Final = 0.1
_HALF_RANK: Final = 5.0
_IN_TALK: Final = 1 / 3


class Spread(Protocol):
    """Personalised PageRank: edges (source, target, weight; undirected), where walks restart, one number per node."""

    def __call__(
        self,
        sources: NDArray[np.int64],
        targets: NDArray[np.int64],
        weights: NDArray[np.float64],
        restart: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """The share of each node."""


def graph_signal(
    found: Candidates,
    episodes: EpisodeTable,
    facts: FactTable,
    fit: Column,
    alike: Sequence[tuple[int, int, float]],
    spread: Spread,
) -> Column:
    """How well the graph leads to each episode, 0 to 1: by rank, halved at the sixth place.

    By rank, since PageRank's numbers fall off steeply. It counts by the square of the share of episodes that
    state facts: where most state none, as in small talk, the graph has not seen enough to overrule what was said.
    In talk it counts for a third of what it does among documents, which nothing else leads to from one another.

    Args:
        found: the candidates.
        episodes: their table.
        facts: their table.
        fit: how well each episode fits by itself.
        alike: pairs of entities with near-equal names, and how near (see `near_names`).
        spread: personalised PageRank.
    """
    size = len(episodes.refs)
    entities = {ref: size + i for i, ref in enumerate(found.around.entities)}
    if not len(facts.stated) or not entities:
        return np.zeros(size)
    sources, targets = _edges(facts, entities, size)
    restart = _restart(found, entities, size)
    if not restart.any():
        return np.zeros(size)
    low, high = float(fit.min()), float(fit.max())
    restart /= restart.max()
    restart[:size] = _EPISODE_SHARE * (fit - low) / (high - low + 1e-9)
    weights = np.ones(len(sources))
    if alike:
        one, other, nearness = zip(*alike, strict=True)
        sources = np.concatenate((sources, [entities[ref] for ref in one]))
        targets = np.concatenate((targets, [entities[ref] for ref in other]))
        weights = np.concatenate((weights, nearness))
    mass = spread(sources, targets, weights, restart)[:size]
    order = np.argsort(-mass, kind="stable")
    rank = np.empty(size)
    rank[order] = np.arange(size)
    seen = np.count_nonzero(np.bincount(facts.stated)) / size
    trust = seen**2 * (1.0 if found.documents else _IN_TALK)
    signal: Column = np.where(mass > 0.0, trust / (1.0 + rank / _HALF_RANK), 0.0)
    return signal


def _edges(facts: FactTable, entities: dict[int, int], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Subject to object of every fact, and both to the episodes that state it, each pair once."""
    subjects, objects = _numbers(entities, facts.subjects, size), _numbers(entities, facts.objects, size)
    sources = np.concatenate((subjects, subjects[facts.stating], objects[facts.stating]))
    targets = np.concatenate((objects, facts.stated, facts.stated))
    kept = (sources >= 0) & (targets >= 0) & (sources != targets)
    width = size + len(entities)
    both = np.minimum(sources, targets)[kept] * width + np.maximum(sources, targets)[kept]
    both.sort()
    pairs = both[np.concatenate(([True], both[1:] != both[:-1]))[: len(both)]]  # np.unique, without its detours
    return pairs // width, pairs % width


def _numbers(entities: dict[int, int], refs: Refs, size: int) -> NDArray[np.int64]:
    """The numbers of the nodes of ``refs``, -1 where there is none; ``entities`` ascend, from ``size``."""
    known = np.fromiter(entities, np.int64, len(entities))
    at = np.searchsorted(known, refs)
    at[at == len(known)] = 0
    return np.where(known[at] == refs, at + size, -1)


def _restart(found: Candidates, entities: dict[int, int], size: int) -> Column:
    restart = np.zeros(size + len(entities))
    nodes = found.around.entities
    for fact in found.nearest_facts(SEED_FACTS):
        for end in (fact.subject, fact.object):
            if end in entities:
                restart[entities[end]] += max(0.0, found.seeds.best_facts[fact.ref]) / max(1, nodes[end].degree)
    for ref, how in found.seeds.found_by.items():
        if how == "entity" and ref in entities:
            restart[entities[ref]] += _NAMED / max(1, nodes[ref].degree)
    return restart

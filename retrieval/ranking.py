"""Ranking: one table of named weights, and the mix that puts facts and episodes on one scale.

The weights are round numbers chosen by hand, each for the reason beside it, and not fitted. What each is worth, and
on which data that was looked at, is in docs/decisions/003-ranking.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.candidates import Candidates
from factloom.retrieval.features import Column, EpisodeTable, FactTable
from factloom.retrieval.first_look import Scope
from factloom.retrieval.graph_signal import Spread, graph_signal
from factloom.schemas.search import HitKind

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

EPISODE_WEIGHTS: Final[dict[str, float]] = {
    "vector": 0.50,  # meaning: cosine with the question, whole and stripped of names
    "neighbours": 0.12,  # a turn answers the turn before it, and is taken up by the one after
    "keyword": 0.05,  # the question's words in the turn itself ...
    "keyword_window": 0.25,  # ... and in the two turns on either side, where the rest of them often stands
    "speaker": 0.10,  # people say "I": who is asked about is mostly the one who spoke
    "session_vector": 0.12,  # a sitting has a topic: its best turn speaks for the others
    "session_keyword": 0.05,
    "date": 0.12,  # said at the time that the question names, or soon after
    "time": 0.05,  # it names a time, and the question is "when"
    "number": 0.05,  # it names a number, and the question is "how many"
    "length": 0.04,  # longer turns say more: per factor e of its length
    "question": -0.05,  # a turn that asks answers little ...
    "answers": 0.15,  # ... and what follows it much: the turn before asks with the same words (their share squared)
    "facts": 0.12,  # by how much a fact that it states, in plain words, is nearer to the question than it is
    "graph": 0.80,  # entities shared with the nearest facts: all that leads to the second of two documents
    "relation": 0.10,  # states a fact that the question's relations lead to
    "recency": 0.02,  # settles what is else equal; a fact's recency says more, as it is what may have changed
    "outcome": 0.15,  # asked how something ended: the later of what is said about it; plans come before
}
"""Weights of an episode's features (see `features`). A good answer reaches about 0.7, an unrelated turn 0.2."""

FACT_WEIGHTS: Final[dict[str, float]] = {
    "vector": 0.35,  # its sentence and the question
    "keyword": 0.15,
    "entity": 0.05,  # it is about what the question names: where people talk of themselves, most facts are
    "relation": 0.45,  # the question's relations lead to it from whom it names: "Ana's brother" to HAS_BROTHER
    "date": 0.06,
    "evidence": 0.40,  # it is as good as the best episode that states it: the fact in its own words, in its place
    "recency": 0.05,
    "outcome": 0.30,  # asked how something ended: events and denials, the later ones
    "support": 0.03,  # said in several episodes
    "confidence": 0.10,  # subtracts in proportion to doubt
}
"""Weights of a fact's features. They add up to what an episode's do, so that both stand in one list."""

STALE: Final = 0.5
"""Share of its score that an episode loses when what it says about the question holds no more (see `staleness`)."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in order, best first: kinds (True: a fact), rows of their tables, and scores."""

    is_fact: NDArray[np.bool_]
    rows: NDArray[np.int64]
    scores: Column
    episodes: EpisodeTable
    facts: FactTable
    episode_scores: Column
    episode_parts: dict[str, Column]
    fact_parts: dict[str, Column]
    stale: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def kind(self, position: int) -> HitKind:
        """Whether a fact or an episode stands there."""
        return "fact" if self.is_fact[position] else "episode"

    def ref(self, position: int) -> int:
        """Its ref."""
        table: EpisodeTable | FactTable = self.facts if self.is_fact[position] else self.episodes
        return int(table.refs[self.rows[position]])

    def parts(self, position: int) -> dict[str, float]:
        """The weighted parts that add up to its score, those of no effect left out."""
        columns = self.fact_parts if self.is_fact[position] else self.episode_parts
        row = self.rows[position]
        return {name: part for name, column in columns.items() if (part := column.item(row))}


def rank(
    found: Candidates,
    episodes: EpisodeTable,
    facts: FactTable,
    relations: Mapping[int, float],
    stale: NDArray[np.bool_],
    alike: Sequence[tuple[int, int, float]] = (),
    *,
    scope: Scope,
    spread: Spread,
) -> Ranking:
    """Score all candidates and order those that may be returned; ties by kind, then ref.

    ``relations``: what it is worth that the question's relations lead to a fact, by ref (see `relations`).
    ``stale``: which episodes are outdated (see `staleness`). ``alike``: entities with near-equal names (see
    `near_names`).
    """
    episode_parts = _weighted(episodes.columns, EPISODE_WEIGHTS)
    fit: Column = _total(episode_parts, len(episodes.refs))
    if len(facts.refs) and len(episodes.refs):
        best: Column = np.zeros(len(fit))
        np.maximum.at(best, facts.stated, facts.columns["vector"][facts.stating])
        episode_parts["facts"] = EPISODE_WEIGHTS["facts"] * np.maximum(best - episodes.columns["vector"], 0.0)
        if relations:
            led_to = np.array([relations.get(ref, 0.0) for ref in facts.refs.tolist()])
            facts.columns["relation"] = led_to
            stating: Column = np.zeros(len(fit))
            np.maximum.at(stating, facts.stated, led_to[facts.stating])
            episode_parts["relation"] = EPISODE_WEIGHTS["relation"] * stating
        episode_parts["graph"] = EPISODE_WEIGHTS["graph"] * graph_signal(found, episodes, facts, fit, alike, spread)
        fit = _total(episode_parts, len(fit))
    fact_parts = _weighted(facts.columns, FACT_WEIGHTS)
    if len(facts.refs):
        evidence = np.zeros(len(facts.refs))
        np.maximum.at(evidence, facts.stating, fit[facts.stated])
        fact_parts["evidence"] = FACT_WEIGHTS["evidence"] * evidence
    if stale.any():
        lost: Column = -STALE * np.where(stale, fit.clip(0.0), 0.0)
        episode_parts["stale"] = lost
        fit = fit + lost
    return _order(episodes, facts, fit, episode_parts, fact_parts, stale, scope)


def _weighted(columns: dict[str, Column], weights: dict[str, float]) -> dict[str, Column]:
    return {name: weights[name] * column for name, column in columns.items()}


def _total(parts: dict[str, Column], size: int) -> Column:
    total = np.zeros(size)
    for part in parts.values():
        total += part
    return total


def _order(
    episodes: EpisodeTable,
    facts: FactTable,
    fit: Column,
    episode_parts: dict[str, Column],
    fact_parts: dict[str, Column],
    stale: NDArray[np.bool_],
    scope: Scope,
) -> Ranking:
    chosen_episodes = _allowed(episodes.refs, "episode", scope.episodes, scope)
    chosen_facts = _allowed(facts.refs, "fact", scope.facts, scope)
    fact_scores = _total(fact_parts, len(facts.refs))
    scores = np.concatenate((fact_scores[chosen_facts], fit[chosen_episodes]))
    is_fact = np.arange(len(scores)) < len(chosen_facts)
    rows = np.concatenate((chosen_facts, chosen_episodes))
    # Rounded, so that sums in another order cannot turn equal scores round from one call to the next. Equal ones stay
    # as they are here: facts first, by row.
    order = np.argsort(-np.round(scores, 9), kind="stable")
    return Ranking(is_fact[order], rows[order], scores[order], episodes, facts, fit, episode_parts, fact_parts, stale)


def _allowed(refs: Refs, kind: HitKind, among: Refs | None, scope: Scope) -> NDArray[np.int64]:
    if kind not in scope.kinds:
        return np.empty(0, np.int64)
    if among is None:
        return np.arange(len(refs))
    return np.flatnonzero(np.isin(refs, among, assume_unique=True))

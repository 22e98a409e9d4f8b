"""Staleness: episodes whose bearing on the question is a fact that has ended since.

"I live in Lisbon and I work for Corvina" may still be right about the work when the question is about the home. So an
episode is outdated for one question and not for another: when, of the facts that it states, the one nearest to the
question is over, or all of them are. What was told as over ("I used to have a dog") is as true as ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from factloom.retrieval.candidates import Candidates
from factloom.retrieval.features import EpisodeTable, FactTable, Question, cosines
from factloom.schemas.ports import FactNode, VectorIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray


def ended_since(said_at: float, over: Iterable[FactNode]) -> list[FactNode]:
    """The facts ``over`` without those that were told as over at ``said_at`` (seconds since 1970).

    A fact that another one replaced in the very moment in which it began to hold was not told as over.
    """
    return [fact for fact in over if not _is_told_as_over(fact, said_at)]


def _is_told_as_over(fact: FactNode, said_at: float) -> bool:
    if fact.expired_at is not None or fact.invalid_at is None or fact.invalid_at > said_at:
        return False
    return fact.valid_at is None or fact.valid_at < fact.invalid_at


def outdated(
    found: Candidates, question: Question, episodes: EpisodeTable, facts: FactTable, index: VectorIndex
) -> NDArray[np.bool_]:
    """Which candidate episodes are outdated for the question; none when it asks for history or for what used to be."""
    marks = np.zeros(len(episodes.refs), np.bool_)
    said = found.around.episodes
    over = {
        row: ended
        for ref, facts_over in found.around.over.items()
        if (row := episodes.row_of(ref)) >= 0 and (ended := ended_since(said[ref].occurred_at, facts_over))
    }
    if not over or question.scope.view.history or question.reading.former:
        return marks
    refs = np.unique(np.array([fact.ref for ended in over.values() for fact in ended], np.int64))
    nearness = dict(zip(refs.tolist(), cosines(index, question, refs, "fact").tolist(), strict=True))
    current = np.full(len(episodes.refs), -1.0)
    if len(facts.refs):
        np.maximum.at(current, facts.stated, facts.columns["vector"][facts.stating])
    for row, ended in over.items():
        nearest = max(nearness[fact.ref] for fact in ended)
        marks[row] = int(episodes.refs[row]) in found.around.stale_episodes or nearest > current[row]
    return marks

"""Staleness: episodes whose bearing on the question is a fact that has ended since.

"I live in Lisbon and I work for Corvina" may still be right about the work when the question is about the home. So an
episode is outdated for one question and not for another: when, of the facts that it states, the one nearest to the
question is over, or all of them are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from factloom.retrieval.candidates import Candidates
from factloom.retrieval.features import EpisodeTable, FactTable, Question, cosines
from factloom.schemas.ports import VectorIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray


def outdated(
    found: Candidates, question: Question, episodes: EpisodeTable, facts: FactTable, index: VectorIndex
) -> NDArray[np.bool_]:
    """Which candidate episodes are outdated for the question; none when it asks for history or for what used to be."""
    marks = np.zeros(len(episodes.refs), np.bool_)
    over = {row: ended for ref, ended in found.around.over.items() if (row := episodes.row_of(ref)) >= 0}
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

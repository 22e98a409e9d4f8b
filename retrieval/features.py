"""Features: what is known of each candidate, as one column per signal. Only candidates are looked at, never a store.

Columns are on fixed scales, so that scores of different questions can be compared: cosines as they are, keyword
scores as shares of the question's words, everything else 0 to 1 (``length`` is a logarithm). A column that would hold
nothing but zeros, as for a question that names no date, is left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.analysis import LONG_TEXT, NUMBER, WHEN, speaker_terms
from factloom.retrieval.candidates import Candidates
from factloom.retrieval.first_look import Scope
from factloom.retrieval.reading import Reading
from factloom.schemas.ports import FactNode, Posting, VectorIndex
from factloom.schemas.records import Category, Role

if TYPE_CHECKING:
    from factloom.retrieval.bm25 import KeywordScorer
    from factloom.schemas.ports import Refs, Vectors

Column = NDArray[np.float64]
Rows = NDArray[np.int64]

_NO_TALK: Final = frozenset({Role.DOCUMENT.value, Role.TOOL.value})  # plain strings, compared some hundred times
_TYPICAL_LENGTH: Final = 100.0
_NO_WINDOW: Final = 0.5
"""Of a document, which no turns stand around, the words count in their own column already."""
_SECONDS_A_DAY: Final = 86_400.0
_SUPPORT: Final = np.array([0.0, *(math.log2(support) / 3.0 for support in range(1, 9))])


@dataclass(frozen=True, slots=True)
class Question:
    """What candidates are compared with: the question, its vector (1, dimension), and what may be seen.

    ``half_life_days``: of recency, of episodes; ``fact_half_life_days``: of facts, by category.
    """

    reading: Reading
    vectors: Vectors
    scope: Scope
    half_life_days: float
    fact_half_life_days: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EpisodeTable:
    """Candidate episodes: refs (ascending), the rows of their neighbours (-1: none or no candidate), and columns."""

    refs: Refs
    previous: Rows
    next: Rows
    columns: dict[str, Column]

    def row_of(self, ref: int) -> int:
        """The row of ``ref``, -1 if it is no candidate."""
        at = int(np.searchsorted(self.refs, ref))
        return at if at < len(self.refs) and self.refs[at] == ref else -1


@dataclass(frozen=True, slots=True)
class FactTable:
    """Candidate facts: refs (ascending), nodes, refs of both ends, columns.

    And which candidate episode (``stated``) states which of them (``stating``): pairs of rows.
    """

    refs: Refs
    nodes: list[FactNode]
    subjects: Refs
    objects: Refs
    columns: dict[str, Column]
    stating: Rows
    stated: Rows


def describe_episodes(found: Candidates, question: Question, index: VectorIndex) -> EpisodeTable:
    """Columns of the candidate episodes, those of the graph excepted."""
    reading, scope = question.reading, question.scope
    nodes = list(found.around.episodes.values())  # by ref, ascending
    if scope.view.at is not None:  # what was said later is not known yet, not even as context
        nodes = [node for node in nodes if node.occurred_at <= scope.view.at.timestamp()]
    if not nodes:
        nothing = np.empty(0, np.int64)
        return EpisodeTable(nothing, nothing, nothing, {})
    ref, session, before, after, speaker, role, occurred, length, text_length, asks = zip(*nodes, strict=True)
    refs = np.array(ref, np.int64)
    # Only what people say to each other has a context: documents and tool results merely lie side by side.
    only_talk = _NO_TALK.isdisjoint(role)
    talk = np.ones(len(refs), bool) if only_talk else np.array([name not in _NO_TALK for name in role])
    previous, following = _among(talk, _rows(refs, (*before, *after)).reshape(2, -1))
    characters = np.array(text_length, float)
    occurred_at = np.array(occurred, float)

    vector = cosines(index, question, refs, "episode", long=characters >= LONG_TEXT)
    keyword, window = _keyword_scores(found.seeds.episode_keywords, refs, length, previous, following)
    is_question = np.array(asks, float)
    sessions = _numbered(session if only_talk else np.where(talk, np.array(session), -refs).tolist())
    columns = {
        "vector": vector,
        "neighbours": _sum_at(vector, previous, following) / 2,
        "keyword": keyword,
        "keyword_window": np.where(talk, window, _NO_WINDOW * keyword),
        "session_vector": _best_in(sessions, vector),
        "session_keyword": _best_in(sessions, keyword),
        "question": is_question,
        "answers": (1.0 - is_question) * np.where(previous >= 0, (keyword**2 * is_question)[previous], 0.0),
        "length": np.log(np.clip(characters, 10.0, 500.0) / _TYPICAL_LENGTH),
        **_of_the_question(occurred_at, question, question.half_life_days),
    }
    marked = found.seeds.marked
    columns |= {
        name: _marked(marked[mark], refs) for name, mark in (("time", WHEN), ("number", NUMBER)) if mark in marked
    }
    if reading.speakers:
        columns["speaker"] = _spoken_by(speaker, reading)
    if reading.asks_for == "outcome":
        columns["outcome"] = _lateness(occurred_at, np.where(asks, 0.0, window))
    return EpisodeTable(refs, previous, following, columns)


def describe_facts(found: Candidates, question: Question, episodes: EpisodeTable, index: VectorIndex) -> FactTable:
    """Columns of the candidate facts, those that they inherit from episodes excepted."""
    reading = question.reading
    nodes = list(found.around.facts.values())
    if not nodes:
        nothing = np.empty(0, np.int64)
        return FactTable(nothing, nodes, nothing, nothing, {}, nothing, nothing)
    ref, subject, object_, _, category, valid_at, _, created_at, _, confidence, support, stating = zip(
        *nodes, strict=True
    )
    refs = np.array(ref, np.int64)
    counts = found.seeds.fact_keywords.counts(refs)
    lengths = np.maximum(counts.sum(axis=0), 5.0)  # a fact's sentence is short; its exact length says nothing
    keyword = found.seeds.fact_keywords.score(counts, lengths)
    named = {entity.ref for entity in reading.entities} | reading.meant_refs
    half_lives = np.array([question.fact_half_life_days[name] for name in category])
    since = np.array(valid_at, float)  # NaN where it is not known
    since = np.where(np.isnan(since), np.array(created_at, float), since)
    about = np.array([end in named for end in subject], float) + 0.5 * np.array([end in named for end in object_])
    columns = {
        "vector": cosines(index, question, refs, "fact"),
        "keyword": keyword,
        "entity": np.minimum(about, 1.0),
        "support": _SUPPORT[np.clip(np.array(support), 0, 8)],
        "confidence": np.array(confidence, float) - 1.0,
        **_of_the_question(since, question, half_lives),
    }
    if reading.asks_for == "outcome":
        columns["outcome"] = _lateness(since, keyword * [_tells_an_end(node) for node in nodes])
    ends = np.array((subject, object_), np.int64)
    return FactTable(refs, nodes, ends[0], ends[1], columns, *_evidence(stating, episodes))


def cosines(
    index: VectorIndex, question: Question, refs: Refs, kind: str, *, long: NDArray[np.bool_] | None = None
) -> Column:
    """Cosine with the question, 0 without a vector; for ``long`` texts its mean with the best sentence's."""
    spaces, known, vectors = question.scope.spaces, question.scope.sequences, question.vectors
    whole = index.similarity(vectors, refs, kind=kind, spaces=spaces, sequences=known)
    found = _zero_if_missing(whole)
    if long is not None and long.any():
        parts = index.similarity(vectors, refs[long], kind=kind, spaces=spaces, parts="best", sequences=known)
        found[long] = (found[long] + _zero_if_missing(parts)) / 2
    return found


def _zero_if_missing(cosines: Vectors) -> Column:
    """The one row of ``cosines``, 0 for NaN."""
    row: Column = cosines[0].astype(float)
    row[np.isnan(row)] = 0.0
    return row


def _rows(refs: Refs, wanted: Sequence[int]) -> Rows:
    sought = np.array(wanted, np.int64)
    at = np.searchsorted(refs, sought)
    at[at == len(refs)] = 0
    return np.where(refs[at] == sought, at, -1)


def _among(talk: NDArray[np.bool_], rows: Rows) -> Rows:
    """Neighbours (last axis) that are talk, of those that are talk themselves."""
    return np.where(talk & (rows >= 0) & talk[rows], rows, -1)


def _twice(step: Rows) -> Rows:
    """Where two steps lead, -1 where one of them leads nowhere."""
    return np.where(step >= 0, step[step], -1)


def _numbered(names: Sequence[int]) -> Rows:
    """Names as numbers from 0, equal ones alike."""
    numbers: defaultdict[int, int] = defaultdict(count().__next__)
    return np.array([numbers[name] for name in names], np.int64)


def _sum_at(values: Column, one: Rows, other: Rows) -> Column:
    """The sum of ``values`` (last axis) at the rows ``one`` and at ``other``; -1 adds nothing."""
    spare = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    spare[..., :-1] = values
    total: Column = spare[..., one] + spare[..., other]
    return total


def _keyword_scores(
    keywords: KeywordScorer, refs: Refs, lengths: Sequence[int], previous: Rows, following: Rows
) -> tuple[Column, Column]:
    """Scores of each episode alone, and in its window: the mean of those with one and with two neighbours a side."""
    alone = np.vstack((keywords.counts(refs), np.array(lengths, float)))  # a row for each term, and one for lengths
    near = alone + _sum_at(alone, previous, following)
    wide = near + _sum_at(alone, _twice(previous), _twice(following))
    score = keywords.score
    window: Column = (score(near[:-1], near[-1], texts=3) + score(wide[:-1], wide[-1], texts=5)) / 2
    return score(alone[:-1], alone[-1]), window


def _best_in(groups: Rows, values: Column) -> Column:
    best = np.full(int(groups.max()) + 1, -np.inf)
    np.maximum.at(best, groups, values)
    return best[groups]


def _spoken_by(speakers: tuple[str | None, ...], reading: Reading) -> Column:
    marks = reading.speaker_marks
    fits = {
        name: float(name is not None and any(mark.issubset(speaker_terms(name)) for mark in marks))
        for name in set(speakers)
    }
    return np.array([fits[name] for name in speakers])


def _marked(posting: Posting, refs: Refs) -> Column:
    return np.isin(refs, posting.refs, assume_unique=True).astype(float)


def _of_the_question(times: Column, question: Question, half_lives: Column | float) -> dict[str, Column]:
    """The columns on time that the question gives a reason for: the past has no recency."""
    reading = question.reading
    columns = {} if reading.past else {"recency": _recency(times, question, half_lives)}
    if reading.dates:
        columns["date"] = reading.dates.fit(times)
    return columns


def _recency(times: Column, question: Question, half_lives: Column | float) -> Column:
    """One half per half-life (days) passed."""
    view = question.scope.view
    age = np.maximum(0.0, (view.at or view.now).timestamp() - times) / _SECONDS_A_DAY
    halved: Column = np.exp2(-age / half_lives)
    return halved


def _lateness(times: Column, about: Column) -> Column:
    """For a question how something ended: the share of the records about it that are not later.

    ``about``: keyword scores; a record with fewer of the question's words than others counts for less, one without any
    not at all.
    """
    mentions = np.sort(times[about > 0.0])
    if not len(mentions):
        return np.zeros(len(times))
    late: Column = np.searchsorted(mentions, times, side="right") / len(mentions) * about / about.max()
    return late


def _tells_an_end(node: FactNode) -> bool:
    """Whether a fact is an event, or that something is not so."""
    return node.category == Category.EPISODIC.value or node.predicate.startswith("NOT_")


def _evidence(stating: Sequence[Sequence[int]], episodes: EpisodeTable) -> tuple[Rows, Rows]:
    """Rows of facts and of candidate episodes that state them, pair by pair; ``stating``: episodes of each fact."""
    facts = np.repeat(np.arange(len(stating)), [len(refs) for refs in stating])
    if not len(episodes.refs):
        return facts[:0], facts[:0]
    rows = _rows(episodes.refs, list(chain.from_iterable(stating)))
    there = rows >= 0
    return facts[there], rows[there]

"""BM25 over postings, for single episodes and for an episode together with its neighbours.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with k1 = 1.2, b = 0.75 and the
idf that is never negative, ln(1 + (N - n + 0.5) / (n + 0.5)). Scores are divided by the sum of the question's idf,
so that 1 means about "every word of the question stands here once", in a store of any size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from factloom.schemas.ports import Posting, TermMatches

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

K1: Final = 1.2
B: Final = 0.75

_DENSE: Final = 20
"""Where refs lie at most so many times as far apart as there are of them, they are added up without sorting them."""

Scores = NDArray[np.float64]


class KeywordScorer:
    """Scores records by the terms of one question; N, n and the mean length are those of the readable spaces.

    ``rarity``: the idf of each term. ``terms``: those that count for scores, in the order of `counts`.
    """

    def __init__(self, matches: TermMatches, terms: Sequence[str]) -> None:
        self._mean_length = max(1.0, matches.terms / max(1, matches.documents))
        documents = matches.documents
        self._postings: list[Posting] = []
        self.terms: list[str] = []
        self.rarity: dict[str, float] = {}
        unknown = 0.0
        for term in terms:
            posting = matches.postings.get(term)
            rarity = self.rarity[term] = _idf(documents, 0 if posting is None else posting.documents)
            if posting is None:
                unknown += rarity
            elif len(posting.refs):
                self._postings.append(posting)
                self.terms.append(term)
        self._idf = np.array([self.rarity[term] for term in self.terms])
        # A word that nobody ever said lowers every score: what is asked about may not be here at all.
        self._total = float(self._idf.sum()) + unknown or 1.0

    @property
    def is_empty(self) -> bool:
        """Whether no term of the question occurs."""
        return not self._postings

    def best(self, limit: int, among: Refs | None = None) -> tuple[Refs, Scores]:
        """Refs and scores of the ``limit`` best records, best first, ties by ascending ref."""
        if self.is_empty or limit <= 0:
            return np.empty(0, np.int64), np.empty(0)
        refs, counts, lengths = (np.concatenate(column) for column in list(zip(*self._postings, strict=True))[1:])
        idf = np.repeat(self._idf, [len(posting.refs) for posting in self._postings])
        refs, scores = _summed(refs, idf * self._saturated(counts, lengths))
        scores /= self._total
        if among is not None:
            kept = np.isin(refs, among, assume_unique=True)
            refs, scores = refs[kept], scores[kept]
        if len(refs) > limit:
            chosen = np.argpartition(-scores, limit - 1)
            least = scores[chosen[limit - 1]]
            inside = scores >= least
            refs, scores = refs[inside], scores[inside]
        order = np.argsort(-scores, kind="stable")[:limit]
        return refs[order], scores[order]

    def counts(self, refs: Refs) -> Scores:
        """How often each term occurs in each record: shape (terms, refs)."""
        table = np.zeros((len(self._postings), len(refs)))
        for row, posting in zip(table, self._postings, strict=True):
            at = np.searchsorted(posting.refs, refs)
            at[at == len(posting.refs)] = 0
            found = posting.refs[at] == refs
            row[found] = posting.counts[at[found]]
        return table

    def score(self, counts: Scores, lengths: Scores, *, texts: int = 1) -> Scores:
        """Scores of records with these term counts (terms, records) and lengths.

        ``texts``: of how many stored texts each is made; it is compared with as many mean lengths.
        """
        if self.is_empty:
            return np.zeros(counts.shape[1])
        relative = lengths / (self._mean_length * texts)
        saturated = counts * (K1 + 1.0) / (counts + K1 * (1.0 - B + B * relative))
        result: Scores = self._idf @ saturated / self._total
        return result

    def _saturated(self, counts: Refs, lengths: Refs) -> Scores:
        result: Scores = counts * (K1 + 1.0) / (counts + K1 * (1.0 - B + B * lengths / self._mean_length))
        return result


def _summed(refs: Refs, scores: Scores) -> tuple[Refs, Scores]:
    """Each ref once, ascending, with the sum of its scores, all of which are positive."""
    least = int(refs.min())
    span = int(refs.max()) - least + 1
    if span <= _DENSE * len(refs):
        sums: Scores = np.bincount(refs - least, scores, span).astype(float, copy=False)
        there: Refs = np.flatnonzero(sums)
        return there + least, sums[there]
    distinct, where = np.unique(refs, return_inverse=True)
    summed: Scores = np.bincount(where, scores, len(distinct)).astype(float, copy=False)
    return distinct, summed


def _idf(documents: int, holding: int) -> float:
    return math.log(1.0 + (max(documents, holding) - holding + 0.5) / (holding + 0.5))

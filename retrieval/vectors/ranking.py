"""Ranking: the exact best records among rows, each record once, ties by ascending ref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.vectors.kernels import nearest, products
from factloom.retrieval.vectors.rows import Rows
from factloom.schemas.ports import VectorHits

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

_MARGIN: Final = 16
"""Rows fetched past those needed, so that the last one is clearly below the last hit and proves that none is missed."""

_WIDER: Final = 4
"""How many times more rows the second attempt fetches; the third looks at all."""

_GATHER: Final = 8
"""``among`` is looked up record by record when the rows are so many times more, else by a scan of their refs."""


def no_hits() -> VectorHits:
    """The answer where nothing is."""
    return VectorHits(np.empty(0, np.int64), np.empty(0, np.float32))


def best_records(refs: Refs, scores: Vectors, limit: int, *, repeated: bool) -> VectorHits:
    """The ``limit`` best records with their best score; ``repeated`` says that a record may be there several times."""
    if repeated:
        order = np.lexsort((-scores, refs))
        refs, scores = refs[order], scores[order]
        first = np.ones(len(refs), bool)
        first[1:] = refs[1:] != refs[:-1]
        refs, scores = refs[first], scores[first]
    if len(refs) > 4 * limit:
        cut = len(scores) - limit
        keep = scores >= np.partition(scores, cut)[cut]
        refs, scores = refs[keep], scores[keep]
    order = np.lexsort((refs, -scores))[:limit]
    return VectorHits(refs[order], scores[order])


def merge(found: list[VectorHits], limit: int) -> VectorHits:
    """The best of several answers, which share no record."""
    refs = np.concatenate([hits.refs for hits in found])
    scores = np.concatenate([hits.scores for hits in found])
    return best_records(refs, scores, limit, repeated=False)


def search_rows(rows: Rows, queries: Vectors, limit: int) -> list[VectorHits]:
    """The ``limit`` best records for each query, among all rows.

    FAISS proposes the k nearest rows; if need be they are scored again in the one way that always gives the same
    bits. The answer is complete when the proposal's last row, even if rounding had wronged it, stays below the last
    hit: then neither a tie nor another part of a record can have hidden one.
    """
    answers: list[VectorHits] = [no_hits()] * len(queries)
    open_queries = np.arange(len(queries))
    records = max(rows.count - rows.extra, 1)
    k = -(-limit * rows.count // records) + _MARGIN
    for fetch in (k, _WIDER * k):
        if not len(open_queries) or fetch >= rows.count // 2:
            break
        asked = queries[open_queries]
        scores, positions, slack = nearest(asked, rows.vectors, rows.count, fetch)
        worst = scores[:, -1].astype(np.float64)
        if slack is not None:
            scores = products(asked, rows.vectors, positions)
            worst += slack
        missed = []
        for i, query in enumerate(open_queries.tolist()):
            hits = best_records(rows.refs[positions[i]], scores[i], limit, repeated=rows.extra > 0)
            if len(hits.refs) == limit and worst[i] < hits.scores[-1]:
                answers[query] = hits
            else:
                missed.append(query)
        open_queries = np.array(missed, np.int64)
    if len(open_queries):
        everything = np.arange(rows.count)
        for query in open_queries.tolist():
            answers[query] = _rank(rows, queries[query : query + 1], everything, limit)
    return answers


def search_among(rows: Rows, queries: Vectors, limit: int, among: Refs) -> list[VectorHits]:
    """The ``limit`` best records for each query, of those in ``among`` only."""
    if len(among) * _GATHER < rows.count:
        chosen = rows.all_rows(np.unique(among))
    else:
        chosen = np.flatnonzero(np.isin(rows.refs[: rows.count], among))
    return [_rank(rows, queries[i : i + 1], chosen, limit) for i in range(len(queries))]


def _rank(rows: Rows, query: Vectors, chosen: Refs, limit: int) -> VectorHits:
    if not len(chosen):
        return no_hits()
    scores = products(query, rows.vectors, chosen[np.newaxis])[0]
    return best_records(rows.refs[chosen], scores, limit, repeated=rows.extra > 0)


def similarity_whole(rows: Rows, queries: Vectors, refs: Refs) -> Vectors:
    """Inner product of each query with part 0 of each record; NaN where there is none."""
    chosen = rows.whole_rows(refs)
    made = _each_query(rows, queries, chosen)
    missing = chosen < 0
    if missing.any():
        made[:, missing] = np.nan
    return made


def similarity_best(rows: Rows, queries: Vectors, refs: Refs) -> Vectors:
    """Inner product of each query with the best part of each record; NaN where there is none."""
    if not rows.extra:
        return similarity_whole(rows, queries, refs)
    made = np.full((len(queries), len(refs)), np.nan, np.float32)
    distinct, columns = np.unique(refs, return_inverse=True)
    chosen = rows.all_rows(distinct)
    if not len(chosen):
        return made
    chosen = chosen[np.argsort(rows.refs[chosen], kind="stable")]
    owners = rows.refs[chosen]
    starts = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    best = np.maximum.reduceat(_each_query(rows, queries, chosen), starts, axis=1)
    of_distinct = np.full((len(queries), len(distinct)), np.nan, np.float32)
    of_distinct[:, np.searchsorted(distinct, owners[starts])] = best
    made[:] = of_distinct[:, columns]
    return made


def _each_query(rows: Rows, queries: Vectors, chosen: Refs) -> Vectors:
    """Inner products of every query with the same rows."""
    return products(queries, rows.vectors, np.repeat(chosen[np.newaxis], len(queries), axis=0))

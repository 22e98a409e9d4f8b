"""Ranking: the best records among rows, exact but where sketches propose, each record once, ties by ascending ref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from factloom.retrieval.vectors.rows import Rows
from factloom.retrieval.vectors.sketches import Sketches, propose
from factloom.schemas.ports import VectorHits

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

_MARGIN: Final = 16
"""Rows fetched past those needed, so that the last one is clearly below the last hit and proves that none is missed."""

_WIDER: Final = 4
"""How many times more rows the second attempt looks at, of FAISS as of sketches; the third looks at all."""

_SKETCH_SHARE: Final = 100
"""Sketches propose where there are so many times more rows than hits wanted; else it would be a good part of all."""

_FEW: Final = 4
"""Of records with several rows, how many times as many rows as hits wanted are looked at first."""

_FEW_ROWS: Final = 1_000
"""Rows up to which all are scored in the one way that always gives the same bits: proposing some costs as much."""

_GATHER: Final = 8
"""``among`` is looked up record by record when the rows are so many times more, else by a scan of their refs."""


def no_hits() -> VectorHits:
    """The answer where nothing is."""
    return VectorHits(np.empty(0, np.int64), np.empty(0, np.float32))


def best_records(refs: Refs, scores: Vectors, limit: int, *, repeated: bool) -> VectorHits:
    """The ``limit`` best records with their best score; ``repeated`` says that a record may be there several times."""
    if repeated and len(refs) > 2 * _FEW * limit:
        # The best rows alone, if they are of enough records, spare sorting all.
        near = scores >= np.partition(scores, len(scores) - _FEW * limit)[len(scores) - _FEW * limit]
        if len(set(refs[near].tolist())) >= limit:
            refs, scores = refs[near], scores[near]
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

    Few rows are all scored. Of very many, sketches propose some thousand that are ranked exactly (see `sketches`). Else
    FAISS proposes the k nearest rows; if need be they are scored again in the one way that always gives the same
    bits. The answer is complete when the proposal's last row, even if rounding had wronged it, stays below the last
    hit: then neither a tie nor another part of a record can have hidden one.
    """
    if rows.count <= _FEW_ROWS:
        everything = np.arange(rows.count)
        return [_rank(rows, queries[i : i + 1], everything, limit) for i in range(len(queries))]
    answers = _search_sketches(rows, queries, limit)
    open_queries = np.array([i for i, hits in enumerate(answers) if hits is None], np.int64)
    records = max(rows.count - rows.extra, 1)
    k = -(-limit * rows.count // records) + _MARGIN
    for fetch in (k, _WIDER * k):
        if not len(open_queries) or fetch >= rows.count // 2:
            break
        asked = queries[open_queries]
        scores, positions, slack = rows.nearest(asked, fetch)
        worst = scores[:, -1].astype(np.float64)
        if slack is not None:
            scores = rows.products(asked, positions)
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
    return [no_hits() if hits is None else hits for hits in answers]


def _search_sketches(rows: Rows, queries: Vectors, limit: int) -> list[VectorHits | None]:
    """The best records that sketches propose for each query; None where they do not serve, or cannot be trusted."""
    sketches = rows.sketches
    if sketches is None or _SKETCH_SHARE * limit >= rows.count:
        return [None] * len(queries)
    return [_search_proposed(rows, sketches, queries[i : i + 1], limit) for i in range(len(queries))]


def _search_proposed(rows: Rows, sketches: Sketches, query: Vectors, limit: int) -> VectorHits | None:
    """The best of the rows that sketches propose for one query, of more where these do not prove it; else None."""
    for wider in (1, _WIDER):
        positions, nearer = propose(sketches, query[0], limit, wider=wider)
        scores = rows.products(query, positions[np.newaxis])[0]
        refs = rows.refs[positions]
        hits = best_records(refs, scores, limit, repeated=rows.extra > 0)
        if _nearer_half_suffices(hits, refs[nearer], scores[nearer]):
            return hits
        if 2 * len(positions) * _WIDER > rows.count:
            break  # a scan of all costs little more
    return None


def _nearer_half_suffices(hits: VectorHits, refs: Refs, scores: Vectors) -> bool:
    """Whether each hit has its score from the rows of the nearer half, so that the further half added nothing."""
    if not len(hits.refs):
        return True
    reaching = scores >= hits.scores[-1]
    near = set(zip(refs[reaching].tolist(), scores[reaching].tolist(), strict=True))
    return near.issuperset(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True))


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
    scores = rows.products(query, chosen[np.newaxis])[0]
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
    ascend = bool((refs[1:] > refs[:-1]).all())  # as candidates are
    distinct, columns = (refs, slice(None)) if ascend else np.unique(refs, return_inverse=True)
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
    return rows.products(queries, np.repeat(chosen[np.newaxis], len(queries), axis=0))

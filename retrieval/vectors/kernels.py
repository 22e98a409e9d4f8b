"""The two FAISS routines that search runs on its rows: the nearest ones, and chosen inner products.

FAISS computes inner products in several ways (SIMD loop, BLAS, BLAS per thread) and picks one by the sizes of the
call, the number of threads and its version. They differ in the last bits. ``products`` always takes the loop, so its
result depends on the two vectors alone, and only its scores are given to users. ``nearest`` takes the loop too where
there is little to do; where there is more, it takes what is fastest and only proposes rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

_PARALLEL_WORK: Final = 1 << 24
"""Multiplications from which more than one thread is worth waking: below about 5 ms, waiting for them costs more."""


def _faiss() -> Any:
    """FAISS, loaded at the first search; its type stubs leave out most of what is called here."""
    import faiss

    return faiss


def run_threaded(call: Callable[[], None], work: int) -> None:
    """Run ``call`` of FAISS, with one thread when there is little to do.

    The setting is the calling thread's own (OpenMP). ``work``: multiplications, or as much.
    """
    faiss = _faiss()
    threads = faiss.omp_get_max_threads()
    if threads == 1 or work >= _PARALLEL_WORK:
        call()
        return
    faiss.omp_set_num_threads(1)
    try:
        call()
    finally:
        faiss.omp_set_num_threads(threads)


_SINGLE_WORK: Final = 1 << 20
"""Multiplications from which, for one query, picking from all its products and scoring those again beats the loop."""


class Proposal(NamedTuple):
    """The best rows by position, best first, shape (queries, k).

    ``slack``: by how much each query's scores may be off those of ``products``, None when they are the same.
    """

    scores: Vectors
    positions: Refs
    slack: NDArray[np.float64] | None


def nearest(queries: Vectors, rows: Vectors, count: int, k: int) -> Proposal:
    """The ``k`` best of the first ``count`` rows for each query; ``k`` is not more than ``count``."""
    if len(queries) == 1 and _SINGLE_WORK <= count * queries.shape[1] < _PARALLEL_WORK:
        return _nearest_to_one(queries, rows[:count], k)
    faiss = _faiss()
    scores = np.empty((len(queries), k), dtype=np.float32)
    positions = np.empty((len(queries), k), dtype=np.int64)
    dimension = queries.shape[1]
    x, y, d, i = (faiss.swig_ptr(array) for array in (queries, rows, scores, positions))
    work = len(queries) * count * dimension
    if work >= _PARALLEL_WORK:
        faiss.knn_inner_product(x, y, dimension, len(queries), count, k, d, i)
        return Proposal(scores, positions, rounding_bound(queries))
    loop = _take_all()
    run_threaded(lambda: faiss.knn_inner_product(x, y, dimension, len(queries), count, k, d, i, loop), work)
    return Proposal(scores, positions, None)


def _nearest_to_one(query: Vectors, rows: Vectors, k: int) -> Proposal:
    """As ``nearest``, faster for some thousands of rows.

    Not by BLAS: its threads wait for more work so eagerly that half a millisecond of products took 20 ms of processor
    time, a core that whatever runs beside a search, such as the store's server, had to do without.
    """
    faiss = _faiss()
    products = np.empty(len(rows), dtype=np.float32)
    faiss.fvec_inner_products_ny(
        faiss.swig_ptr(products), faiss.swig_ptr(query), faiss.swig_ptr(rows), rows.shape[1], len(rows)
    )
    best = np.argpartition(products, len(rows) - k)[len(rows) - k :]
    best = best[np.argsort(-products[best], kind="stable")]
    return Proposal(products[best][np.newaxis], best[np.newaxis], rounding_bound(query))


def best_of(scores: Vectors, k: int) -> Proposal:
    """The ``k`` best rows for each query whose ``scores`` (queries, rows) are those of ``products``."""
    best = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k :]
    found = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return Proposal(np.take_along_axis(found, order, axis=1), np.take_along_axis(best, order, axis=1), None)


@cache
def _take_all() -> Any:
    """A selector that lets every row through: with any selector, FAISS takes the loop."""
    return _faiss().IDSelectorAll()


def products(queries: Vectors, rows: Vectors, positions: Refs) -> Vectors:
    """Inner products, shape of ``positions``: of query i with the rows ``positions[i]``; -inf where one is negative.

    The same two vectors give the same bits, wherever they are stored and whatever else is asked.
    """
    faiss = _faiss()
    scores = np.empty(positions.shape, dtype=np.float32)
    dimension = queries.shape[1]
    x, y, d, i = (faiss.swig_ptr(array) for array in (queries, rows, scores, positions))
    run_threaded(
        lambda: faiss.fvec_inner_products_by_idx(d, x, y, i, dimension, *positions.shape),
        positions.size * dimension,
    )
    return scores


def rounding_bound(queries: Vectors) -> NDArray[np.float64]:
    """How far two ways of computing the inner product of each query with a unit vector can be apart.

    Twice n·u·|x|·|y|, with u = 2**-24 (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1),
    and one percent for rows that are of unit length only nearly.
    """
    norms = np.sqrt(np.einsum("ij,ij->i", queries, queries, dtype=np.float64))
    bound: NDArray[np.float64] = norms * (2 * queries.shape[1] * 2.0**-24 * 1.01)
    return bound

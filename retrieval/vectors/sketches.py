"""Sketches: one bit for each number of a vector, its sign, by which the nearest rows of a large space are proposed.

Charikar, "Similarity Estimation Techniques from Rounding Algorithms" (STOC 2002): the share of signs in which two
vectors differ grows with the angle between them. A scan of sketches reads a thirty-second of what a scan of vectors
does; what it proposes is scored by the vectors themselves, so that only which rows are looked at is approximate.

Signs say much about vectors of a model and little about random ones. So an answer stands only if the further half of
what was proposed adds nothing to it; else more are proposed, and at last all rows compared (`ranking.search_rows`).
docs/vector-index.md has what is found of real sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.vectors.kernels import run_threaded

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs, Vectors

SKETCHED: Final = 4_096
"""Rows from which sketches propose. Below, a scan of all vectors takes a quarter of a millisecond, and is exact."""

PROPOSED: Final = (600, 3_000)
"""Rows that are proposed, at least and at most: a tenth of all, and 24 for each hit wanted however many these are."""

_SAMPLE: Final = 1_000
_MOST_ZEROS: Final = 0.05

Sketches = NDArray[np.uint8]


def sketch_bytes(dimension: int) -> int:
    """Bytes of a sketch."""
    return -(-dimension // 8)


def sketch(vectors: NDArray[Any]) -> Sketches:
    """Signs of vectors, packed or not, of shape (rows, dimension), packed: shape (rows, ``sketch_bytes``)."""
    return np.packbits(vectors > 0.0, axis=1)


def can_be_sketched(vectors: NDArray[Any]) -> bool:
    """Whether the signs say enough: not where many numbers are zero, as when words are hashed."""
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)]
    return bool(np.count_nonzero(sample == 0.0) <= _MOST_ZEROS * sample.size)


class Proposed(NamedTuple):
    """Positions of rows, in no order, and which of them are the nearer half by their signs."""

    positions: Refs
    nearer: NDArray[np.bool_]


def propose(sketches: Sketches, query: Vectors, limit: int, *, wider: int = 1) -> Proposed:
    """The rows whose signs differ from those of ``query`` (one vector) the least.

    As many as `PROPOSED` says, or ``wider`` times as many, less those at the largest distance, of which only some would
    have had room: which rows are proposed does not depend on where they stand.
    """
    import faiss

    least, most = PROPOSED
    wanted = min(wider * max(least, min(len(sketches) // 10, most), 24 * limit), len(sketches))
    asked = sketch(query[np.newaxis])
    distances = np.empty((1, wanted), np.int32)
    positions = np.empty((1, wanted), np.int64)
    a, b, d, p = (faiss.swig_ptr(array) for array in (asked, sketches, distances, positions))
    # A byte is as much work as a multiplication.
    run_threaded(lambda: faiss.hammings_knn_mc(a, b, 1, len(sketches), wanted, sketches.shape[1], d, p), sketches.size)
    far, middle = np.partition(distances[0], (wanted // 2, wanted - 1))[[wanted - 1, wanted // 2]]
    there = (positions[0] >= 0) & ((distances[0] < far) | (wanted == len(sketches)))
    return Proposed(positions[0][there], distances[0][there] <= middle)

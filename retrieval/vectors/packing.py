"""Packing: unit vectors as 8-bit numbers, each row times a factor of its own.

A number becomes the nearest multiple of the row's largest one divided by 127, so that it is off by at most half of
that; cosines of sentences in 384 dimensions are off by about 0.0004 (docs/vector-index.md). Symmetric and by row, as in
Guo et al., "Accelerating Large-Scale Inference with Anisotropic Vector Quantization" (ICML 2020), whose scalar baseline
this is: what a row becomes depends on it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

Codes = NDArray[np.int8]
Scales = NDArray[np.float32]

_LARGEST: Final = 127.0


def pack(vectors: Vectors) -> tuple[Codes, Scales]:
    """Codes (rows, dimension) and factors (rows,) of float32 vectors (rows, dimension); rows of zeros stay zeros."""
    scales = np.abs(vectors).max(axis=1, initial=0.0) / np.float32(_LARGEST)
    divisors = np.where(scales > 0.0, scales, np.float32(1.0))
    return np.rint(vectors / divisors[:, np.newaxis]).astype(np.int8), scales.astype(np.float32)


def unpack(codes: Codes, scales: Scales) -> Vectors:
    """The vectors that were packed, nearly: float32, shape of ``codes``."""
    vectors: Vectors = codes.astype(np.float32)
    vectors *= scales[:, np.newaxis]
    return vectors

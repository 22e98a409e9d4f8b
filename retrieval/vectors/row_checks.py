"""Checks of rows that are used where a file holds them: each row when it is first looked at.

A search of a large space looks at some thousand rows. To check the whole file before the first answer would read all
of it; to check a row before its first use reads what is read anyway, and no answer ever rests on a damaged row.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from factloom.schemas.errors import VectorIndexError

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

Checksums = NDArray[np.uint32]

_WORDS: Final = (np.uint64, np.uint32, np.uint16, np.uint8)


class DamagedRowsError(VectorIndexError):
    """Rows in a file are not what was written; what is read from the store instead is."""


def checksums(rows: NDArray[Any]) -> Checksums:
    """A hash of each row of a contiguous array, all at once: a search sees to a thousand of them.

    The upper half of the sum of a row's words, each times a fixed odd number of its own, modulo 2^64: "multilinear"
    of Lemire and Kaser, "Strongly universal string hashing is fast" (2014), with words of 64 bits where they fit.
    """
    words = rows.view(_word_of(rows.shape[1] * rows.itemsize))
    sums: NDArray[np.uint64] = np.einsum(
        "ij,j->i", words, _multipliers(words.shape[1]), dtype=np.uint64, casting="same_kind"
    )
    folded: Checksums = (sums >> np.uint64(32)).astype(np.uint32)
    return folded


def _word_of(size: int) -> type[np.unsignedinteger[Any]]:
    """The longest word that divides a row of ``size`` bytes."""
    return next(word for word in _WORDS if size % np.dtype(word).itemsize == 0)


@lru_cache(maxsize=8)
def _multipliers(count: int) -> NDArray[np.uint64]:
    """Odd numbers that look random, the same for ever: splitmix64 (Steele et al., 2014) of 1, 2, …"""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))) | np.uint64(1)


def checksum(rows: NDArray[Any]) -> int:
    """CRC-32 of all rows together."""
    return zlib.crc32(rows.reshape(-1).view(np.uint8).data)


class RowChecks:
    """What the rows of a file should be, and which were looked at. Safe to use from several threads.

    Args:
        each: the checksum of each row, as ``checksums`` gives it.
        whole: that of all of them, as ``checksum`` gives it; to look at all costs half as much by this one.
    """

    __slots__ = ("_each", "_seen", "_whole")

    def __init__(self, each: Checksums, whole: int) -> None:
        self._each = each
        self._whole = whole
        self._seen = np.zeros(len(each), bool)

    def check(self, rows: NDArray[Any], positions: Refs) -> None:
        """See that the rows at ``positions`` are as they were; negative ones are nowhere.

        Raises:
            DamagedRowsError: they are not.
        """
        new = positions[(positions >= 0) & ~self._seen[positions]]
        if not np.array_equal(checksums(rows[new]), self._each[new]):
            raise DamagedRowsError("a row's checksum is wrong")
        self._seen[new] = True

    def check_all(self, rows: NDArray[Any]) -> None:
        """See that all rows are as they were; raises as ``check``."""
        if checksum(rows) != self._whole:
            raise DamagedRowsError("its checksum is wrong")

"""Checks of rows that are used where a file holds them: each row when it is first looked at.

A search of a large space looks at some thousand rows. To check the whole file before the first answer would read all
of it; to check a row before its first use reads what is read anyway, and no answer ever rests on a damaged row.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from factloom.schemas.errors import VectorIndexError

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

Checksums = NDArray[np.uint32]


class DamagedRowsError(VectorIndexError):
    """Rows in a file are not what was written; what is read from the store instead is."""


def checksums(rows: NDArray[Any]) -> Checksums:
    """CRC-32 of each row."""
    return np.fromiter(map(zlib.crc32, rows), np.uint32, len(rows))


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

"""Rows of nodes that were there while all of their columns were read.

What another transaction deletes while a statement runs reads as null from then on, and not all of it at once: a time
was seen to be null where a later column of the same row was not. So a row counts if all columns that every node has are
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

Row = Sequence[Any]

EPISODE: Final = frozenset({3, 4, 5, 8, 13})
"""Columns of ``{episode_columns}`` that may be null: labels, speaker, error. The others say the same of theirs."""

ENTITY: Final[frozenset[int]] = frozenset()
FACT: Final = frozenset({3, 4, 5, 11, 12, 14, 15, 19})
CHANGE: Final = frozenset({8, 9, 10})
EPISODE_NODE: Final = frozenset({4})
FACT_NODE: Final = frozenset({5, 6, 8, 13})


def whole(rows: Iterable[Row], optional: frozenset[int]) -> list[Row]:
    """Those of the rows in which nothing is null but ``optional`` columns."""
    return [
        row
        for row in rows
        if None not in row or all(value is not None or column in optional for column, value in enumerate(row))
    ]

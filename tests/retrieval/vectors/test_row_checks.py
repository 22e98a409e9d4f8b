from __future__ import annotations

import numpy as np
import pytest

from factloom.retrieval.vectors.row_checks import DamagedRowsError, RowChecks, checksum, checksums


@pytest.mark.parametrize(
    ("dimension", "kind"),
    [(384, np.int8), (384, np.float32), (383, np.float32), (386, np.int8), (385, np.int8), (1, np.int8)],
)
def test_any_damage_to_a_row_shows(dimension: int, kind: type) -> None:
    pick = np.random.default_rng(3)
    rows = pick.integers(-128, 128, (50, dimension * np.dtype(kind).itemsize), np.int8).view(kind)
    before = checksums(rows)
    assert before.shape == (50,)
    for row, byte, bit in zip(
        range(50), pick.integers(0, rows.shape[1] * rows.itemsize, 50), pick.integers(0, 8, 50), strict=True
    ):
        damaged = rows.copy()
        damaged.view(np.uint8)[row, byte] ^= 1 << bit
        assert np.flatnonzero(checksums(damaged) != before).tolist() == [row]


def test_words_that_change_places_show() -> None:
    rows = np.random.default_rng(4).standard_normal((1, 384)).astype(np.float32)
    turned = np.roll(rows, 2, axis=1)
    assert checksums(turned) != checksums(rows)
    assert checksums(np.zeros_like(rows)) == 0


def test_the_hash_is_the_same_for_ever() -> None:
    """What files hold must mean the same with every version of numpy."""
    rows = np.arange(24, dtype=np.int8).reshape(2, 12)
    assert checksums(rows).tolist() == [2706448304, 2710799379]


def test_a_row_is_looked_at_once() -> None:
    rows = np.random.default_rng(5).standard_normal((20, 8)).astype(np.float32)
    checks = RowChecks(checksums(rows), checksum(rows))
    checks.check(rows, np.array([3, -1, 4]))
    rows[3] = 0.0
    rows[5] = 0.0
    checks.check(rows, np.array([3, 4]))
    with pytest.raises(DamagedRowsError):
        checks.check(rows, np.array([4, 5]))

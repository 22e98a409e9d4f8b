from __future__ import annotations

from tempfile import TemporaryFile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from factloom.retrieval.vectors.rows import Rows
from factloom.retrieval.vectors.snapshot_file import Snapshot, read_snapshot, write_snapshot

_refs = st.sets(st.integers(0, 30), max_size=10).map(sorted)


def check(rows: Rows, expected: dict[int, int]) -> None:
    """``expected``: parts per ref; part p of record r holds the number 100 r + p."""
    vectors = rows.vectors_at(np.arange(rows.count)).round(3)  # packed ones are what they were but for rounding
    live = sorted(
        (int(r), int(p), float(v[0]))
        for r, p, v in zip(rows.refs[: rows.count], rows.parts[: rows.count], vectors, strict=True)
    )
    assert live == [(r, p, 100.0 * r + p) for r in sorted(expected) for p in range(expected[r])]
    assert rows.extra == sum(parts - 1 for parts in expected.values())
    everyone = np.arange(31)
    whole = rows.whole_rows(everyone)
    for ref in range(31):
        assert (whole[ref] >= 0) == (ref in expected)
        if ref in expected:
            assert (rows.refs[whole[ref]], rows.parts[whole[ref]]) == (ref, 0)
        assert rows.holds_any(np.array([ref])) == (ref in expected)
    assert sorted(rows.all_rows(everyone).tolist()) == list(range(rows.count))


def through_a_file(rows: Rows) -> Rows:
    """The rows as a snapshot gives them back: read-only, where they are."""
    with TemporaryFile() as file:
        write_snapshot(file, {"store": "a", "space": "b"}, Snapshot(1, 2, {"fact": rows}))
        file.seek(0)
        return read_snapshot(file)[1].kinds["fact"]


_steps = st.tuples(st.sampled_from(["add", "remove", "reopen"]), _refs, st.integers(1, 3))


@given(st.lists(_steps, max_size=20), st.booleans())
def test_any_history_keeps_rows_and_map_in_step(steps: list[tuple[str, list[int], int]], packed: bool) -> None:
    rows, expected = Rows(2, packed=packed), dict[int, int]()
    for step, refs, parts in steps:
        if step == "reopen":
            rows = through_a_file(rows)
        elif step == "add":
            new = [ref for ref in refs if ref not in expected]
            expected |= dict.fromkeys(new, parts)
            numbers = np.array([(ref, part) for ref in new for part in range(parts)], np.int64).reshape(-1, 2)
            values = 100.0 * numbers[:, :1] + numbers[:, 1:]
            rows.append(numbers[:, 0], numbers[:, 1].astype(np.int32), np.repeat(values, 2, axis=1).astype(np.float32))
        else:
            before = rows.count
            rows.remove(np.array(refs, np.int64))
            for ref in refs:
                expected.pop(ref, None)
            assert not rows.vectors[rows.count : before].any(), "a removed vector is still in memory"
        check(rows, expected)


def test_memory_is_given_back_when_most_is_removed() -> None:
    rows = Rows(4)
    refs = np.arange(10_000)
    rows.append(refs, np.zeros(10_000, np.int32), np.ones((10_000, 4), np.float32))
    rows.remove(refs[100:])
    assert len(rows.vectors) < 2000
    assert rows.whole_rows(np.array([99, 100])).tolist()[1] == -1

"""Comparison: where two blocks of one space do not hold the same vectors."""

from __future__ import annotations

import numpy as np

from factloom.retrieval.vectors.block import Block
from factloom.retrieval.vectors.rows import Rows
from factloom.schemas.ports import VectorDifference


def differences(held: Block, stored: Block) -> list[VectorDifference]:
    """The records whose vectors in ``held`` are not those in ``stored``, by kind and ref."""
    found = []
    for kind in sorted(held.kinds.keys() | stored.kinds.keys()):
        here, there = _sorted_rows(held.kinds.get(kind)), _sorted_rows(stored.kinds.get(kind))
        for ref, problem in _compare(here, there):
            found.append(VectorDifference(held.space, kind, ref, problem))
    return found


def _sorted_rows(rows: Rows | None) -> tuple[Rows | None, dict[int, list[int]]]:
    """Per record its rows in the order of their parts."""
    by_ref: dict[int, list[int]] = {}
    if rows is not None:
        refs, parts = rows.refs[: rows.count], rows.parts[: rows.count]
        order = np.lexsort((parts, refs))
        for ref, row in zip(refs[order].tolist(), order.tolist(), strict=True):
            by_ref.setdefault(ref, []).append(row)
    return rows, by_ref


def _compare(
    here: tuple[Rows | None, dict[int, list[int]]], there: tuple[Rows | None, dict[int, list[int]]]
) -> list[tuple[int, str]]:
    held, held_rows = here
    stored, stored_rows = there
    found = [(ref, "extra") for ref in held_rows.keys() - stored_rows.keys()]
    found += [(ref, "missing") for ref in stored_rows.keys() - held_rows.keys()]
    if held is not None and stored is not None:
        for ref in held_rows.keys() & stored_rows.keys():
            mine, theirs = held_rows[ref], stored_rows[ref]
            same = np.array_equal(held.parts[mine], stored.parts[theirs]) and np.array_equal(
                held.vectors_at(np.array(mine)), stored.vectors_at(np.array(theirs))
            )
            if not same:
                found.append((ref, "different"))
    return sorted(found)

"""Which rows of a Neo4j server count as read whole, where another transaction takes properties away meanwhile."""

from __future__ import annotations

import pytest

from factloom.graph.neo4j_store.whole_rows import CHANGE, ENTITY, EPISODE, EPISODE_NODE, FACT, FACT_NODE, whole

WIDTHS = ((EPISODE, 17), (ENTITY, 10), (FACT, 21), (CHANGE, 11), (EPISODE_NODE, 11), (FACT_NODE, 14))


@pytest.mark.parametrize(("optional", "width"), WIDTHS)
def test_a_row_counts_unless_a_column_that_every_node_has_is_gone(optional: frozenset[int], width: int) -> None:
    complete = list(range(width))
    assert whole([complete], optional) == [complete]
    for column in range(width):
        row = [None if at == column else at for at in complete]
        assert whole([row], optional) == ([row] if column in optional else [])


def test_all_optional_columns_may_be_null_at_once() -> None:
    row = [None if at in FACT else at for at in range(21)]
    assert whole([row], FACT) == [row]

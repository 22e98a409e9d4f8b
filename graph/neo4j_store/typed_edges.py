"""Typed edges: the facts that are current, drawn between their entities for whoever reads the graph.

An edge is drawn, redrawn and removed in the transaction that changes its fact. One whose time runs out without a change
is removed by the next write; the index over ``_drawn_until`` finds it.
"""

from __future__ import annotations

from typing import Any

from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import check_predicate
from factloom.schemas.records import Fact


def is_drawn(fact: dict[str, Any], now: int) -> bool:
    """Whether a fact with these properties is drawn at ``now`` (microseconds): current, as ``Fact.is_current`` says."""
    return fact["_expired"] is None and all(end is None or end > now for end in (fact["_invalid"], fact["_expires"]))


def drawn_until(fact: dict[str, Any], now: int) -> int | None:
    """When the edge of a fact with these properties is to go by itself, if there is one and it is."""
    if not is_drawn(fact, now):
        return None
    return min((end for end in (fact["_invalid"], fact["_expires"]) if end is not None), default=None)


def edge_row(fact: Fact, properties: dict[str, Any]) -> dict[str, Any]:
    """The edge of ``fact``, whose node has these ``properties``."""
    return {
        "subject": properties["_subject"],
        "object": properties["_object"],
        "type": check_predicate(fact.predicate),
        "since": properties["_valid"],
        "until": properties["_invalid"],
        "properties": {
            "fact_id": fact.id,
            "space": fact.space,
            "text": fact.text,
            "confidence": float(fact.confidence),
            "support": fact.support,
        },
    }


def has_lapsed(runner: Runner, queries: Queries, now: int) -> bool:
    """Whether there are edges whose time ran out by ``now``."""
    ((some,),) = runner.rows(queries["has_lapsed"], {"now": now})
    return bool(some)


def remove_lapsed(runner: Runner, queries: Queries, now: int) -> int:
    """Remove the edges whose time ran out by ``now``; returns how many."""
    removed = 0
    while True:
        ((some,),) = runner.rows(queries["lapsed_edges"], {"now": now})
        removed += int(some)
        if not some:
            return removed

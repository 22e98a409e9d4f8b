"""The graph of a space as a networkx graph: for notebooks, pictures and offline analysis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from factloom.schemas.records import Entity, Fact

if TYPE_CHECKING:
    import networkx


def to_networkx(entities: Iterable[Entity], facts: Iterable[Fact]) -> networkx.MultiDiGraph[str]:
    """A MultiDiGraph: entities by id (``name``, ``type``, ``space``, ``aliases``), one edge a fact, keyed by its id.

    Edges carry ``predicate``, ``text``, ``category``, ``confidence``, ``support`` and, where known, ``valid_at`` and
    ``invalid_at`` as ISO 8601 strings. A fact whose subject or object is not among ``entities`` is left out.
    """
    import networkx

    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for entity in entities:
        graph.add_node(entity.id, name=entity.name, type=entity.type, space=entity.space, aliases=list(entity.aliases))
    for fact in facts:
        if fact.subject_id in graph and fact.object_id in graph:
            graph.add_edge(fact.subject_id, fact.object_id, key=fact.id, **_attributes(fact))
    return graph


def _attributes(fact: Fact) -> dict[str, Any]:
    times = {"valid_at": fact.valid_at, "invalid_at": fact.invalid_at}
    return {
        "predicate": fact.predicate,
        "text": fact.text,
        "category": fact.category.value,
        "confidence": fact.confidence,
        "support": fact.support,
        **{name: time.isoformat() for name, time in times.items() if time is not None},
    }

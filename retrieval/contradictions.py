"""Contradictions: facts that are held side by side though only one can be so, since different people tell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from factloom.schemas.ontology import Ontology, ontology_in_use
from factloom.schemas.ports import FactNode

TOLD_OTHERWISE = "others say otherwise"


def contradicted(facts: Mapping[int, FactNode], at: datetime) -> frozenset[int]:
    """Refs of those of the facts that another one of them contradicts at this time.

    Of a predicate that holds one object at a time there is another object, or the opposite is held of the same one.
    """
    ontology, time = ontology_in_use(), at.timestamp()
    groups: dict[int, list[FactNode]] = {}
    for node in facts.values():
        if node.category != "episodic" and _holds(node, time):
            groups.setdefault(node.subject, []).append(node)
    return frozenset(
        node.ref
        for group in groups.values()
        for node in group
        if any(_contradict(node, other, ontology) for other in group)
    )


def _holds(node: FactNode, time: float) -> bool:
    began = node.valid_at is None or node.valid_at <= time
    return began and node.expired_at is None and (node.invalid_at is None or node.invalid_at > time)


def _contradict(one: FactNode, other: FactNode, ontology: Ontology) -> bool:
    if one.object != other.object:
        return one.predicate == other.predicate and ontology[one.predicate].cardinality == "one"
    contrary = (ontology.opposite(one.predicate), *ontology[one.predicate].ends)
    return other.predicate in contrary or one.predicate in ontology[other.predicate].ends

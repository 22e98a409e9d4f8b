"""Contradictions: facts that are held side by side though only one can be so, since different people tell them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from factloom.schemas.ontology import Ontology, ontology_in_use
from factloom.schemas.ports import FactNode

TOLD_OTHERWISE = "others say otherwise"


def contradicted(facts: Mapping[int, FactNode], shown: Collection[int], at: datetime) -> frozenset[int]:
    """Those of the refs ``shown`` whose facts another one of ``facts`` contradicts at this time.

    Of a predicate that holds one object at a time there is another object, or the opposite is held of the same one.
    Only what is said of the subjects that are shown is looked at: everything is said of a hub.
    """
    subjects = {facts[ref].subject for ref in shown if ref in facts}
    if not subjects:
        return frozenset()
    ontology, time = ontology_in_use(), at.timestamp()
    groups: dict[int, list[FactNode]] = {}
    for node in facts.values():
        if node.subject in subjects and _holds(node, time):
            groups.setdefault(node.subject, []).append(node)
    return frozenset(
        node.ref
        for group in groups.values()
        for node in group
        if node.ref in shown and _is_contradicted(node, group, ontology)
    )


def _holds(node: FactNode, time: float) -> bool:
    """Whether a fact is so at this time; events are over once they have happened."""
    began = node.category != "episodic" and (node.valid_at is None or node.valid_at <= time)
    return began and node.expired_at is None and (node.invalid_at is None or node.invalid_at > time)


def _is_contradicted(one: FactNode, others: Iterable[FactNode], ontology: Ontology) -> bool:
    spec = ontology[one.predicate]
    contrary = (ontology.opposite(one.predicate), *spec.ends)
    for other in others:
        if other.object == one.object:
            if other.predicate in contrary or one.predicate in ontology[other.predicate].ends:
                return True
        elif spec.cardinality == "one" and other.predicate == one.predicate:
            return True
    return False

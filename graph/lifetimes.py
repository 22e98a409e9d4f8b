"""What ends with somebody's death (``until_death_of``): whoever had a dog that died has it no longer."""

from __future__ import annotations

from typing import Final

from factloom.graph.disputes import Disputes
from factloom.graph.statements import Statement, began
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import DEATH, MILESTONE, Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, FactQuery
from factloom.schemas.records import Fact
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED: Final = 100_000


def is_death(statement: Statement) -> bool:
    """Whether a statement tells that its subject has died."""
    told = statement.object is not None and normalise_name(statement.object.name) == DEATH
    return statement.predicate == MILESTONE and told and not statement.negated


def ended_by_death(tx: WriteTransaction, spaces: SpaceSet, ontology: Ontology, statement: Statement) -> list[Fact]:
    """The facts about the statement's subject that its death ends."""
    found: list[Fact] = []
    for side, end in (("subject", "subject_ids"), ("object", "object_ids")):
        names = tuple(name for name in ontology.names() if side in ontology[name].until_death_of)
        if names:
            query = FactQuery.model_validate({end: (statement.subject.id,), "predicates": names, "limit": _UNBOUNDED})
            found += [fact for fact in tx.find_facts(query, spaces=spaces) if fact.expired_at is None]
    return list({fact.id: fact for fact in found}.values())


def deaths_of_ends(
    tx: WriteTransaction, spaces: SpaceSet, ontology: Ontology, statement: Statement, disputes: Disputes
) -> list[Fact]:
    """The deaths, told before, that end what the statement tells of earlier times."""
    sides = ontology[statement.predicate].until_death_of
    ends = {"subject": statement.subject, "object": statement.object}
    ids = tuple(end.id for side, end in ends.items() if side in sides and end is not None)
    if not ids:
        return []
    deaths = [e.id for e in tx.find_entities(EntityQuery(keys=(DEATH,)), spaces=spaces)]
    if not deaths:
        return []
    query = FactQuery(subject_ids=ids, predicates=(MILESTONE,), object_ids=tuple(deaths), limit=_UNBOUNDED)
    found = [fact for fact in tx.find_facts(query, spaces=spaces) if fact.expired_at is None]
    return [fact for fact in found if began(fact) > statement.began and not disputes.disagree(fact, statement)]

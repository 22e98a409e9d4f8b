"""Years told by an age: who was born in 1984, or is 41 in 2025, was twelve in 1996."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import MILESTONE
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, FactQuery
from factloom.schemas.records import Entity, Fact
from factloom.schemas.spaces import SpaceSet

_BIRTH: Final = "birth"
_MOST: Final = 1000


def year_at_age(tx: WriteTransaction, person: Entity, age: int) -> datetime | None:
    """The beginning of the year in which ``person`` became ``age``; None if neither birth nor age is known."""
    facts = tx.find_facts(
        FactQuery(subject_ids=(person.id,), predicates=(MILESTONE, "BORN_IN", "HAS_AGE"), limit=_MOST),
        spaces=SpaceSet.of(person.space),
    )
    held = [fact for fact in facts if fact.expired_at is None and fact.valid_at is not None]
    held.sort(key=lambda fact: (fact.predicate != "HAS_AGE", fact.created_at))  # a birth tells it best
    objects = tx.find_entities(
        EntityQuery(ids=tuple({fact.object_id for fact in held}), limit=_MOST), spaces=SpaceSet.of(person.space)
    )
    names = {entity.id: normalise_name(entity.name) for entity in objects}
    born = [year for fact in held if (year := _year_of_birth(fact, names.get(fact.object_id, ""))) is not None]
    return datetime(born[-1] + age, 1, 1, tzinfo=UTC) if born else None


def _year_of_birth(fact: Fact, object_: str) -> int | None:
    """The year in which the fact says, or lets us reckon, that its subject was born."""
    assert fact.valid_at is not None
    if fact.predicate == "HAS_AGE":  # half a year in, on average
        years = int(object_) if object_.isdigit() else 0
        return (fact.valid_at - timedelta(days=365.25 * (years + 0.5))).year if 0 < years < 120 else None
    dated = "time_expression" in fact.metadata and (fact.predicate == "BORN_IN" or object_ == _BIRTH)
    return fact.valid_at.year if dated else None

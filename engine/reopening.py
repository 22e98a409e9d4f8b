"""Reopening: facts that were over only because of what is deleted hold again, as far as nothing else ends them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Category, Change, Fact
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 1_000_000


def reopened_by_deletion(
    tx: WriteTransaction,
    gone: Mapping[str, Fact],
    episode_ids: Collection[str],
    weakened: Mapping[str, Fact],
    *,
    ontology: Ontology,
) -> dict[str, Fact]:
    """Facts as they are without the facts ``gone`` and the episodes, by id; call it before those are deleted.

    A fact that a deleted one had ended takes over what that one was followed by, and one that a deleted episode had
    negated is open again; either ends where the next fact that excludes it begins. What was corrected stays corrected.
    ``weakened`` are facts that change in the same deletion; what is returned builds on them.
    """
    reopened = {}
    for fact in _ended_by(tx, gone):
        if fact.id not in gone:
            reopened[fact.id] = _relinked(tx, weakened.get(fact.id, fact), gone, ontology)
    closings = tx.changes_by(episode_ids, spaces=SpaceSet.everything()) if episode_ids else []
    for change in closings:
        if change.kind != "fact" or change.action is not Action.CLOSED or change.target_id in gone:
            continue
        query = FactQuery(ids=(change.target_id,))
        for fact in tx.find_facts(query, spaces=SpaceSet.of(change.space)):
            latest = reopened.get(fact.id, weakened.get(fact.id, fact))
            if _still_so(latest, change):
                restored = latest.model_copy(update=_times(change.before, change.after))
                reopened[fact.id] = _until_next(tx, restored, gone, ontology)
    return reopened


def _ended_by(tx: WriteTransaction, gone: Mapping[str, Fact]) -> list[Fact]:
    """Facts that point to one of ``gone`` as their successor; they have one of its entities as subject."""
    found: dict[str, Fact] = {}
    for space in sorted({fact.space for fact in gone.values()}):
        ends = {id_ for fact in gone.values() if fact.space == space for id_ in (fact.subject_id, fact.object_id)}
        query = FactQuery(subject_ids=tuple(sorted(ends)), limit=_UNBOUNDED)
        facts = tx.find_facts(query, spaces=SpaceSet.of(space))
        found |= {fact.id: fact for fact in facts if fact.superseded_by in gone}
    return list(found.values())


def _relinked(tx: WriteTransaction, fact: Fact, gone: Mapping[str, Fact], ontology: Ontology) -> Fact:
    """The fact with the first of its successors that stays, which it ends with, or with none."""
    last, seen = fact, {fact.id}
    while (next_id := last.superseded_by) in gone and next_id is not None and next_id not in seen:
        seen.add(next_id)
        last = gone[next_id]
    heir = None if last.superseded_by in gone else last.superseded_by
    if fact.expired_at is not None:
        return fact.model_copy(update={"superseded_by": heir})
    if heir is None:
        return _until_next(tx, fact.model_copy(update={"superseded_by": None, "invalid_at": None}), gone, ontology)
    (next_,) = tx.find_facts(FactQuery(ids=(heir,)), spaces=SpaceSet.of(fact.space)) or [last]
    ends = last.invalid_at if last.expired_at is None else _began(next_)
    ends = max(ends, _began(fact)) if ends else None
    return fact.model_copy(update={"superseded_by": heir, "invalid_at": ends})


def _until_next(tx: WriteTransaction, fact: Fact, gone: Mapping[str, Fact], ontology: Ontology) -> Fact:
    """The fact, ended where the next one begins that says the same again or that cannot be so at the same time."""
    if fact.invalid_at is not None or fact.expired_at is not None or fact.category is Category.EPISODIC:
        return fact
    one = ontology[fact.predicate].cardinality == "one"
    query = FactQuery(subject_ids=(fact.subject_id,), predicates=(fact.predicate,), limit=_UNBOUNDED)
    later = [
        other
        for other in tx.find_facts(query, spaces=SpaceSet.of(fact.space))
        if other.id not in gone
        and other.id != fact.id
        and other.expired_at is None
        and (one or other.object_id == fact.object_id)
        and _began(other) > _began(fact)
    ]
    if not later:
        return fact
    following = min(later, key=lambda other: (_began(other), other.id))
    return fact.model_copy(update={"invalid_at": _began(following), "superseded_by": following.id})


def _still_so(fact: Fact, change: Change) -> bool:
    """Whether the fact still has the end that ``change`` gave it, and nothing took its place since."""
    return bool(change.after) and all(
        name in ("invalid_at", "expired_at") and getattr(fact, name) == value
        for name, value in _times(change.after, change.after).items()
    )


def _times(values: Mapping[str, Any] | None, names: Mapping[str, Any] | None) -> dict[str, datetime | None]:
    """The times in ``values`` under the keys of ``names``, read from JSON; a missing one is None."""
    given = values or {}
    return {name: datetime.fromisoformat(given[name]) if given.get(name) else None for name in names or ()}


def _began(fact: Fact) -> datetime:
    return fact.valid_at or fact.created_at

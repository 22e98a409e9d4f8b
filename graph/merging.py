"""Merging: two entities turn out to be one; the facts of the one that goes are moved to the one that stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from factloom.graph.statements import SAME_EVENT, began
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Category, Change, Entity, Fact, new_id
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 100_000


def merge_entities(
    tx: WriteTransaction,
    kept: Entity,
    gone: Entity,
    *,
    now: datetime,
    actor: str,
    reason: str,
    episode_id: str | None = None,
) -> set[tuple[str, str]]:
    """Move every fact about ``gone`` to ``kept``, join those that then say the same, and delete ``gone``.

    A fact that would then lead from an entity to itself says nothing any more and is dropped. History names ids only,
    since a name is text that may have to be forgotten; what episodes told of what goes is told of what stays.
    Returns subject and predicate of the facts that were moved: there may now be some that exclude each other, which
    ``Reconciler.settle`` sees to.
    """
    spaces = SpaceSet.of(kept.space)
    moved = tx.find_facts(FactQuery(about_ids=(gone.id,), limit=_UNBOUNDED), spaces=spaces)
    for fact in moved:
        _move(tx, fact, kept, gone)
    _hand_over(tx, gone.id, kept.id, SpaceSet.of(kept.space))
    tx.delete([gone.id])
    tx.record(
        [
            Change(
                id=new_id(),
                space=kept.space,
                kind="entity",
                target_id=kept.id,
                action=Action.MERGED,
                actor=actor,
                at=now,
                reason=reason,
                episode_id=episode_id,
                before={"id": gone.id, "type": gone.type},
                after={"moved_facts": [fact.id for fact in moved]},
            )
        ]
    )
    query = FactQuery(ids=tuple(fact.id for fact in moved), limit=max(1, len(moved)))
    return {(fact.subject_id, fact.predicate) for fact in tx.find_facts(query, spaces=spaces)} if moved else set()


def _hand_over(tx: WriteTransaction, from_id: str, to_id: str, spaces: SpaceSet) -> None:
    """Keep the history of a record that goes with the one that takes its place."""
    changes = tx.history([from_id], spaces=spaces)
    tx.record([change.model_copy(update={"id": new_id(), "target_id": to_id}) for change in changes])


def _move(tx: WriteTransaction, fact: Fact, kept: Entity, gone: Entity) -> None:
    subject = kept.id if fact.subject_id == gone.id else fact.subject_id
    object_ = kept.id if fact.object_id == gone.id else fact.object_id
    if subject == object_:
        tx.delete([fact.id])
        return
    query = FactQuery(subject_ids=(subject,), predicates=(fact.predicate,), object_ids=(object_,), limit=_UNBOUNDED)
    twins = tx.find_facts(query, spaces=SpaceSet.of(kept.space))
    twin = next((t for t in twins if t.id != fact.id and _same_interval(t, fact)), None)
    if twin is None:
        tx.put_facts([fact.model_copy(update={"subject_id": subject, "object_id": object_})])
        return
    episode_ids = tuple(dict.fromkeys((*twin.episode_ids, *fact.episode_ids)))
    joined: dict[str, Any] = {
        "episode_ids": episode_ids,
        "support": len(episode_ids),
        "confidence": max(twin.confidence, fact.confidence),
        "valid_at": min(twin.valid_at, fact.valid_at) if twin.valid_at and fact.valid_at else None,
        "invalid_at": max(twin.invalid_at, fact.invalid_at) if twin.invalid_at and fact.invalid_at else None,
    }
    by_fact = FactQuery(superseded_by=(fact.id,), limit=_UNBOUNDED)
    ended = tx.find_facts(by_fact, spaces=SpaceSet.of(kept.space))
    tx.put_facts([f.model_copy(update={"superseded_by": twin.id}) for f in ended if f.id != twin.id])
    _hand_over(tx, fact.id, twin.id, SpaceSet.of(kept.space))
    tx.delete([fact.id])
    tx.put_facts([twin.model_copy(update=joined)])


def _same_interval(one: Fact, other: Fact) -> bool:
    """Whether two facts of one triple are one: the same event, or both open, or both over and overlapping."""
    if one.expired_at is not None or other.expired_at is not None:
        return False
    if one.category is Category.EPISODIC:
        return abs(began(one) - began(other)) <= SAME_EVENT
    if one.invalid_at is None or other.invalid_at is None:
        return one.invalid_at is other.invalid_at
    return began(one) < other.invalid_at and began(other) < one.invalid_at

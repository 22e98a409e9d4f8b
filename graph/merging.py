"""Merging: two entities turn out to be one; the facts of the one that goes are moved to the one that stays.

What undoing it needs is kept with the merge (``graph/merge_records.py``); ``graph/unmerging.py`` undoes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from factloom.graph.entity_names import distinct_names
from factloom.graph.merge_records import (
    DroppedFact,
    EndedFact,
    EntityState,
    JoinedFact,
    MergeUndo,
    with_undo,
)
from factloom.graph.reconciliation import Reconciler
from factloom.graph.reopening import fact_without
from factloom.graph.statements import SAME_EVENT, began
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, FactQuery
from factloom.schemas.records import Action, Category, Change, Entity, Fact, Metadata, new_id
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 100_000
_ENDS = ("subject_id", "object_id")


class Merged(NamedTuple):
    """What a merge did: its change, the entity that stayed, and the ids of the facts that were moved to it."""

    change: Change
    entity: Entity
    fact_ids: tuple[str, ...]


class Act(NamedTuple):
    """Who does something to entities, when and why; ``episode_id``: the message that shows that it is so, if any."""

    actor: str
    at: datetime
    reason: str
    episode_id: str | None = None

    def change(self, kind: str, target: str, space: str, action: Action, **told: Metadata | None) -> Change:
        """An entry of history for it."""
        return Change(
            id=new_id(),
            space=space,
            kind=kind,
            target_id=target,
            action=action,
            actor=self.actor,
            at=self.at,
            reason=self.reason,
            episode_id=self.episode_id,
            **told,
        )


def merge_entities(
    tx: WriteTransaction,
    kept: Entity,
    gone: Entity,
    act: Act,
    *,
    reconciler: Reconciler,
    before: Entity | None = None,
    type: str | None = None,
    names: Sequence[str] | None = None,
) -> Merged:
    """Move every fact about ``gone`` to ``kept``, join those that then say the same, and delete ``gone``.

    ``kept`` is called by the other's names, too. A fact that would then lead from an entity to itself says nothing any
    more and is dropped; of facts that exclude each other the newer ends the older. What episodes told of what goes is
    told of what stays. ``before``: what ``kept`` was, where it already has the other's names. ``type``: what both are.
    ``names``: those of the other's names that ``kept`` takes; default: all.
    """
    merge = _Merge(tx, kept, gone, act, reconciler)
    about = tx.find_facts(FactQuery(about_ids=(gone.id,), limit=_UNBOUNDED), spaces=merge.spaces)
    for fact in about:
        merge.move(fact)
    history = merge.hand_over(gone.id, kept.id)
    tx.delete([gone.id])
    ended = merge.settle([fact.id for fact in about])
    stored = merge.rename((gone.name, *gone.aliases) if names is None else names, type)
    undo = MergeUndo(
        kept_id=kept.id,
        kept=EntityState.of(before or kept),
        became=EntityState.of(stored),
        gone=gone,
        moved=merge.moved,
        joined=tuple(merge.joined),
        dropped=tuple(merge.dropped),
        ended=tuple(ended),
        history=history,
    )
    told: dict[str, Metadata] = {
        "before": {"id": gone.id, "type": gone.type},
        "after": {"moved_facts": [fact.id for fact in about]},
    }
    change = with_undo(act.change("entity", kept.id, kept.space, Action.MERGED, **told), undo)
    tx.record([change])
    return Merged(change, stored, tuple(fact.id for fact in about))


class _Merge:
    """One merge inside one transaction."""

    def __init__(self, tx: WriteTransaction, kept: Entity, gone: Entity, act: Act, reconciler: Reconciler) -> None:
        self._tx = tx
        self._kept = kept
        self._gone = gone
        self._act = act
        self._reconciler = reconciler
        self.spaces = SpaceSet.of(kept.space)
        self.moved: dict[str, tuple[str, ...]] = {}
        self.joined: list[JoinedFact] = []
        self.dropped: list[DroppedFact] = []

    def hand_over(self, from_id: str, to_id: str, *, as_names: bool = False) -> tuple[str, ...]:
        """Tell the history of a record that goes of the one that takes its place; returns the ids of its entries.

        ``as_names``: of a fact that goes without another in its place, what its episodes call the entity is kept.
        """
        changes = self._tx.history([from_id], spaces=self.spaces)
        again = [change.model_copy(update={"target_id": to_id}) for change in changes]
        if as_names:
            again = [_as_names(change) for change in again]
        self._tx.record_again(again)
        return tuple(change.id for change in changes)

    def move(self, fact: Fact) -> None:
        """Move one fact to the entity that stays, or join it to the one that says the same there."""
        ends = tuple(end for end in _ENDS if getattr(fact, end) == self._gone.id)
        moved = fact.model_copy(update=dict.fromkeys(ends, self._kept.id))
        if moved.subject_id == moved.object_id:
            self._drop(fact)
            return
        query = FactQuery(
            subject_ids=(moved.subject_id,),
            predicates=(fact.predicate,),
            object_ids=(moved.object_id,),
            limit=_UNBOUNDED,
        )
        twins = self._tx.find_facts(query, spaces=self.spaces)
        twin = next((t for t in twins if t.id != fact.id and _same_interval(t, fact)), None)
        if twin is not None:
            self._join(fact, twin)
            return
        self._reconciler.note(self._tx.put_facts([moved]))
        self.moved[fact.id] = ends
        told = {"before": dict.fromkeys(ends, self._gone.id), "after": dict.fromkeys(ends, self._kept.id)}
        self._tx.record([self._act.change("fact", fact.id, fact.space, Action.MERGED, **told)])

    def _drop(self, fact: Fact) -> None:
        """Take a fact away that says nothing any more; what it had ended goes on."""
        ended = self._tx.find_facts(FactQuery(superseded_by=(fact.id,), limit=_UNBOUNDED), spaces=self.spaces)
        for old in ended:
            open_ = fact_without(self._tx, old, {fact.id: fact}, ontology=self._reconciler.ontology)
            self._reconciler.note(self._tx.put_facts([open_]))
            self._tx.record([self._act.change("fact", old.id, old.space, Action.MERGED, **_ends(old, open_))])
        history = self.hand_over(fact.id, self._kept.id, as_names=True)
        self.dropped.append(DroppedFact(fact=fact, history=history, successor_of=tuple(old.id for old in ended)))
        self._tx.delete([fact.id])

    def _join(self, fact: Fact, twin: Fact) -> None:
        episode_ids = tuple(dict.fromkeys((*twin.episode_ids, *fact.episode_ids)))
        joined: dict[str, Any] = {
            "episode_ids": episode_ids,
            "support": len(episode_ids),
            "confidence": max(twin.confidence, fact.confidence),
            "valid_at": min(twin.valid_at, fact.valid_at) if twin.valid_at and fact.valid_at else None,
            "invalid_at": max(twin.invalid_at, fact.invalid_at) if twin.invalid_at and fact.invalid_at else None,
        }
        by_fact = FactQuery(superseded_by=(fact.id,), limit=_UNBOUNDED)
        ended = [f for f in self._tx.find_facts(by_fact, spaces=self.spaces) if f.id != twin.id]
        self._reconciler.note(self._tx.put_facts([f.model_copy(update={"superseded_by": twin.id}) for f in ended]))
        history = self.hand_over(fact.id, twin.id)
        self._tx.delete([fact.id])
        (stronger,) = self._tx.put_facts([twin.model_copy(update=joined)])
        self._reconciler.note([stronger])
        self.joined.append(
            JoinedFact(
                fact=fact,
                into=twin.id,
                own_episodes=twin.episode_ids,
                was=_values(twin, joined),
                became=_values(stronger, joined),
                history=history,
                successor_of=tuple(f.id for f in ended),
            )
        )
        told: dict[str, Metadata] = {
            "before": {"id": fact.id, "support": twin.support},
            "after": {"support": stronger.support},
        }
        self._tx.record([self._act.change("fact", twin.id, twin.space, Action.MERGED, **told)])

    def settle(self, moved: Sequence[str]) -> list[EndedFact]:
        """Let the facts that came together end each other in order; returns which of them ended."""
        joined = {one.fact.id: one.into for one in self.joined}
        ids = tuple(dict.fromkeys(joined.get(id_, id_) for id_ in moved))
        query = FactQuery(ids=ids, limit=max(1, len(ids)))
        found = self._tx.find_facts(query, spaces=self.spaces) if ids else []
        pairs = sorted({(fact.subject_id, fact.predicate) for fact in found})
        subjects = tuple(sorted({subject for subject, _ in pairs}))
        wanted = EntityQuery(ids=subjects, limit=max(1, len(subjects)))
        entities = {e.id: e for e in self._tx.find_entities(wanted, spaces=self.spaces)} if subjects else {}
        ended: list[EndedFact] = []
        for subject, predicate in pairs:
            query = FactQuery(subject_ids=(subject,), predicates=(predicate,), limit=_UNBOUNDED)
            before = {fact.id: fact for fact in self._tx.find_facts(query, spaces=self.spaces)}
            if not self._reconciler.settle(entities[subject], predicate):
                continue
            after = {fact.id: fact for fact in self._tx.find_facts(query, spaces=self.spaces)}
            ended += _ended(before, after)
        return ended

    def rename(self, names: Sequence[str], type_: str | None) -> Entity:
        """Call the one that stays by the other's names, too."""
        kept, gone = self._kept, self._gone
        update = {
            "type": type_ or kept.type,
            "aliases": distinct_names([*kept.aliases, *names], kept.key),
            "attributes": {**gone.attributes, **kept.attributes},
        }
        changed = kept.model_copy(update=update)
        (stored,) = self._tx.put_entities([changed.model_copy(update={"updated_at": self._act.at})])
        return stored


def _ends(old: Fact, new: Fact) -> dict[str, Metadata]:
    """The ends of a fact before and after, for history."""
    names = ("invalid_at", "superseded_by")
    return {"before": _values(old, names), "after": _values(new, names)}


def _values(fact: Fact, names: Iterable[str]) -> Metadata:
    dumped = fact.model_dump(mode="json")
    return {name: dumped[name] for name in names}


def _ended(before: dict[str, Fact], after: dict[str, Fact]) -> list[EndedFact]:
    """Which facts settling ended."""
    names = ("invalid_at", "superseded_by", "episode_ids", "support")
    new = [fact for id_, fact in after.items() if id_ not in before]
    return [
        EndedFact(
            id=id_,
            was=_values(old, names),
            became=_values(after[id_], names),
            rest=tuple(
                f.id for f in new if f.object_id == old.object_id and set(f.episode_ids) <= set(old.episode_ids)
            ),
        )
        for id_, old in before.items()
        if _values(old, names) != _values(after[id_], names)
    ]


def _as_names(change: Change) -> Change:
    """What an episode called the ends of a fact, as history of the entity that both turned out to be."""
    after = change.after or {}
    names = [*after.get("subject", ()), *after.get("object", ())]
    return change.model_copy(update={"kind": "entity", "after": {**after, "names": names} if names else change.after})


def _same_interval(one: Fact, other: Fact) -> bool:
    """Whether two facts of one triple are one: the same event, or both open, or both over and overlapping."""
    if one.expired_at is not None or other.expired_at is not None:
        return False
    if one.category is Category.EPISODIC:
        return abs(began(one) - began(other)) <= SAME_EVENT
    if one.invalid_at is None or other.invalid_at is None:
        return one.invalid_at is other.invalid_at
    return began(one) < other.invalid_at and began(other) < one.invalid_at

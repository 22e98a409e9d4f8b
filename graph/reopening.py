"""Reopening: facts that were over only because of what is deleted or denied hold again, if nothing else ends them.

What else ended a fact is read from its history: every statement that ended it, or that said again that it is over,
left an entry there, and the entries of forgotten episodes do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from factloom.graph.disputes import are_disputed
from factloom.graph.statements import began, tellings_of
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Category, Change, Fact
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 1_000_000
_ENDING = (Action.ADDED, Action.SUPPORTED, Action.CLOSED, Action.SUPERSEDED)
_End = tuple[datetime, str | None]


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
    negated is open again; either ends where the next fact that excludes it begins, or where another episode says that
    it is over. What a deleted denial had opened is over again. What was corrected stays corrected.
    ``weakened`` are facts that change in the same deletion; what is returned builds on them.
    """
    reopened = {}
    for fact in ended_by(tx, gone):
        if fact.id not in gone:
            latest = weakened.get(fact.id, fact)
            reopened[fact.id] = fact_without(tx, latest, gone, episode_ids, ontology=ontology)
    changes = tx.changes_by(episode_ids, spaces=SpaceSet.everything()) if episode_ids else []
    for change in changes:
        if change.kind != "fact" or change.target_id in gone or not change.after:
            continue
        for fact in tx.find_facts(FactQuery(ids=(change.target_id,)), spaces=SpaceSet.of(change.space)):
            latest = reopened.get(fact.id, weakened.get(fact.id, fact))
            undone = _undone(tx, latest, change, gone, episode_ids, ontology)
            if undone is not None:
                reopened[fact.id] = undone
    return reopened


def ended_by(tx: WriteTransaction, gone: Mapping[str, Fact]) -> list[Fact]:
    """Facts that point to one of ``gone`` as their successor."""
    spaces = SpaceSet({fact.space for fact in gone.values()})
    return tx.find_facts(FactQuery(superseded_by=tuple(gone), limit=_UNBOUNDED), spaces=spaces) if gone else []


def fact_without(
    tx: WriteTransaction, fact: Fact, gone: Mapping[str, Fact], episode_ids: Collection[str] = (), *, ontology: Ontology
) -> Fact:
    """The fact with the end that it has without the facts ``gone`` and the episodes, which may be none."""
    heir = _heir(fact, gone)
    if fact.expired_at is not None:
        return fact.model_copy(update={"superseded_by": heir})
    # A death before the day on which it was told what it ended took that beginning away.
    since = fact.valid_at or min((t for t in tellings_of_beginning(tx, fact) if t is not None), default=None)
    open_ = fact.model_copy(update={"superseded_by": heir, "invalid_at": None, "valid_at": since})
    ends = [
        *_ends_by_history(tx, open_, gone, episode_ids, ontology),
        *_end_by_heir(tx, open_, gone, ontology),
        *_end_by_next(tx, open_, gone, ontology),
    ]
    if not ends:
        return open_.model_copy(update={"superseded_by": None})
    # Of two that end it at the same time, the one that took its place is told.
    time, successor = min(ends, key=lambda end: (end[0], end[1] is None, end[1] or ""))
    return open_.model_copy(update={"invalid_at": max(time, began(fact)), "superseded_by": successor})


def tellings_of_beginning(tx: WriteTransaction, fact: Fact) -> list[datetime | None]:
    """Since when the fact's tellings say that it is so; None where one does not say."""
    return [_time((change.after or {}).get("valid_at")) for change in tellings_of(tx, fact)]


def _heir(fact: Fact, gone: Mapping[str, Fact]) -> str | None:
    """The first of the fact's successors that stays."""
    last, seen = fact, {fact.id}
    while (next_id := last.superseded_by) in gone and next_id is not None and next_id not in seen:
        seen.add(next_id)
        last = gone[next_id]
    return None if last.superseded_by in gone else last.superseded_by


def _ends_by_history(
    tx: WriteTransaction, fact: Fact, gone: Mapping[str, Fact], episode_ids: Collection[str], ontology: Ontology
) -> Iterable[_End]:
    """Ends that episodes which stay told, or brought about by a fact that stays."""
    for change in tx.history([fact.id], spaces=SpaceSet.of(fact.space)):
        told = (change.after or {}).get("invalid_at")
        if not told or not _is_of_an_episode(change) or change.episode_id in episode_ids:
            continue
        successor = (change.after or {}).get("superseded_by") if change.action is Action.SUPERSEDED else None
        if change.action is not Action.SUPERSEDED or _is_held(tx, fact, successor, gone, ontology):
            yield datetime.fromisoformat(told), successor


def _is_of_an_episode(change: Change) -> bool:
    """Whether an episode tells what the change says, an edit included."""
    edited = change.action is Action.UPDATED and "id" in (change.before or {})
    return change.episode_id is not None and (edited or change.action in _ENDING)


def same_subject(one: Fact, other: Fact, ontology: Ontology) -> bool:
    """Whether two facts are about one entity, so that one can end the other, as entities are told apart now."""
    if ontology[one.predicate].symmetric or ontology[other.predicate].symmetric:
        return not {one.subject_id, one.object_id}.isdisjoint((other.subject_id, other.object_id))
    return one.subject_id == other.subject_id


def _is_held(tx: WriteTransaction, fact: Fact, other: str | None, gone: Mapping[str, Fact], ontology: Ontology) -> bool:
    found = tx.find_facts(FactQuery(ids=(other,)), spaces=SpaceSet.of(fact.space)) if other else ()
    return any(one.expired_at is None and one.id not in gone and same_subject(one, fact, ontology) for one in found)


def _end_by_heir(tx: WriteTransaction, fact: Fact, gone: Mapping[str, Fact], ontology: Ontology) -> Iterable[_End]:
    """Where the fact's successor begins, if that is held."""
    if fact.superseded_by is not None and _is_held(tx, fact, fact.superseded_by, gone, ontology):
        query = FactQuery(ids=(fact.superseded_by,))
        for heir in tx.find_facts(query, spaces=SpaceSet.of(fact.space)):
            yield began(heir), heir.id


def _end_by_next(tx: WriteTransaction, fact: Fact, gone: Mapping[str, Fact], ontology: Ontology) -> Iterable[_End]:
    """Where the next fact begins that says the same again or that cannot be so at the same time."""
    if fact.category is Category.EPISODIC:
        return
    one = ontology[fact.predicate].cardinality == "one"
    query = FactQuery(subject_ids=(fact.subject_id,), predicates=(fact.predicate,), limit=_UNBOUNDED)
    for other in tx.find_facts(query, spaces=SpaceSet.of(fact.space)):
        excludes = (one or other.object_id == fact.object_id) and other.expired_at is None
        later = excludes and other.id not in gone and other.id != fact.id and began(other) > began(fact)
        if later and not are_disputed(tx, fact, other):
            yield began(other), other.id


def _undone(
    tx: WriteTransaction,
    fact: Fact,
    change: Change,
    gone: Mapping[str, Fact],
    episode_ids: Collection[str],
    ontology: Ontology,
) -> Fact | None:
    """The fact without what ``change``, of an episode that goes, did to its end; None if it did nothing that stands."""
    after = change.after or {}
    if change.action is Action.UPDATED and change.before and set(after) == {"invalid_at"}:  # a denial opened it
        opened = fact.expired_at is None and fact.invalid_at == _time(after["invalid_at"])
        successor = change.before["superseded_by"]
        if not opened or successor in gone or _also_done(tx, change, "invalid_at", episode_ids):
            return None
        before = {"invalid_at": _time(change.before["invalid_at"]), "superseded_by": successor}
        return fact.model_copy(update=before)
    if after.get("expired_at"):
        denied = change.action is Action.CLOSED and fact.expired_at == _time(after["expired_at"])
        if not denied or _also_done(tx, change, "expired_at", episode_ids):
            return None
        return fact_without(tx, fact.model_copy(update={"expired_at": None}), gone, episode_ids, ontology=ontology)
    told = change.action in (Action.ADDED, Action.CLOSED, Action.SUPPORTED) and after.get("invalid_at")
    if told and fact.expired_at is None and fact.invalid_at == _time(told):
        return fact_without(tx, fact, gone, episode_ids, ontology=ontology)
    return None


def _also_done(tx: WriteTransaction, change: Change, name: str, episode_ids: Collection[str]) -> bool:
    """Whether another episode, which stays, did the same to the fact."""
    return any(
        other.action is change.action and name in (other.after or {})
        for other in tx.history([change.target_id], spaces=SpaceSet.of(change.space))
        if other.episode_id is not None and other.episode_id not in episode_ids
    )


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None

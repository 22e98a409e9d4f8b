"""The facts of one space inside one transaction: finding those that are held, writing and ending them on the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from factloom.graph.disputes import Disputes
from factloom.graph.statements import Statement, began, holds_after, replaced, tellings, tellings_of
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Category, Change, Fact, Metadata, new_id
from factloom.schemas.results import FactChange
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 100_000


class Source(Protocol):
    """What says something: a statement, or a message as a whole."""

    @property
    def episode_id(self) -> str | None:
        """The episode that says it; None where none does."""


class FactBook:
    """Finds, writes and ends facts, and records what was done and why.

    ``written`` holds the facts as they were written last; ``worded`` names those of them whose text is new.
    """

    def __init__(self, tx: WriteTransaction, space: str, *, ontology: Ontology, now: datetime, actor: str) -> None:
        self._tx = tx
        self._space = space
        self._spaces = SpaceSet.of(space)
        self._ontology = ontology
        self._now = now
        self._actor = actor
        self._disputes = Disputes(tx, space, ontology=ontology, now=now, actor=actor)
        self.written: dict[str, Fact] = {}
        self.worded: set[str] = set()

    @property
    def ontology(self) -> Ontology:
        """What predicates mean."""
        return self._ontology

    # --- finding -------------------------------------------------------------------------------------------------

    def _held(self, subject: str, predicates: Sequence[str], object_id: str | None = None) -> list[Fact]:
        """Facts that we hold to be so, now or in the past, oldest first by when they began."""
        found = self._tx.find_facts(
            FactQuery(
                subject_ids=(subject,),
                predicates=tuple(predicates),
                object_ids=None if object_id is None else (object_id,),
                limit=_UNBOUNDED,
            ),
            spaces=self._spaces,
        )
        held = [fact for fact in found if fact.expired_at is None]
        return sorted(held, key=lambda fact: (began(fact), fact.created_at, fact.id))

    def _either_way(self, statement: Statement, predicates: Sequence[str], object_id: str | None) -> list[Fact]:
        """As ``_held``, and with subject and object changed over where the predicate, or the statement's, is symmetric.

        Who parts from her husband is his wife no more.
        """
        found = self._held(statement.subject.id, predicates, object_id)
        symmetric = object_id is not None and self._ontology[statement.predicate].symmetric
        turned = [name for name in predicates if symmetric or self._ontology[name].symmetric]
        if turned and object_id is not None:
            found += self._held(object_id, turned, statement.subject.id)
        elif turned:
            query = FactQuery(object_ids=(statement.subject.id,), predicates=tuple(turned), limit=_UNBOUNDED)
            found += [f for f in self._tx.find_facts(query, spaces=self._spaces) if f.expired_at is None]
        return list({fact.id: fact for fact in found}.values())

    def note(self, facts: Sequence[Fact]) -> None:
        """Take note of facts that were written elsewhere in the transaction."""
        self.written.update({fact.id: fact for fact in facts if fact.id in self.written})

    # --- writing -------------------------------------------------------------------------------------------------

    def _new_fact(self, statement: Statement) -> Fact:
        assert statement.object is not None
        return Fact(
            id=new_id(),
            space=self._space,
            labels=statement.labels,
            subject_id=statement.subject.id,
            predicate=statement.predicate,
            object_id=statement.object.id,
            text=statement.text,
            category=statement.category,
            valid_at=statement.valid_at,
            invalid_at=statement.invalid_at,
            created_at=self._now,
            expires_at=statement.expires_at,
            confidence=statement.confidence,
            support=1,
            episode_ids=(statement.episode_id,) if statement.episode_id else (),
            metadata=statement.metadata,
        )

    def _write(self, fact: Fact, *, reworded: bool = False) -> None:
        if reworded or not fact.ref:
            self.worded.add(fact.id)
        (self.written[fact.id],) = self._tx.put_facts([fact])

    def _record(
        self,
        target: str,
        action: Action,
        reason: str,
        source: Source,
        *,
        before: Metadata | None = None,
        after: Metadata | None = None,
    ) -> None:
        self._tx.record(
            [
                Change(
                    id=new_id(),
                    space=self._space,
                    kind="fact",
                    target_id=target,
                    action=action,
                    actor=self._actor,
                    at=self._now,
                    reason=reason,
                    episode_id=source.episode_id,
                    before=before,
                    after=after,
                )
            ]
        )

    def _fact_change(
        self, action: Action, fact: Fact | None, previous: Fact | None, source: Source, reason: str = ""
    ) -> FactChange:
        stored = self.written.get(fact.id, fact) if fact else None
        return FactChange(action=action, fact=stored, previous=previous, episode_id=source.episode_id, reason=reason)

    # --- ending ---

    def _close(
        self,
        fact: Fact,
        update: dict[str, Any],
        reason: str,
        statement: Statement,
        *,
        at: datetime,
        action: Action = Action.SUPERSEDED,
    ) -> Fact | None:
        """Write and record the end of a fact; returns the fact that takes over where it is said again after ``at``."""
        reopened = self._reopened(fact, at, statement)
        left = fact.episode_ids
        if reopened is not None:
            left = tuple(id_ for id_ in left if id_ not in reopened.episode_ids)
        self._write(fact.model_copy(update={**update, "episode_ids": left, "support": len(left) or fact.support}))
        before, after = (
            {name: plain(getattr(fact, name)) for name in update},
            {n: plain(v) for n, v in update.items()},
        )
        if action is Action.CLOSED:
            after |= names_given(fact, statement)
        self._record(fact.id, action, reason, statement, before=before, after=after)
        return reopened

    def _reopened(self, fact: Fact, at: datetime, statement: Statement) -> Fact | None:
        """A new fact for the rest of ``fact`` that holds after ``at``, as episodes said after the statement say so."""
        if fact.category is Category.EPISODIC or statement.episode_id is None:
            return None
        said = tellings(self._tx, fact, said_after=statement.episode_id)
        later = sorted((time, id_) for id_, time in said.items() if time > at and holds_after(fact, time))
        if not later or len(later) == len(fact.episode_ids):
            return None
        ids = tuple(id_ for _, id_ in later)
        metadata = {name: value for name, value in fact.metadata.items() if name != "sentence"}
        update = {"id": new_id(), "ref": 0, "valid_at": later[0][0], "created_at": self._now, "metadata": metadata}
        rest = fact.model_copy(update={**update, "episode_ids": ids, "support": len(ids)})
        self._write(rest)
        told = {row.episode_id: row.after or {} for row in tellings_of(self._tx, fact)}
        for position, (time, id_) in enumerate(later):
            action = Action.SUPPORTED if position else Action.ADDED
            after = {**told.get(id_, {}), "support": position + 1, "valid_at": plain(time)}
            self._record(rest.id, action, "", replaced(statement, episode_id=id_), after=after)
        return rest


def plain(value: Any) -> Any:
    """A field as a JSON value."""
    return value.isoformat() if isinstance(value, datetime) else value


def telling(fact: Fact, statement: Statement) -> Metadata:
    """What history keeps of one telling of a fact: with this one forgotten, the fact can be made of the others.

    A fact that is implied is said in our words, which the ontology has; the episode has none for it.
    """
    first = statement.episode_id is None or fact.episode_ids == (statement.episode_id,)
    told = {
        "text": None if "implied_by" in statement.metadata else statement.text,
        "valid_at": plain(fact.valid_at if first else statement.valid_at),
        "invalid_at": plain(statement.invalid_at),
        "expires_at": plain(statement.expires_at),
        "confidence": statement.confidence,
        "metadata": statement.metadata or None,
    }
    return {name: value for name, value in told.items() if value is not None} | names_given(fact, statement)


def names_given(fact: Fact, statement: Statement) -> Metadata:
    """What a statement calls the subject and the object of a fact, as far as it is about them."""
    called = {statement.subject.id: statement.subject_names}
    if statement.object is not None:
        called[statement.object.id] = statement.object_names
    ends = (("subject", fact.subject_id), ("object", fact.object_id))
    return {end: list(called[id_]) for end, id_ in ends if called.get(id_)}

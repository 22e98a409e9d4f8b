"""Reconciliation: what a new statement does to the facts that are already held.

The rules, in order, for one resolved statement inside one space:

1. the same triple at the same time supports the fact that says it;
2. a negation, or the opposite predicate, closes the facts that it negates, and a plan that is called off loosely
   ("the trip was cancelled") is closed if only one can be meant;
3. a predicate that holds one object at a time closes the older fact at the newer's ``valid_at``, and a statement
   that arrives late is itself closed where the next newer fact begins;
4. a correction expires the fact that was wrong instead of closing it;
5. predicates may end and imply others (``schemas/predicates.toml``).

Nothing is deleted by learning, and every step is recorded with its reason. What is recorded about one fact never quotes
another, so that deleting the other leaves no trace of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Category, Change, Entity, Fact, Metadata, new_id
from factloom.schemas.results import FactChange
from factloom.schemas.spaces import Labels, SpaceSet

SAME_EVENT = timedelta(days=2)
"""Two mentions of one event differ by no more than this; a visit in May and one in June are two."""

_PLANS = ("PLANS_TO", "PLANS")
_UNBOUNDED = 100_000


@dataclass(frozen=True)
class Statement:
    """A candidate fact whose entities are resolved.

    ``valid_at`` is set: what is not dated holds from when it was said. ``restated``: the same episode also says it in
    another, affirmative way ("she avoids meat"), so that a negation need not be kept as a fact of its own.
    """

    subject: Entity
    predicate: str
    object: Entity | None
    text: str
    category: Category
    valid_at: datetime
    invalid_at: datetime | None = None
    confidence: float = 1.0
    negated: bool = False
    correction: bool = False
    restated: bool = False
    expires_at: datetime | None = None
    labels: Labels = field(default_factory=Labels)
    episode_id: str | None = None
    metadata: Metadata = field(default_factory=dict)


class Reconciler:
    """Applies statements to the facts of one space inside one transaction."""

    def __init__(self, tx: WriteTransaction, space: str, *, ontology: Ontology, now: datetime, actor: str) -> None:
        self._tx = tx
        self._space = space
        self._spaces = SpaceSet.of(space)
        self._ontology = ontology
        self._now = now
        self._actor = actor
        self.written: dict[str, Fact] = {}

    def apply(self, statement: Statement) -> list[FactChange]:
        """Reconcile one statement and what it implies; returns what changed, the statement itself first."""
        statement = self._canonical(statement)
        if statement.negated:
            return self._negate(statement)
        changes = self._affirm(statement)
        for implied in self._ontology[statement.predicate].implies:
            changes += self.apply(self._implied(statement, implied))
        return changes

    # --- shaping -------------------------------------------------------------------------------------------------

    def _canonical(self, statement: Statement) -> Statement:
        """The statement in the direction in which its relation is stored."""
        spec = self._ontology[statement.predicate]
        if spec.canonical or spec.inverse is None or statement.object is None:
            return statement
        return _replace(statement, subject=statement.object, object=statement.subject, predicate=spec.inverse)

    def _implied(self, statement: Statement, predicate: str) -> Statement:
        spec = self._ontology[predicate]
        assert statement.object is not None
        text = spec.sentence(statement.subject.name, statement.object.name)
        metadata = {**statement.metadata, "implied_by": statement.predicate}
        return _replace(statement, predicate=predicate, text=text, category=spec.category, metadata=metadata)

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
        return sorted(held, key=lambda fact: (_began(fact), fact.created_at, fact.id))

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

    # --- affirming -----------------------------------------------------------------------------------------------

    def _affirm(self, statement: Statement) -> list[FactChange]:
        assert statement.object is not None
        spec = self._ontology[statement.predicate]
        same = self._either_way(statement, [statement.predicate], statement.object.id)
        known = next((fact for fact in same if self._says_the_same(fact, statement)), None)
        if known is not None:
            return [self._support(known, statement)]
        new = self._new_fact(statement)
        rivals = self._either_way(statement, [statement.predicate], None) if spec.cardinality == "one" else []
        rivals = [fact for fact in rivals if statement.object.id not in (fact.subject_id, fact.object_id)]
        new, ended = self._place_among(new, rivals, statement)
        self._write(new)
        self._record(new.id, Action.ADDED, "", statement, after=_summary(new))
        for fact in ended:
            self._end(fact, new, statement, correction=statement.correction)
        changes = [
            self._fact_change(Action.SUPERSEDED, new, self.written[fact.id], statement, f"it was: {fact.text}")
            for fact in ended
        ] or [self._fact_change(Action.ADDED, new, None, statement)]
        return changes + self._end_contrary(new, statement)

    def _says_the_same(self, fact: Fact, statement: Statement) -> bool:
        if fact.category is Category.EPISODIC:
            return abs(_began(fact) - statement.valid_at) <= SAME_EVENT
        ended_before = fact.invalid_at is not None and fact.invalid_at <= statement.valid_at
        return not ended_before

    def _place_among(self, new: Fact, rivals: Sequence[Fact], statement: Statement) -> tuple[Fact, list[Fact]]:
        """Where among a functional predicate's facts the new one belongs, and which of them it ends.

        One that arrives late ends where the next one begins. One that is told as over leaves the others alone.
        """
        if statement.correction:
            wrong = [fact for fact in rivals if fact.invalid_at is None][-1:]
            if wrong and wrong[0].valid_at is not None:
                new = new.model_copy(update={"valid_at": wrong[0].valid_at})
            return new, wrong
        if new.invalid_at is not None and new.invalid_at <= self._now:
            return new, []
        began = statement.valid_at
        following = min((fact for fact in rivals if _began(fact) > began), key=_began, default=None)
        if following is not None and new.invalid_at is None:
            new = new.model_copy(update={"invalid_at": _began(following), "superseded_by": following.id})
        return new, [f for f in rivals if _began(f) <= began and (f.invalid_at is None or f.invalid_at > began)]

    def _support(self, fact: Fact, statement: Statement) -> FactChange:
        """The same fact said again: more support, a surer belief, an earlier beginning where one is told."""
        if statement.episode_id is None or statement.episode_id in fact.episode_ids:
            return self._fact_change(Action.NOTHING, fact, None, statement, "this episode already states it")
        episode_ids = (*fact.episode_ids, statement.episode_id)
        certainty = 1.0 - (1.0 - fact.confidence) * (1.0 - statement.confidence)
        began = fact.valid_at
        if began is not None and statement.valid_at < began and fact.category is not Category.EPISODIC:
            began = statement.valid_at
        stronger = fact.model_copy(
            update={
                "episode_ids": episode_ids,
                "support": len(episode_ids),
                "confidence": min(certainty, 1.0),
                "valid_at": began,
            }
        )
        self._write(stronger)
        reason = f"stated again; {stronger.support} episodes now say so"
        before, after = {"support": fact.support}, {"support": stronger.support}
        self._record(fact.id, Action.SUPPORTED, reason, statement, before=before, after=after)
        return self._fact_change(Action.SUPPORTED, stronger, fact, statement, reason)

    # --- ending --------------------------------------------------------------------------------------------------

    def _end(self, old: Fact, new: Fact, statement: Statement, *, correction: bool = False) -> None:
        """Close ``old`` where ``new`` begins, or, if it was wrong, stop believing it."""
        if correction:
            update: dict[str, Any] = {"expired_at": self._now, "superseded_by": new.id}
            reason = "corrected by a later statement"
        else:
            update = {"invalid_at": max(_began(old), _began(new)), "superseded_by": new.id}
            reason = f"ended by a newer statement ({new.predicate})"
        self._write(old.model_copy(update=update))
        self._record(
            old.id,
            Action.SUPERSEDED,
            reason,
            statement,
            before={name: _plain(getattr(old, name)) for name in update},
            after={name: _plain(value) for name, value in update.items()},
        )

    def _end_contrary(self, new: Fact, statement: Statement) -> list[FactChange]:
        """Close what the new fact ends by its meaning: the opposite predicate, and those that the ontology lists."""
        assert statement.object is not None
        spec = self._ontology[statement.predicate]
        ended = self._either_way(statement, [self._ontology.opposite(statement.predicate)], statement.object.id)
        if spec.ends:
            ended += self._either_way(statement, spec.ends, statement.object.id)
        changes = []
        for fact in ended:
            if fact.invalid_at is None and _began(fact) <= statement.valid_at and fact.id != new.id:
                self._end(fact, new, statement)
                changes.append(self._fact_change(Action.CLOSED, self.written[fact.id], fact, statement, new.text))
        return changes

    def _negate(self, statement: Statement) -> list[FactChange]:
        """Close what a negation negates; what was not known before is kept as a fact of its own (NOT_EATS)."""
        affected = self._either_way(statement, [statement.predicate], statement.object.id if statement.object else None)
        running = [fact for fact in affected if fact.invalid_at is None and _began(fact) <= statement.valid_at]
        if not running and statement.predicate in _PLANS and statement.object is not None:
            running = self._plan_meant(statement, statement.object)
        over = {"expired_at": self._now} if statement.correction else {"invalid_at": statement.valid_at}
        changes = []
        for fact in running:
            closed = fact.model_copy(update=over)
            self._write(closed)
            reason = "negated by a later statement"
            after = {name: _plain(value) for name, value in over.items()}
            self._record(fact.id, Action.CLOSED, reason, statement, before=dict.fromkeys(over), after=after)
            changes.append(self._fact_change(Action.CLOSED, closed, fact, statement, reason))
        if self._is_news(statement, known=bool(affected or running)):
            kept = _replace(statement, predicate=self._ontology.opposite(statement.predicate), negated=False)
            changes += self._affirm(kept)
        return changes or [self._fact_change(Action.NOTHING, None, None, statement, "it negates nothing that is held")]

    def _plan_meant(self, statement: Statement, called_off: Entity) -> list[Fact]:
        """The one open plan of the subject that has all words of what is called off ("the trip"), if it is just one."""
        words = _words(called_off.name)
        meant = [
            fact
            for fact in self._held(statement.subject.id, _PLANS)
            if fact.invalid_at is None and _began(fact) <= statement.valid_at and words <= _words(fact.text)
        ]
        return meant if len(meant) == 1 else []

    def _is_news(self, statement: Statement, *, known: bool) -> bool:
        """Whether a negation is worth a fact of its own (NOT_EATS), beside closing what it negates.

        A lasting dislike is; that somebody no longer lives or works somewhere is said by the closed fact.
        """
        if statement.object is None or statement.correction or statement.restated:
            return False
        spec = self._ontology[statement.predicate]
        return spec.category is Category.PREFERENCE or (spec.cardinality == "many" and not known)

    # --- writing -------------------------------------------------------------------------------------------------

    def _new_fact(self, statement: Statement) -> Fact:
        assert statement.object is not None
        invalid_at = statement.invalid_at
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
            invalid_at=invalid_at if invalid_at is None else max(invalid_at, statement.valid_at),
            created_at=self._now,
            expires_at=statement.expires_at,
            confidence=statement.confidence,
            support=1,
            episode_ids=(statement.episode_id,) if statement.episode_id else (),
            metadata=statement.metadata,
        )

    def _write(self, fact: Fact) -> None:
        (self.written[fact.id],) = self._tx.put_facts([fact])

    def _record(
        self,
        target: str,
        action: Action,
        reason: str,
        statement: Statement,
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
                    episode_id=statement.episode_id,
                    before=before,
                    after=after,
                )
            ]
        )

    def _fact_change(
        self, action: Action, fact: Fact | None, previous: Fact | None, statement: Statement, reason: str = ""
    ) -> FactChange:
        stored = self.written.get(fact.id, fact) if fact else None
        return FactChange(action=action, fact=stored, previous=previous, episode_id=statement.episode_id, reason=reason)


def _replace(statement: Statement, **changes: Any) -> Statement:
    return Statement(**{**statement.__dict__, **changes})


def _words(text: str) -> set[str]:
    return {normalise_name(word) for word in normalise_name(text).split()}


def _began(fact: Fact) -> datetime:
    return fact.valid_at or fact.created_at


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _summary(fact: Fact) -> Metadata:
    return {"text": fact.text, "valid_at": _plain(fact.valid_at), "confidence": fact.confidence}

"""Denials and repeated endings: what a negation means for facts that are over, denied, or ended by what it denies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from factloom.graph.factbook import FactBook, names_given, plain
from factloom.graph.reopening import ended_by, fact_without
from factloom.graph.statements import Statement, began, holds_after
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Fact
from factloom.schemas.results import FactChange

_UNBOUNDED = 100_000


class Denials(FactBook):
    """A fact book that keeps on record what is denied, and what is said again to be over."""

    def _open_behind(self, denied: Iterable[Fact], statement: Statement) -> list[FactChange]:
        """Facts that ended only because of what is now denied hold again, as if that had never been said."""
        gone = {fact.id: fact for fact in denied}
        changes = []
        for fact in ended_by(self._tx, gone):
            if fact.expired_at is not None or fact.id in gone:
                continue
            opened = fact_without(self._tx, fact, gone, ontology=self._ontology)
            self._write(opened, reworded=opened.text != fact.text)
            reason = "what had ended it was denied by a later statement"
            before = {name: plain(getattr(fact, name)) for name in ("invalid_at", "superseded_by")}
            after = {"invalid_at": plain(opened.invalid_at)}
            self._record(fact.id, Action.UPDATED, reason, statement, before=before, after=after)
            changes.append(self._fact_change(Action.UPDATED, opened, fact, statement, reason))
        return changes

    def _note_over(self, facts: Sequence[Fact], statement: Statement) -> None:
        """Note that a statement says of facts which are over already that they are, should the other one be forgotten.

        Of several stays, the last is meant.
        """
        last: dict[tuple[str, str], Fact] = {}
        for fact in sorted(facts, key=lambda fact: (began(fact), fact.created_at, fact.id)):
            last[fact.subject_id, fact.object_id] = fact
        for fact in last.values():
            if not holds_after(fact, statement.began) and not self._states(fact, statement):
                after = {"invalid_at": plain(statement.began)} | names_given(fact, statement)
                self._record(fact.id, Action.CLOSED, "said again to be over", statement, after=after)

    @staticmethod
    def _states(fact: Fact, statement: Statement) -> bool:
        """Whether the statement's own episode states the fact ("I left, I no longer work there")."""
        return statement.episode_id in fact.episode_ids

    def _note_denied(self, statement: Statement) -> None:
        """Note that what is denied already is denied again, with all that the first denial brought about."""
        if statement.object is None:
            return
        predicates = (statement.predicate, *self._ontology[statement.predicate].implies)
        ends = {"subject_ids": (statement.subject.id,), "object_ids": (statement.object.id,)}
        query = FactQuery(predicates=predicates, limit=_UNBOUNDED, **ends)
        found = self._tx.find_facts(query, spaces=self._spaces)
        denied = {fact.id for fact in found if fact.expired_at is not None and fact.superseded_by is None}
        rows = [
            change
            for change in self._tx.history(sorted(denied), spaces=self._spaces)
            if change.action is Action.CLOSED and (change.after or {}).get("expired_at")
        ]
        deniers = sorted({row.episode_id for row in rows if row.episode_id})[:1]
        for row in self._tx.changes_by(deniers, spaces=self._spaces) if deniers else ():
            before: dict[str, Any] = row.before or {}
            opened = row.action is Action.UPDATED and before.get("superseded_by") in denied
            if opened or (row.target_id in denied and row.action is Action.CLOSED):
                again = {"before": row.before, "after": row.after}
                self._record(row.target_id, row.action, "denied again", statement, **again)

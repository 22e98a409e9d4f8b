"""Retraction: what becomes of facts when who said them takes the whole message back ("Just kidding!")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factloom.graph.denials import Denials
from factloom.graph.factbook import plain
from factloom.graph.reopening import ended_by, fact_without, reopened_by_deletion
from factloom.graph.weakening import weakened
from factloom.schemas.queries import FactQuery
from factloom.schemas.records import Action, Fact
from factloom.schemas.results import FactChange

_UNBOUNDED = 100_000
_REASON = "taken back by who said it"
_BEHIND = "what had ended it was taken back"
_FIELDS = ("expired_at", "invalid_at", "superseded_by", "support", "text", "confidence")


@dataclass(frozen=True)
class _By:
    """The message that takes another one back."""

    episode_id: str | None


class Retractions(Denials):
    """A fact book that takes messages back."""

    def take_back(self, told: str, *, by: str) -> list[FactChange]:
        """Stop believing what the episode ``told`` alone states, as the episode ``by`` says; returns what changed.

        A fact that others state too stays, with less support. What ``told`` had ended, negated or corrected is as if
        ``told`` had never been said. The episode stays, and so do the facts, for history.
        """
        source = _By(by)
        told_of = {
            change.target_id
            for change in self._tx.changes_by([told], spaces=self._spaces)
            if change.kind == "fact" and change.action in (Action.ADDED, Action.SUPPORTED)
        }
        query = FactQuery(ids=tuple(sorted(told_of)), limit=_UNBOUNDED)
        stated = [
            fact
            for fact in (self._tx.find_facts(query, spaces=self._spaces) if told_of else ())
            if told in fact.episode_ids and fact.expired_at is None
        ]
        gone = {fact.id: fact for fact in stated if fact.episode_ids == (told,)}
        shared = {fact.id: fact for fact in stated if fact.id not in gone}
        weaker = {
            id_: weakened(
                self._tx, fact, tuple(one for one in fact.episode_ids if one != told), ontology=self._ontology
            )
            for id_, fact in shared.items()
        }
        opened = weaker | reopened_by_deletion(self._tx, gone, [told], weaker, ontology=self._ontology)
        opened |= self._uncorrected(gone, told)
        changes = [self._set(fact, {"expired_at": self._now}, _REASON, source) for fact in gone.values()]
        for id_, fact in opened.items():
            [before] = self._tx.find_facts(FactQuery(ids=(id_,)), spaces=self._spaces)
            update = {name: value for name in _FIELDS if (value := getattr(fact, name)) != getattr(before, name)}
            if fact.episode_ids != before.episode_ids:
                update |= {"episode_ids": fact.episode_ids, "valid_at": fact.valid_at, "metadata": fact.metadata}
            if fact.valid_at is not None and before.valid_at is None:  # a death had taken the beginning away
                update["valid_at"] = fact.valid_at
            if update:
                changes.append(self._set(before, update, _REASON if id_ in shared else _BEHIND, source))
        return changes

    def _uncorrected(self, gone: dict[str, Fact], told: str) -> dict[str, Fact]:
        """What a correction that is taken back had corrected, as it was before."""
        wrong = [fact for fact in ended_by(self._tx, gone) if fact.expired_at is not None and fact.id not in gone]
        return {
            fact.id: fact_without(
                self._tx, fact.model_copy(update={"expired_at": None}), gone, [told], ontology=self._ontology
            )
            for fact in wrong
        }

    def _set(self, fact: Fact, update: dict[str, Any], reason: str, source: _By) -> FactChange:
        """Write the fact with what changes of it, on the record."""
        over = "expired_at" in update and update["expired_at"] is not None
        action = Action.CLOSED if over else Action.UPDATED
        changed = fact.model_copy(update=update)
        self._write(changed, reworded=changed.text != fact.text)
        told = [name for name in _FIELDS if name in update and (name != "superseded_by" or over)]
        before = {name: plain(getattr(fact, name)) for name in _FIELDS if name in update}
        if "invalid_at" in update:
            before.setdefault("superseded_by", fact.superseded_by)
        after = {name: plain(update[name]) for name in told}
        self._record(fact.id, action, reason, source, before=before, after=after)
        return self._fact_change(action, changed, fact, source, reason)

"""Disputes: what different people say of the same thing is kept side by side, each with its source.

Somebody who says something new of himself knows, and so does who tells that something changed ("now", a date, an
event). Otherwise a statement does not end what somebody else said shortly before, or what the one it is about said
himself, nor anything that never changes, such as where somebody was born.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from factloom.graph.statements import Statement, began
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery
from factloom.schemas.records import Action, Category, Change, Fact, new_id
from factloom.schemas.spaces import SpaceSet

DISPUTED_WITHIN = timedelta(days=90)
"""After so long, what somebody else says may well have changed; it then ends the older."""

REASON = "another speaker says otherwise; both are kept"


class Disputes:
    """Who disagrees with whom, inside one transaction."""

    def __init__(self, tx: WriteTransaction, space: str, *, ontology: Ontology, now: datetime, actor: str) -> None:
        self._tx = tx
        self._space = space
        self._spaces = SpaceSet.of(space)
        self._ontology = ontology
        self._now = now
        self._actor = actor

    def disagree(self, fact: Fact, statement: Statement) -> bool:
        """Whether a statement and a fact that exclude each other are told by different people, and neither gives way.

        Of the two, the one that is told of a later time has to be news to end the other.
        """
        if statement.speaker is None or fact.category is Category.EPISODIC or statement.category is Category.EPISODIC:
            return False
        speakers = self._speakers(fact)
        own = normalise_name(statement.speaker)
        if not speakers or own in speakers:
            return False
        about = self._names(statement.subject.id)
        earlier, later = (speakers, {own}) if began(fact) <= statement.began else ({own}, speakers)
        changed = statement.changed if later == {own} else "implied_by" in fact.metadata or _is_dated(fact)
        if self._ontology[statement.predicate].fixed:
            return not (later & about) or bool(earlier & about)
        if later & about or changed or (statement.correction and not earlier & about):
            return False
        return bool(earlier & about) or abs(statement.began - began(fact)) <= DISPUTED_WITHIN

    def _speakers(self, fact: Fact) -> set[str]:
        """Keys of who stated a fact; none where it was stated outright."""
        query = EpisodeQuery(ids=fact.episode_ids, limit=max(1, len(fact.episode_ids)))
        episodes = self._tx.find_episodes(query, spaces=self._spaces) if fact.episode_ids else []
        return {normalise_name(e.speaker or "") if e.speaker else "" for e in episodes} - {""}

    def _names(self, entity_id: str) -> set[str]:
        found = self._tx.find_entities(EntityQuery(ids=(entity_id,)), spaces=self._spaces)
        return {key for e in found for key in (e.key, *(normalise_name(alias) for alias in e.aliases))}

    def record(self, one: Fact, other: Fact) -> None:
        """Say in the history of both that they contradict each other."""
        pairs = ((one, other), (other, one))
        self._tx.record(
            [
                Change(
                    id=new_id(),
                    space=self._space,
                    kind="fact",
                    target_id=fact.id,
                    action=Action.DISPUTED,
                    actor=self._actor,
                    at=self._now,
                    reason=REASON,
                    after={"fact": against.id},
                )
                for fact, against in pairs
            ]
        )


def are_disputed(tx: WriteTransaction, one: Fact, other: Fact) -> bool:
    """Whether history says of two facts that different people tell them, so that neither ends the other."""
    return any(
        change.action is Action.DISPUTED and (change.after or {}).get("fact") == other.id
        for change in tx.history([one.id], spaces=SpaceSet.of(one.space))
    )


def _is_dated(fact: Fact) -> bool:
    return "time_expression" in fact.metadata

"""Say whether a stored statement is an annotated one: ends by name or by words, predicates by the ontology."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import IntEnum
from functools import cache

import Stemmer
from benchmarks.gold.annotations import Conversation, GoldFact, Period
from benchmarks.gold.observing import Seen, Thing

from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import core_ontology

_PLANS = frozenset({"PLANS_TO", "PLANS", "WANTS_TO", "WANTS"})
_DETERMINERS = ("a", "an", "the", "my", "your", "his", "her", "our", "their", "its", "this", "that", "some", "s")
_EMPTY = frozenset((*_DETERMINERS, "and", "of", "to", "in", "at", "on", "for", "with", "from"))
_HEARSAY = 0.6
"""The factor that docs/extraction.md gives for what somebody else is said to have said."""

_stemmer = Stemmer.Stemmer("english")


class Match(IntEnum):
    """How alike two statements are, best first.

    STRICT: predicate and both ends. LENIENT: both ends, and a predicate that implies it or is implied by it.
    OPPOSITE: as these, but one denies what the other states. ENDS: both ends, another predicate. HALF: the predicate
    and one end. NONE: nothing alike.
    """

    STRICT = 0
    LENIENT = 1
    OPPOSITE = 2
    ENDS = 3
    HALF = 4
    NONE = 5


@cache
def _implied(predicate: str) -> frozenset[str]:
    """A predicate and all that it implies."""
    found = {predicate}
    for name in core_ontology()[predicate].implies:
        found |= _implied(name)
    return frozenset(found)


@cache
def content_words(text: str) -> frozenset[str]:
    """The stems of a phrase, without articles, possessives and small prepositions."""
    words = re.findall(r"[^\W_]+", normalise_name(text).replace("’", "'"))
    return frozenset(_stemmer.stemWords([word for word in words if word not in _EMPTY] or words))


class Matcher:
    """Matches within one conversation, which says who goes by which names."""

    def __init__(self, conversation: Conversation) -> None:
        known = {turn.who for turn in conversation.turns} | set(conversation.names)
        for turn in conversation.turns:
            known |= {name for _, names in turn.mentions for name in names}
        self._bearers: dict[str, set[str]] = {}
        others = {normalise_name(name) for names in conversation.names.values() for name in names}
        for name in known:
            if name in conversation.names or normalise_name(name) not in others:
                self._bearers.setdefault(normalise_name(name), set()).add(name)
        for name, aliases in conversation.names.items():
            for alias in aliases:
                self._bearers.setdefault(normalise_name(alias), set()).add(name)

    def bearers(self, name: str) -> frozenset[str]:
        """Those who go by ``name``; empty if the annotation does not know it."""
        return frozenset(self._bearers.get(normalise_name(name), ()))

    def who(self, thing: Thing) -> frozenset[str]:
        """Whom a stored entity may be: by its name, else by its other names."""
        named = self.bearers(thing.name)
        return named or frozenset(bearer for alias in thing.aliases for bearer in self.bearers(alias))

    def surely(self, thing: Thing) -> frozenset[str]:
        """All who alone go by one of the entity's names; two of them in one entity were taken for each other."""
        return frozenset(
            next(iter(one)) for name in (thing.name, *thing.aliases) if len(one := self.bearers(name)) == 1
        )

    def is_end(self, alternatives: Iterable[str], thing: Thing) -> bool:
        """Whether a stored entity is one of the annotated alternatives."""
        return any(self._is(name, thing) for name in alternatives)

    def _is(self, name: str, thing: Thing) -> bool:
        wanted, given = self.bearers(name), self.who(thing)
        if wanted and given:
            return bool(wanted & given)
        wanted_words, loose = content_words(name), name[:1].islower() or not wanted
        for stored in (thing.name, *thing.aliases):
            words = content_words(stored)
            if words == wanted_words or (loose and (words <= wanted_words or wanted_words <= words)):
                return True
        return False

    def compare(self, fact: GoldFact, seen: Seen) -> Match:
        """How well ``seen`` says what ``fact`` says; the best of both directions for symmetric and inverse ones."""
        ends = self.ends_right(fact, seen)
        alike = _predicates_alike(fact.predicates, seen.predicate)
        if all(ends) and alike is not Match.NONE:
            return alike if fact.negated == seen.negated else Match.OPPOSITE
        if all(ends):
            return Match.ENDS
        return Match.HALF if any(ends) and alike is Match.STRICT and fact.negated == seen.negated else Match.NONE

    def ends_right(self, fact: GoldFact, seen: Seen) -> tuple[bool, bool]:
        """Which of the annotated ends, subject and object, the stored statement has right."""
        straight = self.is_end(fact.subjects, seen.subject), self.is_end(fact.objects, seen.object)
        if all(straight) or not any(_turns_round(name, seen.predicate) for name in fact.predicates):
            return straight
        turned = self.is_end(fact.subjects, seen.object), self.is_end(fact.objects, seen.subject)
        return max(straight, turned, key=sum)

    def same(self, one: GoldFact, other: GoldFact) -> bool:
        """Whether two annotations are of the same fact, as an end state names what a turn stated."""

        def as_thing(names: tuple[str, ...]) -> Iterator[Thing]:
            return (Thing(name) for name in names)

        return (
            not set(one.predicates).isdisjoint(other.predicates)
            and any(self.is_end(one.subjects, thing) for thing in as_thing(other.subjects))
            and any(self.is_end(one.objects, thing) for thing in as_thing(other.objects))
        )


def _turns_round(wanted: str, stored: str) -> bool:
    spec = core_ontology()[wanted]
    return (spec.symmetric and wanted == stored) or spec.inverse == stored


def _predicates_alike(wanted: Iterable[str], stored: str) -> Match:
    wanted = tuple(wanted)
    if stored in wanted or any(core_ontology()[name].inverse == stored for name in wanted):
        return Match.STRICT
    alike = any(stored in _implied(name) or name in _implied(stored) for name in wanted)
    return Match.LENIENT if alike else Match.NONE


def is_plan(seen: Seen, said: datetime) -> bool:
    """Whether a stored statement is kept as a plan or a wish, or begins after it was said."""
    ahead = seen.starts is not None and seen.starts > said
    return seen.predicate in _PLANS or "planned_for" in seen.metadata or ahead


def is_hearsay(seen: Seen) -> bool:
    """Whether a stored statement says that it is somebody else's word: by its metadata, or by its confidence."""
    told = {"source", "hearsay", "reported_by", "according_to"} & set(seen.metadata)
    return bool(told) or seen.confidence <= 0.9 * _HEARSAY


def time_is_right(fact: GoldFact, seen: Seen) -> bool | None:
    """Whether the stored times are the annotated ones; None if none is annotated, or it cannot be seen.

    A plan's day is in ``metadata["planned_for"]``; an event's start, or a state's, is ``valid_at``.
    """
    checks: list[bool] = []
    if fact.planned is not None:
        told = seen.metadata.get("planned_for")
        checks.append(_within(datetime.fromisoformat(told) if told else seen.starts, fact.planned))
    if fact.starts is not None:
        checks.append(_within(seen.starts, fact.starts))
    if fact.ends is not None:
        checks.append(_within(seen.ends, fact.ends))
    return all(checks) if checks else None


def _within(moment: datetime | None, period: Period) -> bool:
    return moment is not None and moment in period

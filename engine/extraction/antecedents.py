"""Who "he" and "she" are, and where "there" is: the last fitting one named before, here or in the turns just before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.sentences import words_in
from factloom.schemas.extraction import Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

PLURAL: Final = "p"  # the gender of "they"
REACH: Final = 3  # turns looked back


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was mentioned, and what the words tell of the gender ("m", "f" or None)."""

    mention: Mention
    gender: str | None
    index: int = -1  # of the token, in its own message
    over: bool = False  # told as parted from, or as not the one: of two, the other is meant


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier message: whom it names, and the genders of its pronouns that stand for somebody it does not name."""

    people: list[Person]
    open: frozenset[str] = frozenset()
    named: tuple[Mention, ...] = ()  # places and organisations, the last first
    somebody: bool = False  # it ends by telling of somebody without a name: "I'm seeing someone new"


def _joins_people(pronoun: Token) -> bool:
    """Whether the message names people together before the pronoun."""
    before = pronoun.doc[: pronoun.i]
    return any(t.dep_ == "conj" and t.ent_type_ == "PER" and t.head.ent_type_ == "PER" for t in before)


_SOMEBODY: Final = frozenset({"someone", "somebody"})
_ANYBODY: Final = frozenset({"guy", "man", "bloke", "chap", "boy", "woman", "girl", "lady", "person"})


_FINDING: Final = frozenset({"see", "date", "meet", "find", "hire", "have", "get", "marry", "know"})


def somebody_new(doc: Doc, before: int) -> int:
    """The index of the last word before token ``before`` that brings up somebody without a name; else -1.

    "I'm seeing someone new, his name is Max": he is nobody who was named before.
    """
    words = words_in(doc)
    if words.isdisjoint(_SOMEBODY) and words.isdisjoint(_ANYBODY):
        return -1
    for index in range(before - 1, -1, -1):
        token = doc[index]
        if token.lower_ in _SOMEBODY and token.dep_ == "obj" and token.head.lemma_.lower() in _FINDING:
            return index
        led = {c.lower_ for c in token.lefts} if token.lower_ in _ANYBODY else ()
        if "new" in led or ("a" in led and token.dep_ in ("obj", "obl")):
            return index
    return -1


@dataclass(slots=True)
class Antecedents:
    """Looks back from a pronoun. ``people`` lists who one document mentions before a token, nearest first.

    ``previous`` is called only when the message itself names nobody, since parsing earlier turns takes time.
    """

    people: Callable[[Doc, int], Iterable[Person]]
    previous: Callable[[], list[Turn]]
    present: frozenset[str]  # names of those who talk; they are "I" and "you", seldom "she"
    named: Callable[[Doc, int], tuple[Mention, ...]] = lambda doc, before: ()

    def resolve(self, pronoun: Token, gender: str, *, reach: int = REACH) -> Mention | None:
        """The mention that a third-person pronoun stands for, or None when nobody fits in ``reach`` turns.

        Turns that speak of somebody by such a pronoun alone keep to the subject, and do not count.
        """
        new = somebody_new(pronoun.doc, pronoun.i) if gender != PLURAL else -1
        within = self.within(pronoun, gender, after=new)
        if within is not None or new >= 0:
            return within
        if gender == PLURAL and _joins_people(pronoun):
            return None  # "Tom and Bea are married. They live in Bonn.": not those of an earlier turn
        silent = 0
        for turn in self.previous():
            if silent >= reach or (turn.somebody and gender != PLURAL):
                return None
            silent += gender not in turn.open
            people = _going_on(turn.people)
            fitting = _persons(p for p in people if self._fits(p, gender))
            # Earlier turns are asked only when they leave no choice: a wrong person is worse than none.
            if fitting and gender in turn.open:
                return None
            certain = _persons(p for p in people if self._fits(p, gender) and p.gender == gender)
            if len(fitting) > 1 and len(certain) != 1:
                return None
            if fitting:
                return next(iter((certain or fitting).values()))
        return None

    def last_named(self, token: Token, type: str) -> Mention | None:
        """The place ("there") or organisation ("it") named last, in this message or the turns before."""
        found = next((m for m in self.named(token.doc, token.i) if m.type == type), None)
        if found is not None:
            return found
        for turn in self.previous()[:REACH]:
            fitting = [mention for mention in turn.named if mention.type == type]
            if fitting:  # of several in an earlier turn, none is certain
                return fitting[0] if len({mention.name for mention in fitting}) == 1 else None
        return None

    def within(self, pronoun: Token, gender: str, *, after: int = -1) -> Mention | None:
        """The same, looking only at the pronoun's own message, there only behind token ``after``."""
        mate = _clause_mate(pronoun)
        over: Person | None = None
        for person in self.people(pronoun.doc, pronoun.i):
            if person.index < after:
                break
            if not self._fits(person, gender) or person.index == mate:
                continue
            if over is None and person.over and person.index < pronoun.sent.start:
                over = person
                continue
            beside = over is not None and person.index < pronoun.doc[over.index].sent.start
            return over.mention if over is not None and (beside or person.over) else person.mention
        return over.mention if over is not None else None

    def _fits(self, person: Person, gender: str) -> bool:
        if gender == "p":
            return person.gender == gender
        return person.mention.name not in self.present and person.gender in (None, gender)


def _going_on(people: list[Person]) -> list[Person]:
    """Those of whom it goes on: whom one has just parted from only where nobody else is named."""
    left = {person.mention.name for person in people if person.over}
    kept = [person for person in people if person.mention.name not in left]
    return kept or people


def _persons(people: Iterable[Person]) -> dict[str, Mention]:
    """By name, those with a relation (and so a gender) first and everybody once, whatever the name."""
    found: dict[str, Mention] = {}
    told = sorted(people, key=lambda person: not person.mention.aliases)
    for person in told:
        known = (m for m in found.values() if person.mention.name in (m.name, *m.aliases))
        if next(known, None) is None:
            found[person.mention.name] = person.mention
    return found


def _clause_mate(pronoun: Token) -> int:
    """The subject of the pronoun's own verb, which cannot be the same person ("Samira looked at her")."""
    if pronoun.dep_ not in ("obj", "iobj", "obl"):
        return -1
    return next((c.i for c in pronoun.head.children if c.dep_ in ("nsubj", "nsubj:pass")), -1)

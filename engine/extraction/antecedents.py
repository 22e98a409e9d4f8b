"""Who "he" and "she" are: the last fitting person named before, in this message or the turns just before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from factloom.schemas.extraction import Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

REACH: Final = 2  # turns looked back


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was mentioned, and what the words tell of the gender ("m", "f" or None)."""

    mention: Mention
    gender: str | None


@dataclass(slots=True)
class Antecedents:
    """Looks back from a pronoun. ``people`` lists who one document mentions before a token, nearest first.

    ``previous`` is called only when the message itself names nobody, since parsing earlier turns takes time.
    """

    people: Callable[[Doc, int], list[Person]]
    previous: Callable[[], list[list[Person]]]
    speaker: str

    def resolve(self, pronoun: Token, gender: str) -> Mention | None:
        """The mention that a third-person pronoun stands for, or None when nobody fits."""
        for person in self.people(pronoun.doc, pronoun.i):
            if self._fits(person, gender):
                return person.mention
        for turn in self.previous()[:REACH]:
            fitting = [person for person in turn if self._fits(person, gender)]
            # Earlier turns are asked only when they leave no choice: a wrong person is worse than none.
            if len({person.mention.name for person in fitting}) == 1:
                return fitting[0].mention
            if fitting:
                return None
        return None

    def _fits(self, person: Person, gender: str) -> bool:
        return person.mention.name != self.speaker and person.gender in (None, gender)

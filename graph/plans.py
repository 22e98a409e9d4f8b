"""Which plan, job or rule is meant where it is called over in fewer or other words than it was told in.

"The trip", or "the trip to Rome", of one who plans to fly to Rome; a teacher "at Elm School". And who may be called any
time may be called before ten, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from factloom.graph.entity_names import words_of
from factloom.graph.statements import Statement, began, holds_after
from factloom.schemas.records import Fact

_ALIKE: Final = (("PLANS_TO", "PLANS"), ("WANTS_TO",), ("HAS_JOB",), ("RULES_OUT",))
_TRAVEL: Final = frozenset(
    ["trip", "holiday", "vacation", "flight", "journey", "visit", "getaway", "tour", "go", "going", "fly", "travel"]
)
_SMALL: Final = frozenset(
    {"to", "in", "the", "our", "my", "their", "a", "do", "have", "attend", "take", "part", "be", "become"}
)


def alike(statement: Statement) -> tuple[str, ...]:
    """The predicates under which what the statement calls over may be held."""
    return next((group for group in _ALIKE if statement.predicate in group), ())


def loosely_meant(statement: Statement, held: Sequence[Fact]) -> list[Fact]:
    """The one open fact among ``held`` that has all words of what is over, if just one; any travel is a trip."""
    if statement.object is None:
        return []
    words = words_of(statement.object.name)
    open_ = [fact for fact in held if holds_after(fact, statement.began) and began(fact) <= statement.began]
    meant = [fact for fact in open_ if words - _SMALL <= words_of(fact.text)] if words - _SMALL else []
    if not meant and words & _TRAVEL:
        rest = words - _TRAVEL - _SMALL  # "the trip to Rome": Rome
        meant = [fact for fact in open_ if words_of(fact.text) & _TRAVEL and rest <= words_of(fact.text)]
    return meant if len(meant) == 1 else []

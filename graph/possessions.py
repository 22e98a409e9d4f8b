"""Which of somebody's things is meant where it is told in fewer words: "the Volvo" where a red Volvo is held."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from factloom.graph.entity_names import words_of
from factloom.graph.statements import Statement, began, holds_after
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphReader
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Fact
from factloom.schemas.spaces import SpaceSet

OWNED: Final = ("HAS", "OWNS", "DRIVES")
"""Who no longer has a thing does not own or drive it either."""

_CARS: Final = frozenset({"car", "vehicle", "motor"})
_TAIL: Final = re.compile(r"\s(?:in|of|with|from|for|on|at|by|called|named|that|which)\s")


def thing_meant(tx: GraphReader, spaces: SpaceSet, statement: Statement, held: Sequence[Fact]) -> list[Fact]:
    """The facts among ``held`` about the one thing that the statement's object names; none if it can be several.

    ``held``: what the statement's subject has, owns or drives. A car is also the only thing that is driven.
    """
    if statement.object is None:
        return []
    open_ = [fact for fact in held if holds_after(fact, statement.began) and began(fact) <= statement.began]
    query = EntityQuery(ids=tuple({fact.object_id for fact in open_}), limit=max(1, len(open_)))
    things = tx.find_entities(query, spaces=spaces) if open_ else ()
    meant = {thing.id: thing.key for thing in things if is_named_shorter(statement.object.name, thing.name)}
    if not meant and statement.object.key in _CARS:
        meant = {fact.object_id: fact.object_id for fact in open_ if fact.predicate == OWNED[-1]}
    return [fact for fact in open_ if fact.object_id in meant] if len(set(meant.values())) == 1 else []


def is_named_shorter(said: str, held: str) -> bool:
    """Whether ``said`` names what is held as ``held`` in fewer words: by the noun ("camera"), or its name ("Volvo")."""
    words = words_of(said)
    if not words or not words <= words_of(held):
        return False
    named = any(word[:1].isupper() and normalise_name(word) in words for word in held.split())
    return named or normalise_name(_TAIL.split(held)[0].split()[-1]) in words

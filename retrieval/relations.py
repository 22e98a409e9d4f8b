"""Relations that a question goes through: from whom it names, along typed facts, to the one that answers.

"What does the sister of Rui's boss run?" names Rui and three relations. A walk starts at Rui and follows only facts
whose predicate uses up words of the question: HAS_BOSS to Helena, HAS_SISTER to Graça, RUNS to the bakery. A fact that
is reached with all relation words used answers the question; with some of them, it is on the way.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from factloom.retrieval.explanation import Step
from factloom.retrieval.predicate_words import predicate_terms, relation_words, terms_of_predicates
from factloom.retrieval.reading import Reading
from factloom.schemas.ports import FactNode, Neighbourhood

INVERSE: Final = "^"
"""Before an edge that is walked from its object to its subject, as in SPARQL's property paths."""

CHAIN: Final = 1.5
"""Worth of a fact at the end of a chain: its sentence is about somebody whom the question does not name."""

_LONGEST_WALK: Final = 3
_MOST_WALKS: Final = 200


class RelationMatch(NamedTuple):
    """How a walk reached a fact: the share of the question's relation words that are used up, and the way."""

    share: float
    path: tuple[Step, ...]

    @property
    def worth(self) -> float:
        """The share; more for a chain that uses up all words, whose last fact has no word of the question in it."""
        return CHAIN if self.share >= 1.0 and len(self.path) > 2 else self.share


class _Walk(NamedTuple):
    """Where a walk stands: the entity reached, the words used up, the way so far."""

    entity: int
    used: frozenset[str]
    path: tuple[Step, ...]


def walk_relations(reading: Reading, around: Neighbourhood) -> dict[int, RelationMatch]:
    """Facts that are reached from the entities that the question names, by ref; empty if it names no relation.

    Nothing but the neighbourhood is walked; equal ways are settled by ref, so the result is deterministic.
    """
    starts = [entity.ref for entity in reading.entities if entity.ref in around.entities]
    if not starts:
        return {}
    words = terms_of_predicates({fact.predicate for fact in around.facts.values()})
    # Relations are those of the core, and of the predicates that occur here.
    here, core = frozenset[str]().union(*words.values()), relation_words()
    relations = frozenset(term for term in reading.terms if term in core or term in here)
    asked = {predicate for predicate, terms in words.items() if not terms.isdisjoint(relations)}
    facts_of: dict[int, list[FactNode]] = {}
    for fact in around.facts.values():
        if fact.predicate in asked:
            facts_of.setdefault(fact.subject, []).append(fact)
            facts_of.setdefault(fact.object, []).append(fact)
    found: dict[int, RelationMatch] = {}
    walks = [_Walk(start, frozenset(), (Step(None, "entity", start),)) for start in dict.fromkeys(starts)]
    for _ in range(_LONGEST_WALK):
        walks = [longer for walk in walks for longer in _steps(walk, facts_of, relations, found)][:_MOST_WALKS]
    return found


def _steps(
    walk: _Walk, facts_of: dict[int, list[FactNode]], relations: frozenset[str], found: dict[int, RelationMatch]
) -> list[_Walk]:
    """The walks that go one fact further; notes each fact that is reached better than before."""
    longer = []
    for fact in facts_of.get(walk.entity, ()):
        words = predicate_terms(fact.predicate) & relations - walk.used
        if not words:
            continue
        forward = fact.subject == walk.entity
        edge = fact.predicate if forward else f"{INVERSE}{fact.predicate}"
        used = walk.used | words
        match = RelationMatch(len(used) / len(relations), (*walk.path, Step(edge, "fact", fact.ref)))
        if fact.ref not in found or match.share > found[fact.ref].share:
            found[fact.ref] = match
        end = fact.object if forward else fact.subject
        if used != relations:
            longer.append(_Walk(end, used, (*walk.path, Step(edge, "entity", end))))
    return longer

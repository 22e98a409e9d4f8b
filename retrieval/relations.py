"""Relations that a question goes through: from whom it names, along typed facts, to the one that answers.

"What does the sister of Rui's boss run?" names Rui and three relations. A walk starts at Rui and follows only facts
whose predicate uses up words of the question: HAS_BOSS to Helena, HAS_SISTER to Graça, RUNS to the bakery. A fact that
is reached with all relation words used answers the question; with some of them, it is on the way.

What a question asks besides counts too: a fact that takes in its relation and nothing else, as new shoes that somebody
got for "When did she get hurt?", hardly answers it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from factloom.retrieval.analysis import analyse
from factloom.retrieval.candidates import Candidates, Seeds
from factloom.retrieval.dates import DateHint
from factloom.retrieval.explanation import Step
from factloom.retrieval.predicate_words import predicate_terms, relation_words, terms_of_predicates
from factloom.retrieval.reading import Reading
from factloom.schemas.ontology import ontology_in_use
from factloom.schemas.ports import FactNode, Neighbourhood
from factloom.schemas.records import Category

INVERSE: Final = "^"
"""Before an edge that is walked from its object to its subject, as in SPARQL's property paths."""

CHAIN: Final = 1.5
"""Worth of a fact at the end of a chain: its sentence is about somebody whom the question does not name."""

_RELATION_ALONE: Final = 0.3
"""Share of its worth that a fact keeps if it takes in nearly nothing of the question but the relation."""

_WHAT_IS_ASKED: Final = frozenset(analyse("many much name names called kind kinds sort type types"))
"""Words that say what the answer is, not what it is about."""

_CLAUSE: Final = re.compile(r"[,;:.!?()]+(?:\s|$)|\s[-–—]\s")
"""Where another clause begins."""

_TWICE: Final = re.compile(r"\b(\w+)['’]s? \1\b|\b(\w+) of (?:(?:my|our|your|his|her|their|the|\w+['’]s?) )+\2\b", re.I)
"""A relation of the same relation: "my boss's boss", "the sister of Ana's sister"."""

_AT_ANOTHER_TIME: Final = 0.5
"""Share of its worth that a fact keeps outside the time asked about: often it is only known when it was told."""

_AGAIN: Final = "²"
"""After a term that stands for its second place in a question; no index term has it."""

_NOT_PEOPLE: Final = frozenset({"where", "when", "how many"})
_WHO_IT_IS: Final = 0.5
"""Share of its worth that a fact keeps that only tells who somebody is, where a place, time or number is asked for."""

_LONGEST_WALK: Final = 3
_MOST_WALKS: Final = 200


class RelationMatch(NamedTuple):
    """How a walk reached a fact: the share of the question's relation words that are ``used`` up, and the way."""

    share: float
    path: tuple[Step, ...]
    used: frozenset[str]

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
    relations |= {f"{term}{_AGAIN}" for term in _standing_twice(reading.query) if term in relations}
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
    ontology = ontology_in_use()
    facts, left = facts_of.get(walk.entity, ()), relations - walk.used
    taken = {predicate: _used_up(predicate, left) for predicate in {fact.predicate for fact in facts}}
    uses = [(fact, words) for fact in facts if (words := taken[fact.predicate])]
    # "Ana's boss" is whom Ana has for a boss; if nobody is known, whose boss she is may be what is meant.
    forwards = frozenset[str]().union(*(words for fact, words in uses if fact.subject == walk.entity))
    for fact, words in uses:
        forward = fact.subject == walk.entity
        if not forward and not words.isdisjoint(forwards) and not ontology[fact.predicate].symmetric:
            continue
        edge = fact.predicate if forward else f"{INVERSE}{fact.predicate}"
        used = walk.used | words
        share = len(used) / len(relations)
        if fact.ref not in found or share > found[fact.ref].share:
            found[fact.ref] = RelationMatch(share, (*walk.path, Step(edge, "fact", fact.ref)), used)
        end = fact.object if forward else fact.subject
        if used != relations:
            longer.append(_Walk(end, used, (*walk.path, Step(edge, "entity", end))))
    return longer


def _standing_twice(query: str) -> list[str]:
    """Index terms of the relations that a question goes through twice."""
    return [term for one, other in _TWICE.findall(query) for term in analyse(one or other)]


def _used_up(predicate: str, left: frozenset[str]) -> frozenset[str]:
    """The words ``left`` of a question that a fact with this predicate uses up; of one that stands twice, one."""
    terms = predicate_terms(predicate)
    return terms & left or left & {f"{term}{_AGAIN}" for term in terms}


def relation_scores(matches: Mapping[int, RelationMatch], reading: Reading, found: Candidates) -> dict[int, float]:
    """What it is worth that walks reached these facts, by ref: 0 to `CHAIN`.

    Where one takes in all relations, the others were only on the way. It is shared among the facts that are reached,
    since a relation that leads to twenty says little about any of them, and counts by how much of the question a fact
    takes in; by half where the question names a time that the fact lies outside of.
    """
    if not matches:
        return {}
    around, asking = found.around, _asking_clauses(matches, reading)
    time = reading.dates if reading.dates is not None and reading.dates.words in " ".join(asking).lower() else None
    worth = {ref: match.worth for ref, match in matches.items()}
    if any(share >= 1.0 for share in worth.values()):
        worth = {ref: share if share >= 1.0 else 0.0 for ref, share in worth.items()}
    else:
        worth = {ref: share**2 for ref, share in worth.items()}
    shared = math.sqrt(max(1, sum(share > 0.0 for share in worth.values())))
    taken_in = _taken_in(matches, asking, reading, found.seeds)
    facts = [around.facts[ref] for ref in worth]
    scores = {}
    for (ref, share), fact, is_outside in zip(worth.items(), facts, _outside(facts, time), strict=True):
        scores[ref] = share / shared * (_RELATION_ALONE + (1.0 - _RELATION_ALONE) * taken_in[ref])
        if is_outside:
            scores[ref] *= _AT_ANOTHER_TIME
        end = around.entities.get(fact.object)
        if reading.asks_for in _NOT_PEOPLE and end is not None and end.type == "person":
            scores[ref] *= _WHO_IT_IS
    return scores


def _outside(facts: Sequence[FactNode], time: DateHint | None) -> list[bool]:
    """Of each fact, whether it began after the ``time`` that is asked about, or happened at another."""
    if time is None:
        return [False] * len(facts)
    began = np.array([fact.valid_at for fact in facts], float)  # NaN where it is not known
    known = ~np.isnan(began)
    at_another = known & (time.fit(np.where(known, began, 0.0)) == 0.0)
    is_late = began >= (time.until.timestamp() if time.until is not None and not time.recurs else np.inf)
    events = np.array([fact.category == Category.EPISODIC.value for fact in facts])
    outside: list[bool] = np.where(events, at_another, is_late).tolist()
    return outside


def _asking_clauses(matches: Mapping[int, RelationMatch], reading: Reading) -> list[str]:
    """The clauses of the question that name a relation, all if none does.

    "Before I book the train, where does my cousin work?" is not about trains.
    """
    relations = frozenset[str]().union(*(match.used for match in matches.values()))
    clauses = _CLAUSE.split(reading.query)
    return [clause for clause in clauses if not relations.isdisjoint(analyse(clause))] or clauses


def _taken_in(
    matches: Mapping[int, RelationMatch], asking: Sequence[str], reading: Reading, seeds: Seeds
) -> dict[int, float]:
    """By fact, the share of the words of the ``asking`` clauses, by their rarity in what was said, that it takes in.

    It does so if they stand in it, or if the walk to it has used them. Names and times have signals of their own, and
    do not count; nor do words that say what the answer is.
    """
    elsewhere = [name for entity in reading.entities for name in (entity.name, *entity.aliases)]
    if reading.dates is not None:
        elsewhere.append(reading.dates.words)
    left_out = _WHAT_IS_ASKED.union(*map(analyse, elsewhere))
    rarity = seeds.episode_keywords.rarity
    here = {term for clause in asking for term in analyse(clause)}.difference(left_out)
    words = {term: rarity.get(term, 1.0) for term in reading.terms if term in here}
    whole = sum(words.values())
    if not whole:
        return dict.fromkeys(matches, 1.0)
    keywords = seeds.fact_keywords
    held = keywords.counts(np.fromiter(matches, np.int64, len(matches))) > 0
    rows = {term: row for term, row in zip(keywords.terms, held, strict=True) if term in words}
    return {
        ref: sum(worth for term, worth in words.items() if term in match.used or (term in rows and rows[term][at]))
        / whole
        for at, (ref, match) in enumerate(matches.items())
    }

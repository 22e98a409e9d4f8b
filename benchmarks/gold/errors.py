"""Sort what went wrong into classes, so that the most frequent can be looked at first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.gold.annotations import GoldFact, Turn
from benchmarks.gold.matching import Match, is_hearsay, is_plan, time_is_right
from benchmarks.gold.scoring import Pair, Result, TurnResult

from factloom.schemas.ontology import core_ontology

_PRONOUNS = frozenset({"he", "she", "it", "they", "him", "her", "them", "his", "their", "its", "hers", "this one"})
_SPEAKER = frozenset({"i", "me", "my", "mine"})


def classify(result: Result) -> Iterator[tuple[str, str]]:
    """Class and description of every error of a conversation, turn by turn."""
    before: Turn | None = None
    for turn in result.turns:
        where = f"{result.conversation.name} {turn.turn.number}"
        for fact in turn.missed:
            yield f"missed: {_why_missed(fact, turn, before)}", f"{where}: {fact}   «{turn.turn.says}»"
        for pair in turn.pairs:
            for name in _wrong_in(pair, turn.turn):
                yield name, f"{where}: {pair.fact} ≠ {pair.seen}   «{turn.turn.says}»"
        for seen in turn.junk:
            known = "a core predicate" if seen.predicate in core_ontology() else "an open predicate"
            if not turn.turn.facts:
                known += " in a turn with nothing to keep"
            yield f"junk: {known}", f"{where}: {seen}   «{turn.turn.says}»"
        before = turn.turn
    for line in result.reconciliation:
        yield (
            f"end state: {line.split(':')[0].split('(')[0].split(' by turn')[0].strip()}",
            (f"{result.conversation.name}: {line}"),
        )


def _why_missed(fact: GoldFact, result: TurnResult, before: Turn | None) -> str:
    """The first of the likely causes that holds; a fact has one class."""
    turn = result.turn
    about = {words.casefold() for words, names in turn.mentions if set(names) & set(fact.subjects)}
    answers = before is not None and "?" in before.says and len(turn.says.split()) <= 6
    # Whoever is the subject should be named in the turn, or be its speaker speaking of "I".
    named = any(re.search(rf"\b{re.escape(name.split()[0])}\b", turn.says, re.IGNORECASE) for name in fact.subjects)
    if answers:
        return "a short answer to the question before"
    if fact.negated:
        return "a denial that closes nothing"
    if fact.hearsay:
        return "what somebody else is said to have said"
    if fact.plan:
        return "a plan"
    if about & _PRONOUNS:
        return "the subject is a pronoun"
    if not about and not named:
        return "a fragment, or a subject that is left out"
    if not about & _SPEAKER:
        return "the subject is somebody else, named or described"
    if not set(fact.predicates) & set(core_ontology().names()):
        return "the speaker's doings, outside the core predicates"
    return "the speaker, with a core predicate"


def _wrong_in(pair: Pair, turn: Turn) -> Iterator[str]:
    fact, seen = pair.fact, pair.seen
    plan = is_plan(seen, turn.at)
    if pair.match is Match.LENIENT:
        yield "wrong: a related predicate"
    elif pair.match is Match.OPPOSITE:
        yield "wrong: denied what was stated, or stated what was denied"
    elif pair.match is Match.ENDS:
        yield "wrong: another predicate between the same two"
    elif pair.match is Match.HALF:
        yield "wrong: one end"
    if pair.match <= Match.ENDS and not fact.negated:
        if fact.plan and not plan and not (fact.hearsay and is_hearsay(seen)):
            yield "wrong: a plan kept as a fact"
        elif fact.hearsay and not is_hearsay(seen) and not plan:
            yield "wrong: hearsay kept as a fact"
        elif not fact.plan and plan:
            yield "wrong: a fact kept as a plan"
        elif not fact.plan and not fact.hearsay and is_hearsay(seen):
            yield "wrong: a fact kept as hearsay"
    if pair.match <= Match.LENIENT and time_is_right(fact, seen) is False:
        yield "wrong: the time"

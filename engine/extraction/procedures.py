"""Procedures of a message: how something is done, what is to be done always or never, and what is done whenever.

They are read before the clauses, by the shape of their sentences: a purpose or a condition in front, commands behind.
What a sentence tells as a procedure is not read again as a clause. Nothing is learned from one-off commands, from
advice in general terms, mottos and questions, nor from what an assistant explains. Dates in steps ("before noon") do
not date the procedure: it holds from when it is told until it is denied, or another way is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import SURE, Draft
from factloom.engine.extraction.howtos import (
    HowTo,
    asks_how,
    read_answered,
    read_following,
    read_howto,
    read_listed,
    shortened,
)
from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.predications import Clause
from factloom.engine.extraction.quotations import Spans, is_quoted
from factloom.engine.extraction.routines import Routine, read_routine
from factloom.engine.extraction.sentences import Kind, kind_of, takes_back, text_of
from factloom.engine.extraction.standing_rules import Rule, read_rules
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from datetime import datetime

    from spacy.tokens import Span, Token


LONGEST_SENTENCE: Final = 600
"""Characters of one that is looked at: its shape is matched by expressions that may look at a text many times."""


# Words without which no procedure is told; most sentences have none of them.
_CUES: Final = re.compile(
    r"^\W*(?:[^\W\d_]+\W+){0,3}to\b|\b(?:always|never|ever|whenever|when|if|before|after|once|every|each|any ?time|"
    r"as soon as|usually|normally|generally|typically|from (?:now|here) on|going forward|in (?:the )?future|as of|"
    r"again|by \w+ing|no longer|any ?more|rules?|policy|how|process|procedure|routine|checklist|recipe|workflow|steps?|"
    r"should|must|in case|(?:don['’]t|do not) \w+|no (?:more )?\w+s|avoid|stop|skip|drop|leave out|spare me|"
    r"(?:keep|make) (?:your|the|all)|use \w+ \w+|stick to|switch to|briefly|concisely|it when you|no need|"
    r"(?:write|answer|reply|respond|speak|talk|things|everything)(?: to me)? in|be (?:more|less|brief|concise|"
    r"direct|blunt)|"
    r"way|trick|method|instructions|you (?:need|have|must))\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Procedures:
    """What a message tells of procedures, and of the sentences that do, where they begin: up to which token."""

    candidates: list[Candidate] = field(default_factory=list)
    sentences: dict[int, int] = field(default_factory=dict)


def read_procedures(
    spans: Sequence[Span], reader: Reader, anchor: datetime, quoted: Spans, asked: str | None = None
) -> Procedures:
    """The procedures among the sentences of one message. ``asked``: somebody else's turn before, which may ask how."""
    found = Procedures()
    asked = asked if asked is not None and asks_how(asked) else None
    at = 0
    while at < len(spans):
        used = _read_at(spans, at, reader, anchor, quoted, asked, found)
        at += max(used, 1)
    return found


def _read_at(
    spans: Sequence[Span],
    at: int,
    reader: Reader,
    anchor: datetime,
    quoted: Spans,
    asked: str | None,
    found: Procedures,
) -> int:
    """Read what begins at one sentence; returns how many sentences it takes."""
    span = spans[at]
    later = spans[at + 1] if at + 1 < len(spans) else None
    if len(text_of(span)) > LONGEST_SENTENCE or (_CUES.search(text_of(span)) is None and asked is None):
        return 1
    quotes = bool(quoted) and any(is_quoted(quoted, token.idx) for token in span)
    kind = kind_of(text_of(span))
    if (
        quotes
        or kind not in (Kind.STATEMENT, Kind.QUESTION, Kind.GREETING)
        or (later is not None and takes_back(text_of(later)))
    ):
        return 1
    rules = read_rules(span, reader)
    shaped = _shaped(spans, at, reader, asked) if not rules and kind is Kind.STATEMENT else None
    told, used = (rules, 1) if rules else ([shaped[0]], shaped[1]) if shaped is not None else ([], 1)
    facts = [_candidate(each, span, reader, anchor) for each in told]
    known = [fact for fact in facts if fact is not None]
    if known:
        found.candidates += known
        found.sentences |= {each.start: each.end for each in spans[at : at + used]}
        found.sentences |= {span.start: rules[-1].end} if rules else {}
    return used


def _shaped(spans: Sequence[Span], at: int, reader: Reader, asked: str | None) -> tuple[HowTo | Routine, int] | None:
    """How something is done, or a routine, and how many sentences it takes."""
    span = spans[at]
    listed = read_listed(spans[at:], reader)
    if listed is not None:
        return listed
    howto = read_howto(span, reader)
    if howto is None and at == 0 and asked is not None:
        howto = read_answered(span, asked, reader)
    if howto is not None:
        steps, more = read_following(spans[at + 1 :], reader, list(span))
        joined = "; ".join([howto.steps, *steps])
        return replace(howto, steps=joined), 1 + more
    routine = read_routine(span, reader)
    return (routine, 1) if routine is not None else None


def _candidate(told: HowTo | Rule | Routine, span: Span, reader: Reader, anchor: datetime) -> Candidate | None:
    draft = _draft(told.verb, span, reader, anchor)
    if isinstance(told, HowTo):
        return _way(told, draft)
    speaker = reader.speaker
    if speaker is None:
        return None
    doing = Mention(name=shortened(told.doing), type="activity")
    if isinstance(told, Routine):
        predicate = "RULES_OUT" if told.never else "HAS_ROUTINE"
        return draft.candidate(speaker, predicate, doing, text=told.text, negated=told.over, confidence=SURE)
    predicate = "RULES_OUT" if told.never else "HAS_RULE"
    text = f"{speaker.name}'s rule: {told.text}." if not told.over else f"{speaker.name}'s rule is over: {told.doing}."
    return draft.candidate(speaker, predicate, doing, text=text, negated=told.over)


def _way(told: HowTo, draft: Draft) -> Candidate | None:
    speaker = draft.reader.speaker
    if told.noun:
        text = f"{told.goal[:1].upper()}{told.goal[1:]}: {told.steps}."
    elif told.own and speaker is not None:
        goal_told = told.goal.replace(f"{speaker.name}'s ", "their ")
        text = f"{speaker.name}'s way to {goal_told}: {told.steps}."
    else:
        text = f"To {told.goal}, {told.steps}."
    if told.over:
        text = f"No longer so: {text[:1].lower() if not told.own else text[:1]}{text[1:]}"
    goal = Mention(name=shortened(told.goal), type="activity")
    return draft.candidate(
        goal, "DONE_BY", Mention(name=shortened(told.steps), type="activity"), text=text, negated=told.over
    )


def _draft(verb: Token, span: Span, reader: Reader, anchor: datetime) -> Draft:
    """Undated: a "before noon" in a step says nothing of when the procedure holds."""
    return Draft(Clause(verb, None), span, reader, anchor, None)

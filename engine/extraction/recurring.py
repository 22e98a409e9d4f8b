"""Days and seasons that come again and again: "at Easter we always eat lamb", "in the summer we go sailing".

What somebody does then, in the simple present, was not done on one such day, and is not planned for the next one.
"""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.calendar_words import MONTHS, SEASONS, WEEKDAYS
from factloom.engine.extraction.holidays import HOLIDAY_WORDS
from factloom.engine.extraction.predications import Clause, Tense
from factloom.engine.extraction.vocabulary import vocabulary

_OFTEN: Final = frozenset(
    [
        "usually",
        "always",
        "often",
        "normally",
        "generally",
        "typically",
        "traditionally",
        "sometimes",
        "mostly",
        "regularly",
        "never",
        "rarely",
    ]
)
_NAMES: Final = "|".join([*MONTHS, *SEASONS, *WEEKDAYS])
_AT: Final = r"(?:on|in|at|over|during|for|around) (?:the )?"
# "In May", "over the summer", "on Christmas Eve"; what tells which one is told of a single one.
_ANY: Final = re.compile(
    rf"(?:(?:on|in|at|over|during|for|around|about) )*(?:the )?(?:early |late |mid[- ])?(?:{_NAMES}|{HOLIDAY_WORDS})\b"
)
_WHICH: Final = re.compile(r"\b(?:last|this|next|since|until|till|by|ago|coming|past)\b|\b(?:19|20)\d\d\b|['’]\d\d\b")
_OF_THE_YEAR: Final = re.compile(r"(?:on )?(?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? |(?:on )?[a-z]+ \d")
_COMING_UP: Final = frozenset({"take", "open", "close", "happen", "start", "begin", "need", "hope", "want", "plan"})


def recurs(clause: Clause, words: str) -> bool:
    """Whether the time told in ``words`` comes again and again for what the clause tells.

    It is told with "usually" and the like or, but for verbs of timetables ("I fly in May"), by no more than its name.
    """
    lowered = words.lower()
    if not is_habitual(clause) or _WHICH.search(lowered) is not None:
        return False
    named = _ANY.match(lowered) is not None
    if is_told_often(clause):
        return named or _OF_THE_YEAR.match(lowered) is not None
    timetable = clause.lemma in vocabulary().scheduled | _COMING_UP | {"have"} or clause.copula is not None
    return named and not timetable and not clause.negated and clause.complement is None


def is_habitual(clause: Clause) -> bool:
    """Whether the clause is in the tense of habits, the simple present."""
    return clause.tense is Tense.PRESENT and not (clause.progressive or clause.perfect or clause.passive)


def is_told_often(clause: Clause) -> bool:
    """Whether the clause says how often: "we usually watch films", "I tend to ski"."""
    if clause.lemma == "tend":
        return True
    return any(c.lower_ in _OFTEN and c.dep_ == "advmod" for c in clause.verb.children)


FRONTED: Final = rf"{_AT}(?:early |late |mid[- ])?(?:{_NAMES})|{_AT}(?:{HOLIDAY_WORDS})[\w'’]*(?: \w+)?"
"""Such a time in front of the clause it dates."""

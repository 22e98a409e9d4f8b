"""Times that are told but that nobody can date: "for ages", "years ago", "since I was twelve", "on 31/02/2020".

What is told with one of them did not begin when it was said. Where an age is told, whoever knows the birth can date it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import NUMBERS
from factloom.engine.extraction.dates import has_impossible_date
from factloom.engine.extraction.predications import Clause, Tense
from factloom.engine.extraction.sentences import text_of

if TYPE_CHECKING:
    from spacy.tokens import Span


@dataclass(frozen=True, slots=True)
class Undated:
    """A time that cannot be dated: the characters that tell it, whether it is only a beginning, and the age, if one."""

    span: tuple[int, int]
    since: bool = False
    age: int | None = None


_GATE: Final = re.compile(
    r"\d[/.-]\d|\d\d?(?:st|nd|rd|th)?(?: of)? (?:feb|apr|jun|sep|nov)|(?:feb|apr|jun|sep|nov)\w* \d|"
    r"\bsince\b|\bwhen \w+ was\b|\bago\b|\bback\b|\bfor (?:\w+ )?(?:ages|years|decades|months|weeks|long|a )|"
    r"\bfor (?:ever|yonks|donkey)|\bforever\b|\blife\b|\blives\b|\baged?\b|\bat \d\d\b|\bin (?:my|his|her|our|their) |"
    r"\bas an? |\bonce upon\b"
)
_NUMBER: Final = "|".join(word for word, value in NUMBERS.items() if value > 2 and word not in ("few", "several"))
_AGE: Final = rf"(?P<age>\d{{1,2}}|{_NUMBER})"
_WHO: Final = r"(?:i|he|she|we|they)"
_YOUNG: Final = (
    r"(?:an? )?(?:very |really |just |only |still |little |small |young |wee )*(?:kid|child|boy|girl|teen(?:ager)?|"
    r"baby|toddler|student|little|young|small|tiny|in (?:my|his|her) \w+|at (?:school|uni\w*|college)|"
    r"in (?:high |primary |middle )?(?:school|college|uni\w*|kindergarten))"
)
_MANY: Final = r"(?:many |some |a good many |so many |very many )?"
_UNITS: Final = r"(?:ages|years|decades|months|weeks)"
_WHOSE: Final = r"(?:my|his|her|their|our)"
_IN_YEARS: Final = rf"{_WHO} (?:was|were) (?:about |only |just )?{_AGE}\b(?! (?:weeks?|months?|days?)\b)"
# What has been so since then: for perfect tenses.
_BEGINNINGS: Final = (
    rf"\b(?:ever )?since {_IN_YEARS}",
    rf"\b(?:ever )?since {_WHO} (?:was|were) {_YOUNG}\b",
    rf"\bfor {_MANY}(?:{_UNITS}|(?:a )?(?:very |really )?(?:long time|long|while)|quite a while|ever|yonks)\b",
    r"\bfor (?:donkey['’]?s years|as long as i can remember)\b|\bforever\b",
    rf"\b(?:all (?:of )?{_WHOSE}|{_WHOSE} (?:whole|entire)) li(?:fe|ves)\b",
    r"\b(?:ever )?since(?! then\b)(?= [a-z])",
)
# What was done then: for past ones.
_MOMENTS: Final = (
    rf"\bwhen {_IN_YEARS}",
    rf"\bwhen {_WHO} (?:was|were) {_YOUNG}\b",
    rf"\b(?:at (?:the )?age(?: of)?|aged) {_AGE}\b",
    r"\bat (?P<age>1[3-9]|[2-9]\d)(?=\s*(?:$|[.,!;]|and\b))",
    rf"\bin {_WHOSE} (?:early |mid[- ]?|late )?(?:teens|\w+ties|\d0s|youth|childhood)\b",
    r"\bas an? (?:young |small |little )?(?:kid|child|boy|girl|teen(?:ager)?|student)\b",
    rf"\b{_MANY}{_UNITS} (?:and \w+ )?(?:ago|back)\b",
    r"\b(?:a (?:very |really )?(?:long time|long while|while)|long|once) (?:ago|back)\b|\bonce upon a time\b",
)
_PATTERNS: Final = tuple((re.compile(p), p in _BEGINNINGS) for p in (*_BEGINNINGS, *_MOMENTS))


def find_undated(clause: Clause, sentence: Span, anchor: datetime) -> Undated | None:
    """The undatable time of a clause without a date of its own: its characters, from the start of the message.

    "For ages" and "since I was twelve" date what has been so since then; "years ago" and "at 14" what was done then.
    """
    lowered = text_of(sentence).lower()
    if clause.tense is Tense.FUTURE or _GATE.search(lowered) is None:
        return None
    offset = sentence.start_char
    if clause.tense is Tense.PAST and clause.verb.dep_ == "advcl":
        mark = next((c for c in clause.verb.children if c.lower_ == "since" and c.i < clause.verb.i), None)
        if mark is not None:  # "I've lived here since we got married": long ago
            return Undated((mark.idx, mark.idx))
    impossible = has_impossible_date(lowered, anchor)
    if impossible is not None and _hangs_on(clause, sentence, impossible[0] + offset):
        return Undated((impossible[0] + offset, impossible[1] + offset))
    for pattern, since in _PATTERNS:
        if not (clause.perfect if since else clause.tense is Tense.PAST):
            continue
        match = pattern.search(lowered)
        if match is None or not _hangs_on(clause, sentence, match.start() + offset):
            continue
        return Undated((match.start() + offset, match.end() + offset), since, _age_of(match))
    return None


def _age_of(match: re.Match[str]) -> int | None:
    age = match.groupdict().get("age")
    if age is None:
        return 0 if match[0].endswith(("life", "lives")) else None
    return int(age) if age.isdigit() else NUMBERS[age]


def _hangs_on(clause: Clause, sentence: Span, start: int) -> bool:
    """Whether the words at ``start`` stand under the clause's predicate, and no other statement in between."""
    token = next((t for t in sentence if t.idx + len(t) > start), None)
    while token is not None:
        if token.i == clause.verb.i:
            return True
        if token.head.i == token.i or (token.dep_ in ("conj", "parataxis", "ccomp") and token.pos_ == "VERB"):
            return False
        token = token.head
    return False

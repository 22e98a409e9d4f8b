"""What the speaker does whenever something is so: "I always back up the database before I deploy"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.howtos import LEAD
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.rendering import third_person
from factloom.engine.extraction.steps import is_base_verb, is_step, part, tidy, turned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.tokens import Span, Token


@dataclass(frozen=True, slots=True)
class Routine:
    """What is done and when, in the base form, and told of the speaker; ``over``: it is done so no longer."""

    doing: str
    text: str
    verb: Token
    over: bool = False
    never: bool = False


_HABIT: Final = r"(?P<habit>(?:(?:always|usually|normally|generally|typically|first|just|then|also)\s+)*)"
_NOT: Final = r"(?:(?P<not>no longer |don['’]?t |do not )(?:always )?)?"
_EVERY: Final = r"(?:whenever|every time|each time|any ?time)"
_WHEN: Final = rf"(?:{_EVERY}|when|before|after|once|as soon as|if)"
_FRONT: Final = re.compile(
    LEAD + rf"(?P<when>(?P<mark>{_WHEN})\s[^,]{{3,90}}),\s*(?:then )?(?P<who>I|we)\s+{_NOT}{_HABIT}(?P<doing>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_RECURRING: Final = re.compile(
    LEAD + rf"(?P<when>(?P<mark>before|after|for|with)\s(?:every|each)\s[^,]{{3,60}}?)(?:,\s*|\s+)"
    rf"(?P<who>I|we)\s+{_NOT}{_HABIT}(?P<doing>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_BACK: Final = re.compile(
    LEAD + rf"(?P<who>I|we)\s+{_NOT}{_HABIT}(?P<doing>[^,;]+?),?\s+(?P<when>(?P<mark>{_WHEN})\s[^,;]{{3,90}})$",
    re.IGNORECASE | re.DOTALL,
)
_ALWAYS_FIRST: Final = re.compile(
    LEAD + r"(?P<who>I|we)\s+(?P<habit>always|usually|normally)\s+(?P<doing>[^,;]+?)\s+first\W*$",
    re.IGNORECASE | re.DOTALL,
)
# "We never deploy on Fridays": what is never done then, or without that.
_NEVER: Final = re.compile(
    LEAD + r"(?P<who>I|we)\s+never\s+(?P<doing>[^,;]+?\s(?:without|before|after|on (?:a )?\w+days?|"
    r"(?:at|on) weekends?)\b[^,;]*)$",
    re.IGNORECASE | re.DOTALL,
)
_HABITS: Final = frozenset({"always", "usually", "normally", "generally", "typically", "first"})
_LAST_FIRST: Final = re.compile(r"\bfirst\W*$|\bbeforehand\W*$", re.IGNORECASE)
_EACH: Final = re.compile(r"\b(?:every|each) \w+", re.IGNORECASE)
_ANY_MORE: Final = re.compile(r"\s*\b(?:any ?more|any longer)\b\W*$", re.IGNORECASE)
_LEANING: Final = re.compile(r"\b(?:you|your|this|these|those|there)\b", re.IGNORECASE)


def read_routine(span: Span, reader: Reader) -> Routine | None:
    """The routine that a sentence tells of its speaker."""
    if reader.speaker is None or span.text.rstrip().endswith("?"):
        return None
    text = _ANY_MORE.sub("", span.text)
    avoided = _NEVER.match(text)
    if avoided is not None:
        return _avoided(part(span, avoided.start("doing"), avoided.end("doing")), reader)
    before = _ALWAYS_FIRST.match(text)
    if before is not None:
        return _first(part(span, before.start("doing"), before.end("doing")), before["habit"].lower(), reader)
    for pattern in (_RECURRING, _FRONT, _BACK):
        match = pattern.match(text)
        found = _routine(span, match, reader, longer=text != span.text) if match is not None else None
        if found is not None:
            return found
    return None


def _routine(span: Span, match: re.Match[str], reader: Reader, *, longer: bool) -> Routine | None:
    speaker = reader.speaker
    assert speaker is not None
    doing = part(span, match.start("doing"), match.end("doing"))
    when = part(span, match.start("when"), match.end("when"))
    over = (match["not"] or "").strip().lower() == "no longer" or (bool(match["not"]) and longer)
    if (match["not"] and not over) or not doing or not is_base_verb(doing[0]):
        return None
    if not (over or _regular(match, when)) or not is_step(doing[0], doing) or _is_mixed(doing[0], doing):
        return None
    condition = _condition(when, reader)
    told = turned(doing, reader, within=when)
    if condition is None or told is None or _LEANING.search(f"{condition} {told}"):
        return None
    base = tidy(f"{verb_lemma(doing[0])} {' '.join(told.split()[1:])} {condition}")
    if over:
        return Routine(base, f"{speaker.name} no longer does so: {base}.", doing[0], over)
    habit = " ".join(word for word in match["habit"].split() if word.lower() in _HABITS)
    third = _third(doing, told)
    return Routine(base, tidy(f"{speaker.name} {habit} {third} {condition}") + ".", doing[0])


def _avoided(doing: Sequence[Token], reader: Reader) -> Routine | None:
    """For "we never deploy on Fridays"."""
    if not doing or not is_base_verb(doing[0]) or not is_step(doing[0], doing):
        return None
    told = turned(doing, reader)
    if told is None or _LEANING.search(told) or reader.speaker is None:
        return None
    return Routine(told, f"{reader.speaker.name} never {_third(doing, told)}.", doing[0], never=True)


def _first(doing: Sequence[Token], habit: str, reader: Reader) -> Routine | None:
    """For "we always run the linter first"."""
    if not doing or not is_base_verb(doing[0]) or not is_step(doing[0], doing):
        return None
    told = turned(doing, reader)
    if told is None or _LEANING.search(told) or reader.speaker is None:
        return None
    return Routine(f"{told} first", f"{reader.speaker.name} {habit} {_third(doing, told)} first.", doing[0])


def _regular(match: re.Match[str], when: Sequence[Token]) -> bool:
    """Whether it is told of every time: by a word for it, or as what follows on a thing that happens."""
    habits = {*match["habit"].lower().split()} & _HABITS or _LAST_FIRST.search(match["doing"])
    mark = match["mark"].lower()
    if (
        _EACH.search(match["doing"])
        or habits
        or re.fullmatch(_EVERY, mark)
        or re.match(r"\w+ (?:every|each)\b", match["when"], re.IGNORECASE)
    ):
        return True
    subject = next(
        (t for t in when[1:] if t.dep_ in ("nsubj", "nsubj:pass", "compound", "nmod") and t.pos_ == "NOUN"), None
    )
    verbs = (t for t in when if t.tag_ == "VBZ" or (t.tag_ == "NNS" and t.dep_ == "advcl"))
    verb = next((t for t in verbs if t.lemma_.lower() not in ("be", "have")), None)
    if verb is None and len(when) > 2 and when[-1].tag_ == "NNS":
        verb, subject = when[-1], when[-2] if when[-2].pos_ in ("NOUN", "PROPN") else None  # "the printer jams"
    possessive = any(t.tag_ == "PRP$" for t in when)
    return mark in ("when", "if", "whenever") and subject is not None and verb is not None and not possessive


def _is_mixed(verb: Token, doing: Sequence[Token]) -> bool:
    """Whether another clause with a subject of its own is joined in: that is no routine of the speaker's alone."""
    return any(t.dep_ == "conj" and any(c.dep_.startswith("nsubj") for c in t.children) for t in doing if t.i != verb.i)


def _condition(tokens: Sequence[Token], reader: Reader) -> str | None:
    """The condition told of somebody else: "before I deploy" becomes "before they deploy"."""
    if not any(t.pos_ in ("NOUN", "PROPN", "VERB") for t in tokens[1:]):
        return None
    if any(t.tag_ in ("VBD", "MD") or t.lower_ in ("will", "would", "was", "were") for t in tokens):
        return None
    told = turned(tokens, reader)
    return told[:1].lower() + told[1:] if told is not None else None


def _third(doing: Sequence[Token], told: str) -> str:
    """The verb, and those joined to it, in the third person: "clears the cache and restarts the runner"."""
    finite = [doing[0]]
    for before, token in pairwise(doing):
        if token.tag_ in ("VBP", "VB") and before.lower_ in ("and", "then"):
            finite.append(token)
    for token in finite:
        told = re.sub(rf"(?<!\w){re.escape(token.text)}(?!\w)", third_person(token.text), told, count=1)
    return told

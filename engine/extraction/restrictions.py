"""Denials of a part only: "I don't work for Bosch on weekends" leaves open, or says, that one does otherwise.

What is said not to be so is then the restricted thing itself ("coffee in the evening"), and nothing else ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import MONTHS, SEASONS, WEEKDAYS
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import preposition
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Token

_DENYING: Final = frozenset({"DISLIKES", "AVOIDS", "GAVE_UP"})
_DAYS: Final = frozenset({*WEEKDAYS, *(f"{day}s" for day in WEEKDAYS)})
# Parts of the day and the week, meals and other occasions that come again and again.
_RECURRING: Final = _DAYS | vocabulary().recurring_times
_PARTS_OF_THE_YEAR: Final = frozenset({*SEASONS, *MONTHS, "winters", "summers"})
_LIMITING: Final = frozenset(
    [
        "on",
        "in",
        "at",
        "after",
        "before",
        "during",
        "with",
        "without",
        "within",
        "for",
        "by",
        "between",
        "until",
        "till",
        "as",
        "from",
        "outside",
        "inside",
        "near",
        "to",
    ]
)
# "At all", "for health reasons", "at the moment" and the like leave nothing open.
_WITHOUT_LIMIT: Final = vocabulary().boundless
_GAINS: Final = frozenset({"fun", "money", "living", "pleasure"})
_EVENTS: Final = frozenset(
    ["work", "school", "training", "exercise", "practice", "sex", "sport", "sports", "running", "swimming", "gym"]
)
# How often or how far: "I don't eat meat every day", "not full-time", "not in Bergen proper".
_SCARCELY: Final = vocabulary().scarcely
_PART_TIME: Final = re.compile(r"\b(?:full|part)[- ]time\b", re.IGNORECASE)
_TELLING_WHEN: Final = frozenset({"when", "while", "whenever", "unless", "until", "if", "before", "after", "without"})
_LONGEST: Final = 8  # words of a restriction that is kept


def limited(draft: Draft, found: list[Candidate]) -> list[Candidate]:
    """The candidates of a clause with what it denies restricted as it says; others as they are."""
    if not draft.clause.negated and not any(c.predicate in _DENYING for c in found):
        return found
    if all(c.correction or not (c.negated or c.predicate in _DENYING) for c in found):
        return found
    words = restriction(draft)
    if words is None:
        return found
    kept = [_restricted(candidate, words) for candidate in found]
    return [candidate for candidate in kept if candidate is not None]


def _restricted(candidate: Candidate, words: str) -> Candidate | None:
    """The candidate about the restricted thing; None where only things are restricted, not people, places or firms."""
    if candidate.correction or not (candidate.negated or candidate.predicate in _DENYING):
        return candidate
    thing = candidate.object
    if candidate.predicate == "GAVE_UP" and not words:
        return candidate
    if thing is None or not words or thing.type in ("person", "place", "organisation") or thing.is_speaker:
        return None
    name = thing.name if words.lower() in thing.name.lower() else f"{thing.name} {words}"
    if len(name.split()) > _LONGEST:
        return None
    text = candidate.text
    if words.lower() not in text.lower():
        text = text.replace(thing.name, name, 1)
    return candidate.model_copy(update={"object": thing.model_copy(update={"name": name}), "text": text})


def restriction(draft: Draft) -> str | None:
    """The words that restrict what a clause denies ("" if they cannot be kept); None if nothing does."""
    clause = draft.clause
    if clause.negated and _PART_TIME.search(draft.sentence.text) is not None:
        return ""
    if clause.negated and any(_is_of_all(noun) for noun in [*clause.objects, *(noun for _, noun in clause.obliques)]):
        return ""
    strict = not clause.negated  # "I gave it up in May" is no restriction, "I hate coffee in the evening" is one
    for verb in [clause.verb] if clause.complement is None else [clause.verb, clause.complement]:
        for child in _around(verb, clause.objects):
            words = _limit(child, clause.lemma, strict=strict)
            if words is not None:
                return words
    return None


def _is_of_all(noun: Token) -> bool:
    """For "I'm not allergic to all nuts": to some she is."""
    return any(c.lower_ in ("all", "every", "both") and c.dep_ in ("det", "det:predet", "amod") for c in noun.children)


def _around(verb: Token, objects: list[Token]) -> Iterator[Token]:
    """What hangs on the verb and on its objects, the objects themselves left out."""
    held = [*objects, *(c for c in verb.children if c.dep_ in ("obj", "obl", "xcomp"))]
    for child in verb.children:
        if child.dep_ in ("obl", "obl:unmarked", "nmod", "advmod", "advcl"):
            yield child
    for noun in held:
        yield from (c for c in noun.children if c.dep_ in _BESIDE and c.i > noun.i)
        yield from (c for c in noun.children if c.lower_ in ("much", "many") and c.i < noun.i)


_BESIDE: Final = frozenset({"nmod", "obl", "advmod", "nmod:unmarked", "obl:unmarked"})


def _limit(token: Token, lemma: str, *, strict: bool) -> str | None:
    """The words of a restriction that ``token`` heads ("" where they say how often, or who), or None."""
    lower, doc = token.lower_, token.doc
    if lower in ("much", "many"):
        return "" if not strict and _is_compared(token) else None
    if token.dep_ == "advcl":
        if not strict and lower == "work" and doc[token.left_edge.i : token.right_edge.i + 1].text.lower() == "to work":
            return "to work"  # "I don't drive the Skoda to work", where the parse makes a verb of it
        topic = any(t.text == ":" for t in doc[token.i + 1 : token.head.i])  # "while we're on food: I don't eat meat"
        return "" if not strict and not topic and token.left_edge.lower_ in _TELLING_WHEN else None
    if token.dep_ == "advmod" or token.pos_ == "ADV":
        if strict or lower not in _SCARCELY or (lower == "just" and token.i < token.head.i):
            return None
        return ""
    if token.dep_ in ("obl:unmarked", "nmod:unmarked"):
        passing = lower in _PASSING_DAYS or (lower in _PASSING and _lead(token) in ("this", "next"))
        return "" if not strict and (passing or any(c.lower_ == "every" for c in token.children)) else None
    case = preposition(token)
    if case not in _LIMITING or token.i < token.head.i or not _is_limit(token, case, lemma, strict=strict):
        return None
    if token.ent_type_ or (case == "for" and lower in _STRETCHES):
        return ""
    return doc[token.left_edge.i : token.right_edge.i + 1].text


def _lead(token: Token) -> str:
    """The word in front of a time: "this" week."""
    return token.left_edge.lower_


def _is_compared(token: Token) -> bool:
    """Whether a degree is told by another's: "as much as my sister does", "so much cake since then"."""
    before = token.doc[token.i - 1].lower_ if token.i > 0 else ""
    return before in ("as", "so", "that") and not {"as", "since"}.isdisjoint(
        t.lower_ for t in token.doc[token.i + 1 : token.sent.end]
    )


# What is so for the time being only: "I can't drink coffee this week".
_PASSING_DAYS: Final = frozenset({"today", "tonight", "tomorrow"})
_STRETCHES: Final = frozenset({"day", "days", "week", "weeks", "month", "months", "weekend", "summer", "winter"})
_PASSING: Final = frozenset(
    {
        "week",
        "weekend",
        "month",
        "semester",
        "term",
        "season",
        "quarter",
        "morning",
        "afternoon",
        "evening",
        "time",
        *SEASONS,
    }
    | {*WEEKDAYS, *MONTHS}
)


def _is_limit(token: Token, case: str, lemma: str, *, strict: bool) -> bool:
    lower = token.lower_
    told = {c.lower_ for c in token.children if c.dep_ in ("det", "nmod:poss", "amod")}
    if lower in _RECURRING:
        return not told & {"this", "that", "last", "next"}
    head = token.head
    others = [c for c in head.children if c.dep_ == "obl" and c.i != token.i and preposition(c) == "in"]
    if case == "with" and others and not strict:
        return True  # "I don't live in Bath with my parents"
    if case == "with" and token.ent_type_ == "PER" and "obj" in (head.dep_, *(c.dep_ for c in head.children)):
        return True  # "I no longer play squash with Tom", not "I'm no longer with Tom"
    if strict:
        return False
    if lower in _PARTS_OF_THE_YEAR:
        return case in ("in", "during") and not told & {"this", "that", "last", "next"}
    if case == "for" and lower in _GAINS:
        return True
    own = predicate_table().verbs.get((lemma, case)) is not None  # "work for", "live in": what is denied itself
    if case == "for" and lower in _STRETCHES:
        return token.tag_ == "NN" or any(c.dep_ == "nummod" for c in token.children)  # not "for months"
    if own or lower in _WITHOUT_LIMIT or token.pos_ == "PRON":
        return False
    if token.ent_type_:
        return False
    if re.fullmatch(
        r"\d{1,2}(?::\d\d)?(?:[ap]m)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve", lower
    ):
        return case in ("after", "before", "until", "till", "at", "between")
    if case in ("after", "before"):
        return lower in _EVENTS or token.tag_ == "VBG"
    if lower == "own" and case in ("on", "of"):
        return True  # "I don't live there on my own"
    if case == "to":
        return any(c.dep_ == "obj" for c in token.head.children) and token.pos_ == "NOUN"
    if case in ("on", "during", "without", "with"):
        return token.pos_ in ("NOUN", "VERB", "ADJ") and not any(c.dep_ == "nmod:poss" for c in token.children)
    return case in ("in", "as", "at") and _is_limited_place(token, case, told)


def _is_limited_place(token: Token, case: str, told: set[str]) -> bool:
    """For "at home", "in restaurants", "as a manager"."""
    if case == "at":
        return token.lower_ in ("home", "work", "school", "parties", "weddings", "restaurants")
    if case == "as":
        return bool(told & {"a", "an"})
    return token.tag_ == "NNS"

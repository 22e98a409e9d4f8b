"""How somebody lives, told with plain verbs: "I live alone", "I work from home", "I get migraines"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import SURE, Draft
from factloom.engine.extraction.lemmas import gerund
from factloom.engine.extraction.phrases import conjuncts, is_content, phrase
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_TO_WORK: Final = r"to (?:work|school|uni|university|the office|college|the lab)\b"
# By the verb: what stands behind it.
_WAYS: Final = {
    "live": re.compile(r"(?:alone|by (?:my|him|her)self|on (?:my|his|her) own|off[- ]grid|off the grid)\b", re.I),
    "work": re.compile(
        r"(?:(?:mainly|mostly|fully) )?(?:from home|remotely|part[- ]time|full[- ]time|nights|night shifts|shifts|"
        r"weekends|"
        r"freelance|the night shift|for (?:my|him|her)self|(?:\w+|\d) (?:days|hours) a week)\b",
        re.I,
    ),
} | {verb: re.compile(_TO_WORK, re.I) for verb in ("cycle", "bike", "walk", "commute")}
_RECURRING: Final = frozenset(
    {"migraine", "migraines", "headaches", "nosebleeds", "heartburn", "hives", "cramps", "vertigo", "palpitations"}
)
_SICK: Final = frozenset({"carsick", "seasick", "airsick", "travelsick"})
_MEALS: Final = frozenset({"breakfast", "lunch", "dinner", "supper"})
_OFTEN: Final = frozenset({"usually", "always", "normally", "typically", "mostly", "often"})


def read_way_of_life(draft: Draft) -> list[Candidate | None]:
    """What a clause in the present says of how its subject lives."""
    clause = draft.clause
    if clause.tense is not Tense.PRESENT or clause.negated or clause.progressive or clause.passive or clause.perfect:
        return []
    if clause.lemma == "get":
        return _ill_at_times(draft)
    if clause.lemma == "have":
        return _meal(draft)
    way = _WAYS.get(clause.lemma)
    after = clause.verb.doc[clause.verb.i + 1 : draft.sentence.end].text if way is not None else ""
    match = way.match(after) if way is not None else None
    if match is None:
        return []
    doing = re.sub(r"\b(?:my|him|her)self\b", "oneself", match[0].lower())
    named = Mention(name=f"{gerund(clause.lemma)} {doing}", type="activity")
    return [_told(draft, subject, "DOES", named) for subject in _persons(draft)]


def _persons(draft: Draft) -> list[Mention]:
    return [subject for subject in draft.subjects() if subject.type == "person"]


def _told(draft: Draft, subject: Mention, predicate: str, object: Mention) -> Candidate | None:
    text = retell(draft.clause, subject.name, draft.reader, draft.when)
    return draft.candidate(subject, predicate, object, text=text, confidence=SURE)


def _ill_at_times(draft: Draft) -> list[Candidate | None]:
    """For "I get migraines when I don't sleep", "my mother-in-law gets carsick"."""
    clause = draft.clause
    words = [t for noun in clause.objects for t in conjuncts(noun) if t.lower_ in _RECURRING]
    words += [c for c in clause.verb.children if c.lower_ in _SICK]
    if re.search(r"\b(?:this|that|it|these)\b", draft.text, re.I):
        return []
    return [
        _told(draft, subject, "HAS_CONDITION", Mention(name=token.lower_, type="condition"))
        for token in words
        for subject in _persons(draft)
    ]


def _meal(draft: Draft) -> list[Candidate | None]:
    """For "I usually have oatmeal for breakfast"."""
    clause = draft.clause
    meal = any(case == "for" and noun.lemma_.lower() in _MEALS for case, noun in clause.obliques)
    meal = meal or any(c.lemma_.lower() in _MEALS for noun in clause.objects for c in noun.children if c.dep_ == "nmod")
    often = any(c.lower_ in _OFTEN for c in clause.verb.children) or "every" in draft.text.lower().split()
    if not (meal and often):
        return []
    return [
        _told(draft, subject, "EATS", Mention(name=_dish(noun), type="food"))
        for noun in (t for each in clause.objects for t in conjuncts(each))
        if noun.pos_ in ("NOUN", "PROPN")
        and is_content(noun, _dish(noun))
        and noun.lemma_.lower() not in vocabulary().empty_nouns
        for subject in _persons(draft)
    ]


def _dish(noun: Token) -> str:
    return re.split(r"\s+for\s+", phrase(noun))[0]

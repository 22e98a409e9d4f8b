"""How somebody lives, told with plain verbs: "I live alone", "I work from home", "I get migraines"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import SURE, Draft
from factloom.engine.extraction.lemmas import gerund
from factloom.engine.extraction.phrases import conjuncts, is_content, phrase
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_TO_WORK: Final = r"(?:in )?to (?:work|school|uni|university|the office|college|the lab)\b"
_BY: Final = (
    r"(?:(?:the|my|a) (?:\w+ )?"
    r"(?:bus|train|tram|bike|car|subway|metro|tube|ferry|scooter|motorbike|bicycle|underground) )"
)
_HOUR: Final = (
    r"up (?:really |very )?(?:early\b|(?:at|around|before|by) (?:about |around )?(?:\d[\d:.]*(?: ?[ap]m)?|\w+)\b)"
)
# By the verb: what stands behind it.
_LIVING: Final = {
    "live": re.compile(r"(?:alone|by (?:my|him|her)self|on (?:my|his|her) own|off[- ]grid|off the grid)\b", re.I),
    "work": re.compile(
        r"(?:(?:mainly|mostly|fully) )?(?:from home|remotely|part[- ]time|full[- ]time|nights|night shifts|shifts|"
        r"weekends|"
        r"freelance|the night shift|for (?:my|him|her)self|(?:\w+|\d) (?:days|hours) a week)\b",
        re.I,
    ),
}
_WAYS: Final = (
    _LIVING
    | {verb: re.compile(_TO_WORK, re.I) for verb in ("cycle", "bike", "walk", "commute")}
    | {verb: re.compile(f"{_BY}?{_TO_WORK}", re.I) for verb in ("ride", "drive")}
    | {verb: re.compile(f"{_BY}{_TO_WORK}", re.I) for verb in ("take", "catch")}
    | {f"{verb} up": re.compile(_HOUR, re.I) for verb in ("get", "wake")}
)
_RECURRING: Final = frozenset(
    {"migraine", "migraines", "headaches", "nosebleeds", "heartburn", "hives", "cramps", "vertigo", "palpitations"}
)
_SICK: Final = frozenset({"carsick", "seasick", "airsick", "travelsick"})
_MEALS: Final = frozenset({"breakfast", "lunch", "dinner", "supper"})
_OFTEN: Final = frozenset({"usually", "always", "normally", "typically", "mostly", "often"})


def read_way_of_life(draft: Draft) -> list[Candidate | None]:
    """What a clause in the present says of how its subject lives."""
    clause = draft.clause
    if clause.lemma == "know":
        return _acquainted(draft)
    if clause.lemma == "see" and clause.progressive and not clause.negated:
        return _in_care(draft)
    if clause.tense is not Tense.PRESENT or clause.negated or clause.progressive or clause.passive or clause.perfect:
        return []
    if clause.lemma == "get":
        return _ill_at_times(draft) or _uneasy(draft)
    if clause.lemma == "have":
        return _meal(draft)
    if clause.lemma == "find":
        return _found_so(draft)
    way = _WAYS.get(clause.lemma)
    after = clause.verb.doc[clause.verb.i + 1 : draft.sentence.end].text if way is not None else ""
    match = way.match(after) if way is not None else None
    if match is None:
        return []
    if (
        clause.lemma.endswith(" up")
        and not _OFTEN & {t.lower_ for t in draft.sentence}
        and not _EVERY.search(draft.text)
    ):
        return []  # "I get up at six tomorrow"
    doing = re.sub(r"\b(?:my|him|her)self\b", "oneself", match[0].lower())
    doing = re.sub(r"\b(?:my|his|her|the) (?=\w)", lambda m: "the " if m[0].lower() == "the " else "a ", doing)
    named = Mention(name=f"{gerund(clause.lemma.split()[0])} {doing}", type="activity")
    return [_told(draft, subject, "DOES", named) for subject in _persons(draft)]


def _persons(draft: Draft) -> list[Mention]:
    return [subject for subject in draft.subjects() if subject.type == "person"]


def _told(draft: Draft, subject: Mention, predicate: str, object: Mention) -> Candidate | None:
    text = retell(draft.clause, subject.name, draft.reader, draft.when)
    return draft.candidate(subject, predicate, object, text=text, confidence=SURE)


def _acquainted(draft: Draft) -> list[Candidate | None]:
    """For "I've known Petra since kindergarten", "I've known Petra for ten years"."""
    clause = draft.clause
    lasting = draft.since or any(case in ("since", "for") for case, _ in clause.obliques)
    if not clause.perfect or clause.negated or not lasting:
        return []
    people = [draft.reader.mention(noun, type="person") for noun in clause.objects if noun.text[:1].isupper()]
    return [
        _told(draft, subject, "KNOWS", person)
        for person in people
        if person is not None and person.type == "person"
        for subject in _persons(draft)
    ]


def _in_care(draft: Draft) -> list[Candidate | None]:
    """For "I've been seeing a therapist since March", "she's seeing a physio"."""
    found: list[Candidate | None] = []
    for noun in draft.clause.objects:
        relation = predicate_table().relations.get(noun.lemma_.lower())
        if relation is None or relation.predicate != "HAS_DOCTOR" or not any(c.lower_ == "a" for c in noun.children):
            continue
        for subject in _persons(draft):
            carer = Mention(name=f"{subject.name}'s {noun.lemma_.lower()}", type="person")
            found.append(_told(draft, subject, "HAS_DOCTOR", carer))
    return found


_PLEASING: Final = frozenset(
    {"relaxing", "soothing", "therapeutic", "fascinating", "calming", "meditative", "enjoyable"}
)
_TRYING: Final = frozenset(
    {"exhausting", "boring", "stressful", "annoying", "tiring", "draining", "overwhelming", "scary", "creepy", "dull"}
    | {"irritating", "unbearable", "disgusting", "gross", "tedious"}
)
_FOUND_SO: Final = re.compile(
    r"(?P<what>[\w'-]+(?: [\w'-]+){0,2}?) "
    r"(?:(?:really|so|very|quite|pretty|too|rather|super|incredibly) )?(?P<how>[a-z]+)"
    r"(?=[.,!;]|$)",
    re.IGNORECASE,
)
_POINTING: Final = re.compile(r"\b(?:it|this|that|them|these|those|you|your|him|her|the|my|our)\b", re.IGNORECASE)


def _found_so(draft: Draft) -> list[Candidate | None]:
    """For "I find crowds exhausting", "I find gardening relaxing"."""
    match = _FOUND_SO.match(draft.clause.verb.doc[draft.clause.verb.i + 1 : draft.sentence.end].text)
    how = match["how"].lower() if match is not None else ""
    if match is None or how not in _PLEASING | _TRYING or _POINTING.search(match["what"]):
        return []
    thing = Mention(name=match["what"], type="thing")
    predicate = "LIKES" if how in _PLEASING else "DISLIKES"
    return [_told(draft, subject, predicate, thing) for subject in _persons(draft)]


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


_EVERY: Final = re.compile(r"\b(?:every|each|weekdays|workdays|mornings|\w+days)\b", re.IGNORECASE)
_UNEASY: Final = re.compile(
    r"(?:really |so |very |quite |pretty |super )?"
    r"(?P<how>anxious|nervous|panicky|dizzy|claustrophobic|homesick|overwhelmed)"
    r" (?P<where>(?:in|around|on|before) (?!it\b|this\b|that\b|them\b|you\b|the\b|my\b)[a-z]+(?: [a-z]+)?)(?=[.,!;]|$)",
    re.IGNORECASE,
)


def _uneasy(draft: Draft) -> list[Candidate | None]:
    """For "I get anxious in crowds"."""
    match = _UNEASY.match(draft.clause.verb.doc[draft.clause.verb.i + 1 : draft.sentence.end].text)
    if match is None:
        return []
    trait = Mention(name=f"{match['how']} {match['where']}".lower(), type="value")
    return [_told(draft, subject, "HAS_TRAIT", trait) for subject in _persons(draft)]


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

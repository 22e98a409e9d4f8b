"""What happened to what is somebody's own, and where they were: "my car broke down", "on our trip to Norway"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.dates import When, find_when
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.phrases import entity_type, is_content, phrase, relation_of
from factloom.engine.extraction.predications import Tense, preposition
from factloom.engine.extraction.rendering import named_once, retell
from factloom.engine.extraction.sentences import lemmas_in
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_OWN: Final = frozenset({"my", "our"})
_BEHIND: Final = frozenset({"on", "from", "during", "after", "since"})


def read_happening(draft: Draft) -> list[Candidate]:
    """For "my car broke down last Friday", "our flight was cancelled": it is told of whose the thing is."""
    clause, noun, speaker = draft.clause, draft.clause.subject, draft.reader.speaker
    if noun is None or speaker is None or clause.tense is not Tense.PAST or clause.negated or clause.copula is not None:
        return []
    if clause.complement is not None or clause.hearsay or noun.pos_ not in ("NOUN", "PROPN"):
        return []
    owned = any(c.dep_ == "nmod:poss" and c.lower_ in _OWN and c.i < noun.i for c in noun.children)
    back = not clause.particle and any(c.lower_ == "back" and c.i == clause.verb.i + 1 for c in clause.verb.children)
    lemma = clause.lemma.replace(" ", "+") + ("+back" if back else "")
    told = lemma in (vocabulary().befalling if clause.passive else vocabulary().happening)
    name = phrase(noun)
    if not (owned and told) or relation_of(noun) is not None or not is_content(noun, name):
        return []
    whose = f"{speaker.name}'s {noun.doc[noun.left_edge.i + 1 : noun.i + 1].text}"
    text = named_once(retell(clause, whose, draft.reader, draft.when), speaker.name)
    particle = f" {clause.particle}" if clause.particle else ""
    event = Mention(name=f"{name} {clause.verb.lower_}{particle}"[:200], type="event")
    fact = draft.candidate(speaker, "EXPERIENCED", event, text=text, confidence=FAIR)
    return [fact] if fact is not None else []


def read_trips(drafts: list[Draft]) -> list[Candidate]:
    """For "I took this on my trip to Norway last year": the trip is taken for granted, and over.

    ``drafts`` are the clauses of one sentence; one of them tells that it speaks of the past.
    """
    first = drafts[0]
    if vocabulary().trips.isdisjoint(lemmas_in(first.sentence.doc)):
        return []
    past = any(draft.clause.tense is Tense.PAST and draft.clause.factual for draft in drafts)
    found: list[Candidate | None] = []
    for token in first.sentence:
        if token.lemma_.lower() not in vocabulary().trips or token.tag_ != "NN":
            continue
        owned = any(c.dep_ == "nmod:poss" and c.lower_ in _OWN for c in token.children)
        place = _destination(token)
        case = preposition(token)
        when = _when(first, token)
        over = (past and case in _BEHIND) or (when is not None and when.end <= first.anchor)
        back = first.sentence.doc[max(token.i - 5, 0) : token.i].text.lower()
        over = over or (case == "from" and token.head.lemma_.lower() in vocabulary().pictures)
        over = over or re.search(r"\b(?:back|home|returned) from\b", back) is not None
        if not (owned or case in ("from", "on")) or place is None or not over or first.reader.speaker is None:
            continue
        mention = first.reader.mention(place, type="place")
        if mention is None or not mention.name[:1].isupper() or entity_type(place) == "person":
            continue
        where = mention.model_copy(update={"type": "place"})
        speaker = first.reader.speaker
        the = "the " if any(c.lower_ == "the" for c in place.children) else ""
        dated = f" {when.phrase}" if when is not None and when.end <= first.anchor else ""
        text = f"{speaker.name} visited {the}{where.name}{dated}."
        told = replace(first, when=when if dated else None, period=None)
        found.append(told.candidate(speaker, "VISITED", where, text=text))
    return [candidate for candidate in found if candidate is not None]


def _destination(trip: Token) -> Token | None:
    """Norway in "my trip to Norway"."""
    for child in trip.children:
        if (
            child.i > trip.i
            and child.dep_ in ("nmod", "obl")
            and preposition(child) in ("to", "in", "around", "across")
        ):
            return child if child.pos_ == "PROPN" or entity_type(child) == "place" else None
    return None


def _when(draft: Draft, trip: Token) -> When | None:
    """The day named behind the trip in the same sentence."""
    rest = draft.sentence.doc[trip.i : draft.sentence.end]
    when = find_when(rest.text, draft.anchor)
    if when is None:
        return None
    return replace(when, span=(when.span[0] + rest.start_char, when.span[1] + rest.start_char))


_TAKING: Final = frozenset({"take", "snap", "shoot", "capture", "get"})
_GATHERINGS: Final = frozenset(
    ["dance", "game", "meal", "session", "practice", "walk", "swim", "gathering", "get-together"]
)
_GOOD_TIMES: Final = frozenset(
    {"time", "blast", "fun", "day", "evening", "night", "weekend", "experience", "ball", "week"}
)


def read_good_time(draft: Draft) -> list[Candidate]:
    """For "we had a blast at the jazz festival last year", "I took this photo in Norway": that they were there."""
    clause = draft.clause
    met = _GOOD_TIMES | _GATHERINGS | vocabulary().occasions
    spent = met if clause.lemma in ("have", "spend") else vocabulary().pictures if clause.lemma in _TAKING else ()
    over = clause.tense is Tense.PAST and not (clause.perfect or clause.negated)
    if not over or not any(noun.lemma_.lower() in spent for noun in clause.objects):
        return []
    nested = [(preposition(c), c) for noun in clause.objects for c in noun.children if c.dep_ == "nmod"]
    found: list[Candidate | None] = []
    for case, noun in [*clause.obliques, *nested]:
        object = draft.reader.mention(noun) if case in ("at", "in") and noun.pos_ in ("NOUN", "PROPN", "X") else None
        named = entity_type(noun) == "place" or (object is not None and bool(object.aliases))
        if object is None or not (named or case == "at") or relation_of(noun) is not None or object.is_speaker:
            continue
        for subject in draft.subjects():
            if subject.type == "person" and noun.lemma_.lower() not in vocabulary().empty_nouns:
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(
                    draft.candidate(subject, "VISITED" if named else "GO_TO", object, text=text, confidence=FAIR)
                )
    return [candidate for candidate in found if candidate is not None]

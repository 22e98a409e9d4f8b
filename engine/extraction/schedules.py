"""When events are to be, and where things with a name are: "the demo is on the 24th", "at Hexadrive in Zurich"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import MONTHS
from factloom.engine.extraction.dates import When, find_when
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.phrases import called_later, entity_type, is_content, phrase, relation_of
from factloom.engine.extraction.predications import preposition
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_SETTING: Final = frozenset({"plan", "schedule", "set", "book", "postpone", "move", "fix", "due"})


def read_schedule(draft: Draft) -> list[Candidate]:
    """For "the release is planned for 22 September", "the demo isn't on the 24th, it's on the 29th"."""
    clause, token = draft.clause, draft.clause.subject
    placed = clause.copula is not None and preposition(clause.verb) in ("on", "in", "at", "due")
    if token is None or not (placed or (clause.passive and clause.lemma in _SETTING)):
        return []
    event = _event(token)
    when = _ahead(draft, clause.verb if placed else None)
    if event is None or when is None or when.end <= draft.anchor:
        return []
    day = date_words(when)
    timed = replace(draft, when=when, period=None)
    be = "is not" if clause.negated else "is"
    text = f"The {event.name} {be} planned for {day}."
    fact = timed.candidate(event, "PLANNED_FOR", Mention(name=day, type="date"), text=text, negated=clause.negated)
    if fact is None:
        return []
    metadata = {**fact.metadata, "planned_for": when.start.date().isoformat(), "precision": when.precision}
    return [fact.model_copy(update={"valid_at": draft.anchor, "metadata": metadata})]


def _event(token: Token) -> Mention | None:
    """The event that a subject names; an "it" is the event that the sentence named before."""
    if token.lower_ == "it":
        earlier = [t for t in token.sent if t.i < token.i and _is_event(t)]
        return _event(earlier[-1]) if earlier else None
    name = phrase(token)
    if not _is_event(token) or not is_content(token, name):
        return None
    return Mention(name=name, type="event")


def _is_event(token: Token) -> bool:
    lemma = token.lemma_.lower()
    known = lemma in vocabulary().appointments or lemma in vocabulary().occasions
    # "My exam is on the 3rd" is a plan of the speaker's, read as one.
    articles = {"the"} if lemma in ("flight", "exam") else {"the", "our"}
    articles |= {"my"} if lemma in vocabulary().appointments else set()
    return token.pos_ in ("NOUN", "PROPN") and known and any(c.lower_ in articles for c in token.children)


def _ahead(draft: Draft, predicate: Token | None) -> When | None:
    """The date after the verb, or in the predicate "on the 24th"."""
    start = min(t.i for t in predicate.subtree) if predicate is not None else draft.clause.verb.i + 1
    if predicate is not None:
        start = next((c.i for c in predicate.children if c.dep_ == "case"), start)
    rest = draft.sentence.doc[start : draft.sentence.end]
    when = find_when(rest.text, draft.anchor, future=True) if len(rest) else None
    if when is None or when.span[0] > 12:
        return None
    return replace(when, span=(when.span[0] + rest.start_char, when.span[1] + rest.start_char))


def date_words(when: When) -> str:
    """The day that something is planned for, as "12 July", "October 2025"."""
    month = MONTHS[when.start.month - 1].capitalize()
    return f"{when.start.day} {month}" if when.precision == "day" else when.phrase.removeprefix("in ")


def read_locations(draft: Draft) -> list[Candidate]:
    """Where a firm or shop is that is mentioned with its place: "at Hexadrive in Zurich"."""
    found: list[Candidate | None] = []
    for token in draft.sentence:
        holder = _held_in(token)
        place = draft.reader.mention(token, type="place") if holder is not None else None
        if holder is not None and place is not None:
            text = f"{holder.name} is in {place.name}."
            found.append(draft.candidate(holder, "LOCATED_IN", place.model_copy(update={"type": "place"}), text=text))
    return [
        fact.model_copy(update={"valid_at": draft.anchor, "invalid_at": None}) for fact in found if fact is not None
    ]


def _held_in(token: Token) -> Mention | None:
    """What the place is said of: the organisation right before "in", or the thing that gets a name."""
    doc, start = token.doc, token.i
    if entity_type(token) != "place" or token.ent_iob_ == "I" or start < 2 or doc[start - 1].lower_ != "in":
        return None
    before = doc[start - 2]
    if entity_type(before) == "organisation":
        first = before
        while first.i > 0 and first.ent_iob_ == "I":
            first = doc[first.i - 1]
        governed = first.i > 0 and doc[first.i - 1].lower_ in ("at", "for", "from", "the", "called", "joined", "with")
        return Mention(name=phrase(before), type="organisation") if governed else None
    named = called_later(before) if before.pos_ == "NOUN" and relation_of(before) is None else None
    return Mention(name=named, type="organisation") if named is not None else None

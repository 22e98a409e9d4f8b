"""Plans that are moved to another day, or dropped: "the exam got postponed to 12 July", "I'm not going after all".

The plan with the old day is over, and the one with the new day takes its place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_complement
from factloom.engine.extraction.dates import When, find_when
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.phrases import phrase
from factloom.engine.extraction.predications import Clause, Tense
from factloom.engine.extraction.rendering import activity, retell
from factloom.engine.extraction.schedules import date_words
from factloom.engine.extraction.sentences import words_in
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_MOVED: Final = frozenset(
    {"postponed", "postpone", "moved", "move", "rescheduled", "reschedule", "delayed", "delay", "shifted", "shift"}
    | {"pushed", "push", "brought", "bring", "put"}
)
_WITH_PARTICLE: Final = {
    "push": frozenset({"back"}),
    "put": frozenset({"off", "back"}),
    "bring": frozenset({"forward"}),
}
_TO: Final = re.compile(r"\b(?:to|till|until|for|by)\s+", re.IGNORECASE)
_MORE: Final = frozenset({"flight", "trip", "move", "holiday", "departure", "session", "deadline", "date"})
_AFTER_ALL: Final = re.compile(r"\bafter all\b|\bany ?more\b|\bno longer\b|\bany longer\b", re.IGNORECASE)


def read_changed_plan(draft: Draft) -> list[Candidate]:
    """Candidates of a clause that moves a plan to another day, or drops it."""
    words = words_in(draft.sentence.doc)
    if not _MOVED.isdisjoint(words):
        moved = _moved(draft)
        if moved:
            return moved
    dropping = draft.clause.negated or "not" in words
    return _dropped(draft) if dropping else []


def _moved(draft: Draft) -> list[Candidate]:
    clause = draft.clause
    verb = clause.verb
    if clause.lemma == "have" and clause.complement is not None:  # "we had to push back the wedding"
        inner = read_complement(clause)
        clause, verb = (inner, inner.verb) if inner is not None else (clause, verb)
    if clause.negated or verb.lower_ not in _MOVED:
        return []
    particles = _WITH_PARTICLE.get(verb_lemma(verb))
    if particles is not None and not any(c.lower_ in particles for c in verb.children):
        return []
    token = clause.subject if clause.passive else next(iter(clause.objects), None)
    if token is None or not _is_planned(token):
        return []
    when = _new_day(draft, verb)
    if when is None and verb_lemma(verb) in ("move", "shift", "bring"):
        return []
    mover = clause.subject if not clause.passive else None
    return _on_another_day(draft, token, when, mover)


def _is_planned(token: Token) -> bool:
    """Whether it is an appointment or the like, and just one."""
    known = vocabulary().appointments | vocabulary().occasions | _MORE
    owned = any(c.dep_ in ("det", "nmod:poss") and c.lower_ not in ("a", "an") for c in token.children)
    several = token.tag_ in ("NNS", "NNPS") and token.lower_.endswith("s")
    return token.lemma_.lower() in known and owned and not several


def _new_day(draft: Draft, verb: Token) -> When | None:
    """The day behind "to", if one is told."""
    rest = draft.sentence.doc[verb.i + 1 : draft.sentence.end]
    lead = _TO.search(rest.text)
    if lead is None:
        return None
    text = rest.text[lead.end() :]
    found = (find_when(f"{before}{text}", draft.anchor, future=True) for before in ("", "on ", "in "))
    when = next((one for one in found if one is not None), None)
    if when is None or when.end <= draft.anchor or when.span[0] > 0:
        return None
    return replace(when, span=(rest.start_char, draft.sentence.end_char), since=False, beginning="on")


def _on_another_day(draft: Draft, token: Token, when: When | None, mover: Token | None) -> list[Candidate]:
    """That the plan is for another day, and no longer for the one it was told for."""
    name = re.split(r"\s(?:to|till|until|for|in|on|at|next|this)\s", phrase(token))[0]
    event = Mention(name=name, type="event")
    owner_token = next((c for c in token.children if c.dep_ == "nmod:poss"), None)
    own = (
        owner_token if owner_token is not None else mover if mover is not None and mover.lower_ in ("i", "we") else None
    )
    owner = draft.reader.mention(own, type="person") if own is not None else None
    told = replace(draft, when=when, period=None, undated=None)
    if when is None:
        text = f"The {name} was postponed." if owner is None else f"{owner.name}'s {name} was postponed."
        new = told.candidate(event, "WAS_POSTPONED", Mention(name="postponed", type="value"), text=text)
    elif owner is None:
        text = f"The {name} is planned for {date_words(when)}."
        new = told.candidate(event, "PLANNED_FOR", Mention(name=date_words(when), type="date"), text=text)
    else:
        text = f"{owner.name}'s {name} is {when.phrase}."
        new = told.candidate(owner, "PLANS", event, text=text)
    if new is None:
        return []
    if when is not None:
        planned = {"planned_for": when.start.date().isoformat(), "precision": when.precision}
        new = new.model_copy(update={"valid_at": draft.anchor, "metadata": {**new.metadata, **planned}})
    holder = owner or draft.reader.speaker
    over = [told.candidate(holder, "PLANS", event, text=text, negated=True)] if holder is not None else []
    if owner is not None or when is None:
        over.append(told.candidate(event, "PLANNED_FOR", None, text=text, negated=True))
    gone = {"valid_at": draft.anchor, "invalid_at": None}
    return [*(fact.model_copy(update=gone) for fact in over if fact is not None), new]


def _dropped(draft: Draft) -> list[Candidate]:
    """For "we're not going to Rome after all", "I decided not to go to Rome"."""
    clause = draft.clause
    planned: Clause | None = None
    predicate = "PLANS_TO"
    if clause.negated and _AFTER_ALL.search(draft.text) is not None:
        going = clause.progressive and clause.tense is Tense.PRESENT and not clause.perfect
        planned = clause if going or clause.tense is Tense.FUTURE else None
        if planned is not None and clause.lemma in ("go", "plan") and clause.complement is not None:
            planned = read_complement(clause)  # "I'm not going to move after all"
        if clause.lemma == "want" and clause.complement is not None:
            planned, predicate = read_complement(clause), "WANTS_TO"  # "I don't want to be a doctor any more"
    elif verb_lemma(clause.verb) == "decide" and clause.complement is not None:
        inner = read_complement(clause)
        planned = inner if inner is not None and (inner.negated or clause.negated) else None
    doing = activity(planned, draft.reader, draft.when, dropped=True) if planned is not None else None
    if doing is None or planned is None or (planned.copula is not None and predicate == "PLANS_TO"):
        return []
    object = Mention(name=doing[:200], type="activity")
    found = [
        draft.candidate(
            subject, predicate, object, text=retell(clause, subject.name, draft.reader, draft.when), negated=True
        )
        for subject in draft.subjects()
    ]
    return [fact.model_copy(update={"valid_at": draft.anchor}) for fact in found if fact is not None]

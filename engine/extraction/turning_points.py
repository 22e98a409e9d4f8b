"""Turning points of a life told with plain verbs: a job quit, a place at a school, a divorce, a lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.predications import Clause, Tense
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.sentences import lemmas_in
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_GATE: Final = frozenset({"job", "into", "divorce", "lease", "mortgage", "drop"})
_SCHOOLS: Final = frozenset(
    [
        "university",
        "uni",
        "college",
        "school",
        "program",
        "programme",
        "course",
        "academy",
        "conservatory",
        "masters",
        "phd",
        "residency",
        "team",
        "band",
        "league",
    ]
)
_OWN: Final = frozenset({"my", "our", "his", "her", "their"})
_TOLD: Final = ("HAD_MILESTONE", "LEFT_JOB_AT", "GET_INTO")


def read_turning_point(draft: Draft, told: list[Candidate]) -> list[Candidate]:
    """The event that the clause is, beside what it ends; ``told``: what has been read of it."""
    clause = draft.clause
    if clause.negated or clause.copula is not None or not _GATE & lemmas_in(draft.sentence.doc):
        return []
    if any(fact.predicate in _TOLD for fact in told):
        return []
    name = _ahead(clause) if clause.progressive and clause.tense is Tense.PRESENT else _past(clause)
    if name is None:
        return []
    event = Mention(name=name, type="event")
    own = clause.subject is None or clause.subject.lower_ in ("i", "we")
    if name == "resignation" and draft.when is None and not (own and _tells_more(clause)):
        return []  # "I quit my job" ends it, and tells nothing more
    found = [
        draft.candidate(s, "HAD_MILESTONE", event, text=retell(clause, s.name, draft.reader, draft.when))
        for s in draft.subjects()
        if s.is_speaker or s.type == "person"
    ]
    return [candidate for candidate in found if candidate is not None]


def _past(clause: Clause) -> str | None:
    if clause.tense is not Tense.PAST and not clause.perfect and clause.verb.lower_ != "quit":
        return None
    own = [noun for noun in clause.objects if any(c.lower_ in _OWN for c in noun.children)]
    if clause.lemma in ("quit", "leave") and any(noun.lemma_.lower() == "job" for noun in own):
        return "resignation"
    if clause.lemma == "sign" and any(noun.lemma_.lower() in ("lease", "mortgage") for noun in clause.objects):
        return "signing of a lease"
    if clause.lemma == "get" and any(case == "into" and _is_school(noun) for case, noun in clause.obliques):
        return "admission"
    if clause.lemma == "drop out" and any(case == "of" and _is_school(noun) for case, noun in clause.obliques):
        return "dropping out"
    return None


def _tells_more(clause: Clause) -> bool:
    """Whether the job, or the leaving of it, is described: "my job at the bank"."""
    return bool(clause.obliques) or any(
        c.dep_ in ("nmod", "amod", "compound") for n in clause.objects for c in n.children
    )


def _is_school(noun: Token) -> bool:
    return noun.lemma_.lower() in _SCHOOLS or (noun.pos_ == "PROPN" and noun.text[:1].isupper())


def _ahead(clause: Clause) -> str | None:
    """For "we're getting a divorce"."""
    nouns = {noun.lemma_.lower() for noun in clause.objects}
    return "divorce" if clause.lemma == "get" and "divorce" in nouns else None

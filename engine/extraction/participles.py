"""What participles beside a statement tell: "I'm doing my part, volunteering at a shelter", "by having my own shop"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_clause
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense
from factloom.engine.extraction.rendering import article
from factloom.schemas.extraction import Candidate

if TYPE_CHECKING:
    from spacy.tokens import Token


def participial_clauses(clause: Clause) -> Iterator[Clause]:
    """The clauses that participles behind a stated one make, with its subject and tense.

    Only what is done at the same time or is the means; what follows "for", "from", "of" need not be so.
    """
    stated = clause.factual and not clause.negated and not clause.hearsay and clause.copula is None
    if not stated or clause.tense is Tense.FUTURE or (clause.subject is None and not clause.implicit):
        return
    if not (clause.progressive or clause.tense is Tense.PAST):
        return  # "I relax by painting": whenever that is
    for child in clause.verb.children:
        if child.dep_ == "advcl" and child.tag_ == "VBG" and child.i > clause.verb.i and _goes_with(child, clause.verb):
            inner = read_clause(child)
            inner.subject, inner.implicit = clause.subject, clause.implicit
            inner.tense, inner.factual = clause.tense, True
            inner.perfect, inner.progressive = clause.perfect, clause.progressive
            if inner.lemma == "have":
                inner.progressive, inner.perfect = False, False
            yield inner


def reworded(draft: Draft, facts: list[Candidate]) -> list[Candidate]:
    """Those of the facts whose predicate has a sentence of its own, told in it: the words of a participle make none."""
    told = []
    for fact in facts:
        template = predicate_table().get(fact.predicate).text
        if template and fact.object is not None and not fact.negated:
            name = fact.object.name
            some = article(name) if fact.object.type == "organisation" and name[:1].islower() else ""
            text = draft.fill(template, fact.subject, fact.object.model_copy(update={"name": f"{some}{name}"}))
            told.append(fact.model_copy(update={"text": text}))
    return told


_MEANS: Final = frozenset({"by", "while"})


def _goes_with(child: Token, verb: Token) -> bool:
    marks = {c.lower_ for c in child.children if c.dep_ in ("mark", "case")}
    if any(c.dep_ in SUBJECTS for c in child.children) or marks - _MEANS:
        return False
    edge = child.left_edge.i
    return bool(marks) or any(t.text in (",", "-", "–", "—") for t in verb.doc[edge - 1 : edge + 1])

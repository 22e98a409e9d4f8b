"""Which objects say enough: named ones, those described by more than one word, and what is new or made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.phrases import conjuncts, entity_type, relation_of
from factloom.engine.extraction.predications import Clause
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Mention

if TYPE_CHECKING:
    from spacy.tokens import Token


_TELLING_PREPOSITIONS: Final = frozenset(
    {"to", "at", "in", "for", "on", "from", "into", "about", "against", "around", "over"}
)


_COMPANIES: Final = frozenset(
    [
        "team",
        "organization",
        "organisation",
        "brand",
        "sponsor",
        "label",
        "group",
        "charity",
        "club",
        "band",
        "crew",
        "choir",
    ]
)


def main_oblique(draft: Draft) -> tuple[str, list[Token]]:
    """The preposition and nouns of the first oblique that tells where, what or whom, the date apart."""
    lists = vocabulary()
    for case, noun in draft.clause.obliques:
        between = noun.doc[draft.clause.verb.i + 1 : noun.i]
        if any(t.tag_ in ("VBZ", "VBD", "VBP") for t in between):
            continue  # it belongs to a verb in between
        if draft.when is not None and draft.when.span[0] <= noun.idx < draft.when.span[1]:
            continue
        person = entity_type(noun) == "person" or relation_of(noun) is not None
        group = noun.lemma_.lower() in lists.workplaces | _COMPANIES
        if case in _TELLING_PREPOSITIONS or (case == "with" and (person or group)):
            return case, conjuncts(noun)
    return "", []


def takes_along(draft: Draft) -> bool:
    """For "I took the kids to the museum": where is worth more than whom."""
    clause = draft.clause
    if clause.lemma not in ("take", "bring", "drive", "invite", "accompany"):
        return False
    return any(case == "to" and noun.pos_ in ("NOUN", "PROPN") for case, noun in clause.obliques)


def is_new(noun: Token) -> bool:
    """Whether something new came into somebody's life: "some new shoes", "a new gym"."""
    words = {c.lower_ for c in noun.children if c.i < noun.i}
    known = words & {"the", "this", "that", "these", "those", "your", "his", "her", "their"}
    return "new" in words and not known and noun.lemma_.lower() not in vocabulary().empty_nouns


def is_tried(clause: Clause, noun: Token) -> bool:
    """For "I'm trying out yoga": what one tries out is new to one."""
    pointed = any(c.dep_ == "nmod:poss" or c.lower_ in ("the", "this", "that") for c in noun.children)
    return clause.lemma == "try out" and noun.lemma_.lower() not in vocabulary().empty_nouns and not pointed


def is_made(verb: str, noun: Token) -> bool:
    """For "we made pizza", "a cake I made": things, rather than progress, wishes and sense."""
    lists = vocabulary()
    pointed = any(c.lower_ in ("the", "those", "your") for c in noun.children)
    return verb == "make" and noun.lemma_.lower() not in lists.made_of_nothing | lists.empty_nouns and not pointed


def is_specific(noun: Token, object: Mention) -> bool:
    """Whether an object says enough for a verb that does not: named, or described by a noun or telling adjective."""
    if entity_type(noun) or object.type == "person" or object.name[:1].isupper():
        return True
    lists = vocabulary()
    if noun.lemma_.lower() in lists.occasions | lists.belongings:
        return True
    return any(
        c.dep_ in ("compound", "amod", "nmod") and c.lemma_.lower() not in lists.empty_adjectives | lists.empty_nouns
        for c in noun.children
    )

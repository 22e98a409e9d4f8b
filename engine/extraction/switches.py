"""What is changed for something else: "I switched from law to medicine", "I changed my major to biology".

The one ends and, where it is a subject that is studied, the other begins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.phrases import entity_type, phrase, relation_of
from factloom.engine.extraction.predications import Tense, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_SWITCHING: Final = frozenset({"switch", "change", "transfer", "swap"})
_COURSES: Final = frozenset({"major", "degree", "course", "subject", "programme", "program"})
# What one no longer does with the thing that was changed, and of what type that is.
_ENDED: Final = {"STUDIES": "topic", "LEARNS": "activity", "DRINKS": "food", "EATS": "food"}


def switched(draft: Draft, told: list[Candidate]) -> list[Candidate]:
    """What ends and begins where somebody changes one subject, drink or the like for another.

    ``told``: what has been read of it, whose words it takes.
    """
    clause = draft.clause
    if verb_lemma(clause.verb) not in _SWITCHING:
        return []
    if clause.tense is not Tense.PAST or clause.negated or clause.passive:
        return []
    old, new = _changed(draft)
    course = any(t.lemma_.lower() in _COURSES for t in clause.objects)
    studied = new is not None and new.lemma_.lower() in vocabulary().studies
    if not (studied and (course or not clause.objects)) and old is None:
        return []
    found: list[Candidate | None] = []
    for subject in draft.subjects():
        text = next((fact.text for fact in told if fact.subject == subject), None)
        if old is not None:
            kept = re.split(r" (?:to|for) ", phrase(old))[0]
            if text is None:
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, "SWITCH_FROM", Mention(name=kept), text=text, confidence=FAIR))
            found += [
                draft.candidate(subject, name, Mention(name=kept, type=kind), text=text, negated=True)
                for name, kind in _ENDED.items()
            ]
        if studied and new is not None:
            found += [draft.candidate(subject, "STUDIES", None, text=text, negated=True)] if old is None else []
            found.append(draft.candidate(subject, "STUDIES", Mention(name=phrase(new), type="topic")))
    return [candidate for candidate in found if candidate is not None]


def _changed(draft: Draft) -> tuple[Token | None, Token | None]:
    """The old thing and the new one, where each is a plain noun."""
    verb = draft.clause.verb
    nouns = [c for c in verb.children if c.dep_ in ("obl", "xcomp", "nmod")]
    nouns += [c for noun in [*nouns, *draft.clause.objects] for c in noun.children if c.dep_ in ("nmod", "obl")]
    old = next((noun for noun in nouns if preposition(noun) == "from" and _is_kind(noun)), None)
    if verb_lemma(verb) == "swap" and old is None:
        old = next((noun for noun in draft.clause.objects if _is_kind(noun)), None)
    new = next((noun for noun in nouns if preposition(noun) in ("to", "for") and _is_kind(noun)), None)
    return (old if new is not None else None), new


def _is_kind(noun: Token) -> bool:
    bare = not any(c.dep_ in ("det", "nmod:poss", "nummod") for c in noun.children)
    return bare and noun.pos_ in ("NOUN", "PROPN") and entity_type(noun) is None and relation_of(noun) is None

"""Tastes that are over: "I'm off coffee", "I'm done with Instagram", "I've gone off tea", "I don't do coffee any more".

What is not held of them is told once, as given up; the rest only ends what is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.phrases import entity_type, relation_of
from factloom.engine.extraction.predications import Tense, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.sentences import words_in
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate

if TYPE_CHECKING:
    from spacy.tokens import Token

_GATE: Final = frozenset({"off", "done", "through", "do"})
_THROUGH: Final = frozenset({"done", "through", "finished"})
_ENDED: Final = ("LIKES", "INTERESTED_IN", "FAVOURITE_FOOD", "FAVOURITE_DRINK")  # beside what GAVE_UP ends


def tastes_over(draft: Draft, told: list[Candidate]) -> list[Candidate]:
    """What the clause ends of somebody's tastes; ``told``: what has been read of it."""
    clause = draft.clause
    if _GATE.isdisjoint(words_in(clause.verb.doc)):
        return []
    if clause.negated:
        done = clause.lemma == "do" and clause.no_longer and clause.tense is Tense.PRESENT
        return _no_longer(told) if done else []
    nouns = [noun for noun in _left(draft) if _is_taste(noun)]
    found: list[Candidate | None] = []
    for subject in draft.subjects() if nouns else []:
        text = retell(clause, subject.name, draft.reader, draft.when)
        for noun in nouns:
            thing = draft.reader.mention(noun)
            if thing is not None and (subject.is_speaker or subject.type == "person"):
                found.append(draft.candidate(subject, "GAVE_UP", thing, text=text, confidence=FAIR))
                found += [draft.candidate(subject, name, thing, text=text, negated=True) for name in _ENDED]
    return [candidate for candidate in found if candidate is not None]


def _no_longer(told: list[Candidate]) -> list[Candidate]:
    """For "I don't do coffee any more": what is avoided from now on is not liked either."""
    avoided = [fact for fact in told if fact.predicate == "AVOIDS" and not fact.negated]
    return [fact.model_copy(update={"predicate": "LIKES", "negated": True}) for fact in avoided]


def _left(draft: Draft) -> list[Token]:
    """What somebody is off or done with, or has gone off."""
    clause = draft.clause
    if clause.tense is Tense.FUTURE or (clause.passive and clause.verb.lower_ not in _THROUGH):
        return []
    if verb_lemma(clause.verb) == "go" and (clause.perfect or clause.tense is Tense.PAST) and not clause.objects:
        return [noun for case, noun in clause.obliques if case == "off"]
    being = clause.copula is not None or clause.passive
    if not being or clause.tense is not Tense.PRESENT:
        return []
    if clause.verb.lower_ in _THROUGH:
        return [noun for case, noun in clause.obliques if case == "with"]
    return [clause.verb] if preposition(clause.verb) == "off" else []


def _is_taste(noun: Token) -> bool:
    """Whether it is a thing of a kind, or a doing: nobody in particular, and nothing of a single day."""
    bare = not any(c.dep_ in ("det", "nmod:poss", "nummod", "nmod", "amod") for c in noun.children)
    named = noun.text[:1].isupper() and entity_type(noun) not in (None, "organisation")
    kind = noun.pos_ in ("NOUN", "PROPN") or noun.tag_ == "VBG"
    return kind and bare and not named and relation_of(noun) is None and noun.lower_ not in vocabulary().daily

"""What somebody shows or mentions as their own: "here's one of my trophies", "these are my lucky shoes", "my shop"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.phrases import entity_type, relation_of
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense, preposition
from factloom.engine.extraction.rendering import article, retell
from factloom.engine.extraction.specifics import is_specific
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate

if TYPE_CHECKING:
    from spacy.tokens import Token

_POINTING: Final = frozenset({"this", "that", "these", "those", "here"})
_OWNERS: Final = frozenset({"my", "our"})


def read_shown(draft: Draft) -> list[Candidate]:
    """For "here's a picture of my new motorbike", "these are my lucky basketball shoes": whoever shows it has it."""
    clause = draft.clause
    if clause.copula is None or clause.negated or clause.tense is not Tense.PRESENT or clause.subject is None:
        return []
    pointing = next((t for t in (clause.verb, clause.subject) if t.lower_ in _POINTING), None)
    if pointing is None:
        return []
    shown = _depicted(clause.subject if pointing.i == clause.verb.i else clause.verb)
    mention = draft.reader.mention(shown)
    return _has(draft, shown) if mention is not None and is_specific(shown, mention) else []


def read_owned(draft: Draft) -> list[Candidate]:
    """For "by having my own dance studio": a participle, which has no sentence of its own."""
    clause = draft.clause
    nouns = clause.objects if clause.lemma in ("have", "own") else []
    return [fact for noun in nouns for fact in _has(draft, noun)]


def read_venture(draft: Draft) -> list[Candidate]:
    """For "my online clothes store is open": a shop, a band or a boat that is spoken of as one's own, or wanted."""
    clause = draft.clause
    nouns = [] if clause.negated else [clause.subject, *clause.objects, *(noun for _, noun in clause.obliques)]
    found: list[Candidate] = []
    for noun in nouns:
        if noun is None or noun.lemma_.lower() not in vocabulary().ventures or noun.tag_ != "NN":
            continue
        if _is_longed_for(clause, noun):
            found += _wants(draft, noun)
            continue
        hoped = any(c.lemma_.lower() in _HOPED for c in noun.children)
        if any(c.dep_ == "compound" for c in noun.children) and not hoped and clause.tense is not Tense.FUTURE:
            found += _has(draft, noun)
    return found


def _is_longed_for(clause: Clause, noun: Token) -> bool:
    """For "I want my own dance studio to open soon", "I dream of my own shop": one that is yet to be had."""
    own = any(c.lower_ == "own" for c in noun.children)
    towards = any(case in ("towards", "toward") and t.i == noun.i for case, t in clause.obliques)
    return own and noun.i > clause.verb.i and (clause.lemma in _LONGING or towards)


def _wants(draft: Draft, noun: Token) -> list[Candidate]:
    owner = next((c for c in noun.children if c.dep_ == "nmod:poss" and c.i < noun.i), None)
    object, speaker = draft.reader.mention(noun), draft.reader.speaker
    if owner is None or owner.lower_ not in _OWNERS or object is None or speaker is None:
        return []
    if speaker not in draft.subjects():
        return []
    text = retell(draft.clause, speaker.name, draft.reader, draft.when)
    fact = draft.candidate(speaker, "WANTS", object, text=text, confidence=FAIR)
    return [fact] if fact is not None else []


_LONGING: Final = frozenset({"want", "need", "wish", "hope", "dream", "imagine", "crave", "save", "look", "long"})


def _depicted(noun: Token) -> Token:
    """The trophies in "one of my trophies", the dog in "a picture of my dog"."""
    if noun.lower_ != "one" and noun.lemma_.lower() not in vocabulary().pictures:
        return noun
    return next((c for c in noun.children if c.dep_ in ("nmod", "obl") and preposition(c) == "of"), noun)


def _has(draft: Draft, noun: Token) -> list[Candidate]:
    owner = next((c for c in noun.children if c.dep_ == "nmod:poss" and c.i < noun.i), None)
    if owner is None or owner.lower_ not in _OWNERS or noun.pos_ != "NOUN" or draft.reader.speaker is None:
        return []
    if relation_of(noun) is not None or entity_type(noun) is not None or draft.reader.several(noun) is not None:
        return []
    if any(c.lemma_.lower() in _MATCHLESS for c in noun.children) or any(c.dep_ in SUBJECTS for c in noun.children):
        return []
    object = draft.reader.mention(noun)
    if object is None or object.type == "person":
        return []
    speaker = draft.reader.speaker
    some = "" if noun.tag_ == "NNS" else article(object.name)
    fact = draft.candidate(speaker, "HAS", object, text=f"{speaker.name} has {some}{object.name}.", confidence=FAIR)
    return [fact] if fact is not None else []


_HOPED: Final = frozenset({"dream", "ideal", "future", "next", "old", "former", "perfect", "potential"})
# What is one's best or dearest is read elsewhere, or is no possession: "this is my favourite song".
_MATCHLESS: Final = frozenset({"favorite", "favourite", "fave", "best", "last", "first", "next", "only", "biggest"})

"""Fondness taken for granted: "I've always had a love for horses", "my passion for old maps"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.phrases import entity_type
from factloom.engine.extraction.predications import preposition
from factloom.engine.extraction.sentences import lemmas_in, words_in
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_FONDNESS: Final = dict.fromkeys(("love", "fondness", "liking", "soft spot"), "LIKES") | dict.fromkeys(
    ("passion", "interest", "fascination", "enthusiasm", "obsession"), "INTERESTED_IN"
)
_FAVOURITES: Final = frozenset({"favorite", "favourite", "favorites", "favourites", "fave", "faves"})
_FOND: Final = _FONDNESS.keys() | _FAVOURITES


def read_fondness(draft: Draft) -> list[Candidate]:
    """What the speaker is fond of, wherever in the sentence it stands; ``draft`` is a clause that states something."""
    speaker = draft.reader.speaker
    doc = draft.sentence.doc
    if _FOND.isdisjoint(lemmas_in(doc)) and _FOND.isdisjoint(words_in(doc)):
        return []
    found: list[Candidate | None] = []
    for token in draft.sentence if speaker is not None else ():
        told = _loved(draft, token) or _favourite(draft, token)
        for predicate, thing in told:
            assert speaker is not None
            said = "likes" if predicate == "LIKES" else "is interested in"
            text = f"{speaker.name} {said} {thing.name}."
            fact = draft.candidate(speaker, predicate, thing, text=text, confidence=FAIR)
            found.append(fact and fact.model_copy(update={"valid_at": draft.anchor, "invalid_at": None}))
    return [candidate for candidate in found if candidate is not None]


def _loved(draft: Draft, token: Token) -> list[tuple[str, Mention]]:
    """For "my love of dance", "I have a passion for old maps"."""
    predicate = _FONDNESS.get(token.lemma_.lower()) if token.pos_ == "NOUN" else None
    if predicate is None:
        return []
    owners = {c.lower_ for c in token.children if c.dep_ == "nmod:poss"}
    verb = token.head
    had = token.dep_ == "obj" and verb.lemma_.lower() in ("have", "share", "feel")
    own = had and any(c.dep_ == "nsubj" and c.lower_ in ("i", "we") for c in verb.children)
    if owners != {"my"} and not (own and not owners and not draft.clause.negated):
        return []
    tails = [c for c in token.children if c.dep_ in ("nmod", "acl") and preposition(c) in ("for", "of", "in", "with")]
    tails += [c for c in verb.children if had and c.dep_ == "obl" and preposition(c) == "for"]
    return [(predicate, thing) for tail in tails[:1] for thing in _things(draft, tail)]


def _favourite(draft: Draft, token: Token) -> list[tuple[str, Mention]]:
    """For "The Alchemist, one of my favourites", "my favourite, the Lord of the Rings"."""
    if token.lower_ not in _FAVOURITES or not any(c.dep_ == "nmod:poss" and c.lower_ == "my" for c in token.children):
        return []
    beside = [c for c in token.children if c.dep_ == "appos" and c.i > token.i]
    one = token.head if token.dep_ == "nmod" and token.head.lower_ == "one" else None
    beside += [one.head] if one is not None and one.dep_ == "appos" else []
    return [("LIKES", thing) for noun in beside[:1] if noun.pos_ == "PROPN" for thing in _things(draft, noun)]


def _things(draft: Draft, token: Token) -> list[Mention]:
    pointed = any(c.dep_ == "nmod:poss" or c.lower_ in ("the", "this", "that") for c in token.children)
    if token.pos_ not in ("NOUN", "PROPN", "VERB") or (pointed and entity_type(token) is None):
        return []
    return [thing for thing in draft.things(token) if not thing.is_speaker]

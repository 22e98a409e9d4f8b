"""Mend phrases that the small parser tears: "at the food bank", "we move in", "oatmeal for breakfast"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from spacy.tokens import Token

_TIMES: Final = frozenset(
    {"today", "tomorrow", "yesterday", "tonight", "weekend", "week", "month", "year", "day", "night", "morning"}
    | {"evening", "afternoon", "time", "times", "hour", "minute", "summer", "winter", "spring", "autumn", "fall"}
    | {*WEEKDAYS, *MONTHS}
)
_PARTICLES: Final = {"in": frozenset({"move"}), "out": frozenset({"move"}), "up": frozenset({"get", "wake"})}
PARTICLES: Final = frozenset(_PARTICLES)
_MEALS: Final = frozenset({"breakfast", "lunch", "dinner", "supper", "brunch"})
_HAVING: Final = frozenset({"have", "eat", "drink", "make"})
_STOPPING: Final = frozenset({"quit", "stop", "give", "start"})


def mend_noun(token: Token) -> None:
    """For "I volunteer at the food bank": behind a preposition two nouns side by side are one thing."""
    if token.i == 0 or token.dep_ not in ("xcomp", "obl", "obl:unmarked", "obj", "appos", "nmod:unmarked", "advcl"):
        return
    first = token.nbor(-1)
    led = any(c.dep_ == "case" for c in first.children)
    beside = first.head.i == token.head.i or (token.head.i == first.i and token.dep_ == "appos")
    if first.pos_ != "NOUN" or first.tag_ != "NN" or first.dep_ not in ("obl", "nmod") or not (led and beside):
        return
    if any(c.i < token.i and c.dep_ != "compound" for c in token.children) or not _is_thing(token, first):
        return
    head, dep = first.head, first.dep_
    for child in list(first.children):
        if child.i != token.i:
            child.head = token
    token.head, token.dep_ = head, dep
    first.head, first.dep_ = token, "compound"


def _is_thing(token: Token, first: Token) -> bool:
    names = {token.lower_, token.lemma_.lower(), first.lower_, first.lemma_.lower()}
    return token.tag_ in ("NN", "NNS") and names.isdisjoint(_TIMES) and not token.text.endswith("ing")


def mend_particle(token: Token) -> None:
    """For "we move in on 1 July", "I get up at five": what is done, not where."""
    verb = token.head
    if token.dep_ == "advmod" and verb.i == token.i - 1 and verb.lemma_.lower() in _PARTICLES[token.lower_]:
        after = token.nbor().lower_ if token.i + 1 < len(token.doc) else ""
        if after not in ("to", "there", "here"):
            token.dep_ = "compound:prt"


def mend_dish(token: Token) -> None:
    """For "I usually have oatmeal for breakfast": a dish, not how it is had."""
    meal = any(c.dep_ == "obl" and c.lemma_.lower() in _MEALS for c in token.children)
    if meal and token.head.lemma_.lower() in _HAVING and token.i == token.head.i + 1:
        for child in token.children:
            child.dep_ = "nmod" if child.dep_ == "obl" else child.dep_
        token.dep_, token.pos_, token.tag_ = "obj", "NOUN", "NN"


def mend_doing(token: Token) -> None:
    """For "decided to quit smoking": something done, not a thing."""
    if token.lower_.endswith("ing") and token.head.lemma_.lower() in _STOPPING and token.i == token.head.i + 1:
        token.pos_, token.tag_ = "VERB", "VBG"

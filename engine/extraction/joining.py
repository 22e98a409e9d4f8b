"""Mend statements joined to others that the small parser takes for nouns or infinitives: "… and lives in York"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.predications import child_of

if TYPE_CHECKING:
    from spacy.tokens import Token

_FINITE: Final = frozenset({"VBP", "VBZ", "VBD"})
_NOMINAL: Final = frozenset({"obl", "obj", "nmod", "xcomp", "obl:unmarked", "conj"})
_ALIKE: Final = frozenset({"work", "works", "live", "lives", "report", "reports", "study", "studies", "run", "runs"})
_OBJECTS: Final = frozenset({"obl", "obj", "obl:unmarked", "nmod"})


def mend_joined_statement(token: Token) -> None:
    """For "I live in Bonn, work for Bosch and have two kids", "Tara leads the team and reports to Omar"."""
    if token.tag_ == "VB" and token.pos_ == "VERB":
        _infinitive(token)
    elif token.lower_ in _ALIKE and token.pos_ == "NOUN":
        _noun(token)


def _infinitive(token: Token) -> None:
    """For "I live in Bonn, work for Bosch": the verb joined to a finite one is finite as well."""
    verb = token.head
    subject = child_of(verb, "nsubj")
    if (
        verb.tag_ not in ("VBP", "VBD")
        or verb.pos_ != "VERB"
        or subject is None
        or subject.lower_ not in ("i", "we", "they")
    ):
        return
    if verb.dep_ in ("acl", "acl:relcl"):
        return
    if verb.i > token.i or any(c.tag_ == "VB" and c.i < token.i for c in verb.children if c.dep_ != "conj"):
        return
    if any(c.lower_ == "and" for t in (token, *verb.children, *token.children) for c in t.children if c.dep_ == "cc"):
        token.tag_ = "VBP"  # without an "and" it may be a command: "I live in Bonn, call me"


def _noun(token: Token) -> None:
    """For "Mike works for Shell and lives in York", with a place or an object behind it."""
    if any(c.dep_ in ("det", "nmod:poss", "amod", "compound", "nummod", "case") for c in token.children):
        return
    if not any(c.dep_ in _OBJECTS and c.i > token.i for c in token.children):
        return
    verb = token.head
    while verb.dep_ in _NOMINAL and child_of(verb, "nsubj") is None:
        verb = verb.head
    subject = child_of(verb, "nsubj")
    if subject is None or verb.i > token.i or not (verb.tag_ in _FINITE or child_of(verb, "cop") is not None):
        return
    first = subject.lower_ in ("i", "we", "they") or subject.tag_ == "NNS"
    if first is not token.lower_.endswith("s"):
        token.head, token.dep_, token.pos_, token.tag_ = verb, "conj", "VERB", "VBP" if first else "VBZ"
        for child in token.children:
            if child.dep_ == "nmod":
                child.dep_ = "obl"


_LIKING: Final = frozenset({"love", "hate", "like", "dislike", "enjoy", "fear", "adore", "detest", "prefer"})


def mend_liked_plural(token: Token) -> None:
    """For "I hate crowds": a plural that passes for a verb in -s, right behind the verb and with nothing of its own."""
    verb = token.head
    if verb.lemma_.lower() not in _LIKING or token.i != verb.i + 1 or token.dep_ not in ("xcomp", "ccomp"):
        return
    if not any(c.dep_ in ("nsubj", "obj", "xcomp") for c in token.children):
        token.dep_, token.pos_, token.tag_ = "obj", "NOUN", "NNS"

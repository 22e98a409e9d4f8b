"""Mend statements joined to others that the small parser takes for nouns or infinitives: "… and lives in York"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.moods import PAST_ALIKE
from factloom.engine.extraction.predications import child_of

if TYPE_CHECKING:
    from spacy.tokens import Token

_FINITE: Final = frozenset({"VBP", "VBZ", "VBD"})
_NOMINAL: Final = frozenset({"obl", "obj", "nmod", "xcomp", "obl:unmarked", "conj"})
_ALIKE: Final = frozenset({"work", "works", "live", "lives", "report", "reports", "study", "studies", "run", "runs"})
_PARTS: Final = frozenset({"obl", "obj", "nmod", "advmod", "obl:unmarked"})
_OBJECTS: Final = frozenset({"obl", "obj", "obl:unmarked", "nmod"})


def mend_joined_statement(token: Token) -> None:
    """For "I live in Bonn, work for Bosch and have two kids", "Tara leads the team and reports to Omar"."""
    if token.tag_ in ("VB", "VBP") and token.pos_ == "VERB":
        _bare_verb(token)
    elif token.lower_ in _ALIKE and token.pos_ == "NOUN":
        _noun(token)


def _bare_verb(token: Token) -> None:
    """For "I live in Bonn and work for Bosch": what is joined is the verb, not Bonn, and it states as much.

    Without an "and" it may be a command: "I live in Bonn, call me".
    """
    verb = token.head
    led = any(c.dep_ == "cc" and c.i < token.i for c in token.children)
    while led and verb.pos_ in ("NOUN", "PROPN", "ADV") and verb.dep_ in _PARTS:
        verb = verb.head
    if verb.pos_ != "VERB" or verb.tag_ not in ("VBP", "VBD") or verb.i > token.i:
        return
    if verb.dep_ in ("acl", "acl:relcl"):
        return  # "make the most of the chances I get and leave a legacy"
    subject = child_of(verb, "nsubj")
    if subject is None or subject.lower_ not in ("i", "we", "they"):
        return
    if any(c.tag_ == "VB" and c.i < token.i and c.dep_ != "conj" for c in verb.children):
        return  # "I want to use my platform and leave a legacy"
    joined = [c.lower_ for t in (token, *verb.children, *token.children) for c in t.children if c.dep_ == "cc"]
    if led or "and" in joined:
        token.head, token.tag_ = verb, "VBD" if verb.tag_ == "VBD" and token.lower_ in PAST_ALIKE else "VBP"


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

"""What a clause is: its predicate, who and what belong to it, when it holds and whether it is stated as true."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.lemmas import verb_lemma

if TYPE_CHECKING:
    from spacy.tokens import Token

SUBJECTS: Final = frozenset({"nsubj", "nsubj:pass", "nsubj:outer"})
_GOVERNING: Final = frozenset({"about", "into", "on", "of", "to", "with", "in", "at", "for", "by"})


class Tense(StrEnum):
    """When a clause says that it holds."""

    PAST = "past"
    PRESENT = "present"
    FUTURE = "future"


@dataclass(slots=True)
class Clause:
    """One predication. ``verb`` is the verb, or in "I'm a nurse" the predicate noun, with ``copula`` set.

    ``obliques`` are (preposition, noun) pairs in order; ``complement`` is an open clause ("learn to swim").
    ``factual`` is False for what is asked, wished, supposed or merely possible.
    """

    verb: Token
    subject: Token | None
    copula: Token | None = None
    passive: bool = False
    objects: list[Token] = field(default_factory=list)
    recipient: Token | None = None
    obliques: list[tuple[str, Token]] = field(default_factory=list)
    complement: Token | None = None
    particle: str = ""
    negated: bool = False
    no_longer: bool = False
    used_to: bool = False
    tense: Tense = Tense.PRESENT
    perfect: bool = False
    progressive: bool = False
    factual: bool = True
    hearsay: bool = False
    wished: bool = False  # "I'd love to go to Japan": not so, but wanted
    sources: list[Token] = field(default_factory=list)  # who is said to have said it, the nearest first
    implicit: bool = False  # "Took the train yesterday": the speaker, left out
    gap: Token | None = None  # "a trip that we took": the object, which stands before the clause
    base: str = ""  # the verb where it is not the one that the form tells: "I've got a dog" is "have"

    @property
    def lemma(self) -> str:
        """Verb with its particle, lower case: "break up"."""
        lemma = self.base or verb_lemma(self.verb)
        return f"{lemma} {self.particle}" if self.particle else lemma


def preposition(token: Token) -> str:
    """The preposition of a noun phrase, lower case ("" if none); a parse may hang it on the phrase's first word."""
    words = []
    for child in token.children:
        governs = child.dep_ == "mark" and child.lower_ in _GOVERNING and token.tag_ in ("VBG", "NN", "NNS")
        if (child.dep_ == "case" or governs) and child.i < token.i:
            words.append(child)
    if not words and token.left_edge.i > 0 and token.left_edge.dep_ == "case":
        words.append(token.left_edge)
    return words[0].lower_ if words else ""


def child_of(token: Token, *deps: str) -> Token | None:
    """The first child with one of the relations ``deps``."""
    for child in token.children:
        if child.dep_ in deps:
            return child
    return None


def subject_of(verb: Token) -> Token | None:
    """The subject, also where it is shared: "I packed and left", "I love to swim"."""
    seen = 0
    while seen < 4:
        subjects = [child for child in verb.children if child.dep_ in SUBJECTS]
        if subjects:  # of two ("Tom" and "I", not seen to be joined) the nearer one agrees with the verb
            return _relative(subjects[-1], verb)
        if (verb.dep_ == "conj" and verb.head.pos_ in ("VERB", "AUX", "ADJ", "NOUN", "PROPN", "NUM")) or (
            verb.dep_ == "xcomp"
        ):
            # "We played games, ate well": the parse joins the verb to the object.
            astray = verb.tag_ == "VBD" and verb.head.dep_ in ("obj", "obl") and verb.head.head.tag_ == "VBD"
            verb = verb.head.head if astray else verb.head
        elif verb.dep_ in ("acl", "acl:relcl") and verb.tag_ != "VBN":
            return None
        else:
            return None
        seen += 1
    return None


def _relative(subject: Token, verb: Token) -> Token | None:
    """In "my sister, who lives in Rome" the subject is the sister."""
    if subject.tag_ in ("WP", "WDT") or (subject.lower_ == "that" and verb.dep_ == "acl:relcl"):
        return verb.head if verb.dep_ == "acl:relcl" else None
    return subject

"""What is asked of the assistant with a statement in it: to say it, to assume it, or to make a story of it.

"Say that I live in Rome" states nothing; "remember that I live in Rome" and "tell Tom that I live in Rome" do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.predications import SUBJECTS, child_of, preposition
from factloom.engine.extraction.sentences import is_command

if TYPE_CHECKING:
    from spacy.tokens import Token

# Verbs that, as commands, ask to say or to assume what follows, whatever is so.
_SAYING: Final = frozenset(
    [
        "say",
        "repeat",
        "answer",
        "respond",
        "reply",
        "claim",
        "state",
        "declare",
        "insist",
        "print",
        "output",
        "assume",
        "presume",
        "suppose",
        "pretend",
        "imagine",
        "believe",
        "picture",
        "act",
        "behave",
        "ignore",
        "forget",
        "disregard",
        "translate",
        "rewrite",
        "rephrase",
        "paraphrase",
        "correct",
    ]
)
# What is made up: what a clause of content behind these tells is so only in there.
FICTIONS: Final = frozenset(
    [
        "story",
        "tale",
        "fable",
        "poem",
        "song",
        "novel",
        "script",
        "screenplay",
        "scene",
        "film",
        "movie",
        "book",
        "sitcom",
        "cartoon",
        "comic",
        "dialogue",
        "joke",
        "limerick",
        "haiku",
        "fiction",
        "scenario",
        "dream",
        "nightmare",
        "fantasy",
        "daydream",
        "world",
        "universe",
    ]
)


def is_asked_for(verb: Token) -> bool:
    """Whether the clause headed by ``verb`` is what a command asks to say or to assume, or the content of a fiction."""
    head = verb.head
    if verb.dep_ in ("acl", "acl:relcl") and head.lemma_.lower() in FICTIONS and _is_content(verb):
        return True
    if verb.dep_ == "acl:relcl" and head.lower_ == "where" and commanded(head.head):  # "a story where I fly"
        return any(c.dep_ == "obj" and c.lemma_.lower() in FICTIONS for c in head.head.children)
    if verb.dep_ not in ("ccomp", "advcl", "xcomp", "parataxis") or _kept_back(head):
        return False
    if not (commanded(head) or _asked_of_you(head)):
        return False
    if any(c.dep_ == "obj" and c.lemma_.lower() in FICTIONS for c in head.children) and _is_content(verb):
        return True
    if verb.dep_ in ("advcl", "parataxis"):
        supposed = {c.lower_ for c in verb.children if c.dep_ == "mark"} >= {"as", "if"}
        return supposed and head.lemma_.lower() in _SAYING
    told = child_of(head, "obj", "iobj")
    to_the_speaker = head.lemma_.lower() == "tell" and told is not None and told.lower_ in ("me", "us")
    return head.lemma_.lower() in _SAYING or to_the_speaker


def commanded(verb: Token) -> bool:
    """Whether a verb is an imperative, also one joined to another: "ignore that and say …"."""
    return is_command(verb) and (verb.dep_ != "conj" or commanded(verb.head))


def _asked_of_you(verb: Token) -> bool:
    """For "you should say …", "I want you to say …"."""
    if verb.tag_ != "VB":
        return False
    own = child_of(verb, *SUBJECTS)
    wanted = child_of(verb.head, "obj", "iobj") if verb.dep_ in ("xcomp", "ccomp") else None
    return any(token is not None and token.lower_ == "you" for token in (own, wanted))


def _kept_back(verb: Token) -> bool:
    """Whether it is asked not to: "don't forget that I live in Rome"."""
    return any(c.lower_ in ("not", "n't", "n’t", "never") for c in verb.children)


def _is_content(verb: Token) -> bool:
    """For "in which I fly", "where I fly", "about how I fly", "that I fly to Rome": what happens in it."""
    for child in verb.children:
        if child.tag_ in ("WDT", "WP") and child.i < verb.i and preposition(child) == "in":
            return True
        if child.lower_ in ("where", "how", "about") and child.i < verb.i:
            return True
        if child.lower_ == "that" and child.dep_ == "mark":
            return True
    return False

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
_WRITING: Final = frozenset({"write", "draft", "compose", "send", "make", "create", "generate", "prepare"})
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
    if verb.dep_ == "acl:relcl" and _is_who_you_are(head):
        return True
    if verb.dep_ not in ("ccomp", "advcl", "xcomp", "parataxis") or _kept_back(head):
        return False
    if verb.dep_ == "ccomp" and _is_to_be_written(head):
        return True
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
    if is_command(verb) and (verb.dep_ != "conj" or commanded(verb.head)):
        return True
    opening = verb.i == verb.sent.start and (verb.lower_ in _SAYING or verb.lower_ in _WRITING)
    # A first word with a capital is often taken for a name: "Disregard that and say …".
    joined = verb.dep_ == "conj" and is_command(verb) and verb.head.i == verb.sent.start
    return opening or (joined and verb.head.lower_ in _SAYING)


def _is_to_be_written(telling: Token) -> bool:
    """For "draft a letter saying that …", "write a mail in which I say that …": what the letter says."""
    letter = telling.head
    if telling.dep_ not in ("acl", "acl:relcl", "advcl") or telling.lemma_.lower() not in ("say", "tell", "claim"):
        return False
    order = letter if telling.dep_ == "advcl" else letter.head
    return order.lower_ in _WRITING and commanded(order)


def _is_who_you_are(noun: Token) -> bool:
    """For "You are Tim, who …": a role that the assistant is given, or what the other one knows."""
    own = child_of(noun, *SUBJECTS)
    return own is not None and own.lower_ == "you" and child_of(noun, "cop") is not None


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

"""Mend how the small parser hangs up asides: "Tom, my neighbour, plays …", "a cat named Mia and a dog named Rex"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.phrases import relation_of

if TYPE_CHECKING:
    from spacy.tokens import Token

NAMING: Final = frozenset({"called", "named"})
_SUBJECT: Final = frozenset({"nsubj", "nsubj:pass"})
_LONGEST: Final = 5  # tokens from the noun of an aside to the comma that closes it


def mend_aside(noun: Token) -> None:
    """For "Tom, my neighbour, plays the cello", of which the parse makes somebody called and somebody else who plays.

    The comma behind it tells it from "Tom, my neighbour plays the cello", where Tom is spoken to.
    """
    start = noun.left_edge.i + (noun.left_edge.text == ",")  # some parses hang the comma on the noun
    if start < 2 or noun.doc[start - 1].text != "," or not any(c.dep_ in ("nmod:poss", "det") for c in noun.lefts):
        return
    name = _name_before(noun, start - 2)
    close = _closing(noun)
    if name is None or close is None:
        return
    if noun.dep_ == "appos":
        _free_statement(name, noun, noun.doc[close + 1])
        return
    governor = noun.head
    beside = name.head.i == governor.i and name.dep_ == noun.dep_
    if noun.dep_ == "conj" and noun.head.i == name.i and not any(c.dep_ == "cc" for c in noun.children):
        noun.dep_ = "appos"
    elif noun.dep_ == "obj" and beside:
        noun.head, noun.dep_ = name, "appos"
    elif noun.dep_ in _SUBJECT and governor.i > close and (beside or name.dep_ in ("vocative", "advcl", "ROOT")):
        if not _is_predicate(noun.doc[close + 1], governor):
            return
        if governor.head.i == name.i:  # the name passed for the whole statement
            governor.head, governor.dep_ = governor, "ROOT"
        name.head, name.dep_ = governor, noun.dep_
        noun.head, noun.dep_ = name, "appos"


def _free_statement(name: Token, noun: Token, verb: Token) -> None:
    """For "Kari, my best friend since school, moved to Bergen", where the parse makes a kind of friend of it."""
    inside = verb.head.i in (noun.i, name.i) and verb.dep_ in ("acl", "acl:relcl", "conj", "parataxis", "appos")
    if name.dep_ == "ROOT" and noun.head.i == name.i and inside and verb.tag_ in ("VBD", "VBZ") and verb.pos_ == "VERB":
        verb.head, verb.dep_ = verb, "ROOT"
        name.head, name.dep_ = verb, "nsubj"


def _name_before(noun: Token, index: int) -> Token | None:
    """The head of the name that ends at ``index``."""
    name = noun.doc[index]
    if name.pos_ != "PROPN" or not name.text[:1].isupper() or name.sent.start > index:
        return None
    while name.dep_ in ("flat", "compound") and abs(name.head.i - name.i) <= 2 and name.head.pos_ == "PROPN":
        name = name.head
    return name


def _closing(noun: Token) -> int | None:
    """Where the comma stands that closes the aside."""
    doc = noun.doc
    for index in range(noun.i + 1, min(noun.i + 1 + _LONGEST, len(doc) - 1)):
        if doc[index].text == ",":
            return index
        if doc[index].pos_ in ("VERB", "AUX") or doc[index].is_punct:
            return None
    return None


def _is_predicate(token: Token, governor: Token) -> bool:
    """Whether the word behind the aside begins what is told: the verb, or what stands before it."""
    return token.i == governor.i or (token.head.i == governor.i and token.dep_ in ("aux", "aux:pass", "cop", "advmod"))


def mend_joined(noun: Token) -> None:
    """For "a cat named Mia and a dog named Rex": the dog is joined to the cat, not to her name."""
    name = noun.head
    naming = name.head
    own = any(c.dep_ in ("det", "nummod", "nmod:poss") for c in noun.lefts)
    if noun.dep_ != "conj" or name.pos_ != "PROPN" or not own or naming.lower_ not in NAMING:
        return
    first = naming.head
    if naming.dep_ not in ("acl", "acl:relcl") or first.pos_ != "NOUN" or first.i > naming.i:
        return
    noun.head = first
    for later in [c for c in first.children if c.i > noun.i and c.lower_ in NAMING]:
        later.head = noun


def mend_described(naming: Token) -> None:
    """For "a dog, a grumpy old beagle named Biscuit": who is described between commas is the one before them."""
    described = naming.head
    start = described.left_edge.i + (described.left_edge.text == ",")
    if naming.dep_ not in ("acl", "acl:relcl") or described.pos_ != "NOUN" or start < 2 or described.i > naming.i:
        return
    first = naming.doc[start - 2]
    article = naming.doc[start].lower_ in ("a", "an")
    if naming.doc[start - 1].text != "," or not article or first.pos_ != "NOUN" or first.dep_ not in _DESCRIBED:
        return
    own = any(c.lower_ in ("a", "an", "another") or c.dep_ == "nmod:poss" for c in first.lefts)
    if relation_of(described) is not None:  # "a brother, a sister called Bea"
        return
    if not own or any(c.lower_ in NAMING for c in first.children) or described.dep_ not in _DESCRIBING:
        return
    naming.head = first
    described.head, described.dep_ = first, "appos"


_DESCRIBED: Final = frozenset({"obj", "obl", "nmod", "nsubj", "nsubj:pass", "ROOT", "conj"})
_DESCRIBING: Final = frozenset({"appos", "obl:unmarked", "obj", "conj", "nsubj", "parataxis", "obl", "nsubj:pass"})


def mend_named_subject(name: Token) -> None:
    """For "a cat named Mia and Bea has a dog": Mia has none."""
    joined = next((c for c in name.children if c.dep_ == "conj" and c.i > name.i), None)
    before = name.doc[name.i - 1] if name.i > 0 else None
    if joined is None or before is None or before.lower_ not in NAMING or before.tag_ != "VBN":
        return
    joined.head, joined.dep_ = name.head, name.dep_
    name.head, name.dep_ = before, "xcomp"

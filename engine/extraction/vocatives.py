"""Whom a sentence is said to: the name behind its last comma is no part of what it tells ("I left in April, Mona.")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.phrases import relation_of
from factloom.engine.extraction.vocabulary import gender_of, vocabulary

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_CLOSING: Final = frozenset({".", "!", "?", "…", "...", "!!", "!!!"})
_HANGING: Final = frozenset(
    {"conj", "appos", "nmod", "obl", "obl:unmarked", "nmod:unmarked", "obj", "parataxis", "list", "discourse", "dep"}
)


def mend_vocatives(doc: Doc) -> None:
    """Free what a sentence tells of whom it is said to; a land behind its town is no second place.

    "Rex" in "I have a dog, Rex" and "Karl" in "I met my boss, Karl" say who is meant, "Italy" in "I live in Rome,
    Italy" where Rome is, and "I like Tom, Karl" may be a list.
    """
    for comma in doc[1:-1]:
        if comma.text == ",":
            name = _closing_name(doc, comma.i + 1)
            if name is not None:
                _free(name)


def _closing_name(doc: Doc, start: int) -> Token | None:
    """The name, or "mum", from ``start`` to the end of its sentence."""
    end = start + 1
    if end < len(doc) and doc[end].text not in _CLOSING and doc[end].pos_ == "PROPN":
        end += 1  # a surname
    if end < len(doc) and doc[end].text not in _CLOSING and "\n" not in doc[end].text:
        return None
    first = doc[start]
    if first.lower_ in vocabulary().addressing:
        return first if end == start + 1 else None
    if not first.text[:1].isupper() or first.pos_ not in ("PROPN", "NOUN", "X"):
        return None
    return first if first.ent_type_ in ("PER", "LOC") or gender_of(first.text) is not None else None


def _free(name: Token) -> None:
    head = name.head
    if name.dep_ in ("flat", "compound") and head.i == name.i + 1:  # "Mona Smith", headed by the surname
        name, head = head, head.head
    if name.dep_ not in _HANGING or head.i >= name.i or any(c.dep_ in ("cc", "case", "det", "cop") for c in name.lefts):
        return
    before = name.doc[name.left_edge.i - (name.left_edge.text != ",")]
    before = before.nbor(-1) if before.text == "," else before
    listed = head.pos_ in ("NOUN", "PROPN") and _is_list(head, name)
    if name.lower_ not in vocabulary().addressing and (listed or _tells_who(before, head)):
        return
    if before.ent_type_ == "LOC" and name.ent_type_ == "LOC" and gender_of(name.text) is None:
        if name.dep_ == "conj":
            name.dep_ = "appos"
        return
    root = name.sent.root
    if root.i == name.i or root.pos_ not in ("VERB", "AUX", "ADJ", "NOUN"):
        return
    name.head, name.dep_ = root, "vocative"


def _is_list(head: Token, name: Token) -> bool:
    """Whether others are joined to the same word, or several are told of: "Tom, Bea, Karl", "my kids are Leo, Mia"."""
    if any(c.dep_ == "conj" and c.i != name.i for c in head.children):
        return True
    return head.ent_type_ == "PER" and (
        name.dep_ == "conj" or any(c.tag_ == "NNS" for c in head.children if c.dep_ == "nsubj")
    )


def _tells_who(before: Token, head: Token) -> bool:
    """Whether the name says who or which one the word before it is: "my boss, Karl", "a colleague, Tom"."""
    return any(
        t.pos_ == "NOUN" and (relation_of(t) is not None or t.lemma_.lower() in vocabulary().jobs | vocabulary().people)
        for t in (before, head)
    )

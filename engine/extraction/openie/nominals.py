"""Facts that noun phrases state by themselves: "Orkem, a chemical group", "China's parliament", "President Bush"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.openie.tuples import IMPLIED, Words
from factloom.engine.extraction.openie.words import below, phrase, preposition

if TYPE_CHECKING:
    from spacy.tokens import Token

_BESIDE: Final = frozenset({"acl:relcl", "acl", "appos", "parataxis", "conj", "cc", "punct"})
_BARE: Final = _BESIDE | {"case", "mark", "nmod"}
_NOUNS: Final = frozenset({"NOUN", "PROPN"})
_PLACING: Final = frozenset({"in", "on", "for", "to", "at", "with"})

Nominal = tuple[str, Words, tuple[Words, Words]]  # rule, relation, arguments


def nominal(token: Token) -> Iterator[Nominal]:
    """The facts that a word states about the noun that it hangs on."""
    read = _READINGS.get(token.dep_)
    if read is not None and token.head.pos_ in _NOUNS:
        for rule, relation, one, other in read(token):
            if one and other:
                yield rule, relation, (one, other)


_Reading = tuple[str, Words, Words, Words]


def _apposition(token: Token) -> Iterator[_Reading]:
    if token.pos_ in _NOUNS or token.pos_ == "NUM":
        one = tuple(below(token.head, _BESIDE | {"case", "mark"}))
        yield "apposition", (IMPLIED,), one, tuple(below(token, {"case"}))


def _possession(token: Token) -> Iterator[_Reading]:
    owner = tuple(t for t in below(token, _BESIDE) if t.tag_ != "POS")
    owned = tuple(below(token.head, _BESIDE | {"case", "mark", "nmod:poss"}))
    yield ("pronoun" if token.pos_ == "PRON" else "possessive"), ("has",), owner, owned


def _tail(token: Token) -> Iterator[_Reading]:
    """For "the parliament in London": what follows with a preposition."""
    case = preposition(token)
    if not case:
        return
    first = case[0].lower_
    rule = "of" if first == "of" else "placed" if first in _PLACING else "related"
    yield rule, (IMPLIED, *case), tuple(below(token.head, _BARE)), tuple(phrase(token))


def _description(token: Token) -> Iterator[_Reading]:
    yield "adjective", (IMPLIED,), tuple(below(token.head, _BARE, {token.i})), tuple(below(token))


def _title(token: Token) -> Iterator[_Reading]:
    if token.head.pos_ == "PROPN" and token.pos_ in _NOUNS:
        named = tuple(t for t in below(token.head, _BARE, {token.i}) if t.dep_ not in ("det", "amod"))
        yield "title", (IMPLIED,), named, tuple(below(token))


_READINGS: Final = {
    "appos": _apposition,
    "nmod:poss": _possession,
    "nmod": _tail,
    "amod": _description,
    "compound": _title,
    "flat": _title,
}

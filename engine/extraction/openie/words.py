"""Which words of a parse belong to a phrase: its subtree without clauses and asides that are facts of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from spacy.tokens import Token

# What hangs on the head of an argument but is said by another tuple, or is no part of it.
ASIDE: Final = frozenset({"acl:relcl", "parataxis", "vocative", "discourse", "list", "appos"})
_LEADING: Final = frozenset({"nmod", "obl", "advcl", "acl"})


def below(head: Token, leave_out: Collection[str] = (), without: Collection[int] = ()) -> list[Token]:
    """The subtree of ``head`` in order; children *of the head* with a relation in ``leave_out`` are cut off.

    ``without`` holds indices of tokens to cut off wherever they are. Punctuation at the edges is left out.
    """
    found = [head]
    for child in head.children:
        if child.dep_ not in leave_out and child.i not in without:
            found += _whole(child, without) if without else child.subtree
    found.sort(key=_index)
    return trim(found)


def _whole(head: Token, without: Collection[int]) -> list[Token]:
    found = [head]
    for child in head.children:
        if child.i not in without:
            found += _whole(child, without)
    return found


def phrase(head: Token, without: Collection[int] = ()) -> list[Token]:
    """The words of an argument: the noun phrase without relative clauses, apposition, and its preposition.

    What stands before the noun with a preposition ("In recent years, demand …") tells when or where, not what.
    """
    lead = [c.i for c in head.children if c.i < head.i and c.dep_ in _LEADING and _introduced(c)]
    tokens = below(head, ASIDE, {*without, *lead} if lead else without)
    cases = {c.i for c in head.children if c.dep_ in ("case", "mark") and c.i < head.i}
    cases |= {f.i for c in head.children if c.i in cases for f in c.children if f.dep_ == "fixed"}
    return trim([t for t in tokens if t.i not in cases]) if cases else tokens


def preposition(head: Token) -> list[Token]:
    """The words that introduce a phrase: "in", "such as", "because of"; [] when there are none."""
    found = []
    for child in head.children:
        if child.dep_ == "case" and child.i < head.i and child.tag_ != "POS":
            found += [child, *(f for f in child.children if f.dep_ == "fixed")]
    return sorted(found, key=_index)


def trim(tokens: list[Token]) -> list[Token]:
    """Without punctuation and conjunctions at the edges; quotes and money signs stay."""
    start, end = 0, len(tokens)
    while start < end and _loose(tokens[start]):
        start += 1
    while end > start and _loose(tokens[end - 1]):
        end -= 1
    return tokens[start:end]


def _introduced(token: Token) -> bool:
    return any(child.dep_ in ("case", "mark") for child in token.children)


def _loose(token: Token) -> bool:
    if token.dep_ in ("cc", "cc:preconj") and token.lower_ != "both":
        return True
    if token.pos_ != "PUNCT" and token.dep_ != "punct":
        return False
    if token.text in ("$", "%", "#", "..."):
        return False
    return token.text not in ('"', "``", "''", "'", "`")


def _index(token: Token) -> int:
    return token.i

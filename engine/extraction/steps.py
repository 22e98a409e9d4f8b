"""The words of procedures: which verbs are steps that can be followed, and how they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.mentions import FIRST_PERSON, THIRD_PERSON, Reader
from factloom.engine.extraction.phrases import entity_type
from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.tokens import Span, Token

LONGEST: Final = 200  # characters of a goal or of its steps: the name of an entity
_OWNED: Final = frozenset({"my", "our", "mine", "ours"})
_REFERRING: Final = frozenset({"it", "its", "them", "they", "their"})
_POINTING: Final = frozenset({"that", "these", "those"})


def part(span: Span, begin: int, end: int) -> list[Token]:
    """The tokens of a piece of the sentence's text, in characters from its beginning."""
    return [t for t in span if begin <= t.idx - span.start_char < end]


def is_base_verb(token: Token) -> bool:
    """Whether a word can be a bare verb; a small parser takes some for nouns, which a determiner behind shows."""
    if token.tag_ in ("VB", "VBP") or (token.tag_ == "VBD" and token.lower_ in _ALIKE):
        return token.lower_ not in ("am", "are", "'re", "'m")
    if token.lower_ in vocabulary().step_verbs and token.tag_ not in ("VBG", "VBD", "VBN", "VBZ"):
        return True
    after = token.nbor() if token.i + 1 < len(token.doc) else token
    return token.pos_ in ("NOUN", "PROPN") and token.tag_ != "NNS" and after.tag_ in ("DT", "PRP", "PRP$")


_ALIKE: Final = frozenset({"cut", "put", "set", "let", "shut", "hit", "read", "split", "spread"})  # in the past, too


def is_step(verb: Token, told: Sequence[Token], *, bare: bool = False) -> bool:
    """Whether a verb with the words behind it can be followed: something is done, to or with something one can name.

    ``bare``: a verb alone will do.
    """
    after = told[1] if len(told) > 1 else None
    lemma = verb_lemma(verb)
    phrasal = f"{lemma}+{after.lower_}" if after is not None else lemma
    lists = vocabulary()
    if lemma in lists.no_steps or phrasal in lists.no_steps:
        return False
    return bare or names_something(told[1:])


def names_something(tokens: Sequence[Token]) -> bool:
    """Whether there is a noun that tells enough, a name, or a number among the words."""
    return any(_is_telling(token) for token in tokens)


def _is_telling(token: Token) -> bool:
    lists = vocabulary()
    if token.pos_ not in ("NOUN", "PROPN", "X", "SYM") and not (token.tag_ in ("JJ", "CD") and _ends(token)):
        return False
    empty = lists.mottos | lists.empty_nouns
    return entity_type(token) is not None or (token.lemma_.lower() not in empty and token.lower_ not in empty)


def _ends(token: Token) -> bool:
    """Whether a quality stands where a noun would ("pushing to main")."""
    return token.i + 1 >= len(token.doc) or token.nbor().is_punct


def wording(
    tokens: Sequence[Token], reader: Reader, *, within: Sequence[Token] = (), asked: bool = False
) -> str | None:
    """The words told of the speaker by name; None where they lean on what was said before.

    ``within``: what the sentence says besides, to which an "it" may refer; ``asked``: a question said it.
    """
    words = ""
    nouns = {t.i for t in (*within, *tokens) if t.pos_ in ("NOUN", "PROPN")}
    for token in tokens:
        lower, text = token.lower_, token.text
        if lower in _REFERRING and not asked and not any(i < token.i for i in nouns):
            return None
        if lower in _POINTING and token.tag_ == "DT":
            return None
        if lower in ("below", "above") and _ends(token):
            return None  # "click the link below"
        if lower in ("this", "there") and not (token.dep_ == "det" or token.tag_ == "EX"):
            return None
        if lower in ("myself", "ourselves"):
            text = "themselves"
        elif lower in FIRST_PERSON:
            if reader.speaker is None:
                return None
            text = f"{reader.speaker.name}'s" if lower in _OWNED else reader.speaker.name
        elif lower in THIRD_PERSON and lower not in _REFERRING:
            found = reader.mention(token)
            if found is None:
                return None
            possessive = lower in ("his", "hers") or (lower == "her" and token.dep_ == "nmod:poss")
            text = f"{found.name}'s" if possessive else found.name
        words += text + token.whitespace_
    return tidy(words)


def as_base(
    tokens: Sequence[Token], reader: Reader, *, within: Sequence[Token] = (), asked: bool = False
) -> str | None:
    """Steps told by gerunds ("holding the button and pressing reset") in the base form."""
    words, last = [], 0
    leads = [k for k, t in enumerate(tokens) if t.tag_ == "VBG" and (k == 0 or tokens[k - 1].lower_ in _JOINING)]
    for lead in leads:
        before = wording(tokens[last:lead], reader, within=within, asked=asked) if lead > last else ""
        if before is None:
            return None
        words += [before, verb_lemma(tokens[lead])]
        last = lead + 1
    rest = wording(tokens[last:], reader, within=[*within, *tokens[:last]], asked=asked)
    return None if rest is None else tidy(" ".join([*words, rest]))


_JOINING: Final = frozenset({"and", "then", ",", "or"})


def tidy(text: str) -> str:
    """One line, without marks at the ends or blanks before them."""
    text = re.sub(r"\s+", " ", text).rstrip(" \t\n,.;:!-–—")
    text = re.sub(r"^(?:[ \t\n,;:!–—-]|\.(?![\w/]))+", "", text)
    return re.sub(r"\s+([,;:!?]|\.(?![\w/]))", r"\1", text)


_TURNED: Final = {
    "i": "they",
    "we": "they",
    "my": "their",
    "our": "their",
    "me": "them",
    "us": "them",
    "am": "are",
    "was": "were",
} | {
    "'m": "'re",
    "’m": "'re",
    "myself": "themselves",
    "ourselves": "themselves",
}


def turned(tokens: Sequence[Token], reader: Reader, *, within: Sequence[Token] = ()) -> str | None:
    """The words with "they" for the speaker."""
    words = ""
    for token in tokens:
        turned = _TURNED.get(token.lower_)
        told = turned if turned is not None else wording([token], reader, within=[*within, *tokens])
        if told is None or (not told and not token.is_punct):
            return None
        words += (told or token.text) + token.whitespace_
    return tidy(words)

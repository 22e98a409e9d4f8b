"""Give messages the capitals and apostrophes that the parser knows: names typed small, "don’t" as phones write it."""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.vocabulary import vocabulary

_NAMED: Final = re.compile(r"\b[^\W\d_]{2,}\b")
_MONTH: Final = re.compile(r"(?<=\b(?:in|of|on) )(?:january|february|march|april|may|june|july|august)\b")


_APOSTROPHE: Final = re.compile(r"(?<=\w)[’ʼ´`′](?=\w)")


def straightened(text: str) -> str:
    """The text, as long as it was, with typewriter apostrophes inside words: the model has seen "n't", not "n’t"."""
    return _APOSTROPHE.sub("'", text)


def recased(text: str, known: frozenset[str]) -> str:
    """The text, as long as it was, with "i" and given names capitalised; a text with capitals of its own stays.

    ``known`` holds first names of people in the conversation, lower case.
    """
    if re.search(r"[A-Z]", re.sub(r"\bI\b", "", text)):
        return text
    names = (vocabulary().female | vocabulary().male | known) - (vocabulary().ambiguous_names - known)
    text = re.sub(r"\bi(?=\b[^.])", "I", text)
    text = _MONTH.sub(lambda match: match.group().capitalize(), text)
    return _NAMED.sub(lambda m: m.group().capitalize() if m.group() in names else m.group(), text)

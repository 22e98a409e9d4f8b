"""Give names their capitals in messages typed all in lower case, so that the parser sees them."""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.vocabulary import vocabulary

_NAMED: Final = re.compile(r"\b[^\W\d_]{2,}\b")
_MONTH: Final = re.compile(r"(?<=\b(?:in|of|on) )(?:january|february|march|april|may|june|july|august)\b")


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

"""Grounding: whether what a model quotes and names stands in the conversation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# One character for one, so that a place in the plain text is the same place in the original.
_PLAIN: Final = str.maketrans("‘’‚‛“”„‟«»–—−\u00a0", '\'\'\'\'""""""--- ')
_WORD: Final = re.compile(r"\w+")
_STEM: Final = 5
# Thai to Myanmar, Khmer, kana, Han, and Hangul, which has spaces but writes endings onto its words.
_UNSPACED: Final = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_EMPTY: Final = frozenset({"the", "an", "of", "to", "in", "on", "at", "and", "or", "for", "with", "is", "be", "my"})


def plain(text: str) -> str:
    """The text in composed characters (NFC), with typographic quotes, dashes and spaces made plain."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def find_quote(quote: str, text: str) -> str | None:
    """Where ``text`` says ``quote``, in the text's own characters (NFC); None if it does not.

    White space, case and the kind of quotes and dashes do not count. A quote begins and ends with whole words, and has
    two of them at least unless it is all that the text says: a single word can be found for any claim.
    """
    words = plain(quote).strip(" \"'").split()
    if not words:
        return None
    text = unicodedata.normalize("NFC", text)
    found = _search(words, text)
    if found is None:
        return None
    said = text[found.start() : found.end()]
    counted = _WORD.findall(said)
    # Scripts without spaces write a sentence as one word.
    whole = counted == _WORD.findall(text)
    long_enough = len(counted) >= 2 or sum(not character.isascii() for character in said) >= 4
    return said if whole or long_enough else None


def holds_words(words: str, text: str) -> bool:
    """Whether ``text`` has these words one after the other, white space and case apart."""
    wanted = plain(words).split()
    return bool(wanted) and _search(wanted, text) is not None


def _search(words: list[str], text: str) -> re.Match[str] | None:
    """Where the words stand; they begin and end with whole words, where their script has spaces between words."""
    before = "" if _UNSPACED.match(words[0][0]) else r"(?<!\w)"
    after = "" if _UNSPACED.match(words[-1][-1]) else r"(?!\w)"
    pattern = before + r"\s+".join(map(re.escape, words)) + after
    return re.search(pattern, plain(text), re.IGNORECASE)


class Ground:
    """What was said around a message, to hold names against."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = "\n".join(plain(text).casefold() for text in texts)

    def bears(self, name: str) -> bool:
        """Whether the name, or a word of it in any form ("moving" for "move"), was said."""
        folded = plain(name).casefold()
        words = [word for word in _WORD.findall(folded) if len(word) > 1 and word not in _EMPTY]
        return folded in self._text or any(word[:_STEM] in self._text for word in words)

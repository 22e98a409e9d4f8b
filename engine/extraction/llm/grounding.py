"""Grounding: whether what a model quotes and names stands in the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# One character for one, so that a place in the plain text is the same place in the original.
_PLAIN: Final = str.maketrans("‘’‚‛“”„‟«»–—−\u00a0", '\'\'\'\'""""""--- ')
_WORD: Final = re.compile(r"\w+")
_STEM: Final = 5
_EMPTY: Final = frozenset({"the", "an", "of", "to", "in", "on", "at", "and", "or", "for", "with", "is", "be", "my"})


def plain(text: str) -> str:
    """The text with typographic quotes, dashes and spaces made plain; as long as before."""
    return text.translate(_PLAIN)


def find_quote(quote: str, text: str) -> str | None:
    """Where ``text`` says ``quote``, in the text's own characters; None if it does not.

    White space, case and the kind of quotes and dashes do not count. A quote begins and ends with whole words, and has
    two of them at least unless it is all that the text says: a single word can be found for any claim.
    """
    words = plain(quote).strip(" \"'").split()
    if not words:
        return None
    pattern = rf"(?<!\w){_joined(words)}(?!\w)"
    found = re.search(pattern, plain(text), re.IGNORECASE)
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
    return re.search(rf"(?<!\w){_joined(plain(words).split())}(?!\w)", plain(text), re.IGNORECASE) is not None


def _joined(words: list[str]) -> str:
    return r"\s+".join(map(re.escape, words))


class Ground:
    """What was said around a message, to hold names against."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = "\n".join(plain(text).casefold() for text in texts)

    def bears(self, name: str) -> bool:
        """Whether the name, or a word of it in any form ("moving" for "move"), was said."""
        folded = plain(name).casefold()
        words = [word for word in _WORD.findall(folded) if len(word) > 1 and word not in _EMPTY]
        return folded in self._text or any(word[:_STEM] in self._text for word in words)

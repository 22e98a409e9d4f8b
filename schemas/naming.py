"""Names: how a name is normalised for comparison, and how a relation's words become a predicate."""

from __future__ import annotations

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_ARTICLE = re.compile(r"^(?:the|a|an)\s+(?=\S)")
_POSSESSIVE = re.compile(r"['’]s$|(?<=s)['’]$")
_KEPT_AT_END = frozenset("#%*")  # part of the name: C#, 100%
_NOT_WORD = re.compile(r"[^A-Z0-9]+")


def normalise_name(name: str) -> str:
    """The key under which a name is unique in its space.

    NFKC, case folded, white space collapsed, punctuation at the ends, a leading article and a trailing possessive
    dropped: ``"The  Café’s "`` gives ``"café"``. A name of nothing else is kept as it is, so a key is never empty.
    """
    folded = _SPACES.sub(" ", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())).strip()
    key = folded
    while True:
        shorter = _POSSESSIVE.sub("", _ARTICLE.sub("", _strip_punctuation(key))).strip()
        if not shorter or shorter == key:
            break
        key = shorter
    return key or folded or name


def _strip_punctuation(text: str) -> str:
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start])[0] in "PZ":
        start += 1
    while end > start and unicodedata.category(text[end - 1])[0] in "PZ" and text[end - 1] not in _KEPT_AT_END:
        end -= 1
    return text[start:end]


def to_predicate(relation: str) -> str:
    """A predicate for a relation in words: ``"was published by"`` gives ``WAS_PUBLISHED_BY``.

    Accents are dropped; a relation without any ASCII letter gives ``RELATED_TO``; at most 64 characters.
    """
    plain = unicodedata.normalize("NFKD", relation).encode("ascii", "ignore").decode().upper()
    name = _NOT_WORD.sub("_", plain).strip("_0123456789")[:64].rstrip("_")
    return name or "RELATED_TO"

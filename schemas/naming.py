"""Names: how entity names are normalised to keys, and how a relation's words become a predicate."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ARTICLES: Final = ("the ", "a ", "an ")
_POSSESSIVES: Final = ("'s", "\u2019s")
# Punctuation that belongs to a name when it ends it: C#, 100%, AT&T's "&" never stands alone.
_KEPT_AT_END: Final = frozenset("#%")
_NOT_PREDICATE: Final = re.compile(r"[^A-Z0-9]+")


def _is_loose(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "PCZ"


def _trim(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_loose(text[start]):
        start += 1
    while end > start and _is_loose(text[end - 1]) and text[end - 1] not in _KEPT_AT_END:
        end -= 1
    return text[start:end]


def normalise_name(name: str) -> str:
    """The key under which an entity or alias called ``name`` is looked up.

    Compatibility forms (NFKC) and case are folded, white space is collapsed, punctuation at the ends goes, and so
    do leading articles (the, a, an) and a trailing possessive 's. Applying it twice changes nothing. A name that
    is made of nothing else ("The", "!?") keeps what it has, so that a key is empty only for an empty name.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    key = " ".join(folded.split())
    while True:
        shorter = _trim(key)
        shorter = next((shorter[: -len(end)] for end in _POSSESSIVES if shorter.endswith(end)), shorter)
        shorter = next((shorter[len(article) :] for article in _ARTICLES if shorter.startswith(article)), shorter)
        if not shorter or shorter == key:
            return key
        key = shorter


def to_predicate(relation: str) -> str:
    """A predicate for a relation in words: ``"was published by"`` gives ``WAS_PUBLISHED_BY``.

    Accents are dropped; a relation without any ASCII letter gives ``RELATED_TO``; at most 64 characters.
    """
    plain = unicodedata.normalize("NFKD", relation).encode("ascii", "ignore").decode().upper()
    name = _NOT_PREDICATE.sub("_", plain).strip("_").lstrip("_0123456789")[:64].strip("_")
    return name or "RELATED_TO"

"""Checks texts on their way into an embedder, and mends what no tokenizer and no wire format can carry."""

from __future__ import annotations

from collections.abc import Sequence

from factloom.schemas.errors import InvalidInputError


def checked_texts(texts: Sequence[str]) -> list[str]:
    """The texts with NULs turned into spaces and lone surrogates into U+FFFD; all others as they are.

    Raises:
        InvalidInputError: ``texts`` is one string instead of a sequence of them, or holds something else.
    """
    if isinstance(texts, str | bytes):
        raise InvalidInputError(f"texts is a single {type(texts).__name__}; give a list of strings, [text]")
    cleaned = []
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidInputError(f"texts[{position}] is of type {type(text).__name__}; only str can be embedded")
        cleaned.append(_mended(text))
    return cleaned


def _mended(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", " ")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # By way of UTF-16, two halves that belong together become the character they mean.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text

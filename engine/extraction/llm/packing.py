"""Packing: which turns go into one request, within a number of turns and of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.records import Episode

_BYTES_PER_TOKEN: Final = 3.0
"""English has more, most other languages about as many; exact counts would need each model's own tokeniser."""
_LEAST_TO_HALVE: Final = 400
_OVERLAP: Final = 400


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many than too few."""
    return int(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN) + 1


@dataclass(frozen=True, slots=True)
class Piece:
    """A turn to read, or a part of a long one. ``position`` is that of its request in the call.

    ``before``: the end of the part before it, to be understood by.
    """

    position: int
    request: ExtractionRequest
    text: str
    before: str = ""

    @property
    def episode(self) -> Episode:
        """The episode that the text is from."""
        return self.request.episode

    def halves(self) -> tuple[Piece, ...]:
        """The piece cut in two where a paragraph, sentence or word ends; empty if it is too short for that."""
        if len(self.text) < _LEAST_TO_HALVE:
            return ()
        cut = _cut(self.text, len(self.text) // 2)
        first, second = self.text[:cut], self.text[cut:]
        return replace(self, text=first), replace(self, text=second, before=first[-_OVERLAP:])


Pack = tuple[Piece, ...]
"""Pieces of one request, all of one session of one space, in order."""


def pack(requests: Sequence[ExtractionRequest], *, turns: int, tokens: int) -> Iterator[Pack]:
    """Requests as packs of at most ``turns`` pieces and about ``tokens`` tokens of text.

    Turns of different sessions or spaces never share a request, so that nothing said in one can colour another.
    """
    current: list[Piece] = []
    size = 0
    for position, request in enumerate(requests):
        for piece in _pieces(position, request, tokens):
            length = estimated_tokens(piece.text)
            if current and (len(current) == turns or size + length > tokens or _place(piece) != _place(current[0])):
                yield tuple(current)
                current, size = [], 0
            current.append(piece)
            size += length
    if current:
        yield tuple(current)


def _place(piece: Piece) -> tuple[str, str]:
    return piece.episode.space, piece.episode.session


def _pieces(position: int, request: ExtractionRequest, tokens: int) -> Iterator[Piece]:
    waiting = [Piece(position, request, request.episode.content)]
    while waiting:
        piece = waiting.pop(0)
        halves = piece.halves() if estimated_tokens(piece.text) > tokens else ()
        if halves:
            waiting[:0] = halves
        else:
            yield piece


def _cut(text: str, middle: int) -> int:
    """The end of a paragraph, line, sentence or word nearest before ``middle``, if there is one in the half before."""
    for end in ("\n\n", "\n", ". ", "。", " "):
        found = text.rfind(end, middle // 2, middle)
        if found >= 0:
            return found + len(end)
    return middle

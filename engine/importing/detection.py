"""Telling formats apart by what a file begins with."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from factloom.engine.importing.items import Unreadable
from factloom.engine.importing.json_streams import read_events, read_lines
from factloom.engine.importing.sources import STANDARD_INPUT, open_source
from factloom.schemas.errors import ImportFormatError, InvalidInputError

FORMATS: Final = ("jsonl", "locomo", "openai", "chatgpt")

_DECISIVE: Final = {"mapping": "chatgpt", "conversation": "locomo", "messages": "openai"}
_LINES_TRIED = 50


def detect_format(path: Path) -> str:
    """The format of the file at ``path``, one of ``FORMATS``.

    Raises:
        InvalidInputError: the file cannot be read, or is standard input, which can be read only once.
        ImportFormatError: it is empty, or in none of the formats.
    """
    if path == STANDARD_INPUT:
        raise InvalidInputError(f"say the format of standard input with --format: {', '.join(FORMATS)}")
    with open_source(path) as source:
        first = source.first_character()
    if not first:
        raise ImportFormatError(f"{path} is empty; there is nothing to import")
    if first == b"[":
        found = _by_keys(path, "item")
    else:
        found = _by_first_line(path) or (_by_keys(path, "") if first == b"{" else None) or _by_some_line(path)
    if found is None:
        raise ImportFormatError(
            f"{path} is in none of the known formats{_what_is_odd(path)}; if it is in one of them all the same, "
            f"say which with --format: {', '.join(FORMATS)}"
        )
    return found


def _what_is_odd(path: Path) -> str:
    """What the first line is instead of a message, in brackets; empty if it is JSON."""
    with open_source(path) as source:
        _, value = next(read_lines(source), (0, None))
    if value == []:
        return " (it holds an empty list)"
    return f" (its first line is {value.reason})" if isinstance(value, Unreadable) else ""


def _by_first_line(path: Path) -> str | None:
    """The format when the first line is a JSON object on its own."""
    with open_source(path) as source:
        _, value = next(read_lines(source), (0, None))
    return _of_object(value)


def _by_some_line(path: Path) -> str | None:
    """The format when one of the first lines is a message: the ones before it may be damaged."""
    with open_source(path) as source:
        return next(
            (found for _, value in islice(read_lines(source), _LINES_TRIED) if (found := _of_object(value))), None
        )


def _of_object(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return None
    decisive = next((name for key, name in _DECISIVE.items() if key in value), None)
    return decisive or ("jsonl" if "content" in value else None)


_MOST_EVENTS: Final = 5_000
"""Events that are looked at: what a file holds shows in its first keys, and deep nesting is slow to walk."""


def _by_keys(path: Path, prefix: str) -> str | None:
    """The format by the keys of the object at ``prefix``: the outermost one, or the first of an array."""
    keys: set[str] = set()
    try:
        with open_source(path) as source:
            for position, (place, event, value) in enumerate(read_events(source)):
                if position > _MOST_EVENTS:
                    break
                if place != prefix:
                    continue
                if event == "start_array" and prefix:
                    return "openai"
                if event == "map_key" and value in _DECISIVE:
                    return _DECISIVE[value]
                if event == "map_key":
                    keys.add(value)
                if event == "end_map":
                    break
    except ImportFormatError:
        if prefix == "":  # perhaps lines of which the first is damaged
            return None
        if not keys:
            raise
    return "openai" if prefix and {"role", "content"} & keys else None

"""The format ``jsonl``: one message a line."""

from __future__ import annotations

from collections.abc import Iterator

from factloom.engine.importing.items import Found, Unreadable, found_message
from factloom.engine.importing.json_streams import read_lines
from factloom.engine.importing.sources import Source


def read_jsonl(source: Source) -> Iterator[Found]:
    """Messages with ``content`` and optionally role, name, time, session, metadata and ``SCOPE_FIELDS``."""
    for number, value in read_lines(source):
        yield value if isinstance(value, Unreadable) else found_message(f"line {number}", value)

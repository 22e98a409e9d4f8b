"""The format ``openai``: lists of messages with ``role`` and ``content``, as the chat API takes them.

One list, a list of lists, or objects with ``messages`` (one a line, as for fine-tuning, in an array, or a single
one). Each list is a session of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factloom.engine.importing.items import SCOPE_FIELDS, Found, Unreadable, found_message, kind_of
from factloom.engine.importing.json_streams import LONGEST_LINE, read_items, read_lines
from factloom.engine.importing.sources import Source


def read_openai(source: Source) -> Iterator[Found]:
    """The messages of every conversation, in order."""
    if source.first_character() == b"[":
        yield from _items_of_array(source)
        return
    if _is_one_object(source):
        for value in read_items(source, ""):
            yield from _conversation("the conversation", "1", value, source)
        return
    for number, value in read_lines(source):
        if isinstance(value, Unreadable):
            yield value
        else:
            yield from _conversation(f"line {number}", str(number), value, source)


def _is_one_object(source: Source) -> bool:
    """Whether the file is one object spread over several lines, rather than an object a line."""
    first = source.read_line(LONGEST_LINE).strip()
    source.rewind()
    return first.startswith(b"{") and not first.endswith(b"}")


def _items_of_array(source: Source) -> Iterator[Found]:
    for number, value in enumerate(read_items(source), start=1):
        if isinstance(value, list) or (isinstance(value, Mapping) and "messages" in value):
            yield from _conversation(f"conversation {number}", str(number), value, source)
        else:
            timed = isinstance(value, Mapping) and value.get("time") is not None
            yield found_message(f"message {number}", value, session=None if timed else source.path.name)


def _conversation(where: str, number: str, value: object, source: Source) -> Iterator[Found]:
    scope: dict[str, object] = {}
    if isinstance(value, Mapping):
        scope = {name: value[name] for name in SCOPE_FIELDS if value.get(name) is not None}
        session = value.get("session") or value.get("id")
        value = value.get("messages")
    else:
        session = None
    if not isinstance(value, list):
        yield Unreadable(where, f"a conversation is a list of messages, this is {kind_of(value)}")
        return
    name = str(session) if session else f"{source.path.name}#{number}"
    for position, message in enumerate(value, start=1):
        found = found_message(f"{where}, message {position}", message, session=name)
        yield found._replace(scope={**scope, **found.scope}) if not isinstance(found, Unreadable) else found

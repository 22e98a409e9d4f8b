"""What a reader finds in a file: a message, something that cannot be read, or something left out on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

SCOPE_FIELDS = ("user_id", "agent_id", "run_id", "space")


class FoundMessage(NamedTuple):
    """One message, not checked yet.

    ``message`` has the fields that ``Memory.add`` takes; ``scope`` those of ``SCOPE_FIELDS`` that the file itself
    gives; ``begins_at`` is the date of its conversation, for messages that have no time of their own;
    ``own_space`` is where it goes when neither the file nor the import says whose it is.
    """

    where: str
    message: Mapping[str, Any]
    scope: Mapping[str, Any]
    begins_at: datetime | None = None
    own_space: str | None = None


class Unreadable(NamedTuple):
    """A line or an item that is not a message, and why."""

    where: str
    reason: str


class LeftOut(NamedTuple):
    """A message that the format's rules leave out, and which rule."""

    where: str
    reason: str


Found = FoundMessage | Unreadable | LeftOut


def found_message(
    where: str, value: object, *, session: str | None = None, begins_at: datetime | None = None
) -> FoundMessage | Unreadable:
    """The message that a JSON value in factloom's or OpenAI's form describes.

    ``session`` is that of its conversation, if it names none itself.
    """
    if not isinstance(value, Mapping):
        return Unreadable(where, f"a message is a JSON object, this is {kind_of(value)}")
    message = {name: part for name, part in value.items() if name not in SCOPE_FIELDS}
    if session is not None and not message.get("session"):
        message["session"] = session
    scope = {name: value[name] for name in SCOPE_FIELDS if value.get(name) is not None}
    return FoundMessage(where, message, scope, begins_at)


def kind_of(value: object) -> str:
    """What JSON calls the value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "a string" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"

"""Messages as callers give them, checked and turned into episodes; nothing is stored here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any

from factloom.engine.arguments import check_flag, check_text
from factloom.engine.scope import Scope
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.records import Episode, Role, new_id

Message = str | Mapping[str, Any] | Episode
"""A plain text, an OpenAI-style message, or an episode."""

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_KNOWN_FIELDS = frozenset(
    {"role", "content", "name", "time", "session", "metadata", "tool_calls", "tool_call_id", "refusal"}
)
_ROLES = {role.value: role for role in Role} | {"developer": Role.SYSTEM, "function": Role.TOOL, "human": Role.USER}


def parse_time(value: object, what: str, *, now: datetime, past_only: bool = True) -> datetime:
    """An aware time in UTC from a datetime, an ISO 8601 string or seconds since 1970.

    Raises:
        InvalidInputError: it has no time zone, cannot be read, lies before 1900 or (``past_only``) more than
            a day ahead of ``now``.
    """
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value.strip())
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            time = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, datetime):
            time = value
        else:
            raise InvalidInputError(f"{what} must be a datetime, an ISO 8601 string or seconds, got {value!r}")
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(f"{what} {value!r} is not a time; write it as 2025-03-01T18:30:00+00:00") from error
    if time.tzinfo is None:
        raise InvalidInputError(f"{what} {value!s} has no time zone; add one, e.g. {time.isoformat()}+00:00")
    try:
        time = time.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError(f"{what} {value!s} is outside the calendar") from error
    if time < _EARLIEST or (past_only and time > now + timedelta(days=1)):
        raise InvalidInputError(f"{what} {time.isoformat()} cannot be right: accepted are 1900 to one day from now")
    return time


def _name_from_id(user_id: str | None) -> str | None:
    """What to call a user of whom only the id is known: "ana" is Ana; an id that is no plain name stays as it is."""
    return user_id.capitalize() if user_id and user_id.isalpha() and user_id.islower() else user_id


def check_metadata(metadata: object, what: str = "metadata") -> dict[str, Any]:
    """Return ``metadata`` as a dict if it is a JSON object.

    Raises:
        InvalidInputError: it is not a mapping with string keys, or holds what JSON cannot.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
        raise InvalidInputError(f"{what} must be a dict with string keys, got {metadata!r}")
    try:
        text = json.dumps(dict(metadata), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{what} must hold only what JSON can: {error}") from error
    if "\\u0000" in text or (re.search(r"\\ud[89a-f]", text, re.IGNORECASE) and _SURROGATE.search(_texts(metadata))):
        raise InvalidInputError(f"{what} holds a NUL or a broken surrogate; remove it first")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _session(session: object, what: str) -> str:
    """The session that is named, checked; empty for none."""
    return "" if session is None or session == "" else check_text(session, what, longest=256)


def _texts(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return " ".join(_texts(part) for pair in value.items() for part in pair)
    if isinstance(value, Iterable):
        return " ".join(_texts(part) for part in value)
    return ""


def _content_of(message: Mapping[str, Any], what: str) -> object:
    """The text of an OpenAI-style message: its parts joined; what is not text is named, not dropped."""
    content = message.get("content")
    if isinstance(content, Sequence) and not isinstance(content, str):
        parts = []
        for part in content:
            if not isinstance(part, Mapping):
                raise InvalidInputError(f"{what}: a part of content must be an object with a type, got {part!r}")
            text = part.get("text", part.get("refusal"))
            parts.append(text if isinstance(text, str) else f"[{part.get('type', 'attachment')}]")
        content = "\n".join(parts)
    called = _calls(message.get("tool_calls"), what)
    if called and not isinstance(content, (str, NoneType)):
        raise InvalidInputError(f"{what}: content must be text, got {type(content).__name__}")
    if called or content is None:
        content = "\n".join([*([content] if content else []), *called]) or message.get("refusal") or content
    return content


def _calls(calls: object, what: str) -> list[str]:
    """The tool calls of an OpenAI-style message as text; one of a tool that is no function is named by its type."""
    if calls is None:
        return []
    if not isinstance(calls, Sequence) or not all(isinstance(call, Mapping) for call in calls):
        raise InvalidInputError(f"{what}: tool_calls must be a list of objects, got {calls!r}")
    called = []
    for call in calls:
        function = call.get("function")
        if function is None:
            function = {"name": call.get("type", "tool")}
        if not isinstance(function, Mapping):
            raise InvalidInputError(f"{what}: the function of a tool call must be an object, got {function!r}")
        called.append(f"[calls {function.get('name')}({function.get('arguments', '')})]")
    return called


class MessageReader:
    """Turns the messages of one call into episodes, all of them or none."""

    def __init__(self, *, now: datetime, longest: int) -> None:
        self._now = now
        self._longest = longest

    def read(
        self,
        messages: Message | Iterable[Message],
        scope: Scope,
        *,
        session: str | None,
        time: object | None,
        metadata: object | None,
        role: str = "user",
        name: str | None = None,
        infer: bool = True,
    ) -> list[Episode]:
        """The episodes that ``messages`` make, not stored yet; ``session`` is empty where the caller named none.

        Raises:
            InvalidInputError: one of them cannot be used; the message says which and why.
        """
        single = isinstance(messages, (str, Mapping, Episode))
        if not single and (isinstance(messages, (bytes, bytearray)) or not isinstance(messages, Iterable)):
            raise InvalidInputError(f"messages must be a text, a dict or a list of them, got {type(messages).__name__}")
        listed: list[Message] = [messages] if single else list(messages)  # type: ignore[list-item, arg-type]
        if not listed:
            raise InvalidInputError("there are no messages to add; give a text or a non-empty list")
        check_flag(infer, "infer")
        shared = {
            "role": role,
            "name": name,
            "session": _session(session, "session"),
            "time": time if time is not None else self._now,
            "metadata": check_metadata(metadata),
            "infer": infer,
        }
        return [
            self._episode(message, scope, shared, "the message" if single else f"message {position}")
            for position, message in enumerate(listed)
        ]

    def _episode(self, message: Message, scope: Scope, shared: Mapping[str, Any], what: str) -> Episode:
        if isinstance(message, Episode):
            return self._from_episode(message, scope, shared, what)
        if isinstance(message, str):
            message = {"content": message}
        elif not isinstance(message, Mapping):
            raise InvalidInputError(f"{what} must be a text, a dict or an Episode, got {type(message).__name__}")
        unknown = sorted(map(repr, set(message) - _KNOWN_FIELDS))
        if unknown:
            raise InvalidInputError(
                f"{what} has unknown fields {', '.join(unknown)}; put further data under 'metadata'"
            )
        role = self._role(message.get("role") or shared["role"], what)
        metadata = {**shared["metadata"], **check_metadata(message.get("metadata"), f"{what}: metadata")}
        if message.get("tool_call_id"):
            metadata.setdefault(
                "tool_call_id", check_text(str(message["tool_call_id"]), f"{what}: tool_call_id", longest=256)
            )
        time = message["time"] if message.get("time") is not None else shared["time"]
        return Episode(
            id=new_id(),
            space=scope.space,
            labels=scope.labels,
            session=_session(message.get("session"), f"{what}: session") or shared["session"],
            role=role,
            speaker=self._speaker(
                shared["name"] if message.get("name") is None else message["name"], role, scope, what
            ),
            content=self._content(_content_of(message, what), what),
            occurred_at=parse_time(time, f"{what}: time", now=self._now),
            created_at=self._now,
            infer=bool(shared["infer"]) and role in (Role.USER, Role.ASSISTANT, Role.DOCUMENT),
            metadata=metadata,
        )

    def _from_episode(self, episode: Episode, scope: Scope, shared: Mapping[str, Any], what: str) -> Episode:
        if episode.space != scope.space:
            raise InvalidInputError(f"{what} belongs to the space {episode.space!r}, the call is for {scope.space!r}")
        check_text(episode.id, f"{what}: id", longest=64)
        self._content(episode.content, what)
        if episode.session:
            check_text(episode.session, f"{what}: session", longest=256)
        if episode.speaker is not None:
            check_text(episode.speaker, f"{what}: speaker", longest=200)
        parse_time(episode.occurred_at, f"{what}: occurred_at", now=self._now)
        return episode.model_copy(
            update={
                "id": new_id(),  # whether another space has its own id must not show
                "created_at": self._now,
                "session": episode.session or shared["session"],
                "infer": episode.infer and bool(shared["infer"]),
                "metadata": {**shared["metadata"], **check_metadata(episode.metadata)},
                "ref": 0,
            }
        )

    def _content(self, content: object, what: str) -> str:
        return check_text(
            content,
            f"{what}: content",
            longest=self._longest,
            if_empty="there is nothing to remember",
            if_long="split it into several messages, or raise ingest.max_characters in the settings",
        )

    @staticmethod
    def _role(role: object, what: str) -> Role:
        known = _ROLES.get(role) if isinstance(role, str) else None
        if known is None:
            raise InvalidInputError(f"{what} has the unknown role {role!r}; known are {', '.join(sorted(_ROLES))}")
        return known

    @staticmethod
    def _speaker(name: object, role: Role, scope: Scope, what: str) -> str | None:
        if name is not None:
            return check_text(name, f"{what}: name", longest=200).strip()
        if role is Role.USER:
            return _name_from_id(scope.labels.user_id)
        if role is Role.ASSISTANT:
            return scope.labels.agent_id or "assistant"
        return None

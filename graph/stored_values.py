"""Values as every store keeps them: times as numbers, JSON in one form, labels, vectors."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from factloom.schemas.errors import InvalidInputError
from factloom.schemas.spaces import Labels
from factloom.schemas.trusted import trusted

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_CLOSING: Final = " \t\r\n\"'\u201d\u2019\u00bb)]*_"
_NO_LABELS: Final = Labels()
_DECODER: Final = json.JSONDecoder()


def to_micros(time: datetime) -> int:
    """Microseconds since 1970, exactly."""
    if time.tzinfo is None:
        raise InvalidInputError(f"the time {time} needs a time zone, e.g. datetime(2025, 3, 1, tzinfo=UTC)")
    since = time - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def to_micros_or_none(time: datetime | None) -> int | None:
    """As ``to_micros``; None stays None."""
    return None if time is None else to_micros(time)


def to_time(micros: int) -> datetime:
    """The time ``micros`` microseconds after 1970, in UTC."""
    return EPOCH + timedelta(microseconds=micros)


def to_time_or_none(micros: int | None) -> datetime | None:
    """As ``to_time``; None stays None."""
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def without_nul(text: str, field: str) -> str:
    """``text``, if it holds no NUL character, which stores cut it at or refuse.

    Raises:
        InvalidInputError: it does.
    """
    if "\x00" in text:
        raise InvalidInputError(f"the {field} holds a NUL character (position {text.index(chr(0))}); remove it")
    return text


def to_json(value: object, field: str) -> str:
    """Canonical JSON: sorted keys, no white space.

    Raises:
        InvalidInputError: ``value`` cannot be written as JSON.
    """
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"the {field} cannot be written as JSON: {error}") from error


def loaded_object(text: str) -> dict[str, Any]:
    """The JSON object in ``text``."""
    if text == "{}":
        return {}
    loaded: dict[str, Any] = _DECODER.raw_decode(text)[0]  # a third of json.loads, which looks for white space
    return loaded


def labels_from(user_id: str | None, agent_id: str | None, run_id: str | None) -> Labels:
    """Labels that are known to be valid; the empty ones are shared."""
    if user_id is None and agent_id is None and run_id is None:
        return _NO_LABELS
    return trusted(Labels, user_id=user_id, agent_id=agent_id, run_id=run_id)


def is_question(content: str) -> bool:
    """Whether the content ends in a question mark, closing quotes and brackets aside."""
    return content.rstrip(_CLOSING).endswith(("?", "\uff1f", "\u061f"))


def as_vectors(vectors: Vectors, of: str) -> Vectors:
    """``vectors`` as they are stored: two-dimensional, finite, float32.

    Raises:
        InvalidInputError: they are not; ``of`` names the record in the message.
    """
    made = np.ascontiguousarray(vectors, dtype=np.float32)
    if made.ndim != 2 or (made.shape[0] and not made.shape[1]):
        raise InvalidInputError(f"the vectors of {of} have shape {made.shape}; (parts, dimension) is needed")
    if not np.isfinite(made).all():
        raise InvalidInputError(f"the vectors of {of} hold values that are not finite")
    return made

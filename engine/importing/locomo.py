"""The format ``locomo``: samples of the LoCoMo data set, each a long conversation of two people in dated sessions.

Each sample goes to a space of its own, ``locomo/<sample_id>``, unless the import names one. A turn is dated
by its session, one millisecond after the turn before it; what a shared photo shows is added to the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from factloom.engine.importing.items import Found, FoundMessage, Unreadable, kind_of
from factloom.engine.importing.json_streams import read_items
from factloom.engine.importing.sources import Source
from factloom.engine.importing.timekeeping import STEP

_SESSION = re.compile(r"session_(\d+)")
_DATE_FORMAT = "%I:%M %p on %d %B, %Y"


def read_locomo(source: Source, *, zone: tzinfo = UTC) -> Iterator[Found]:
    """The turns of every sample, sessions in order; their dates are taken to be in ``zone``."""
    for number, sample in enumerate(read_items(source, "" if source.first_character() == b"{" else "item"), start=1):
        yield from _sample(f"sample {number}", sample, zone)


def _sample(where: str, sample: object, zone: tzinfo) -> Iterator[Found]:
    conversation = sample.get("conversation") if isinstance(sample, Mapping) else None
    if not isinstance(sample, Mapping) or not isinstance(conversation, Mapping):
        yield Unreadable(where, "a sample is a JSON object with a conversation")
        return
    name = str(sample.get("sample_id") or where.replace(" ", "-"))
    numbers = sorted(int(match[1]) for key in conversation if (match := _SESSION.fullmatch(key)))
    for number in numbers:
        turns = conversation[f"session_{number}"]
        place = f"{name}, session {number}"
        if not isinstance(turns, list):
            yield Unreadable(place, f"a session is a list of turns, this is {kind_of(turns)}")
            continue
        written = conversation.get(f"session_{number}_date_time")
        try:
            begins_at = datetime.strptime(str(written).strip(), _DATE_FORMAT).replace(tzinfo=zone)
        except ValueError:
            reason = (
                f"its date {written!r} is not like '1:56 pm on 8 May, 2023', so none of its {len(turns)} turns has one"
            )
            yield Unreadable(place, reason)
            continue
        for position, turn in enumerate(turns, start=1):
            yield _turn(f"{place}, turn {position}", turn, name, number, begins_at + STEP * (position - 1))


def _turn(where: str, turn: object, sample: str, number: int, time: datetime) -> Found:
    if not isinstance(turn, Mapping):
        return Unreadable(where, f"a turn is a JSON object, this is {kind_of(turn)}")
    text, caption = turn.get("text"), turn.get("blip_caption")
    if caption:
        text = f"{text or ''} [shares a photo: {caption}]".strip()
    message: dict[str, Any] = {
        "role": "user",
        "name": turn.get("speaker"),
        "content": text,
        "time": time,
        "session": f"{sample}/session_{number}",
        "metadata": {"dia_id": turn["dia_id"]} if turn.get("dia_id") is not None else None,
    }
    return FoundMessage(where, message, {}, own_space=f"locomo/{sample}")

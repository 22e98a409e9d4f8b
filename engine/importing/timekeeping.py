"""Times for messages without one, the same at every run, so that an import can be resumed and repeated."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from factloom.engine.importing.items import FoundMessage
from factloom.engine.messages import parse_time

STEP = timedelta(milliseconds=1)


class Timekeeper:
    """Dates the messages of one file.

    A message without a time is dated from an anchor: the last message of its session that has a time, else when its
    conversation began, else the last message of the file that has a time, else ``start``. To that comes one
    millisecond for every item of the file since then, readable or not, so that mending one leaves the others' times
    as they are.
    """

    def __init__(self, start: datetime, *, now: datetime, zone: tzinfo | None = None) -> None:
        self.start = start
        self.used_start = False
        self._now = now
        self._zone = zone
        self._last: tuple[datetime, int] | None = None
        self._in_session: dict[object, tuple[datetime, int]] = {}

    def time_of(self, found: FoundMessage, item: int) -> datetime:
        """When the message, which is number ``item`` of its file, was said.

        Raises:
            InvalidInputError: the time that it names cannot be used.
        """
        written = found.message.get("time")
        session = (found.scope.get("space"), found.own_space, found.message.get("session"))
        if written is not None:
            time = parse_time(self._zoned(written), "time", now=self._now)
            self._last = self._in_session[session] = (time, item)
            return time
        if session not in self._in_session and found.begins_at is not None:
            self._in_session[session] = (found.begins_at, item)
        anchor = self._in_session.get(session) or self._last
        if anchor is None:
            self.used_start = True
            anchor = (self.start, 0)
        return parse_time(anchor[0] + STEP * (item - anchor[1]), "the time of its file", now=self._now)

    def _zoned(self, written: object) -> object:
        """The time in the import's zone, if it has none of its own and there is one."""
        if self._zone is None or not isinstance(written, str):
            return written
        try:
            time = datetime.fromisoformat(written.strip())
        except ValueError:
            return written
        return time if time.tzinfo is not None else time.replace(tzinfo=self._zone)

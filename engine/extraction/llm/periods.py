"""Dates as a model writes them: a year, a month, a day or a moment in ISO 8601."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_YEARS: Final = range(1900, 2200)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time [start, end) in UTC and how exactly it was named."""

    start: datetime
    end: datetime
    precision: Literal["day", "month", "year"]


def read_period(text: str) -> Period | None:
    """The period that ``text`` names: ``2025``, ``2025-04``, ``2025-04-18`` or a moment, which counts for itself.

    A moment without a zone is taken as UTC. None when it is none of these, no real date, or not of 1900 to 2199.
    """
    try:
        match = _DATE.fullmatch(text)
        if match is None:
            moment = datetime.fromisoformat(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
            return Period(moment, moment, "day") if moment.year in _YEARS else None
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        start = datetime(year, month, day, tzinfo=UTC)
        if year not in _YEARS:
            return None
    except (ValueError, OverflowError):
        return None
    if match[3]:
        return Period(start, start + timedelta(days=1), "day")
    if match[2]:
        return Period(start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC), "month")
    return Period(start, datetime(year + 1, 1, 1, tzinfo=UTC), "year")

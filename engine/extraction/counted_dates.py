"""Times that are counted or come in tens: "the Tuesday before last", "two Fridays ago", "in the 90s"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from factloom.engine.extraction.calendar_words import (
    NUMBER,
    SEASONS,
    WEEKDAY,
    WEEKDAYS,
    Span,
    back,
    day_of,
    number_of,
    shift,
)

_TENS: Final = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
}
_DEGREES: Final = re.compile(r"\b(?:degrees?|temperatures?|fahrenheit|celsius|heat|weather|humid|scored?|grades?)\b")
_WEEKDAY_NAMED: Final = WEEKDAY.replace("(", "(?P<day>", 1)


def _last(day: str, anchor: datetime) -> datetime:
    """The last such weekday before the anchor's day."""
    behind = (anchor.weekday() - WEEKDAYS.index(day)) % 7 or 7
    return day_of(anchor) - timedelta(days=behind)


def _next(day: str, anchor: datetime) -> datetime:
    ahead = (WEEKDAYS.index(day) - anchor.weekday()) % 7 or 7
    return day_of(anchor) + timedelta(days=ahead)


def read_beyond(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "the Tuesday before last", "the week after next": the second one counted from now."""
    what, behind = match.group("what"), match.group("side") == "before last"
    if what in WEEKDAYS:
        return (
            (_last(what, anchor) - timedelta(weeks=1)) if behind else (_next(what, anchor) + timedelta(weeks=1))
        ), "day"
    if what == "night":
        return day_of(anchor) + timedelta(days=-2 if behind else 2), "day"
    if what in SEASONS:
        start = datetime(anchor.year, SEASONS[what], 1, tzinfo=UTC)
        if behind:
            over = shift(start, months=3) <= anchor
            return (shift(start, months=-12) if over else shift(start, months=-24)), "season"
        return (shift(start, months=12) if start > anchor else shift(start, months=24)), "season"
    return back(anchor, what, 2 if behind else -2)


def read_several_ago(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "two Fridays ago": the last one is the first."""
    weeks = number_of(match.group(1)) - 1
    return _last(match.group("day"), anchor) - timedelta(weeks=weeks), "day"


def read_weeks_beside(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "a week ago on Friday", "Friday a week ago", "a week last Friday": so many weeks before the last one."""
    weeks = number_of(match.group("count") or "a")
    return _last(match.group("day"), anchor) - timedelta(weeks=weeks), "day"


def read_weeks_ahead(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "a week on Friday", "two weeks from Friday": so many weeks after the next one."""
    return _next(match.group("day"), anchor) + timedelta(weeks=number_of(match.group("count"))), "day"


def read_week_after(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "Tuesday week": a week after the next one."""
    return _next(match.group("day"), anchor) + timedelta(weeks=1), "day"


def read_decade(match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    """For "in the 90s", "the late eighties", "the 1970s"; of two centuries, the one whose decade has begun last."""
    if _DEGREES.search(match.string):
        return None
    figures = match.group("figures")
    if figures is not None and len(figures) == 4:
        year = int(figures)
        return (datetime(year, 1, 1, tzinfo=UTC), "decade") if year % 100 or year == 2000 else None
    tens = int(figures) if figures is not None else _TENS[match.group("words")]
    year = anchor.year // 100 * 100 + tens
    return datetime(year if year <= anchor.year else year - 100, 1, 1, tzinfo=UTC), "decade"


COUNTED: Final = (
    (
        rf"\b(?:on )?the (?P<what>{'|'.join([*WEEKDAYS, *SEASONS])}|night|week|weekend|month|year) "
        r"(?P<side>before last|after next)\b",
        read_beyond,
    ),
    (rf"\b{NUMBER} {_WEEKDAY_NAMED}s ago\b", read_several_ago),
    (rf"\b(?P<count>{NUMBER[1:-1]}) weeks? ago,? (?:on )?(?:last )?{_WEEKDAY_NAMED}\b", read_weeks_beside),
    (rf"\b(?:on )?{_WEEKDAY_NAMED} (?P<count>{NUMBER[1:-1]}) weeks? ago\b", read_weeks_beside),
    (rf"\b(?P<count>a) week last {_WEEKDAY_NAMED}\b", read_weeks_beside),
    (rf"\b(?P<count>{NUMBER[1:-1]}) weeks? (?:on|from) {_WEEKDAY_NAMED}\b", read_weeks_ahead),
    (rf"\b(?:on )?{_WEEKDAY_NAMED} week\b(?! \d)", read_week_after),
    (
        r"(?:(?<=\bin )|(?<=\bduring )|(?<=\bsince )|(?<=\bthroughout ))the (?:early |mid[- ]?|late )?['’]?"
        rf"(?:(?P<figures>(?:19|20)?\d0)['’]?s|(?P<words>{'|'.join(_TENS)}))\b",
        read_decade,
    ),
)
"""Patterns of such times, over lower-case text, with their readers."""

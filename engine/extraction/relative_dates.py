"""Times told from now: "three weeks ago", "in a month's time", "yesterday", "next week on Tuesday", "last year"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from factloom.engine.extraction.calendar_words import (
    NUMBER,
    UNIT,
    WEEKDAYS,
    Span,
    back,
    day_of,
    named,
    number_of,
    shift,
)


def _ago(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _counted(anchor, match.group(2), number_of(match.group(1)))


def _ahead(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _counted(anchor, match.group(2), -number_of(match.group(1)))


def _counted(anchor: datetime, unit: str, count: int) -> Span:
    if unit in ("week", "fortnight"):  # counted from the day, not from the beginning of the week
        return day_of(anchor - timedelta(weeks=count * (2 if unit == "fortnight" else 1))), "about"
    return back(anchor, "year", 10 * count) if unit == "decade" else back(anchor, unit, count)


def _from_tomorrow(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "a week tomorrow", "two weeks from tomorrow", "tomorrow week"."""
    weeks = number_of(match["count"] or "a") * (2 if match["unit"] == "fortnight" else 1)
    return day_of(anchor + timedelta(days=1, weeks=weeks)), "day"


_NAMED_DAYS: Final = {
    "today": 0,
    "tonight": 0,
    "this morning": 0,
    "this afternoon": 0,
    "this evening": 0,
    "yesterday": -1,
    "last night": -1,
    "the day before yesterday": -2,
    "the day after tomorrow": 2,
    "tomorrow": 1,
    "the other day": -3,
}


def _named_day(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return day_of(anchor + timedelta(days=_NAMED_DAYS[match.group(1)])), "day"


def _unit_beside(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    step = {"last": 1, "past": 1, "this": 0, "next": -1}[match.group(1)]
    if match.group(2) == "fortnight":
        return back(anchor, "week", 2 * step)
    if match.group(2) == "weekend":
        saturday = day_of(anchor) + timedelta(days=(5 - anchor.weekday()))
        return saturday - timedelta(weeks=step), "day"
    return back(anchor, match.group(2), step)


def _half_year(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return back(anchor, "month", 6)


def _weekend(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "over the weekend": the last one, or the next when looking ahead."""
    saturday = day_of(anchor) + timedelta(days=5 - anchor.weekday())
    return (saturday if future or saturday <= anchor else saturday - timedelta(weeks=1)), "day"


def _weekday_beside(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "on Tuesday next week", "Sunday last week", "next week on Tuesday"."""
    step = {"last": -1, "this": 0, "next": 1}[match.group("week")]
    monday = day_of(anchor) - timedelta(days=anchor.weekday())
    return monday + timedelta(weeks=step, days=WEEKDAYS.index(match.group("day"))), "day"


_HALVES: Final = (
    rf"(?:(?P<count>{NUMBER[1:-1]}) and a half (?P<unit>week|month|year)s?|an? (?P<one>week|month|year) and a half)"
)


def _and_a_half(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "two and a half years ago", "for a month and a half"."""
    count, unit = number_of(match["count"] or "a"), match["unit"] or match["one"]
    if unit == "year":
        return back(anchor, "month", 12 * count + 6)
    return day_of(anchor - timedelta(days=round((count + 0.5) * (7 if unit == "week" else 30.4)))), "about"


def _this_time(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "this time last year": about the same day."""
    step = -1 if match.group(1) == "last" else 1
    if match.group(2) == "week":
        return day_of(anchor + timedelta(weeks=step)), "day"
    return day_of(shift(anchor, months=step * (12 if match.group(2) == "year" else 1))), "about"


RELATIVE: Final = (
    (rf"\b{NUMBER} {UNIT} (?:ago|back)\b", _ago),
    (rf"\bfor (?:about |almost |over |nearly |around |the past |the last |more than )?{NUMBER} {UNIT}\b", _ago),
    (rf"\bin {NUMBER} {UNIT}\b(?:['’]s?)?(?: time\b)?", _ahead),
    (rf"\b{NUMBER} {UNIT} from (?:now|today)\b", _ahead),
    (rf"\b{NUMBER} (week|fortnight)s? today\b", _ahead),
    (rf"\b(?P<count>{NUMBER[1:-1]}) (?P<unit>week|fortnight)s? (?:from )?tomorrow\b", _from_tomorrow),
    (r"\b(?P<count>)tomorrow (?P<unit>week|fortnight)\b", _from_tomorrow),
    (r"\bhalf a year ago\b", _half_year),
    (rf"\b{_HALVES} (?:ago|back)\b", _and_a_half),
    (rf"\bfor (?:about |almost |over |nearly |around |more than )?{_HALVES}\b", _and_a_half),
    (r"\b(?:over|at|on) the weekend\b", _weekend),
    (rf"\b(?:on )?{named('day', WEEKDAYS)} (?P<week>last|this|next) week\b", _weekday_beside),
    (rf"\b(?P<week>last|this|next) week,? (?:on )?{named('day', WEEKDAYS)}\b", _weekday_beside),
    (r"\bthis time (last|next) (week|month|year)\b", _this_time),
    (
        r"\b(the day before yesterday|the day after tomorrow|yesterday|today|tonight|tomorrow|last night|"
        r"the other day|this (?:morning|afternoon|evening))\b",
        _named_day,
    ),
    (r"\b(last|past|this|next) (week|fortnight|month|year|weekend)\b", _unit_beside),
    (r"\blater (this) (week|month|year)\b", _unit_beside),
    (r"\bearlier (this) (week|month|year)\b", _unit_beside),
)
"""Patterns of such times, over lower-case text, with their readers."""

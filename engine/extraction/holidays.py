"""Days that have a name instead of a date: "on Christmas Eve", "last Easter", "at Thanksgiving 2019".

Those that many countries keep on the same day, and those of the United States that are known elsewhere. A day that
differs from country to country (Mother's Day) or from calendar to calendar (Diwali, Eid) is left undated.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from dateutil.easter import easter

from factloom.engine.extraction.calendar_words import Span, day_of

_FIXED: Final = {  # what begins like another one stands before it
    r"new year['’]?s eve|nye": (12, 31),
    r"new year['’]?s day|new year['’]?s": (1, 1),
    r"burns night": (1, 25),
    r"valentine['’]?s(?: day)?": (2, 14),
    r"(?:st\.?|saint) (?:patrick|paddy)['’]?s(?: day)?": (3, 17),
    r"april fools?['’]?(?: day)?": (4, 1),
    r"may day": (5, 1),
    r"cinco de mayo": (5, 5),
    r"juneteenth": (6, 19),
    r"midsummer['’]?s? eve": (6, 23),
    r"midsummer(?:['’]?s?(?: day)?)?": (6, 24),
    r"independence day": (7, 4),
    r"bastille day": (7, 14),
    r"halloween": (10, 31),
    r"all saints['’]?(?: day)?": (11, 1),
    r"bonfire night|guy fawkes(?: night| day)?": (11, 5),
    r"veterans['’]? day|armistice day|remembrance day": (11, 11),
    r"(?:christmas|xmas) eve": (12, 24),
    r"(?:christmas|xmas)(?: day)?": (12, 25),
    r"boxing day": (12, 26),
}
_FROM_EASTER: Final = {
    r"shrove tuesday|pancake day|mardi gras": -47,
    r"ash wednesday": -46,
    r"palm sunday": -7,
    r"maundy thursday": -3,
    r"good friday": -2,
    r"easter monday": 1,
    r"easter saturday|easter eve": -1,
    r"easter(?: sunday| day)?": 0,
    r"whit sunday|whitsun|pentecost": 49,
    r"whit monday": 50,
}
# Month, weekday (Monday is 0), which of the month's (the last is -1), days later.
_NTH: Final = {
    r"(?:martin luther king|mlk) day": (1, 0, 3, 0),
    r"memorial day": (5, 0, -1, 0),
    r"father['’]?s day": (6, 6, 3, 0),
    r"labor day": (9, 0, 1, 0),
    r"black friday": (11, 3, 4, 1),
    r"thanksgiving(?: day)?": (11, 3, 4, 0),
}
# Without a day of its own behind it ("Christmas Eve"), a name stands for the days around it too: "over Christmas".
_AROUND: Final = frozenset({"over", "around", "during"})
_LEAD: Final = (
    r"(?:\b(?P<lead>on|at|over|around|during|since|until|till|by|before|after|for|from|last|next|this past|"
    r"this coming|this)(?: (?:the|this|last|next))? )"
)
_NAMES: Final = {**_FIXED, **_FROM_EASTER, **_NTH}
_NAME: Final = "(?P<name>" + "|".join(_NAMES) + ")"
_THINGS: Final = (
    "part(?:y|ies)|dinners?|lunch(?:es)?|breakfasts?|meals?|markets?|cards?|presents?|gifts?|trees?|songs?|carols?|"
    "movies?|films?|costumes?|decorations?|jumpers?|sweaters?|cookies?|eggs?|island|sales?|shopping|music|stories|story"
)
_YEAR: Final = r",? (?:of |in )?(?P<year>(?:19|20)\d\d)\b| (?P<beside>last|this|next) year\b"
_TAIL: Final = (
    r"(?: (?:weekend|morning|afternoon|evening|night|holidays?|break|week))?"
    rf"(?:{_YEAR})?"
    rf"(?! (?:{_THINGS})\b)\b"
)


def read_holiday(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """The day that the name means: of the year that is told, else the last one, or the next when looking ahead."""
    lead, year = match["lead"] or "", match["year"]
    precision = "about" if any(word in lead.split() for word in _AROUND) else "day"
    if year:
        return _in_year(match["name"], int(year)), precision
    if match["beside"]:
        step = {"last": -1, "this": 0, "next": 1}[match["beside"]]
        return _in_year(match["name"], anchor.year + step), precision
    words = match.group().split()[:2]
    today = day_of(anchor)
    days = [_in_year(match["name"], anchor.year + step) for step in (-1, 0, 1)]
    if "last" in words or "past" in words:
        return max(day for day in days if day < today), precision
    if "next" in words or "coming" in words or lead in ("by", "until", "till"):
        return min(day for day in days if day > today), precision
    if future:
        return min(day for day in days if day >= today), precision
    return max(day for day in days if day <= today), precision


def _in_year(name: str, year: int) -> datetime:
    kind = next(pattern for pattern in _NAMES if re.fullmatch(pattern, name))
    if kind in _FIXED:
        day = date(year, *_FIXED[kind])
    elif kind in _FROM_EASTER:
        day = easter(year) + timedelta(days=_FROM_EASTER[kind])
    else:
        day = _nth(year, *_NTH[kind])
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _nth(year: int, month: int, weekday: int, which: int, later: int) -> date:
    """The first, third or last such weekday of a month, or some days after it."""
    first = date(year, month, 1) + timedelta(days=(weekday - date(year, month, 1).weekday()) % 7)
    days = [first + timedelta(weeks=k) for k in range(5) if (first + timedelta(weeks=k)).month == month]
    return days[which - 1 if which > 0 else which] + timedelta(days=later)


HOLIDAYS: Final = (
    (_LEAD + _NAME + _TAIL, read_holiday),
    (rf"(?P<lead>\b){_NAME}(?:{_YEAR})", read_holiday),
)
"""Patterns of such days, over lower-case text, with their reader."""

HOLIDAY_WORDS: Final = (
    "christmas|xmas|new year|valentine|patrick|paddy|april fool|easter|good friday|ash wednesday|palm sunday|maundy|"
    "whit (?:sun|mon)|whitsun|pentecost|shrove|pancake day|mardi gras|halloween|all saints|bonfire|guy fawkes|"
    "veterans|armistice|remembrance|boxing day|nye|thanksgiving|black friday|juneteenth|midsummer|bastille|"
    "burns night|cinco de|labor day|memorial day|mlk|martin luther"
)
"""A word without which none of the patterns fits (those with "day" or a month in them need none)."""

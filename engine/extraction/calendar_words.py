"""The words and the arithmetic of the calendar: months, weekdays, seasons, numbers in words, steps back and ahead."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
WEEKDAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_COUNTED: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
)
NUMBERS: Final = {word: number for number, word in enumerate(_COUNTED.split())} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "a": 1,
    "an": 1,
    "couple": 2,
    "few": 3,
    "several": 4,
}

NUMBER: Final = (
    r"(\d{1,3}|(?:a )?(?:couple|few)(?: of)?|several|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty)"
)
MONTH: Final = "(" + "|".join(MONTHS) + ")"
MONTH_SHORT: Final = f"({'|'.join(MONTHS)}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\\b\\.?)"
"""Months, cut short too, for where a day or a year stands beside them: Jan is a name as well."""
WEEKDAY: Final = "(" + "|".join(WEEKDAYS) + ")"
SEASON: Final = "(" + "|".join(SEASONS) + ")"
UNIT: Final = r"(day|weekend|week|fortnight|month|year|decade)s?"

Span = tuple[datetime, str]  # start and precision
Reader = Callable[[re.Match[str], datetime, bool], Span | None]


def day_of(value: datetime) -> datetime:
    """Midnight of its day."""
    return value.replace(hour=0, minute=0, second=0, microsecond=0)


def shift(value: datetime, *, months: int) -> datetime:
    """``value`` so many months later, on the last day of a month that is too short."""
    index = value.year * 12 + value.month - 1 + months
    year, month = divmod(index, 12)
    return value.replace(year=year, month=month + 1, day=min(value.day, monthrange(year, month + 1)[1]))


def named(group: str, words: list[str]) -> str:
    """A pattern of one of the words, as a named group."""
    return f"(?P<{group}>{'|'.join(words)})"


def month_number(word: str) -> int:
    """1 for "january" and "jan"."""
    return next(number for number, month in enumerate(MONTHS, 1) if month[:3] == word[:3])


def number_of(word: str) -> int:
    """The number that digits or words name ("a couple of": 2)."""
    word = word.removeprefix("a ").removesuffix(" of")
    return int(word) if word.isdigit() else NUMBERS[word]


def back(anchor: datetime, unit: str, count: int) -> Span:
    """``count`` units before ``anchor``, as exact as the unit."""
    if unit == "day":
        return day_of(anchor - timedelta(days=count)), "day"
    if unit == "weekend":
        saturday = day_of(anchor) + timedelta(days=5 - anchor.weekday())
        return saturday - timedelta(weeks=count), "day"
    if unit == "week":
        day = day_of(anchor - timedelta(weeks=count))
        return day - timedelta(days=day.weekday()), "week"
    moved = shift(day_of(anchor), months=-count if unit == "month" else -12 * count).replace(day=1)
    return (moved, "month") if unit == "month" else (moved.replace(month=1), "year")

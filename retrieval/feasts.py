"""Feasts that people date by ("over Christmas", "since Easter"), as the days of a year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Days = tuple[datetime, datetime]


def _fixed(month: int, day: int, days: int = 1) -> Callable[[int], Days]:
    def of_year(year: int) -> Days:
        start = datetime(year, month, day, tzinfo=UTC)
        return start, start + timedelta(days=days)

    return of_year


def _easter(year: int) -> Days:
    """Good Friday to Easter Monday; the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    sunday = datetime(year, month, (h - m + r + month + 19) % 32, tzinfo=UTC)
    return sunday - timedelta(days=2), sunday + timedelta(days=2)


def _thanksgiving(year: int) -> Days:
    """The fourth Thursday of November, and the weekend after it."""
    first = datetime(year, 11, 1, tzinfo=UTC)
    thursday = first + timedelta(days=(3 - first.weekday()) % 7 + 21)
    return thursday, thursday + timedelta(days=4)


_NAMES: Final[dict[str, Callable[[int], Days]]] = {
    "christmas eve": _fixed(12, 24),
    "christmas day": _fixed(12, 25),
    "christmas holidays": _fixed(12, 20, 15),
    "christmas break": _fixed(12, 20, 15),
    "winter holidays": _fixed(12, 20, 15),
    "holidays": _fixed(12, 20, 15),
    "holiday season": _fixed(12, 20, 15),
    "christmas": _fixed(12, 24, 4),
    "xmas": _fixed(12, 24, 4),
    "new year['’]?s eve": _fixed(12, 31),
    "new year['’]?s day": _fixed(1, 1),
    "new year(?:['’]?s)?(?! resolution)": _fixed(12, 31, 2),
    "easter": _easter,
    "thanksgiving": _thanksgiving,
    "halloween": _fixed(10, 31),
    "valentine['’]?s(?: day)?": _fixed(2, 14),
    "independence day": _fixed(7, 4),
}
FEASTS: Final = tuple(name if name != "holidays" else "(?<=the )holidays" for name in _NAMES)
"""Patterns of their names, longer ones first. "Holidays" alone may be any; "the holidays" are those around New Year."""


def feast(name: str, year: int) -> Days:
    """The days of the feast called ``name`` (one that `FEASTS` matches) that begins in ``year``: from, and up to."""
    import re

    for pattern, of_year in _NAMES.items():
        if re.fullmatch(pattern, name):
            return of_year(year)
    raise KeyError(name)

"""Dates in figures: "3/4/2024", "25.12.1998", "on 3/4".

Which figure is the month is decided, in this order, by what can be one (13 to 31 are days), by dots, which are written
between day and month, by other dates of the same text, by the tense (what has been done lies behind, a plan ahead), and
else by the order in use (``reading_dates``): month first, as the Unicode CLDR has it for English without a country.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Final, Literal

from factloom.engine.extraction.calendar_words import Span

DateOrder = Literal["month first", "day first"]

_ORDER: ContextVar[DateOrder] = ContextVar("factloom_date_order", default="month first")
_FIGURES: Final = (
    r"(?<![\w/.:-])(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})(?![\w/-]|\.\d)"
)
_LED: Final = "|".join(rf"(?<=\b{word} )" for word in ("on", "by", "since", "until", "till", "from", "before", "after"))
_NO_YEAR: Final = rf"(?:{_LED})(?P<first>\d{{1,2}})(?P<mark>/)(?P<second>\d{{1,2}})(?P<year>)(?![\w/:-]|\.\d| of\b)"
_YEAR_FIRST: Final = r"(?<![\w/.:-])(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?![\w/-]|\.\d)"
_ANY: Final = re.compile(_FIGURES)


@contextmanager
def reading_dates(order: DateOrder) -> Iterator[None]:
    """Read dates that could be either with this order, within the block."""
    token = _ORDER.set(order)
    try:
        yield
    finally:
        _ORDER.reset(token)


def read_figures(match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    """The day that "3/4/2024" or "on 3/4" names."""
    readings = _readings(match, anchor, future)
    return (readings[0], "day") if readings else None


def read_year_first(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "2024/3/4"."""
    return datetime(int(match.group(1)), int(match.group(2)), int(match.group(3)), tzinfo=UTC), "day"


def other_reading(words: str, taken: datetime) -> date | None:
    """The other day that a date in figures could be, if nothing but the order in use decided it."""
    match = _ANY.search(words.lower()) or re.search(_NO_YEAR, f"on {words.lower()}".replace("on on ", "on "))
    if match is None or match["mark"] == "." or max(int(match["first"]), int(match["second"])) > 12:
        return None
    if taken.month == taken.day:
        return None
    return date(taken.year, taken.day, taken.month)


def _readings(match: re.Match[str], anchor: datetime, future: bool) -> list[datetime]:
    """The days that figures can be, the likelier first."""
    first, second, mark = int(match["first"]), int(match["second"]), match["mark"]
    if mark != "/" and len(match["year"]) < 4:
        return []  # a version, a score
    year = _year(match["year"], anchor)
    found = {
        "day first": _day(year, second, first, anchor, future),
        "month first": _day(year, first, second, anchor, future),
    }
    order = _decided(match, mark) or _by_tense(found, anchor, future) or _ORDER.get()
    ordered = [found[order], *(day for name, day in found.items() if name != order)]
    return [day for day in ordered if day is not None]


def _decided(match: re.Match[str], mark: str) -> str | None:
    """The order that the figures themselves tell, or others in the same text."""
    if mark == ".":
        return "day first"
    figures = [(int(match["first"]), int(match["second"]))]
    figures += [(int(m["first"]), int(m["second"])) for m in _ANY.finditer(match.string) if m["mark"] == mark]
    orders = {("day first" if one > 12 else "month first") for one, two in figures if (one > 12) != (two > 12)}
    own = figures[0]
    if (own[0] > 12) != (own[1] > 12):
        return "day first" if own[0] > 12 else "month first"
    return orders.pop() if len(orders) == 1 else None


def _by_tense(found: dict[str, datetime | None], anchor: datetime, future: bool) -> str | None:
    """The only order by which the day lies where the tense puts it."""
    fits = [name for name, day in found.items() if day is not None and ((day > anchor) if future else (day <= anchor))]
    return fits[0] if len(fits) == 1 and all(found.values()) else None


def _year(text: str, anchor: datetime) -> int | None:
    if len(text) == 4:
        return int(text)
    if not text:
        return None
    year = anchor.year // 100 * 100 + int(text)
    return year if year <= anchor.year + 10 else year - 100  # "'84" lies behind


def _day(year: int | None, month: int, day: int, anchor: datetime, future: bool) -> datetime | None:
    try:
        found = datetime(year or anchor.year, month, day, tzinfo=UTC)
    except ValueError:  # 31 February
        return None
    if year is not None:
        return found
    ahead = found > anchor
    if ahead == future or found.date() == anchor.date():
        return found
    try:
        return found.replace(year=anchor.year + (1 if future else -1))
    except ValueError:
        return None


FIGURES: Final = (
    (_FIGURES, read_figures),
    (_NO_YEAR, read_figures),
    (_YEAR_FIRST, read_year_first),
)
"""Patterns of dates in figures, over lower-case text, with their readers."""

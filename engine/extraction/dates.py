"""Read simple date expressions ("last Friday", "in May", "two years ago", "on 3 March") against a message's time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from factloom.engine.extraction.calendar_words import (
    MONTH,
    MONTHS,
    NUMBER,
    SEASON,
    SEASONS,
    UNIT,
    WEEKDAY,
    WEEKDAYS,
    Reader,
    Span,
    back,
    day_of,
    number_of,
    shift,
)
from factloom.engine.extraction.counted_dates import COUNTED
from factloom.engine.extraction.numeric_dates import FIGURES


@dataclass(frozen=True, slots=True)
class When:
    """A stretch of time that a text names: [start, end), how exact it is, and the characters that say it.

    ``since`` tells "since 2019" and "for four years", which name only a beginning, from "in 2019".
    """

    start: datetime
    end: datetime
    precision: str  # day | about (a few days around) | week | month | season | year | decade
    span: tuple[int, int]
    since: bool = False

    @property
    def phrase(self) -> str:
        """The same time in absolute words, e.g. "on 18 April 2025"."""
        month = f"{MONTHS[self.start.month - 1].capitalize()} {self.start.year}"
        if self.precision == "day":
            said = f"{self.start.day} {month}"
            return f"since {said}" if self.since else f"on {said}"
        if self.precision == "about":
            return f"{'since about' if self.since else 'around'} {self.start.day} {month}"
        if self.precision == "week":
            return f"in the week of {self.start.day} {month}"
        said = str(self.start.year) if self.precision == "year" else month
        if self.precision == "decade":
            said = f"the {self.start.year}s"
        if self.precision == "season":
            name = next(name for name, number in SEASONS.items() if number == self.start.month)
            said = f"{name} {self.start.year}" if name != "winter" else f"the winter of {self.start.year}"
        return f"since {said}" if self.since else f"in {said}"


def find_when(text: str, anchor: datetime, *, future: bool = False) -> When | None:
    """The first date expression in ``text``, as seen from ``anchor`` (aware; UTC is used).

    ``future`` says which way "on Friday" and "in May" look. None when there is none, or it is no real date.
    """
    lowered = text.lower()
    if _ANY_TIME.search(lowered) is None:
        return None
    anchor = anchor.astimezone(UTC)
    best: tuple[int, int, re.Match[str], Span] | None = None
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(lowered):
            found = _safely(read, match, anchor, future)
            # The earliest expression wins, and of two that begin together the longer one.
            if found and (best is None or (match.start(), -match.end()) < (best[0], -best[1])):
                best = (match.start(), match.end(), match, found)
    if best is None:
        return None
    start, end, match, (begin, precision) = best
    lead = re.search(r"\b(since|back in|on|in|for|during|over|this past|at)\s+(the\s+)?$", lowered[:start])
    since = (match.group().startswith(("since ", "for ")) and precision != "day") or bool(
        lead and lead.group(1) == "since"
    )
    start = lead.start() if lead else start
    middle = re.search(r"\b(?:at|by|until|in) the (?:end|beginning|start|middle) (?:of )?$", lowered[:start])
    start = middle.start() if middle else start
    return When(begin, _end(begin, precision), precision, (start, end), since)


# A word or a figure without which no pattern fits: most sentences tell no time.
_ANY_TIME: Final = re.compile(
    rf"\d|{'|'.join(MONTHS)}|{'|'.join(SEASONS)}|\b(?:mon|tue|wed|thu|fri|sat|sun)|day|week|month|year|night|morning|"
    r"afternoon|evening|christmas|tomorrow|\w\wties\b"
)


def bare_when(text: str, anchor: datetime) -> When | None:
    """The date of a sentence that holds nothing else: "Eleven years ago, help", "That was in 2021"."""
    words = _POINTING.sub("", text.strip())
    found = find_when(words, anchor)
    if found is None or len(words.split()) > len(words[found.span[0] : found.span[1]].split()) + 1:
        return None
    return found


_POINTING: Final = re.compile(r"^(?:(?:that|this|it) (?:was|happened)|that's) (?:about |back )?", re.IGNORECASE)


def _safely(read: Reader, match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    try:
        return read(match, anchor, future)
    except (ValueError, OverflowError):  # 31 February, the year 0
        return None


def _end(start: datetime, precision: str) -> datetime:
    if precision in ("day", "about", "week"):
        return start + timedelta(days=7 if precision == "week" else 1)
    return shift(start, months={"month": 1, "season": 3, "year": 12, "decade": 120}[precision])


def _ago(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    unit, count = match.group(2), number_of(match.group(1))
    if unit == "week":  # counted from the day, not from the beginning of the week
        return day_of(anchor - timedelta(weeks=count)), "about"
    return back(anchor, unit, count)


def _ahead(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    unit, count = match.group(2), number_of(match.group(1))
    if unit == "week":
        return day_of(anchor + timedelta(weeks=count)), "about"
    return back(anchor, unit, -count)


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


def _month_of(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "in June last year", "next year in May"."""
    year = anchor.year + {"last": -1, "this": 0, "next": 1}[match.group("year")]
    return datetime(year, MONTHS.index(match.group("month")) + 1, 1, tzinfo=UTC), "month"


def _season_of(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(2)), SEASONS[match.group(1)], 1, tzinfo=UTC), "season"


def _bare_month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(2)), MONTHS.index(match.group(1)) + 1, 1, tzinfo=UTC), "month"


def _christmas(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _calendar_day("25", "december", None, anchor, future)


def _weekday(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    prefix, wanted = match.group(1) or "", WEEKDAYS.index(match.group(2))
    ahead = future or prefix in ("next", "this", "by")
    if prefix == "last":
        ahead = False
    distance = (wanted - anchor.weekday()) % 7 if ahead else (anchor.weekday() - wanted) % 7
    distance = distance or 7
    return day_of(anchor + timedelta(days=distance if ahead else -distance)), "day"


def _short_weekday(match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    name = next(day for day in WEEKDAYS if day.startswith(match.group(2)[:3]))
    full = re.match(rf"(?:(last|this|next|by) |on )?{WEEKDAY}", f"{match.group(1)} {name}")
    return _weekday(full, anchor, future) if full is not None else None


def _month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    prefix, wanted, year = match.group(1), MONTHS.index(match.group(2)) + 1, match.group(3)
    if year:
        return datetime(int(year), wanted, 1, tzinfo=UTC), "month"
    start = datetime(anchor.year, wanted, 1, tzinfo=UTC)
    if prefix.startswith("next") or future:
        return (start if start.month >= anchor.month else shift(start, months=12)), "month"
    if prefix.startswith("last") and wanted == anchor.month:
        return shift(start, months=-12), "month"
    return (start if start <= anchor else shift(start, months=-12)), "month"


def _season(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    start = datetime(anchor.year, SEASONS[match.group(2)], 1, tzinfo=UTC)
    if match.group(1) == "next" or future:
        return (start if start > anchor else shift(start, months=12)), "season"
    if match.group(1) == "last" and start.month <= anchor.month < start.month + 3:
        return shift(start, months=-12), "season"
    return (start if start <= anchor else shift(start, months=-12)), "season"


def _year(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(1)), 1, 1, tzinfo=UTC), "year"


def _iso(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(1)), int(match.group(2)), int(match.group(3)), tzinfo=UTC), "day"


def _calendar_day(day: str, month: str, year: str | None, anchor: datetime, future: bool) -> Span:
    number = MONTHS.index(month) + 1
    if year:
        return datetime(int(year), number, int(day), tzinfo=UTC), "day"
    start = datetime(anchor.year, number, int(day), tzinfo=UTC)
    if future and start < day_of(anchor):
        start = start.replace(year=start.year + 1)
    elif not future and start > anchor:
        start = start.replace(year=start.year - 1)
    return start, "day"


def _day_month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _calendar_day(match.group(1), match.group(2), match.group(3), anchor, future)


_ORDINALS: Final = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
_ORDINAL_WORD: Final = "(" + "|".join(_ORDINALS) + ")"


def _word_month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    day = str(_ORDINALS.index(match.group(1)) + 1)
    return _calendar_day(day, match.group(2), match.group(3), anchor, future)


def _month_day(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _calendar_day(match.group(2), match.group(1), match.group(3), anchor, future)


def _ordinal(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    start = day_of(anchor).replace(day=int(match.group(1)))
    if future and start < day_of(anchor):
        start = shift(start, months=1)
    elif not future and start > anchor:
        start = shift(start, months=-1)
    return start, "day"


def _named(group: str, words: list[str]) -> str:
    return f"(?P<{group}>{'|'.join(words)})"


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Reader], ...]] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        *FIGURES,
        *COUNTED,
        (r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso),
        (rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {MONTH}\b(?:,? (\d{{4}})\b)?", _day_month),
        (rf"\b(?:on )?(?:the )?{_ORDINAL_WORD}(?: of)? {MONTH}\b(?:,? (\d{{4}})\b)?", _word_month),
        (rf"\b{MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? (\d{{4}})\b)?", _month_day),
        (
            rf"\b(in|since|from|last|next|this|during|until|early|late|mid|of|by|to) {MONTH}\b(?:,? (\d{{4}})\b)?",
            _month,
        ),
        (r"\b(?:in|since|back in|from|around|of|during) ((?:19|20)\d\d)\b", _year),
        (rf"\b{NUMBER} {UNIT} (?:ago|back)\b", _ago),
        (rf"\bfor (?:about |almost |over |nearly |around |the past |the last |more than )?{NUMBER} {UNIT}\b", _ago),
        (rf"\bin {NUMBER} {UNIT}\b", _ahead),
        (r"\bhalf a year ago\b", _half_year),
        (r"\b(?:over|at|on) the weekend\b", _weekend),
        (rf"\b(?:on )?{_named('day', WEEKDAYS)} (?P<week>last|this|next) week\b", _weekday_beside),
        (rf"\b(?P<week>last|this|next) week,? (?:on )?{_named('day', WEEKDAYS)}\b", _weekday_beside),
        (rf"\b(?:in )?{_named('month', MONTHS)} (?:of )?(?P<year>last|this|next) year\b", _month_of),
        (rf"\b(?P<year>last|this|next) year,? in {_named('month', MONTHS)}\b", _month_of),
        (rf"\b(?:in |during )?(?:the )?{SEASON} (?:of )?((?:19|20)\d\d)\b", _season_of),
        (rf"\b{MONTH},? (?:of )?((?:19|20)\d\d)\b", _bare_month),
        (r"\b(?:at|over|for|by|before|after|last|this|next) christmas\b", _christmas),
        (
            r"\b(the day before yesterday|the day after tomorrow|yesterday|today|tonight|tomorrow|last night|"
            r"the other day|this (?:morning|afternoon|evening))\b",
            _named_day,
        ),
        (r"\b(last|past|this|next) (week|month|year|weekend)\b", _unit_beside),
        (r"\blater (this) (week|month|year)\b", _unit_beside),
        (r"\bearlier (this) (week|month|year)\b", _unit_beside),
        (rf"\b(?<!every )(?<!each )(?<!other )(?:(last|this|next|by) |on )?{WEEKDAY}\b(?!s)", _weekday),
        (r"\b(last|this|next|on) (mon|tues?|wed|thurs?|fri|sat|sun)\b", _short_weekday),
        (rf"\b(last|this|next|in the|over the) {SEASON}\b", _season),
        (r"\bthe (\d{1,2})(?:st|nd|rd|th)\b", _ordinal),
    )
)

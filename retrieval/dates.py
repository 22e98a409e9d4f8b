"""Dates in a question: days, months, seasons, years and relative times, as ranges that episodes are compared with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.feasts import FEASTS, feast

_MONTHS: Final = "january february march april may june july august september october november december".split()  # noqa: SIM905
_SHORT: Final = {name[:3]: i for i, name in enumerate(_MONTHS, 1)} | {"sept": 9}
_MONTH_NUMBER: Final = {name: i for i, name in enumerate(_MONTHS, 1)} | _SHORT
_WEEKDAYS: Final = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_SEASON_START: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_DECADES: Final = {"fifties": 1950, "sixties": 1960, "seventies": 1970, "eighties": 1980, "nineties": 1990}
_COUNTS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "a couple of": 2, "three": 3, "few": 3, "a few": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_UNIT_DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}

_LONG_MONTH: Final = "|".join(_MONTHS)
# "may" and "march" are words too: they are months only with a number beside them or a preposition of time before.
_PREPOSITION: Final = (
    r"(?:in|during|of|since|until|till|by|before|after|last|this|next|early|late|mid|around|from|and|or)"
)
_ANY_MONTH: Final = rf"(?:{_LONG_MONTH}|{'|'.join(_SHORT)})\.?"
_YEAR: Final = r"(?:19|20)\d\d"
_DAY: Final = r"(\d{1,2})(?:st|nd|rd|th)?"

_ISO: Final = re.compile(rf"\b({_YEAR})-(\d\d)(?:-(\d\d))?\b")
_DAY_MONTH: Final = re.compile(rf"\b{_DAY}(?: of)? ({_ANY_MONTH})(?:,? ({_YEAR}))?\b")
_MONTH_DAY: Final = re.compile(rf"\b({_ANY_MONTH}) {_DAY}\b(?:,? ({_YEAR})\b)?")
_MONTH_YEAR: Final = re.compile(rf"\b({_ANY_MONTH})(?: of)?,? ({_YEAR})\b")
_MONTH_ALONE: Final = re.compile(
    rf"\b(?:{_PREPOSITION}[ -]({_LONG_MONTH})|({'|'.join(m for m in _MONTHS if m not in ('may', 'march'))}))\b"
)
_SEASON: Final = re.compile(rf"\b(?:(last|this|next|the) )?(spring|summer|autumn|fall|winter)(?: of)?(?: ({_YEAR}))?\b")
_YEAR_ALONE: Final = re.compile(rf"\b({_YEAR})\b")
NUMBERS: Final = rf"\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))}"
_AGO: Final = re.compile(rf"\b({NUMBERS}) (day|week|month|year)s? ago\b")
_FORTNIGHT: Final = re.compile(r"\ba fortnight ago\b")
_STRETCH: Final = re.compile(
    rf"\b(?:over|in|during|within|for) the (last|past|next|coming) (?:({NUMBERS}) )?(day|week|month|year)s?\b|"
    rf"\b(?:the )?(last|past|next|coming) ({NUMBERS}) (day|week|month|year)s?\b"
)
_AHEAD: Final = re.compile(
    rf"\bin ({NUMBERS}) (day|week|month|year)s?(?: time|['’] time)?(?=\s*[?.!,]|$)|"
    rf"\b({NUMBERS}) (day|week|month|year)s? from now\b"
)
_OTHER_DAY: Final = re.compile(r"\bthe other day\b")
_WEEKEND: Final = re.compile(r"\b(?:over|at|on|during|for) the weekend\b(?! (?:of|before|after))")
_FEAST: Final = re.compile(rf"\b(?:(last|this|next|the) )?({'|'.join(FEASTS)})(?: (?:of |in )?({_YEAR}))?\b")
_DECADE: Final = re.compile(rf"\b((?:19|20)\d0)['’]?s\b|\bthe ['’]?([3-9]0)['’]?s\b|\bthe ({'|'.join(_DECADES)})\b")
_RELATIVE: Final = re.compile(r"\b(last|this|past|next) (week|weekend|month|year)\b")
_WEEKDAY: Final = re.compile(rf"\b(?:(last|this|next|on) )({'|'.join(_WEEKDAYS)})\b")
_NEAR_DAY: Final = re.compile(
    r"\b(the day before yesterday|yesterday|last night|today|tonight|"
    r"this (?:morning|afternoon|evening)|tomorrow)\b"
)
_OPEN: Final = re.compile(r"\b(before|until|till|by|since|after)(?: the)?(?: \w+)?\s*$")

_BESIDE: Final = re.compile(r"\b(day|week|weekend|month) (before|after)(?: the)?\s*$")

_SECONDS_A_DAY: Final = 86_400.0

TIME_WORDS: Final = frozenset(
    (
        *"0123456789", *_MONTH_NUMBER, *_WEEKDAYS, *_SEASON_START, *_DECADES,
        *(word + ending for word in (*_UNIT_DAYS, "weekend", "fortnight") for ending in ("", "s")),
        *["yesterday", "today", "tonight", "tomorrow", "morning", "afternoon", "evening", "night"],
        *(word for pattern in FEASTS for word in re.findall(r"[a-z]{4,}", pattern)),
    )
)  # fmt: skip
"""Words and digits without one of which no question names a time."""


@dataclass(frozen=True, slots=True)
class DateHint:
    """When a question is about: from ``since`` (inclusive) to ``until`` (exclusive), either of which may be open.

    ``month`` and ``day`` are set when the question names them without a year; then every year counts, and
    ``since``/``until`` give the latest one. ``months``: how many from ``month`` on. ``precise`` tells a day from a
    longer time. ``words``: the words that were read.
    """

    since: datetime | None
    until: datetime | None
    month: int = 0
    day: int = 0
    precise: bool = False
    months: int = 1
    words: str = field(default="", compare=False)

    @property
    def recurs(self) -> bool:
        """Whether the year is not known."""
        return self.month > 0

    def fit(self, occurred_at: NDArray[np.float64]) -> NDArray[np.float64]:
        """How well times (seconds since 1970) fit, 0 to 1: 1 inside, less shortly after, as people tell afterwards.

        A day counts from the day before to two days after it, and half within three days before and two weeks
        after. After a longer time, ten days count 0.3.
        """
        if not self.recurs:
            return self._fit_range(occurred_at, self.since, self.until)
        years = occurred_at.astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
        best = np.zeros(len(occurred_at))
        for year in range(int(years.min(initial=1970)) - 1, int(years.max(initial=1970)) + 1):
            span = month_span(year, self.month, self.months) if not self.day else day_span(year, self.month, self.day)
            if span is not None:
                best = np.maximum(best, self._fit_range(occurred_at, *span))
        return best

    def _fit_range(
        self, occurred_at: NDArray[np.float64], since: datetime | None, until: datetime | None
    ) -> NDArray[np.float64]:
        start = since.timestamp() if since else -np.inf
        end = until.timestamp() if until else np.inf
        if self.precise and since and until:
            near = (occurred_at >= start - 3 * _SECONDS_A_DAY) & (occurred_at < end + 14 * _SECONDS_A_DAY)
            inside = (occurred_at >= start - _SECONDS_A_DAY) & (occurred_at < end + 2 * _SECONDS_A_DAY)
            fitting: NDArray[np.float64] = np.maximum(0.5 * near, 1.0 * inside)
            return fitting
        soon_after = (occurred_at >= end) & (occurred_at < end + 10 * _SECONDS_A_DAY)
        inside = (occurred_at >= start) & (occurred_at < end)
        whole: NDArray[np.float64] = np.maximum(1.0 * inside, 0.3 * soon_after)
        return whole


def read_date(question: str, now: datetime) -> DateHint | None:
    """The first time of the first kind that ``question`` names, relative to ``now`` (aware); None if it names none.

    Read are days (ISO, "3 March 2023", "March 3rd"), months, seasons, years and decades, feasts, "two weeks ago", "last
    month", "yesterday", "last Friday". "before", "until", "since" and "after" in front of them open one end. Ranges:
    `date_ranges.read_dates`.
    """
    text = question.lower()
    for pattern, make in _READERS:
        for match in pattern.finditer(text):
            hint = in_calendar(partial(_told, make, match, now))
            if hint is not None:
                return hint
    return None


def in_calendar(read: Callable[[], DateHint | None]) -> DateHint | None:
    """What ``read`` gives; None where a time on the way to it lies outside the years 1 to 9999."""
    try:
        return read()
    except (OverflowError, ValueError):
        return None


def _told(
    make: Callable[[re.Match[str], datetime], DateHint | None], match: re.Match[str], now: datetime
) -> DateHint | None:
    """The time that a match names, with what stands in front of it."""
    hint = make(match, now.astimezone(UTC))
    if hint is None:
        return None
    return _opened(replace(hint, words=match.group().strip()), match.string[: match.start()], match.group())


def _opened(hint: DateHint, before: str, matched: str) -> DateHint:
    beside = _BESIDE.search(before)
    if beside is not None and hint.since is not None and hint.until is not None:
        days = timedelta(days=_UNIT_DAYS.get(beside[1], 7))
        words = f"{beside.group().strip()} {hint.words}"
        if beside[2] == "before":
            return DateHint(hint.since - days, hint.since, words=words)
        return DateHint(hint.until, hint.until + days, words=words)
    word = _OPEN.search(before)
    words = f"{word.group().strip()} {hint.words}" if word else hint.words
    word = word or re.match(r"(before|until|till|by|since|after)\b", matched)
    if word is None or hint.since is None:
        return hint
    if word[1] in ("since",):
        return DateHint(hint.since, None, words=words)
    if word[1] == "after":
        return DateHint(hint.until, None, words=words)
    return DateHint(None, hint.since if word[1] == "before" else hint.until, words=words)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def day_span(year: int, month: int, day: int) -> tuple[datetime, datetime] | None:
    """A day, from its beginning to its end; None if there is none."""
    try:
        start = datetime(year, month, day, tzinfo=UTC)
        return start, start + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def month_span(year: int, month: int, length: int = 1) -> tuple[datetime, datetime] | None:
    """So many months, from the beginning of the first; None outside of the calendar."""
    last = month - 1 + length
    try:
        return datetime(year, month, 1, tzinfo=UTC), datetime(year + last // 12, last % 12 + 1, 1, tzinfo=UTC)
    except ValueError:
        return None


def _span(found: tuple[datetime, datetime] | None, *, precise: bool = False) -> DateHint | None:
    return DateHint(*found, precise=precise) if found else None


def _iso(match: re.Match[str], now: datetime) -> DateHint | None:
    year, month, day = match.groups()
    if day:
        return _span(day_span(int(year), int(month), int(day)), precise=True)
    return _span(month_span(int(year), int(month))) if 1 <= int(month) <= 12 else None


def _day_of_month(month: str, day: str, year: str | None, now: datetime) -> DateHint | None:
    number = _MONTH_NUMBER[month.rstrip(".")]
    if year:
        return _span(day_span(int(year), number, int(day)), precise=True)
    found = day_span(now.year, number, int(day))
    if found and found[0] > now:
        found = day_span(now.year - 1, number, int(day))
    return DateHint(*found, month=number, day=int(day), precise=True) if found else None


def _month_of_year(match: re.Match[str], now: datetime) -> DateHint | None:
    return _span(month_span(int(match[2]), _MONTH_NUMBER[match[1].rstrip(".")]))


def _month_alone(match: re.Match[str], now: datetime) -> DateHint | None:
    number = _MONTH_NUMBER[match[1] or match[2]]
    found = month_span(now.year if number <= now.month else now.year - 1, number)
    if match.group().startswith("last "):
        return _span(found)
    return DateHint(*found, month=number) if found else None


def _season(match: re.Match[str], now: datetime) -> DateHint | None:
    which, name, year = match.groups()
    if which is None and year is None:
        return None  # "a spring roll", "to fall"
    start = _SEASON_START[name]
    if year:
        return _span(month_span(int(year), start, 3))
    latest = now.year if now.month >= start else now.year - 1
    if which == "last" and latest == now.year and now.month < start + 3:
        latest -= 1
    return _span(month_span(latest + (which == "next"), start, 3))


def _ago(match: re.Match[str], now: datetime) -> DateHint | None:
    count, unit = count_of(match[1]), _UNIT_DAYS[match[2]]
    middle = _midnight(now) - timedelta(days=count * unit)
    if unit == 1:
        return DateHint(middle, middle + timedelta(days=1), precise=True)
    slack = timedelta(days=unit / 2)
    return DateHint(middle - slack, middle + slack)


def _relative(match: re.Match[str], now: datetime) -> DateHint | None:
    which, unit = match.groups()
    step = {"last": -1, "past": -1, "this": 0, "next": 1}[which]
    if unit == "year":
        return _span(month_span(now.year + step, 1, 12))
    if unit == "month":
        month = now.month - 1 + step
        return _span(month_span(now.year + month // 12, month % 12 + 1))
    monday = _midnight(now) - timedelta(days=now.weekday()) + timedelta(days=7 * step)
    if unit == "week":
        return DateHint(monday, monday + timedelta(days=7))
    return DateHint(monday + timedelta(days=5), monday + timedelta(days=7), precise=True)


def _weekday(match: re.Match[str], now: datetime) -> DateHint | None:
    back = (now.weekday() - _WEEKDAYS.index(match[2])) % 7 or 7
    day = _midnight(now) - timedelta(days=back)
    if match[1] == "next":
        day += timedelta(days=7)
    return DateHint(day, day + timedelta(days=1), precise=True)


def _near_day(match: re.Match[str], now: datetime) -> DateHint | None:
    offset = {"the day before yesterday": -2, "yesterday": -1, "last night": -1, "tomorrow": 1}.get(match[1], 0)
    day = _midnight(now) + timedelta(days=offset)
    return DateHint(day, day + timedelta(days=1), precise=True)


def _year(match: re.Match[str], now: datetime) -> DateHint | None:
    return _span(month_span(int(match[1]), 1, 12))


def _decade(match: re.Match[str], now: datetime) -> DateHint | None:
    first = int(match[1]) if match[1] else 1900 + int(match[2]) if match[2] else _DECADES[match[3]]
    return _span(month_span(first, 1, 120))


def _feast(match: re.Match[str], now: datetime) -> DateHint | None:
    """The latest one that has begun, or of the year that is named."""
    which, name, year = match.groups()
    if year:
        return _span(feast(name, int(year)))
    this, before = feast(name, now.year), feast(name, now.year - 1)
    if which == "next":
        return _span(this if this[0] > now else feast(name, now.year + 1))
    # "Last Christmas" is not the one that is on.
    return _span(this if this[0] <= now and not (which == "last" and this[1] > now) else before)


def _stretch(match: re.Match[str], now: datetime) -> DateHint | None:
    """Read "the last two weeks", "the next few days": up to now, or from now on."""
    which, count, unit = match.groups()[:3] if match[1] else match.groups()[3:]
    days = timedelta(days=count_of(count or "one") * _UNIT_DAYS[unit])
    return DateHint(now, now + days) if which in ("next", "coming") else DateHint(now - days, now)


def _ahead(match: re.Match[str], now: datetime) -> DateHint | None:
    """Read "in two weeks", "three days from now"."""
    count, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
    middle = _midnight(now) + timedelta(days=count_of(count) * _UNIT_DAYS[unit])
    if unit == "day":
        return DateHint(middle, middle + timedelta(days=1), precise=True)
    slack = timedelta(days=_UNIT_DAYS[unit] / 2)
    return DateHint(middle - slack, middle + slack)


def _fortnight(match: re.Match[str], now: datetime) -> DateHint | None:
    middle = _midnight(now) - timedelta(days=14)
    return DateHint(middle - timedelta(days=3), middle + timedelta(days=4))


def _other_day(match: re.Match[str], now: datetime) -> DateHint | None:
    return DateHint(_midnight(now) - timedelta(days=7), now)


def _weekend(match: re.Match[str], now: datetime) -> DateHint | None:
    """Read "over the weekend": the one that is on, or the last."""
    saturday = _midnight(now) - timedelta(days=(now.weekday() - 5) % 7)
    return DateHint(saturday, saturday + timedelta(days=2), precise=True)


def count_of(word: str) -> int:
    """A number in figures or in words, as `NUMBERS` reads it."""
    return int(word) if word.isdigit() else _COUNTS[word]


_READERS: Final = (
    (_ISO, _iso),
    (_DAY_MONTH, lambda m, now: _day_of_month(m[2], m[1], m[3], now)),
    (_MONTH_DAY, lambda m, now: _day_of_month(m[1], m[2], m[3], now)),
    (_MONTH_YEAR, _month_of_year),
    (_NEAR_DAY, _near_day),
    (_AGO, _ago),
    (_FORTNIGHT, _fortnight),
    (_STRETCH, _stretch),
    (_AHEAD, _ahead),
    (_OTHER_DAY, _other_day),
    (_RELATIVE, _relative),
    (_WEEKDAY, _weekday),
    (_WEEKEND, _weekend),
    (_FEAST, _feast),
    (_SEASON, _season),
    (_MONTH_ALONE, _month_alone),
    (_DECADE, _decade),
    (_YEAR_ALONE, _year),
)

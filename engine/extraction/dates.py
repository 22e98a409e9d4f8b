"""Read simple date expressions ("last Friday", "in May", "two years ago", "on 3 March") against a message's time."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from factloom.engine.extraction.calendar_words import (
    MONTH,
    MONTH_SHORT,
    MONTHS,
    SEASON,
    SEASONS,
    WEEKDAY,
    WEEKDAYS,
    Reader,
    Span,
    day_of,
    month_number,
    named,
    shift,
)
from factloom.engine.extraction.counted_dates import COUNTED
from factloom.engine.extraction.holidays import HOLIDAY_WORDS, HOLIDAYS
from factloom.engine.extraction.numeric_dates import FIGURES, read_figures, read_year_first
from factloom.engine.extraction.parts_of_years import PARTS, half_of_year, quarter_of_year, third_of_year
from factloom.engine.extraction.relative_dates import RELATIVE


@dataclass(frozen=True, slots=True)
class When:
    """A stretch of time that a text names: [start, end), how exact it is, and the characters that say it.

    ``since`` tells "since 2019", "from 2019" and "for four years", which name only a beginning, from "in 2019";
    ``beginning`` is the word for it; "by" stands before a deadline.
    """

    start: datetime
    end: datetime
    precision: str  # day | about (a few days around) | week | month | season | quarter | third | half | year | decade
    span: tuple[int, int]
    since: bool = False
    beginning: str = "since"

    @property
    def phrase(self) -> str:
        """The same time in absolute words, e.g. "on 18 April 2025"."""
        month = f"{MONTHS[self.start.month - 1].capitalize()} {self.start.year}"
        led = self.since or self.beginning == "by"
        if self.precision == "day":
            return f"{self.beginning if led else 'on'} {self.start.day} {month}"
        if self.precision == "about":
            return f"{f'{self.beginning} about' if self.since else 'around'} {self.start.day} {month}"
        if self.precision == "week":
            return f"in the week of {self.start.day} {month}"
        said = _PHRASES[self.precision](self.start) if self.precision in _PHRASES else month
        return f"{self.beginning if led else 'in'} {said}"


def _season_of_year(start: datetime) -> str:
    name = next(name for name, number in SEASONS.items() if number == start.month)
    return f"{name} {start.year}" if name != "winter" else f"the winter of {start.year}"


_PHRASES: Final[dict[str, Callable[[datetime], str]]] = {
    "year": lambda start: str(start.year),
    "decade": lambda start: f"the {start.year}s",
    "season": _season_of_year,
    "quarter": quarter_of_year,
    "third": third_of_year,
    "half": half_of_year,
}


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
    lead = re.search(r"\b(since|back in|on|in|for|during|over|this past|at|from|by)\s+(the\s+)?$", lowered[:start])
    led = lead.group(1) if lead else ""
    opening = match.group().partition(" ")[0]
    since = (opening in ("since", "for", "from") and precision != "day") or led in ("since", "from")
    start = lead.start() if lead else start
    middle = re.search(r"\b(?:at|by|until|in) the (?:end|beginning|start|middle) (?:of )?$", lowered[:start])
    start = middle.start() if middle else start
    beginning = next((word for word in ("from", "by") if word in (led, opening)), "since")
    return When(begin, _end(begin, precision), precision, (start, end), since, beginning)


def has_impossible_date(text: str, anchor: datetime) -> tuple[int, int] | None:
    """Where ``text`` names a day that no calendar has ("on 31/02/2020", "30 February"); None if it does not."""
    lowered = text.lower()
    if not any(c.isdigit() for c in lowered):
        return None
    anchor = anchor.astimezone(UTC)
    for pattern, read in _DAYS:
        for match in pattern.finditer(lowered):
            if _names_a_day(match) and not any(_safely(read, match, anchor, future) for future in (False, True)):
                lead = re.search(r"\b(?:on|since|from|by|until)\s+(?:the\s+)?$", lowered[: match.start()])
                return (lead.start() if lead else match.start()), match.end()
    return None


def _names_a_day(match: re.Match[str]) -> bool:
    """Whether figures can only be a date: no order number ("1234-56-78"), version, score or "24/7"."""
    if "mark" not in match.re.groupindex:
        return match[0][:2] in ("19", "20") or not match[0][:4].isdigit()
    return match[0] != "24/7" and (match["mark"] == "/" or len(match["year"]) == 4)


# A word or a figure without which no pattern fits: most sentences tell no time.
_ANY_TIME: Final = re.compile(
    rf"\d|{'|'.join(MONTHS)}|{'|'.join(SEASONS)}|\b(?:mon|tue|wed|thu|fri|sat|sun)|day|week|month|year|night|morning|"
    r"afternoon|evening|tomorrow|\w\wties\b|fortnight|decade|quarter|"
    rf"\b(?:feb|apr|jun|jul|aug|sept?|oct|nov|dec)\b|{HOLIDAY_WORDS}"
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
    return shift(start, months=_MONTHS_LONG[precision])


_MONTHS_LONG: Final = {"month": 1, "season": 3, "quarter": 3, "third": 4, "half": 6, "year": 12, "decade": 120}


def _month_of(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "in June last year", "next year in May"."""
    year = anchor.year + {"last": -1, "this": 0, "next": 1}[match.group("year")]
    return datetime(year, MONTHS.index(match.group("month")) + 1, 1, tzinfo=UTC), "month"


def _season_of(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(2)), SEASONS[match.group(1)], 1, tzinfo=UTC), "season"


def _bare_month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(2)), month_number(match.group(1)), 1, tzinfo=UTC), "month"


def _weekday(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    prefix, wanted = match.group(1) or "", WEEKDAYS.index(match.group(2))
    ahead = future or prefix in ("next", "by") or "coming" in prefix
    if prefix == "last" or "past" in prefix:
        ahead = False
    elif prefix == "this":  # of this week, if that is over, else the next one
        ahead = future or wanted >= anchor.weekday()
    distance = (wanted - anchor.weekday()) % 7 if ahead else (anchor.weekday() - wanted) % 7
    distance = distance or 7
    return day_of(anchor + timedelta(days=distance if ahead else -distance)), "day"


def _short_weekday(match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    name = next(day for day in WEEKDAYS if day.startswith(match.group(2)[:3]))
    full = re.match(rf"(?:(last|this|next|by) |on )?{WEEKDAY}", f"{match.group(1)} {name}")
    return _weekday(full, anchor, future) if full is not None else None


def _month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    prefix, wanted, year = match.group(1), month_number(match.group(2)), match.group(3)
    if year:
        return datetime(int(year), wanted, 1, tzinfo=UTC), "month"
    return _nearest(prefix, datetime(anchor.year, wanted, 1, tzinfo=UTC), 1, anchor, future), "month"


def _season(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _nearest(match.group(1), datetime(anchor.year, SEASONS[match.group(2)], 1, tzinfo=UTC), 3, anchor, future), (
        "season"
    )


def _nearest(prefix: str, start: datetime, months: int, anchor: datetime, future: bool) -> datetime:
    """The month or season of that name that is meant; ``start``: that of the anchor's year, so many ``months`` long.

    "Next June", said in June, is not the one that is under way, and neither is "last June"; "this June" is.
    """
    latest = start if start <= anchor else shift(start, months=-12)
    running = shift(latest, months=months) > anchor
    following = shift(latest, months=12)
    if prefix == "this" and not running:
        near = shift(anchor, months=6) >= following
        return following if future or (near and shift(anchor, months=-6) > latest) else latest
    if prefix == "next":
        return following
    if prefix == "last":
        return shift(latest, months=-12) if running else latest
    return following if future and not running else latest


def _year(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(1)), 1, 1, tzinfo=UTC), "year"


def _iso(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return datetime(int(match.group(1)), int(match.group(2)), int(match.group(3)), tzinfo=UTC), "day"


def _calendar_day(day: str, month: str, year: str | None, anchor: datetime, future: bool) -> Span:
    number = month_number(month)
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


def _week_of(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "the week of 14 July": the one with that day in it."""
    day, month = (match["day"], match["month"]) if match["day"] else (match["day_behind"], match["month_before"])
    told, _ = _calendar_day(day, month, match["year"], anchor, future)
    return told - timedelta(days=told.weekday()), "week"


_WEEK_OF: Final = (
    r"\b(?:(?:in|during|for|over) )?(?:the )?week (?:of|beginning|starting|commencing)(?: on)?(?: monday,?)?(?: the)? "
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH_SHORT[1:-1]})|"
    rf"(?P<month_before>{MONTH_SHORT[1:-1]}) (?P<day_behind>\d{{1,2}})(?:st|nd|rd|th)?)\b(?:,? (?P<year>\d{{4}})\b)?"
)

_UNITS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_ORDINALS: Final = [
    *_UNITS,
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
    *(
        f"twenty-{word}"
        for word in ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
    ),
    "thirtieth",
    "thirty-first",
]
_ORDINAL_WORD: Final = "(" + "|".join(reversed(_ORDINALS)) + ")"  # the longer first


def _word_month(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    day = str(_ORDINALS.index(match.group(1)) + 1)
    return _calendar_day(day, match.group(2), match.group(3), anchor, future)


def _month_day(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    return _calendar_day(match.group(2), match.group(1), match.group(3), anchor, future)


def _ordinal(match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    """For "on the 31st": of the nearest month that has one, behind or ahead."""
    number, first = int(match.group(1)), day_of(anchor).replace(day=1)
    beside = match.group("month")
    months = [{"last": -1, "this": 0, "next": 1}[beside]] if beside else range(12) if future else range(0, -12, -1)
    for step in months:
        month = shift(first, months=step)
        if number > monthrange(month.year, month.month)[1]:
            continue
        day = month.replace(day=number)
        if beside or (day >= day_of(anchor) if future else day <= anchor):
            return day, "day"
    return None


_LEADS: Final = ("on", "since", "until", "till", "by", "from", "before", "after", "for")
_LED: Final = "(?:" + "|".join(rf"(?<=\b{word} )" for word in _LEADS) + ")"
_THE_NTH: Final = r"the (\d{1,2})(?:st|nd|rd|th)\b(?: of (?P<month>last|this|next) month\b)?"
_RANKED: Final = (
    "floors?|times?|place|seasons?|grade|birthday|anniversary|edition|century|street|avenue|year|month|day|week|"
    "one|attempt|try|round|lap|hole|season|episode|chapter|of"
)


def _short_year(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "in '98": of two centuries, the last one in which it has come."""
    year = anchor.year // 100 * 100 + int(match.group(1))
    return datetime(year if year <= anchor.year else year - 100, 1, 1, tzinfo=UTC), "year"


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Reader], ...]] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        *FIGURES,
        *COUNTED,
        *HOLIDAYS,
        *PARTS,
        *RELATIVE,
        (_WEEK_OF, _week_of),
        (rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {MONTH_SHORT}\b(?:,? (\d{{4}})\b)?", _day_month),
        (rf"\b(?:on )?(?:the )?{_ORDINAL_WORD}(?: of)? {MONTH}\b(?:,? (\d{{4}})\b)?", _word_month),
        (rf"\b{MONTH_SHORT} (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? (\d{{4}})\b)?", _month_day),
        (
            r"\b(in|since|from|last|next|this|during|until|early|late|mid|(?<!\dst )(?<!\dth )of|by|to)"
            rf"[ -]{MONTH}\b(?:,? (\d{{4}})\b)?",
            _month,
        ),
        (
            r"\b(in|since|last|next|this|until|early|late|mid)[ -](feb|apr|jun|jul|aug|sept?|oct|nov|dec)\b"
            r"(?:,? (\d{4})\b)?",
            _month,
        ),
        (r"\b(?:in|since|back in|from|around|of|during) ((?:19|20)\d\d)\b", _year),
        (r"\b(?:in|since|from|of) ['’](\d\d)\b(?!['’]?s)", _short_year),
        (rf"\b(?:in )?{named('month', MONTHS)} (?:of )?(?P<year>last|this|next) year\b", _month_of),
        (rf"\b(?P<year>last|this|next) year,? in {named('month', MONTHS)}\b", _month_of),
        (rf"\b(?:in |during )?(?:the )?{SEASON} (?:of )?((?:19|20)\d\d)\b", _season_of),
        (rf"\b{MONTH_SHORT},? (?:of )?((?:19|20)\d\d)\b", _bare_month),
        (
            rf"\b(?<!every )(?<!each )(?<!other )(?:(last|(?:this |the )?coming|(?:this|the) past|this|next|by) |"
            rf"on )?{WEEKDAY}\b(?!s)",
            _weekday,
        ),
        (r"\b(last|this|next|on) (mon|tues?|wed|thurs?|fri|sat|sun)\b", _short_weekday),
        (rf"\b(last|this|next|in the|over the) {SEASON}\b", _season),
        (rf"{_LED}{_THE_NTH}(?! (?:{_RANKED})\b)", _ordinal),
        (rf"\b{_THE_NTH}(?=\W*(?:$|[.,!?;:)–—]))", _ordinal),
        (r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso),
    )
)
_DAYS: Final = tuple(
    pair for pair in _PATTERNS if pair[1] in (read_figures, read_year_first, _iso, _day_month, _month_day)
)

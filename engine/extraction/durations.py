"""Stretches of time with a named end: "until 2020", "from 2015 to 2019"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from factloom.engine.extraction.calendar_words import shift
from factloom.engine.extraction.dates import When, find_when


@dataclass(frozen=True, slots=True)
class Period:
    """How long something held: "until 2020", "from 2015 to 2019". ``start`` is None where only the end is told."""

    start: datetime | None
    end: datetime
    span: tuple[int, int]


_PERIOD: Final = re.compile(
    r"\b(?:(?:from|between) (?P<from>\d[\d/.-]*[/.-]\d+|(?:\w+ ){0,2}?\w+) (?:to|until|till|and|through) |"
    r"(?:until|till|up to|up until) )"
    r"(?P<to>\d[\d/.-]*[/.-]\d+|(?:the )?(?:last |next |this )?(?:early |late |mid )?\w+(?: \d{1,2}(?:st|nd|rd|th)?\b)?"
    r"(?:,? (?:of )?(?:\w+ )?\d{4}\b| \w+)?)",
    re.IGNORECASE,
)


def find_period(text: str, anchor: datetime, *, future: bool = False) -> Period | None:
    """A stretch with a named end in ``text``: it ends when the named year or month begins, or after a named day."""
    for match in _PERIOD.finditer(text):
        last = _bound(_beside(match["to"], match), anchor, future)
        if last is None:
            continue
        end = last.end if last.precision == "day" else last.start
        first = _bound(_beside(match["from"], match), anchor, future) if match["from"] else None
        if first is not None and first.start >= end and _YEAR.search(match["to"]) and not _YEAR.search(match["from"]):
            first = _bound(f"{match['from']} {last.start.year}", anchor, future) or first  # "from March to June 2021"
            if first.start >= end:
                first = _bound(f"{match['from']} {last.start.year - 1}", anchor, future) or first
        if first is not None and end <= first.start and last.precision in ("month", "season"):
            end = shift(end, months=12)  # "from November to March"
        if match["from"] and (first is None or first.start >= end):
            continue
        told = (
            min(match.end(), match.start("to") + max(last.span[1], 1)) if _IS_WORD.search(match["to"]) else match.end()
        )
        return Period(first.start if first is not None else None, end, (match.start(), told))
    return None


_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
# A word behind the date, which the pattern takes along: "until 2022 I".
_IS_WORD: Final = re.compile(r"\d{4} [A-Za-z]+$")


def _beside(words: str, period: re.Match[str]) -> str:
    """A date in figures with the whole period behind it, of which the other one may tell which figure is the month."""
    return f"{words} ({period.group()})" if re.search(r"\d[/.-]\d", words) else words


def _bound(words: str, anchor: datetime, future: bool) -> When | None:
    """The time that begins ``words``, which lack the preposition that dates usually have."""
    for text in (words, f"in {words}"):
        found = find_when(text, anchor, future=future)
        if found is not None and found.span[0] <= 4:
            return replace(found, span=(0, found.span[1] - (len(text) - len(words))))
    return None

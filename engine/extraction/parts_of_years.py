"""Parts of years: "early 2019", "late last year", "at the end of 2020", "Q3 2021", "the first half of last year"."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from factloom.engine.extraction.calendar_words import Span

_THIRDS: Final = {"early": 1, "beginning": 1, "start": 1, "mid": 5, "middle": 5, "late": 9, "end": 9}
_COUNTED: Final = {"1": 0, "first": 0, "2": 1, "second": 1, "3": 2, "third": 2, "4": 3, "fourth": 3, "last": 3}
_YEAR: Final = r"(?:(?P<year>(?:19|20)\d\d)|(?P<beside>last|this|next) year)\b"
_NAMES: Final = {1: "early", 5: "mid-", 9: "late"}


def third_of_year(start: datetime) -> str:
    """For a part of four months that begins at ``start``: "early 2019", "mid-2019", "late 2019"."""
    name = _NAMES[start.month]
    return f"{name}{start.year}" if name.endswith("-") else f"{name} {start.year}"


def quarter_of_year(start: datetime) -> str:
    """For a quarter that begins at ``start``: "Q3 2021"."""
    return f"Q{start.month // 3 + 1} {start.year}"


def half_of_year(start: datetime) -> str:
    """For half a year that begins at ``start``: "the second half of 2020"."""
    return f"the {'first' if start.month == 1 else 'second'} half of {start.year}"


def _year_of(match: re.Match[str], anchor: datetime, future: bool) -> int:
    if match["year"]:
        return int(match["year"])
    return anchor.year + {"last": -1, "this": 0, "next": 1}[match["beside"]]


def read_third(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "early 2019", "at the end of last year"."""
    return datetime(_year_of(match, anchor, future), _THIRDS[match["part"]], 1, tzinfo=UTC), "third"


def read_quarter(match: re.Match[str], anchor: datetime, future: bool) -> Span:
    """For "Q3 2021", "the first quarter of last year"; without a year, the one that the tense tells."""
    number = _COUNTED[match["number"]]
    if match["year"] or match["beside"]:
        year = _year_of(match, anchor, future)
    else:
        begun = 3 * number + 1 <= anchor.month
        year = anchor.year + (1 if future and 3 * number + 3 < anchor.month else 0 if future or begun else -1)
    return datetime(year, 3 * number + 1, 1, tzinfo=UTC), "quarter"


def read_half(match: re.Match[str], anchor: datetime, future: bool) -> Span | None:
    """For "the first half of 2020", "H2 2021"."""
    number = _COUNTED[match["number"]]
    if number == 3:  # "the last half"
        number = 1
    if number > 1:
        return None
    return datetime(_year_of(match, anchor, future), 6 * number + 1, 1, tzinfo=UTC), "half"


PARTS: Final = (
    (rf"\b(?:in |since |from )?(?P<part>early|mid|late)[ -](?:in )?{_YEAR}", read_third),
    (
        rf"\b(?:(?:at|by|in|since|around|towards?|until) )?the (?:very )?(?P<part>beginning|start|middle|end) of "
        rf"{_YEAR}",
        read_third,
    ),
    (rf"\b(?:in |since )?q(?P<number>[1-4]) (?:of |in )?{_YEAR}", read_quarter),
    (r"\b(?:in|since|by) q(?P<number>[1-4])\b(?P<year>)(?P<beside>)(?! \d)", read_quarter),
    (
        rf"\b(?:in |since |during )?the (?P<number>first|second|third|fourth|last) quarter of {_YEAR}",
        read_quarter,
    ),
    (rf"\b(?:in |since |during )?the (?P<number>first|second|last) half of {_YEAR}", read_half),
    (rf"\b(?:in |since )?h(?P<number>[12]) (?:of )?{_YEAR}", read_half),
)
"""Patterns of such times, over lower-case text, with their readers."""

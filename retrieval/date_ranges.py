"""Ranges of time in a question: "between March and June", "from 3 to 9 May", "early June 2023".

What is no range is read as one time by `dates.read_date`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from factloom.retrieval.dates import TIME_WORDS, DateHint, in_calendar, month_span, read_date

_RANGE: Final = re.compile(
    r"\b(?:between|from) (?P<first>[^?!;]{1,40}?) (?:and|to|until|till|through|up to) (?P<last>[^?!;]{1,40})"
)
_NUMBER: Final = re.compile(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?")
_ENDS: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3, "1st": 0, "2nd": 1, "3rd": 2, "4th": 3, "last": -1}
_PART: Final = re.compile(
    rf"\b(?:(?P<which>{'|'.join(_ENDS)}) (?P<unit>week|weekend|half|few days|days) of|"
    r"(?P<early>early|(?:the )?(?:beginning|start) of)|(?P<mid>mid|(?:the )?middle of)|(?P<late>late|(?:the )?end of))"
    r"[ -](?P<rest>[a-z0-9 ,]+)"
)
_THIRD: Final = 1 / 3
_WORDS: Final = re.compile(r"[a-z]+|\d")
_NOW: Final = re.compile(r"(?:now|today|the present)\b")


def read_dates(question: str, now: datetime) -> DateHint | None:
    """The time that ``question`` names, a range or a single one, relative to ``now`` (aware); None if it names none.

    Of a range without a year the latest is meant, and every year counts where its ends are months ("from March to
    June"). Parts are the thirds of a month, season or year ("early"), its halves, its weeks and weekends.
    """
    text = question.lower()
    if TIME_WORDS.isdisjoint(_WORDS.findall(text)):  # most questions
        return None
    for match in _RANGE.finditer(text):
        hint = in_calendar(partial(_range, match, now))
        if hint is not None:
            return hint
    part = _PART.search(text)
    if part is not None:
        hint = in_calendar(partial(_part, part, now))
        if hint is not None:
            return hint
    return read_date(question, now)


def _range(match: re.Match[str], now: datetime) -> DateHint | None:
    """From the beginning of the first time to the end of the last."""
    last = DateHint(now, now) if _NOW.match(match["last"]) else read_date(f"in {match['last']}", now)
    if last is None or last.until is None:
        return None
    number = _NUMBER.fullmatch(match["first"].strip())
    if number is not None and last.precise and last.since is not None:  # "from 3 to 9 May"
        start = last.since.replace(day=1) + timedelta(days=int(number[1]) - 1)
        return _joined(match, replace(last, since=start), last) if start < last.until else None
    first = read_date(f"in {match['first']}", now)
    if first is None or first.since is None:
        return None
    if first.month and last.month and not first.day and not last.day:  # "from March to June": of every year
        months = (last.month - first.month) % 12 + 1
        span = month_span(now.year if first.month <= now.month else now.year - 1, first.month, months)
        return DateHint(*span, month=first.month, months=months, words=match.group()) if span else None
    if first.recurs and not last.recurs and last.since is not None:  # "from March to June 2022"
        first = _in_year(first, last.since.year)
    return _joined(match, first, last)


def _in_year(hint: DateHint, year: int) -> DateHint:
    """A day or month without a year, in that one."""
    if hint.since is None or hint.until is None:
        return hint
    try:
        since = hint.since.replace(year=year)
    except ValueError:  # 29 February
        return hint
    return replace(hint, since=since, until=since + (hint.until - hint.since))


def _joined(match: re.Match[str], first: DateHint, last: DateHint) -> DateHint | None:
    since, until = first.since, last.until
    if since is None or until is None:
        return None
    if since >= until:  # "between November and 3 February": of the year before
        since = since.replace(year=since.year - 1)
        if since >= until:
            return None
    short = until - since <= timedelta(days=3)
    return DateHint(since, until, precise=short, words=_shortened(match.group(), last.words))


def _shortened(words: str, last: str) -> str:
    """The words of a range up to the end of its last time."""
    end = last.removeprefix("in ")
    at = words.rfind(end) if end else -1
    return words[: at + len(end)] if at >= 0 else words


def _part(match: re.Match[str], now: datetime) -> DateHint | None:
    """A part of a month, season or year; None where it is not said which year's, so that all of it counts."""
    whole = read_date(f"in {match['rest']}", now)
    if whole is None or whole.since is None or whole.until is None or whole.recurs or whole.precise:
        return None
    since, until = whole.since, whole.until
    words = _shortened(match.group(), whole.words)
    unit, which = match["unit"], match["which"]
    if unit == "half":
        middle = since + (until - since) / 2
        return DateHint(*((since, middle) if _ENDS[which] == 0 else (middle, until)), words=words)
    if unit in ("week", "few days", "days"):
        days = timedelta(days=7)
        start = until - days if _ENDS[which] < 0 else since + _ENDS[which] * days
        return DateHint(start, start + days, words=words)
    if unit == "weekend":
        saturday = since + timedelta(days=(5 - since.weekday()) % 7 + 7 * max(0, _ENDS[which]))
        if _ENDS[which] < 0:
            saturday = until - timedelta(days=(until.weekday() - 5) % 7 or 7)
        return DateHint(saturday, saturday + timedelta(days=2), precise=True, words=words)
    third = (until - since) * _THIRD
    if match["early"]:
        return DateHint(since, since + third, words=words)
    return (
        DateHint(since + third, until - third, words=words)
        if match["mid"]
        else DateHint(until - third, until, words=words)
    )

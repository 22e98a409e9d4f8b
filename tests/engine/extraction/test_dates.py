from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from factloom.engine.extraction.dates import find_when
from factloom.engine.extraction.durations import find_period
from factloom.engine.extraction.numeric_dates import other_reading, reading_dates

NOW = datetime(2025, 6, 18, 15, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "start", "precision"),
    [
        ("I went there yesterday", "2025-06-17", "day"),
        ("we met last night", "2025-06-17", "day"),
        ("the day before yesterday I slept", "2025-06-16", "day"),
        ("today I start", "2025-06-18", "day"),
        ("three days ago", "2025-06-15", "day"),
        ("a couple of weeks ago", "2025-06-04", "about"),
        ("last week", "2025-06-09", "week"),
        ("last weekend", "2025-06-14", "day"),
        ("two weekends ago", "2025-06-07", "day"),
        ("last month", "2025-05-01", "month"),
        ("two years ago", "2023-01-01", "year"),
        ("last Friday", "2025-06-13", "day"),
        ("on Friday I quit", "2025-06-13", "day"),
        ("last Tues", "2025-06-17", "day"),
        ("on Fri we left", "2025-06-13", "day"),
        ("in May", "2025-05-01", "month"),
        ("in August", "2024-08-01", "month"),
        ("in March 2019", "2019-03-01", "month"),
        ("on 3 March", "2025-03-03", "day"),
        ("on the 3rd of March 2021", "2021-03-03", "day"),
        ("March 3rd, 2021", "2021-03-03", "day"),
        ("2024-02-29", "2024-02-29", "day"),
        ("since the 6th", "2025-06-06", "day"),
        ("last summer", "2024-06-01", "season"),
        ("in 2015", "2015-01-01", "year"),
    ],
)
def test_past_expressions(text: str, start: str, precision: str) -> None:
    when = find_when(text, NOW)
    assert when is not None
    assert (when.start.date().isoformat(), when.precision) == (start, precision)
    assert when.start < when.end


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("on Friday", "2025-06-20"),
        ("next week", "2025-06-23"),
        ("tomorrow", "2025-06-19"),
        ("in August", "2025-08-01"),
        ("in March", "2026-03-01"),
        ("on 3 March", "2026-03-03"),
        ("on the 3rd", "2025-07-03"),
        ("in two weeks", "2025-07-02"),
    ],
)
def test_future_expressions(text: str, start: str) -> None:
    when = find_when(text, NOW, future=True)
    assert when is not None
    assert when.start.date().isoformat() == start


def test_the_span_covers_the_words_with_their_preposition() -> None:
    text = "I moved to Porto on 3 March with Bea"
    when = find_when(text, NOW)
    assert when is not None
    assert text[when.span[0] : when.span[1]] == "on 3 March"
    assert when.phrase == "on 3 March 2025"


def test_since_and_for_name_only_a_beginning() -> None:
    since, lasting = find_when("since 2019", NOW), find_when("for four years", NOW)
    assert since is not None
    assert since.since
    assert since.phrase == "since 2019"
    assert lasting is not None
    assert lasting.since
    assert lasting.start.year == 2021


@pytest.mark.parametrize(
    "text", ["", "I may go", "on 31 February", "march on", "in 1", "the 45th", "12345", "secondly"]
)
def test_what_is_no_date_is_not_taken_for_one(text: str) -> None:
    assert find_when(text, NOW) is None


def test_the_anchor_is_read_in_utc() -> None:
    late = datetime(2025, 6, 18, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    when = find_when("today", late)
    assert when is not None
    assert when.start == datetime(2025, 6, 19, tzinfo=UTC)


def test_absurd_anchors_do_not_break_it() -> None:
    assert find_when("12 years ago", datetime(1, 1, 2, tzinfo=UTC)) is None
    assert find_when("in 12 years", datetime(9999, 12, 31, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("I moved here fifteen years ago", datetime(2010, 1, 1, tzinfo=UTC)),
        ("I moved here half a year ago", datetime(2024, 12, 1, tzinfo=UTC)),
        ("I moved here in June last year", datetime(2024, 6, 1, tzinfo=UTC)),
        ("I moved here in the summer of 2019", datetime(2019, 6, 1, tzinfo=UTC)),
        ("I start on Tuesday next week", datetime(2025, 6, 24, tzinfo=UTC)),
        ("I leave the day after tomorrow", datetime(2025, 6, 20, tzinfo=UTC)),
        ("I rested over the weekend", datetime(2025, 6, 14, tzinfo=UTC)),
        ("I need it by Friday", datetime(2025, 6, 20, tzinfo=UTC)),
    ],
)
def test_expressions_of_two_parts_are_read_whole(text: str, start: datetime) -> None:
    when = find_when(text, datetime(2025, 6, 18, 12, tzinfo=UTC))
    assert when is not None
    assert when.start == start


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("I lived there until 2020", None, datetime(2020, 1, 1, tzinfo=UTC)),
        ("I worked there from 2015 to 2019", datetime(2015, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)),
        ("I was there until 3 May", None, datetime(2025, 5, 4, tzinfo=UTC)),
    ],
)
def test_a_period_ends_when_its_last_part_begins(text: str, start: datetime | None, end: datetime) -> None:
    period = find_period(text, datetime(2025, 6, 18, 12, tzinfo=UTC))
    assert period is not None
    assert (period.start, period.end) == (start, end)


def test_every_tuesday_is_no_date() -> None:
    assert find_when("I play tennis every Tuesday", datetime(2025, 6, 18, 12, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("on 25/4/2024", "2024-04-25"),  # 13 and more are days
        ("on 4/25/2024", "2024-04-25"),
        ("on 3/4/2024", "2024-03-04"),  # nothing tells: the order in use
        ("on 3.4.2024", "2024-04-03"),  # dots stand between day and month
        ("from 3/4/2020, and again on 25/4/2020", "2020-04-03"),  # another date of the text tells
        ("on 8/5/2025", "2025-05-08"),  # in August it has yet to be
        ("25-12-1998", "1998-12-25"),
        ("2024/3/4", "2024-03-04"),
        ("born 3/4/84", "1984-03-04"),
        ("on 5/3", "2025-05-03"),
        ("on 8/9", "2024-08-09"),
    ],
)
def test_dates_in_figures(text: str, start: str) -> None:
    found = find_when(text, NOW)
    assert found is not None
    assert (found.start.date().isoformat(), found.precision) == (start, "day")


def test_the_order_of_figures_can_be_told() -> None:
    with reading_dates("day first"):
        found = find_when("on 3/4/2024", NOW)
    assert found is not None
    assert found.start.date().isoformat() == "2024-04-03"
    ahead = find_when("on 5/8/2025", NOW, future=True)
    assert ahead is not None
    assert ahead.start.date().isoformat() == "2025-08-05"


@pytest.mark.parametrize(
    "text", ["3/4 of the cake", "on 3/4 of it", "version 1.2.24", "24/7", "on 13/14/2024", "a/3/4/2024"]
)
def test_figures_that_are_no_dates(text: str) -> None:
    assert find_when(text, NOW) is None


def test_the_other_reading_is_known() -> None:
    assert other_reading("on 3/4/2024", datetime(2024, 3, 4, tzinfo=UTC)) == date(2024, 4, 3)
    assert other_reading("on 25/4/2024", datetime(2024, 4, 25, tzinfo=UTC)) is None
    assert other_reading("on 4/4/2024", datetime(2024, 4, 4, tzinfo=UTC)) is None
    assert other_reading("3.4.2024", datetime(2024, 4, 3, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "start", "precision"),
    [
        ("the Tuesday before last", "2025-06-10", "day"),
        ("the Thursday before last", "2025-06-05", "day"),
        ("the week before last", "2025-06-02", "week"),
        ("the month before last", "2025-04-01", "month"),
        ("the summer before last", "2023-06-01", "season"),
        ("the winter before last", "2023-12-01", "season"),
        ("the night before last", "2025-06-16", "day"),
        ("the weekend after next", "2025-07-05", "day"),
        ("two Fridays ago", "2025-06-06", "day"),
        ("a week ago on Friday", "2025-06-06", "day"),
        ("Friday two weeks ago", "2025-05-30", "day"),
        ("a week last Monday", "2025-06-09", "day"),
        ("a week on Monday", "2025-06-30", "day"),
        ("in the 90s", "1990-01-01", "decade"),
        ("in the late '80s", "1980-01-01", "decade"),
        ("back in the nineteen seventies or in the seventies", "1970-01-01", "decade"),
        ("during the 1960s", "1960-01-01", "decade"),
        ("in the 20s", "2020-01-01", "decade"),
    ],
)
def test_counted_times_and_decades(text: str, start: str, precision: str) -> None:
    found = find_when(text, NOW)
    assert found is not None
    assert (found.start.date().isoformat(), found.precision) == (start, precision)


def test_a_decade_in_absolute_words() -> None:
    found, since = find_when("in the nineties", NOW), find_when("since the 90s", NOW)
    assert found is not None
    assert since is not None
    assert (found.phrase, since.phrase) == ("in the 1990s", "since the 1990s")
    assert found.end == datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["in his 90s", "temperatures in the 90s", "music from the 90s", "in the 1900s"])
def test_what_is_no_decade(text: str) -> None:
    assert find_when(text, NOW) is None


def test_periods_between_dates_in_figures() -> None:
    found = find_period("I lived in Faro from 3/4/2010 to 15/6/2015.", NOW)
    assert found is not None
    assert found.start is not None
    assert (found.start.date().isoformat(), found.end.date().isoformat()) == ("2010-04-03", "2015-06-16")
    until = find_period("Until 12/31/2024 I worked for Bosch.", NOW)
    assert until is not None
    assert (until.start, until.end.date().isoformat()) == (None, "2025-01-01")

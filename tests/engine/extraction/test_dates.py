from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from factloom.engine.extraction.dates import find_when, has_impossible_date
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
        ("a fortnight ago", "2025-06-04", "about"),
        ("a year and a half ago", "2023-12-01", "month"),
        ("two decades ago", "2005-01-01", "year"),
        ("this time last year", "2024-06-18", "about"),
        ("this past Friday", "2025-06-13", "day"),
        ("this Monday", "2025-06-16", "day"),
        ("in mid-March", "2025-03-01", "month"),
        ("3 Feb", "2025-02-03", "day"),
        ("on Sept 3rd, 2020", "2020-09-03", "day"),
        ("in Sept", "2024-09-01", "month"),
        ("in '98", "1998-01-01", "year"),
        ("since '05", "2005-01-01", "year"),
        ("early 2019", "2019-01-01", "third"),
        ("in late 2019", "2019-09-01", "third"),
        ("late last year", "2024-09-01", "third"),
        ("at the end of 2020", "2020-09-01", "third"),
        ("Q3 2021", "2021-07-01", "quarter"),
        ("in Q4", "2024-10-01", "quarter"),
        ("in the second half of 2020", "2020-07-01", "half"),
        ("on the 31st", "2025-05-31", "day"),
        ("on the 5th of last month", "2025-05-05", "day"),
        ("on the twenty-third of May", "2025-05-23", "day"),
        ("last June", "2024-06-01", "month"),
        ("this June", "2025-06-01", "month"),
        ("this March", "2025-03-01", "month"),
        ("this summer", "2025-06-01", "season"),
        ("last winter", "2024-12-01", "season"),
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
        ("in three weeks' time", "2025-07-09"),
        ("in a fortnight", "2025-07-02"),
        ("a week today", "2025-06-25"),
        ("a month from now", "2025-07-01"),
        ("this coming Tuesday", "2025-06-24"),
        ("on Tuesday week", "2025-07-01"),
        ("on the 31st", "2025-07-31"),
        ("next June", "2026-06-01"),
        ("next July", "2025-07-01"),
        ("next summer", "2026-06-01"),
        ("next autumn", "2025-09-01"),
        ("this autumn", "2025-09-01"),
        ("this June", "2025-06-01"),
    ],
)
def test_future_expressions(text: str, start: str) -> None:
    when = find_when(text, NOW, future=True)
    assert when is not None
    assert when.start.date().isoformat() == start


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("on Christmas Eve", "2024-12-24", "2025-12-24"),
        ("on Boxing Day", "2024-12-26", "2025-12-26"),
        ("at Easter", "2025-04-20", "2026-04-05"),
        ("last Easter", "2025-04-20", "2025-04-20"),
        ("next Easter", "2026-04-05", "2026-04-05"),
        ("on Good Friday", "2025-04-18", "2026-04-03"),
        ("on New Year's Eve", "2024-12-31", "2025-12-31"),
        ("on New Year’s Day", "2025-01-01", "2026-01-01"),
        ("on Valentine's Day", "2025-02-14", "2026-02-14"),
        ("on St Patrick's Day", "2025-03-17", "2026-03-17"),
        ("on May Day", "2025-05-01", "2026-05-01"),
        ("at midsummer", "2024-06-24", "2025-06-24"),
        ("on the 4th of July", "2024-07-04", "2025-07-04"),
        ("on Independence Day", "2024-07-04", "2025-07-04"),
        ("on Halloween", "2024-10-31", "2025-10-31"),
        ("at Thanksgiving", "2024-11-28", "2025-11-27"),
        ("at Thanksgiving 2019", "2019-11-28", "2019-11-28"),
        ("over Christmas", "2024-12-25", "2025-12-25"),
        ("last Christmas", "2024-12-25", "2024-12-25"),
        ("on Christmas Day last year", "2024-12-25", "2024-12-25"),
        ("Easter 2019", "2019-04-21", "2019-04-21"),
    ],
)
def test_holidays_lie_where_the_tense_puts_them(text: str, before: str, after: str) -> None:
    found = [find_when(text, NOW, future=future) for future in (False, True)]
    assert [when.start.date().isoformat() for when in found if when is not None] == [before, after]


@pytest.mark.parametrize(
    "text", ["I love Halloween", "a Christmas party", "before Christmas dinner", "the Easter Island statues", "white"]
)
def test_holidays_that_tell_no_day(text: str) -> None:
    assert find_when(text, NOW) is None


@pytest.mark.parametrize(
    "text",
    ["on 31/02/2020", "on 30 February", "on the 31st of April", "on February 30th", "on 13/14/2024", "2020-13-01"],
)
def test_impossible_dates_are_seen(text: str) -> None:
    assert find_when(text, NOW) is None
    assert has_impossible_date(text, NOW) == (0, len(text))


@pytest.mark.parametrize("text", ["on 29/02/2020", "24/7", "1.2.24", "order 1234-56-78", "on 3 May", "3/4 of it", ""])
def test_what_is_no_impossible_date(text: str) -> None:
    assert has_impossible_date(text, NOW) is None


def test_parts_of_years_in_absolute_words() -> None:
    texts = ["late last year", "mid-2019", "since early 2019", "Q3 2021", "in the first half of 2020", "from 2019"]
    found = [find_when(text, NOW) for text in texts]
    said = ["in late 2024", "in mid-2019", "since early 2019", "in Q3 2021", "in the first half of 2020", "from 2019"]
    assert [when.phrase for when in found if when is not None] == said


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
    "text",
    [
        "",
        "I may go",
        "on 31 February",
        "march on",
        "in 1",
        "the 45th",
        "12345",
        "secondly",
        "on the 5th floor",
        "to Jan",
    ],
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

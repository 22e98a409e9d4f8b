"""Reading dates and texts: what a question's words mean, independent of any store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from factloom.retrieval.analysis import LONG_TEXT, MOST_SENTENCES, analyse, document_terms, document_text, sentences
from factloom.retrieval.date_ranges import read_dates
from factloom.retrieval.reading import draft_question
from factloom.schemas.records import Episode, Role

NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("on 3 March 2023", "2023-03-03", "2023-03-04"),
        ("on March 3rd, 2023?", "2023-03-03", "2023-03-04"),
        ("on 2023-03-03", "2023-03-03", "2023-03-04"),
        ("in June 2023", "2023-06-01", "2023-07-01"),
        ("in May", "2025-05-01", "2025-06-01"),
        ("last December", "2024-12-01", "2025-01-01"),
        ("in 2022", "2022-01-01", "2023-01-01"),
        ("last summer", "2025-06-01", "2025-09-01"),
        ("the winter of 2022", "2022-12-01", "2023-03-01"),
        ("last month", "2025-10-01", "2025-11-01"),
        ("yesterday", "2025-11-19", "2025-11-20"),
        ("three days ago", "2025-11-17", "2025-11-18"),
        ("last Friday", "2025-11-14", "2025-11-15"),
        ("the week before 17 July 2023", "2023-07-10", "2023-07-17"),
        ("last night", "2025-11-19", "2025-11-20"),
        ("this morning", "2025-11-20", "2025-11-21"),
        ("two weeks ago", "2025-11-02T12:00", "2025-11-09T12:00"),
        ("a fortnight ago", "2025-11-03", "2025-11-10"),
        ("in the last two weeks", "2025-11-06T12:00", "2025-11-20T12:00"),
        ("in the past few days", "2025-11-17T12:00", "2025-11-20T12:00"),
        ("the next 3 days", "2025-11-20T12:00", "2025-11-23T12:00"),
        ("three days from now", "2025-11-23", "2025-11-24"),
        ("in two days?", "2025-11-22", "2025-11-23"),
        ("over the weekend", "2025-11-15", "2025-11-17"),
        ("over the holidays", "2024-12-20", "2025-01-04"),
        ("last Christmas", "2024-12-24", "2024-12-28"),
        ("at Christmas 2022", "2022-12-24", "2022-12-28"),
        ("at Easter", "2025-04-18", "2025-04-22"),
        ("next Easter", "2026-04-03", "2026-04-07"),
        ("on Thanksgiving 2023", "2023-11-23", "2023-11-27"),
        ("on New Year's Eve", "2024-12-31", "2025-01-01"),
        ("in the 1990s", "1990-01-01", "2000-01-01"),
        ("in the nineties", "1990-01-01", "2000-01-01"),
        ("between March and June 2023", "2023-03-01", "2023-07-01"),
        ("between March and June", "2025-03-01", "2025-07-01"),
        ("from November to February", "2025-11-01", "2026-03-01"),
        ("from December 2022 to January 2023", "2022-12-01", "2023-02-01"),
        ("between 3 and 9 May 2023", "2023-05-03", "2023-05-10"),
        ("between May 3 and May 9", "2025-05-03", "2025-05-10"),
        ("from 2021 until 2023", "2021-01-01", "2024-01-01"),
        ("from June 2025 till now", "2025-06-01", "2025-11-20T12:00"),
        ("between Christmas and New Year", "2024-12-24", "2025-01-02"),
        ("in early June 2023", "2023-06-01", "2023-06-11"),
        ("at the end of June 2023", "2023-06-21", "2023-07-01"),
        ("in the second week of November 2023", "2023-11-08", "2023-11-15"),
        ("in the last week of May 2023", "2023-05-25", "2023-06-01"),
        ("in the first half of September 2022", "2022-09-01", "2022-09-16"),
        ("the first weekend of August 2023", "2023-08-05", "2023-08-07"),
    ],
)
def test_dates_are_read(question: str, since: str, until: str) -> None:
    hint = read_dates(f"What happened {question}", NOW)
    assert hint is not None
    assert (hint.since, hint.until) == (day(since), day(until))


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("before June 2023", None, "2023-06-01"),
        ("since 2024", "2024-01-01", None),
        ("after May 2023", "2023-06-01", None),
        ("since Easter", "2025-04-18", None),
        ("before last Christmas", None, "2024-12-24"),
    ],
)
def test_one_end_may_be_open(question: str, since: str | None, until: str | None) -> None:
    hint = read_dates(question, NOW)
    assert hint is not None
    assert (hint.since, hint.until) == (since and day(since), until and day(until))


@pytest.mark.parametrize(
    "question",
    [
        "May I ask?",
        "Did they march?",
        "a spring roll",
        "Where does she live?",
        "31 foo",
        "between Ana and Rui",
        "from Lisbon to Porto",
        "What holidays does she like?",
        "in the end",
        "two weeks",
        "her last two jobs",
    ],
)
def test_words_that_are_no_dates(question: str) -> None:
    assert read_dates(question, NOW) is None


def test_a_month_without_a_year_fits_every_year() -> None:
    hint = read_dates("in June", NOW)
    assert hint is not None
    times = np.array([day(t).timestamp() for t in ("2022-06-15", "2024-06-01", "2023-07-03", "2023-08-03")])
    assert hint.fit(times).tolist() == [1.0, 1.0, 0.3, 0.0]


def test_months_without_a_year_are_a_range_of_every_year() -> None:
    hint = read_dates("between March and May", NOW)
    assert hint is not None
    times = np.array([day(t).timestamp() for t in ("2022-03-15", "2024-05-31", "2023-06-05", "2023-02-03")])
    assert hint.fit(times).tolist() == [1.0, 1.0, 0.3, 0.0]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What did Ana do between March and June 2023 in Porto?", "between march and june 2023"),
        ("Where was she before last Christmas?", "before last christmas"),
        ("Who came two weeks ago?", "two weeks ago"),
        ("What happened in early June 2023 at work?", "early june 2023"),
        ("the week before 17 July 2023", "week before 17 july 2023"),
    ],
)
def test_the_words_that_name_a_time_are_told(question: str, words: str) -> None:
    hint = read_dates(question, NOW)
    assert hint is not None
    assert hint.words == words


def test_words_meet_in_their_stems() -> None:
    assert analyse("Ana's running shoes") == analyse("ana run shoe")
    assert analyse("ＦＵＬＬ width") == analyse("full width")
    assert analyse("the of and") == []
    assert "2023" in analyse("in 2023")


def test_only_long_texts_have_sentences() -> None:
    assert sentences("One. Two.") == []
    assert sentences("x" * (2 * LONG_TEXT)) == []
    long = " ".join(f"This is sentence number {i} of a long text." for i in range(100))
    parts = sentences(long)
    assert len(parts) == MOST_SENTENCES
    assert " ".join(parts) == long


def test_an_episode_is_indexed_with_its_speaker() -> None:
    episode = Episode(
        id="e", space="t", session="s", role=Role.USER, speaker="Tom Becker", content="I bought 2 hats yesterday",
        occurred_at=NOW, created_at=NOW,
    )  # fmt: skip
    assert document_text(episode) == "Tom Becker: I bought 2 hats yesterday"
    assert {"@tom", "@becker", "#when", "#number", "hat"} <= set(document_terms(episode))
    assert "tom" not in document_terms(episode)


def test_become_is_content_unless_it_asks_for_an_outcome() -> None:
    def stripped(question: str) -> str:
        return draft_question(question, now=NOW).read(speakers=[], entities=[]).stripped

    assert stripped("What became of the trip?") == "of the trip"
    assert stripped("When did Ana become a nurse?") == "Ana become a nurse"
    assert stripped("Which accident happened on the bridge?") == "accident happened on the bridge"


ENDS_OF_TIME = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=3))),
    datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-3))),
)


@pytest.mark.parametrize("now", ENDS_OF_TIME, ids=str)
@pytest.mark.parametrize(
    "words",
    """yesterday|tomorrow|the other day|a fortnight ago|over the weekend|last Friday|next week|in May|last month
    next year|at Christmas|next Easter|over the holidays|two weeks ago|in two weeks|the last two weeks
    between March and June|late last year|two days before Christmas|until 3 March""".replace("\n    ", "|").split("|"),
)
def test_a_time_outside_the_calendar_is_none(words: str, now: datetime) -> None:
    hint = read_dates(f"What did Ana do {words}?", now)
    assert hint is None or hint.since is None or hint.until is None or hint.since <= hint.until

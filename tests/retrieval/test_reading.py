"""Reading dates and texts: what a question's words mean, independent of any store."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from factloom.retrieval.analysis import LONG_TEXT, MOST_SENTENCES, analyse, document_terms, document_text, sentences
from factloom.retrieval.dates import read_dates
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
    ],
)
def test_one_end_may_be_open(question: str, since: str | None, until: str | None) -> None:
    hint = read_dates(question, NOW)
    assert hint is not None
    assert (hint.since, hint.until) == (since and day(since), until and day(until))


@pytest.mark.parametrize(
    "question", ["May I ask?", "Did they march?", "a spring roll", "Where does she live?", "31 foo"]
)
def test_words_that_are_no_dates(question: str) -> None:
    assert read_dates(question, NOW) is None


def test_a_month_without_a_year_fits_every_year() -> None:
    hint = read_dates("in June", NOW)
    assert hint is not None
    times = np.array([day(t).timestamp() for t in ("2022-06-15", "2024-06-01", "2023-07-03", "2023-08-03")])
    assert hint.fit(times).tolist() == [1.0, 1.0, 0.3, 0.0]


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

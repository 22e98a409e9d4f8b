"""Times that are told but that nobody can date: what is told with them did not begin when it was said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import AT_AGE, UNDATED

from .one_turn import NOW, facts, read
from .told_to_memory import SAID, learned_by_text


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("text", "fact", "age"),
    [
        ("We got married on 31/02/2020.", "Ana HAD_MILESTONE wedding", None),
        ("I moved to Rome on 30 February.", "Ana MOVED_TO Rome", None),
        ("I moved to Rome years ago.", "Ana MOVED_TO Rome", None),
        ("I moved to Rome a long time ago.", "Ana MOVED_TO Rome", None),
        ("I moved to Rome in my twenties.", "Ana MOVED_TO Rome", None),
        ("I moved to Rome when I was a kid.", "Ana MOVED_TO Rome", None),
        ("I moved to Rome when I was 12.", "Ana MOVED_TO Rome", 12),
        ("I moved to Rome at the age of twenty.", "Ana MOVED_TO Rome", 20),
        ("I've lived in Oslo for ages.", "Ana LIVES_IN Oslo", None),
        ("I've lived in Oslo for many years.", "Ana LIVES_IN Oslo", None),
        ("I've lived in Oslo since we got married.", "Ana LIVES_IN Oslo", None),
        ("I've lived in Oslo since I was twelve.", "Ana LIVES_IN Oslo", 12),
        ("I've lived in Oslo all my life.", "Ana LIVES_IN Oslo", 0),
        ("I've been a nurse since I was 20.", "Ana HAS_JOB nurse", 20),
        ("I've played the piano since I was a child.", "Ana PLAYS piano", None),
    ],
)
def test_its_beginning_is_left_open(extractor: OfflineExtractor, text: str, fact: str, age: int | None) -> None:
    assert fact in facts(extractor, text)
    [found] = [c for c in read(extractor, text) if c.predicate == fact.split()[1]]
    assert (found.valid_at, found.invalid_at) == (None, None)
    assert found.metadata[UNDATED] == NOW.isoformat()
    assert found.metadata.get(AT_AGE) == age


@pytest.mark.parametrize(
    "text",
    [
        "I moved to Rome.",
        "I live in Oslo.",
        "I moved to Rome three years ago.",
        "I've lived in Oslo since 2019.",
        "I moved to Rome on 29/02/2020.",
        "I like Oslo since it is green.",
        "Bea is in love with life.",
    ],
)
def test_other_times_are_told(extractor: OfflineExtractor, text: str) -> None:
    assert all(c.valid_at is not None and UNDATED not in c.metadata for c in read(extractor, text))


def test_an_age_is_dated_by_the_birth() -> None:
    found = learned_by_text(
        "I was born in 1984.", "I've been a nurse since I was 20.", "I moved to Oslo when I was 12."
    )
    assert found["Zoe works as a nurse."].valid_at == datetime(2004, 1, 1, tzinfo=UTC)
    assert found["Zoe lives in Oslo."].valid_at == datetime(1996, 1, 1, tzinfo=UTC)
    found = learned_by_text("I'm 41 now.", "I've lived in Oslo since I was twelve.")
    assert found["Zoe lives in Oslo."].valid_at == datetime(1995, 1, 1, tzinfo=UTC)
    assert learned_by_text("I've lived in Oslo since I was twelve.")["Zoe lives in Oslo."].valid_at is None
    assert learned_by_text("I'm 30 now.", "I've lived in Oslo since I was 40.")["Zoe lives in Oslo."].valid_at is None


def test_what_was_so_for_ages_ends_with_the_next_home() -> None:
    found = learned_by_text("I've lived in Oslo for ages.", "I moved to Bergen yesterday.")
    moved = datetime(2025, 6, 1, tzinfo=UTC)
    assert (found["Zoe lives in Oslo."].valid_at, found["Zoe lives in Oslo."].invalid_at) == (None, moved)
    assert found["Zoe lives in Bergen."].invalid_at is None


def test_a_later_date_takes_its_place() -> None:
    found = learned_by_text("I've lived in Oslo for ages.", "I've lived in Oslo since 2010.")
    assert found["Zoe lives in Oslo."].valid_at == datetime(2010, 1, 1, tzinfo=UTC)


def test_from_a_year_is_a_beginning() -> None:
    lived = learned_by_text("I lived in Rome from 2019.")["Zoe lived in Rome from 2019."]
    assert (lived.valid_at, lived.invalid_at) == (datetime(2019, 1, 1, tzinfo=UTC), SAID)
    bought = learned_by_text("I bought a car from 2019.")["Zoe bought a car from 2019."]
    assert bought.valid_at == SAID


@pytest.mark.parametrize(
    "text", ["I work at Bosch from Monday to Friday.", "I work for Bosch from Mondays to Thursdays."]
)
def test_days_of_every_week_are_no_period(text: str) -> None:
    assert learned_by_text(text)["Zoe works for Bosch."].invalid_at is None


@pytest.mark.parametrize("text", ["I moved to Faro last Easter.", "I moved to Faro last Christmas."])
def test_a_holiday_behind_a_place_is_no_part_of_its_name(extractor: OfflineExtractor, text: str) -> None:
    assert facts(extractor, text) == {"Ana MOVED_TO Faro"}

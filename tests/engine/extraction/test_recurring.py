"""Habits that come with a holiday, a season, a month or a weekday."""

from __future__ import annotations

import pytest
from tests.engine.extraction.one_turn import NOW, facts, read

from factloom.engine.extraction.extractor import OfflineExtractor


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    "text",
    [
        "During Thanksgiving, we usually watch movies.",
        "For Halloween we usually carve pumpkins.",
        "On Christmas Eve we always eat fish.",
        "I usually play tennis on Saturday.",
        "I play tennis with Tom on Saturday.",
        "We always go to Spain in July.",
        "I always order pizza on Friday.",
        "In the summer I work as a lifeguard.",
    ],
)
def test_a_habit_is_not_dated_once(extractor: OfflineExtractor, text: str) -> None:
    found = read(extractor, text)
    assert found
    assert {fact.valid_at for fact in found} == {NOW}
    assert not any("20" in fact.text for fact in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("During Thanksgiving, we usually watch movies.", "Ana usually watches movies during Thanksgiving."),
        ("In August we usually rent a house in Spain.", "Ana usually rents a house in Spain in August."),
        ("We usually go to Wales for Christmas.", "Ana usually goes to Wales for Christmas."),
    ],
)
def test_the_time_stays_in_the_words(extractor: OfflineExtractor, text: str, told: str) -> None:
    assert told in {fact.text for fact in read(extractor, text)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("On Christmas Eve I bought a car.", "Ana bought a car on 24 December 2024."),
        ("On Friday I fly to Rome.", "Ana plans to fly to Rome on 20 June 2025."),
        ("I start at Bosch in May.", "Ana plans to start at Bosch in May 2026."),
    ],
)
def test_what_is_once_keeps_its_day(extractor: OfflineExtractor, text: str, told: str) -> None:
    assert told in {fact.text for fact in read(extractor, text)}


def test_nobody_works_in_a_season(extractor: OfflineExtractor) -> None:
    assert facts(extractor, "In the summer I work as a lifeguard.") == {"Ana HAS_JOB lifeguard"}

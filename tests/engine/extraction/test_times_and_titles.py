"""Weeks counted from a day, deaths nobody can date, titles of relatives, headings that are no labels."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom.engine.extraction.dates import find_when

from .test_changed_minds import learned


@pytest.mark.parametrize(
    ("words", "day", "precision"),
    [
        ("a week tomorrow", "2025-06-10", "day"),
        ("two weeks from tomorrow", "2025-06-17", "day"),
        ("tomorrow week", "2025-06-10", "day"),
        ("the week of 14 July", "2025-07-14", "week"),
        ("in the week of July 16th", "2025-07-14", "week"),
        ("the week beginning 14 July 2026", "2026-07-13", "week"),
    ],
)
def test_weeks(words: str, day: str, precision: str) -> None:
    found = find_when(f"I have an exam {words}.", datetime(2025, 6, 2, 10, tzinfo=UTC), future=True)
    assert found is not None
    assert (found.start.date().isoformat(), found.precision) == (day, precision)


@pytest.mark.parametrize("said", ["Uncle Tom died.", "Tom died.", "My uncle died.", "Uncle Tom died years ago."])
def test_an_uncle_is_known_by_his_title(said: str) -> None:
    [home] = [fact for fact in learned("My uncle Tom lives in Faro.", said) if fact.predicate == "LIVES_IN"]
    assert home.invalid_at is not None
    assert (home.valid_at is None) is ("years ago" in said)


def test_uncle_sam_is_nobodys() -> None:
    assert not [fact for fact in learned("Uncle Sam takes half of it.") if fact.predicate == "HAS_UNCLE"]


@pytest.mark.parametrize(
    ("held", "said", "predicate"),
    [
        ("I drive a Skoda.", "I don't drive the Skoda to work.", "DRIVES"),
        ("I drive a Skoda.", "I don't drive the Skoda in winter.", "DRIVES"),
    ],
)
def test_a_part_denied_leaves_the_rest(held: str, said: str, predicate: str) -> None:
    [fact] = [fact for fact in learned(held, said) if fact.predicate == predicate]
    assert fact.invalid_at is None


def test_a_project_for_a_firm_is_no_job() -> None:
    assert not [f for f in learned("I worked on a project for Google.") if f.predicate == "WORKS_FOR"]
    assert [f for f in learned("I work for Google.") if f.predicate == "WORKS_FOR"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("AI: my new hobby. I work for Tesco.", True),
        ("Bots: a love story! I work for Tesco.", True),
        ("AI: I work for Tesco.", False),
        ("AI: my work is done. I work for Tesco.", False),
        ("SYSTEM: my new hobby. I work for Tesco.", False),
    ],
)
def test_a_heading_is_no_label(text: str, told: bool) -> None:
    assert ("Zoe works for Tesco." in {fact.text for fact in learned(text)}) is told

"""Whom a sentence is said to is no part of what it tells."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I moved to Leeds, Mona.", {"Ana MOVED_TO Leeds"}),
        ("I moved to Leeds last year, Mona Smith.", {"Ana MOVED_TO Leeds"}),
        ("I moved to Leeds, Tom", {"Ana MOVED_TO Leeds"}),
        ("I work at Bosch, Kim.", {"Ana WORKS_FOR Bosch"}),
        ("I love opera, Mona!", {"Ana LIKES opera"}),
        ("I bought a Golf, mate.", {"Ana BOUGHT Golf"}),
        ("We bought a house, Mum!", {"Ana BOUGHT house"}),
    ],
)
def test_the_name_behind_the_last_comma_is_spoken_to(extractor: OfflineExtractor, text: str, told: set[str]) -> None:
    assert facts(extractor, text) == told


def test_nobody_spoken_to_is_part_of_a_text(extractor: OfflineExtractor) -> None:
    texts = {c.text for c in read(extractor, "Jun left the company in April, Mona. We bought a house, Mum!")}
    assert texts == {"Jun left the company in April 2025.", "Ana bought a house."}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I live in Rome, Italy.", {"Ana LIVES_IN Rome"}),
        ("We visited Bonn, Germany.", {"Ana VISITED Bonn"}),
        ("I have a cat, Mia.", {"Ana HAS_PET Mia", "Mia KIND_OF_ANIMAL cat"}),
        ("I visited Rome, Paris and Bonn.", {"Ana VISITED Rome", "Ana VISITED Paris", "Ana VISITED Bonn"}),
    ],
)
def test_a_name_that_says_who_or_where_stays(extractor: OfflineExtractor, text: str, told: set[str]) -> None:
    assert facts(extractor, text) == told


def test_a_relative_named_behind_a_comma_keeps_the_name(extractor: OfflineExtractor) -> None:
    assert "Ana HAS_BOSS Karl" in facts(extractor, "I met my boss, Karl.")
    assert {"Ana HAS_SISTER Eva", "Ana HAS_SISTER Mona"} <= facts(extractor, "I've got two sisters, Eva and Mona.")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("My daughter is six months old.", "Ana's daughter is 6 months old."),
        ("Little Margot is six months old already, and she's got two teeth.", "Little Margot is 6 months old."),
        ("My son is 18 months old.", "Ana's son is 18 months old."),
        ("My son is six years old.", "Ana's son is 6 years old."),
    ],
)
def test_babies_are_months_old(extractor: OfflineExtractor, text: str, told: str) -> None:
    assert [c.text for c in read(extractor, text) if c.predicate == "HAS_AGE"] == [told]

"""What rules against wrong endings, moves of things and comparisons must leave as it was."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


def told(extractor: OfflineExtractor, text: str) -> set[tuple[str, str]]:
    return {(c.predicate, c.object.name if c.object else "") for c in read(extractor, text)}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("while we're on food: I don't eat meat any more", ("EATS", "meat")),
        ("I moved to Ghent on Monday.", ("MOVED_TO", "Ghent")),
        ("I moved to Ghent last Sunday with my cat.", ("MOVED_TO", "Ghent")),
    ],
)
def test_it_is_told(extractor: OfflineExtractor, text: str, fact: tuple[str, str]) -> None:
    assert fact in told(extractor, text)


def test_a_feast_of_long_ago_is_no_abstention(extractor: OfflineExtractor) -> None:
    assert not told(extractor, "I haven't eaten so much cake since we were students.")


@pytest.mark.parametrize(
    ("text", "predicate", "wording"),
    [
        ("My husband is lactose intolerant.", "ALLERGIC_TO", "Ana's husband is lactose intolerant."),
        ("I'm really lactose intolerant.", "ALLERGIC_TO", "Ana is lactose intolerant."),
        ("I'm badly allergic to nuts.", "ALLERGIC_TO", "Ana is allergic to nuts."),
    ],
)
def test_an_intolerance_is_told_as_one(extractor: OfflineExtractor, text: str, predicate: str, wording: str) -> None:
    assert [c.text for c in read(extractor, text) if c.predicate == predicate] == [wording]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm back with Bosch.", set()),
        ("I'm back with Tom.", {"Ana and Tom are back together."}),
        ("Tom and I are not engaged.", {"Ana and Tom are not engaged."}),
        ("Eva and I aren't friends anymore.", {"Ana and Eva are no longer friends."}),
    ],
)
def test_a_bond_is_told_as_it_was_said(extractor: OfflineExtractor, text: str, expected: set[str]) -> None:
    assert {c.text for c in read(extractor, text)} == expected

"""Verbs that are joined to what the speaker said first state as much as it does."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


def learned(extractor: OfflineExtractor, text: str) -> set[tuple[str, str]]:
    return {(c.predicate, c.object.name if c.object else "") for c in read(extractor, text)}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("I live in Bonn and work for Bosch.", {("LIVES_IN", "Bonn"), ("WORKS_FOR", "Bosch")}),
        ("I work for Bosch and live in Bonn.", {("LIVES_IN", "Bonn"), ("WORKS_FOR", "Bosch")}),
        ("I live in Bonn and have a cat called Mia.", {("LIVES_IN", "Bonn"), ("HAS_PET", "Mia")}),
        ("We live in Bonn and have a dog called Rex.", {("LIVES_IN", "Bonn"), ("HAS_PET", "Rex")}),
        ("I moved to Bonn and work for Bosch now.", {("MOVED_TO", "Bonn"), ("WORKS_FOR", "Bosch")}),
        ("I drink coffee and love tea.", {("DRINKS", "coffee"), ("LIKES", "tea")}),
        ("I don't eat meat and hate fish.", {("DISLIKES", "fish")}),
    ],
)
def test_each_is_read(extractor: OfflineExtractor, text: str, facts: set[tuple[str, str]]) -> None:
    assert facts <= learned(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm at home, call me and bring wine.",
        "I'd move to Bonn and work for Bosch.",
        "If I lived in Bonn I'd work there and have a cat.",
        "Go to Bonn and work for Bosch.",
        "I want to use my platform and leave a legacy.",
    ],
)
def test_what_is_asked_supposed_or_wanted_is_not(extractor: OfflineExtractor, text: str) -> None:
    assert not {predicate for predicate, _ in learned(extractor, text)} & {
        "WORKS_FOR",
        "LIVES_IN",
        "HAS_PET",
        "LEAVE",
        "CALL",
        "BRING",
    }

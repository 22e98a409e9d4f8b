"""How the speaker wants to be answered by an assistant."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Please keep your answers short.", "keep your answers short"),
        ("Don't use emojis.", "never use emojis"),
        ("No emojis, please.", "never use emojis"),
        ("Use metric units please.", "use metric units"),
        ("Write in British English.", "write in British English"),
        ("Reply in Spanish, please.", "reply in Spanish"),
        ("Stop apologising so much.", "never apologise so much"),
        ("No need to explain the basics to me.", "never explain the basics to Ana"),
        ("When I ask for a recipe, give me grams not cups.", "when Ana asks for a recipe, give Ana grams not cups"),
        ("I don't like it when you use exclamation marks.", "never use exclamation marks"),
        ("You can skip the disclaimers.", "never use disclaimers"),
        ("Be more concise.", "be more concise"),
    ],
)
def test_a_manner_is_a_rule(extractor: OfflineExtractor, text: str, told: str) -> None:
    assert [c.text for c in read(extractor, text)] == [f"Ana's rule: {told}."]


@pytest.mark.parametrize(
    "text",
    [
        "Use this file.",
        "Don't use that link.",
        "Write in your own words.",
        "Be careful.",
        "Stop it.",
        "When I ask nicely, he says no.",
        "Do you use emojis?",
        "No problem at all!",
        "Skip the last paragraph.",
        "Keep your answers to the test on this sheet.",
        "Could you use metric units?",
        "Reply in a minute.",
    ],
)
def test_a_wish_for_once_is_none(extractor: OfflineExtractor, text: str) -> None:
    assert not read(extractor, text)

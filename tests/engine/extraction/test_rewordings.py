"""Sayings that mean what a plainer sentence says."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    ("Pottery is a huge part of my life.", "Ana VALUES pottery"),
    ("Privacy is really important to me.", "Ana VALUES privacy"),
    ("Family's super important to me.", "Ana VALUES Ana's family"),
    ("Swimming has always been important to me.", "Ana VALUES swimming"),
    ("Next month I'm off to Ireland for a semester.", "Ana PLANS_TO go to Ireland for a semester"),
    ("We're off to Crete on Saturday!", "Ana PLANS_TO go to Crete"),
    ("I'm trying to learn the banjo.", "Ana LEARNS banjo"),
    ("I'm trying to eat less meat.", "Ana WANTS_TO eat less meat"),
    ("It was a gift from my grandma in my home country, Sweden.", "Ana COMES_FROM Sweden"),
    ("My hometown is Bergen.", "Ana COMES_FROM Bergen"),
    ("I can't eat anything with sesame.", "Ana AVOIDS sesame"),
    ("I can't have dogs, terribly allergic", "Ana ALLERGIC_TO dogs"),
    ("I can't eat nuts, I'm allergic.", "Ana ALLERGIC_TO nuts"),
    ("Our youngest is called Pia.", "Ana HAS_CHILD Pia"),
    ("I take my coffee black.", "Ana PREFERS black coffee"),
    ("I like my tea with milk.", "Ana PREFERS tea with milk"),
]


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_it_means_the_plainer_sentence(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "That's super important to me.",
        "Is pottery important to you?",
        "It's a huge part of my life.",
        "What you think is important to me.",
        "I'm off to bed.",
        "I'm off to a good start.",
        "We're off to the beach now.",
        "I'm trying to find it.",
        "I'm trying to make this work.",
        "What's your hometown?",
        "I can't eat anything with you around.",
    ],
)
def test_what_only_sounds_like_it_does_not(extractor: OfflineExtractor, text: str) -> None:
    assert not facts(extractor, text)

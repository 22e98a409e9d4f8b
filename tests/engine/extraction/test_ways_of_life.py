"""How somebody lives, what one is called, and answers that name what was asked for."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts, read
from .test_spelling_out import learned


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    ("I live alone.", "Ana DOES living alone"),
    ("I work from home on Mondays.", "Ana DOES working from home"),
    ("My wife works nights.", "Ana's wife DOES working nights"),
    ("I cycle to work.", "Ana DOES cycling to work"),
    ("I get migraines when I don't sleep.", "Ana HAS_CONDITION migraines"),
    ("I'm an only child.", "Ana HAS_TRAIT only child"),
    ("She's not a morning person, but I'm a morning person.", "Ana HAS_TRAIT morning person"),
    ("My band is called The Late Trains.", "Ana HAS_BAND Late Trains"),
    ("Kari, my best friend since school, moved to Bergen.", "Kari MOVED_TO Bergen"),
]


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_it_is_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "Do you live alone?",
        "I'd live alone if I could.",
        "I get headaches from this.",
        "I walk to the shop.",
        "I work it out myself.",
        "The band is called Muse.",
        "It's a photo of my horse painting.",
    ],
)
def test_what_only_looks_like_it_is_not(extractor: OfflineExtractor, text: str) -> None:
    assert not facts(extractor, text)


def test_a_condition_has_its_article(extractor: OfflineExtractor) -> None:
    assert "Ana has a bad back." in {c.text for c in read(extractor, "I have a bad back.")}


@pytest.mark.parametrize(
    ("asked", "answer", "fact"),
    [
        ("How long have you been creating art?", "Since I was 17 or so.", "Ana CREATE art"),
        ("What helps you relax?", "Swimming.", "Ana HELPED_BY swimming"),
    ],
)
def test_answers_that_name_it(extractor: OfflineExtractor, asked: str, answer: str, fact: str) -> None:
    assert fact in learned(extractor, ("Bo", asked), ("Ana", answer))


@pytest.mark.parametrize("answer", ["You do!", "No idea.", "I don't know", "Good question!"])
def test_no_answer_names_nothing(extractor: OfflineExtractor, answer: str) -> None:
    assert not learned(extractor, ("Bo", "What makes you happy?"), ("Ana", answer))

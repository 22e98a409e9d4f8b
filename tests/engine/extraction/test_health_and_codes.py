"""Conditions told as adjectives, medicines by their dose, blood types, codes, and how often in front."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    ("My mum is diabetic.", "Ana's mum HAS_CONDITION diabetes"),
    ("I'm asthmatic.", "Ana HAS_CONDITION asthma"),
    ("Every morning I take 50 mg of levothyroxine.", "Ana TAKES levothyroxine"),
    ("I take 20 mg of prednisone.", "Ana TAKES prednisone"),
    ("I take two tablets of paracetamol every evening.", "Ana TAKES paracetamol"),
    ("my blood type is O negative", "Ana HAS_BLOOD_TYPE O negative"),
    ("My blood group is AB+.", "Ana HAS_BLOOD_TYPE AB+"),
    ("the alarm code is 4711", "Ana HAS_ALARM_CODE 4711"),
    ("My wifi password is hunter22.", "Ana HAS_WIFI_PASSWORD hunter22"),
    ("My landlord is Karl Otto.", "Ana HAS_LANDLORD Karl Otto"),
    ("I'm still with Zalando", "Ana WORKS_FOR Zalando"),
]


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_it_is_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "Is your mum diabetic?",
        "What if the alarm code is 4711?",
        "The password is wrong.",
        "The door code is broken.",
        "My type is tall and dark.",
        "I take two minutes of silence.",
        "I'm still with Tom.",
        "Take 50 mg of levothyroxine.",
    ],
)
def test_what_only_looks_like_it_is_not(extractor: OfflineExtractor, text: str) -> None:
    assert not facts(extractor, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Every Friday I water the plants at the office.", "Ana waters the plants at the office every Friday."),
        ("On Sunday mornings we bake bread.", "Ana bakes bread on Sunday mornings."),
        ("Every year we rent a cabin in Norway.", "Ana rents a cabin in Norway every year."),
        ("Every morning I take 50 mg of levothyroxine.", "Ana takes 50 mg of levothyroxine every morning."),
    ],
)
def test_how_often_may_stand_in_front(extractor: OfflineExtractor, text: str, told: str) -> None:
    assert told in {candidate.text for candidate in read(extractor, text)}

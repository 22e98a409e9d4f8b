"""Answers without what stands around them, and names of somebody new."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.answers import complete
from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("What's your favorite movie?", "Alien, hands down.", "My favorite movie is Alien."),
        ("What do you drink?", "Tea, obviously.", "I drink tea."),
        ("What is your favourite book?", "Always Dune.", "My favourite book is Dune."),
        ("Where do you live now?", "Still in Bath, Rob.", "I live in Bath."),
        ("Where do you live?", "Definitely Bath.", "I live in Bath."),
        ("Where do you live?", "Leeds, England.", "I live in Leeds."),
        ("Where do you work?", "At Bosch, as always.", "I work at Bosch."),
        ("Which database are you using?", "Postgres 15, hosted on Hetzner.", "I am using Postgres 15."),
        ("What car do you drive?", "A Golf, built in 1990.", "I drive a Golf."),
        ("Where do you live?", "In a flat in Bath.", "I live in a flat in Bath."),
        ("What's your sister's name?", "Eva Maria.", "My sister's name is Eva Maria."),
    ],
)
def test_an_answer_is_completed_without_its_frills(question: str, answer: str, statement: str) -> None:
    completed = complete(question, answer)
    assert completed is not None
    assert completed[0] == statement


@pytest.mark.parametrize(
    "text",
    ["Postgres 15, hosted on Hetzner.", "I'm using Postgres 15, hosted on Hetzner.", "It's an app, made in Bonn."],
)
def test_what_is_told_of_a_thing_is_not_done_by_the_speaker(extractor: OfflineExtractor, text: str) -> None:
    assert not facts(extractor, text)

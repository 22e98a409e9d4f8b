"""Apostrophes as phones type them."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.casing import straightened
from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    "text",
    [
        "I don't like olives.",
        "I can't swim.",
        "I'm vegan.",
        "My sister's a vet.",
        "I've been learning Dutch since 2020.",
        "I don't live in Rome anymore.",
        "We're moving to Porto in May.",
        "Tom's boss is Rita.",
    ],
)
@pytest.mark.parametrize("mark", "’ʼ´")
def test_they_say_the_same(extractor: OfflineExtractor, text: str, mark: str) -> None:
    assert facts(extractor, text)
    assert facts(extractor, text.replace("'", mark)) == facts(extractor, text)


def test_the_evidence_stays_as_it_was_typed(extractor: OfflineExtractor) -> None:
    assert {fact.sentence for fact in read(extractor, "I don’t like olives.")} == {"I don’t like olives."}


def test_quotation_marks_stay() -> None:
    assert straightened("She said ‘no’ and didn’t") == "She said ‘no’ and didn't"

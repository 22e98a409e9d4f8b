"""What a death ends ends at the death, whenever it is told; and who is described between commas is the one named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts
from .told_to_memory import SAID, learned_by_text

MARCH = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("death", "end"),
    [
        ("My gran died last March.", MARCH),
        ("My gran died in March.", MARCH),
        ("She passed away last spring.", MARCH),
        ("My gran died in 2019.", datetime(2019, 1, 1, tzinfo=UTC)),
        ("My gran died.", SAID.replace(minute=1)),
    ],
)
def test_what_was_told_undated_ends_at_the_death(death: str, end: datetime) -> None:
    found = learned_by_text("My gran lives in Oslo and has a dog.", death)
    home = found["Zoe's gran lives in Oslo."]
    assert home.invalid_at == end
    assert home.valid_at == (SAID if end > SAID else None)


def test_what_began_on_a_day_does_not_end_before_it() -> None:
    home = learned_by_text("My gran moved to Oslo in 2020.", "My gran died in 2019.")["Zoe's gran lives in Oslo."]
    assert home.valid_at == home.invalid_at == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("undone", ["Actually, Rex didn't die.", "Just kidding!"])
def test_undone_it_holds_since_when_it_was_told(undone: str) -> None:
    pet = learned_by_text("We have a dog called Rex.", "Rex died in March.", undone)["Zoe's dog is called Rex."]
    assert (pet.valid_at, pet.invalid_at) == (SAID, None)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("We have a dog, a grumpy old beagle named Biscuit.", "Ana HAS_PET Biscuit"),
        ("We got a cat, a tabby called Mia.", "Ana HAS_PET Mia"),
        ("My dog, a beagle named Rex, is ill.", "Ana HAS_PET Rex"),
        ("I have a brother, a tall guy called Tom.", "Ana HAS_BROTHER Tom"),
    ],
)
def test_the_name_between_commas_is_that_of_the_one_before(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize("text", ["I bought a book, a novel called Ulysses.", "I have a brother, a sister called Bea."])
def test_of_two_only_one_is_named(extractor: OfflineExtractor, text: str) -> None:
    assert not any(fact.endswith(("HAS_BROTHER Bea", "HAS_PET Ulysses")) for fact in facts(extractor, text))

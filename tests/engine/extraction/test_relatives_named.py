"""Names in the place of a name, and relatives by marriage, whatever the parse makes of them."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    "name", ["Ines", "Bo", "Hope", "June", "Io", "Paris", "Wren", "Joy", "Rose Miller", "Dr. Smith"]
)
def test_what_stands_where_a_name_does_is_one(extractor: OfflineExtractor, name: str) -> None:
    assert facts(extractor, f"My girlfriend is {name}.") == {f"Ana HAS_PARTNER {name}"}
    assert facts(extractor, f"My boss is {name}.") == {f"Ana HAS_BOSS {name}"}


@pytest.mark.parametrize(
    "word", ["Portuguese", "Catholic", "here", "pregnant", "from Naples", "Jewish", "a nurse", "31"]
)
def test_what_somebody_is_is_no_name(extractor: OfflineExtractor, word: str) -> None:
    found = facts(extractor, f"My girlfriend is {word}.")
    assert {fact for fact in found if " HAS_PARTNER " in fact} <= {"Ana HAS_PARTNER Ana's girlfriend"}


@pytest.mark.parametrize(
    "noun",
    ["brother-in-law", "sister in law", "stepsister", "step-brother", "half-sister", "half brother", "godmother",
     "stepdad", "mother-in-law", "great-aunt", "grandson"],
)  # fmt: skip
def test_a_brother_in_law_is_no_brother(extractor: OfflineExtractor, noun: str) -> None:
    described = f"Ana's {noun.replace(' ', '-')}"
    assert facts(extractor, f"My {noun} lives in Bonn.") == {
        f"{described} LIVES_IN Bonn", f"Ana HAS_RELATIVE {described}",
    }  # fmt: skip
    assert facts(extractor, f"My {noun} Kim works for Bosch.") == {"Kim WORKS_FOR Bosch", "Ana HAS_RELATIVE Kim"}


def test_relatives_stay_what_they_were(extractor: OfflineExtractor) -> None:
    assert facts(extractor, "My brother lives in Bonn.") == {
        "Ana's brother LIVES_IN Bonn",
        "Ana HAS_BROTHER Ana's brother",
    }
    assert facts(extractor, "My great dad Tom is 50.") >= {"Ana HAS_FATHER Tom"}
    assert facts(extractor, "My ex-wife Rita moved to Rome.") == {"Rita MOVED_TO Rome", "Ana HAS_EX Rita"}


@pytest.mark.parametrize("text", ["My sisters-in-law are Jo and Kim.", "My bro in law fixed the sink."])
def test_neither_are_several_or_bros(extractor: OfflineExtractor, text: str) -> None:
    assert not {fact for fact in facts(extractor, text) if "HAS_SISTER" in fact or "HAS_BROTHER" in fact}

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import Candidate, ExtractionRequest
from factloom.schemas.records import Episode, Role, new_id

NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


def episode(speaker: str, text: str) -> Episode:
    return Episode(
        id=new_id(), space="user/ana", session="s", role=Role.USER, speaker=speaker, content=text, occurred_at=NOW,
        created_at=NOW,
    )  # fmt: skip


def read(extractor: OfflineExtractor, *turns: str) -> tuple[Candidate, ...]:
    """What the last of some turns says; each turn is "SPEAKER: TEXT"."""
    said = [episode(*turn.split(": ", 1)) for turn in turns]
    [extraction] = extractor.extract([ExtractionRequest(episode=said[-1], previous=tuple(said[:-1]))])
    return extraction.candidates


def triples(candidates: tuple[Candidate, ...]) -> set[tuple[str, str, str]]:
    return {
        (("-" if c.negated else "") + c.subject.name, c.predicate, c.object.name if c.object else "*")
        for c in candidates
    }


def test_until_a_year_ends_then_and_not_at_the_time_of_saying(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Ana: I lived in Paris until 2020.")
    assert fact.valid_at is None
    assert fact.invalid_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_from_one_year_to_another_is_a_period(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Ana: I worked for Siemens from 2015 to 2019.")
    assert (fact.valid_at, fact.invalid_at) == (datetime(2015, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("Sorry, I meant I moved to Porto.", False),
        ("Actually, I never moved to Porto.", True),
        ("My mistake, I moved to Porto.", False),
    ],
)
def test_taking_something_back_is_a_correction(extractor: OfflineExtractor, text: str, negated: bool) -> None:
    [fact] = read(extractor, f"Ana: {text}")
    assert fact.correction
    assert fact.negated is negated


def test_what_is_actually_so_by_now_corrects_nothing(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Ana: Actually I live in Porto now.")
    assert not fact.correction


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Tom says that Bea lives in Rome.", "Tom"),
        ("According to Tom, Bea lives in Rome.", "Tom"),
        ("Tom says that Ana said that Bea lives in Rome.", "Ana < Tom"),
        ("Apparently Bea lives in Rome.", "unknown"),
    ],
)
def test_hearsay_names_its_source_and_is_less_sure(extractor: OfflineExtractor, text: str, source: str) -> None:
    [heard] = [c for c in read(extractor, f"Rui: {text}") if c.predicate == "LIVES_IN"]
    [said] = read(extractor, "Rui: Bea lives in Rome.")
    assert heard.subject.name == "Bea"
    assert heard.metadata["reported_by"] == source
    assert heard.confidence < said.confidence


def test_code_and_quoted_lines_are_nobodys_statements(extractor: OfflineExtractor) -> None:
    assert not read(extractor, "Ana: ```\nI live in Paris.\n```")
    assert not read(extractor, "Ana: > I live in Paris.\nOh really?")
    assert triples(read(extractor, 'Ana: He said "I hate rain". I love olives.')) == {("Ana", "LIKES", "olives")}

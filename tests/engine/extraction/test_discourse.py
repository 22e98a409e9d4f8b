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


@pytest.mark.parametrize(
    ("question", "answer", "fact"),
    [
        ("Where did you move?", "Lisbon, last spring.", ("Ana", "MOVED_TO", "Lisbon")),
        ("Where do you live?", "Lisbon.", ("Ana", "LIVES_IN", "Lisbon")),
        ("Nice! And what's your sister called?", "Bea.", ("Ana", "HAS_SISTER", "Bea")),
        ("What do you do for a living?", "A nurse.", ("Ana", "HAS_JOB", "nurse")),
        ("Where does your sister work?", "At Siemens. It's great.", ("Ana's sister", "WORKS_FOR", "Siemens")),
        ("Do you like olives?", "Yes!", ("Ana", "LIKES", "olives")),
        ("Do you like olives?", "No, I hate them.", ("Ana", "DISLIKES", "olives")),
        ("Do you have any pets?", "Yes, a dog called Rex.", ("Ana", "HAS_PET", "Rex")),
        ("What is your favourite food?", "Sushi.", ("Ana", "FAVOURITE_FOOD", "sushi")),
        ("How old are you?", "34", ("Ana", "HAS_AGE", "34")),
        ("Did you move to Porto?", "Yep, in May.", ("Ana", "MOVED_TO", "Porto")),
        ("Is Tom your brother?", "Yes.", ("Ana", "HAS_BROTHER", "Tom")),
        ("Are you still vegetarian?", "Nope.", ("-Ana", "FOLLOWS_DIET", "vegetarian")),
        ("How long have you lived in Lisbon?", "Three years.", ("Ana", "LIVES_IN", "Lisbon")),
    ],
)
def test_a_short_answer_completes_the_question(
    extractor: OfflineExtractor, question: str, answer: str, fact: tuple[str, str, str]
) -> None:
    candidates = read(extractor, f"Bea: {question}", f"Ana: {answer}")
    assert fact in triples(candidates)
    assert all(c.sentence in answer and "answers" in c.metadata for c in candidates)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What do you think?", "Great idea"),
        ("Did you move to Porto?", "No, not yet"),
        ("Do you want coffee?", "Yes please"),
        ("Do you live in Rome or in Faro?", "Yes"),
        ("Where do you live?", "Why do you ask?"),
        ("I live in Porto.", "Lisbon."),
    ],
)
def test_other_answers_complete_nothing(extractor: OfflineExtractor, question: str, answer: str) -> None:
    assert not read(extractor, f"Bea: {question}", f"Ana: {answer}")


def test_nobody_answers_the_own_question(extractor: OfflineExtractor) -> None:
    assert not read(extractor, "Ana: Where do you live?", "Ana: Lisbon.")


def test_an_answer_is_dated_by_its_own_words(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Bea: Where did you move?", "Ana: Lisbon, last spring.")
    assert fact.valid_at == datetime(2025, 3, 1, tzinfo=UTC)
    assert fact.text == "Ana moved to Lisbon in spring 2025."


def test_she_is_the_sister_whom_a_later_turn_named(extractor: OfflineExtractor) -> None:
    candidates = read(
        extractor, "Ana: My sister moved to Rome.", "Ana: My sister is called Bea.", "Ana: She works at Siemens."
    )
    assert triples(candidates) == {("Bea", "WORKS_FOR", "Siemens")}
    assert candidates[0].subject.aliases == ("Ana's sister",)


def test_he_is_the_boss_who_was_named(extractor: OfflineExtractor) -> None:
    assert triples(read(extractor, "Ana: Tom is my boss.", "Ana: He hates flying.")) == {("Tom", "DISLIKES", "flying")}

"""What is read only with the turns before: whose "your" is, where "there" is, what a question took for granted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import Candidate

from .test_discourse import read, triples


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


def one(candidates: tuple[Candidate, ...], predicate: str) -> Candidate:
    [found] = [c for c in candidates if c.predicate == predicate]
    return found


def test_your_sister_is_the_sister_of_the_other_one_of_two(extractor: OfflineExtractor) -> None:
    candidates = read(extractor, "Ana: What does your sister do?", "Rui: She's a lawyer in Boston.")
    assert ("Rui's sister", "HAS_JOB", "lawyer") in triples(candidates)


def test_among_three_your_sister_is_nobody_in_particular(extractor: OfflineExtractor) -> None:
    turns = ("Bea: Hi both!", "Ana: What does your sister do?", "Rui: She's a lawyer in Boston.")
    assert not [c for c in read(extractor, *turns) if c.predicate == "HAS_JOB"]


@pytest.mark.parametrize(
    ("question", "answer", "fact"),
    [
        ("When are you flying to Rome?", "In August.", ("Ana", "PLANS_TO", "fly to Rome")),
        ("Where are you moving?", "Porto", ("Ana", "PLANS_TO", "move to Porto")),
        ("Any allergies?", "Peanuts.", ("Ana", "ALLERGIC_TO", "peanuts")),
        ("How many kids do you have?", "Three.", ("Ana", "HAS", "three kids")),
        ("Who is your doctor?", "Dr. Osei. He is kind.", ("Ana", "HAS_DOCTOR", "Dr. Osei")),
        ("Are you still at Siemens?", "No, I left in March.", ("-Ana", "WORKS_FOR", "Siemens")),
        ("Do you still play tennis?", "Not any more.", ("-Ana", "PLAYS", "tennis")),
        ("Have you ever been to Rome?", "Yes, in 2019.", ("Ana", "VISITED", "Rome")),
    ],
)
def test_answers_complete_what_is_under_way_and_what_was_so(
    extractor: OfflineExtractor, question: str, answer: str, fact: tuple[str, str, str]
) -> None:
    assert fact in triples(read(extractor, f"Bea: {question}", f"Ana: {answer}"))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What are you doing?", "Nothing much"),
        ("When are you moving?", "No idea"),
        ("Any plans?", "Sleep"),
        ("Have you ever been to Rome?", "No"),
    ],
)
def test_answers_that_say_nothing_complete_nothing(extractor: OfflineExtractor, question: str, answer: str) -> None:
    assert not read(extractor, f"Bea: {question}", f"Ana: {answer}")


def test_his_name_is_the_pets_that_was_told_of(extractor: OfflineExtractor) -> None:
    candidates = read(extractor, "Ana: We've got a new dog.", "Bea: What's his name?", "Ana: Otto.")
    assert ("Ana", "HAS_PET", "Otto") in triples(candidates)


def test_there_is_the_place_named_last(extractor: OfflineExtractor) -> None:
    candidates = read(extractor, "Ana: The office is in Toulon.", "Ana: We moved there last month.")
    assert triples(candidates) == {("Ana", "MOVED_TO", "Toulon")}


def test_there_is_nowhere_if_two_places_were_named(extractor: OfflineExtractor) -> None:
    assert not read(extractor, "Ana: We looked at flats in Rome and in Toulon.", "Ana: We moved there last month.")


def test_a_date_in_a_sentence_of_its_own_belongs_to_the_one_before(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Ana: I met Tom in Bologna. Eleven years ago, help.")
    assert fact.valid_at == datetime(2014, 1, 1, tzinfo=UTC)
    [other] = read(extractor, "Ana: I met Tom in Bologna. In 2014 I knew nobody there.")
    assert other.valid_at != datetime(2014, 1, 1, tzinfo=UTC)


def test_an_event_of_ones_own_is_planned_for_its_day(extractor: OfflineExtractor) -> None:
    fact = one(read(extractor, "Ana: I want to get fit before my wedding in May."), "PLANS")
    assert fact.object is not None
    assert fact.object.name == "wedding"
    assert fact.metadata["planned_for"] == "2026-05-01"
    assert fact.valid_at == datetime(2025, 6, 18, 12, tzinfo=UTC)


def test_what_is_only_considered_is_told_as_such(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Ana: We're thinking about going camping next month.")
    assert fact.text == "Ana is thinking about going camping in July 2025."
    [sure] = read(extractor, "Ana: We're going to visit Rome next month.")
    assert fact.confidence < sure.confidence


def test_what_is_booked_for_a_day_did_not_happen_on_it(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Ana: I booked a flight to Lisbon for 3 October.")
    assert fact.valid_at == datetime(2025, 6, 18, 12, tzinfo=UTC)


def test_a_plan_that_somebody_reports_keeps_its_source(extractor: OfflineExtractor) -> None:
    fact = one(read(extractor, "Rui: Dad told me he's retiring next year."), "PLANS_TO")
    assert (fact.subject.name, fact.metadata["reported_by"]) == ("Rui's dad", "Rui's dad")
    assert fact.metadata["planned_for"] == "2026-01-01"


def test_she_is_asked_about_by_name(extractor: OfflineExtractor) -> None:
    candidates = read(extractor, "Ana: Paula? She's my cousin, she lives in Graz.")
    assert triples(candidates) == {("Ana", "HAS_COUSIN", "Paula"), ("Paula", "LIVES_IN", "Graz")}


def test_code_takes_no_relative_for_granted(extractor: OfflineExtractor) -> None:
    assert not read(extractor, 'Ana: `my_brother = "my brother Tom"`')
    assert not read(extractor, 'Ana: He wrote "my sister Bea is nine".')


def test_evidence_is_what_was_typed(extractor: OfflineExtractor) -> None:
    for fact in read(extractor, "Ana: i broke up with tim last week"):
        assert fact.sentence == "i broke up with tim last week"
        assert fact.metadata["time_expression"] == "last week"


def test_where_a_firm_is_is_said_beside_it(extractor: OfflineExtractor) -> None:
    assert ("Siemens", "LOCATED_IN", "Munich") in triples(read(extractor, "Ana: I got a job at Siemens in Munich."))
    assert ("Siemens", "LOCATED_IN", "Munich") not in triples(read(extractor, "Ana: I met Siemens people in Munich."))


@pytest.mark.parametrize(
    ("question", "answer", "fact"),
    [
        ("Are you married?", "Yes, to Max.", ("Ana", "MARRIED_TO", "Max")),
        ("Do you live in Oslo?", "No, in Bergen.", ("Ana", "LIVES_IN", "Bergen")),
        ("Do you live in Oslo?", "No, Bergen.", ("Ana", "LIVES_IN", "Bergen")),
        ("Do you work at the hospital?", "No, at Bergbank.", ("Ana", "WORKS_FOR", "Bergbank")),
        ("Do you live in Oslo too?", "No, in Bergen.", ("Ana", "LIVES_IN", "Bergen")),
        ("Do you work at Bosch?", "Nope, at Siemens.", ("Ana", "WORKS_FOR", "Siemens")),
        ("Is your brother called Tom?", "No, Tim.", ("Ana", "HAS_BROTHER", "Tim")),
        ("Are you from Spain?", "No, Portugal.", ("Ana", "COMES_FROM", "Portugal")),
        ("Do you have a dog?", "No, a cat.", ("Ana", "HAS_PET", "Ana's cat")),
        ("Are you vegetarian?", "No, vegan.", ("Ana", "FOLLOWS_DIET", "vegan")),
    ],
)
def test_no_with_what_is_so_instead_tells_only_that(
    extractor: OfflineExtractor, question: str, answer: str, fact: tuple[str, str, str]
) -> None:
    found = triples(read(extractor, f"Bea: {question}", f"Ana: {answer}"))
    assert fact in found
    assert not [one for one in found if one[0].startswith("-") or one[2] in ("Oslo", "Bosch", "Tom", "Spain")]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where do you live?", "Hm, let me think."),
        ("Where do you live?", "Not sure."),
        ("Is your brother called Tom?", "No."),
        ("Is she your sister?", "No, my cousin's friend."),
        ("Since when?", "2019."),
        ("When?", "Last May."),
    ],
)
def test_an_answer_that_tells_nothing_gives_nothing(extractor: OfflineExtractor, question: str, answer: str) -> None:
    found = read(extractor, f"Bea: {question}", f"Ana: {answer}")
    assert not [c for c in found if c.predicate in ("LIVES_IN", "HAS_BROTHER", "HAS_SISTER", "WORKS_FOR")]


@pytest.mark.parametrize(
    ("told", "question", "answer", "fact", "since"),
    [
        ("I work for Bosch.", "Since when?", "2019.", ("Ana", "WORKS_FOR", "Bosch"), "2019-01-01"),
        ("I work for Bosch.", "Since when?", "Since March.", ("Ana", "WORKS_FOR", "Bosch"), "2025-03-01"),
        ("I live in Oslo.", "For how long?", "Three years.", ("Ana", "LIVES_IN", "Oslo"), "2022-01-01"),
        ("I moved to Oslo.", "When did you move?", "Last May.", ("Ana", "MOVED_TO", "Oslo"), "2025-05-01"),
        ("I moved to Oslo.", "When was that?", "In 2019.", ("Ana", "MOVED_TO", "Oslo"), "2019-01-01"),
    ],
)
def test_a_time_asked_for_is_the_time_of_what_was_just_told(
    extractor: OfflineExtractor, told: str, question: str, answer: str, fact: tuple[str, str, str], since: str
) -> None:
    candidates = read(extractor, f"Ana: {told}", f"Bea: {question}", f"Ana: {answer}")
    assert fact in triples(candidates)
    assert f"{candidates[0].valid_at:%Y-%m-%d}" == since


@pytest.mark.parametrize(
    "turns",
    [
        ("Ana: I work for Bosch.", "Bea: I live in Oslo.", "Bea: Since when?", "Ana: 2019."),
        ("Bea: I work for Bosch.", "Bea: Since when?", "Ana: 2019."),
        (
            "Ana: My brother works for Bosch, his wife for Lidl, and I do not know.",
            "Bea: Since when?",
            "Ana: Oh, well.",
        ),
        ("Bea: Where do you live?", "Rui: Hi both!", "Ana: Oslo."),
        ("Ana: Where do you live?", "Bea: Hm.", "Ana: Oslo."),
    ],
)
def test_what_came_between_leaves_an_answer_alone(extractor: OfflineExtractor, turns: tuple[str, ...]) -> None:
    assert not read(extractor, *turns)


@pytest.mark.parametrize(
    "text", ["You work for Google.", "You live in Rome and you have two kids.", "Your name is Max."]
)
def test_what_is_told_to_somebody_of_himself_is_a_guess_as_often_as_not(extractor: OfflineExtractor, text: str) -> None:
    assert not read(extractor, "Bea: Hi!", f"Ana: {text}")
    assert not read(extractor, f"Ana: {text}")


def test_a_time_may_be_asked_of_a_short_answer(extractor: OfflineExtractor) -> None:
    turns = ("Bea: Where do you work?", "Ana: At Siemens.", "Bea: Since when?", "Ana: Since 2019.")
    [fact] = read(extractor, *turns)
    assert (fact.predicate, f"{fact.valid_at:%Y}") == ("WORKS_FOR", "2019")

"""Short corrections: completed with what the same person said before, and read as corrections."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factloom import Memory
from factloom.engine.extraction.corrections import complete_correction
from factloom.retrieval.embedders import HashingEmbedder

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "said", "statement"),
    [
        ("I moved to Porto in April 2024.", "Actually it was in May.", "Actually, I moved to Porto in May 2024."),
        ("I moved to Porto in April.", "It was May, actually.", "Actually, I moved to Porto in May."),
        ("I adopted a dog on Tuesday.", "No wait, it was on Wednesday.", "Actually, I adopted a dog on Wednesday."),
        ("We met Tom on Friday.", "sorry, Saturday", "Actually, we met Tom on Saturday."),
        ("I started at Corvina in 2019.", "oops, 2020", "Actually, I started at Corvina in 2020."),
        ("I have lived here since 2019.", "Actually since 2020.", "Actually, I have lived here since 2020."),
        ("My sister lives in Faro.", "Sorry, I meant Braga.", "Actually, my sister lives in Braga."),
        ("The exam is on the 12th.", "no wait, it's the 14th, not the 12th", "Actually, the exam is on the 14th."),
        ("I prefer tea.", "I mean coffee, not tea", "Actually, I prefer coffee."),
        ("My brother is called Tom.", "No wait, his name is Tim.", "Actually, my brother is called Tim."),
        ("My brother Tom lives in Rome.", "Actually his name is Tim.", "Actually, my brother Tim lives in Rome."),
        ("My brother is called Tom.", "*Tim", "Actually, my brother is called Tim."),
        ("I moved to Rone.", "*Rome", "Actually, I moved to Rome."),
        ("I moved to Rone in May.", "Rome*", "Actually, I moved to Rome in May."),
        ("I leave in Rome.", "*live", "Actually, I live in Rome."),
        ("I live in Porto.", "*Lisbon", "Actually, I live in Lisbon."),
        ("I bought a red car.", "Correction: it was a blue car.", "Actually, I bought a blue car."),
        ("I bought a dog.", "Sorry, a cat.", "Actually, I bought a cat."),
        ("I have two kids.", "Sorry, three.", "Actually, I have three kids."),
        ("I have an exam on Monday.", "Scratch that, Tuesday.", "Actually, I have an exam on Tuesday."),
        (
            "I ran the Oslo half marathon.",
            "Actually it was the Bergen half marathon.",
            "Actually, I ran the Bergen half marathon.",
        ),
        ("Rex died yesterday.", "Actually, the dog that died was Max, not Rex.", "Actually, Max died yesterday."),
        ("Rex died yesterday.", "Sorry, it was Max who died.", "Actually, Max died yesterday."),
        ("Rex died yesterday.", "It was Max, not Rex.", "Actually, Max died yesterday."),
        ("Tom lives in Rome.", "Actually, it's Tim who lives in Rome.", "Actually, Tim lives in Rome."),
    ],
)
def test_it_says_the_whole(before: str, said: str, statement: str) -> None:
    found = complete_correction([before], said, NOW)
    assert found is not None
    assert found[:3] == (statement, said, None)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("I live in Porto.", "Actually I quit my job."),
        ("I live in Porto.", "Actually it was great."),
        ("I live in Porto.", "No."),
        ("I live in Porto.", "Well, Bea is here."),
        ("I live in Porto.", "Oh, Lisbon!"),
        ("I like tea.", "Actually it was in May."),
        ("Where is Tom?", "I mean Bea."),
        ("Tom called.", "I mean Bea."),
        ("My brother lives in Rome.", "Actually his name is Tim."),
        ("I live in Porto.", "*love it here a lot"),
        ("I live in Porto.", "wow*"),
        ("Do you live in Rone?", "*Rome"),
        ("I live in Porto and have a dog.", "Sorry, a cup of tea please"),
        ("I have two kids and three cats.", "Sorry, four."),
        ("I have two kids.", "Sorry, I have to go."),
        ("I bought a car.", "Sorry, the train is here."),
        ("Rex died yesterday.", "Actually the dog that barked was Max."),
        ("Rex died yesterday.", "It was Max, not Leo."),
        ("Rex died yesterday.", "The thing that helped was tea, not coffee."),
    ],
)
def test_what_corrects_nothing(before: str, said: str) -> None:
    assert complete_correction([before], said, NOW) is None


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(str(tmp_path / "memory.db"), embedder=HashingEmbedder(64))


def say(memory: Memory, minute: int, text: str, name: str = "Ana") -> list[str]:
    result = memory.add(text, user_id="ana", name=name, time=NOW + timedelta(minutes=minute))
    return [change.fact.text for change in result.changes if change.fact is not None]


def current(memory: Memory) -> list[tuple[str, str]]:
    facts = memory.get_all(user_id="ana")
    return sorted((fact.predicate, f"{fact.valid_at:%Y-%m}") for fact in facts)


def test_a_date_is_corrected_and_so_is_what_followed_from_it(memory: Memory) -> None:
    say(memory, 0, "I moved to Porto in April 2024.")
    say(memory, 1, "Nice!", "Rui")
    assert say(memory, 2, "Actually it was in May.") == ["Ana moved to Porto in May 2024.", "Ana lives in Porto."]
    assert current(memory) == [("LIVES_IN", "2024-05"), ("MOVED_TO", "2024-05")]
    wrong = [fact for fact in memory.get_all(user_id="ana", include_history=True) if fact.expired_at is not None]
    assert {fact.predicate for fact in wrong} == {"MOVED_TO", "LIVES_IN"}
    assert {memory.history(fact.id)[-1].reason for fact in wrong} == {"corrected by a later statement"}
    memory.close()


def test_inside_one_message_only_what_is_right_is_learned(memory: Memory) -> None:
    say(memory, 0, "I moved to Porto in April. No wait, it was in May.")
    assert current(memory) == [("LIVES_IN", "2024-05"), ("MOVED_TO", "2024-05")]
    assert len(memory.get_all(user_id="ana", include_history=True)) == 2
    memory.close()


def test_behind_a_question_it_is_an_answer(memory: Memory) -> None:
    say(memory, 0, "I live in Porto.")
    say(memory, 1, "Where does your sister live?", "Rui")
    say(memory, 2, "Actually, Lisbon.")
    homes = [fact.text for fact in memory.get_all(user_id="ana", predicates=["LIVES_IN"])]
    assert "Ana lives in Porto." in homes
    memory.close()


def of(memory: Memory, predicate: str) -> list[str]:
    texts = sorted(fact.text for fact in memory.get_all(user_id="ana", predicates=[predicate]))
    memory.close()
    return texts


def test_of_several_the_one_that_was_told_is_taken_back(memory: Memory) -> None:
    say(memory, 0, "My brother is called Rui.")
    say(memory, 1, "My brother is called Tom.")
    say(memory, 2, "Sorry, I meant Tim.")
    assert of(memory, "HAS_BROTHER") == ["Ana's brother is called Rui.", "Ana's brother is called Tim."]


def test_one_more_ends_nothing(memory: Memory) -> None:
    say(memory, 0, "I work for Bosch.")
    say(memory, 1, "I also work for Siemens.")
    say(memory, 2, "I still work for Bosch.")
    assert of(memory, "WORKS_FOR") == ["Ana works for Bosch.", "Ana works for Siemens."]


@pytest.mark.parametrize(
    "given_up", ["I stopped drinking coffee.", "I gave up drinking coffee.", "I quit drinking coffee."]
)
def test_what_is_given_up_is_over(memory: Memory, given_up: str) -> None:
    say(memory, 0, "I drink coffee.")
    say(memory, 1, given_up)
    texts = [fact.text for fact in memory.get_all(user_id="ana")]
    memory.close()
    assert texts == ["Ana gave up drinking coffee."]


@pytest.mark.parametrize(
    ("said", "jobs"),
    [
        ("I work part-time for Siemens as well.", ["Bosch", "Siemens"]),
        ("I work for Siemens on the side.", ["Bosch", "Siemens"]),
        ("In addition, I work for Siemens.", ["Bosch", "Siemens"]),
        ("I work for Siemens now and also play tennis.", ["Siemens"]),
        ("I work for Siemens, and I also play chess.", ["Siemens"]),
    ],
)
def test_only_the_clause_itself_tells_of_one_more(memory: Memory, said: str, jobs: list[str]) -> None:
    say(memory, 0, "I work for Bosch.")
    say(memory, 1, said)
    assert of(memory, "WORKS_FOR") == [f"Ana works for {job}." for job in jobs]


def test_they_are_those_who_were_just_named_together(memory: Memory) -> None:
    say(memory, 0, "My parents moved to Faro.")
    say(memory, 1, "Tom and Bea are married. They live in Bonn.")
    texts = {fact.text for fact in memory.get_all(user_id="ana", include_history=True)}
    memory.close()
    assert not any("Bonn" in text and "parents" in text for text in texts)


@pytest.mark.parametrize(
    ("said", "corrected", "left"),
    [
        ("My brother is called Tom.", "No wait, his name is Tim.", {"Ana's brother is called Tim."}),
        ("I bought a red car.", "Correction: it was a blue car.", {"Ana bought a blue car."}),
        ("I moved to Rone.", "*Rome", {"Ana moved to Rome.", "Ana lives in Rome."}),
        ("I have an appointment on Monday.", "Scratch that, Tuesday.", {"Ana has an appointment on 4 March 2025."}),
    ],
)
def test_only_what_is_right_is_left(memory: Memory, said: str, corrected: str, left: set[str]) -> None:
    say(memory, 0, "My sister is called Eva. I sold a green boat.")
    before = {fact.text for fact in memory.get_all(user_id="ana")}
    say(memory, 1, said)
    say(memory, 2, corrected)
    assert {fact.text for fact in memory.get_all(user_id="ana")} == before | left
    memory.close()


@pytest.mark.parametrize(("known", "left"), [(["I live in Oslo."], []), ([], []), (["I live in Faro."], ["Faro"])])
def test_no_ends_only_what_was_known(memory: Memory, known: list[str], left: list[str]) -> None:
    for minute, text in enumerate(known):
        say(memory, minute, text)
    say(memory, 5, "Do you live in Oslo?", "Rui")
    say(memory, 6, "No.")
    facts = memory.get_all(user_id="ana")
    memory.close()
    assert [fact.text for fact in facts] == [f"Ana lives in {place}." for place in left]


@pytest.mark.parametrize(
    "corrected",
    ["Actually, the dog that died was Max, not Rex.", "Sorry, it was Max who died.", "It was Max, not Rex."],
)
def test_one_put_in_the_place_of_another_gives_that_one_back(memory: Memory, corrected: str) -> None:
    say(memory, 0, "We have two dogs, Rex and Max.")
    say(memory, 1, "Rex died yesterday.")
    say(memory, 2, corrected)
    facts = {fact.text: fact for fact in memory.get_all(user_id="ana", include_history=True)}
    assert facts["Rex died on 28 February 2025."].expired_at is not None
    assert facts["Ana's dog is called Rex."].invalid_at is None
    assert facts["Ana's dog is called Max."].invalid_at is not None
    assert "Max died on 28 February 2025." in facts
    reasons = [change.reason for change in memory.history(facts["Ana's dog is called Rex."].id)]
    memory.close()
    assert len(reasons) == 3
    assert all(reasons[1:])

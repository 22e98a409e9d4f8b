"""What ends when somebody dies, and how it is told."""

from __future__ import annotations

import pytest

from factloom import Fact, Memory


def told(*turns: str) -> tuple[Memory, dict[str, Fact]]:
    """The memory and its facts by text, of turns a day apart."""
    memory = Memory(":memory:")
    for day, text in enumerate(turns, start=1):
        time = f"2025-06-{day:02d}T10:00:00+00:00"
        message = {"role": "user", "name": "Ana", "content": text, "session": f"s{day}", "time": time}
        memory.add([message], user_id="ana")
    return memory, {fact.text: fact for fact in memory.get_all(user_id="ana", include_history=True)}


@pytest.mark.parametrize(
    "text",
    [
        "Rex died yesterday.",
        "Sadly, Rex passed away last night.",
        "Rex is dead.",
        "We had to put Rex down yesterday.",
        "Our dog Rex was put to sleep yesterday.",
        "My dog Rex died yesterday.",
    ],
)
def test_a_known_pet_that_died_is_had_no_longer(text: str) -> None:
    memory, facts = told("My dog is called Rex.", "Nothing new.", text)
    with memory:
        had = facts["Ana's dog is called Rex."]
        assert had.invalid_at is not None
        assert any(change.reason for change in memory.history(had.id))
        [death] = [fact for fact in facts.values() if fact.predicate == "HAD_MILESTONE"]
        assert death.subject_id == had.object_id  # one Rex, the dog
        assert facts["Rex is a dog."].invalid_at is None


@pytest.mark.parametrize(
    "text",
    [
        "Rex almost died yesterday.",
        "Rex is dead tired.",
        "Rex didn't die.",
        "I nearly died laughing at Rex.",
        "If Rex died, I would be sad.",
        "Rex died in the film.",
        "We put Rex to bed early.",
        "Rex was put to sleep early.",
        "My phone died yesterday.",
    ],
)
def test_who_has_not_died_is_still_had(text: str) -> None:
    memory, facts = told("My dog is called Rex.", text)
    with memory:
        assert facts["Ana's dog is called Rex."].invalid_at is None
        assert not [fact for fact in facts.values() if fact.predicate == "HAD_MILESTONE"]


def test_a_pet_that_is_mentioned_by_its_death_is_told_as_over() -> None:
    memory, facts = told("My dog Rex died yesterday.")
    with memory:
        had = facts["Ana's dog is called Rex."]
        assert had.valid_at is None
        assert had.invalid_at is not None
        assert had.invalid_at.date().isoformat() == "2025-06-01"


def test_a_death_ends_what_the_dead_had_and_not_what_they_were() -> None:
    memory, facts = told("Tom is married to Bea. Tom works for Bosch. Tom is my uncle.", "Tom died last night.")
    with memory:
        over = {text for text, fact in facts.items() if fact.invalid_at is not None}
        assert over == {"Tom is married to Bea.", "Tom works for Bosch."}


def test_what_is_told_late_of_before_ends_there_too() -> None:
    memory, facts = told("My uncle Tom died in March 2024.", "My uncle Tom lived in Faro since 2010.")
    with memory:
        lived = [fact for fact in facts.values() if fact.predicate == "LIVES_IN"]
        assert all(fact.invalid_at is not None for fact in lived)


def test_a_death_that_is_taken_back_opens_again_what_it_ended() -> None:
    memory, facts = told("I have a cat named Mia.", "Mia died yesterday.", "Actually, Mia didn't die.")
    with memory:
        assert facts["Ana's cat is called Mia."].invalid_at is None
        assert [c.reason for c in memory.history(facts["Ana's cat is called Mia."].id)][-1]


def test_a_bare_name_is_the_pet_until_a_person_is_called_so() -> None:
    memory, facts = told(
        "My cat is called Mia.", "Mia loves tuna.", "My friend Mia lives in Rome.", "Mia plays the cello."
    )
    with memory:
        cat = facts["Ana's cat is called Mia."].object_id
        assert facts["Mia likes tuna."].subject_id == cat
        friend = facts["Ana's friend is called Mia."].object_id
        assert friend != cat
        assert facts["Mia plays cello."].subject_id == friend


@pytest.mark.parametrize("name", ["Pixel", "Biscuit", "Bo"])
def test_a_pet_with_the_name_of_a_thing_is_had_no_longer(name: str) -> None:
    memory, facts = told(f"We have a dog called {name}.", f"{name} passed away last night.")
    with memory:
        assert facts[f"Ana's dog is called {name}."].invalid_at is not None


@pytest.mark.parametrize("text", ["Phone died again.", "Wifi died last night.", "Laptop died yesterday, great."])
def test_a_machine_is_no_dead_person(text: str) -> None:
    memory, facts = told(text)
    with memory:
        assert not facts

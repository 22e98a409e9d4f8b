"""Tastes, studies and plans that are told to be over, or to be others by now."""

from __future__ import annotations

import pytest

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.records import Fact


def learned(*turns: str) -> list[Fact]:
    """What Zoe's turns leave."""
    with Memory(":memory:", embedder=HashingEmbedder(64)) as memory:
        for minute, text in enumerate(turns):
            time = f"2025-06-02T10:{minute:02d}:00+00:00"
            memory.add([{"role": "user", "name": "Zoe", "content": text, "time": time}], user_id="zoe")
        return memory.get_all(user_id="zoe", include_history=True)


@pytest.mark.parametrize(
    ("held", "over", "predicate"),
    [
        ("I love coffee.", "I don't really do coffee anymore", "LIKES"),
        ("I drink coffee every morning.", "I don't do coffee any more.", "DRINKS"),
        ("I love coffee.", "I'm off coffee", "LIKES"),
        ("I drink coffee every morning.", "I'm done with coffee.", "DRINKS"),
        ("I love coffee.", "I've gone off coffee.", "LIKES"),
        ("I love Instagram.", "I'm done with Instagram.", "LIKES"),
        ("I play football.", "I'm done with football.", "PLAYS"),
        ("I'm learning Dutch.", "I gave up on Dutch.", "LEARNS"),
        ("I'm learning the guitar.", "I've given up on the guitar.", "LEARNS"),
        ("I drink coffee every day.", "I've switched from coffee to tea.", "DRINKS"),
        ("I drink coffee every day.", "I swapped coffee for tea.", "DRINKS"),
    ],
)
def test_it_is_over(held: str, over: str, predicate: str) -> None:
    facts = [fact for fact in learned(held, over) if fact.predicate == predicate]
    assert len(facts) == 1
    assert facts[0].invalid_at is not None


@pytest.mark.parametrize(
    "said",
    [
        "I'm off work today.",
        "I'm done with work.",
        "I don't do coffee in the evening.",
        "I'm not done with coffee.",
        "My sister is off coffee.",
        "I'm done with the coffee machine.",
        "The alarm went off.",
    ],
)
def test_the_taste_stays(said: str) -> None:
    [likes] = [f for f in learned("I love coffee.", said) if f.predicate == "LIKES" and f.text == "Zoe likes coffee."]
    assert likes.invalid_at is None


@pytest.mark.parametrize(
    "said",
    ["I switched to medicine.", "I switched from law to medicine.", "I've changed my degree to medicine."],
)
def test_the_new_subject_takes_the_place_of_the_old(said: str) -> None:
    held = {fact.text: fact.invalid_at for fact in learned("I study law.", said) if fact.predicate == "STUDIES"}
    assert held["Zoe studies law."] is not None
    assert held["Zoe studies medicine."] is None


@pytest.mark.parametrize("said", ["I switched to Vodafone.", "I'd switch to medicine.", "I didn't switch to medicine."])
def test_other_switches_leave_the_subject(said: str) -> None:
    [studies] = [fact for fact in learned("I study law.", said) if fact.predicate == "STUDIES"]
    assert studies.invalid_at is None

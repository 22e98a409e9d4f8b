"""Things that somebody no longer has, named in fewer words than they are held by."""

from __future__ import annotations

import pytest

from factloom.graph.possessions import is_named_shorter

from .test_changed_minds import learned


@pytest.mark.parametrize(
    "said",
    [
        "I sold the Volvo.",
        "I sold my car.",
        "I crashed the Volvo.",
        "My Volvo got stolen.",
        "Someone stole my Volvo.",
        "I don't have the Volvo anymore.",
        "I no longer have the Volvo.",
    ],
)
def test_the_car_is_gone(said: str) -> None:
    facts = [
        f for f in learned("I have a red Volvo.", "I drive a red Volvo.", said) if f.predicate in ("HAS", "DRIVES")
    ]
    assert [fact.invalid_at is None for fact in facts] == [False, False]


@pytest.mark.parametrize(
    "said",
    [
        "I lost the camera.",
        "I gave my camera away.",
        "I gave away the camera.",
        "I returned the camera.",
        "I got rid of the camera",
        "I threw out the camera.",
        "I donated my Canon camera.",
    ],
)
def test_the_camera_is_gone(said: str) -> None:
    facts = learned("I own a Canon camera.", said)
    assert [fact.invalid_at is None for fact in facts if fact.predicate == "OWNS"] == [False]
    assert not any(fact.predicate.startswith("NOT_") for fact in facts)


@pytest.mark.parametrize(
    "said",
    [
        "I sold a camera to Tom.",
        "I lost my mum's camera.",
        "Tom sold the camera.",
        "I didn't sell the camera.",
        "I'll sell the camera.",
        "I lost my way.",
        "I returned the camera bag.",
    ],
)
def test_the_camera_stays(said: str) -> None:
    facts = learned("I own a Canon camera.", said)
    assert [fact.invalid_at is None for fact in facts if fact.predicate == "OWNS"] == [True]


def test_of_two_nobody_knows_which() -> None:
    facts = learned("I have a red Volvo.", "I have a blue Volvo.", "I sold the Volvo.")
    assert [fact.invalid_at is None for fact in facts if fact.predicate == "HAS"] == [True, True]


def test_a_pet_is_given_away() -> None:
    facts = learned("We have a cat called Mia.", "We gave Mia away.")
    assert [fact.invalid_at is None for fact in facts if fact.predicate == "HAS_PET"] == [False]


@pytest.mark.parametrize(
    ("said", "held", "same"),
    [
        ("Volvo", "red Volvo", True),
        ("camera", "Canon camera", True),
        ("house", "house in Bath", True),
        ("Volvo", "Volvo XC90", True),
        ("house", "house plant", False),
        ("red", "red bike", False),
        ("Skoda", "red Volvo", False),
    ],
)
def test_a_thing_is_named_by_its_noun_or_its_name(said: str, held: str, same: bool) -> None:
    assert is_named_shorter(said, held) is same

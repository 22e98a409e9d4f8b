"""Asides and what is joined to them, groups that one plays in, and what one only wants to have."""

from __future__ import annotations

import pytest

from factloom import Memory
from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.ontology import core_ontology

from .one_turn import facts


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tom, my neighbour, plays the cello.", {"Tom PLAYS cello", "Ana HAS_NEIGHBOUR Tom"}),
        ("Bea, my sister, lives in Faro.", {"Bea LIVES_IN Faro", "Ana HAS_SISTER Bea"}),
        ("Carla, my boss, moved to Rome last week.", {"Carla MOVED_TO Rome", "Ana HAS_BOSS Carla"}),
        ("Rex, my dog, loves carrots.", {"Rex LIKES carrots", "Ana HAS_PET Rex", "Rex KIND_OF_ANIMAL dog"}),
        ("Tom, our new neighbour, is a doctor.", {"Tom HAS_JOB doctor", "Ana HAS_NEIGHBOUR Tom"}),
        ("Tom, my best friend from school, lives in Bonn.", {"Tom LIVES_IN Bonn", "Ana HAS_FRIEND Tom"}),
        ("Tom, a neighbour of mine, plays the cello.", {"Tom PLAYS cello"}),
        ("Mr. Silva, my teacher, is from Porto.", {"Mr. Silva COMES_FROM Porto", "Ana HAS_TEACHER Mr. Silva"}),
        ("We visited Eva, my aunt, in May.", {"Ana VISIT Eva", "Ana HAS_AUNT Eva"}),
        # spoken to: no comma behind
        ("Tom, my sister Bea lives in Faro.", {"Bea LIVES_IN Faro", "Ana HAS_SISTER Bea"}),
        ("Tom, my sister lives in Faro.", {"Ana's sister LIVES_IN Faro", "Ana HAS_SISTER Ana's sister"}),
    ],
)
def test_an_aside_says_who_somebody_is(extractor: OfflineExtractor, text: str, found: set[str]) -> None:
    assert facts(extractor, text) == found


@pytest.mark.parametrize(
    ("text", "pets"),
    [
        ("I have a cat named Mia and a dog named Rex.", {"Ana HAS_PET Mia", "Ana HAS_PET Rex"}),
        ("I have a cat called Mia and two dogs called Rex and Bo.",
         {"Ana HAS_PET Mia", "Ana HAS_PET Rex", "Ana HAS_PET Bo"}),
        ("I have a cat named Mia and Bea has a dog named Rex.", {"Ana HAS_PET Mia", "Bea HAS_PET Rex"}),
        ("We have a dog named Rex and a cat.", {"Ana HAS_PET Rex", "Ana HAS_PET Ana's cat"}),
        ("We adopted a kitten named Luna and a puppy named Max last week.", {"Ana HAS_PET Luna", "Ana HAS_PET Max"}),
        ("I got a dog named Rex and a parrot named Coco from the shelter.", {"Ana HAS_PET Rex", "Ana HAS_PET Coco"}),
        ("I have a cat named Mia and a house in Rome.", {"Ana HAS_PET Mia"}),
    ],
)  # fmt: skip
def test_what_is_joined_to_a_named_pet(extractor: OfflineExtractor, text: str, pets: set[str]) -> None:
    assert {fact for fact in facts(extractor, text) if " HAS_PET " in fact} == pets


def test_relatives_joined_by_their_names(extractor: OfflineExtractor) -> None:
    told = "I have a sister named Eva and a brother called Tom."
    assert facts(extractor, told) == {"Ana HAS_SISTER Eva", "Ana HAS_BROTHER Tom"}


@pytest.mark.parametrize(
    "text",
    ["Tom plays in the Sharks.", "Tom plays for Benfica.", "Tom sings with the Tallis Choir.", "Tom sings in a choir."],
)
def test_one_plays_in_a_group(extractor: OfflineExtractor, text: str) -> None:
    assert any("Tom MEMBER_OF" in fact for fact in facts(extractor, text))


@pytest.mark.parametrize(
    "text",
    [
        "Tom plays with Bea.",
        "Bea sings with Tom.",
        "I play tennis with Bea.",
        "I play with my kids.",
        "I play for Anna.",
        "I play in Rome every summer.",
    ],
)
def test_one_is_no_member_of_people_and_places(extractor: OfflineExtractor, text: str) -> None:
    assert not any("MEMBER_OF" in fact for fact in facts(extractor, text))


@pytest.mark.parametrize(
    "text",
    [
        "I want my own dance studio to open soon.",
        "I want my own dance studio.",
        "I dream of my own dance studio.",
        "I need my own dance studio to be happy.",
        "I'm working towards my own dance studio.",
    ],
)
def test_what_one_wants_one_has_not(extractor: OfflineExtractor, text: str) -> None:
    assert facts(extractor, text) == {"Ana WANTS dance studio"}


@pytest.mark.parametrize(
    "text", ["I run the tests before lunch.", "I manage the database.", "I run a marathon every year."]
)
def test_not_all_that_is_run_is_a_firm(extractor: OfflineExtractor, text: str) -> None:
    assert not any(" RUNS " in fact for fact in facts(extractor, text))


@pytest.mark.parametrize("text", ["I run a bakery in Porto.", "I manage a team of five.", "I run my own tattoo place."])
def test_a_firm_or_a_team_is_run(extractor: OfflineExtractor, text: str) -> None:
    assert any(fact.startswith("Ana RUNS ") for fact in facts(extractor, text))


def test_what_one_has_one_may_want_something_of(extractor: OfflineExtractor) -> None:
    assert facts(extractor, "I want my dance studio to succeed.") == {"Ana HAS dance studio"}
    assert facts(extractor, "I love my own dance studio.") == {"Ana HAS dance studio"}


def test_a_made_sentence_agrees_with_several() -> None:
    ontology = core_ontology()
    assert ontology["LIVES_IN"].sentence("Ana's parents", "Faro") == "Ana's parents live in Faro."
    assert ontology["STUDIES"].sentence("Tom's children", "law") == "Tom's children study law."
    assert ontology["BORN_IN"].sentence("Ana's twin sisters", "Goa") == "Ana's twin sisters were born in Goa."
    assert ontology["FEARS"].sentence("Ana's kids", "spiders") == "Ana's kids are afraid of spiders."
    assert ontology["LIVES_IN"].sentence("Ana's boss", "Faro") == "Ana's boss lives in Faro."
    assert ontology["MOVED_TO"].sentence("Ana's parents", "Faro") == "Ana's parents moved to Faro."
    with Memory(":memory:") as memory:
        memory.add([{"role": "user", "name": "Ana", "content": "My parents moved to Faro."}], user_id="ana")
        assert "Ana's parents live in Faro." in {fact.text for fact in memory.get_all(user_id="ana")}

"""Remarks shorter than a sentence, names given later, and what is said again of another one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.records import Episode, Role, new_id

from .one_turn import NOW, facts


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


def learned(extractor: OfflineExtractor, *turns: tuple[str, str]) -> set[str]:
    """What the last of the turns, each with its speaker, tells."""
    said = [
        Episode(
            id=new_id(), space="user/ana", session="s", role=Role.USER, speaker=who, content=text,
            occurred_at=NOW + timedelta(minutes=minute), created_at=NOW,
        )
        for minute, (who, text) in enumerate(turns)
    ]  # fmt: skip
    [found] = extractor.extract([ExtractionRequest(episode=said[-1], previous=tuple(said[:-1]))])
    return {f"{c.subject.name} {c.predicate} {c.object.name if c.object else '*'}" for c in found.candidates}


REMARKS = [
    ("Paul, as you know, works for Shell.", {"Paul WORKS_FOR Shell"}),
    ("Nora, by the way, moved to Bergen.", {"Nora MOVED_TO Bergen"}),
    (
        "Two kids: Liv (9) and Aksel (5)",
        {"Ana HAS_CHILD Liv", "Ana HAS_CHILD Aksel", "Liv HAS_AGE 9", "Aksel HAS_AGE 5"},
    ),
    ("We have two cats, Milo and Otis.", {"Ana HAS_PET Milo", "Ana HAS_PET Otis"}),
    ("I've got three sons: Tom, Ben and Max.", {"Ana HAS_SON Tom", "Ana HAS_SON Ben", "Ana HAS_SON Max"}),
    ("One daughter, Mia (4).", {"Ana HAS_DAUGHTER Mia", "Mia HAS_AGE 4"}),
    ("My son Emile (6) started school in August.", {"Emile HAS_AGE 6", "Ana HAS_SON Emile"}),
    ("my mum's Ewa", {"Ana HAS_MOTHER Ewa"}),
    ("My boss's Karl.", {"Ana HAS_BOSS Karl"}),
    ("favourite film's still Alien", {"Ana FAVOURITE_FILM Alien"}),
    ("Fave band: Radiohead", {"Ana FAVOURITE_BAND Radiohead"}),
    ("used to smoke, gave up five years ago", {"Ana GAVE_UP smoking"}),
    ("I used to play the cello but quit in 2019.", {"Ana GAVE_UP playing the cello"}),
    ("Got married 2012-08-11 in Bodø", {"Ana HAD_MILESTONE wedding"}),
    ("Just got promoted!", {"Ana HAD_MILESTONE promotion"}),
    ("we finally left Hamburg and are in Utrecht now", {"Ana MOVED_FROM Hamburg", "Ana MOVED_TO Utrecht"}),
    ("left in January, I'm at a small startup called Nordlys now", {"Ana WORKS_FOR Nordlys"}),
    ("We've got news: we had the baby! a girl, Fenna", {"Ana HAS_DAUGHTER Fenna"}),
    ("left in May, I'm at a little firm called Tarwe now. we do packaging", {"Ana WORKS_FOR Tarwe"}),
    ("Marit had the baby! a girl, Frida", {"Marit HAS_DAUGHTER Frida"}),
    ("My sister gave birth on Sunday! It's a boy called Jon.", {"Ana's sister HAS_SON Jon"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "stated"), REMARKS)
def test_remarks_are_spelled_out(extractor: OfflineExtractor, text: str, stated: set[str]) -> None:
    assert stated <= facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "Is Paul, as you know him, working for Shell?",
        "Two kids: what could go wrong",
        "Two boys: Tom and Max",
        "used to go every year, gave it up when the kids came",
        "used to it by now",
        "I'm at a bar called Nordlys.",
        "What a girl, Frida!",
        "Got it, thanks",
        "a girl, Frida",
        "so is life",
        "Favourite part of the day!",
    ],
)
def test_what_only_looks_like_one_tells_nothing(extractor: OfflineExtractor, text: str) -> None:
    assert not facts(extractor, text)


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("I took my mum's Toyota.", "HAS_MOTHER"),
        ("My boss's Monday meeting was long.", "HAS_BOSS"),
        ("We left Hamburg and were in Utrecht by noon.", "MOVED_TO"),
        ("We left Oslo on Friday.", "MOVED_FROM"),
        ("I used to live in Rome but gave up the flat.", "HAS_TRAIT"),
    ],
)
def test_nobody_is_called_or_moves_so(extractor: OfflineExtractor, text: str, predicate: str) -> None:
    assert not {fact for fact in facts(extractor, text) if f" {predicate} " in fact}


NAMED = [
    (("Ana", "I got a dog!"), ("Bo", "What's its name?"), ("Ana", "Waffles"), "Ana HAS_PET Waffles"),
    (("Ana", "I got a dog!"), ("Bo", "Sweet, what's it called?"), ("Ana", "Waffles 😊"), "Ana HAS_PET Waffles"),
    (("Ana", "we finally caved and got a dog"), ("Bo", "what's it called?"), ("Ana", "Pancake"), "Ana HAS_PET Pancake"),
    (("Ana", "We adopted a cat."), ("Bo", "What did you name him?"), ("Ana", "Max, after grandpa"), "Ana HAS_PET Max"),
    (("Ana", "I got a dog!"), ("Bo", "Lovely!"), ("Ana", "Its name is Waffles"), "Ana HAS_PET Waffles"),
    (("Bo", "Hi!"), ("Bo", "Do you have a dog?"), ("Ana", "Yes, his name is Rex."), "Ana HAS_PET Rex"),
    (("Ana", "Hi"), ("Bo", "Do you have pets?"), ("Ana", "Yes, two cats, Milo and Otis"), "Ana HAS_PET Otis"),
    (("Ana", "Hi"), ("Bo", "Any kids?"), ("Ana", "Two boys, Tom and Max"), "Ana HAS_SON Max"),
    (("Ana", "Hi"), ("Bo", "Any sons?"), ("Ana", "A son, Emile, he's six"), "Emile HAS_AGE 6"),
    (("Ana", "Hi"), ("Bo", "Any allergies?"), ("Ana", "Yeah, hazelnuts"), "Ana ALLERGIC_TO hazelnuts"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "asked", "answer", "fact"), NAMED)
def test_names_given_later(
    extractor: OfflineExtractor, first: tuple[str, str], asked: tuple[str, str], answer: tuple[str, str], fact: str
) -> None:
    assert fact in learned(extractor, first, asked, answer)


@pytest.mark.parametrize("answer", ["Not sure yet", "No idea!", "Why?", "It's a secret", "We haven't decided."])
def test_no_name_is_none(extractor: OfflineExtractor, answer: str) -> None:
    assert not learned(extractor, ("Ana", "I got a dog!"), ("Bo", "What's its name?"), ("Ana", answer))


def test_the_dog_of_another_one_is_not_the_speakers(extractor: OfflineExtractor) -> None:
    told = learned(extractor, ("Ana", "I saw a dog."), ("Bo", "What's its name?"), ("Ana", "Waffles"))
    assert "Ana HAS_PET Waffles" not in told


def test_it_is_nobody(extractor: OfflineExtractor) -> None:
    told = learned(extractor, ("Ana", "He's my boyfriend, he teaches history."), ("Ana", "It's called Tibbs."))
    assert not told


ECHOES = [
    ("My mum is diabetic.", "so's my dad", "Bo's dad HAS_CONDITION diabetes"),
    ("I'm vegan.", "me too!", "Bo FOLLOWS_DIET vegan"),
    ("I love hiking.", "So do I!", "Bo LIKES hiking"),
    ("I live in Rome.", "So does my sister.", "Bo's sister LIVES_IN Rome"),
    ("I don't eat meat.", "Neither do I.", "Bo AVOIDS meat"),
    ("I'm allergic to nuts.", "Same here", "Bo ALLERGIC_TO nuts"),
]


@pytest.mark.parametrize(("told", "echo", "fact"), ECHOES)
def test_the_same_is_said_of_another_one(extractor: OfflineExtractor, told: str, echo: str, fact: str) -> None:
    assert fact in learned(extractor, ("Ana", told), ("Bo", echo))


@pytest.mark.parametrize(
    ("told", "echo"),
    [
        ("I love you.", "me too"),
        ("I'm so happy to hear that", "me too!"),
        ("Do you love hiking?", "So do I"),
        ("I love my dog.", "me too"),
        ("I love hiking.", "Neither do I."),
        ("See you on Monday.", "you too"),
        ("I hope it rains.", "me too"),
    ],
)
def test_no_more_is_echoed_than_was_said(extractor: OfflineExtractor, told: str, echo: str) -> None:
    assert not learned(extractor, ("Ana", told), ("Bo", echo))

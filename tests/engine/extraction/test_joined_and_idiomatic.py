"""Joined objects and statements, chat tags, missing capitals, idioms of taste and health, turning points."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.casing import recased
from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.engine.extraction.tags import without_tags

from .one_turn import facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    ("I'm allergic to peanuts and shellfish.", "Ana ALLERGIC_TO shellfish"),
    ("I can't stand mushrooms or olives.", "Ana DISLIKES olives"),
    ("I hate mushrooms or olives in a pie.", "Ana DISLIKES mushrooms"),
    ("I've got two sisters, Eva and Lia, and a brother called Max.", "Ana HAS_SISTER Lia"),
    ("I've got two sisters, Eva and Lia, and a brother called Max.", "Ana HAS_BROTHER Max"),
    ("I have a dog called Rex and a cat called Mia.", "Ana HAS_PET Mia"),
    ("I live in Bonn, work for Bosch and have two kids.", "Ana WORKS_FOR Bosch"),
    ("I work for Shell, live in York and love jazz.", "Ana LIVES_IN York"),
    ("I moved to Oslo in May and work for Siemens.", "Ana WORKS_FOR Siemens"),
    ("Tara leads the design team and reports to Omar.", "Tara HAS_BOSS Omar"),
    ("Mike works for Shell and lives in York.", "Mike LIVES_IN York"),
    ("I hate crowds.", "Ana DISLIKES crowds"),
    ("I love surfing, and I hate crowds.", "Ana DISLIKES crowds"),
    ("I'm allergic to penicillin btw", "Ana ALLERGIC_TO penicillin"),
    ("I don't like olives either.", "Ana DISLIKES olives"),
    ("Guess what, Kim and I got engaged!!", "Ana HAD_MILESTONE engagement"),
    ("Big fan of jazz.", "Ana LIKES jazz"),
    ("Not a fan of opera lol", "Ana DISLIKES opera"),
    ("Running is my thing.", "Ana LIKES running"),
    ("Horror films aren't my cup of tea.", "Ana DISLIKES horror films"),
    ("I'm more of a tea person.", "Ana PREFERS tea"),
    ("My husband is lactose intolerant.", "Ana's husband ALLERGIC_TO lactose"),
    ("I take ramipril for my asthma.", "Ana HAS_CONDITION asthma"),
    ("I guess I'm pescatarian now.", "Ana FOLLOWS_DIET pescatarian"),
    ("I finally quit my job at the bank two weeks ago.", "Ana HAD_MILESTONE resignation"),
    ("I lost my job last week.", "Ana HAD_MILESTONE loss of a job"),
    ("I got into the master's program at ETH Zurich!", "Ana HAD_MILESTONE admission"),
    ("We're getting a divorce.", "Ana HAD_MILESTONE divorce"),
    ("We signed the lease on Thursday.", "Ana HAD_MILESTONE signing of a lease"),
    ("i just moved to lisbon!!", "Ana MOVED_TO Lisbon"),
    ("i work at bosch", "Ana WORKS_FOR Bosch"),
    ("my sister lives in berlin", "Ana's sister LIVES_IN Berlin"),
    ("we're from ljubljana", "Ana COMES_FROM Ljubljana"),
]


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_it_is_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("I like tea or coffee, whichever is there.", "DISLIKES"),
        ("I live in Bonn, call me anytime.", "CALL"),
        ("I want to sell the house and live in Rome.", "LIVES_IN"),
        ("I make the most of the chances I get and leave a legacy.", "LEAVE"),
        ("Not a fan of that.", "DISLIKES"),
        ("That's not my thing.", "DISLIKES"),
        ("I'm a people person.", "PREFERS"),
        ("I'm not getting a divorce.", "HAD_MILESTONE"),
        ("I'd quit my job if I could.", "HAD_MILESTONE"),
        ("I got into a fight yesterday.", "HAD_MILESTONE"),
        ("I have time for my kids.", "HAS_CONDITION"),
        ("i work for free", "WORKS_FOR"),
        ("i live in fear", "LIVES_IN"),
    ],
)
def test_what_only_looks_like_it_is_not(extractor: OfflineExtractor, text: str, predicate: str) -> None:
    assert predicate not in {c.predicate for c in read(extractor, text)}


def test_a_date_behind_a_name_is_that_of_the_event(extractor: OfflineExtractor) -> None:
    [adopted] = [c for c in read(extractor, "I adopted a cat called Mia in May.") if c.predicate == "ADOPTED"]
    assert adopted.valid_at is not None
    assert (adopted.valid_at.year, adopted.valid_at.month) == (2025, 5)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I'm vegan lol", "I'm vegan.   "),
        ("I'm vegan, btw!", "I'm vegan!     "),
        ("I left, by the way. Now I teach.", "I left, by the way. Now I teach."),
        ("Guess what, I won", "Guess what. I won"),
        ("The tbh tag.", "The tbh tag."),
        ("Haha, only joking.", "Haha, only joking."),
    ],
)
def test_tags_are_blanked_in_place(text: str, plain: str) -> None:
    assert without_tags(text) == plain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("i live in new york", "I live in New York"),
        ("got the job at google!!!", "got the job at Google!!!"),
        ("i work from home", "I work from home"),
        ("i work at night", "I work at night"),
        ("i moved to tromso with my cat", "I moved to Tromso with my cat"),
        ("I work at bosch with Tom", "I work at bosch with Tom"),
    ],
)
def test_named_places_get_their_capitals(text: str, told: str) -> None:
    assert recased(text, frozenset()) == told

"""Set phrases of everyday chat, ways of life, and what one is; each with what only sounds like it."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts
from .test_spelling_out import learned


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    ("They let me go in January.", "Ana HAD_MILESTONE loss of a job"),
    ("I got fired last week.", "Ana HAD_MILESTONE dismissal"),
    ("I lost my job last week.", "Ana HAD_MILESTONE loss of a job"),
    ("I treated myself to a new pair of climbing shoes.", "Ana BOUGHT new pair of climbing shoes"),
    ("My knee's been acting up again.", "Ana HAS_CONDITION bad knee"),
    ("I run to clear my head.", "Ana HELPED_BY running"),
    ("I usually go swimming to unwind.", "Ana HELPED_BY swimming"),
    ("My first language is Twi.", "Ana SPEAKS Twi"),
    ("I'm really into birdwatching these days.", "Ana INTERESTED_IN birdwatching"),
    ("I came second in the regional chess tournament.", "Ana PLACE_IN regional chess tournament"),
    ("I got an A in chemistry.", "Ana PASS chemistry"),
    ("We're expecting our second child in October.", "Ana PLANS_TO have their second child"),
    ("I'm due in October.", "Ana PLANS_TO have a baby"),
    ("I'm saving up for a campervan.", "Ana WANTS_TO buy a campervan"),
    ("Petra and I work together.", "Ana HAS_COLLEAGUE Petra"),
    ("We move in on 1 July.", "Ana PLANS_TO move in"),
    ("Here's a photo of us camping in Wales.", "Ana GO camping"),
    ("Here's a pic of us at the beach in Zandvoort.", "Ana GO_TO beach in Zandvoort"),
    ("My flatmates Nora, Jun and Pavel are great.", "Ana HAS_ROOMMATE Jun"),
    ("I live with three flatmates: Nora, Jun and Pavel.", "Ana HAS_ROOMMATE Pavel"),
    ("My cousins Lea and Max moved to Rome.", "Ana HAS_COUSIN Max"),
    ("I've known Petra since kindergarten.", "Ana KNOWS Petra"),
    ("I've been seeing a therapist since March.", "Ana HAS_DOCTOR Ana's therapist"),
    ("I find crowds exhausting.", "Ana DISLIKES crowds"),
    ("I get anxious in crowds.", "Ana HAS_TRAIT anxious in crowds"),
    ("I take the train to work.", "Ana DOES taking the train to work"),
    ("I get up at five every morning.", "Ana DOES getting up at five"),
    ("I usually have oatmeal for breakfast.", "Ana EATS oatmeal"),
    ("I'm colour blind.", "Ana HAS_TRAIT colour-blind"),
    ("I'm gluten free.", "Ana FOLLOWS_DIET gluten-free"),
    ("I'm Buddhist.", "Ana HAS_TRAIT buddhist"),
    ("I'm a Muslim.", "Ana HAS_TRAIT muslim"),
    ("I'm Dutch.", "Ana HAS_TRAIT Dutch"),
    ("I work at Tarwe & Zoon.", "Ana WORKS_FOR Tarwe & Zoon"),
    ("I volunteer at the food bank on Saturdays.", "Ana VOLUNTEERS_AT food bank"),
    ("I picked up knitting during lockdown.", "Ana TOOK_UP knitting during lockdown"),
    ("I've decided to quit smoking.", "Ana PLANS_TO quit smoking"),
    ("I applied for a job at the library.", "Ana APPLY_FOR job at library"),
    ("My exams are in two weeks.", "Ana PLANS exams"),
    ("I've been going to a pottery class on Thursdays.", "Ana GO_TO pottery class"),
    ("I was raised by my grandmother.", "Ana WAS_RAISED_BY Ana's grandmother"),
    ("Tom likes Painting landscapes.", "Tom LIKES painting landscapes"),
]


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_it_is_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "They let me go early.",
        "They let me go first.",
        "Did they let you go in January?",
        "I treated myself to a nice day off.",
        "The printer's acting up again.",
        "I need time to unwind.",
        "I went home to relax.",
        "I'm so into it right now.",
        "I came first thing in the morning.",
        "I got a call in the morning.",
        "We're expecting rain in the afternoon.",
        "The rent is due soon.",
        "I'm seeing a friend tonight.",
        "I'm seeing a doctor about it, maybe.",
        "Here's a pic of us being silly.",
        "I find it exhausting.",
        "I get nervous around you.",
        "I take the bins out.",
        "I have known better days.",
        "I'd get up at five if I had to.",
        "My colleagues Tom and Bea's boss left.",
        "I was there in May.",
    ],
)
def test_what_only_sounds_like_it_is_not(extractor: OfflineExtractor, text: str) -> None:
    assert not facts(extractor, text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("I'm Buddhist.", "Ana ALSO_KNOWN_AS Buddhist"),
        ("I'm Dutch.", "Ana ALSO_KNOWN_AS Dutch"),
        ("I've been going to a pottery class on Thursdays.", "Ana PLANS_TO go to a pottery class on Thursdays"),
        ("I had coffee at Tom & Bea's place.", "Ana WORKS_FOR Tom & Bea"),
    ],
)
def test_what_is_something_else_is_not_told(extractor: OfflineExtractor, text: str, wrong: str) -> None:
    assert wrong not in facts(extractor, text)


def test_who_says_the_name_is_still_called_so(extractor: OfflineExtractor) -> None:
    assert "Ana ALSO_KNOWN_AS Teo" in facts(extractor, "I'm Teo.")


@pytest.mark.parametrize(
    ("asked", "said", "fact"),
    [
        ("Have you ever been to Lisbon?", "I was there in May.", "Ana VISITED Lisbon"),
        ("How do you like Lisbon?", "I love it there.", "Ana LIKES Lisbon"),
    ],
)
def test_there_is_the_place_of_the_question(extractor: OfflineExtractor, asked: str, said: str, fact: str) -> None:
    assert fact in learned(extractor, ("Bo", asked), ("Ana", said))


def test_there_is_none_of_two_places(extractor: OfflineExtractor) -> None:
    asked = "Have you been to Lisbon? Have you been to Rome?"
    assert not learned(extractor, ("Bo", asked), ("Ana", "I was there in May."))

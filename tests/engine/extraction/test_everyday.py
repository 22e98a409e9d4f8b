"""What people tell in passing, in everyday words: each class with what it states, and with what only looks like it."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.records import Episode, Role, new_id

from .one_turn import NOW, facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    # going on
    ("Since we last talked, I've been blogging about politics.", "Ana BLOG_ABOUT politics"),
    ("Wanted to let you know that I'm running for office again.", "Ana RUN_FOR office"),
    ("My sister has been training for a triathlon.", "Ana's sister TRAIN_FOR triathlon"),
    ("We've been looking for a new flat.", "Ana LOOK_FOR new flat"),
    ("I swim every morning.", "Ana DOES swimming"),
    ("I run on Sunday mornings.", "Ana DOES running"),
    ("I'm doing my part, volunteering at a homeless shelter.", "Ana VOLUNTEERS_AT homeless shelter"),
    ("I'm doing a master's in statistics.", "Ana STUDIES statistics"),
    ("I study biology at Leeds.", "Ana STUDIES biology"),
    # a name and a verb in -s, which the parser takes for a noun
    ("Tom lives in Rome.", "Tom LIVES_IN Rome"),
    ("Ben lives in New York.", "Ben LIVES_IN New York"),
    ("Anil lives in Berlin.", "Anil LIVES_IN Berlin"),
    # a first name that the names layer does not know
    ("Barack Obama lives in Chicago.", "Barack Obama LIVES_IN Chicago"),
    # done by several
    ("My kids and I just finished another painting.", "Ana FINISH painting"),
    # without a subject
    ("Been to Paris twice.", "Ana VISITED Paris"),
    ("Got a new kitten last week!", "Ana HAS_PET Ana's kitten"),
    # shown, or spoken of as one's own
    ("Here's one of my trophies from a dance contest.", "Ana HAS trophies"),
    ("Here's a picture of my new motorbike.", "Ana HAS new motorbike"),
    ("My online clothes store is open!", "Ana HAS online clothes store"),
    ("I'm living my dream by having my own dance studio.", "Ana HAS dance studio"),
    # told of a thing in passing
    ("This picture reminds me of a road trip we took last year.", "Ana TAKE road trip"),
    ("It reminds me of a trip I took last summer.", "Ana TAKE trip"),
    ("That's a song I wrote in 2019.", "Ana WRITE song"),
    ("I just got done submitting my screenplay to a film contest.", "Ana SUBMIT screenplay"),
    ("I was turned down by two banks.", "Ana WAS_TURNED_DOWN_BY two banks"),
    ("I joined the choir two years ago.", "Ana MEMBER_OF choir"),
    ("I'm in my second year of medicine.", "Ana STUDIES medicine"),
    ("I quit smoking by the way.", "Ana GAVE_UP smoking"),
    # wants, tastes, health
    ("I've always wanted to learn Spanish.", "Ana WANTS_TO learn Spanish"),
    ("I can't eat nuts.", "Ana AVOIDS nuts"),
    ("I'm on antidepressants.", "Ana TAKES antidepressants"),
    # relatives
    ("My mum turned seventy on Sunday.", "Ana's mum HAS_AGE 70"),
    ("My sister's a vet in Bristol.", "Ana's sister HAS_JOB vet"),
    ("Dad passed away in 2019.", "Ana's dad HAD_MILESTONE death"),
    ("My granddad was a miner.", "Ana's granddad HAS_JOB miner"),
]


@pytest.mark.parametrize(("text", "fact"), STATED, ids=[text for text, _ in STATED])
def test_it_is_told_in_passing(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "We want it to spread understanding and acceptance.",  # what it shall do is no plan of ours
        "I saw how lack of education affected the town.",
        "I also use boards to stay on track and tokenize successes.",
        "She is such an inspiring writer.",
        "I'm passionate about making sure veterans are supported.",
        "We back each other up.",
        "Here's the thing.",
        "This is my favourite song.",
        "My dream of having my own shop keeps me going.",
        "Never been to Paris.",
        "I don't want future generations to go through that.",
        "This is a place I love.",
        "It was a day I had no time.",
        "Here's a snap of the ice cream I made.",
    ],
)
def test_it_only_looks_like_a_fact(extractor: OfflineExtractor, text: str) -> None:
    assert facts(extractor, text) == set()


def test_joined_verbs_lend_no_objects(extractor: OfflineExtractor) -> None:
    told = facts(extractor, "I've been writing about fantasy novels, studying characters, and making lists.")
    assert told == {"Ana WRITE_ABOUT fantasy novels"}


def test_thanks_answer_no_question(extractor: OfflineExtractor) -> None:
    asked = "Where do you volunteer?"
    turns = [
        Episode(
            id=new_id(), space="user/ana", session="s", role=Role.USER, speaker=speaker, content=text, occurred_at=NOW,
            created_at=NOW,
        )
        for speaker, text in (("Bob", asked), ("Ana", "Thanks, Maria!"), ("Ana", "St Mary's."))
    ]  # fmt: skip
    thanks, answer = (ExtractionRequest(episode=turn, previous=(turns[0],)) for turn in turns[1:])
    [polite, told] = extractor.extract([thanks, answer])
    assert polite.candidates == ()
    assert [c.predicate for c in told.candidates] == ["VOLUNTEERS_AT"]


def test_the_date_of_what_was_booked_is_ahead(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "I've signed up for a half marathon in October.")
    assert (fact.predicate, fact.valid_at) == ("SIGN_UP_FOR", NOW)
    assert fact.text == "Ana has signed up for a half marathon in October 2025."
    assert fact.metadata["planned_for"] == "2025-10-01"


def test_a_participle_is_told_as_a_sentence(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "I'm doing my part too, volunteering at a homeless shelter.")
    assert fact.text == "Ana volunteers at a homeless shelter."


def test_the_thing_stands_behind_the_verb(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "This picture reminds me of a road trip we took last year.")
    assert fact.text == "Ana took a road trip in 2024."


def test_days_that_come_again_are_no_date(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "I run by the Weser on Sunday mornings.")
    assert (fact.text, fact.valid_at) == ("Ana runs by the Weser on Sunday mornings.", NOW)


def test_a_trip_under_way_is_a_plan(extractor: OfflineExtractor) -> None:
    assert {c.predicate for c in read(extractor, "We're going to Wales for a week in July.")} == {"PLANS_TO"}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Carla, who has a boat, lives in Faro.", "Carla has a boat."),
        ("I met Carla, who has three kids.", "Carla has three kids."),
        ("My sister, who has a boat, lives in Faro.", "Ana's sister has a boat."),
    ],
)
def test_a_relative_clause_is_told_of_whom_it_hangs_on(extractor: OfflineExtractor, said: str, text: str) -> None:
    assert text in {c.text for c in read(extractor, said)}


@pytest.mark.parametrize(
    "said", ["Tom wants Bea to become a doctor.", "I want Bea to marry Tom.", "I'd like my son to study law."]
)
def test_what_somebody_wants_of_another_is_no_wish_of_theirs(extractor: OfflineExtractor, said: str) -> None:
    assert not {c.predicate for c in read(extractor, said)} & {"WANTS", "WANTS_TO", "MARRIED_TO"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("I have two cats called Mia and Leo.", {"Ana HAS_PET Mia", "Ana HAS_PET Leo"}),
        ("My kids are called Leo and Mia.", {"Ana HAS_CHILD Leo", "Ana HAS_CHILD Mia"}),
        ("My sisters are Eva and Lia.", {"Ana HAS_SISTER Eva", "Ana HAS_SISTER Lia"}),
    ],
)
def test_several_are_named_at_once(extractor: OfflineExtractor, said: str, found: set[str]) -> None:
    told = facts(extractor, said)
    assert found <= told
    assert not any(fact.endswith(("kids", "sisters")) for fact in told)


@pytest.mark.parametrize(
    "said",
    [
        "My kids are Germans.",
        "My sisters are in Porto.",
        "My sisters are in Porto and Rome.",
        "My brothers are Leo fans.",
    ],
)
def test_what_several_are_is_not_their_names(extractor: OfflineExtractor, said: str) -> None:
    assert not any("called" in c.text for c in read(extractor, said))

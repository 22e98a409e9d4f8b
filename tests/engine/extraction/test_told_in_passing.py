"""What people tell of their lives in passing: each class with what it states, and with what only looks like it."""

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
    # what does one good, and what matters
    ("Knitting helps me switch off.", "Ana HELPED_BY knitting"),
    ("Music is my escape.", "Ana HELPED_BY music"),
    ("Swimming has been really good for me.", "Ana HELPED_BY swimming"),
    ("My family motivates me to keep going.", "Ana HELPED_BY Ana's family"),
    ("Gardening makes me so happy.", "Ana HELPED_BY gardening"),
    ("Staying independent is important to me.", "Ana VALUES staying independent"),
    ("Friendship means a lot to me.", "Ana VALUES friendship"),
    ("Nature puts me in a great mood.", "Ana HELPED_BY nature"),
    ("I've always had a love for owls.", "Ana LIKES owls"),
    ("It lets me combine my passion for old maps and my work.", "Ana INTERESTED_IN old maps"),
    ("I want to create a place for young people to meet.", "Ana WANTS_TO create a place for young people to meet"),
    # what was done, and how it was
    ("Camping with my nieces was awesome!", "Ana GO camping"),
    ("Baking a wedding cake was an awesome experience.", "Ana BAKE wedding cake"),
    ("Searching for a new flat has been tricky.", "Ana SEARCH_FOR new flat"),
    # what happened to what is one's own
    ("My van broke down last Friday on my way to work.", "Ana EXPERIENCED van broke down"),
    ("My tablet crashed yesterday.", "Ana EXPERIENCED tablet crashed"),
    ("My daughter got into an accident last weekend.", "Ana's daughter HAD_MILESTONE accident"),
    ("I was in a car crash last year.", "Ana HAD_MILESTONE car crash"),
    # where one was
    ("I took that on my trip to the Faroe Islands last year.", "Ana VISITED Faroe Islands"),
    ("Just got back from a trip to Norway.", "Ana VISITED Norway"),
    ("We had a blast at the jazz festival last year.", "Ana GO_TO jazz festival"),
    # what is told as new
    ("I just adopted this cute kitten from a shelter.", "Ana HAS_PET Ana's kitten"),
    ("Last week I read this wonderful book about lighthouses.", "Ana READ wonderful book about lighthouses"),
    ("Just got some new skates!", "Ana GET new skates"),
    ("I joined a gym last week.", "Ana JOIN gym"),
    ("We made dumplings on Sunday.", "Ana MAKE dumplings"),
    # habits and pastimes
    ("I play badminton often.", "Ana PLAYS badminton"),
    ("I've been painting a lot lately.", "Ana DOES painting"),
    ("I'm doing kickboxing on Mondays.", "Ana DOES kickboxing"),
    ("I take my kid to the pool every week.", "Ana TAKE_TO pool"),
    ("I've always liked lighthouses.", "Ana LIKES lighthouses"),
    ("I've been into climbing since I was a kid.", "Ana INTERESTED_IN climbing"),
    ("I love being a godmother.", "Ana LIKES being a godmother"),
    ("I love watching westerns.", "Ana LIKES watching westerns"),
    ("My favourite is the lemon tart.", "Ana LIKES lemon tart"),
    ("I'm a fan of the Lord of the Rings.", "Ana LIKES Lord of the Rings"),
    ("Love experimenting with spices!", "Ana LIKES experimenting with spices"),
    ("I'm also trying out yoga to get stronger.", "Ana TRY_OUT yoga"),
    ("I love non-fiction books.", "Ana LIKES non-fiction books"),
    # plans and what one looks forward to
    ("My brother's getting married in June.", "Ana's brother PLANS_TO get married"),
    ("I'm training to be a midwife.", "Ana PLANS_TO be a midwife"),
    ("I'm determined to open a bakery.", "Ana PLANS_TO open a bakery"),
    ("I'm so excited to start my apprenticeship.", "Ana WANTS_TO start their apprenticeship"),
    ("I can't wait to move into our new flat.", "Ana WANTS_TO move into their new flat"),
    ("Still working on opening a dance school.", "Ana WORKS_ON opening a dance school"),
    # what the parse gets wrong
    ("I broke my wrist skating.", "Ana BREAK wrist"),
    ("I went to a poetry reading last Friday.", "Ana GO_TO poetry reading"),
    ("Yesterday I gave clothes to a shelter I volunteer at.", "Ana VOLUNTEERS_AT shelter"),
    ("I tried surfing for the first time.", "Ana TRY_OUT surfing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_what_is_told_in_passing_is_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


SILENT = [
    "Your support means a lot to me.",
    "It helps me relax.",
    "Your painting helps me relax.",
    "Meeting your sister was great.",
    "Tom leaving was hard.",
    "The building was great.",
    "I love this amazing song.",
    "I'm excited to see your studio.",
    "Can't wait to see it!",
    "We made progress.",
    "We must do more for our kids.",
    "I got this.",
    "For our trip to Japan next month we need a guide.",
    "I had a great idea.",
    "Love your painting!",
    "My love for you is endless.",
    "I want to help people.",
    "Seeing their faces was great.",
]


@pytest.mark.parametrize("text", SILENT)
def test_what_only_looks_like_it_is_left(extractor: OfflineExtractor, text: str) -> None:
    assert facts(extractor, text) == set()


TOLD = [
    ("Painting helps me explore my own ideas.", "Painting helps Ana explore their own ideas."),
    ("Reading and writing let me be myself.", "Reading and writing let Ana be themselves."),
    ("Losing my job was tough.", "Ana lost their job."),
    ("Hiking to the lighthouse was great.", "Ana went hiking to the lighthouse."),
    ("My van broke down on my way to work.", "Ana's van broke down on their way to work."),
    ("I met this remarkable woman, Jean.", "Ana met a remarkable woman, Jean."),
    ("I'm working on a new song.", "Ana is working on a new song."),
    ("We all made our own bowls.", "Ana made their own bowls."),
]


@pytest.mark.parametrize(("text", "sentence"), TOLD)
def test_it_is_told_in_the_third_person(extractor: OfflineExtractor, text: str, sentence: str) -> None:
    assert sentence in [candidate.text for candidate in read(extractor, text)]


def test_a_horse_painting_is_no_horse(extractor: OfflineExtractor) -> None:
    assert "Ana HAS_PET Ana's horse" not in facts(extractor, "Here's my horse painting.")


def test_turns_of_pronouns_alone_keep_to_whom_they_speak_of(extractor: OfflineExtractor) -> None:
    said = [
        ("Ana", "My sister Bea has finished school."),
        ("Ben", "What is she up to now?"),
        ("Ana", "She is so happy."),
        ("Ben", "She deserves it."),
        ("Ana", "She really does, she worked hard."),
        ("Ben", "Where does she live now?"),
        ("Ana", "She moved to Faro in May."),
    ]
    turns = [
        Episode(
            id=new_id(), space="s/a", session="s", role=Role.USER, speaker=who, content=text, occurred_at=NOW,
            created_at=NOW,
        )
        for who, text in said
    ]  # fmt: skip
    [extraction] = extractor.extract([ExtractionRequest(episode=turns[-1], previous=tuple(turns[:-1]))])
    assert [(c.subject.name, c.predicate) for c in extraction.candidates] == [("Bea", "MOVED_TO")]

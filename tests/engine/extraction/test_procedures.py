"""Procedures: how something is done, standing rules and routines, and what only looks like them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom import Memory
from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.records import Category, Episode, Role, new_id

from .one_turn import NOW, facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


HOW_TOS = [
    ("To reset the router, hold the button for ten seconds.",
     "reset the router DONE_BY hold the button for ten seconds"),
    ("to open the garage, you lift the handle and turn it left",
     "open the garage DONE_BY lift the handle and turn it left"),
    ("If you want to reset the router, press the red button.", "reset the router DONE_BY press the red button"),
    ("The way to reset the router is to press the red button.", "reset the router DONE_BY press the red button"),
    ("You need to press the red button to reset the router.", "reset the router DONE_BY press the red button"),
    ("You restart the server by running the start script.", "restart the server DONE_BY run the start script"),
    ("We deploy by tagging a commit and pushing it to main.", "deploy DONE_BY tag a commit and push it to main"),
    ("To deploy, run the tests. Then push the tag to main.", "deploy DONE_BY run the tests; then push the tag to main"),
    ("How to descale the kettle:\n1. Fill it with vinegar\n2. Boil it twice",
     "descale the kettle DONE_BY fill it with vinegar; boil it twice"),
    ("My recipe for pancakes: mix two eggs with flour, add milk and fry them in butter.",
     "make pancakes DONE_BY mix two eggs with flour, add milk and fry them in butter"),
    ("Our deployment process: run the tests, build the image.",
     "deployment process DONE_BY run the tests, build the image"),
    ("The router is reset by holding the button.", "reset the router DONE_BY hold the button"),
    ("FYI, to get a parking permit you have to email Rosa.", "get a parking permit DONE_BY email Rosa"),
    ("We no longer deploy by pushing to main.", "-deploy DONE_BY push to main"),
]  # fmt: skip

RULES = [
    ("Always use tabs in this repo.", "Ana HAS_RULE use tabs in this repo"),
    ("Never email Tom before noon.", "Ana RULES_OUT email Tom before noon"),
    ("Please always reply in French.", "Ana HAS_RULE reply in French"),
    ("always answer briefly", "Ana HAS_RULE answer briefly"),
    ("From now on, answer in German.", "Ana HAS_RULE answer in German"),
    ("Use British spelling from now on.", "Ana HAS_RULE use British spelling"),
    ("Going forward, don't use abbreviations in reports.", "Ana RULES_OUT use abbreviations in reports"),
    ("Whenever you commit, run the tests first.", "Ana HAS_RULE run the tests first whenever you commit"),
    ("When you write Python, always use type hints.", "Ana HAS_RULE use type hints when you write Python"),
    ("Make sure you always lock the shed.", "Ana HAS_RULE lock the shed"),
    ("I want you to always greet my mother in Portuguese.", "Ana HAS_RULE greet their mother in Portuguese"),
    ("You must never store passwords in plain text.", "Ana RULES_OUT store passwords in plain text"),
    ("Could you always answer in Spanish?", "Ana HAS_RULE answer in Spanish"),
    ("If I ask for code, always use TypeScript.", "Ana HAS_RULE use TypeScript if they ask for code"),
    ("Never use spaces, always use tabs.", "Ana RULES_OUT use spaces"),
    ("Never use spaces, always use tabs.", "Ana HAS_RULE use tabs"),
    ("Never suggest meat dishes, I'm a vegetarian.", "Ana RULES_OUT suggest meat dishes"),
    ("Never suggest meat dishes, I'm a vegetarian.", "Ana FOLLOWS_DIET vegetarian"),
    ("Our rule is to never deploy on Fridays.", "Ana RULES_OUT deploy on Fridays"),
    ("You don't have to use tabs in this repo any more.", "-Ana HAS_RULE use tabs in this repo"),
    ("You can email Tom before noon again.", "-Ana RULES_OUT email Tom before noon"),
]

ROUTINES = [
    ("I always back up the database before I deploy.", "Ana HAS_ROUTINE back up the database before they deploy"),
    ("When the build fails, we clear the cache first.", "Ana HAS_ROUTINE clear the cache first when the build fails"),
    ("After every release, we tag the commit.", "Ana HAS_ROUTINE tag the commit after every release"),
    ("Every time I travel, I pack two chargers.", "Ana HAS_ROUTINE pack two chargers every time they travel"),
    ("We review every pull request before merging.", "Ana HAS_ROUTINE review every pull request before merging"),
    ("We always run the linter first.", "Ana HAS_ROUTINE run the linter first"),
    ("We never deploy on Fridays.", "Ana RULES_OUT deploy on Fridays"),
    ("I no longer back up the database before I deploy.", "-Ana HAS_ROUTINE back up the database before they deploy"),
]

NONE = [
    "Never give up on your dreams!", "Always happy to help!", "Always good to hear from you!", "Never mind.",
    "Never been to Paris before.", "Always wanted to visit Japan.", "Always follow your heart.", "Never say never.",
    "Never stop learning new things.", "Always look on the bright side of life.",
    "To be honest, call your doctor.", "To cheer up, take a walk.", "To my surprise, the dog came back.",
    "You should try it.", "You need to work hard to reach your goals.", "We grow by helping each other.",
    "First call me, then we'll see.", "Use tabs in this file.", "Run the tests and push to main.",
    "Say that I live in Rome.", "How do I reset the router?", "Should I always use tabs in this repo?",
    '"Always use tabs in this repo" is what the wiki says.', "My boss says always use tabs.",
    "If you want to talk, call me.", "When you're done, tell me.", "Whenever you need me, I'm here.",
    "When I get home, I'll cook dinner.", "If I had time, I would clean the kitchen.",
    "When in Rome, do as the Romans do.",
    "You always make me laugh when you sing.", "I always cry when I watch Titanic.", "When it rains, it pours.",
    "I always feel better after I talk to you.", "When life gives you lemons, make lemonade.",
    "When you see Tom, give him the keys.", "Once you're done, send the report to Bea.", "If the build fails, tell me.",
    "To pay the rent, I work at a bar.", "You need to go to the store to buy milk.", "Fix the bug by adding a check.",
    "I always get nervous before I speak in public.", "To unsubscribe, click the link below.",
    "From now on I'm a vegetarian.",
    "The best way to start the day is a cup of coffee.", "Every time I hear that song, I think of Bea.",
    "Could you always be so nice?", "I got the job by sending my CV to the manager.", "To reset it, hold the button.",
    "Call Tom to arrange the meeting.",
]  # fmt: skip


@pytest.mark.parametrize(("text", "fact"), HOW_TOS + RULES + ROUTINES)
def test_procedures_are_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_one_is_not(extractor: OfflineExtractor, text: str) -> None:
    assert [c.text for c in read(extractor, text) if c.category is Category.PROCEDURAL] == []


def test_they_are_worded_so_that_they_can_be_followed(extractor: OfflineExtractor) -> None:
    texts = {
        "To reset the router, hold the button.": "To reset the router, hold the button.",
        "We deploy by pushing to main.": "Ana's way to deploy: push to main.",
        "Never call me before noon, please.": "Ana's rule: never call Ana before noon.",
        "I always carry two chargers when I travel.": "Ana always carries two chargers when they travel.",
    }
    for said, told in texts.items():
        [fact] = read(extractor, said)
        assert (fact.text, fact.category) == (told, Category.PROCEDURAL)
        assert (fact.valid_at, fact.invalid_at) == (NOW, None)


def test_a_time_within_a_step_does_not_date_the_rule(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "Always email the report to Tom on Friday morning.")
    assert fact.valid_at == NOW
    assert "time_expression" not in fact.metadata


def test_the_reasons_of_their_worth(extractor: OfflineExtractor) -> None:
    [fact] = read(extractor, "When the build fails, we clear the cache and restart the runner.")
    assert fact.metadata["worth_reasons"] == ["core procedure", "described object", "steps or a condition"]


def said(text: str, speaker: str, role: Role = Role.USER) -> Episode:
    labels = {"id": new_id(), "space": "user/ana", "session": "s", "role": role, "speaker": speaker}
    return Episode(**labels, content=text, occurred_at=NOW, created_at=NOW)


def learned(extractor: OfflineExtractor, episode: Episode, *previous: Episode) -> list[str]:
    [extraction] = extractor.extract([ExtractionRequest(episode=episode, previous=previous)])
    return [c.text for c in extraction.candidates]


def test_an_answer_tells_how_what_was_asked_is_done(extractor: OfflineExtractor) -> None:
    asked = said("How do you make your sponge cake?", "Bea")
    answer = said("First preheat the oven, then mix the eggs and bake it for an hour.", "Ana")
    assert learned(extractor, answer, asked) == [
        "To make Ana's sponge cake, preheat the oven, then mix the eggs and bake it for an hour."
    ]
    assert learned(
        extractor, said("By boiling it twice with vinegar.", "Ana"), said("How do you clean a kettle?", "Bea")
    )
    assert not learned(extractor, answer, said("How was your day?", "Bea"))
    assert not learned(extractor, said("It's going well!", "Ana"), said("How do you like it?", "Bea"))


def test_documents_tell_how_tos_and_assistants_none(extractor: OfflineExtractor) -> None:
    text = "To reset the router, hold the button. Always use tabs in this repo."
    document = said(text, "wiki", Role.DOCUMENT)
    assert learned(extractor, document) == ["To reset the router, hold the button."]
    assert learned(extractor, said(text, "Bot", Role.ASSISTANT)) == []


def test_another_way_a_contrary_rule_and_a_denial_end_the_older() -> None:
    with Memory(":memory:") as memory:
        turns = (
            ("We deploy by pushing to main.", 2),
            ("Always use tabs in this repo.", 2),
            ("Never email Tom before noon.", 2),
            ("We now deploy by tagging a release.", 5),
            ("Never use tabs in this repo.", 5),
            ("You can email Tom before noon again.", 5),
        )
        for text, day in turns:
            message = {"role": "user", "name": "Ana", "content": text, "time": f"2025-06-0{day}T10:00:00+00:00"}
            memory.add([message], user_id="ana")
        current = {fact.text for fact in memory.get_all(user_id="ana")}
        assert current == {"Ana's way to deploy: tag a release.", "Ana's rule: never use tabs in this repo."}
        everything = memory.get_all(user_id="ana", include_history=True)
        over = {fact.text: fact for fact in everything if fact.text not in current}
        assert set(over) == {
            "Ana's way to deploy: push to main.",
            "Ana's rule: always use tabs in this repo.",
            "Ana's rule: never email Tom before noon.",
        }
        assert {fact.invalid_at for fact in over.values()} == {datetime(2025, 6, 5, 10, tzinfo=UTC)}
        for fact in over.values():
            assert memory.history(fact.id)[-1].reason


def test_they_are_found_by_asking_how() -> None:
    with Memory(":memory:") as memory:
        for text in ("I bought a router yesterday.", "To reset the router, hold the button for ten seconds."):
            memory.add([{"role": "user", "name": "Ana", "content": text}], user_id="ana")
        [first, *_] = memory.search("How do I reset the router?", user_id="ana", limit=1)
        assert "hold the button for ten seconds" in str(first)

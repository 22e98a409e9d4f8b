"""Questions for lists: how they are told, and that each item's evidence comes before versions of what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.retrieval.clocked_memory import NOW, START, clocked_memory

from factloom import Memory
from factloom.retrieval import diversity
from factloom.retrieval.diversity import spread_out
from factloom.retrieval.reading import draft_question


@pytest.fixture
def memory() -> Iterator[Memory]:
    with clocked_memory() as made:
        yield made


def say(memory: Memory, *lines: str) -> None:
    """Ana says these lines, each in a session of its own, so that none is another's neighbour."""
    for day, text in enumerate(lines):
        message = {"role": "user", "name": "Ana", "content": text, "time": START + timedelta(days=day)}
        memory.add([{**message, "session": str(day)}], space="t")


PETS = (
    "my pets: the cat Momo is asleep on my chair",
    "my pets: the cat Momo sleeps on my chair again",
    "of my pets the cat Momo sleeps on the chair",
    "pets, pets: my cat Momo is on the chair",
    "my pets again: cat Momo, asleep on the chair",
    "for pets there is also Rex, a dog from the shelter that Ana took in last week with all his toys",
    "she keeps Bubbles too, a goldfish in a bowl by the window, of all pets the quietest one she has had",
)


def test_five_versions_of_one_item_do_not_push_out_the_others(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    say(memory, *PETS)
    with monkeypatch.context() as patched:
        patched.setattr(diversity, "PENALTY", 0.0)
        crowded = [hit.text for hit in memory.search("What pets does Ana have?", space="t", limit=5)]
    spread = [hit.text for hit in memory.search("What pets does Ana have?", space="t", limit=5)]
    assert [sum(name in text for text in crowded) for name in ("Momo", "Rex", "Bubbles")] == [5, 0, 0]
    assert [sum(name in text for text in spread) for name in ("Momo", "Rex", "Bubbles")] == [3, 1, 1]
    assert spread[0] == crowded[0]


def test_facts_of_one_thing_are_one_item(memory: Memory) -> None:
    visits = [("VISITED", "Japan"), ("TRAVELLED_TO", "Japan"), ("FLEW_TO", "Japan"), ("TOURED", "Japan")]
    memory.add_facts([("Ana", predicate, country) for predicate, country in visits], space="t")
    memory.add_facts([("Ana", "WORKED_IN", "Kenya"), ("Ana", "STUDIED_IN", "Peru")], space="t")
    hits = memory.search("Which countries has Ana visited or travelled to?", space="t", kinds=["fact"], limit=3)
    named = [next(place for place in ("Japan", "Kenya", "Peru") if place in hit.text) for hit in hits]
    assert sorted(named) == ["Japan", "Kenya", "Peru"]


def test_only_lists_are_spread_out(memory: Memory) -> None:
    say(memory, *PETS)
    for question, spread in (("What pets does Ana have?", True), ("Where is Ana's cat Momo?", False)):
        hits = memory.search(question, space="t", limit=7)
        assert any("said before" in hit.parts for hit in hits) == spread


def test_a_spread_page_explains_itself_and_pages_join(memory: Memory) -> None:
    say(memory, *PETS, *(f"note {i} about pets and item {i % 5}" for i in range(60)))
    whole = memory.search("What pets does Ana have?", space="t", limit=67)
    paged = [
        hit.id
        for offset in range(0, 67, 9)
        for hit in memory.search("What pets does Ana have?", space="t", limit=9, offset=offset)
    ]
    assert paged == [hit.id for hit in whole]
    assert len(set(paged)) == 67
    scores = [hit.score for hit in whole]
    assert scores == sorted(scores, reverse=True)
    for hit in whole:
        assert sum(hit.parts.values()) == pytest.approx(hit.score)
        assert hit.parts.get("said before", 0.0) <= 0.0


def test_what_is_new_keeps_its_place_and_no_score_falls_under_the_rest() -> None:
    order = spread_out([0.9, 0.88, 0.87, 0.8], [{"momo"}, {"momo"}, {"rex"}, {"momo"}], floor=0.79)
    assert [position for position, _ in order] == [0, 2, 1, 3]
    lost = dict(order)
    assert lost[0] == lost[2] == 0.0
    assert lost[1] == pytest.approx(0.79 - 0.88)
    assert lost[3] == pytest.approx(0.79 - 0.8)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What pets does Ana have?", "list"),
        ("which countries has she been to", "list"),
        ("What European countries has Maria been to?", "list"),
        ("Which of Joanna's screenplays were rejected?", "list"),
        ("What are Ana's hobbies?", "list"),
        ("Who are Ana's friends?", "list"),
        ("List the places that Ana visited", "list"),
        ("tell me all the books she read", "list"),
        ("Can you tell me which books she read?", "list"),
        ("What else does she like?", "list"),
        ("What people has Ana met?", "list"),
        ("What does Ana do to relax?", "anything"),
        ("What county shares a border with Kent?", "anything"),
        ("What is James's job?", "anything"),
        ("What news does she read?", "anything"),
        ("What are you doing?", "anything"),
        ("Does Ana like cats?", "yes/no"),
        ("Isn't Ana a nurse?", "yes/no"),
        ("Did Ana move when she was ill?", "yes/no"),
        ("Is it true that nobody knows when they left?", "yes/no"),
        ("Do you know if Ana has moved?", "yes/no"),
        ("Do you know where Ana lives?", "where"),
        ("Can you tell me who Ana's boss is?", "who"),
        ("Could you remind me when the exam is?", "when"),
        ("How many dogs does Ana have?", "how many"),
        ("Tell me how much the flat costs", "how many"),
        ("How many times did she say when it began?", "how many"),
        ("When did Ana move?", "when"),
        ("Since when does she live there?", "when"),
        ("how long was the trip", "when"),
        ("When she was ill, who visited Ana?", "who"),
        ("What did Ana do when she was ill?", "anything"),
        ("The trip was when?", "when"),
        ("Where was Ana when it rained?", "where"),
        ("Which city does Ana live in?", "where"),
        ("Whose dog is Rex?", "who"),
        ("What happened to the trip?", "outcome"),
        ("tell me about Ana", "anything"),
    ],
)
def test_the_kind_of_answer_is_told(question: str, kind: str) -> None:
    assert draft_question(question, now=NOW).asks_for == kind

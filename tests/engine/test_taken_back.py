"""Messages that take back the one before: what it stated was never so, and what it had ended holds again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(str(tmp_path / "memory.db"), embedder=HashingEmbedder(64))


def say(memory: Memory, *turns: str) -> list[str]:
    """Says "Ana: …" or "Bea: …" one after the other; ids of the episodes."""
    ids = []
    for minute, turn in enumerate(turns):
        name, _, text = turn.partition(": ")
        result = memory.add(text, user_id="ana", name=name, time=NOW + timedelta(minutes=minute))
        ids += [episode.id for episode in result.episodes]
    return ids


def current(memory: Memory) -> set[str]:
    return {fact.text for fact in memory.get_all(user_id="ana")}


TAKING_BACK = [
    "Just kidding!",
    "jk",
    "jk jk",
    "lol just kidding guys",
    "I was joking",
    "Not true, forget that",
    "That's not true. Forget that.",
    "Forget that.",
    "Scratch that.",
    "I made that up, sorry.",
    "Haha, I'm just messing with you",
    "That was a joke.",
    "I take that back.",
    "Ignore my last message please",
]


@pytest.mark.parametrize("words", TAKING_BACK)
def test_what_is_taken_back_was_never_so(memory: Memory, words: str) -> None:
    told, _ = say(memory, "Ana: I bought a boat.", f"Ana: {words}")
    assert current(memory) == set()
    [fact] = memory.get_all(user_id="ana", include_history=True)
    assert fact.expired_at is not None
    assert memory.history(fact.id)[-1].reason == "taken back by who said it"
    assert fact.episode_ids == (told,)
    memory.close()


@pytest.mark.parametrize(
    "turns",
    [
        ("Bea: Just kidding!",),
        ("Ana: I was just kidding about the weather.",),
        ("Ana: No kidding!",),
        ("Ana: I'm not kidding.",),
        ("Ana: Are you joking?",),
        ("Ana: Don't forget that.",),
        ("Bea: You always spend too much.", "Ana: That's not true."),
        ("Bea: Forget that.",),
        ("Bea: One.", "Bea: Two.", "Bea: Three.", "Ana: jk"),
        ("Ana: You look like a horse.", "Ana: Just kidding!"),
        ("Ana: Isn't it great?", "Ana: jk"),
    ],
)
def test_other_words_take_nothing_back(memory: Memory, turns: tuple[str, ...]) -> None:
    say(memory, "Ana: I bought a boat.", *turns)
    assert "Ana bought a boat." in current(memory)
    memory.close()


def test_of_a_long_message_nothing_is_taken_back(memory: Memory) -> None:
    say(memory, "Ana: I bought a boat. It is red. It is big. I am a genius.", "Ana: jk")
    assert "Ana bought a boat." in current(memory)
    memory.close()


def test_a_word_of_others_in_between_does_no_harm(memory: Memory) -> None:
    say(memory, "Ana: I bought a boat.", "Bea: Really?", "Ana: Just kidding, I bought a bike.")
    assert current(memory) == {"Ana bought a bike."}
    memory.close()


@pytest.mark.parametrize(
    ("before", "joke"),
    [
        ("I live in Oslo.", "I moved to Rome."),
        ("I work for Bosch.", "I no longer work for Bosch."),
        ("I like tea.", "I hate tea."),
        ("I moved to Rome in April.", "Actually, it was in May."),
        ("I work for Bosch.", "I work for Bosch."),
    ],
)
def test_what_it_had_ended_holds_as_before(memory: Memory, before: str, joke: str) -> None:
    say(memory, f"Ana: {before}")
    held = {(f.text, f.valid_at, f.invalid_at, f.support) for f in memory.get_all(user_id="ana")}
    for minute, text in ((5, joke), (6, "Just kidding!")):
        memory.add(text, user_id="ana", name="Ana", time=NOW + timedelta(minutes=minute))
    assert {(f.text, f.valid_at, f.invalid_at, f.support) for f in memory.get_all(user_id="ana")} == held
    memory.close()


def test_without_the_taking_back_it_is_so_again(memory: Memory) -> None:
    _, joke = say(memory, "Ana: I bought a boat.", "Ana: Just kidding!")
    memory.delete(joke)
    assert current(memory) == {"Ana bought a boat."}
    memory.close()


def test_in_one_batch_it_is_the_same(memory: Memory) -> None:
    messages = [
        {"role": "user", "name": "Ana", "content": "I bought a boat.", "time": NOW.isoformat()},
        {"role": "user", "name": "Ana", "content": "jk", "time": (NOW + timedelta(minutes=1)).isoformat()},
    ]
    memory.add(messages, user_id="ana")
    assert current(memory) == set()
    memory.close()

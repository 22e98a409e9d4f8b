"""A change that came before the state was told, but is told after it: how it is now is what was said last."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.records import Fact

SAID = datetime(2025, 6, 2, 10, tzinfo=UTC)


def learned(*turns: str | tuple[str, str]) -> dict[str, Fact]:
    """What Zoe's turns leave, by text; a turn may be of another speaker, or of another time (ISO 8601)."""
    with Memory(":memory:", embedder=HashingEmbedder(64)) as memory:
        for minute, turn in enumerate(turns):
            time, text = turn if isinstance(turn, tuple) else (SAID.replace(minute=minute).isoformat(), turn)
            memory.add([{"role": "user", "name": "Zoe", "content": text, "time": time}], user_id="zoe")
        return {fact.text: fact for fact in memory.get_all(user_id="zoe", include_history=True)}


@pytest.mark.parametrize(
    ("held", "change", "over", "end"),
    [
        ("I live in Oslo.", "I moved to Bergen last week.", "Zoe lives in Oslo.", "2025-05-26"),
        ("My mum lives in Oslo.", "She moved to Bergen in May.", "Zoe's mum lives in Oslo.", "2025-05-01"),
        ("I work for Bosch.", "I left Bosch last month.", "Zoe works for Bosch.", "2025-05-01"),
        ("I work for Bosch.", "I started at Siemens in March.", "Zoe works for Bosch.", "2025-03-01"),
        ("I'm dating Tom.", "We broke up last week.", "Zoe is in a relationship with Tom.", "2025-05-26"),
        ("My son lives with us.", "My son moved out last month.", "Zoe's son lives with Zoe.", "2025-05-01"),
        ("They promoted Nina to CFO.", "Nina stepped down as CFO in May.", "Nina works as a CFO.", "2025-05-01"),
    ],
)
def test_the_state_ended_when_the_change_came(held: str, change: str, over: str, end: str) -> None:
    fact = learned(held, change)[over]
    assert fact.valid_at is None
    assert fact.invalid_at is not None
    assert fact.invalid_at.date().isoformat() == end


def test_the_new_home_is_the_home() -> None:
    found = learned("I live in Oslo.", "I moved to Bergen last week.")
    assert found["Zoe lives in Bergen."].invalid_at is None


@pytest.mark.parametrize(
    "change",
    ["I left Bosch in 2019.", ("2025-05-20T10:00:00+00:00", "I left Bosch last week."), "I left Siemens last week."],
)
def test_what_was_long_ago_or_said_before_leaves_it(change: str | tuple[str, str]) -> None:
    assert learned("I work for Bosch.", change)["Zoe works for Bosch."].invalid_at is None


def test_an_earlier_home_is_put_before() -> None:
    found = learned("I live in Oslo.", "I moved to Paris in 2015.")
    assert found["Zoe lives in Oslo."].invalid_at is None
    assert found["Zoe lives in Paris."].invalid_at == SAID


def test_what_began_on_a_day_of_its_own_stays() -> None:
    found = learned("I've lived in Oslo since yesterday.", "I moved to Bergen last week.")
    assert found["Zoe lives in Oslo."].invalid_at is None

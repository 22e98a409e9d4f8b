"""Turns of Zoe's told to a new memory, a minute apart."""

from __future__ import annotations

from datetime import UTC, datetime

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.records import Fact

SAID = datetime(2025, 6, 2, 10, tzinfo=UTC)


def learned(*turns: str) -> list[Fact]:
    """What they leave, what is over included."""
    with Memory(":memory:", embedder=HashingEmbedder(64)) as memory:
        for minute, text in enumerate(turns):
            time = SAID.replace(minute=minute).isoformat()
            memory.add([{"role": "user", "name": "Zoe", "content": text, "time": time}], user_id="zoe")
        return memory.get_all(user_id="zoe", include_history=True)


def learned_by_text(*turns: str) -> dict[str, Fact]:
    """The same by text."""
    return {fact.text: fact for fact in learned(*turns)}

"""Relatives that are only mentioned, and what becomes of them when they are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factloom import Memory, load_settings


@pytest.fixture
def remember(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(settings=load_settings(store=str(tmp_path / "memory.db")))
    yield memory
    memory.close()


def sisters(memory: Memory) -> list[str]:
    return [fact.text for fact in memory.get_all(user_id="ana", predicates=["HAS_SISTER"])]


def test_a_sister_is_known_before_her_name_is(remember: Memory) -> None:
    message = {"role": "user", "content": "Could you remind me of my sister's birthday?", "name": "Ana"}
    remember.add([message], user_id="ana")
    assert sisters(remember) == ["Ana has a sister."]

    remember.add([{"role": "user", "content": "My sister is called Bea.", "name": "Ana"}], user_id="ana")
    assert sisters(remember) == ["Ana's sister is called Bea."]
    [hit] = remember.search("what is my sister's name?", user_id="ana", asker="Ana", kinds=["fact"], limit=1).hits
    assert hit.text == "Ana's sister is called Bea."

    remember.add([{"role": "user", "content": "My sister likes olives.", "name": "Ana"}], user_id="ana")
    assert sisters(remember) == ["Ana's sister is called Bea."]

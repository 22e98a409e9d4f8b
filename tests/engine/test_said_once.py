"""A statement that can be told with two predicates makes one fact."""

from __future__ import annotations

import pytest

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder


@pytest.mark.parametrize(
    ("turns", "current"),
    [
        (["I don't like olives."], ["DISLIKES"]),
        (["I don’t like olives."], ["DISLIKES"]),
        (["I like olives.", "I don't like olives any more."], ["DISLIKES"]),
        (["I hate olives.", "I don't hate olives any more."], ["LIKES"]),
        (["I don't eat olives."], ["AVOIDS"]),
        (["I don't like Tom.", "I like olives."], ["DISLIKES", "LIKES"]),
    ],
)
def test_a_denial_is_one_fact(turns: list[str], current: list[str]) -> None:
    with Memory(":memory:", embedder=HashingEmbedder(64)) as memory:
        for text in turns:
            memory.add([{"role": "user", "name": "Zoe", "content": text}], user_id="zoe")
        assert sorted(fact.predicate for fact in memory.get_all(user_id="zoe")) == current

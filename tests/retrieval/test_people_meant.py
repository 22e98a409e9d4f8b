"""People named by a relation: who "my sister" and "Ana's boss" are, as the reading of a result tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.retrieval.clocked_memory import NOW, clocked_memory

from factloom import Memory


@pytest.fixture
def memory() -> Iterator[Memory]:
    with clocked_memory() as made:
        people = [
            ("Ana", "HAS_SISTER", "Bea"), ("Ana", "HAS_BROTHER", "Teo"), ("Ana", "HAS_BOSS", "Helena"),
            ("Helena", "HAS_SISTER", "Graça"), ("Rui", "HAS_FRIEND", "Ana"), ("Ana", "HAS_CHILD", "Mia"),
            ("Rui", "HAS_SISTER", "Nadia"), ("Rui", "MARRIED_TO", "Ingrid"),
        ]  # fmt: skip
        made.add_facts(people, space="t", time=NOW - timedelta(days=100))
        made.add_facts([("Bea", "WORKS_FOR", "Corvina"), ("Graça", "RUNS", "a bakery")], space="t")
        yield made


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Where does my sister work?", {"my sister": ("Bea",)}),
        ("Where does my older sister work?", {"my older sister": ("Bea",)}),
        ("who are my siblings", {"my siblings": ("Bea", "Teo")}),
        ("Does Ana's boss know me?", {"Ana's boss": ("Helena",)}),
        (
            "What does the sister of Ana's boss run?",
            {"Ana's boss": ("Helena",), "sister of Ana's boss": ("Graça",)},
        ),
        ("What does Ana's boss's sister run?", {"Ana's boss": ("Helena",), "Ana's boss's sister": ("Graça",)}),
        ("Who is Mia's parent?", {"Mia's parent": ("Ana",)}),
        ("Who is Ingrid's husband?", {"Ingrid's husband": ("Rui",)}),
        ("Which friends does Ana have?", {}),
        ("When was my wedding?", {}),
        ("Where does my uncle live?", {}),
        ("Is it my turn?", {}),
    ],
)
def test_people_are_told_by_what_they_are_to_somebody(
    memory: Memory, question: str, meant: dict[str, tuple[str, ...]]
) -> None:
    assert memory.search(question, space="t", asker="Ana").reading.meant == meant


def test_my_sister_is_the_askers(memory: Memory) -> None:
    for asker, sister in (("Ana", "Bea"), ("Rui", "Nadia")):
        result = memory.search("How is my sister?", space="t", asker=asker)
        assert result.reading.meant == {"my sister": (sister,)}
    assert memory.search("How is my sister?", space="t").reading.meant == {}


def test_facts_about_the_one_who_is_meant_count_as_named(memory: Memory) -> None:
    best = memory.search("Where does my sister work?", space="t", asker="Ana", kinds=["fact"])[0]
    assert best.text == "Bea works for Corvina."
    assert best.parts["entity"] > 0.0


def test_only_who_is_so_at_the_time_is_meant(memory: Memory) -> None:
    now = {"subject": "Ana", "predicate": "HAS_BOSS", "object": "Dora", "valid_at": NOW - timedelta(days=1)}
    memory.add_facts([now], space="t", time=NOW - timedelta(days=1))
    assert memory.search("Who is Ana's boss?", space="t").reading.meant == {"Ana's boss": ("Dora",)}


def test_other_spaces_do_not_tell_who_is_meant(memory: Memory) -> None:
    memory.add_facts([("Ana", "LIKES", "tea")], space="u")
    assert memory.search("Where does my sister work?", space="u", asker="Ana").reading.meant == {}

"""The same operations on two stores give the same answers."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from .pairs import MakePair, neo4j_pair, sqlite_pair, thorough
from .store_machine import StoreMachine

__all__ = ["neo4j_pair", "sqlite_pair"]


def test_sqlite_in_a_file_and_in_memory(sqlite_pair: MakePair) -> None:
    machine = type("SqliteStores", (StoreMachine,), {"make": staticmethod(sqlite_pair), "operations": 0})

    run_state_machine_as_test(machine, settings=thorough(examples=40, steps=40))

    assert machine.operations > 3000


@pytest.mark.timeout(900)  # a server that has just started plans every statement for the first time
def test_sqlite_and_neo4j(neo4j_pair: MakePair) -> None:
    machine = type("Neo4jStores", (StoreMachine,), {"make": staticmethod(neo4j_pair), "operations": 0})

    run_state_machine_as_test(machine, settings=thorough(examples=12, steps=60))

    assert machine.operations > 2000

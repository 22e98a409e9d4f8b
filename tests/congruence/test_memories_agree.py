"""The same calls of two memories, each on a store of its own kind, give the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from .memory_machine import MemoryMachine
from .pairs import MakePair, neo4j_pair, sqlite_pair, thorough

__all__ = ["neo4j_pair", "sqlite_pair"]


def run(make: MakePair, folder: Path, *, examples: int, steps: int, least: int) -> None:
    machine = type("Memories", (MemoryMachine,), {"make": staticmethod(make), "folder": folder, "operations": 0})
    run_state_machine_as_test(machine, settings=thorough(examples, steps))
    assert machine.operations > least


def test_on_sqlite_in_a_file_and_in_memory(sqlite_pair: MakePair, tmp_path: Path) -> None:
    run(sqlite_pair, tmp_path, examples=15, steps=40, least=500)


@pytest.mark.timeout(900)  # a server that has just started plans every statement for the first time
def test_on_sqlite_and_neo4j(neo4j_pair: MakePair, tmp_path: Path) -> None:
    run(neo4j_pair, tmp_path, examples=6, steps=30, least=150)

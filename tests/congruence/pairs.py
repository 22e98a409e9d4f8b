"""Pairs of stores that must agree: each call makes two that are empty, and a clock stands still in both."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.ports import GraphStore

from .worlds import NOW

EXAMPLES = "FACTLOOM_CONGRUENCE_EXAMPLES"
"""How many runs to try, at random; without it they are few and always the same, so that a build cannot flicker."""

MakePair = Callable[[], tuple[GraphStore, GraphStore]]


def thorough(examples: int, steps: int) -> settings:
    """Settings of a run: always the same unless the environment asks for more."""
    asked = os.environ.get(EXAMPLES)
    return settings(
        max_examples=int(asked) if asked else examples,
        stateful_step_count=steps,
        derandomize=not asked,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@pytest.fixture
def sqlite_pair(tmp_path: Path) -> MakePair:
    """A store in a file, and one in memory."""
    numbers = itertools.count()

    def make() -> tuple[GraphStore, GraphStore]:
        path = tmp_path / f"{next(numbers)}.db"
        return SqliteGraphStore(path, clock=lambda: NOW), SqliteGraphStore(":memory:", clock=lambda: NOW)

    return make


@pytest.fixture
def neo4j_pair(tmp_path: Path, request: pytest.FixtureRequest) -> MakePair:
    """A store in a file, and one on a server."""
    numbers = itertools.count()
    servers = request.getfixturevalue("neo4j_stores")

    def make() -> tuple[GraphStore, GraphStore]:
        path = tmp_path / f"{next(numbers)}.db"
        return SqliteGraphStore(path, clock=lambda: NOW), servers.new(clock=lambda: NOW)

    return make

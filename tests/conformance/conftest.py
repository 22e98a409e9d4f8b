"""What the conformance suites run on: one entry per adapter of a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.ports import GraphStore

from .graph_records import NOW

GRAPH_STORES: dict[str, Callable[[Path, pytest.FixtureRequest], GraphStore]] = {
    "neo4j": lambda _folder, request: request.getfixturevalue("neo4j_stores").new(clock=lambda: NOW),
    "sqlite": lambda folder, _request: SqliteGraphStore(folder / "store.db", clock=lambda: NOW),
    "sqlite-memory": lambda _folder, _request: SqliteGraphStore(":memory:", clock=lambda: NOW),
}


@pytest.fixture(params=sorted(GRAPH_STORES))
def new_graph_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], GraphStore]]:
    """Makes empty stores of one adapter, whose clock stands still at ``NOW``."""
    made: list[GraphStore] = []

    def make() -> GraphStore:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(GRAPH_STORES[request.param](folder, request))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def graph_store(new_graph_store: Callable[[], GraphStore]) -> GraphStore:
    """An empty graph store."""
    return new_graph_store()

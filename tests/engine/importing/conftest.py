"""A memory that learns nothing, so that imports are quick, and files to import."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factloom import Memory
from factloom.engine.importing import Importer, ImportSummary
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.records import Episode, Status
from factloom.schemas.settings import load_settings


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    settings = load_settings(store=str(tmp_path / "import.db"), extractor={"kind": "none"})
    with Memory(settings=settings, embedder=HashingEmbedder(64)) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file: bytes and text as they are, anything else as JSON, a list with ``lines=True`` as JSONL."""

    def make(content: Any, name: str = "chat.json", *, lines: bool = False) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        elif lines:
            path.write_text("".join(json.dumps(line) + "\n" for line in content))
        else:
            path.write_text(json.dumps(content))
        return path

    return make


@pytest.fixture
def load(memory: Memory) -> Callable[..., ImportSummary]:
    """Import a file for the user ana, unless told otherwise."""

    def run(path: Path, **arguments: Any) -> ImportSummary:
        if not {"user_id", "space", "agent_id", "run_id"} & set(arguments):
            arguments["user_id"] = "ana"
        return Importer(memory, **arguments).run([path])

    return run


@pytest.fixture
def stored(memory: Memory) -> Callable[..., list[Episode]]:
    """All episodes of a space, oldest first."""

    def read(space: str = "user/ana") -> list[Episode]:
        refs = memory._parts.store.find_episodes  # no public call lists episodes
        from factloom.schemas.queries import EpisodeQuery
        from factloom.schemas.spaces import SpaceSet

        found = refs(EpisodeQuery(oldest_first=True, limit=100_000), spaces=SpaceSet.of(space))
        assert all(episode.status is Status.DONE for episode in found)
        return found

    return read

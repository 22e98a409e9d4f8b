"""A memory in itself with a clock that stands still, for tests of what a search finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from factloom import Memory, load_settings
from factloom.retrieval.embedders import HashingEmbedder

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
START = datetime(2025, 3, 1, 10, tzinfo=UTC)
"""When its talk begins."""


@contextmanager
def clocked_memory() -> Iterator[Memory]:
    """A memory without an extractor, at ``NOW``."""
    settings = load_settings(store=":memory:", extractor={"kind": "none"})
    with Memory(settings=settings, embedder=HashingEmbedder(256), clock=lambda: NOW) as made:
        yield made

"""Episodes to read, and the LLM extractor on a stand-in service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factloom import Memory
from factloom.engine.extraction.llm.extractor import LlmExtractor
from factloom.engine.extraction.llm.service import ChatService
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.extraction import Candidate, Extraction, ExtractionRequest
from factloom.schemas.records import Episode, Role, new_id
from factloom.schemas.settings import load_settings

from .chat_service import ChatStandIn

MONDAY = datetime(2025, 4, 14, 9, tzinfo=UTC)


def turn(content: str, *, speaker: str | None = "Ana", minute: int = 0, **fields: Any) -> Episode:
    """Something that was said on Monday, 14 April 2025."""
    said = MONDAY + timedelta(minutes=minute)
    given = {"space": "user/ana", "session": "s1", "role": Role.USER, "ref": minute + 1} | fields
    return Episode(id=new_id(), speaker=speaker, content=content, occurred_at=said, created_at=said, **given)


class Reading:
    """An extractor on a stand-in, and short ways to ask it."""

    def __init__(self, service: ChatStandIn) -> None:
        self.service = service
        self.made: list[LlmExtractor] = []

    def extractor(self, **options: Any) -> LlmExtractor:
        names = ("base_url", "api_key", "timeout", "max_retries", "max_answer_tokens")
        given = {"base_url": self.service.url, "api_key": "sk-test", "timeout": 30.0, "max_retries": 0}
        given = given | {"max_answer_tokens": 900} | {name: options.pop(name) for name in names if name in options}
        self.made.append(LlmExtractor(ChatService("reader", **given), **options))
        return self.made[-1]

    def extract(self, *episodes: Episode, previous: tuple[Episode, ...] = (), **options: Any) -> list[Extraction]:
        requests = [ExtractionRequest(episode=episode, previous=previous) for episode in episodes]
        return self.extractor(**options).extract(requests)

    def read(self, content: str, *stated: dict[str, Any], **fields: Any) -> Extraction:
        """What is read of one message in which the model finds ``stated``."""
        self.service.knows[content] = list(stated)
        previous = fields.pop("previous", ())
        (extraction,) = self.extract(turn(content, **({"minute": len(previous)} | fields)), previous=previous)
        return extraction

    def one(self, content: str, *stated: dict[str, Any], **fields: Any) -> Candidate:
        """The one candidate of a message."""
        extraction = self.read(content, *stated, **fields)
        assert extraction.error is None
        (candidate,) = extraction.candidates
        return candidate


@pytest.fixture
def service() -> Iterator[ChatStandIn]:
    running = ChatStandIn()
    yield running
    running.stop()


@pytest.fixture
def reading(service: ChatStandIn) -> Iterator[Reading]:
    made = Reading(service)
    yield made
    for extractor in made.made:
        extractor.close()


@pytest.fixture
def open_memory(tmp_path: Path, service: ChatStandIn) -> Iterator[Callable[..., Memory]]:
    opened: list[Memory] = []

    def open_one(**extractor: Any) -> Memory:
        named = {"kind": "openai", "model": "reader", "base_url": service.url, "api_key": "sk-test", "max_retries": 0}
        settings = load_settings(store=str(tmp_path / "memory.db"), extractor=named | extractor)
        clock = lambda: MONDAY + timedelta(days=1)  # noqa: E731
        opened.append(Memory(settings=settings, embedder=HashingEmbedder(64), clock=clock))
        return opened[-1]

    yield open_one
    for memory in opened:
        memory.close()

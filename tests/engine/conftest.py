"""A memory on the real embedded store and index, with an extractor that reads a notation instead of a language.

``subject | PREDICATE | object`` on a line is one fact; ``not`` before it negates, ``no,`` before it corrects, ``never``
denies it; a name may be followed by others in brackets, ``Bea (Ana's sister; Bee)``;
what stands behind ``##`` is said beside it;
a line ``fail: why`` cannot be read. What the tests assert is what the engine makes of the facts.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import ModelNotFoundError
from factloom.schemas.extraction import Candidate, Extraction, ExtractionRequest, Mention
from factloom.schemas.ontology import core_ontology
from factloom.schemas.settings import load_settings


class NotationExtractor:
    """Reads the notation of this module; ``broken`` makes it as if its model were not installed."""

    name = "notation"

    def __init__(self) -> None:
        self.broken = False
        self.failing = True
        self.seen: list[ExtractionRequest] = []

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        if self.broken:
            raise ModelNotFoundError("the notation is not installed")
        self.seen += requests
        return [self._read(request) for request in requests]

    def _read(self, request: ExtractionRequest) -> Extraction:
        found = []
        for line in request.episode.content.splitlines():
            if line.startswith("fail:") and self.failing:
                return Extraction(episode_id=request.episode.id, error=line.removeprefix("fail:").strip())
            if line.count("|") == 2:
                found.append(self._candidate(line, request.episode.speaker or "somebody"))
        return Extraction(episode_id=request.episode.id, candidates=tuple(found))

    @staticmethod
    def _candidate(line: str, speaker: str) -> Candidate:
        negated, correction = line.startswith(("not ", "never ")), line.startswith(("no, ", "never "))
        stated = line.partition(" ## ")[0]
        for mark in ("not ", "no, ", "never "):
            stated = stated.removeprefix(mark)
        subject, predicate, object_ = (part.strip() for part in stated.split("|"))
        spec = core_ontology()[predicate]
        subject, _, aliases = subject.rstrip(")").partition(" (")
        subject = speaker if subject == "I" else subject
        return Candidate(
            subject=Mention(
                name=subject,
                type=spec.subject_type,
                is_speaker=subject == speaker,
                aliases=tuple(aliases.split("; ")) if aliases else (),
            ),
            predicate=predicate,
            object=Mention(name=object_, type=spec.object_type) if object_ else None,
            text=f"It is not so that {spec.sentence(subject, object_)}" if negated else spec.sentence(subject, object_),
            sentence=line,
            category=spec.category,
            confidence=0.8,
            negated=negated,
            correction=correction,
        )


class Clock:
    """The present, which stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2025, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def extractor() -> NotationExtractor:
    return NotationExtractor()


@pytest.fixture
def open_memory(tmp_path: Path, clock: Clock, extractor: NotationExtractor) -> Iterator[Callable[..., Memory]]:
    """Opens memories on one file; closes them after the test."""
    opened: list[Memory] = []

    def open_one(**options: Any) -> Memory:
        settings = load_settings(store=str(tmp_path / "memory.db"), **options.pop("settings", {}))
        parts = {"embedder": HashingEmbedder(64), "extractor": extractor, "clock": clock, **options}
        opened.append(Memory(settings=settings, **parts))
        return opened[-1]

    yield open_one
    for memory in opened:
        memory.close()


@pytest.fixture
def memory(open_memory: Callable[..., Memory]) -> Memory:
    return open_memory()

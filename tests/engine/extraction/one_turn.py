"""One turn of Ana's, read by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import Candidate, ExtractionRequest
from factloom.schemas.records import Episode, Role, new_id

NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)


def read(extractor: OfflineExtractor, text: str) -> tuple[Candidate, ...]:
    """What is learned from it."""
    said = Episode(
        id=new_id(), space="user/ana", session="s", role=Role.USER, speaker="Ana", content=text, occurred_at=NOW,
        created_at=NOW,
    )  # fmt: skip
    [extraction] = extractor.extract([ExtractionRequest(episode=said)])
    return extraction.candidates


def facts(extractor: OfflineExtractor, text: str) -> set[str]:
    """The same in short: "-" for what is not so, subject, predicate, object."""
    return {
        f"{'-' if c.negated else ''}{c.subject.name} {c.predicate} {c.object.name if c.object else '*'}"
        for c in read(extractor, text)
    }

"""JSON documents that commands print; docs/cli.md describes them. Records are printed as they are defined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factloom.schemas.records import Record
from factloom.schemas.search import Hit, SearchResult


def records(items: Sequence[Record]) -> list[dict[str, Any]]:
    """Records as JSON objects."""
    return [item.model_dump(mode="json") for item in items]


def hit_document(rank: int, hit: Hit) -> dict[str, Any]:
    """One hit: what identifies and explains it first, then the records."""
    return {
        "rank": rank,
        "id": hit.id,
        "kind": hit.kind,
        "score": hit.score,
        "text": hit.text,
        "note": hit.note,
        "parts": hit.parts,
        "path": records(hit.path),
        "fact": hit.fact.model_dump(mode="json") if hit.fact else None,
        "episode": hit.episode.model_dump(mode="json") if hit.episode else None,
        "sources": records(hit.sources),
    }


def search_document(query: str, result: SearchResult) -> dict[str, Any]:
    """A result: whether a hit is good enough to answer, the hits, how the question was read, milliseconds, paging,
    and what time did not suffice for.
    """
    return {
        "query": query,
        "answered": result.answered,
        "hits": [hit_document(rank, hit) for rank, hit in enumerate(result.hits, start=result.offset + 1)],
        "reading": result.reading.model_dump(mode="json"),
        "seeds": dict(result.seeds),
        "timings": result.timings,
        "offset": result.offset,
        "more": result.more,
        "partial": result.partial,
        "skipped": list(result.skipped),
    }

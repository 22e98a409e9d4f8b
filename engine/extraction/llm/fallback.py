"""Fallback: a second extractor reads what the first one could not."""

from __future__ import annotations

from collections.abc import Sequence

from factloom.schemas.extraction import Extraction, ExtractionRequest
from factloom.schemas.ports import Closable, Extractor, UsesEntities


class FallbackExtractor:
    """An `Extractor` that lets ``second`` read the episodes at which ``first`` failed.

    Facts say who read them; the episode keeps the first one's error as a note, and what its attempts cost.
    """

    def __init__(self, first: Extractor, second: Extractor) -> None:
        self._first = first
        self._second = second

    @property
    def name(self) -> str:
        """The name of the first."""
        return self._first.name

    @property
    def known_entities(self) -> int:
        """As many as the first one wants."""
        return self._first.known_entities if isinstance(self._first, UsesEntities) else 0

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        """One result per request, in order; an error is left only where both failed."""
        results = self._first.extract(requests)
        failed = [position for position, result in enumerate(results) if result.error is not None]
        again = self._second.extract([requests[position] for position in failed]) if failed else []
        for position, second in zip(failed, again, strict=True):
            first = results[position]
            note = f"{self._first.name} failed, {self._second.name} read it instead: {first.error}"
            update = {
                "extractor": self._second.name,
                "usage": first.usage,
                "notes": (*first.notes, note, *second.notes),
            }
            results[position] = second.model_copy(update=update)
        return results

    def close(self) -> None:
        """Close the connections of both."""
        for extractor in (self._first, self._second):
            if isinstance(extractor, Closable):
                extractor.close()

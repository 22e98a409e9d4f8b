"""An extractor that is made at its first use, so that a memory that is only asked starts without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from factloom.schemas.extraction import Extraction, ExtractionRequest
from factloom.schemas.ports import Extractor


class DeferredExtractor:
    """An `Extractor` that ``make`` makes when it is first asked; its name is known before."""

    def __init__(self, name: str, make: Callable[[], Extractor]) -> None:
        self._name = name
        self._make = make
        self._made: Extractor | None = None
        self._lock = Lock()

    @property
    def name(self) -> str:
        """As the one that is made has it."""
        return self._name

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        """As the one that is made; so are errors."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made.extract(requests)

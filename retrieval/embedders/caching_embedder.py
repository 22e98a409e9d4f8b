"""Remembers the vectors of recent queries, so that a question asked again costs no model run."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import EmbedsApart

if TYPE_CHECKING:
    from factloom.schemas.ports import Embedder


class CachingEmbedder:
    """Any embedder with the last ``entries`` queries remembered, the least recently used dropped first.

    Documents pass through: each is embedded once in its life. The cache is in memory only; `clear` empties it
    (it holds the text of queries). Safe to use from several threads.

    Args:
        inner: the embedder that does the work. Abilities beyond the port are asked of it.
        entries: most queries remembered; 1,000 of 384 dimensions take 1.5 MB.
    """

    def __init__(self, inner: Embedder, *, entries: int = 1024) -> None:
        if entries < 1:
            raise InvalidInputError(f"entries is {entries}; give 1 or more, or leave the decorator out")
        self.inner = inner
        self._entries = entries
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    @property
    def name(self) -> str:
        """Name of the inner embedder: the vectors are its own."""
        return self.inner.name

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.inner.dimension

    @property
    def embeds_apart(self) -> bool:
        """As the inner embedder."""
        return isinstance(self.inner, EmbedsApart) and self.inner.embeds_apart

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the inner embedder's; nothing is remembered."""
        return self.inner.embed_documents(texts)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the inner embedder's, which is asked only for texts that are not remembered, each once."""
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            return self.inner.embed_queries(texts)  # it says what is wrong
        found: dict[str, NDArray[np.float32]] = {}
        with self._lock:
            for text in texts:
                if text in self._vectors:
                    self._vectors.move_to_end(text)
                    found[text] = self._vectors[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            # Outside the lock: two threads may embed the same new query, none waits for the other's model.
            found.update(zip(missing, self.inner.embed_queries(missing), strict=True))
            with self._lock:
                for text in missing:
                    self._vectors[text] = found[text].copy()  # a row alone, not the batch it was cut from
                while len(self._vectors) > self._entries:
                    self._vectors.popitem(last=False)
        if not texts:
            return self.inner.embed_queries([])
        return np.stack([found[text] for text in texts])

    def clear(self) -> None:
        """Forget all queries."""
        with self._lock:
            self._vectors.clear()

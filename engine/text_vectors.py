"""Vectors of texts that a transaction needs: made before it or between two attempts, never inside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from factloom.schemas.ports import Embedder, GraphStore, WriteTransaction

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

T = TypeVar("T")


class _UnembeddedError(Exception):
    """A text has no vector yet: the transaction is left, since no model is to be waited for inside it."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(f"{len(texts)} texts have no vector")
        self.texts = texts


def vectors_of(texts: Sequence[str], known: dict[str, np.ndarray]) -> Vectors:
    """One row a text, from those known; inside ``write_with_vectors`` only, which makes those that are missing."""
    missing = [text for text in texts if text not in known]
    if missing:
        raise _UnembeddedError(missing)
    return np.stack([known[text] for text in texts])


def write_with_vectors(
    store: GraphStore, embedder: Embedder, known: dict[str, np.ndarray], work: Callable[[WriteTransaction], T]
) -> T:
    """Run ``work`` in one transaction; texts that only come up inside it are embedded, and it is run again.

    Raises:
        ModelError: a text cannot be embedded; nothing was written.
    """
    while True:
        try:
            return store.write(work)
        except _UnembeddedError as error:
            missing = list(dict.fromkeys(error.texts))
            known.update(zip(missing, embedder.embed_documents(missing), strict=True))

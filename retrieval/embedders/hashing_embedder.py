"""A small deterministic embedder for tests: needs no weights, no network, and gives the same vectors everywhere.

Feature hashing (Weinberger et al. 2009) of word stems and character trigrams. It knows words, not meaning:
texts that share words are close, "car" and "automobile" are not.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.text_input import checked_texts
from factloom.schemas.errors import InvalidInputError

_WORD = re.compile(r"\w+")
_TRIGRAM_WEIGHT = 0.25
_FUNCTION_WORD_WEIGHT = 0.2
#: So frequent that two texts share them by chance.
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        "a an and are as at be but by did do does for from had has have he her his i in is it its me my not of on or "
        "our she so that the their they this to was we were what when where which who why will with you your"
    )
)


class HashingEmbedder:
    """Embeds by hashed words; deterministic over processes, platforms and versions of Python.

    Args:
        dimension: length of the vectors, at least 8. Small ones make unrelated words collide.
    """

    def __init__(self, dimension: int = 256) -> None:
        if dimension < 8:
            raise InvalidInputError(f"dimension is {dimension}; give 8 or more")
        self._dimension = dimension

    @property
    def name(self) -> str:
        """``hashing-1/<dimension>``; the number changes if the same text would get another vector."""
        return f"hashing-1/{self._dimension}"

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self._dimension

    @property
    def embeds_in_turn(self) -> bool:
        """True: it is Python code."""
        return True

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), float32, rows of unit length, in order.

        Raises:
            InvalidInputError: ``texts`` is not a sequence of strings.
        """
        cleaned = checked_texts(texts)
        vectors = np.zeros((len(cleaned), self._dimension), dtype=np.float64)
        for row, text in enumerate(cleaned):
            for feature, weight in _features(text):
                slot, sign = _slot(feature, self._dimension)
                vectors[row, slot] += sign * weight
            if not vectors[row].any():  # no word in it, or features that cancel out
                vectors[row, _slot("", self._dimension)[0]] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors.astype(np.float32)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed_documents`: questions and documents are embedded alike."""
        return self.embed_documents(texts)


def _features(text: str) -> list[tuple[str, float]]:
    """Features and weights in a fixed order, so that sums round alike everywhere."""
    from Stemmer import Stemmer

    # Porter's first algorithm: unlike "english", it does not change with versions of the library.
    stem = Stemmer("porter").stemWord  # a new one each time: they may not be shared by threads
    words = Counter(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))
    features = []
    for word, count in words.items():
        weight = math.sqrt(count) * (_FUNCTION_WORD_WEIGHT if word in _FUNCTION_WORDS else 1.0)
        features.append((f"word:{stem(word)}", weight))
        padded = f"^{word[:64]}$"
        trigrams = [padded[start : start + 3] for start in range(len(padded) - 2)]
        each = weight * _TRIGRAM_WEIGHT / math.sqrt(max(1, len(trigrams)))
        features.extend((f"part:{trigram}", each) for trigram in trigrams)
    return sorted(features)


@lru_cache(maxsize=65536)
def _slot(feature: str, dimension: int) -> tuple[int, int]:
    digest = int.from_bytes(hashlib.blake2b(feature.encode("utf-8"), digest_size=8).digest(), "big")
    return (digest >> 1) % dimension, 1 if digest & 1 else -1

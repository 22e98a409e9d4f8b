from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from factloom.retrieval.embedders import CachingEmbedder, HashingEmbedder
from factloom.schemas.errors import InvalidInputError


class Counting(HashingEmbedder):
    """Records what it was asked."""

    def __init__(self) -> None:
        super().__init__(16)
        self.queries: list[str] = []
        self.documents: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Any:
        self.queries.extend(texts)
        return super().embed_documents(texts)

    def embed_documents(self, texts: Sequence[str]) -> Any:
        self.documents.extend(texts)
        return super().embed_documents(texts)


@pytest.fixture
def inner() -> Counting:
    return Counting()


def test_a_query_asked_again_is_not_embedded_again(inner: Counting) -> None:
    cached = CachingEmbedder(inner)
    first = cached.embed_queries(["where?", "who?"])
    np.testing.assert_array_equal(cached.embed_queries(["who?", "when?", "where?"])[[2, 0]], first)
    assert inner.queries == ["where?", "who?", "when?"]


def test_a_query_twice_in_one_call_is_embedded_once(inner: Counting) -> None:
    vectors = CachingEmbedder(inner).embed_queries(["who?", "who?", "where?"])
    np.testing.assert_array_equal(vectors, HashingEmbedder(16).embed_queries(["who?", "who?", "where?"]))
    assert inner.queries == ["who?", "where?"]


def test_the_least_recently_used_is_dropped(inner: Counting) -> None:
    cached = CachingEmbedder(inner, entries=2)
    for query in ("a", "b", "a", "c", "a", "b"):
        cached.embed_queries([query])
    assert inner.queries == ["a", "b", "c", "b"]


def test_more_queries_than_entries_in_one_call_still_come_back(inner: Counting) -> None:
    texts = [f"question {n}" for n in range(10)]
    vectors = CachingEmbedder(inner, entries=3).embed_queries(texts)
    np.testing.assert_array_equal(vectors, HashingEmbedder(16).embed_queries(texts))


def test_changing_a_result_does_not_change_what_is_remembered(inner: Counting) -> None:
    cached = CachingEmbedder(inner)
    expected = cached.embed_queries(["who?"]).copy()
    for _ in range(2):
        cached.embed_queries(["who?"])[:] = 0
    np.testing.assert_array_equal(cached.embed_queries(["who?"]), expected)


def test_documents_pass_through(inner: Counting) -> None:
    cached = CachingEmbedder(inner)
    cached.embed_documents(["a text"])
    cached.embed_documents(["a text"])
    assert inner.documents == ["a text", "a text"]


def test_after_clear_nothing_is_remembered(inner: Counting) -> None:
    cached = CachingEmbedder(inner)
    cached.embed_queries(["who?"])
    cached.clear()
    cached.embed_queries(["who?"])
    assert inner.queries == ["who?", "who?"]


def test_many_threads(inner: Counting) -> None:
    cached = CachingEmbedder(inner, entries=5)
    texts = [f"question {n % 9}" for n in range(300)]
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda text: cached.embed_queries([text])[0], texts))
    np.testing.assert_array_equal(rows, HashingEmbedder(16).embed_queries(texts))


def test_name_and_dimension_are_the_inner_ones(inner: Counting) -> None:
    cached = CachingEmbedder(inner)
    assert (cached.name, cached.dimension, cached.inner) == ("hashing-1/16", 16, inner)


@pytest.mark.parametrize("texts", ["one string", [3]])
def test_bad_texts_are_refused(inner: Counting, texts: Any) -> None:
    with pytest.raises(InvalidInputError):
        CachingEmbedder(inner).embed_queries(texts)


def test_no_room_is_refused(inner: Counting) -> None:
    with pytest.raises(InvalidInputError, match="entries"):
        CachingEmbedder(inner, entries=0)

from __future__ import annotations

import numpy as np
import pytest

from factloom.retrieval.vectors import ranking
from factloom.retrieval.vectors import rows as rows_module
from factloom.retrieval.vectors.ranking import search_rows
from factloom.retrieval.vectors.rows import Rows
from factloom.retrieval.vectors.sketches import propose, sketch
from factloom.schemas.ports import VectorHits

DIMENSION = 384


def topics(count: int, *, seed: int = 0) -> np.ndarray:
    """Unit vectors around a hundred centres, as texts lie around topics."""
    pick = np.random.default_rng(seed)
    centres = pick.standard_normal((100, DIMENSION))
    made = centres[pick.integers(100, size=count)] + 0.8 * pick.standard_normal((count, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def filled(vectors: np.ndarray, refs: np.ndarray) -> Rows:
    rows = Rows(DIMENSION)
    rows.append(refs, np.zeros(len(refs), np.int32), vectors)
    return rows


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "SKETCHED", 10_000)


@pytest.fixture
def no_sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "SKETCHED", 10**9)


def test_nearly_all_of_the_nearest_are_found_with_the_scores_of_an_exact_search(few_are_many: None) -> None:
    vectors, queries = topics(40_000), topics(40, seed=1)
    rows = filled(vectors, np.arange(40_000))
    exact = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :20]
    found = search_rows(rows, queries, 20)
    shares = [len(np.intersect1d(hits.refs, best)) / 20 for hits, best in zip(found, exact, strict=True)]
    assert np.mean(shares) > 0.98
    for hits, query in zip(found, queries, strict=True):
        assert np.allclose(hits.scores, vectors[hits.refs] @ query, atol=1e-6)
        assert (np.diff(hits.scores) <= 0).all()


def test_the_answer_does_not_depend_on_where_rows_stand(few_are_many: None) -> None:
    vectors, queries = topics(20_000), topics(20, seed=1)
    order = np.random.default_rng(3).permutation(20_000)
    here = search_rows(filled(vectors, np.arange(20_000)), queries, 20)
    there = search_rows(filled(vectors[order], order), queries, 20)
    for one, other in zip(here, there, strict=True):
        assert one.refs.tolist() == other.refs.tolist()
        assert one.scores.tobytes() == other.scores.tobytes()


def test_they_follow_what_is_added_and_removed(few_are_many: None) -> None:
    vectors = topics(24_000)
    rows = filled(vectors[:12_000], np.arange(12_000))
    assert rows.sketches is not None
    rows.append(np.arange(12_000, 24_000), np.zeros(12_000, np.int32), vectors[12_000:])
    rows.remove(np.arange(0, 24_000, 3))
    made = rows.sketches
    assert made is not None
    assert (made == sketch(rows.vectors[: rows.count])).all()
    (hits,) = search_rows(rows, vectors[1:2], 5)
    assert hits.refs[0] == 1


def test_what_was_removed_is_not_in_memory_any_more(few_are_many: None) -> None:
    rows = filled(topics(20_000), np.arange(20_000))
    assert rows.sketches is not None
    rows.remove(np.arange(15_000, 20_000))
    assert rows._sketches is not None
    assert not rows._sketches[15_000:20_000].any()


def test_few_rows_are_compared_one_by_one(no_sketches: None) -> None:
    assert filled(topics(20_000), np.arange(20_000)).sketches is None


def test_vectors_of_many_zeros_are_not_sketched(few_are_many: None) -> None:
    vectors = np.where(np.abs(topics(20_000)) > 0.1, topics(20_000), 0.0).astype(np.float32)
    rows = filled(vectors, np.arange(20_000))
    assert rows.sketches is None
    (hits,) = search_rows(rows, vectors[7:8], 1)
    assert hits.refs.tolist() == [7]


def test_most_of_all_rows_are_found_without_sketches(few_are_many: None) -> None:
    vectors = topics(12_000)
    (hits,) = search_rows(filled(vectors, np.arange(12_000)), vectors[:1], 12_000)
    assert len(hits.refs) == 12_000


def test_no_more_is_proposed_than_there_is() -> None:
    made = sketch(topics(50))
    assert sorted(propose(made, topics(1)[0], 10).positions.tolist()) == list(range(50))


def test_where_signs_say_little_all_rows_are_compared(few_are_many: None) -> None:
    pick = np.random.default_rng(4)
    vectors = pick.standard_normal((30_000, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = pick.standard_normal((40, DIMENSION)).astype(np.float32)
    rows = filled(vectors, np.arange(30_000))
    assert rows.sketches is not None
    proposed, found = [], []
    for query in queries:
        nearest = np.argsort(-(vectors @ query), kind="stable")[:20]
        proposed.append(np.isin(nearest, propose(rows.sketches, query, 20).positions).mean())
        found.append(np.isin(nearest, search_rows(rows, query[np.newaxis], 20)[0].refs).mean())
    assert np.mean(proposed) < 0.95
    assert np.mean(found) > 0.95


def test_sketches_that_a_reader_made_while_room_was_made_are_made_again(few_are_many: None) -> None:
    """Room is made while readers go on; theirs may be as long as the old room was."""
    vectors = topics(24_000)
    rows = filled(vectors[:12_000], np.arange(12_000))
    made_by_reader = rows.sketches
    assert made_by_reader is not None
    rows.reserve(12_000)
    rows._sketches = made_by_reader.copy()
    rows.append(np.arange(12_000, 24_000), np.zeros(12_000, np.int32), vectors[12_000:])
    made = rows.sketches
    assert made is not None
    assert (made == sketch(vectors)).all()


def test_where_the_first_rows_proposed_prove_nothing_more_are_before_all_are_compared(
    few_are_many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, queries = topics(40_000), topics(20, seed=1)
    rows = filled(vectors, np.arange(40_000))
    exact = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :5]
    looked_at: list[int] = []

    def second_one_suffices(hits: VectorHits, refs: np.ndarray, scores: np.ndarray) -> bool:
        looked_at.append(len(refs))
        return len(looked_at) % 2 == 0

    def scan(self: Rows, queries: np.ndarray, k: int) -> None:
        raise AssertionError("all rows were compared")

    monkeypatch.setattr(ranking, "_nearer_half_suffices", second_one_suffices)
    monkeypatch.setattr(Rows, "nearest", scan)
    found = search_rows(rows, queries, 5)
    shares = [len(np.intersect1d(hits.refs, best)) / 5 for hits, best in zip(found, exact, strict=True)]
    assert np.mean(shares) > 0.98
    assert all(more > 3 * few for few, more in zip(looked_at[::2], looked_at[1::2], strict=True))

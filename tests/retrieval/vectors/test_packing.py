from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.conformance.memory_feed import MemoryFeed
from tests.conformance.vector_stores import units

from factloom.retrieval.vectors import FaissVectorIndex
from factloom.retrieval.vectors.packing import pack, unpack
from factloom.retrieval.vectors.rows import Rows
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

SPACE = "user/ana"
ANA = SpaceSet.of(SPACE)
RECORDS, DIMENSION = 6_000, 64
ALLOWED = 0.01
"""Of 64 numbers, those of a unit vector reach about 0.4, so that a cosine is off by 0.001 or so."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@given(arrays(np.float32, (3, 5), elements=st.floats(-1, 1, width=32)))
def test_each_number_is_off_by_half_a_step_at_most(vectors: Vectors) -> None:
    codes, scales = pack(vectors)
    assert (np.abs(unpack(codes, scales) - vectors) <= 0.501 * scales[:, np.newaxis] + 1e-37).all()


def test_rows_of_zeros_stay_zeros() -> None:
    codes, scales = pack(np.zeros((2, 4), np.float32))
    assert not codes.any()
    assert not unpack(codes, scales).any()


def test_rows_become_what_they_become_alone(rng: np.random.Generator) -> None:
    vectors = units(rng, 4, DIMENSION)
    together = pack(vectors)
    for row in range(4):
        codes, scales = pack(vectors[row : row + 1])
        assert np.array_equal(codes[0], together[0][row])
        assert scales[0] == together[1][row]


@pytest.fixture
def vectors(rng: np.random.Generator) -> Vectors:
    return units(rng, RECORDS, DIMENSION)


@pytest.fixture
def feed(vectors: Vectors) -> MemoryFeed:
    """Episodes of two parts each, enough to be sketched, and a tenth as many facts, which are not."""
    made = MemoryFeed()
    made.put(SPACE, "episode", ((ref, vectors[2 * ref : 2 * ref + 2]) for ref in range(RECORDS // 2)))
    made.put(SPACE, "fact", ((RECORDS + ref, vectors[ref : ref + 1]) for ref in range(RECORDS // 10)))
    return made


def packed_index(feed: MemoryFeed, folder: Path | None = None) -> FaissVectorIndex:
    return FaissVectorIndex(feed, packed_from=1, directory=folder)


@pytest.mark.parametrize("kind", ["episode", "fact"])
@pytest.mark.parametrize("queries", [1, 3])
def test_answers_are_those_of_whole_vectors_nearly(
    feed: MemoryFeed, rng: np.random.Generator, kind: str, queries: int
) -> None:
    asked = units(rng, queries, DIMENSION)
    exact, packed = FaissVectorIndex(feed), packed_index(feed)
    for want, have in zip(
        exact.search(asked, kind=kind, spaces=ANA, limit=20),
        packed.search(asked, kind=kind, spaces=ANA, limit=20),
        strict=True,
    ):
        assert np.allclose(want.scores, have.scores, atol=ALLOWED)
        assert len(set(want.refs.tolist()) & set(have.refs.tolist())) >= 18


@pytest.mark.parametrize("parts", ["whole", "best"])
def test_similarity_gives_the_same_bits_as_search(feed: MemoryFeed, rng: np.random.Generator, parts: str) -> None:
    asked, packed = units(rng, 1, DIMENSION), packed_index(feed)
    kind = "episode" if parts == "best" else "fact"
    (hits,) = packed.search(asked, kind=kind, spaces=ANA, limit=30)
    again = packed.similarity(asked, hits.refs, kind=kind, spaces=ANA, parts=parts)
    assert again[0].tolist() == hits.scores.tolist()
    (among,) = packed.search(asked, kind=kind, spaces=ANA, limit=30, among=hits.refs)
    assert among.scores.tolist() == hits.scores.tolist()
    missing = packed.similarity(asked, np.array([hits.refs[0], 10**9]), kind=kind, spaces=ANA)
    assert np.isnan(missing).tolist() == [[False, True]]


def test_memory_is_about_a_quarter() -> None:
    whole, packed = Rows(384), Rows(384, packed=True)
    for rows in (whole, packed):
        rows.append(np.arange(100), np.zeros(100, np.int32), np.ones((100, 384), np.float32))
    assert packed.nbytes < 0.27 * whole.nbytes


def test_records_come_and_go(feed: MemoryFeed, vectors: Vectors) -> None:
    packed = packed_index(feed)
    near = vectors[10:11]
    (before,) = packed.search(near, kind="fact", spaces=ANA, limit=1)
    assert before.refs.tolist() == [RECORDS + 10]
    feed.remove(SPACE, [RECORDS + 10])
    (after,) = packed.search(near, kind="fact", spaces=ANA, limit=1)
    assert after.refs.tolist() != before.refs.tolist()
    feed.put(SPACE, "fact", [(3 * RECORDS, near)])
    (again,) = packed.search(near, kind="fact", spaces=ANA, limit=1)
    assert again.refs.tolist() == [3 * RECORDS]
    assert packed.verify(spaces=ANA) == []


class TestSnapshots:
    def answers(self, index: FaissVectorIndex, vectors: Vectors) -> list[tuple[int, float]]:
        (hits,) = index.search(vectors[:1], kind="episode", spaces=ANA, limit=7)
        return list(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True))

    def test_packed_rows_are_read_back_as_they_were(self, feed: MemoryFeed, vectors: Vectors, tmp_path: Path) -> None:
        first = packed_index(feed, tmp_path)
        expected = self.answers(first, vectors)
        first.close()
        size = sum(path.stat().st_size for path in tmp_path.iterdir())
        assert size < RECORDS * 1.1 * (DIMENSION + DIMENSION // 8 + 24)
        calls = len(feed.calls)
        second = packed_index(feed, tmp_path)
        assert self.answers(second, vectors) == expected
        assert len(feed.calls) == calls, "the store was read though there is a snapshot"
        assert second.verify(spaces=ANA) == []

    def test_whole_vectors_in_a_file_are_packed(self, feed: MemoryFeed, vectors: Vectors, tmp_path: Path) -> None:
        before = FaissVectorIndex(feed, directory=tmp_path)
        self.answers(before, vectors)
        before.close()
        calls = len(feed.calls)
        packed = packed_index(feed, tmp_path)
        found = self.answers(packed, vectors)
        assert len(feed.calls) == calls, "the store was read though there is a snapshot"
        assert found == self.answers(packed_index(feed), vectors)
        assert packed.verify(spaces=ANA) == []

    def test_packed_rows_in_a_file_do_not_serve_whole_vectors(
        self, feed: MemoryFeed, vectors: Vectors, tmp_path: Path
    ) -> None:
        packed = packed_index(feed, tmp_path)
        self.answers(packed, vectors)
        packed.close()
        whole = FaissVectorIndex(feed, directory=tmp_path)
        assert self.answers(whole, vectors) == self.answers(FaissVectorIndex(feed), vectors)
        assert whole.verify(spaces=ANA) == []

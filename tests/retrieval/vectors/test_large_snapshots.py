"""Snapshots large enough to be used where the file holds them: what is damaged in one never reaches an answer."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conformance.memory_feed import MemoryFeed
from tests.retrieval.vectors.test_sketches import topics
from tests.retrieval.vectors.test_snapshots import ANA, SPACE, asked_after, holds

from factloom.retrieval.vectors import FaissVectorIndex, snapshot_file
from factloom.schemas.ports import VectorHits

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

RECORDS, DIMENSION = 11_500, 384
"""Of this many vectors, sketches propose some thousand, so that not every row is looked at."""


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return topics(RECORDS)


@pytest.fixture
def feed(vectors: Vectors) -> MemoryFeed:
    """Facts enough to be sketched, and some episodes of two parts each, which are not."""
    made = MemoryFeed()
    made.put(SPACE, "fact", ((ref, vectors[ref : ref + 1]) for ref in range(RECORDS)))
    made.put(SPACE, "episode", ((RECORDS + ref, vectors[2 * ref : 2 * ref + 2]) for ref in range(20)))
    return made


def answers(index: FaissVectorIndex, vectors: Vectors, *, limit: int = 7) -> list[list[tuple[int, float]]]:
    found: list[VectorHits] = []
    for kind in ("fact", "episode"):
        found += index.search(vectors[:3], kind=kind, spaces=ANA, limit=limit)
    likeness = index.similarity(vectors[:1], found[0].refs, kind="fact", spaces=ANA)
    assert likeness[0].tobytes() == found[0].scores.tobytes()
    return [list(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True)) for hits in found]


@pytest.fixture
def expected(feed: MemoryFeed, vectors: Vectors) -> list[list[tuple[int, float]]]:
    return answers(FaissVectorIndex(feed), vectors)


@pytest.fixture
def file(feed: MemoryFeed, tmp_path: Path, vectors: Vectors) -> Path:
    """The snapshot that a process leaves behind."""
    index = FaissVectorIndex(feed, directory=tmp_path)
    answers(index, vectors)
    index.close()
    (written,) = tmp_path.iterdir()
    assert written.stat().st_size > snapshot_file.MAPPED_FROM
    return written


def damage(file: Path, vector: Vectors) -> None:
    """Change one bit of the vector where the file holds it."""
    content = bytearray(file.read_bytes())
    content[content.index(vector.tobytes()) + 100] ^= 0x10
    file.write_bytes(content)


class TestLoading:
    def test_the_same_answers_without_reading_the_store(
        self,
        feed: MemoryFeed,
        file: Path,
        vectors: Vectors,
        expected: list[list[tuple[int, float]]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        seen = asked_after(feed, monkeypatch)
        index = FaissVectorIndex(feed, directory=file.parent)
        assert answers(index, vectors) == expected
        assert seen == []
        assert index.verify(spaces=ANA) == []

    @pytest.mark.parametrize("mapped", [True, False])
    def test_changes_are_followed_and_the_file_stays_as_it_was(
        self, feed: MemoryFeed, file: Path, vectors: Vectors, mapped: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshot_file, "_CAN_MAP", mapped)
        before = file.read_bytes()
        index = FaissVectorIndex(feed, directory=file.parent)
        answers(index, vectors)
        feed.put(SPACE, "fact", [(50_000, vectors[:1])])
        fresh = FaissVectorIndex(feed)
        assert answers(index, vectors) == answers(fresh, vectors)
        assert file.read_bytes() == before
        assert index.verify(spaces=ANA) == []

    def test_what_is_deleted_is_in_no_file_any_more(self, feed: MemoryFeed, file: Path, vectors: Vectors) -> None:
        index = FaissVectorIndex(feed, directory=file.parent)
        answers(index, vectors)
        assert holds(file.parent, vectors[100:101])
        feed.remove(SPACE, [100])
        assert answers(index, vectors) == answers(FaissVectorIndex(feed), vectors)
        assert not file.exists()
        index.close()
        assert file.exists()
        assert not holds(file.parent, vectors[100:101])

    def test_whole_vectors_in_a_file_are_packed_when_they_are_to_be(
        self, feed: MemoryFeed, file: Path, vectors: Vectors
    ) -> None:
        packed = FaissVectorIndex(feed, directory=file.parent, packed_from=1)
        assert answers(packed, vectors) == answers(FaissVectorIndex(feed, packed_from=1), vectors)

    def test_one_of_an_older_format_is_replaced(
        self,
        feed: MemoryFeed,
        file: Path,
        vectors: Vectors,
        expected: list[list[tuple[int, float]]],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        content = file.read_bytes()
        older = content.replace(b'"format": 4', b'"format": 3', 1)
        assert older != content
        file.write_bytes(older)
        index = FaissVectorIndex(feed, directory=file.parent)
        with caplog.at_level(logging.INFO, logger="factloom"):  # a command run before may have set it
            assert answers(index, vectors) == expected
        assert "has another format" in caplog.text
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        index.close()
        assert file.read_bytes() == content


class TestDamage:
    def test_a_damaged_row_is_found_before_it_is_used(
        self,
        feed: MemoryFeed,
        file: Path,
        vectors: Vectors,
        expected: list[list[tuple[int, float]]],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        good = file.read_bytes()
        damage(file, vectors[1:2])
        index = FaissVectorIndex(feed, directory=file.parent)
        assert answers(index, vectors) == expected
        assert "cannot be used" in caplog.text
        assert SPACE not in caplog.text
        assert index.verify(spaces=ANA) == []
        index.close()
        assert file.read_bytes() == good

    def test_a_row_that_no_search_looks_at_does_not_spoil_what_is_written_next(
        self, feed: MemoryFeed, file: Path, vectors: Vectors, caplog: pytest.LogCaptureFixture
    ) -> None:
        far = int(np.argmin((vectors @ vectors[:3].T).max(axis=1)))
        damage(file, vectors[far : far + 1])
        index = FaissVectorIndex(feed, directory=file.parent)
        answers(index, vectors)
        assert not caplog.text
        feed.put(SPACE, "fact", [(50_000 + ref, vectors[ref : ref + 1]) for ref in range(600)])
        assert answers(index, vectors) == answers(FaissVectorIndex(feed), vectors)
        assert "cannot be used" in caplog.text
        index.close()
        again = FaissVectorIndex(feed, directory=file.parent)
        assert again.verify(spaces=ANA) == []

    def test_changes_of_another_kind_do_not_write_damaged_rows_anew(
        self, feed: MemoryFeed, file: Path, vectors: Vectors, caplog: pytest.LogCaptureFixture
    ) -> None:
        far = int(np.argmin((vectors @ vectors[:3].T).max(axis=1)))
        damage(file, vectors[far : far + 1])
        index = FaissVectorIndex(feed, directory=file.parent)
        answers(index, vectors)
        feed.put(SPACE, "entity", [(60_000 + ref, vectors[ref : ref + 1]) for ref in range(800)])
        answers(index, vectors)
        index.close()
        assert "cannot be used" in caplog.text
        assert list(file.parent.iterdir()) == []
        assert answers(FaissVectorIndex(feed, directory=file.parent), vectors) == answers(
            FaissVectorIndex(feed), vectors
        )

    @pytest.mark.parametrize("place", [300, 5_000, 100_000, 300_000, 700_000])
    def test_damage_before_the_vectors_is_found_at_once(
        self,
        feed: MemoryFeed,
        file: Path,
        vectors: Vectors,
        expected: list[list[tuple[int, float]]],
        place: int,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        content = bytearray(file.read_bytes())
        content[place] ^= 0x01
        file.write_bytes(content)
        index = FaissVectorIndex(feed, directory=file.parent)
        index.search(vectors[:1], kind="episode", spaces=ANA, limit=1)
        assert "cannot be used" in caplog.text
        assert answers(index, vectors) == expected

    def test_verify_mends_what_nobody_looked_at(
        self, feed: MemoryFeed, file: Path, vectors: Vectors, caplog: pytest.LogCaptureFixture
    ) -> None:
        damage(file, vectors[-1:])
        index = FaissVectorIndex(feed, directory=file.parent)
        assert index.verify(spaces=ANA) == []
        assert "cannot be used" in caplog.text

    def test_threads_that_meet_it_together_all_get_right_answers(
        self, feed: MemoryFeed, file: Path, vectors: Vectors, expected: list[list[tuple[int, float]]]
    ) -> None:
        damage(file, vectors[0:1])
        index = FaissVectorIndex(feed, directory=file.parent)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: answers(index, vectors), range(8)))
        assert found == [expected] * 8


_KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from tests.conformance.memory_feed import MemoryFeed
from tests.retrieval.vectors.test_large_snapshots import RECORDS, SPACE, answers
from tests.retrieval.vectors.test_sketches import topics
from factloom.retrieval.vectors import FaissVectorIndex

vectors = topics(RECORDS)
feed = MemoryFeed()
for start in (0, 50_000, 100_000):
    feed.put(SPACE, "fact", ((start + ref, vectors[ref : ref + 1]) for ref in range(RECORDS)))
index = FaissVectorIndex(feed, directory=Path(sys.argv[1]))
answers(index, vectors)
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
index.close()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_process_killed_while_it_writes_leaves_the_one_before(
    feed: MemoryFeed,
    file: Path,
    vectors: Vectors,
    expected: list[list[tuple[int, float]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_WHILE_WRITING, str(file.parent)], check=False, cwd=Path.cwd()
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(list(file.parent.iterdir())) == 2, "nothing was being written"
    seen = asked_after(feed, monkeypatch)
    assert answers(FaissVectorIndex(feed, directory=file.parent), vectors) == expected
    assert seen == []

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conformance.memory_feed import MemoryFeed
from tests.conformance.vector_stores import units

from factloom.retrieval.vectors import FaissVectorIndex
from factloom.retrieval.vectors.snapshots import SUFFIX
from factloom.schemas.errors import StoreUnavailableError, VectorIndexError
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import VectorChanges, Vectors

DIMENSION = 16
SPACE = "user/ana@example.com"
ANA = SpaceSet.of(SPACE)
RECORDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def vectors() -> Vectors:
    return units(np.random.default_rng(1), 2 * RECORDS, DIMENSION)


@pytest.fixture
def feed(vectors: Vectors) -> MemoryFeed:
    made = MemoryFeed()
    made.put(SPACE, "episode", ((ref, vectors[2 * ref : 2 * ref + 2]) for ref in range(RECORDS)))
    made.put(SPACE, "fact", ((RECORDS + ref, vectors[ref : ref + 1]) for ref in range(RECORDS)))
    return made


def open_index(feed: MemoryFeed, folder: Path, dimension: int | None = None) -> FaissVectorIndex:
    return FaissVectorIndex(feed, dimension=dimension, directory=folder, min_snapshot_rows=10)


def answers(index: FaissVectorIndex, vectors: Vectors) -> list[list[tuple[int, float]]]:
    return [
        list(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True))
        for kind in ("episode", "fact")
        for hits in index.search(vectors[:5], kind=kind, spaces=ANA, limit=7)
    ]


def write_snapshot(feed: MemoryFeed, folder: Path, vectors: Vectors) -> Path:
    """Search and close; returns the file."""
    index = open_index(feed, folder)
    answers(index, vectors)
    index.close()
    (file,) = folder.iterdir()
    return file


def holds(folder: Path, vector: Vectors) -> bool:
    """Whether the vector is in any file."""
    return any(vector.tobytes() in path.read_bytes() for path in folder.iterdir())


def asked_after(feed: MemoryFeed, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sequence numbers after which the feed is asked from now on; 0 means that the whole store is read."""
    seen: list[int] = []
    original = feed.vector_changes

    def spy(space: str, *, after: int, limit: int = 20_000) -> VectorChanges:
        seen.append(after)
        return original(space, after=after, limit=limit)

    monkeypatch.setattr(feed, "vector_changes", spy)
    return seen


class TestLoading:
    def test_the_same_answers_without_reading_the_store(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = open_index(feed, folder)
        expected = answers(first, vectors)
        first.close()
        seen = asked_after(feed, monkeypatch)
        second = open_index(feed, folder, DIMENSION)
        assert answers(second, vectors) == expected
        assert seen == []
        assert second.verify(spaces=ANA) == []

    def test_what_came_later_is_read_from_the_store(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_snapshot(feed, folder, vectors)
        feed.put(SPACE, "fact", [(999, vectors[:1])])
        seen = asked_after(feed, monkeypatch)
        index = open_index(feed, folder)
        (hits,) = index.search(vectors[:1], kind="fact", spaces=ANA, limit=2)
        assert hits.refs.tolist() == [RECORDS, 999]
        assert seen == [2]

    def test_names_of_spaces_are_in_no_file(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        file = write_snapshot(feed, folder, vectors)
        assert "ana" not in file.name
        assert SPACE.encode() not in file.read_bytes()

    @pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
    def test_only_the_owner_may_read_it(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        file = write_snapshot(feed, folder, vectors)
        assert file.stat().st_mode & 0o077 == 0
        assert folder.stat().st_mode & 0o077 == 0

    def test_small_spaces_get_none(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        index = FaissVectorIndex(feed, directory=folder)
        answers(index, vectors)
        index.close()
        assert not folder.exists() or not list(folder.iterdir())


class TestRefusal:
    @pytest.mark.parametrize("place", [0, 18, 25, 400, 5000, -2, -200])
    def test_a_damaged_one_is_told_ignored_and_written_anew(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors, place: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = write_snapshot(feed, folder, vectors)
        good = file.read_bytes()
        damaged = bytearray(good)
        damaged[place] ^= 0x55
        file.write_bytes(bytes(damaged))
        fresh = FaissVectorIndex(feed)
        with caplog.at_level(logging.WARNING):
            index = open_index(feed, folder)
            assert answers(index, vectors) == answers(fresh, vectors)
        assert "cannot be used" in caplog.text
        assert SPACE not in caplog.text
        index.close()
        assert len(file.read_bytes()) == len(good)
        assert answers(open_index(feed, folder), vectors) == answers(fresh, vectors)

    @pytest.mark.parametrize("size", [0, 5, 21, 150, 9000])
    def test_a_truncated_one_is_ignored(self, feed: MemoryFeed, folder: Path, vectors: Vectors, size: int) -> None:
        file = write_snapshot(feed, folder, vectors)
        file.write_bytes(file.read_bytes()[:size])
        assert answers(open_index(feed, folder), vectors) == answers(FaissVectorIndex(feed), vectors)

    def test_that_of_another_store_is_ignored(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        file = write_snapshot(feed, folder, vectors)
        other = MemoryFeed("another-store")
        for first in (0, 10):
            other.put(SPACE, "fact", [(ref, vectors[ref : ref + 1]) for ref in range(first, first + 10)])
        expected = answers(FaissVectorIndex(other), vectors)
        index = open_index(other, folder)
        answers(index, vectors)
        index.close()
        (others,) = set(folder.iterdir()) - {file}
        others.write_bytes(file.read_bytes())
        assert answers(open_index(other, folder), vectors) == expected

    def test_a_newer_one_than_the_store_is_ignored(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        """The store was put back from a backup."""
        write_snapshot(feed, folder, vectors)
        older = MemoryFeed()
        older.put(SPACE, "fact", [(7, vectors[:1])])
        index = open_index(older, folder)
        assert index.search(vectors[:1], kind="fact", spaces=ANA, limit=9)[0].refs.tolist() == [7]

    def test_one_of_another_dimension_is_ignored(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        write_snapshot(feed, folder, vectors)
        again = MemoryFeed()
        for _ in range(3):
            again.put(SPACE, "fact", [(7, np.eye(1, 4, dtype=np.float32))])
        index = open_index(again, folder, dimension=4)
        (hits,) = index.search(np.eye(1, 4, dtype=np.float32), kind="fact", spaces=ANA, limit=9)
        assert hits.refs.tolist() == [7]


class TestForgetting:
    def test_a_deleted_vector_is_in_no_file(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        write_snapshot(feed, folder, vectors)
        secret = vectors[6:7]
        assert holds(folder, secret)
        feed.remove(SPACE, [3, RECORDS + 6])
        index = open_index(feed, folder)
        answers(index, vectors)
        assert not holds(folder, secret)
        index.close()
        assert list(folder.iterdir())
        assert not holds(folder, secret)

    def test_forget_leaves_no_file_at_once(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        index = open_index(feed, folder)
        write_snapshot(feed, folder, vectors)
        (folder / (next(folder.iterdir()).stem + ".x7.tmp")).write_bytes(b"left by a process that was killed")
        index.forget(SpaceSet.of("user/ben"))
        assert len(list(folder.iterdir())) == 2
        index.forget(ANA)
        assert list(folder.iterdir()) == []

    def test_forgetting_everything_spares_other_stores(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        file = write_snapshot(feed, folder, vectors)
        other = MemoryFeed("another-store")
        FaissVectorIndex(other, directory=folder).forget(SpaceSet.everything())
        assert file.exists()
        FaissVectorIndex(feed, directory=folder).forget(SpaceSet.everything())
        assert not file.exists()

    def test_a_process_that_lags_behind_does_not_bring_it_back(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors
    ) -> None:
        lagging = open_index(feed, folder)
        answers(lagging, vectors)
        feed.remove(SPACE, [3, RECORDS + 6])
        open_index(feed, folder).forget(ANA)
        lagging.close()
        assert list(folder.iterdir())
        assert not holds(folder, vectors[6:7])

    def test_a_deletion_while_the_file_is_written_takes_it_away(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index = open_index(feed, folder)
        answers(index, vectors)
        replace = Path.replace

        def slow_replace(self: Path, target: Path) -> Path:
            if 3 in feed._stored[SPACE]:
                feed.remove(SPACE, [3, RECORDS + 6])
                open_index(feed, folder).search(vectors[:1], kind="fact", spaces=ANA, limit=1)
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", slow_replace)
        index.close()
        assert not holds(folder, vectors[6:7])

    def test_a_file_that_cannot_be_deleted_is_told(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_snapshot(feed, folder, vectors)

        def refuse(self: Path, missing_ok: bool = False) -> None:
            raise PermissionError(13, "Permission denied")

        index = open_index(feed, folder)
        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(VectorIndexError, match="could not be deleted"):
            index.forget(ANA)

    def test_abandoned_files_are_swept_when_they_are_old(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors
    ) -> None:
        stem = write_snapshot(feed, folder, vectors).stem
        old, young = folder / f"{stem}.a.tmp", folder / f"{stem}.b.tmp"
        old.touch()
        young.touch()
        os.utime(old, (time.time() - 7200,) * 2)
        feed.put(SPACE, "fact", [(1000 + ref, vectors[:1]) for ref in range(100)])
        index = open_index(feed, folder)
        answers(index, vectors)
        index.close()
        assert (old.exists(), young.exists()) == (False, True)


class TestWriting:
    def test_two_may_write_the_same_at_once(self, feed: MemoryFeed, folder: Path, vectors: Vectors) -> None:
        expected = answers(FaissVectorIndex(feed), vectors)
        indexes = [open_index(feed, folder) for _ in range(6)]
        for index in indexes:
            answers(index, vectors)
        threads = [threading.Thread(target=index.close) for index in indexes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (file,) = folder.iterdir()
        assert file.suffix == SUFFIX
        assert answers(open_index(feed, folder), vectors) == expected

    def test_a_folder_that_cannot_be_written_costs_only_the_snapshot(
        self, feed: MemoryFeed, tmp_path: Path, vectors: Vectors, caplog: pytest.LogCaptureFixture
    ) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("not a folder")
        index = open_index(feed, blocked)
        with caplog.at_level(logging.WARNING):
            assert answers(index, vectors) == answers(FaissVectorIndex(feed), vectors)
            index.close()
        assert "not written" in caplog.text
        assert SPACE not in caplog.text

    def test_a_store_that_is_closed_already_costs_only_the_snapshot(
        self, feed: MemoryFeed, folder: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index = open_index(feed, folder)
        answers(index, vectors)

        def closed(space: str) -> int:
            raise StoreUnavailableError("the store is closed")

        monkeypatch.setattr(feed, "sequence", closed)
        index.close()
        assert not folder.exists() or not list(folder.iterdir())

    def test_large_changes_are_written_before_close(self, folder: Path) -> None:
        feed = MemoryFeed()
        rng = np.random.default_rng(2)
        feed.put(SPACE, "fact", enumerate(units(rng, 21_000, 4)[:, np.newaxis]))
        index = FaissVectorIndex(feed, directory=folder)
        index.search(units(rng, 1, 4), kind="fact", spaces=ANA, limit=1)
        (file,) = folder.iterdir()
        written = file.stat().st_mtime_ns
        feed.put(SPACE, "fact", [(30_000, units(rng, 1, 4))])
        index.search(units(rng, 1, 4), kind="fact", spaces=ANA, limit=1)
        index.close()
        assert file.stat().st_mtime_ns == written, "one row more is not worth writing all again"

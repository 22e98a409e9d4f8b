"""Batches side by side: each is done once, and the first error comes out."""

from __future__ import annotations

import threading

import pytest

from factloom.retrieval.embedders.sessions import for_each


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_each_batch_is_done_once(threads: int, count: int) -> None:
    done: list[list[int]] = []
    for_each(done.append, [[number] for number in range(count)], threads=threads)
    assert sorted(done) == [[number] for number in range(count)]


def test_two_batches_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=30)  # broken, and so an error, unless both are here at the same time
    for_each(lambda _: (meeting.wait(), None)[1], [[0], [1]], threads=2)


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    for_each(lambda _: None, [[0], [1], [2]], threads=3)
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("error", [IndexError, KeyboardInterrupt])
def test_an_error_comes_out_and_ends_the_rest(threads: int, error: type[BaseException]) -> None:
    begun: list[int] = []

    def run(batch: list[int]) -> None:
        begun.extend(batch)
        raise error("it failed")

    with pytest.raises(error, match="it failed"):
        for_each(run, [[number] for number in range(20)], threads=threads)
    assert len(begun) <= threads

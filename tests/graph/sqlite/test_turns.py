from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from factloom.graph.sqlite.turns import Turns
from factloom.schemas.cancellation import Cancellation
from factloom.schemas.errors import CancelledError

_word: ContextVar[str] = ContextVar("word", default="none")


@pytest.fixture
def turns() -> Turns:
    return Turns()


@contextmanager
def somebody_at_work(turns: Turns) -> Iterator[threading.Event]:
    """Another thread has the turn until the block ends; it sets the event when it may go on earlier."""
    began, may_end = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        may_end.wait()

    holder = threading.Thread(target=turns.run, args=(work,))
    holder.start()
    began.wait()
    try:
        yield may_end
    finally:
        may_end.set()
        holder.join()


def wait_until_queued(turns: Turns, count: int) -> None:
    while len(turns._waiting) < count:
        time.sleep(0.001)


def test_who_is_alone_works_at_once_in_the_own_thread(turns: Turns) -> None:
    before = threading.active_count()
    assert turns.run(threading.get_ident) == threading.get_ident()
    assert threading.active_count() == before


def test_one_at_a_time_on_one_thread_and_each_gets_its_own(turns: Turns) -> None:
    inside: list[int] = []
    threads: set[int] = set()

    def work(number: int) -> int:
        inside.append(number)
        assert inside == [number], "two at a time"
        time.sleep(0.0005)
        inside.remove(number)
        threads.add(threading.get_ident())
        if number % 5 == 0:
            raise ValueError(str(number))
        return number

    def ask(number: int) -> int:
        try:
            return turns.run(lambda: work(number))
        except ValueError as error:
            return -int(str(error))

    with somebody_at_work(turns) as may_end, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(1, 40)]
        wait_until_queued(turns, 8)
        may_end.set()
        answers = [each.result() for each in asked]
    assert answers == [-number if number % 5 == 0 else number for number in range(1, 40)]
    assert len(threads) < 8, "what waits runs on one thread"


def test_first_come_first_served(turns: Turns) -> None:
    done: list[int] = []
    with somebody_at_work(turns) as may_end:
        waiting = []
        for number in range(4):
            waiting.append(threading.Thread(target=turns.run, args=(lambda number=number: done.append(number),)))
            waiting[-1].start()
            wait_until_queued(turns, number + 1)
        may_end.set()
        for thread in waiting:
            thread.join()
    assert done == [0, 1, 2, 3]


def test_work_sees_the_variables_of_who_asks(turns: Turns) -> None:
    seen: list[str] = []

    def ask() -> None:
        _word.set("mine")
        seen.append(turns.run(_word.get))

    with somebody_at_work(turns) as may_end:
        asking = threading.Thread(target=ask)
        asking.start()
        wait_until_queued(turns, 1)
        may_end.set()
        asking.join()
    assert seen == ["mine"]


def test_work_that_asks_for_a_turn_runs_at_once(turns: Turns) -> None:
    assert turns.run(lambda: turns.run(lambda: turns.run(threading.get_ident))) == threading.get_ident()


def test_who_has_no_time_left_goes_on_without_a_turn(turns: Turns) -> None:
    with somebody_at_work(turns):
        assert turns.run(threading.get_ident, seconds=0.01) == threading.get_ident()
        assert turns.run(threading.get_ident, seconds=0.0) == threading.get_ident()


def test_nobody_waits_for_what_takes_very_long(turns: Turns) -> None:
    with somebody_at_work(turns), ThreadPoolExecutor(3) as pool:
        assert len(list(pool.map(turns.run, [threading.get_ident] * 6))) == 6
        assert turns.run(threading.get_ident) == threading.get_ident()


def test_who_is_cancelled_while_waiting_does_not_begin(turns: Turns) -> None:
    done: list[int] = []
    raised: list[BaseException] = []
    cancellation = Cancellation()

    def ask() -> None:
        with cancellation.applied():
            try:
                turns.run(lambda: done.append(1))
            except CancelledError as error:
                raised.append(error)

    with somebody_at_work(turns):
        asking = threading.Thread(target=ask)
        asking.start()
        wait_until_queued(turns, 1)
        cancellation.cancel()
        asking.join()
    turns.run(lambda: done.append(2))
    assert len(raised) == 1
    assert done == [2]


def test_an_interrupt_gives_the_turn_back(turns: Turns) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        turns.run(interrupted)
    with ThreadPoolExecutor(1) as pool:
        own = pool.submit(threading.get_ident).result()
        assert pool.submit(turns.run, threading.get_ident).result() == own


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_turns_of_its_own(turns: Turns) -> None:
    with somebody_at_work(turns):
        child = os.fork()
        if child == 0:
            os._exit(0 if turns.run(threading.get_ident) == threading.get_ident() and not turns._waiting else 1)
        assert os.waitpid(child, 0)[1] == 0

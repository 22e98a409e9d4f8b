"""Helper threads do their work elsewhere, are used again, and end when there is none."""

import os
import threading
import time

import pytest

from factloom.retrieval.helper_threads import HelperThreads


def _done_by(helpers: HelperThreads) -> threading.Thread:
    """The thread that did some work."""
    over, by = threading.Event(), []

    def work() -> None:
        by.append(threading.current_thread())
        over.set()

    helpers.start(work)
    assert over.wait(10)
    return by[0]


def _wait_until_idle(helpers: HelperThreads) -> None:
    end = time.monotonic() + 10
    while not helpers._idle and time.monotonic() < end:
        time.sleep(0.001)
    assert helpers._idle


def test_work_is_done_in_a_daemon_thread_of_that_name() -> None:
    thread = _done_by(HelperThreads("helper-of-a-test"))
    assert thread is not threading.current_thread()
    assert thread.name == "helper-of-a-test"
    assert thread.daemon


def test_a_thread_that_is_done_is_used_again() -> None:
    helpers = HelperThreads("again")
    first = _done_by(helpers)
    _wait_until_idle(helpers)
    assert _done_by(helpers) is first


def test_work_does_not_wait_for_other_work() -> None:
    helpers = HelperThreads("side-by-side")
    go_on, begun = threading.Event(), threading.Event()

    def long_work() -> None:
        begun.set()
        go_on.wait(10)

    helpers.start(long_work)
    assert begun.wait(10)
    assert _done_by(helpers).is_alive()
    assert not go_on.is_set()
    go_on.set()


def test_an_idle_thread_ends_and_another_is_started() -> None:
    helpers = HelperThreads("short-lived", idle=0.01)
    first = _done_by(helpers)
    first.join(10)
    assert not first.is_alive()
    assert not helpers._idle
    assert _done_by(helpers) is not first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_starts_its_own() -> None:
    helpers = HelperThreads("forked")
    _done_by(helpers)
    _wait_until_idle(helpers)
    child = os.fork()
    if not child:  # no assertion may leave the child: it would go on with the other tests
        over = threading.Event()
        helpers.start(over.set)
        os._exit(0 if over.wait(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

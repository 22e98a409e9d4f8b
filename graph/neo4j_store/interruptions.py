"""Calls that no signal cuts in the middle: what the main thread asks of the driver runs in a thread of its own.

Ctrl-C raises KeyboardInterrupt wherever the main thread happens to be. In the middle of a message that leaves a
connection of the driver's which gives the next call the rest of this one's answer, whoever asks. Signals reach the main
thread only, so it waits outside, and the call ends in order: a read is forgotten, a write is rolled back at its
next statement.
"""

from __future__ import annotations

import contextvars
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class GivenUpError(Exception):
    """Nobody waits for this call any more; it ends here."""


class Call:
    """One call under way. ``given_up``: whoever asked for it was interrupted."""

    def __init__(self) -> None:
        self.given_up = False

    def check(self) -> None:
        """Go on only if somebody waits.

        Raises:
            GivenUpError: nobody does.
        """
        if self.given_up:
            raise GivenUpError("interrupted")


class Uninterrupted:
    """Runs calls of one store, those of the main thread in a thread that is kept for the next; others as they are.

    The thread is a daemon: a process that ends does not wait for a server.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._idle: queue.SimpleQueue[Callable[[], None]] | None = None

    def run(self, work: Callable[[Call], T]) -> T:
        """What ``work`` returns or raises; an exception that interrupts the wait goes through at once."""
        call = Call()
        if threading.current_thread() is not threading.main_thread():
            return work(call)
        context = contextvars.copy_context()
        done: Future[T] = Future()

        def answer() -> None:
            try:
                done.set_result(context.run(work, call))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                done.set_exception(error)

        thread = self._take()
        thread.put(answer)
        try:
            return done.result()
        finally:
            if done.done():
                self._idle = thread
            else:
                call.given_up = True
                thread.put(_end)

    def _take(self) -> queue.SimpleQueue[Callable[[], None]]:
        """The thread that is kept, or a new one; one that came through a fork is only its shadow."""
        kept, self._idle = self._idle, None
        if kept is not None and self._pid == os.getpid():
            return kept
        self._pid = os.getpid()
        calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=_serve, args=(calls,), name="factloom-neo4j", daemon=True).start()
        return calls

    def close(self) -> None:
        """End the thread that is kept."""
        kept, self._idle = self._idle, None
        if kept is not None:
            kept.put(_end)


def _serve(calls: queue.SimpleQueue[Callable[[], None]]) -> None:
    while (call := calls.get()) is not _end:
        call()


def _end() -> None:
    """Stands for the end of a thread."""

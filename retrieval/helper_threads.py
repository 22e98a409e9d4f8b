"""Helper threads: daemon threads that are kept a while, so that handing over work seldom waits for one to start.

To start a thread takes a quarter of a millisecond, in which its starter waits: a twenty-fifth of a whole search.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Final

_IDLE: Final = 10.0
"""Seconds without work after which a helper ends."""

Work = Callable[[], None]


class HelperThreads:
    """As many threads as there is work at once; whoever has done some waits for more. Not kept across a fork.

    Args:
        name: of the threads.
        idle: seconds that one waits.
    """

    def __init__(self, name: str, *, idle: float = _IDLE) -> None:
        self._name = name
        self._idle_seconds = idle
        self._begin_process()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_process)  # threads do not come along

    def _begin_process(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[queue.SimpleQueue[Work]] = []

    def start(self, work: Work) -> None:
        """Have ``work``, which must not raise, done in another thread, beginning at once."""
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            threading.Thread(target=self._help, args=(work,), name=self._name, daemon=True).start()
        else:
            inbox.put(work)

    def _help(self, work: Work) -> None:
        inbox: queue.SimpleQueue[Work] = queue.SimpleQueue()
        while True:
            work()
            del work  # and what it returned
            with self._lock:
                self._idle.append(inbox)
            try:
                work = inbox.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    if inbox in self._idle:
                        self._idle.remove(inbox)
                        return
                work = inbox.get()  # somebody took it from the list at the last moment

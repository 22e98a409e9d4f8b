"""Turns: searches of the embedded store go one after another, on one thread when several ask at once.

A search here is Python and SQLite in one process: one thread runs at a time anyway, and each step of a statement is an
occasion to hand over. Handing over to a thread on another processor core costs what the caches held: four threads on
two cores answered half as many questions a second as one (docs/decisions/013-turns.md). On one thread the work stays
where its data is. Turns are about speed alone: who cannot have one in time goes on without.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Final, Generic, TypeVar

from factloom.schemas.cancellation import check_cancelled, current_cancellation

T = TypeVar("T")

_LONG: Final = 0.2
"""Seconds after which nobody waits for what runs any longer: it loads a large space, or a disk is slow."""

_LOOK: Final = 0.05
"""Seconds between looks at whether to wait any longer."""

_IDLE: Final = 10.0
"""Seconds without work after which the thread ends."""


class Turns:
    """Runs one piece of work at a time; implements ``schemas.ports.Turns``.

    Who comes when nobody is here runs at once, in its own thread; else one thread runs what waits, first come first
    served. Work that asks for a turn itself runs at once.
    """

    def __init__(self) -> None:
        self._begin_process()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_process)  # threads do not come along

    def _begin_process(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._waiting: deque[_Errand[Any]] = deque()
        self._runs: int | None = None  # in which thread something runs
        self._since = 0.0
        self._has_thread = False

    def run(self, work: Callable[[], T], *, seconds: float | None = None) -> T:
        """What ``work`` returns or raises; it runs without a turn when it got none within ``seconds``.

        Raises:
            CancelledError: the caller was cancelled while it waited.
        """
        me = threading.get_ident()
        errand: _Errand[T] | None = None
        mine = False
        try:
            with self._changed:
                if self._runs is None and not self._waiting:
                    mine = True
                    self._runs, self._since = me, time.monotonic()
                elif self._runs != me and not self._takes_long():
                    errand = _Errand(work)
                    self._waiting.append(errand)
                    self._see_to_thread()
            return work() if errand is None else self._await(errand, seconds)
        finally:
            if mine:
                self._end()

    def _takes_long(self) -> bool:
        return self._runs is not None and time.monotonic() - self._since > _LONG

    def _end(self) -> None:
        with self._changed:
            self._runs = None
            if self._waiting:
                self._changed.notify()

    def _see_to_thread(self) -> None:
        if not self._has_thread:
            self._has_thread = True
            threading.Thread(target=self._work, name="factloom-turns", daemon=True).start()

    def _await(self, errand: _Errand[T], seconds: float | None) -> T:
        """What comes of ``errand``, by whoever runs it."""
        cancellation = current_cancellation()
        if cancellation is not None:
            cancellation.on_cancel(errand.over.set)
        end = None if seconds is None else time.monotonic() + seconds
        try:
            while not errand.over.wait(_LOOK if end is None else max(0.0, min(_LOOK, end - time.monotonic()))):
                late = end is not None and time.monotonic() >= end
                if (late or self._takes_long()) and self._withdraw(errand):
                    return errand.work()
                if late:
                    end = None  # it has begun, and knows its time itself
            check_cancelled()
        except BaseException:
            self._withdraw(errand)
            raise
        return errand.outcome()

    def _withdraw(self, errand: _Errand[Any]) -> bool:
        """Whether ``errand`` was still waiting; it does so no more."""
        with self._changed:
            try:
                self._waiting.remove(errand)
            except ValueError:
                return False
            return True

    def _work(self) -> None:
        """Run what waits, until nothing came for a while."""
        me = threading.get_ident()
        while True:
            with self._changed:
                while self._runs is not None or not self._waiting:
                    if not self._changed.wait(_IDLE) and not self._waiting:
                        self._has_thread = False
                        return
                errand = self._waiting.popleft()
                self._runs, self._since = me, time.monotonic()
            errand.run()
            del errand  # and what it returned
            with self._changed:
                self._runs = None


class _Errand(Generic[T]):
    """Work to be done in another thread, with the context variables of who asks, and what came of it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work
        self.over = threading.Event()
        self._context = copy_context()
        self._returned: list[T] = []
        self._raised: BaseException | None = None

    def run(self) -> None:
        try:
            self._returned.append(self._context.run(self.work))
        except BaseException as error:  # noqa: BLE001  (raised again by who waits)
            self._raised = error
        finally:
            self.over.set()

    def outcome(self) -> T:
        if self._raised is not None:
            raise self._raised
        return self._returned[0]


TURNS: Final = Turns()
"""Those of all embedded stores in this process, since they share what there is too little of."""

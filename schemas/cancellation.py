"""Cancellation: a caller that no longer waits says so, and the work that it waits for ends at its next step.

The token goes along in a context variable, so that no signature names it: who starts work in another thread sets it
there, and steps that may stop ask `check_cancelled`. Writes never ask: a transaction is kept whole or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from factloom.schemas.errors import CancelledError

_current: ContextVar[Cancellation | None] = ContextVar("factloom_cancellation", default=None)


class Cancellation:
    """Says once, from any thread, that nobody waits any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._waiting: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether it was said."""
        return self._cancelled

    def cancel(self) -> None:
        """Say it; who waits with `on_cancel` is called, in this thread. Safe to call twice."""
        with self._lock:
            self._cancelled = True
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def on_cancel(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when it is said; at once if it was."""
        with self._lock:
            if not self._cancelled:
                self._waiting.append(wake)
                return
        wake()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """What runs in this block, in this thread, can be cancelled by this token."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def current_cancellation() -> Cancellation | None:
    """The token of the work that runs here, None if nobody can cancel it."""
    return _current.get()


def check_cancelled() -> None:
    """End here if nobody waits for this work any more.

    Raises:
        CancelledError: it was cancelled.
    """
    current = _current.get()
    if current is not None and current.cancelled:
        raise CancelledError("the call was cancelled by its caller")

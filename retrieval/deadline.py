"""Deadline: how long a search may take, and calls that cannot be interrupted but need not be waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from factloom.retrieval.helper_threads import HelperThreads
from factloom.schemas.cancellation import check_cancelled, current_cancellation
from factloom.schemas.errors import InvalidInputError

T = TypeVar("T")

_MOST_AT_ONCE: Final = 64
"""Calls in threads of their own, those left alone included: a service that hangs is not asked ever again."""

_slots = threading.BoundedSemaphore(_MOST_AT_ONCE)
_helpers = HelperThreads("factloom-wait")


class TimeLimitPassed(Exception):  # noqa: N818  (nothing failed: the caller goes on without)
    """There was no time left to wait for a call."""


class Deadline:
    """The end of a search's time; notes what was left out for want of it.

    Args:
        seconds: from now on; None: no end.
        timer: seconds of a clock that never goes back.

    Raises:
        InvalidInputError: ``seconds`` is no positive number.
    """

    def __init__(self, seconds: float | None = None, *, timer: Callable[[], float] = time.monotonic) -> None:
        if seconds is not None and (
            not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 < seconds < float("inf")
        ):
            raise InvalidInputError(f"time_limit must be a positive number of seconds, got {seconds!r}")
        self._timer = timer
        self._end = None if seconds is None else timer() + seconds

    @property
    def passed(self) -> bool:
        """Whether time is up.

        Raises:
            CancelledError: nobody waits for the search any more.
        """
        check_cancelled()
        return self._end is not None and self._timer() >= self._end

    def wait_for(self, call: Callable[[], T]) -> T:
        """What ``call`` returns or raises, if it does so in time.

        Where there is an end, or somebody who may cancel, it runs in a thread of its own, which is left alone when it
        takes too long: a model or a service cannot be interrupted, but what asked for it can go on.

        Raises:
            TimeLimitPassed: it did not, or there was no time left to begin.
            CancelledError: nobody waits for the search any more.
        """
        if self.passed:
            raise TimeLimitPassed
        if self._end is None and current_cancellation() is None:
            return call()
        return self.outcome(self.begin(call))

    def begin(self, call: Callable[[], T]) -> Errand[T]:
        """Let ``call`` run in a thread of its own; `outcome` waits for it.

        Raises:
            TimeLimitPassed: there was no time left to begin.
            CancelledError: nobody waits for the search any more.
        """
        if self.passed:
            raise TimeLimitPassed
        errand = Errand(call)
        cancellation = current_cancellation()
        if cancellation is not None:
            cancellation.on_cancel(errand.over.set)
        if not _slots.acquire(timeout=self.remaining()):
            raise TimeLimitPassed
        _helpers.start(errand.run)
        return errand

    def outcome(self, errand: Errand[T]) -> T:
        """What an errand's call returns or raises, if it does so in time; raises as `wait_for` does."""
        errand.over.wait(self.remaining())
        check_cancelled()
        return errand.outcome()

    def remaining(self) -> float | None:
        """Seconds left, at least 0; None where there is no end."""
        return None if self._end is None else max(0.0, self._end - self._timer())


class Errand(Generic[T]):
    """A call in a thread of its own, and what came of it."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._returned: list[T] = []
        self._raised: BaseException | None = None
        self.over = threading.Event()

    def run(self) -> None:
        """Make the call, and say that it is over."""
        try:
            self._returned.append(self._call())
        except BaseException as error:  # noqa: BLE001  (raised again by who waits)
            self._raised = error
        finally:
            _slots.release()
            self.over.set()

    def outcome(self) -> T:
        """What it returned or raised, as far as it got."""
        if self._raised is not None:
            raise self._raised
        if not self._returned:
            raise TimeLimitPassed
        return self._returned[0]

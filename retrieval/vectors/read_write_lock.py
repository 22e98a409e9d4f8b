"""A lock that many readers hold together, or one writer alone; a waiting writer goes before new readers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


class ReadWriteLock:
    """Not reentrant: a thread that reads must not ask to read again, as a writer may be waiting in between."""

    __slots__ = ("_changed", "_readers", "_reading", "_waiting", "_writing")

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._readers = 0
        self._waiting = 0
        self._writing = False
        self._reading = _Reading(self)

    def reading(self) -> AbstractContextManager[None]:
        """Hold it together with other readers."""
        return self._reading

    def _begin_reading(self) -> None:
        with self._changed:
            while self._writing or self._waiting:
                self._changed.wait()
            self._readers += 1

    def _end_reading(self) -> None:
        with self._changed:
            self._readers -= 1
            if self._waiting and not self._readers:
                self._changed.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold it alone."""
        with self._changed:
            self._waiting += 1
            try:
                while self._writing or self._readers:
                    self._changed.wait()
            finally:
                self._waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()


class _Reading(AbstractContextManager[None]):
    """``ReadWriteLock.reading``: one object for all readers, since a search enters several times."""

    __slots__ = ("_lock",)

    def __init__(self, lock: ReadWriteLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._lock._begin_reading()

    def __exit__(self, *raised: object) -> None:
        self._lock._end_reading()

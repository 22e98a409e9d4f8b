"""The way to the server: one driver a process, reads that are retried, one write at a time, all in bounded time.

A read is one auto-committed statement in READ mode, so that a cluster may send it to a follower; bookmarks make sure
that this process sees what it has written. A write is one managed transaction of the driver, which repeats it after
deadlocks and changes of leader. ``Session`` objects are made for each, since they are cheap and not to be shared.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import neo4j
from neo4j import exceptions as neo4j_errors

from factloom.graph.neo4j_store import failures
from factloom.graph.neo4j_store.interruptions import Call, Uninterrupted
from factloom.schemas.errors import ConfigurationError, InvalidInputError, StoreDatabaseError, StoreServerError

T = TypeVar("T")

# The driver logs what it raises as well; without a handler of the user's, that would go to stderr beside our errors.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

SCHEMES: Final = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")

_OLDEST: Final = (5, 26)
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class Runner(Protocol):
    """Runs statements, in a transaction or each in its own."""

    def rows(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """All rows that the statement gives, each a list of its columns.

        Lists go in as parts of one map, ``{"w": {"refs": […]}}`` and ``UNWIND $w.refs AS ref``: the server makes a new
        plan for every order of magnitude of a list that is a parameter of its own.
        """


@dataclass(frozen=True)
class Access:
    """How to reach and use a server; times in seconds."""

    uri: str
    user: str = "neo4j"
    password: str = field(default="", repr=False)
    database: str | None = None
    pool_size: int = 20
    connection_timeout: float = 5.0
    acquisition_timeout: float = 15.0
    max_retry_time: float = 10.0
    transaction_timeout: float = 120.0
    busy_timeout: float = 15.0

    @property
    def place(self) -> str:
        """The address and the database, without credentials, for messages."""
        parts = urlsplit(self.uri)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}" + (f" (database {self.database})" if self.database else "")


def check_uri(uri: str) -> str:
    """``uri``, if it is one of a Neo4j server.

    Raises:
        ConfigurationError: another scheme, no host, a path, or credentials in it, which would end up in logs.
    """
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    shown = f"{parts.scheme}://{host}"
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(f"{shown} is not the address of a Neo4j server; begin it with {', '.join(SCHEMES)}://")
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"the address {shown} was given with credentials in it; put them into neo4j.user and neo4j.password "
            "(FACTLOOM_NEO4J__USER, FACTLOOM_NEO4J__PASSWORD), since addresses end up in logs"
        )
    if not host:
        raise ConfigurationError(f"the address {uri} has no host, such as {parts.scheme}://localhost:7687")
    if parts.path.strip("/"):
        raise ConfigurationError(
            f"the address {uri} has a path; the name of a database goes into neo4j.database (FACTLOOM_NEO4J__DATABASE)"
        )
    return uri


def check_server(agent: str, place: str) -> None:
    """See that the server is a Neo4j that we can work with; ``agent`` is how it names itself.

    Raises:
        StoreServerError: it is older than 5.26, or no Neo4j.
    """
    product, _, version = agent.partition("/")
    numbers = version.split("-")[0].split(".")
    try:
        found = (int(numbers[0]), int(numbers[1]))
    except (ValueError, IndexError):
        found = (0, 0)
    if product != "Neo4j" or found < _OLDEST:
        raise StoreServerError(
            f"the server {place} is {agent}; Neo4j {_OLDEST[0]}.{_OLDEST[1]} or newer is needed, such as the image "
            "neo4j:5.26-community"
        )


class _Unmanaged:
    """Statements that commit by themselves, in READ mode."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        return self._connection.read(text, parameters)


class Managed:
    """Statements of one transaction. The driver's errors come out as they are, so that the driver can retry."""

    def __init__(self, transaction: neo4j.ManagedTransaction, call: Call) -> None:
        self._transaction = transaction
        self._call = call

    def rows(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """All rows that the statement gives."""
        self._call.check()
        return self._transaction.run(text, parameters).values()  # type: ignore[arg-type]


class Connection:
    """One store's way to its server. Every failure comes out as an error of our tree."""

    def __init__(self, access: Access) -> None:
        check_uri(access.uri)
        self.access = access
        self.place = access.place
        self._closed = False
        self._calls = Uninterrupted()
        self._begin_process()

    # --- the driver ---

    def _begin_process(self) -> None:
        self._pid = os.getpid()
        self._driver: neo4j.Driver | None = None
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        self._owner: int | None = None

    def driver(self) -> neo4j.Driver:
        """The driver of this process; one that came through a fork is left alone, as its sockets are the parent's."""
        self.check_open()
        if os.getpid() != self._pid:
            self._inherited = self._driver  # neither used nor closed here
            self._begin_process()
        driver = self._driver
        if driver is None:
            with self._opening:
                driver = self._driver or self._connect()
                self._driver = driver
        return driver

    def _connect(self) -> neo4j.Driver:
        access = self.access
        try:
            return neo4j.GraphDatabase.driver(
                access.uri,
                auth=(access.user, access.password),
                connection_timeout=access.connection_timeout,
                connection_acquisition_timeout=access.acquisition_timeout,
                max_connection_pool_size=access.pool_size,
                max_transaction_retry_time=access.max_retry_time,
                keep_alive=True,
                user_agent="factloom",
                # Hints about our own, tested statements are of no use to whoever runs them.
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
                telemetry_disabled=True,
            )
        except (neo4j_errors.DriverError, ValueError, TypeError) as error:
            raise ConfigurationError(f"the driver refused the settings of {self.place}: {error}") from error

    def _session(self, mode: str) -> neo4j.Session:
        return self.driver().session(
            database=self.access.database, default_access_mode=mode, bookmark_manager=self._bookmarks()
        )

    def _bookmarks(self) -> neo4j.api.BookmarkManager:
        return self.driver().execute_query_bookmark_manager

    # --- reading ---

    @property
    def reading(self) -> Runner:
        """Runs each statement on its own, in READ mode."""
        return _Unmanaged(self)

    def read(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """The rows of one statement in READ mode, tried again while the server is away, for a bounded time."""

        def once() -> list[list[Any]]:
            with self._session(neo4j.READ_ACCESS) as session:
                return session.run(text, parameters).values()  # type: ignore[arg-type]

        return self.retried(once)

    def retried(self, once: Callable[[], T]) -> T:
        """What ``once`` returns, tried again on errors that the driver holds to be passing.

        Raises:
            StoreError: it failed for another reason, or for longer than ``max_retry_time``.
        """
        return self._calls.run(lambda call: self._retried(once, call))

    def _retried(self, once: Callable[[], T], call: Call) -> T:
        deadline = time.monotonic() + self.access.max_retry_time
        pause = _FIRST_PAUSE
        while True:
            call.check()
            try:
                return once()
            except failures.DRIVER_FAILURES as error:
                if not is_passing(error) or time.monotonic() + pause > deadline:
                    raise failures.translate(error, self.place) from error
            time.sleep(pause * (0.5 + random.random()))
            pause = min(_LONGEST_PAUSE, pause * 2)

    # --- writing ---

    def write(self, work: Callable[[Managed], T]) -> T:
        """Run ``work`` in one transaction in WRITE mode, one at a time in this process; it may run again.

        A server that goes away while it commits leaves open whether it did; ``work`` runs again then, and has to find
        out by itself (see ``Writer``).

        Raises:
            InvalidInputError: called inside ``work``.
            StoreUnavailableError: no turn within ``busy_timeout``, or the server is away for too long.
        """
        return self._calls.run(lambda call: self._write_in_turn(work, call))

    def _write_in_turn(self, work: Callable[[Managed], T], call: Call) -> T:
        self.driver()
        me = threading.get_ident()
        if self._owner == me:
            raise InvalidInputError("write() inside write(): do all of it in one function, on the transaction given")
        if not self._writing.acquire(timeout=self.access.busy_timeout):
            raise failures.busy(self.place, self.access.busy_timeout)
        try:
            self._owner = me
            return self._write(work, call)
        finally:
            self._owner = None
            self._writing.release()

    def _write(self, work: Callable[[Managed], T], call: Call) -> T:
        timed = neo4j.unit_of_work(timeout=self.access.transaction_timeout)
        managed = timed(lambda transaction: work(Managed(transaction, call)))
        deadline = time.monotonic() + 2 * self.access.max_retry_time
        while True:
            call.check()
            try:
                with self._session(neo4j.WRITE_ACCESS) as session:
                    return session.execute_write(managed)
            except neo4j_errors.IncompleteCommit as error:
                if time.monotonic() > deadline:
                    raise failures.translate(error, self.place) from error
            except failures.DRIVER_FAILURES as error:
                raise failures.translate(error, self.place) from error

    def run_alone(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """The rows of one statement that must have a transaction of its own, such as the making of an index."""

        def once() -> list[list[Any]]:
            with self._session(neo4j.WRITE_ACCESS) as session:
                return session.run(text, parameters).values()  # type: ignore[arg-type]

        return self.retried(once)

    # --- opening and closing ---

    def check(self) -> None:
        """Reach the server, log in, and see that it is one that we can work with.

        Raises:
            StoreError: see ``failures``.
        """
        if self.access.database == "system":
            raise StoreDatabaseError(
                "the database system holds no data of anybody's; leave neo4j.database out, or name another one"
            )

        def look(_: Call) -> str:
            with self._session(neo4j.READ_ACCESS) as session:
                return session.run("RETURN 1").consume().server.agent

        try:
            agent = self._calls.run(look)
        except failures.DRIVER_FAILURES as error:
            raise failures.translate(error, self.place) from error
        check_server(agent, self.place)

    def check_open(self) -> None:
        """See that the store was not closed.

        Raises:
            StoreUnavailableError: it was.
        """
        if self._closed:
            raise failures.closed(self.place)

    def close(self) -> None:
        """Close the driver, after a write that is under way; safe to call twice."""
        if self._closed or os.getpid() != self._pid:
            self._closed = True
            return
        with self._writing, self._opening:
            self._closed = True
            if self._driver is not None:
                self._driver.close()
                self._driver = None
            self._calls.close()

    def __del__(self) -> None:
        # Whoever forgot to close gets no warning of the driver's; a constructor that failed has nothing to close.
        if getattr(self, "_driver", None) is not None:
            self.close()


def is_passing(error: Exception) -> bool:
    """Whether the driver holds that the same statement may succeed in a moment."""
    return isinstance(error, neo4j_errors.Neo4jError | neo4j_errors.DriverError) and error.is_retryable()

"""One SQLite connection, whose every failure comes out as an error of our tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from factloom.graph.sqlite.failures import translate

R = TypeVar("R")
Row = tuple[Any, ...]
Parameters = Sequence[Any] | dict[str, Any]

_FAILURES: Final = (sqlite3.Error, UnicodeEncodeError, OverflowError)


class Database:
    """Thin wrapper of a connection: statements with rows in and out, and transactions."""

    __slots__ = ("__weakref__", "_busy_timeout", "connection", "path")

    def __init__(self, connection: sqlite3.Connection, path: str, busy_timeout: float) -> None:
        self.connection = connection
        self.path = path
        self._busy_timeout = busy_timeout

    def __del__(self) -> None:
        # A reader goes with its thread; without this, Python 3.13 warns of the unclosed connection.
        self.connection.close()

    def _failed(self, error: Exception) -> Exception:
        return translate(error, self.path, self._busy_timeout)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows that ``sql`` gives."""
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except _FAILURES as error:
            raise self._failed(error) from error

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row that ``sql`` gives."""
        try:
            found: Row | None = self.connection.execute(sql, parameters).fetchone()
        except _FAILURES as error:
            raise self._failed(error) from error
        return found

    def read(self, sql: str, parameters: Parameters, take: Callable[[Iterable[Row]], R]) -> R:
        """What ``take`` makes of the rows, without a list in between."""
        try:
            return take(self.connection.execute(sql, parameters))
        except _FAILURES as error:
            raise self._failed(error) from error

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement; returns how many rows it changed."""
        try:
            return self.connection.execute(sql, parameters).rowcount
        except _FAILURES as error:
            raise self._failed(error) from error

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run a statement once per row."""
        try:
            self.connection.executemany(sql, rows)
        except _FAILURES as error:
            raise self._failed(error) from error

    def run_script(self, script: str) -> None:
        """Run several statements inside the transaction that is open (``executescript`` would commit it)."""
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self.run(statement)
                statement = ""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.connection.in_transaction

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """A transaction that is committed at the end, or rolled back on any exception."""
        self.run(begin)
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some errors, such as a full disk.
            if self.connection.in_transaction:
                self.run("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads of one state of the store; within a transaction they see that one's."""
        if self.connection.in_transaction:
            yield
            return
        with self.transaction("BEGIN"):
            yield

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Statements inside an open transaction that count all or not at all."""
        self.run("SAVEPOINT call")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.run("ROLLBACK TO call")
                self.run("RELEASE call")
            raise
        self.run("RELEASE call")

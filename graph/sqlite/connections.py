"""Opens the store's file with care, and hands out one reading connection per thread and one for writing."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import threading
import time
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from factloom.graph.sqlite import failures
from factloom.graph.sqlite.database import Database
from factloom.graph.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION
from factloom.schemas.errors import (
    ConfigurationError,
    InvalidInputError,
    StoreUnavailableError,
    StoreVersionError,
)

MEMORY: Final = ":memory:"

_MAGIC: Final = b"SQLite format 3\x00"
_OLDEST: Final = (3, 37, 0)  # STRICT tables
_WAL_LIMIT: Final = 64 * 2**20
_CACHE_KIB: Final = 64 * 1024


def _leak(database: Database) -> None:
    """Keep a connection alive for ever: one that came through a fork must be neither used nor closed.

    Closing it would make SQLite believe that it is the last one and remove the log under the parent's feet
    (https://www.sqlite.org/howtocorrupt.html, 2.6).
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(database))


class Connections:
    """All connections of one store object: readers by thread, one writer, in-process exclusion of writers."""

    def __init__(self, path: Path | str, busy_timeout: float) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise ConfigurationError(f"SQLite 3.37 or newer is needed, this Python has {sqlite3.sqlite_version}")
        self.in_memory = str(path) == MEMORY
        self.path = MEMORY if self.in_memory else str(Path(path).expanduser().absolute())
        self.busy_timeout = busy_timeout
        self._closed = False
        self._begin_process()
        if self.in_memory:
            database = self._connect()
            self._migrate(database)
        else:
            self._check_file()
            database = self._create()
        self._writer: Database | None = database

    def _begin_process(self) -> None:
        self._pid = os.getpid()
        self._writing = threading.RLock()
        self._opening = threading.Lock()
        self._owner: int | None = None
        self._local = threading.local()
        self._readers: weakref.WeakSet[Database] = weakref.WeakSet()

    def _check_process(self) -> None:
        if self._closed:
            raise StoreUnavailableError(f"the store {self.path} is closed; open it again")
        if os.getpid() != self._pid:
            held, writer = list(self._readers), self._writer
            self._begin_process()
            if self.in_memory:
                return  # a copy of its own, with no file to share
            self._writer = None
            for database in [*held, *([writer] if writer else [])]:
                _leak(database)

    # --- opening ---

    def _check_file(self) -> None:
        """Refuse what is not ours by its first bytes, before SQLite may touch it."""
        path = Path(self.path)
        try:
            if path.is_dir():
                raise InvalidInputError(f"the store {path} is a folder; give the path of a file in it")
            path.parent.mkdir(parents=True, exist_ok=True)
            head = self._head(path)
        except FileNotFoundError:
            head = b""
        except OSError as error:
            raise failures.read_only(self.path, error.strerror or str(error)) from error
        if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
            raise failures.read_only(self.path, "permission denied")
        if not head:
            return
        if not head.startswith(_MAGIC):
            raise failures.foreign(self.path, "is not an SQLite file")
        if len(head) < 100:
            raise failures.damaged(self.path, "its header is cut short")
        application, in_wal_mode = int.from_bytes(head[68:72], "big"), head[18] == 2
        if application == APPLICATION_ID:
            return
        if application or in_wal_mode or self._has_tables():
            raise failures.foreign(self.path, "belongs to another program")

    @staticmethod
    def _head(path: Path) -> bytes:
        with path.open("rb") as file:
            return file.read(100)

    def _has_tables(self) -> bool:
        uri = f"{Path(self.path).as_uri()}?mode=ro"
        looking = Database(sqlite3.connect(uri, uri=True, isolation_level=None), self.path, self.busy_timeout)
        found = looking.row("SELECT EXISTS (SELECT 1 FROM sqlite_master)")
        return bool(found and found[0])

    def _connect(self) -> Database:
        try:
            connection = sqlite3.connect(
                self.path,
                timeout=self.busy_timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
        except sqlite3.Error as error:
            raise failures.translate(error, self.path, self.busy_timeout) from error
        database = Database(connection, self.path, self.busy_timeout)
        database.run("PRAGMA foreign_keys = ON")
        database.run("PRAGMA secure_delete = ON")
        database.run("PRAGMA synchronous = FULL")
        database.run(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.run(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        return database

    def _create(self) -> Database:
        """Create or migrate the file if need be, then switch it to write-ahead logging.

        The tables and the application id are committed before WAL is switched on, so that the header of a file
        with tables always says whose it is, whatever moment the process died at.
        """
        database = self._connect()
        self._check_version(database)
        self._migrate(database)
        deadline = time.monotonic() + self.busy_timeout
        while True:
            try:
                mode = database.row("PRAGMA journal_mode = WAL")
                break
            except StoreUnavailableError:
                # SQLite does not wait for this one by itself.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        if mode is None or mode[0] != "wal":
            raise failures.read_only(self.path, "write-ahead logging cannot be switched on, as on network drives")
        return database

    def _check_version(self, database: Database) -> int:
        found = database.row("PRAGMA user_version")
        version = int(found[0]) if found else 0
        if version > VERSION:
            raise StoreVersionError(
                f"the store {self.path} has format {version}, this factloom reads up to {VERSION}: upgrade factloom "
                "(pip install --upgrade factloom), or give the path of another file"
            )
        return version

    def _migrate(self, database: Database) -> None:
        if self._check_version(database) == VERSION:
            return
        with database.transaction("BEGIN IMMEDIATE"):
            for number in range(self._check_version(database), VERSION):
                database.run_script(MIGRATIONS[number])
                if number == 0:
                    database.run(f"PRAGMA application_id = {APPLICATION_ID}")
                    database.run("INSERT INTO meta (name, value) VALUES ('store_id', ?)", (str(uuid.uuid4()),))
            database.run(f"PRAGMA user_version = {VERSION}")

    # --- handing out ---

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """The connection on which this thread reads."""
        self._check_process()
        if self.in_memory:
            with self._writing:
                yield self._the_writer()
            return
        database: Database | None = getattr(self._local, "database", None)
        if database is None:
            database = self._connect()
            with self._opening:
                self._check_process()
                self._readers.add(database)
            self._local.database = database
        yield database

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """The connection for writing, for one thread at a time.

        Raises:
            InvalidInputError: this thread is writing already.
            StoreUnavailableError: another thread writes for longer than the busy timeout.
        """
        self._check_process()
        me = threading.get_ident()
        if self._owner == me:
            raise InvalidInputError("write() inside write(): do all of it in one function, on the transaction given")
        if not self._writing.acquire(timeout=self.busy_timeout):
            raise failures.locked(self.path, self.busy_timeout)
        try:
            self._check_process()
            self._owner = me
            yield self._the_writer()
        finally:
            self._owner = None
            self._writing.release()

    def _the_writer(self) -> Database:
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def close(self) -> None:
        """Close all connections; waits for a write that is under way."""
        if self._closed or os.getpid() != self._pid:
            self._closed = True
            return
        with self._writing, self._opening:
            self._closed = True
            for database in [*self._readers, *([self._writer] if self._writer else [])]:
                database.connection.close()
            self._writer = None

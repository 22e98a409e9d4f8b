"""What went wrong in SQLite, in words of our own error tree: the one place that reads its error codes."""

from __future__ import annotations

import sqlite3
from typing import Final

from factloom.schemas.errors import (
    ForeignStoreError,
    InvalidInputError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
)


class ConstraintError(StoreError):
    """The database refused a row that breaks one of its rules."""


# SQLite's primary result codes, https://www.sqlite.org/rescode.html
_PERM: Final = 3
_BUSY: Final = 5
_LOCKED: Final = 6
_READONLY: Final = 8
_IOERR: Final = 10
_CORRUPT: Final = 11
_FULL: Final = 13
_CANTOPEN: Final = 14
_CONSTRAINT: Final = 19
_NOTADB: Final = 26


def damaged(path: str, detail: str) -> StoreCorruptError:
    """The error for a damaged file, with the way out."""
    return StoreCorruptError(
        f"the store {path} is damaged ({detail}); restore a backup, "
        f"or save what can be read with: sqlite3 {path} .recover | sqlite3 recovered.db"
    )


def foreign(path: str, detail: str) -> ForeignStoreError:
    """The error for a file of another program."""
    return ForeignStoreError(
        f"{path} {detail}; it was left as it is. Give the path of a factloom store, or of a file that does not "
        "exist yet. If this was a factloom store, it is damaged: restore a backup"
    )


def read_only(path: str, detail: str) -> StoreReadOnlyError:
    """The error for a file or folder that cannot be written."""
    return StoreReadOnlyError(
        f"the store {path} cannot be written ({detail}); allow writing to the file and its folder, "
        "or give the path of another file"
    )


def locked(path: str, seconds: float) -> StoreUnavailableError:
    """The error for a writer that did not get its turn."""
    return StoreUnavailableError(
        f"the store {path} was locked by another writer for more than {seconds:g} s; try again, or raise busy_timeout"
    )


def translate(error: Exception, path: str, busy_timeout: float) -> StoreError | InvalidInputError:
    """The error of our tree that says what ``error`` means for the store at ``path``."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidInputError(f"a text holds a lone surrogate (position {error.start}), which is not valid Unicode")
    if isinstance(error, OverflowError):
        return InvalidInputError(f"a number is too large to be stored: {error}")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailableError(f"the store {path} is closed; open it again")
    if isinstance(error, sqlite3.DataError):
        return InvalidInputError(f"a value is too large to be stored: {error}")
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else -1
    detail = f"{error}, {getattr(error, 'sqlite_errorname', type(error).__name__)}"
    if primary in (_BUSY, _LOCKED):
        return locked(path, busy_timeout)
    if primary == _FULL:
        return StoreFullError(f"no space is left for the store {path}: make room; the write that failed was undone")
    if primary in (_READONLY, _PERM):
        return read_only(path, detail)
    if primary == _CANTOPEN:
        return StoreUnavailableError(
            f"the store {path} cannot be opened ({detail}); see that its folder exists, is readable and writable, "
            "and that the process may open more files"
        )
    if primary == _CORRUPT:
        return damaged(path, detail)
    if primary == _NOTADB:
        return foreign(path, "is not an SQLite file")
    if primary == _CONSTRAINT or isinstance(error, sqlite3.IntegrityError):
        return ConstraintError(f"the store {path} refused a row: {error}")
    if primary == _IOERR:
        return StoreUnavailableError(f"reading or writing the store {path} failed ({detail}); check the disk")
    return StoreError(f"the store {path} failed ({detail})")

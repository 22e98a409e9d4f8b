"""Snapshots: a block in a file, so that a process starts without reading every vector out of the store.

`snapshot_file` says what is in one. Its name is made of hashes: neither name nor header tells the space. It is written
under another name, flushed to disk and renamed, so a reader sees a whole file or none. A snapshot is a cache: whatever
is wrong with one, the store is read instead.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from factloom.retrieval.vectors.row_checks import DamagedRowsError
from factloom.retrieval.vectors.snapshot_file import OtherFormatError, Snapshot, read_snapshot, write_snapshot
from factloom.schemas.errors import VectorIndexError

SUFFIX: Final = ".vectors"

_ABANDONED_SECONDS: Final = 3600

_log = logging.getLogger(__name__)


class Snapshots:
    """The snapshots of one store in one folder, which other stores and processes may share."""

    def __init__(self, directory: Path, store_id: Callable[[], str]) -> None:
        self._directory = directory
        self._ask_store_id = store_id
        self._store_id: str | None = None

    def load(self, space: str, *, dimension: int | None, newest: int) -> Snapshot | None:
        """The snapshot of ``space``, unless it is missing, damaged, of another store, or newer than ``newest``."""
        path = self._path(space)
        try:
            with path.open("rb") as file:
                found = read_snapshot(file)
        except FileNotFoundError:
            return None
        except OtherFormatError:
            _log.info("the index snapshot %s has another format; the store is read instead", path.name)
            self._discard(space)
            return None
        except (OSError, VectorIndexError) as error:
            self.refuse(space, error)
            return None
        header, snapshot = found
        usable = (
            header["store"] == self._store()
            and header["space"] == _digest(space)
            and snapshot.sequence <= newest
            and dimension in (None, snapshot.dimension)
        )
        if not usable:
            _log.info("the index snapshot %s is outdated; the store is read instead", path.name)
            self._discard(space)
            return None
        return snapshot

    def refuse(self, space: str, error: OSError | VectorIndexError) -> None:
        """Say why the snapshot of ``space`` cannot be used, and delete it."""
        reason = error.strerror if isinstance(error, OSError) else error
        name = self._path(space).name
        _log.warning("the index snapshot %s cannot be used (%s); the store is read instead", name, reason)
        self._discard(space)

    def save(self, space: str, snapshot: Snapshot) -> bool:
        """Write the snapshot of ``space``; False, with a warning, if that failed: it is only a cache."""
        path = self._path(space)
        texts = {"store": self._store(), "space": _digest(space)}
        temporary: Path | None = None
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep(path.stem)
            handle, name = tempfile.mkstemp(dir=self._directory, prefix=path.stem + ".", suffix=".tmp")
            temporary = Path(name)
            with os.fdopen(handle, "wb") as file:
                write_snapshot(file, texts, snapshot)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            # The other process that removed the unfinished file did so because a record was deleted: all is well.
            _log.warning("the index snapshot %s was not written (%s)", path.name, error.strerror)
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            return False
        except DamagedRowsError as error:
            self.refuse(space, error)  # with what was begun of the new one
            return False
        return True

    def _sweep(self, stem: str) -> None:
        """Delete what a process that was killed while writing left behind."""
        for path in list(self._directory.glob(f"{stem}.*.tmp")):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink(missing_ok=True)

    def remove(self, space: str) -> None:
        """Delete the snapshot of ``space``, unfinished ones included.

        Raises:
            VectorIndexError: a file could not be deleted.
        """
        self._delete(self._path(space).stem)

    def remove_all(self) -> None:
        """Delete all snapshots of this store; raises as ``remove``."""
        self._delete(self._prefix())

    def _delete(self, prefix: str) -> None:
        deleted = False
        try:
            for path in list(self._directory.glob(prefix + "*")):
                path.unlink(missing_ok=True)
                deleted = True
            if deleted and os.name == "posix":
                folder = os.open(self._directory, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise VectorIndexError(
                f"an index snapshot in {self._directory} could not be deleted ({error.strerror}); "
                "deleted vectors may still be in it: delete the folder"
            ) from error

    def _discard(self, space: str) -> None:
        try:
            self.remove(space)
        except VectorIndexError as error:
            _log.warning("%s", error)

    def _store(self) -> str:
        if self._store_id is None:
            self._store_id = self._ask_store_id()
        return self._store_id

    def _prefix(self) -> str:
        return _digest(self._store())[:16] + "-"

    def _path(self, space: str) -> Path:
        return self._directory / f"{self._prefix()}{_digest(space)[:40]}{SUFFIX}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

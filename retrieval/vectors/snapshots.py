"""Snapshots: a block in a file, so that a process starts without reading every vector out of the store.

A file holds ``MAGIC``, the length of a JSON header (uint32), the header, and for each kind refs (int64), parts
(int32) and vectors (float32; where they are packed int8, and a factor for each, float32), all in the machine's byte
order; then the CRC-32 of everything before it. Its name is made of hashes: neither name nor header tells the space.
It is written under another name, flushed to disk and renamed, so a reader sees a whole file or none. A snapshot is a
cache: whatever is wrong with one, the store is read instead.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.vectors.rows import Rows
from factloom.schemas.errors import VectorIndexError

MAGIC: Final = b"factloom vectors\n"
FORMAT: Final = 2
SUFFIX: Final = ".vectors"

_ABANDONED_SECONDS: Final = 3600

_log = logging.getLogger(__name__)


class Snapshot(NamedTuple):
    """What a file holds: the rows of each kind at a sequence number."""

    sequence: int
    dimension: int
    kinds: dict[str, Rows]


class _OtherFormatError(VectorIndexError):
    """It was written by another version, or on another kind of machine."""


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
                found = _read(file)
        except FileNotFoundError:
            return None
        except _OtherFormatError:
            _log.info("the index snapshot %s has another format; the store is read instead", path.name)
            self._discard(space)
            return None
        except (OSError, VectorIndexError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            _log.warning("the index snapshot %s cannot be used (%s); the store is read instead", path.name, reason)
            self._discard(space)
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

    def save(self, space: str, snapshot: Snapshot) -> bool:
        """Write the snapshot of ``space``; False, with a warning, if that failed: it is only a cache."""
        path = self._path(space)
        header = {
            "format": FORMAT,
            "byteorder": sys.byteorder,
            "store": self._store(),
            "space": _digest(space),
            "sequence": snapshot.sequence,
            "dimension": snapshot.dimension,
            "kinds": [[kind, rows.count, rows.packed] for kind, rows in snapshot.kinds.items()],
        }
        temporary: Path | None = None
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep(path.stem)
            handle, name = tempfile.mkstemp(dir=self._directory, prefix=path.stem + ".", suffix=".tmp")
            temporary = Path(name)
            with os.fdopen(handle, "wb") as file:
                _write(file, header, snapshot)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            # The other process that removed the unfinished file did so because a record was deleted: all is well.
            _log.warning("the index snapshot %s was not written (%s)", path.name, error.strerror)
            if temporary is not None:
                temporary.unlink(missing_ok=True)
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


def _write(file: BinaryIO, header: Mapping[str, object], snapshot: Snapshot) -> None:
    encoded = json.dumps(header).encode()
    checksum = 0
    for chunk in (MAGIC, struct.pack("=I", len(encoded)), encoded):
        file.write(chunk)
        checksum = zlib.crc32(chunk, checksum)
    for rows in snapshot.kinds.values():
        for array in rows.arrays:
            content = _bytes_of(array[: rows.count])
            file.write(content)
            checksum = zlib.crc32(content, checksum)
    file.write(struct.pack("=I", checksum))


def _bytes_of(array: NDArray[np.generic]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _read(file: BufferedReader) -> tuple[dict[str, str], Snapshot]:
    """Header and content.

    Raises:
        VectorIndexError: it is damaged or of another format.
    """
    size = os.fstat(file.fileno()).st_size
    start = file.read(len(MAGIC) + 4)
    if len(start) != len(MAGIC) + 4 or not start.startswith(MAGIC):
        raise VectorIndexError("it does not begin as one")
    (length,) = struct.unpack("=I", start[len(MAGIC) :])
    encoded = file.read(min(length, size))
    header, sequence, dimension, counts = _parse(encoded)
    needed = len(start) + length + 4 + sum(count * _row_bytes(dimension, packed) for _, count, packed in counts)
    if size != needed:
        raise VectorIndexError(f"it has {size} bytes instead of {needed}")
    checksum = zlib.crc32(encoded, zlib.crc32(start))

    def read_into(array: NDArray[Any]) -> None:
        nonlocal checksum
        content = _bytes_of(array)
        if file.readinto(content) != len(content):
            raise VectorIndexError("it ends too early")
        checksum = zlib.crc32(content, checksum)

    kinds: dict[str, Rows] = {}
    for kind, count, packed in counts:
        kinds[kind] = Rows(dimension, packed=packed)
        kinds[kind].fill(count, read_into)
    if file.read() != struct.pack("=I", checksum):
        raise VectorIndexError("its checksum is wrong")
    return header, Snapshot(sequence, dimension, kinds)


def _row_bytes(dimension: int, packed: bool) -> int:
    return 12 + (dimension + 4 if packed else 4 * dimension)


def _parse(encoded: bytes) -> tuple[dict[str, str], int, int, list[tuple[str, int, bool]]]:
    """The header with its numbers checked, so that a damaged one cannot ask for absurd amounts of memory."""
    try:
        header = json.loads(encoded)
        if (header["format"], header["byteorder"]) != (FORMAT, sys.byteorder):
            raise _OtherFormatError("it has another format")
        sequence, dimension = int(header["sequence"]), int(header["dimension"])
        counts = [(str(kind), int(count), bool(packed)) for kind, count, packed in header["kinds"]]
        texts = {name: str(header[name]) for name in ("store", "space")}
    except (ValueError, KeyError, TypeError) as error:
        raise VectorIndexError("its header is damaged") from error
    if sequence < 0 or dimension < 1 or any(count < 0 for _, count, _ in counts):
        raise VectorIndexError("its header is damaged")
    return texts, sequence, dimension, counts

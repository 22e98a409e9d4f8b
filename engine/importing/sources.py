"""Opening a file to import: what cannot be one is said at once; a byte order mark and gzip are seen through."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from factloom.schemas.errors import ImportFormatError, InvalidInputError

STANDARD_INPUT: Final = Path("-")
"""Stands for standard input where a file is meant."""

_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Source:
    """A file that is being read: its (unpacked) bytes, past the byte order mark.

    Every method raises InvalidInputError when the disk fails and ImportFormatError when gzip's data is damaged.
    """

    def __init__(self, path: Path, raw: BinaryIO, stream: BinaryIO) -> None:
        self.path = path
        self._raw = raw
        self._stream = stream
        self._start = 0
        head = self.read(4)
        if head[:2] in _WIDE_MARKS or b"\x00" in head:
            raise ImportFormatError(
                f"{path} is not UTF-8 (it looks like UTF-16 or UTF-32); save it as UTF-8 first, "
                f"for example with: iconv -f UTF-16 -t UTF-8"
            )
        self._start = len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0
        self.rewind()

    @property
    def position(self) -> int:
        """How many bytes of the file, packed as it is, have been read."""
        return self._raw.tell()

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; empty at the end."""
        with _read_errors(self.path):
            return self._stream.read(size)

    def read_line(self, longest: int) -> bytes:
        """The next line with its end, or its first ``longest`` bytes; empty at the end."""
        with _read_errors(self.path):
            return self._stream.readline(longest)

    def rewind(self) -> None:
        """Go back to the beginning."""
        with _read_errors(self.path):
            self._stream.seek(self._start)

    def first_character(self) -> bytes:
        """The first byte that is not white space, empty if there is none; reading then begins at the beginning."""
        while (character := self.read(1)).isspace():
            pass
        self.rewind()
        return character


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open ``path`` for reading; ``STANDARD_INPUT`` is read to its end first.

    Raises:
        InvalidInputError: it does not exist, is a folder, or may not be read.
        ImportFormatError: it is UTF-16 or UTF-32, or a damaged gzip file.
    """
    if path == STANDARD_INPUT:
        # A copy, as what is read from a pipe cannot be read twice; it has no name, so that nothing of it can stay.
        with tempfile.TemporaryFile() as copy:
            with _read_errors(path):
                shutil.copyfileobj(sys.stdin.buffer, copy)
                copy.seek(0)
            yield _source(path, cast(BinaryIO, copy))
        return
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder; name the file in it that is to be imported")
    with _read_errors(path):
        raw = path.open("rb")
    with raw:
        yield _source(path, raw)


def _source(path: Path, raw: BinaryIO) -> Source:
    with _read_errors(path):
        packed = raw.read(2) == _GZIP
        raw.seek(0)
    return Source(path, raw, cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw)


def size_of(path: Path) -> int:
    """Bytes of the file; 0 for standard input, of which nobody knows.

    Raises:
        InvalidInputError: there is no such file, or it may not be looked at.
    """
    with _read_errors(path):
        return 0 if path == STANDARD_INPUT else path.stat().st_size


def changed_at(path: Path, *, now: datetime) -> datetime:
    """When the file was last changed; ``now`` for standard input.

    Raises:
        InvalidInputError: there is no such file, or it may not be looked at.
    """
    with _read_errors(path):
        return now if path == STANDARD_INPUT else datetime.fromtimestamp(path.stat().st_mtime, UTC)


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportFormatError(f"{path} is a damaged gzip file: {error}") from error
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror or error}") from error

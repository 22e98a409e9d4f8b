"""The file of a snapshot: laid out so that its rows can be used where they are, and only what is looked at is read.

A file holds ``MAGIC``, the length of a JSON header (uint32) and the header; then for each kind refs (int64), parts
(int32), a factor for each row where vectors are packed (float32), a CRC-32 for each vector and one for all of them
(uint32), and sketches (bytes) where there are some; then the CRC-32 of everything before it; at the end the vectors of
each kind (float32, packed int8). All in the machine's byte order, each array from a multiple of 64 bytes on.

What comes before the vectors, about a twentieth, is checked when a file is opened. Vectors are when they are
first looked at (`row_checks`), or at once in a small file. Such a file may be in use by several processes: it is
replaced, never changed.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import zlib
from collections.abc import Mapping
from io import BufferedReader
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.vectors.row_checks import RowChecks, checksum, checksums
from factloom.retrieval.vectors.rows import Rows
from factloom.retrieval.vectors.sketches import sketch_bytes
from factloom.schemas.errors import VectorIndexError

MAGIC: Final = b"factloom vectors\n"
FORMAT: Final = 4
MAPPED_FROM: Final = 16 * 2**20
"""Bytes from which a file is mapped; a smaller one is read and checked in some milliseconds."""

_ALIGNED: Final = 64
_CAN_MAP: Final = os.name == "posix"
"""Elsewhere a file that is mapped could be neither replaced nor deleted."""


class Snapshot(NamedTuple):
    """What a file holds: the rows of each kind at a sequence number."""

    sequence: int
    dimension: int
    kinds: dict[str, Rows]


class OtherFormatError(VectorIndexError):
    """It was written by another version, or on another kind of machine."""


class _Kind(NamedTuple):
    """What the header says of the rows of one kind."""

    name: str
    rows: int
    packed: bool
    sketched: bool


class _Section(NamedTuple):
    """Where an array is in the file."""

    start: int
    dtype: type[np.generic]
    shape: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + np.dtype(self.dtype).itemsize * int(np.prod(self.shape, dtype=object))


class _Layout:
    """The sections of a file: of each kind those that are checked when it is opened, and its vectors."""

    def __init__(self, header_end: int, dimension: int, kinds: list[_Kind]) -> None:
        self._end = header_end
        self.checked = [self._heads(kind, dimension) for kind in kinds]
        self.crc = self._next(np.uint32, 1)
        self.vectors = [self._next(np.int8 if kind.packed else np.float32, kind.rows, dimension) for kind in kinds]
        self.size = self._end

    def _heads(self, kind: _Kind, dimension: int) -> dict[str, _Section]:
        found = {"refs": self._next(np.int64, kind.rows), "parts": self._next(np.int32, kind.rows)}
        if kind.packed:
            found["scales"] = self._next(np.float32, kind.rows)
        found |= {"each": self._next(np.uint32, kind.rows), "whole": self._next(np.uint32, 1)}
        if kind.sketched:
            found["sketches"] = self._next(np.uint8, kind.rows, sketch_bytes(dimension))
        return found

    def _next(self, dtype: type[np.generic], *shape: int) -> _Section:
        section = _Section(-(-self._end // _ALIGNED) * _ALIGNED, dtype, shape)
        self._end = section.end
        return section


def write_snapshot(file: BinaryIO, texts: Mapping[str, str], snapshot: Snapshot) -> None:
    """Write ``snapshot``, with ``texts`` in its header.

    Raises:
        DamagedRowsError: rows that come from another file are not what was written there.
        OSError: the file cannot be written.
    """
    # All that can be refused, and all that is made for the file alone, comes before the first byte.
    heads = []
    for rows in snapshot.kinds.values():
        rows.check_all()
        heads.append(_heads_of(rows))
    kinds = [
        _Kind(name, rows.count, rows.packed, "sketches" in head)
        for (name, rows), head in zip(snapshot.kinds.items(), heads, strict=True)
    ]
    header = {
        "format": FORMAT,
        "byteorder": sys.byteorder,
        **texts,
        "sequence": snapshot.sequence,
        "dimension": snapshot.dimension,
        "kinds": kinds,
    }
    encoded = json.dumps(header).encode()
    start = MAGIC + struct.pack("=I", len(encoded)) + encoded
    layout = _Layout(len(start), snapshot.dimension, kinds)
    written = _Written(file)
    written.put(start)
    for sections, head in zip(layout.checked, heads, strict=True):
        for name, section in sections.items():
            written.put_at(section, head[name])
    written.pad_to(layout.crc.start)
    written.put(struct.pack("=I", written.crc))
    for section, rows in zip(layout.vectors, snapshot.kinds.values(), strict=True):
        written.put_at(section, rows.vectors[: rows.count])


def _heads_of(rows: Rows) -> dict[str, NDArray[Any]]:
    """What is checked when the file is opened."""
    vectors = rows.vectors[: rows.count]
    heads: dict[str, NDArray[Any]] = {"refs": rows.refs[: rows.count], "parts": rows.parts[: rows.count]}
    if rows.scales is not None:
        heads["scales"] = rows.scales[: rows.count]
    heads |= {"each": checksums(vectors), "whole": np.array([checksum(vectors)], np.uint32)}
    sketches = rows.sketches
    if sketches is not None:
        heads["sketches"] = sketches
    return heads


class _Written:
    """Bytes written so far, and their CRC-32."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = 0
        self.crc = 0

    def put(self, content: bytes | memoryview) -> None:
        self._file.write(content)
        self._size += len(content)
        self.crc = zlib.crc32(content, self.crc)

    def pad_to(self, start: int) -> None:
        self.put(bytes(start - self._size))

    def put_at(self, section: _Section, array: NDArray[Any]) -> None:
        self.pad_to(section.start)
        self.put(array.reshape(-1).view(np.uint8).data)


def read_snapshot(file: BufferedReader) -> tuple[dict[str, str], Snapshot]:
    """Texts of the header, and content, which stays in the file where that is large.

    Raises:
        VectorIndexError: it is damaged or of another format.
    """
    size = os.fstat(file.fileno()).st_size
    start = file.read(len(MAGIC) + 4)
    if len(start) != len(MAGIC) + 4 or not start.startswith(MAGIC):
        raise VectorIndexError("it does not begin as one")
    (length,) = struct.unpack("=I", start[len(MAGIC) :])
    texts, sequence, dimension, kinds = _parse(file.read(min(length, size)))
    layout = _Layout(len(start) + length, dimension, kinds)
    if size != layout.size:
        raise VectorIndexError(f"it has {size} bytes instead of {layout.size}")
    content, mapped = _content(file, size)
    if zlib.crc32(content[: layout.crc.start]) != _array(content, layout.crc)[0]:
        raise VectorIndexError("its checksum is wrong")
    made: dict[str, Rows] = {}
    for kind, sections, vectors in zip(kinds, layout.checked, layout.vectors, strict=True):
        head = {name: _array(content, section) for name, section in sections.items()}
        made[kind.name] = Rows.of(
            head["refs"],
            head["parts"],
            _array(content, vectors),
            head.get("scales"),
            sketches=head.get("sketches"),
            checks=RowChecks(head["each"], int(head["whole"][0])),
        )
    if not mapped:
        for rows in made.values():
            rows.check_all()
    return texts, Snapshot(sequence, dimension, made)


def _content(file: BufferedReader, size: int) -> tuple[memoryview, bool]:
    """The whole file, read-only, and whether it is mapped: if large, so that what nobody looks at costs nothing."""
    if _CAN_MAP and size >= MAPPED_FROM:
        try:
            return memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)), True
        except OSError:  # no more files may be open, or the file system cannot
            pass
    content = np.empty(size, np.uint8).data  # not bytes: numpy asks the system for large pages
    file.seek(0)
    if file.readinto(content) != size:
        raise VectorIndexError("it ends too early")
    return content.toreadonly(), False


def _array(content: memoryview, section: _Section) -> NDArray[Any]:
    count = int(np.prod(section.shape))
    return np.frombuffer(content, section.dtype, count, section.start).reshape(section.shape)


def _parse(encoded: bytes) -> tuple[dict[str, str], int, int, list[_Kind]]:
    """The header with its numbers checked, so that a damaged one cannot ask for absurd amounts of memory."""
    try:
        header = json.loads(encoded)
        if (header["format"], header["byteorder"]) != (FORMAT, sys.byteorder):
            raise OtherFormatError("it has another format")
        sequence, dimension = int(header["sequence"]), int(header["dimension"])
        kinds = [
            _Kind(str(kind), int(count), bool(packed), bool(sketched))
            for kind, count, packed, sketched in header["kinds"]
        ]
        texts = {name: str(header[name]) for name in ("store", "space")}
    except (ValueError, KeyError, TypeError) as error:
        raise VectorIndexError("its header is damaged") from error
    if sequence < 0 or dimension < 1 or any(kind.rows < 0 for kind in kinds):
        raise VectorIndexError("its header is damaged")
    return texts, sequence, dimension, kinds

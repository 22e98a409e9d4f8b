r"""JSON as a stream: lines of JSONL, and items of an array of any size, one at a time.

ijson's C backend turns ``\ud800`` into a question mark without a word; its Python backend keeps what is written,
so that a message with a broken surrogate can be reported. It reads some 30 MB/s, far more than can be learned from.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from ijson.backends import python as streaming
from ijson.common import JSONError

from factloom.engine.importing.items import Unreadable
from factloom.engine.importing.sources import Source
from factloom.schemas.errors import ImportFormatError

LONGEST_LINE: Final = 16 * 1024 * 1024
_SMALL: Final = 2048
"""Bytes read at a time where only the beginning is wanted; ijson walks all of them before it yields anything."""


def read_lines(source: Source) -> Iterator[tuple[int, object | Unreadable]]:
    """Number (from 1) and JSON value of each line that is not blank; what cannot be read comes as ``Unreadable``."""
    number = 0
    while raw := source.read_line(LONGEST_LINE):
        number += 1
        where = f"line {number}"
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            _skip_line(source)
            yield number, Unreadable(where, f"longer than {LONGEST_LINE // 1024 // 1024} MB; split it")
            continue
        if not raw.strip():
            continue
        try:
            yield number, json.loads(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            yield number, Unreadable(where, f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8")
        except json.JSONDecodeError as error:
            yield number, Unreadable(where, f"not JSON: {error.msg} at column {error.colno}")
        except RecursionError:
            yield number, Unreadable(where, "not a message: nested too deeply")
        except ValueError:  # Python reads no numbers of more than some thousand digits
            yield number, Unreadable(where, "not a message: it has a number with too many digits")


def _skip_line(source: Source) -> None:
    while (rest := source.read_line(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


def read_items(source: Source, prefix: str = "item") -> Iterator[Any]:
    """The values at ``prefix`` (ijson's notation: "item" is each item of the outermost array), one at a time.

    Raises:
        ImportFormatError: the file is not JSON from some point on.
    """
    with _json_errors(source):
        yield from streaming.items(_Repaired(source), prefix, use_float=True)


def read_events(source: Source) -> Iterator[tuple[str, str, Any]]:
    """Events as ijson names them: prefix, kind of event, value.

    Raises:
        ImportFormatError: the file is not JSON from some point on.
    """
    with _json_errors(source):
        yield from streaming.parse(_Repaired(source), use_float=True, buf_size=_SMALL)


@contextmanager
def _json_errors(source: Source) -> Iterator[None]:
    try:
        yield
    except (JSONError, ValueError, RecursionError) as error:
        # ijson has no line numbers; json's errors (a ValueError) carry the position in a piece of the file only.
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error) or type(error).__name__
        raise ImportFormatError(f"the JSON cannot be read further: {reason[0].lower()}{reason[1:]}") from error


def _escape_invalid(error: UnicodeError) -> tuple[str, int]:
    """Writes bytes that are not UTF-8 as escaped lone surrogates, so that only the message with them is refused."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"\\udc{byte:02x}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("factloom-escape-invalid", _escape_invalid)


class _Repaired:
    """A stream for ijson in which bytes that are not UTF-8 cannot stop the parser."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._decode: Callable[..., str] = codecs.getincrementaldecoder("utf-8")("factloom-escape-invalid").decode

    def read(self, size: int) -> bytes:
        while chunk := self._source.read(size):
            if text := self._decode(chunk):
                return text.encode()
        return self._decode(b"", True).encode() if size else b""

"""Where a message quotes: code, quoted lines and quotation marks. What stands there is not said by the speaker."""

from __future__ import annotations

import re
from typing import Final

_QUOTED: Final = re.compile(
    r"```.*?(?:```|\Z)"  # a fenced block, also one left open
    r"|~~~.*?(?:~~~|\Z)"
    r"|`[^`\n]+`"
    r"|^[ \t]*>[^\n]*"  # a line of a mail answered
    r"|^(?:    |\t)[^\n]*(?:[;{}=<>]|\(\))[^\n]*$"  # an indented line that looks like code
    r"|“[^”]*”|«[^»]*»"
    r"|(?<![\w\"])\"[^\"\n]*\"(?!\w)",
    re.DOTALL | re.MULTILINE,
)

Spans = tuple[tuple[int, int], ...]


def quoted_spans(text: str) -> Spans:
    """Character spans of ``text`` that are code or somebody's words, in order."""
    return tuple(match.span() for match in _QUOTED.finditer(text))


def is_quoted(spans: Spans, position: int) -> bool:
    """Whether the character at ``position`` is inside one of the spans."""
    return any(start <= position < end for start, end in spans)

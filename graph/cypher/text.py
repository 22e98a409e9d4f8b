"""Query text before it runs: what of it is code, and what is refused whatever an engine would make of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from factloom.schemas.errors import QueryError

_TOKEN: Final = re.compile(
    r"""
    (?P<comment> //[^\r\n]* | /\*.*?\*/ )
  | (?P<quoted> '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `(?:[^`]|``)*` )
  | (?P<word> [^\W\d]\w* )
  | (?P<open> /\* | ['"`] )
  | (?P<sign> \S )
  | (?P<space> \s+ )
    """,
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str


def check_query(query: str) -> str:
    """``query`` as one statement without comments, if it is one that may be looked at further.

    Comments are replaced, so that no engine can read code where we read a comment.

    Raises:
        QueryError: it is empty, has an open quote or comment, holds several statements, reads a file (LOAD CSV) or
            asks for a plan (EXPLAIN, PROFILE).
    """
    if not isinstance(query, str):
        raise QueryError(f"the query must be a string, got {query!r}")
    tokens = list(_tokens(query))
    code = [token for token in tokens if token.kind not in ("comment", "space")]
    while code and code[-1].text == ";":
        last = len(tokens) - 1 - next(i for i, token in enumerate(reversed(tokens)) if token.text == ";")
        tokens = tokens[:last]
        code.pop()
    if not code:
        raise QueryError("the query is empty; give one such as: MATCH (p:Person) RETURN p.name")
    _refuse(code)
    return "".join(" " if token.kind == "comment" else token.text for token in tokens).strip()


def _tokens(query: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup or "sign"
        if kind == "open":
            what = "comment" if match[0] == "/*" else "quote"
            raise QueryError(
                f"the query has a {what} that is opened ({match[0]}, position {match.start()}) and not closed"
            )
        yield _Token(kind, match[0])


def _refuse(code: list[_Token]) -> None:
    if any(token.text == ";" for token in code):
        raise QueryError("the query holds several statements; give one at a time, without a semicolon inside")
    words = [token.text.upper() if token.kind == "word" else "" for token in code]
    if words[0] in ("EXPLAIN", "PROFILE"):
        raise QueryError(f"{words[0]} is not offered here; run the query itself, or ask the server with its own tools")
    if ("LOAD", "CSV") in pairwise(words):
        raise QueryError(
            "LOAD CSV reads files and is refused: a query may only read the memory; pass rows as a parameter"
        )

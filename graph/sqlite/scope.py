"""The spaces that a statement may see, as SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from factloom.graph.sqlite.database import Database
from factloom.schemas.spaces import SpaceSet


def as_json(values: Iterable[str]) -> str:
    """Strings as one parameter for ``json_each``."""
    return json.dumps(list(values))


def as_json_refs(refs: Sequence[int]) -> str:
    """Refs, numpy's too, as one parameter for ``json_each``."""
    plain = refs.tolist() if hasattr(refs, "tolist") else [int(ref) for ref in refs]
    return str(plain)


class Scope(NamedTuple):
    """Numbers of the readable spaces that exist; None for all of them."""

    numbers: tuple[int, ...] | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be seen."""
        return self.numbers == ()

    def clause(self, column: str) -> str:
        """A condition on ``column``, to be followed by ``parameters`` in the statement's parameters."""
        if self.numbers is None:
            return "1"
        return f"{column} = ?" if len(self.numbers) == 1 else f"{column} IN (SELECT value FROM json_each(?))"

    @property
    def parameters(self) -> tuple[int | str, ...]:
        """What ``clause`` binds."""
        if self.numbers is None:
            return ()
        return self.numbers if len(self.numbers) == 1 else (str(list(self.numbers)),)


def scope_of(database: Database, spaces: SpaceSet) -> Scope:
    """The scope that ``spaces`` has in this store."""
    if spaces.is_everything:
        return Scope(None)
    names = spaces.names
    if len(names) == 1:
        found = database.row("SELECT number FROM space WHERE name = ?", names)
        return Scope((found[0],) if found else ())
    rows = database.rows(
        "SELECT number FROM space WHERE name IN (SELECT value FROM json_each(?)) ORDER BY number", (as_json(names),)
    )
    return Scope(tuple(row[0] for row in rows))

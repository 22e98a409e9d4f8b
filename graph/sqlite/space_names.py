"""Names of spaces: kept while a space holds anything, then only as a digest.

The row itself stays when a space is emptied, since its sequence number must never go back: a vector index in another
process follows it, and has to learn that the vectors are gone. Its name may tell whose the space was, so it goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from factloom.graph.sqlite.database import Database
from factloom.schemas.spaces import check_space

FORGOTTEN: Final = "\x01"
"""Begins a digest that stands for a name; no space can be called so."""


def number_of(database: Database, name: str) -> int:
    """The number of a space, made if need be; one that was emptied is itself again."""
    row = database.row("SELECT number FROM space WHERE name = ?", (name,))
    if row is None:
        database.run("UPDATE space SET name = ? WHERE name = ?", (check_space(name), _digest(database, name)))
        database.run("INSERT INTO space (name) VALUES (?) ON CONFLICT (name) DO NOTHING", (name,))
        row = database.row("SELECT number FROM space WHERE name = ?", (name,)) or (0,)
    return int(row[0])


def forget_empty(database: Database, numbers: Iterable[int]) -> None:
    """Replace the names of those spaces that hold nothing any more, history included, and drop their notes."""
    for number in numbers:
        row = database.row(
            "SELECT name FROM space s WHERE number = ? AND episodes + entities + facts = 0 "
            "AND NOT EXISTS (SELECT 1 FROM change c WHERE c.space = s.number)",
            (number,),
        )
        if row is not None and not row[0].startswith(FORGOTTEN):
            database.run("UPDATE space SET name = ? WHERE number = ?", (_digest(database, row[0]), number))
            database.run("DELETE FROM meta WHERE name = 'origin ' || ?", (number,))


def _digest(database: Database, name: str) -> str:
    store = database.row("SELECT value FROM meta WHERE name = 'store_id'") or ("",)
    return FORGOTTEN + hashlib.sha256(f"{store[0]}\x00{name}".encode()).hexdigest()

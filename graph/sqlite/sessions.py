"""Sessions and NEXT: where a new episode belongs among those of its session."""

from __future__ import annotations

from factloom.graph.sqlite.database import Database


class SessionOrder:
    """Finds an episode's neighbours by ``occurred_at``, then by ref.

    It remembers the last episode of each session that it has seen, so that a batch in order needs one look-up only.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._numbers: dict[tuple[int, str], int] = {}
        self._last: dict[int, tuple[int, int]] = {}

    def number(self, space: int, name: str) -> int:
        """The number of the session, made if need be."""
        known = self._numbers.get((space, name))
        if known is None:
            self._db.run("INSERT INTO session (space, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (space, name))
            row = self._db.row("SELECT number FROM session WHERE space = ? AND name = ?", (space, name))
            known = self._numbers[space, name] = row[0] if row else 0
        return known

    def neighbours(self, session: int, occurred_at: int) -> tuple[int, int]:
        """Refs before and after a new episode, which has a higher ref than all others; 0 where there is none."""
        last = self._last.get(session)
        if last is None:
            row = self._db.row(
                "SELECT occurred_at, ref FROM episode WHERE session = ? ORDER BY occurred_at DESC, ref DESC LIMIT 1",
                (session,),
            )
            if row is None:
                return 0, 0
            last = self._last[session] = (row[0], row[1])
        if last[0] <= occurred_at:
            return last[1], 0
        row = self._db.row(
            "SELECT ref, next FROM episode WHERE session = ? AND occurred_at <= ? "
            "ORDER BY occurred_at DESC, ref DESC LIMIT 1",
            (session, occurred_at),
        )
        if row is not None:
            return row[0], row[1]
        first = self._db.row("SELECT ref FROM episode WHERE session = ? ORDER BY occurred_at, ref LIMIT 1", (session,))
        return 0, first[0] if first else 0

    def link(self, session: int, ref: int, occurred_at: int, previous: int, next_: int) -> None:
        """Point the neighbours of a stored episode at it."""
        if previous:
            self._db.run("UPDATE episode SET next = ? WHERE ref = ?", (ref, previous))
        if next_:
            self._db.run("UPDATE episode SET previous = ? WHERE ref = ?", (ref, next_))
        else:
            self._last[session] = (occurred_at, ref)

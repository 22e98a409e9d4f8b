"""What a Cypher query answers: rows of plain values, with nodes, relationships and paths as small records."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from factloom.schemas.records import Record


class GraphNode(Record):
    """A node. ``labels``: the kind (``Entity``) first, then the others by name. ``properties``: those that are known.

    ``element_id`` tells nodes of one result apart and means nothing outside it; a record's id is a property.
    """

    element_id: str
    labels: tuple[str, ...]
    properties: dict[str, Any]


class GraphRelationship(Record):
    """A relationship. ``start`` and ``end``: ``element_id`` of the nodes that it leads from and to."""

    element_id: str
    type: str
    start: str
    end: str
    properties: dict[str, Any]


class GraphPath(Record):
    """A path: each relationship joins the nodes at its own and the next position, in either direction."""

    nodes: tuple[GraphNode, ...]
    relationships: tuple[GraphRelationship, ...]


class CypherResult(Record):
    """Rows, in order, each with a value per column.

    Values are None, bool, int, float, str, datetime, date, time, a duration as ISO 8601 text, lists and maps of them,
    and ``GraphNode``, ``GraphRelationship`` and ``GraphPath``. ``truncated``: there were more rows than the limit.
    ``warnings``: what the engine remarked, such as a label that no node has. ``milliseconds``: from the call to the
    last row. ``engine``: "embedded" for the projection of the readable spaces, "server" for the store's own server.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    truncated: bool = False
    warnings: tuple[str, ...] = ()
    milliseconds: float = Field(default=0.0, ge=0)
    engine: str = "embedded"

    def records(self) -> list[dict[str, Any]]:
        """The rows as dicts by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def duration_text(*, months: int, days: int, seconds: int, nanoseconds: int = 0) -> str:
    """A duration as ISO 8601 writes it: ``P1Y2M3DT4H5.5S`` has all parts that are not zero, ``PT0S`` is none.

    The parts may differ in sign, as in Cypher: a month is not a number of days.
    """
    years, months = _split(months, 12)
    fraction = seconds * 1_000_000_000 + nanoseconds
    minutes, fraction = _split(fraction, 60 * 1_000_000_000)
    hours, minutes = _split(minutes, 60)
    date = "".join(f"{value}{unit}" for value, unit in ((years, "Y"), (months, "M"), (days, "D")) if value)
    time = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value)
    if fraction:
        whole, rest = divmod(abs(fraction), 1_000_000_000)
        digits = f".{rest:09d}".rstrip("0") if rest else ""
        time += f"{'-' if fraction < 0 else ''}{whole}{digits}S"
    if not date and not time:
        return "PT0S"
    return f"P{date}T{time}" if time else f"P{date}"


def _split(value: int, unit: int) -> tuple[int, int]:
    """Whole units and the rest, both with the sign of ``value``."""
    whole, rest = divmod(abs(value), unit)
    return (-whole, -rest) if value < 0 else (whole, rest)

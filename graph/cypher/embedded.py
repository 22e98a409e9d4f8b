"""A projection in KGLite, an embedded in-memory engine that speaks Cypher; read-only once it is built.

Vendor's errors become ours here. See ``docs/decisions/007-embedded-cypher.md`` for why this engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from factloom.graph.cypher.projection import EDGE_PROPERTIES, NODE_PROPERTIES, EdgeTable, NodeTable, Projection
from factloom.graph.cypher.text import check_query
from factloom.schemas.cypher import CypherResult, GraphNode, GraphPath, GraphRelationship, duration_text
from factloom.schemas.errors import ConfigurationError, QueryError, QueryTimeoutError

if TYPE_CHECKING:
    import kglite

_BATCH: Final = 20_000
_MOST_WORK: Final = 5_000_000
"""Rows, items and steps that one query may hold or take at a time: about 1 GB where it collects all of them."""

_KIND_OF_ERROR: Final = re.compile(r"^Cypher (?:syntax|execution) error:? (?:at )?")


class EmbeddedGraph:
    """One projection, ready for queries from any number of threads."""

    def __init__(self, projection: Projection) -> None:
        """Load the projection.

        Raises:
            ConfigurationError: the extra ``cypher`` is not installed.
        """
        self._engine = _load_engine()
        graph = self._engine.KnowledgeGraph()
        for nodes in projection.nodes:
            _add_nodes(graph, nodes)
        for edges in projection.edges:
            _add_edges(graph, edges)
        self._graph = graph.freeze()
        entities = (row for table in projection.nodes if table.labels[0] == "Entity" for row in table.rows)
        self._values = _Values({row["id"]: row["updated_at"] for row in entities})

    def run_cypher(self, query: str, parameters: Mapping[str, Any], *, timeout: float, limit: int) -> CypherResult:
        """As ``CypherRunner.run_cypher``."""
        statement = check_query(query)
        options = {"timeout_ms": max(1, round(timeout * 1000)), "max_work_units": _MOST_WORK}
        try:
            found = self._graph.cypher(statement, params=dict(parameters), row_limit=limit + 1, **options)
        except self._engine.CypherTimeoutError as error:
            raise QueryTimeoutError(
                f"the query took longer than {timeout:g} s; narrow it, or allow it more time"
            ) from error
        except self._engine.ReadOnlyError as error:
            raise QueryError("the query would write, and is refused: Cypher may only read the memory here") from error
        except (self._engine.KgError, ValueError, TypeError, OverflowError) as error:
            raise QueryError(f"the query cannot be run: {_in_short(error)}") from error
        if isinstance(found, str):
            raise QueryError("FORMAT CSV is not Cypher and is refused; ask for CSV where the result is written")
        columns = tuple(found.columns)
        rows = [tuple(self._values.plain(row[column]) for column in columns) for row in found]
        remarks = [str(warning) for warning in found.diagnostics["warnings"] if "row_limit" not in str(warning)]
        return CypherResult(
            columns=columns,
            rows=tuple(rows[:limit]),
            truncated=len(rows) > limit,
            warnings=tuple(remarks),
        )


def _load_engine() -> Any:
    try:
        import kglite
    except ImportError as error:
        raise ConfigurationError(
            "Cypher over this store needs the package kglite; install it with: pip install 'factloom[cypher]'"
        ) from error
    # What it remarks is in the result as well; standard error belongs to the program that calls us.
    kglite.set_query_warning_policy("silent")
    return kglite


def _batches(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))


def _add_nodes(graph: kglite.KnowledgeGraph, table: NodeTable) -> None:
    kind = table.labels[0]
    fields = ", ".join(f"{name}: row.{name}" for name in NODE_PROPERTIES[kind] if name != "id")
    labels = "".join(f":`{label}`" for label in table.labels)
    for rows in _batches(table.rows):
        graph.cypher(f"UNWIND $rows AS row CREATE (node{labels} {{id: row._key, {fields}}})", params={"rows": rows})


def _add_edges(graph: kglite.KnowledgeGraph, table: EdgeTable) -> None:
    drawn = table.start == table.end == "Entity"
    fields = f" {{{', '.join(f'{name}: row.{name}' for name in EDGE_PROPERTIES)}}}" if drawn else ""
    query = (
        f"UNWIND $rows AS row MATCH (one:{table.start} {{id: row.source}}) "
        f"MATCH (other:{table.end} {{id: row.target}}) "
        f"CREATE (one)-[:`{table.type}`{fields}]->(other)"
    )
    for rows in _batches(table.rows):
        graph.cypher(query, params={"rows": rows})


# --- values ---


class _Values:
    """Values of the engine as ``CypherResult`` describes them.

    The engine keeps ``updated_at`` back where it shows a node as a whole, so that it is put in again here.
    """

    def __init__(self, updated_at: Mapping[str, datetime]) -> None:
        self._updated_at = updated_at

    def plain(self, value: Any) -> Any:
        """The value, whatever it is."""
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        if not isinstance(value, dict):
            return value
        names = value.keys()
        if names == {"id", "labels", "properties"}:
            return self._node(value)
        if names == {"id", "start", "end", "type", "properties"}:
            return self._relationship(value)
        if names == {"nodes", "relationships"}:
            nodes, relationships = map(self._node, value["nodes"]), map(self._relationship, value["relationships"])
            return GraphPath(nodes=tuple(nodes), relationships=tuple(relationships))
        if names == {"months", "days", "seconds"}:
            return duration_text(**value)
        return {name: self.plain(item) for name, item in value.items()}

    def _node(self, value: Mapping[str, Any]) -> GraphNode:
        labels = value["labels"]
        found = dict(value["properties"])
        if labels[0] == "Entity" and (updated_at := self._updated_at.get(found["id"])) is not None:
            found["updated_at"] = updated_at
        properties = {name: self.plain(found[name]) for name in NODE_PROPERTIES.get(labels[0], ()) if name in found}
        return GraphNode(element_id=str(value["id"]), labels=(labels[0], *sorted(labels[1:])), properties=properties)

    def _relationship(self, value: Mapping[str, Any]) -> GraphRelationship:
        found = value["properties"]
        return GraphRelationship(
            element_id=str(value["id"]),
            type=value["type"],
            start=str(value["start"]),
            end=str(value["end"]),
            properties={name: self.plain(found[name]) for name in EDGE_PROPERTIES if name in found},
        )


def _in_short(error: Exception) -> str:
    """The engine's words on one line, without its name for the kind of error and its picture of the place."""
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return _KIND_OF_ERROR.sub("", first)

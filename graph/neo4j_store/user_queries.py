"""Cypher that users write: read-only, over the whole database, with a bound on rows and time.

The server enforces that nothing is written: the transaction is in READ mode. What it allows in that mode and should not
be done here all the same (files, other people's transactions, settings) shows in the plan, which is asked for first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import neo4j
import neo4j.graph
import neo4j.spatial
import neo4j.time
from neo4j import exceptions as neo4j_errors

from factloom.graph.cypher.text import check_query
from factloom.graph.neo4j_store.connection import Connection
from factloom.schemas.cypher import CypherResult, GraphNode, GraphPath, GraphRelationship, duration_text
from factloom.schemas.errors import QueryError, QueryTimeoutError

_REFUSED_OPERATORS: Final = ("LoadCSV", "Show", "Terminate", "TransactionApply", "TransactionForeach", "Administration")
_PROCEDURES: Final = (
    *("db.labels", "db.relationshipTypes", "db.propertyKeys", "db.schema."),
    *("db.index.fulltext.query", "db.index.vector.query"),
)
"""How the procedures begin that may be called: those that only read the graph, and are part of every server."""

_TIMED_OUT: Final = "Neo.ClientError.Transaction.TransactionTimedOut"
_WRITES: Final = "Neo.ClientError.Statement.AccessMode"
_WRONG: Final = ("Neo.ClientError.Statement.", "Neo.ClientError.Procedure.")


def run_user_query(
    connection: Connection, query: str, parameters: Mapping[str, Any], *, prefix: str, timeout: float, limit: int
) -> CypherResult:
    """As ``CypherRunner.run_cypher``; ``prefix`` begins our labels."""
    statement = check_query(query)

    def once() -> tuple[list[str], list[list[Any]]]:
        driver = connection.driver()
        with (
            driver.session(
                database=connection.access.database,
                default_access_mode=neo4j.READ_ACCESS,
                bookmark_manager=driver.execute_query_bookmark_manager,
            ) as session,
            session.begin_transaction(timeout=timeout) as transaction,
        ):
            _check_plan(transaction.run(f"EXPLAIN {statement}", dict(parameters)).consume())
            found = transaction.run(statement, dict(parameters))
            rows = [record.values() for record in found.fetch(limit + 1)]
            return list(found.keys()), rows

    try:
        columns, rows = connection.retried(lambda: _in_our_words(once, timeout))
    except (TypeError, ValueError) as error:
        if isinstance(error, QueryError):
            raise
        raise QueryError(f"the query cannot be run: {error}") from error
    return CypherResult(
        columns=tuple(columns),
        rows=tuple(tuple(_plain(value, prefix) for value in row) for row in rows[:limit]),
        truncated=len(rows) > limit,
        engine="server",
    )


def _in_our_words(once: Any, timeout: float) -> Any:
    """What ``once`` returns; what is wrong with the query itself comes out as an error about the query."""
    try:
        return once()
    except neo4j_errors.Neo4jError as error:
        code = error.code or ""
        if code.startswith(_TIMED_OUT):
            raise QueryTimeoutError(
                f"the query took longer than {timeout:g} s; narrow it, or allow it more time"
            ) from error
        if code == _WRITES:
            raise _would_write() from error
        if code.startswith(_WRONG):
            raise QueryError(f"the query cannot be run: {(error.message or code).splitlines()[0]}") from error
        raise


def _would_write() -> QueryError:
    return QueryError("the query would write, and is refused: Cypher may only read the memory here")


def _check_plan(summary: neo4j.ResultSummary) -> None:
    if summary.query_type is not None and "w" in summary.query_type:
        raise _would_write()
    if summary.query_type != "r":
        raise QueryError("the query is about the server and not about the memory, and is refused")
    for operator, details in _operators(summary.plan or {}):
        if operator == "LoadCSV":
            raise QueryError("LOAD CSV reads files and is refused: a query may only read the memory")
        if operator.startswith(_REFUSED_OPERATORS):
            raise QueryError(f"the query is about the server and not about the memory, and is refused ({operator})")
        name = details.partition("(")[0].strip()
        if operator.startswith("ProcedureCall") and not name.startswith(_PROCEDURES):
            raise QueryError(
                f"the procedure {name} is refused; allowed are those that only read the graph, such as db.labels"
            )


def _operators(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each operator of the plan, without the name of the database, and its details."""
    if plan:
        yield str(plan["operatorType"]).partition("@")[0], str(plan.get("args", {}).get("Details", ""))
    for child in plan.get("children", ()):
        yield from _operators(child)


# --- values ---


def _plain(value: Any, prefix: str) -> Any:
    """A value of the driver as ``CypherResult`` describes it."""
    if isinstance(value, neo4j.graph.Node):
        return _node(value, prefix)
    if isinstance(value, neo4j.graph.Relationship):
        return _relationship(value, prefix)
    if isinstance(value, neo4j.graph.Path):
        nodes, relationships = value.nodes, value.relationships
        return GraphPath(
            nodes=tuple(_node(node, prefix) for node in nodes),
            relationships=tuple(_relationship(relationship, prefix) for relationship in relationships),
        )
    if isinstance(value, list):
        return [_plain(item, prefix) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item, prefix) for name, item in value.items()}
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, neo4j.time.Duration):
        months, days, seconds, nanoseconds = value
        return duration_text(months=months, days=days, seconds=seconds, nanoseconds=nanoseconds)
    if isinstance(value, neo4j.time.DateTime | neo4j.time.Date | neo4j.time.Time):
        return value.to_native()
    if isinstance(value, neo4j.spatial.Point):
        return {"srid": value.srid, "coordinates": list(value)}
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return value


def _node(node: neo4j.graph.Node, prefix: str) -> GraphNode:
    """A node without the properties and labels that are the store's own."""
    kinds = {f"{prefix}{kind}" for kind in ("Entity", "Fact", "Episode", "Session", "Change")}
    labels = sorted(node.labels - {f"{prefix}Embedded"}, key=lambda label: (label not in kinds, label))
    return GraphNode(element_id=node.element_id, labels=tuple(labels), properties=_properties(node, prefix))


def _relationship(relationship: neo4j.graph.Relationship, prefix: str) -> GraphRelationship:
    start, end = relationship.start_node, relationship.end_node
    return GraphRelationship(
        element_id=relationship.element_id,
        type=relationship.type,
        start="" if start is None else start.element_id,  # a node that was not returned itself is falsy
        end="" if end is None else end.element_id,
        properties=_properties(relationship, prefix),
    )


def _properties(of: neo4j.graph.Node | neo4j.graph.Relationship, prefix: str) -> dict[str, Any]:
    return {name: _plain(value, prefix) for name, value in of.items() if not name.startswith("_")}

"""The embedded engine: read-only, bounded, and plain values out of it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from factloom.graph.cypher.embedded import EmbeddedGraph
from factloom.graph.cypher.projection import NODE_PROPERTIES, EdgeTable, NodeTable, Projection
from factloom.schemas.cypher import CypherResult, GraphNode, GraphPath, GraphRelationship, duration_text
from factloom.schemas.errors import FactloomError, QueryError, QueryTimeoutError

THEN = datetime(2025, 3, 1, 10, 30, 0, 250, tzinfo=UTC)


def entity(id_: str, name: str, **other: Any) -> dict[str, Any]:
    known = {"_key": id_, "id": id_, "name": name, "key": name.lower(), "space": "a", "type": "person"}
    return {**dict.fromkeys(NODE_PROPERTIES["Entity"]), **known, "aliases": [], "created_at": THEN, **other}


@pytest.fixture(scope="module")
def graph() -> EmbeddedGraph:
    edge = {"source": "1", "target": "2", "fact_id": "f", "text": "Ana knows Bea.", "since": THEN, "until": None}
    return EmbeddedGraph(
        Projection(
            nodes=[
                NodeTable(
                    ("Entity", "Person"), [entity("1", "Ana", updated_at=THEN), entity("2", "Bea", updated_at=THEN)]
                ),
                NodeTable(("Entity", "Größe_1"), [entity("3", "XL", type="größe 1", updated_at=THEN)]),
            ],
            edges=[
                EdgeTable("KNOWS", "Entity", "Entity", [{**edge, "confidence": 0.5, "support": 1, "space": "a"}]),
                EdgeTable("SUBJECT", "Fact", "Entity", []),
            ],
        )
    )


def run(graph: EmbeddedGraph, query: str, limit: int = 100, timeout: float = 10, **parameters: Any) -> CypherResult:
    return graph.run_cypher(query, parameters, timeout=timeout, limit=limit)


def test_nodes_relationships_and_paths_are_records(graph: EmbeddedGraph) -> None:
    ((path, edge),) = run(graph, "MATCH path = (:Person {name: 'Ana'})-[r:KNOWS]->() RETURN path, r").rows

    assert isinstance(path, GraphPath)
    ana, bea = path.nodes
    assert isinstance(ana, GraphNode)
    assert ana.labels == ("Entity", "Person")
    assert ana.properties == {
        "id": "1",
        "space": "a",
        "name": "Ana",
        "key": "ana",
        "type": "person",
        "aliases": [],
        "created_at": THEN,
        "updated_at": THEN,
    }
    assert isinstance(edge, GraphRelationship)
    assert (edge.type, edge.start, edge.end) == ("KNOWS", ana.element_id, bea.element_id)
    assert edge.properties == {
        "fact_id": "f",
        "text": "Ana knows Bea.",
        "since": THEN,
        "confidence": 0.5,
        "support": 1,
        "space": "a",
    }
    assert path.relationships == (edge,)


def test_values_are_plain(graph: EmbeddedGraph) -> None:
    query = "RETURN $t AS t, date($t) AS d, [1, 2.5, null, true] AS l, {a: [$t]} AS m, duration('P1Y2M3DT4H5S') AS u"
    ((time, day, items, mapping, duration),) = run(graph, query, t=THEN).rows

    assert (time, day, items, mapping) == (THEN, date(2025, 3, 1), [1, 2.5, None, True], {"a": [THEN]})
    assert duration == "P1Y2M3DT4H5S"


def test_times_compare_and_labels_may_be_any_word(graph: EmbeddedGraph) -> None:
    assert run(graph, "MATCH ()-[r:KNOWS]->() WHERE r.since >= $t RETURN count(*) AS n", t=THEN).rows == ((1,),)
    assert run(graph, "MATCH (n) WHERE n:`Größe_1` RETURN n.name AS name, labels(n) AS l").rows == (
        ("XL", ["Entity", "Größe_1"]),
    )


def test_a_result_has_at_most_so_many_rows_and_says_so(graph: EmbeddedGraph) -> None:
    three = "UNWIND [3, 1, 2] AS x RETURN x ORDER BY x"

    cut = run(graph, three, limit=2)
    assert (cut.rows, cut.truncated, cut.warnings) == (((1,), (2,)), True, ())
    assert not run(graph, three, limit=3).truncated
    assert run(graph, three).records() == [{"x": 1}, {"x": 2}, {"x": 3}]


def test_a_label_that_nothing_has_gives_no_rows_and_a_warning(graph: EmbeddedGraph) -> None:
    result = run(graph, "MATCH (n:Persn) RETURN n")
    assert result.rows == ()
    assert "Persn" in result.warnings[0]


@pytest.mark.parametrize(
    "query",
    [
        "CREATE (n:Entity {id: 'x'})",
        "cReAtE (n)",
        "/* just reading */ CREATE (n)",
        "MATCH (n) SET n.name = 'x'",
        "MATCH (n) REMOVE n.name RETURN n",
        "MATCH (n) DETACH DELETE n",
        "MERGE (n:Entity {id: 'x'}) RETURN n",
        "FOREACH (x IN [1] | CREATE (:A))",
        "UNWIND [1] AS x MATCH (n) SET n:Odd",
        "CREATE INDEX FOR (n:Entity) ON (n.name)",
        "CREATE CONSTRAINT FOR (n:Entity) REQUIRE n.name IS UNIQUE",
        "DROP INDEX i",
        "CALL db.cdc.enable()",
        "CALL db.temporal.declare({label: 'Entity', from: 'created_at', to: 'updated_at'})",
    ],
)
def test_a_query_that_writes_is_refused(graph: EmbeddedGraph, query: str) -> None:
    before = run(graph, "MATCH (n) RETURN count(n) AS n").rows
    with pytest.raises(QueryError, match="would write"):
        run(graph, query)
    assert run(graph, "MATCH (n) RETURN count(n) AS n").rows == before


@pytest.mark.parametrize(
    "query",
    [
        "\\u0043REATE (n:Entity)",
        "COPY Entity FROM 'x.csv'",
        "COPY (MATCH (n) RETURN n) TO 'x.csv'",
        "EXPORT DATABASE 'x'",
        "IMPORT DATABASE 'x'",
        "INSTALL httpfs",
        "ATTACH 'x.db' AS x (dbtype sqlite)",
        "USE other MATCH (n) RETURN n",
        "CALL apoc.export.csv.all('x.csv', {})",
        "CALL dbms.killConnection('x')",
        "MATCH (n) CALL { WITH n CREATE (m) } RETURN n",
        "MATCH (n) RETURN n.name LIMIT 1 FORMAT CSV",
        "MATCH (n RETURN n",
        "RETURN nonsense(1) AS x",
        "RETURN $missing AS x",
        "RETURN 1 AS x, 2 AS x",
    ],
)
def test_a_query_that_reaches_out_or_is_wrong_is_refused(graph: EmbeddedGraph, query: str) -> None:
    with pytest.raises(QueryError) as caught:
        run(graph, query)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [object(), 10**30, b"x", "\ud800"])
def test_a_parameter_that_no_engine_knows_is_refused(graph: EmbeddedGraph, value: object) -> None:
    with pytest.raises(QueryError, match=r"\$x"):
        run(graph, "RETURN $x AS x", x=value)


def test_a_query_ends_in_time(graph: EmbeddedGraph) -> None:
    slow = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS n"
    with pytest.raises(QueryTimeoutError, match=r"longer than 0.2 s"):
        run(graph, slow, timeout=0.2)


def test_a_query_that_would_fill_the_memory_is_stopped(graph: EmbeddedGraph) -> None:
    with pytest.raises(FactloomError, match=r"range|exceed"):
        run(graph, "UNWIND range(1, 3000) AS x UNWIND range(1, 3000) AS y RETURN collect([x, y]) AS l", timeout=60)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((0, 0, 0, 0), "PT0S"),
        ((14, 3, 3725, 500_000_000), "P1Y2M3DT1H2M5.5S"),
        ((0, -2, 0, 0), "P-2D"),
        ((-1, 1, -90, 0), "P-1M1DT-1M-30S"),
        ((0, 0, -1, 750_000_000), "PT-0.25S"),
    ],
)
def test_durations_are_written_in_iso_8601(parts: tuple[int, int, int, int], text: str) -> None:
    months, days, seconds, nanoseconds = parts
    assert duration_text(months=months, days=days, seconds=seconds, nanoseconds=nanoseconds) == text

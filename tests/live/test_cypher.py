"""Cypher that users write, on a real server: the cookbook, what is refused, what a scope hides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from scripts.cypher_cookbook import (
    NOW,
    PAGE,
    SPACE,
    PresentTime,
    Recipe,
    example_memory,
    recipes,
    rows_of,
    tell_example,
)

from factloom import Memory, load_settings
from factloom.graph.neo4j_store import Access, Neo4jGraphStore
from factloom.schemas.cypher import GraphNode, GraphPath, GraphRelationship
from factloom.schemas.errors import InvalidInputError, QueryError, QueryTimeoutError

from .servers import Neo4jServer

RECIPES = list(recipes(PAGE.read_text(encoding="utf-8")))
CLOCK = PresentTime()
SLOW = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS n"


def open_memory(server: Neo4jServer, label_prefix: str = "", **options: Any) -> Memory:
    access = Access(server.uri, server.user, server.password)
    store = Neo4jGraphStore(access, label_prefix=label_prefix, clock=CLOCK)
    settings = load_settings(embedder={"kind": "hashing"}, extractor={"kind": "none"})
    return Memory(store, settings=settings, clock=CLOCK, **options)


@pytest.fixture(scope="module")
def friends(neo4j_database: Neo4jServer) -> Iterator[Memory]:
    with open_memory(neo4j_database) as memory:
        tell_example(memory, CLOCK)
        yield memory


@pytest.fixture
def clock() -> Iterator[PresentTime]:
    yield CLOCK
    CLOCK.now = NOW


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.title for recipe in RECIPES])
def test_a_recipe_gives_the_rows_of_the_page(friends: Memory, recipe: Recipe) -> None:
    on_server = friends.cypher(recipe.query)
    projected = friends.cypher(recipe.query, spaces=[SPACE])

    assert (on_server.engine, projected.engine) == ("server", "embedded")
    assert rows_of(on_server) == recipe.rows
    assert rows_of(projected) == recipe.rows


@pytest.mark.parametrize("label", ["Entity", "Fact", "Episode", "Session", "Change"])
def test_nodes_are_the_same_on_both_stores(friends: Memory, label: str) -> None:
    query = f"MATCH (n:{label}) RETURN n"
    with example_memory() as embedded:
        ours, theirs = embedded.cypher(query).rows, friends.cypher(query).rows

    def shape(node: GraphNode) -> tuple[Any, ...]:
        changing = ("id", "target_id", "superseded_by", "episode_id", "session", "before", "after", "metadata")
        kept = {name: value for name, value in node.properties.items() if name not in changing}
        if label == "Session":
            kept["name"] = kept["name"].partition("/")[0]
        return node.labels, sorted(node.properties), sorted((name, str(value)) for name, value in kept.items())

    assert len(ours) == len(theirs) > 5
    assert sorted(shape(node) for (node,) in theirs) == sorted(shape(node) for (node,) in ours)


def test_relationships_are_the_same_on_both_stores(friends: Memory) -> None:
    query = "MATCH (a)-[r]->(b) WHERE NOT b:Name RETURN r"
    with example_memory() as embedded:
        ours, theirs = embedded.cypher(query).rows, friends.cypher(query).rows

    def shape(edge: GraphRelationship) -> tuple[Any, ...]:
        return edge.type, sorted((name, str(value)) for name, value in edge.properties.items() if name != "fact_id")

    assert len(ours) == len(theirs) > 100
    assert all(edge.start and edge.end for (edge,) in (*ours, *theirs))
    known = {edge.type for (edge,) in ours}
    assert sorted(shape(edge) for (edge,) in theirs if edge.type in known) == sorted(shape(edge) for (edge,) in ours)


def test_nodes_come_without_what_is_the_stores_own(friends: Memory) -> None:
    query = "MATCH path = (:Person {name: 'Ana'})-[r:LIVES_IN]->() RETURN path, r, $spaces AS s, $now AS now"
    ((path, edge, spaces, now),) = friends.cypher(query).rows

    assert isinstance(path, GraphPath)
    assert path.nodes[0].labels == ("Entity", "Person")
    assert not [name for node in path.nodes for name in node.properties if name.startswith("_")]
    assert isinstance(edge, GraphRelationship)
    assert (edge.start, edge.end) == tuple(node.element_id for node in path.nodes)
    assert (spaces, now) == ([SPACE], NOW)
    ((episode,),) = friends.cypher("MATCH (e:Episode) RETURN e LIMIT 1").rows
    assert episode.labels == ("Episode",)


def test_values_are_plain(friends: Memory) -> None:
    query = "RETURN duration('P1Y2M3DT4H5.5S') AS d, date('2025-03-01') AS day, [1, null] AS l, {a: $now} AS m"
    ((duration, day, items, mapping),) = friends.cypher(query).rows

    assert (duration, day.isoformat(), items, mapping) == ("P1Y2M3DT4H5.5S", "2025-03-01", [1, None], {"a": NOW})


@pytest.mark.parametrize(
    "query",
    [
        "CREATE (n:Entity {id: 'x'})",
        "match (n) set n.name = 'x'",
        "MATCH (n) DETACH DELETE n",
        "/* only reading */ MERGE (n:Entity {id: 'x'}) RETURN n",
        "MATCH (n) CALL (n) { SET n.x = 1 } RETURN count(*)",
        "CALL db.createLabel('Odd')",
    ],
)
def test_a_query_that_writes_is_refused(friends: Memory, query: str) -> None:
    with pytest.raises(QueryError, match="would write"):
        friends.cypher(query)
    assert friends.cypher("MATCH (n:Entity) WHERE n.id = 'x' OR n.x = 1 RETURN count(n) AS n").rows == ((0,),)


@pytest.mark.parametrize(
    "query",
    [
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "\\u004cOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "RETURN 1 AS x UNION ALL \\u004cOAD CSV FROM 'http://127.0.0.1/' AS line RETURN line[0] AS x",
        "\\u0043REATE (n:Odd)",
        "SHOW TRANSACTIONS",
        "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
        "SHOW SETTINGS",
        "SHOW USERS",
        "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'bbbbbbbb'",
        "CREATE USER x SET PASSWORD 'abcdefgh'",
        "CREATE INDEX FOR (n:Entity) ON (n.x)",
        "DROP CONSTRAINT x",
        "CALL dbms.listConfig() YIELD name RETURN name",
        "CALL db.clearQueryCaches()",
        "CALL db.prepareForReplanning()",
        "CALL db.stats.collect('QUERIES')",
        "MATCH (n) CALL tx.setMetaData({a: 1}) RETURN n",
        "MATCH (n) CALL (n) { RETURN 1 AS x } IN TRANSACTIONS RETURN x",
        "CALL apoc.export.csv.all('x.csv', {})",
        "USE system SHOW DATABASES",
        "EXPLAIN MATCH (n) RETURN n",
        "RETURN 1 AS x; RETURN 2 AS x",
        "MATCH (n RETURN n",
        "RETURN $missing AS x",
        "RETURN nonsense(1) AS x",
    ],
)
def test_a_query_about_the_server_or_a_wrong_one_is_refused(friends: Memory, query: str) -> None:
    with pytest.raises(QueryError) as caught:
        friends.cypher(query)
    assert "\n" not in str(caught.value)


def test_procedures_that_read_the_graph_may_be_called(friends: Memory) -> None:
    labels = friends.cypher("CALL db.labels() YIELD label WHERE label = 'Fact' RETURN label")
    assert labels.rows == (("Fact",),)


@pytest.mark.parametrize("value", [object(), 10**30, "\ud800"])
def test_a_parameter_that_no_server_knows_is_refused(friends: Memory, value: object) -> None:
    with pytest.raises(InvalidInputError):
        friends.cypher("RETURN $x AS x", {"x": value})


def test_rows_and_time_are_bounded(friends: Memory) -> None:
    cut = friends.cypher("UNWIND range(1, 1000000000) AS x RETURN x", limit=3)
    assert (cut.rows, cut.truncated) == (((1,), (2,), (3,)), True)
    assert not friends.cypher("UNWIND range(1, 3) AS x RETURN x", limit=3).truncated
    with pytest.raises(QueryTimeoutError, match="longer than 1 s"):
        friends.cypher(SLOW, timeout=1)


def test_an_edge_whose_time_has_run_out_is_gone_before_the_query(friends: Memory, clock: PresentTime) -> None:
    appointments = "MATCH ()-[r:HAS_APPOINTMENT]->() RETURN r.text AS text"
    assert friends.cypher(appointments).rows == (("Ana has appointment dentist.",),)

    clock.now = NOW + timedelta(days=5)
    assert friends.cypher(appointments).rows == ()
    assert friends.cypher(appointments, spaces=[SPACE]).rows == ()


def test_a_scope_hides_all_other_spaces(friends: Memory, neo4j_database: Neo4jServer) -> None:
    friends.add_facts([("Zoe", "HIDES", "gold")], space="team/secret", time=NOW)
    count = "MATCH (n) WHERE n.space = 'team/secret' OR n.name = 'Zoe' RETURN count(n) > 0 AS there"

    assert friends.cypher(count).rows == ((True,),)
    assert friends.cypher(count, space="team/secret").rows == ((True,),)
    assert friends.cypher(count, spaces=[SPACE]).rows == ((False,),)
    with open_memory(neo4j_database, spaces=[SPACE]) as confined:
        result = confined.cypher(count)
        assert (result.rows, result.engine) == (((False,),), "embedded")
        assert confined.cypher(count, space="team/secret").rows == ((False,),)


def test_with_a_prefix_labels_carry_it_on_the_server_only(neo4j_database: Neo4jServer) -> None:
    with open_memory(neo4j_database, label_prefix="Mine") as memory:
        memory.add_facts(
            [{"subject": "Zoe", "subject_type": "person", "predicate": "LIKES", "object": "tea"}], user_id="zoe"
        )
        ((node,),) = memory.cypher("MATCH (n:MinePerson) RETURN n").rows
        assert node.labels == ("MineEntity", "MinePerson")
        assert node.properties["name"] == "Zoe"
        ((node,),) = memory.cypher("MATCH (n:Person) RETURN n", user_id="zoe").rows
        assert node.labels == ("Entity", "Person")

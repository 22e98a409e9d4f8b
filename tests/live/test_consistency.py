"""The comparison of a graph with itself finds what is wrong: each kind of damage, done by hand, shows."""

from __future__ import annotations

from benchmarks.consistency import problems
from tests.conformance.graph_records import NOW

from factloom import Memory, load_settings
from factloom.retrieval.embedders import HashingEmbedder

from .stores import Neo4jStores

DAMAGE = (
    ("MATCH (:{p}Entity {{name: 'Ana'}})-[r:LIVES_IN]->() DELETE r", "typed edge"),
    ("MATCH (a:{p}Entity {{name: 'Ana'}})-[r:KNOWS]->(b) CREATE (a)-[s:KNOWS]->(b) SET s = r", "typed edge"),
    ("MATCH (f:{p}Fact)-[r:OBJECT]->(:{p}Entity {{name: 'Bo'}}) DELETE r", "objects"),
    ("MATCH (f:{p}Fact {{predicate: 'KNOWS'}})-[r:STATED_IN]->() DELETE r", "episodes [] instead"),
    ("MATCH (f:{p}Fact)-[r:SUPERSEDED_BY]->() DELETE r", "successors"),
    ("MATCH (:{p}Episode)-[r:NEXT]->() DELETE r", "between"),
    ("MATCH (e:{p}Episode {{content: 'two'}}) SET e._next = 0", "between"),
    ("MATCH (:{p}Episode {{content: 'one'}})-[r:IN_SESSION]->() DELETE r", "in sessions"),
    ("MATCH (s:{p}Space) SET s.facts = s.facts + 1", "counter 'facts'"),
    ("MATCH (s:{p}Space) SET s.episode_terms = s.episode_terms - 1", "counter 'episode_terms'"),
    ("MATCH (n:{p}Entity {{name: 'Ana'}}) SET n._open = n._open + 1", "_open"),
    ("MATCH (t:{p}Term) WITH t LIMIT 1 SET t.documents = t.documents + 1", "term"),
    ("CREATE (:{p}Name {{space: 'user/ana', key: 'nobody'}})", "name"),
    ("MATCH (e:{p}Episode {{content: 'one'}}) REMOVE e:{p}Embedded", "Embedded is False"),
    ("MATCH (e:{p}Episode {{content: 'two'}}) SET e._vectors = null", "has no vectors"),
    ("MATCH (c:{p}Change) WITH c LIMIT 1 CREATE (d:{p}Change) SET d = c {{.*, id: 'other'}}", "change"),
    ("MATCH (f:{p}Fact) WITH f LIMIT 1 MATCH (c:{p}Change {{target_id: f.id}}) DELETE c", "no history"),
    ("MATCH (e:{p}Episode {{content: 'one'}}) "
     "CREATE (d:{p}Episode) SET d = e {{.*, id: 'x', _ref: 999, _content_hash: null}}", "episode"),
)  # fmt: skip


def test_each_kind_of_damage_shows(neo4j_stores: Neo4jStores) -> None:
    store = neo4j_stores.new(clock=lambda: NOW)
    settings = load_settings(extractor={"kind": "none"})
    with (
        Memory(store, settings=settings, embedder=HashingEmbedder(64), clock=lambda: NOW) as memory,
        neo4j_stores.server.driver(notifications_min_severity="OFF") as driver,
    ):
        memory.add(["one", "two", "three"], user_id="ana")
        memory.add_facts([("Ana", "KNOWS", "Bo"), ("Ana", "LIVES_IN", "Porto")], user_id="ana")
        memory.add_facts([("Ana", "LIVES_IN", "Lisbon")], user_id="ana")
        (home,) = memory.get_all(user_id="ana", predicates=["LIVES_IN"])
        memory.update(home.id, object="Faro")
        known: set[str] = set()
        assert problems(driver, store.label_prefix, now=NOW) == []
        for statement, told in DAMAGE:
            neo4j_stores.rows(statement.format(p=store.label_prefix))
            found = set(problems(driver, store.label_prefix, now=NOW))
            assert any(told in each for each in found - known), (statement, found - known)
            known |= found

"""The servers that live tests run on are real: they check passwords, keep data, die and come back."""

from __future__ import annotations

import re

import neo4j
import pytest
from neo4j.exceptions import AuthError, ServiceUnavailable

from .servers import Neo4jServer


def count(server: Neo4jServer, query: str) -> int:
    with server.driver() as driver:
        return int(driver.execute_query(query, result_transformer_=neo4j.Result.value)[0])


def test_its_version_is_one_that_is_supported(neo4j_database: Neo4jServer) -> None:
    version, _, edition = neo4j_database.version().partition(" ")

    assert re.match(r"5\.26\.|202[5-9]\.", version)
    assert edition in {"community", "enterprise"}


@pytest.mark.parametrize("auth", [("neo4j", "wrong password"), ("nobody", "wrong password"), None])
def test_nobody_gets_in_without_the_password(neo4j_database: Neo4jServer, auth: tuple[str, str] | None) -> None:
    with neo4j.GraphDatabase.driver(neo4j_database.uri, auth=auth) as driver, pytest.raises(AuthError):
        driver.verify_connectivity()


def test_it_is_reached_with_and_without_routing(neo4j_database: Neo4jServer) -> None:
    auth = (neo4j_database.user, neo4j_database.password)
    for uri in (neo4j_database.uri, neo4j_database.bolt_uri):
        with neo4j.GraphDatabase.driver(uri, auth=auth) as driver:
            driver.verify_connectivity()


def test_a_wipe_leaves_nothing(neo4j_database: Neo4jServer) -> None:
    with neo4j_database.driver() as driver:
        driver.execute_query("CREATE CONSTRAINT `a ``b` FOR (n:Thing) REQUIRE n.id IS UNIQUE")
        driver.execute_query("CREATE FULLTEXT INDEX words FOR (n:Thing) ON EACH [n.text]")
        driver.execute_query("UNWIND range(1, 12000) AS id CREATE (:Thing {id: id})-[:NEXT]->(:Other)")
    assert count(neo4j_database, "MATCH (n) RETURN count(n)") == 24000

    neo4j_database.wipe()

    assert count(neo4j_database, "MATCH (n) RETURN count(n)") == 0
    assert count(neo4j_database, "SHOW CONSTRAINTS YIELD name RETURN count(*)") == 0
    assert count(neo4j_database, "SHOW INDEXES YIELD type WHERE type <> 'LOOKUP' RETURN count(*)") == 0


def test_a_private_server_is_another_one(neo4j_database: Neo4jServer, private_neo4j_server: Neo4jServer) -> None:
    with private_neo4j_server.driver() as driver:
        driver.execute_query("CREATE (:Private)")

    assert private_neo4j_server.uri != neo4j_database.uri
    assert count(neo4j_database, "MATCH (n:Private) RETURN count(n)") == 0


def test_what_was_committed_survives_a_kill(private_neo4j_server: Neo4jServer) -> None:
    assert private_neo4j_server.control
    with private_neo4j_server.driver() as driver:
        driver.execute_query("CREATE (:Kept)")

    private_neo4j_server.control.kill()

    with private_neo4j_server.driver() as driver, pytest.raises(ServiceUnavailable):
        driver.verify_connectivity()

    private_neo4j_server.control.start()

    assert count(private_neo4j_server, "MATCH (n:Kept) RETURN count(n)") == 1

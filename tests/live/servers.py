"""Which Neo4j server the tests run on: a given one, a container, or a local process; the first that there is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol

import neo4j
from neo4j.exceptions import DriverError, Neo4jError
from scripts.neo4j_server.jars import DEFAULT_VERSION, why_unavailable
from scripts.neo4j_server.java import ServerUnavailableError
from scripts.neo4j_server.process import LocalServer

from . import containers

URI, USER, PASSWORD = "FACTLOOM_TEST_NEO4J_URI", "FACTLOOM_TEST_NEO4J_USER", "FACTLOOM_TEST_NEO4J_PASSWORD"
MAY_WIPE = "FACTLOOM_TEST_NEO4J_WIPE"
VERSION, IMAGE = "FACTLOOM_TEST_NEO4J_VERSION", "FACTLOOM_TEST_NEO4J_IMAGE"


class ServerControl(Protocol):
    """A server that these tests started, and may end as they like. Data and port outlive a restart."""

    user: str
    password: str
    started_by: str

    @property
    def address(self) -> str: ...
    @property
    def running(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Neo4jServer:
    """A server that answers. ``control`` starts, stops and kills it; None for a given one."""

    uri: str
    user: str
    password: str
    started_by: str
    control: ServerControl | None = None

    @property
    def bolt_uri(self) -> str:
        """The same address without routing."""
        return self.uri.replace("neo4j", "bolt", 1)

    def driver(self, **settings: Any) -> neo4j.Driver:
        """A driver of the test's own, to be used in a ``with``."""
        return neo4j.GraphDatabase.driver(self.uri, auth=(self.user, self.password), **settings)

    def version(self) -> str:
        """Such as ``5.26.20 community``."""
        with self.driver() as driver:
            row = driver.execute_query(
                "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' "
                "RETURN versions[0] + ' ' + edition AS told",
                result_transformer_=neo4j.Result.single,
            )
        return str(row["told"]) if row else "unknown"

    def wipe(self) -> None:
        """Remove all nodes, relationships, constraints and indexes (token lookup indexes stay)."""
        with self.driver() as driver, driver.session() as session:
            for name in session.run("SHOW CONSTRAINTS YIELD name").value():
                session.run(f"DROP CONSTRAINT {_quoted(name)}").consume()
            for name in session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'").value():
                session.run(f"DROP INDEX {_quoted(name)}").consume()
            session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()


def given_server() -> Neo4jServer | None:
    """The server that the environment names, if it does.

    Raises
    ------
    ServerUnavailableError
        It does not answer or refuses the password, or its database holds data and nothing says that we may delete it.
    """
    if not (uri := os.environ.get(URI)):
        return None
    server = Neo4jServer(
        uri, os.environ.get(USER, "neo4j"), os.environ.get(PASSWORD, "neo4j"), started_by=f"given by {URI}"
    )
    try:
        with server.driver() as driver:
            driver.verify_connectivity()  # at once; a query would be tried again for half a minute
            nodes = driver.execute_query("MATCH (n) RETURN count(n)", result_transformer_=neo4j.Result.value)[0]
    except (DriverError, Neo4jError) as error:
        raise ServerUnavailableError(f"{URI}={uri} cannot be used: {error}") from error
    if nodes and not os.environ.get(MAY_WIPE):
        raise ServerUnavailableError(
            f"the database at {uri} holds {nodes} nodes, which these tests would delete: "
            f"give an empty one, or set {MAY_WIPE}=1 to have it wiped"
        )
    return server


def own_server() -> Neo4jServer:
    """A started server of the tests' own; whoever asks for it closes it (``server.control.close()``).

    Raises
    ------
    ServerUnavailableError
        None can be had; the message says what to install.
    """
    if containers.engine_answers():
        image = os.environ.get(IMAGE)
        try:
            return _started(containers.ContainerServer(image or f"neo4j:{os.environ.get(VERSION, '5.26')}-community"))
        except ServerUnavailableError as error:
            if image:
                raise
            why_no_container = str(error)
    else:
        why_no_container = "no Docker API answers"
    version = os.environ.get(VERSION, DEFAULT_VERSION)
    if missing := why_unavailable(version):
        raise ServerUnavailableError(
            f"no Neo4j server for the live tests: start Docker ({why_no_container}), "
            f"or install Java 17 and Maven ({missing}), or set {URI}"
        )
    return _started(LocalServer(version))


def _started(control: ServerControl) -> Neo4jServer:
    try:
        control.start()
    except BaseException:
        control.close()
        raise
    return Neo4jServer(f"neo4j://{control.address}", control.user, control.password, control.started_by, control)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"

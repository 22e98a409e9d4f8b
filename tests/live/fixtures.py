"""Fixtures for tests on real Neo4j servers. Nothing is started before a test asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from scripts.neo4j_server.java import ServerUnavailableError

from .servers import Neo4jServer, given_server, own_server
from .stores import Neo4jStores, stores_on

SERVED = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def neo4j_server(request: pytest.FixtureRequest) -> Iterator[Neo4jServer]:
    """The server of this test run. Its data are those of the last test: ask for ``neo4j_database`` instead."""
    server = _given_or_skip() or _own_or_skip()
    try:
        request.config.stash.setdefault(SERVED, []).append(f"Neo4j {server.version()}: {server.started_by}")
        yield server
    finally:
        if server.control:
            server.control.close()
        else:
            server.wipe()


@pytest.fixture(scope="module")
def neo4j_database(neo4j_server: Neo4jServer) -> Neo4jServer:
    """The server of this test run, wiped for this module; ``neo4j_database.wipe()`` does so for a single test."""
    neo4j_server.wipe()
    return neo4j_server


@pytest.fixture(scope="session")
def _stores(neo4j_server: Neo4jServer) -> Iterator[Neo4jStores]:
    yield from stores_on(neo4j_server)


@pytest.fixture
def neo4j_stores(_stores: Neo4jStores) -> Iterator[Neo4jStores]:
    """Empty stores on the server of this test run: ``neo4j_stores.new()``."""
    yield _stores
    _stores.give_all_back()


@pytest.fixture(scope="session")
def _private_server() -> Iterator[Neo4jServer]:
    server = _own_or_skip()
    yield server
    assert server.control
    server.control.close()


@pytest.fixture
def private_neo4j_server(_private_server: Neo4jServer) -> Neo4jServer:
    """A second server, of this test alone, running and wiped: ``private_neo4j_server.control.kill()``."""
    assert _private_server.control
    _private_server.control.start()
    _private_server.wipe()
    return _private_server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which server served, so that a run in CI shows what it was tested on."""
    for line in config.stash.get(SERVED, []):
        terminalreporter.write_line(line)


def _given_or_skip() -> Neo4jServer | None:
    try:
        return given_server()
    except ServerUnavailableError as error:
        pytest.fail(str(error), pytrace=False)


def _own_or_skip() -> Neo4jServer:
    try:
        return own_server()
    except ServerUnavailableError as error:
        # A server that is missing on a newcomer's machine is no failure of theirs; in CI it hides all live tests.
        if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))

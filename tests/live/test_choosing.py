"""Which server is chosen, what is said when there is none, and what is never done to a server that was given."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import neo4j
import pytest
from scripts.neo4j_server.jars import why_unavailable
from scripts.neo4j_server.process import free_port

from .servers import Neo4jServer

ROOT = Path(__file__).parents[2]
NOTHING = {"PATH": "", "DOCKER_HOST": "unix:///nowhere/docker.sock", "FACTLOOM_TEST_NEO4J_VERSION": "5.26.0-none"}
KILLED_WITH_ITS_SERVER = """
import os, signal
from scripts.neo4j_server.process import LocalServer
server = LocalServer()
server.start()
print(server.pid, server.home, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def run_one_live_test(**environment: str) -> subprocess.CompletedProcess[str]:
    """A test run of its own, of the one test that asks for the version, with nothing inherited that names a server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTLOOM_TEST_") and name != "CI"}
    command = [sys.executable, "-m", "pytest", "tests/live/test_servers.py", "-k", "version", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False)


def given(server: Neo4jServer, **changes: str) -> dict[str, str]:
    return {
        "FACTLOOM_TEST_NEO4J_URI": server.uri,
        "FACTLOOM_TEST_NEO4J_USER": server.user,
        "FACTLOOM_TEST_NEO4J_PASSWORD": server.password,
        **changes,
    }


def count_nodes(server: Neo4jServer) -> int:
    with server.driver() as driver:
        return int(driver.execute_query("MATCH (n) RETURN count(n)", result_transformer_=neo4j.Result.value)[0])


def test_without_any_server_live_tests_are_skipped_with_what_to_install() -> None:
    run = run_one_live_test(**NOTHING)

    assert run.returncode == 0, run.stdout
    assert "1 skipped" in run.stdout
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("SKIPPED")]
    assert "start Docker" in line
    assert "install Java 17 and Maven" in line


def test_in_ci_a_missing_server_is_a_failure() -> None:
    run = run_one_live_test(**NOTHING, CI="true")

    assert run.returncode == 1
    assert "install Java 17 and Maven" in run.stdout


def test_a_given_server_that_does_not_answer_is_a_failure_that_names_it() -> None:
    uri = f"bolt://127.0.0.1:{free_port()}"
    run = run_one_live_test(FACTLOOM_TEST_NEO4J_URI=uri)

    assert run.returncode == 1
    assert f"FACTLOOM_TEST_NEO4J_URI={uri} cannot be used" in run.stdout


def test_a_wrong_password_for_a_given_server_is_a_failure(neo4j_database: Neo4jServer) -> None:
    run = run_one_live_test(**given(neo4j_database, FACTLOOM_TEST_NEO4J_PASSWORD="wrong"))

    assert run.returncode == 1
    assert "cannot be used" in run.stdout
    assert "Unauthorized" in run.stdout


def test_data_of_a_given_server_are_deleted_only_by_leave(neo4j_database: Neo4jServer) -> None:
    with neo4j_database.driver() as driver:
        driver.execute_query("CREATE (:Theirs)")

    refused = run_one_live_test(**given(neo4j_database))

    assert refused.returncode == 1
    assert "holds 1 nodes, which these tests would delete" in refused.stdout
    assert count_nodes(neo4j_database) == 1

    allowed = run_one_live_test(**given(neo4j_database, FACTLOOM_TEST_NEO4J_WIPE="1"))

    assert allowed.returncode == 0, allowed.stdout
    assert "given by FACTLOOM_TEST_NEO4J_URI" in allowed.stdout
    assert count_nodes(neo4j_database) == 0


@pytest.mark.skipif(why_unavailable() is not None, reason=f"no local server: {why_unavailable()}")
def test_a_local_server_dies_with_the_process_that_started_it() -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED_WITH_ITS_SERVER], cwd=ROOT, capture_output=True, text=True, check=False
    )
    pid, _, home = run.stdout.strip().partition(" ")

    assert run.returncode < 0, run.stderr
    assert happens(lambda: not alive(int(pid))), "the server outlived its owner"
    assert happens(lambda: not Path(home).exists()), "its folder was left behind"


def happens(condition: Callable[[], bool], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent to notice does not."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip()[:1] not in {"", "Z"}

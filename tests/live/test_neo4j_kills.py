"""A server that is killed under a store and a whole memory: clear errors, nothing half-written, and on it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from benchmarks.faults import run
from tests.conformance.graph_records import ANA, episode

from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.schemas.errors import StoreUnavailableError
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EpisodeQuery

from .servers import Neo4jServer, ServerControl
from .stores import Neo4jStores

T = TypeVar("T")


@pytest.fixture
def control(private_neo4j_server: Neo4jServer) -> ServerControl:
    assert private_neo4j_server.control is not None
    return private_neo4j_server.control


def in_the_end(call: Callable[[], T]) -> T:
    """What ``call`` returns once the server is back: a busy machine may take longer than one call waits."""
    until = time.monotonic() + 200
    while True:
        try:
            return call()
        except StoreUnavailableError:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)


@pytest.mark.timeout(900)
def test_a_clear_error_nothing_half_written_and_on_it_goes(
    private_neo4j_server: Neo4jServer, control: ServerControl
) -> None:
    stores = Neo4jStores(private_neo4j_server)
    store = Neo4jGraphStore(stores.access(max_retry_time=2.0))
    (kept,) = store.write(lambda tx: tx.add_episodes([episode("kept")]))

    def die(tx: WriteTransaction) -> None:
        tx.add_episodes([episode("lost")])
        tx.find_episodes(EpisodeQuery(), spaces=ANA)
        control.kill()

    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        store.write(die)
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        store.find_episodes(EpisodeQuery(), spaces=ANA)
    control.start()
    assert in_the_end(lambda: store.find_episodes(EpisodeQuery(), spaces=ANA)) == [kept]
    in_the_end(lambda: store.write(lambda tx: tx.add_episodes([episode("after")])))
    said = store.find_episodes(EpisodeQuery(oldest_first=True), spaces=ANA)
    assert [each.content for each in said] == ["kept", "after"]
    store.close()
    stores.close()


@pytest.mark.timeout(1200)
def test_what_was_acknowledged_survives_kills_in_the_middle_of_adds(control: ServerControl) -> None:
    outcome = run(control, kills=2)  # one in the middle of work, one soon after a start
    assert outcome.lost == []
    assert outcome.problems == []
    assert outcome.unclear == []
    assert outcome.still_pending == 0
    assert len(outcome.acknowledged) > 3
    assert outcome.episodes >= len(outcome.acknowledged)
    assert outcome.clean, outcome.table()

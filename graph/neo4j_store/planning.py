"""Plans for large writes, made in the background while the first write is under way.

A server that has just started takes some seconds to plan the statements of `pending.SECTIONS`; ``EXPLAIN`` leaves the
plans where the statements find them.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import neo4j

from factloom.graph.neo4j_store import failures
from factloom.graph.neo4j_store.connection import Connection
from factloom.graph.neo4j_store.pending import LARGE
from factloom.graph.neo4j_store.queries import Queries
from factloom.schemas.errors import StoreError

_PLANNED: Final = 0.025
"""Seconds within which a server answers that has the plan already, as it has the others then, too."""

_log = logging.getLogger(__name__)


def plan_ahead(connection: Connection, queries: Queries) -> threading.Thread:
    """Have the server plan what large writes say; returns the thread that waits for it."""
    thread = threading.Thread(target=_plan, args=(connection, queries), name="factloom plans", daemon=True)
    thread.start()
    return thread


def _plan(connection: Connection, queries: Queries) -> None:
    try:
        # Where writes go: each member of a cluster has plans of its own.
        with connection.driver().session(
            database=connection.access.database, default_access_mode=neo4j.WRITE_ACCESS
        ) as session:
            session.run("RETURN 1").consume()  # connected, so that what follows is the server's time
            for number, section in enumerate(LARGE):
                started = time.monotonic()
                session.run("EXPLAIN " + queries.alone(section), {"w": {"rows": []}}).consume()
                if number == 0 and time.monotonic() - started < _PLANNED:
                    return
    except (*failures.DRIVER_FAILURES, StoreError) as error:
        # The writes themselves say what is wrong; without plans they only take longer.
        _log.debug("no plans were made ahead: %s", type(error).__name__)

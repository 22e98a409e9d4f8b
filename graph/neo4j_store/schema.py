"""Constraints and indexes of the Neo4j store, and the migrations that lead to them; the version node says how far.

Statements about the schema commit by themselves on the server, so a migration is a list of statements that each may run
again: processes that open an empty database at once all run them, and what is there already is left as it is.
"""

from __future__ import annotations

import time
import uuid
from typing import Final

from factloom.graph.neo4j_store.connection import Connection
from factloom.graph.neo4j_store.failures import ConstraintError
from factloom.graph.neo4j_store.queries import Queries
from factloom.schemas.errors import ForeignStoreError, StoreError, StorePermissionError, StoreVersionError

MIGRATIONS: Final = ("migration_1",)
"""Statement i leads from version i to i + 1; a released one is never changed."""

VERSION: Final = len(MIGRATIONS)

_ATTEMPTS: Final = 8


def full_text_index(prefix: str) -> str:
    """The name of the full-text index over the terms."""
    return f"factloom{prefix}_terms"


def open_schema(connection: Connection, queries: Queries) -> str:
    """Create or migrate what the store needs, if it is not there yet; returns the store's id.

    Raises:
        StoreVersionError: a newer factloom made it; nothing was touched.
        ForeignStoreError: another program uses our labels; nothing was touched.
    """
    found = _find(connection, queries)
    if found is None:
        _refuse_foreign(connection, queries)
        found = _make(connection, queries)
    version, store_id = found
    for number in range(version, VERSION):
        for statement in queries[MIGRATIONS[number]].split(";"):
            run_schema(connection, statement)
        connection.run_alone(queries["await_indexes"])
        connection.run_alone(queries["set_version"], {"version": number + 1})
    return store_id


def _find(connection: Connection, queries: Queries) -> tuple[int, str] | None:
    rows = connection.reading.rows(queries["find_store"])
    if not rows:
        return None
    version, store_id = rows[0]
    if version > VERSION:
        raise StoreVersionError(
            f"the store {connection.place} has format {version}, this factloom reads up to {VERSION}: upgrade factloom "
            "(pip install --upgrade factloom), or set another neo4j.label_prefix"
        )
    return version, store_id


def _refuse_foreign(connection: Connection, queries: Queries) -> None:
    """See that no node bears a label that will be ours."""
    ((foreign,),) = connection.reading.rows(queries["find_foreign"])
    # What was found may be of a factloom that opened the same database a moment ago.
    if foreign and _find(connection, queries) is None:
        raise ForeignStoreError(
            f"the database {connection.place} holds {foreign} nodes of another program with labels that factloom uses "
            f"({queries.prefix}Entity, {queries.prefix}Fact, …); they were left alone. Set neo4j.label_prefix, for "
            "instance to Memory, or neo4j.database to another one"
        )


def _make(connection: Connection, queries: Queries) -> tuple[int, str]:
    run_schema(connection, queries["one_store"])
    for attempt in range(_ATTEMPTS):
        try:
            ((version, store_id),) = connection.run_alone(queries["make_store"], {"store_id": str(uuid.uuid4())})
        except ConstraintError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return version, store_id
    raise StoreError(f"the store {connection.place} could not be made")


def run_schema(connection: Connection, statement: str) -> None:
    """Run one statement about the schema; when several processes do, they may get in each other's way for a moment."""
    for attempt in range(_ATTEMPTS):
        try:
            connection.run_alone(statement)
        except StorePermissionError:
            raise
        except StoreError:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return

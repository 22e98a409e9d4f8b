"""Empty Neo4j stores for tests, quickly: each has a label prefix of its own on the one server of the run.

Making constraints and planning statements takes seconds, and emptying takes milliseconds; so a prefix that a test is
done with is emptied and used again, with a new store id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from factloom.graph.neo4j_store import Access, Neo4jGraphStore
from factloom.graph.type_labels import OWN_LABELS
from factloom.schemas.records import utc_now

from .servers import Neo4jServer


class _Borrowed(Neo4jGraphStore):
    """A store whose prefix is used again once it is closed."""

    given_back: Callable[[], None] | None = None

    def close(self) -> None:
        super().close()
        give_back, self.given_back = self.given_back, None
        if give_back is not None:
            give_back()


class Neo4jStores:
    """Stores on one server, by prefix."""

    def __init__(self, server: Neo4jServer) -> None:
        self.server = server
        self._driver = server.driver(notifications_min_severity="OFF")
        self._made = 0
        self._free: list[str] = []
        self._opened: list[Neo4jGraphStore] = []

    def access(self, **changes: Any) -> Access:
        """How to reach the server."""
        given = {"uri": self.server.uri, "user": self.server.user, "password": self.server.password}
        return Access(**{**given, **changes})

    def new(self, *, clock: Callable[[], datetime] = utc_now, **changes: Any) -> Neo4jGraphStore:
        """An empty store; what it held goes when it is closed."""
        prefix = self.take_prefix()
        store = _Borrowed(self.access(**changes), label_prefix=prefix, clock=clock)
        store.given_back = lambda: self.give_back(prefix)
        self._opened.append(store)
        return store

    def take_prefix(self) -> str:
        """A label prefix whose store is empty, or not made yet."""
        if self._free:
            return self._free.pop()
        self._made += 1
        return f"T{self._made}x"

    def give_back(self, prefix: str) -> None:
        """Empty what is under a prefix, and let it be used again."""
        labels = "|".join(f"{prefix}{label}" for label in OWN_LABELS if label != "Store")
        with self._driver.session() as session:
            session.run(f"MATCH (n:{labels}) DETACH DELETE n").consume()
            session.run(
                f"MATCH (s:{prefix}Store) SET s = {{_one: 1, version: s.version, store_id: randomUUID(), ref: 0}}"
            ).consume()
        self._free.append(prefix)

    def give_all_back(self) -> None:
        """Close and empty all stores that were opened."""
        for store in self._opened:
            store.close()
        self._opened.clear()

    def rows(self, query: str, **parameters: Any) -> list[list[Any]]:
        """What a query of the test's own gives."""
        with self._driver.session() as session:
            return session.run(query, parameters).values()  # type: ignore[arg-type]

    def close(self) -> None:
        """Close the driver; the data go with the server's."""
        self.give_all_back()
        self._driver.close()


def stores_on(server: Neo4jServer) -> Iterator[Neo4jStores]:
    """For a fixture: stores on a server, as long as it is asked for."""
    stores = Neo4jStores(server)
    yield stores
    stores.close()

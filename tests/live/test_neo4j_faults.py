"""Many writers at once, and answers that are lost: nothing doubled, nothing half-written."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from tests.conformance.graph_records import HOME, change, entity, episode

from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.schemas.errors import StoreError
from factloom.schemas.ports import GraphStore, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery
from factloom.schemas.records import Entity
from factloom.schemas.spaces import SpaceSet

from .servers import Neo4jServer
from .stores import Neo4jStores

ANA = SpaceSet.of(HOME)
PEOPLE = [f"Person {n}" for n in range(12)]
PATIENT = 250.0
"""Seconds that a writer waits for its turn here: the first write on a slow machine waits long for its plan."""


def meet(store: GraphStore, name: str) -> None:
    """Look a person up, and make them if they are not there."""

    def work(tx: WriteTransaction) -> None:
        met = entity(name, aliases=(f"{name} alias",))
        found = tx.find_entities(EntityQuery(keys=(met.key,)), spaces=ANA)
        known = found[0] if found else met
        times = known.attributes.get("met", 0) + 1
        tx.put_entities([known.model_copy(update={"attributes": {"met": times}})])

    store.write(work)


def everybody(store: GraphStore) -> list[tuple[str, int]]:
    found = store.find_entities(EntityQuery(limit=1000), spaces=SpaceSet.everything())
    return sorted((each.name, each.attributes["met"]) for each in found)


class TestManyWriters:
    def test_eight_threads_on_two_stores_make_each_person_once(self, neo4j_stores: Neo4jStores) -> None:
        one = neo4j_stores.new(busy_timeout=PATIENT)
        two = Neo4jGraphStore(neo4j_stores.access(busy_timeout=PATIENT), label_prefix=one.label_prefix)
        errors: list[BaseException] = []

        def run(store: GraphStore) -> None:
            try:
                for name in PEOPLE:
                    meet(store, name)
            except BaseException as error:  # noqa: BLE001 - told by the assertion
                errors.append(error)

        threads = [threading.Thread(target=run, args=(store,)) for store in (one, two) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert everybody(one) == sorted((name, 8) for name in PEOPLE)
        (counts,) = one.statistics(spaces=SpaceSet.everything())
        assert (counts.entities, counts.sequence) == (len(PEOPLE), 8 * len(PEOPLE))
        two.close()

    def test_three_processes_make_each_person_once(self, neo4j_stores: Neo4jStores, neo4j_server: Neo4jServer) -> None:
        store = neo4j_stores.new()
        script = (
            "import sys\n"
            "from tests.live.test_neo4j_faults import PEOPLE, meet\n"
            "from factloom.graph.neo4j_store import Access, Neo4jGraphStore\n"
            "uri, user, password, prefix = sys.argv[1:]\n"
            "store = Neo4jGraphStore(Access(uri, user=user, password=password), label_prefix=prefix)\n"
            "for name in PEOPLE:\n"
            "    meet(store, name)\n"
            "store.close()\n"
        )
        arguments = [neo4j_server.uri, neo4j_server.user, neo4j_server.password, store.label_prefix]
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, *arguments], stderr=subprocess.PIPE, text=True, env=os.environ
            )
            for _ in range(3)
        ]
        assert [process.communicate(timeout=PATIENT)[1] for process in processes] == [""] * 3
        assert everybody(store) == sorted((name, 3) for name in PEOPLE)

    def test_one_who_does_not_look_gets_the_error_of_every_store(self, neo4j_stores: Neo4jStores) -> None:
        store = neo4j_stores.new()
        store.write(lambda tx: tx.put_entities([entity("Ana")]))
        with pytest.raises(StoreError, match="another entity"):
            store.write(lambda tx: tx.put_entities([entity("Ana")]))


class Cable:
    """A connection to a server that can be cut at the word COMMIT: before it arrives, or before its answer does."""

    COMMIT = b"\x00\x02\xb0\x12\x00\x00"

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut_at: str | None = None
        self.cuts = 0
        self._swallowing = False
        self._answered = threading.Event()
        self._sockets: list[socket.socket] = [self._listener]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for ends in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not to_server and self._swallowing:
                    self._answered.set()
                    break
                if to_server and self.COMMIT in data and self.cut_at is not None:
                    when, self.cut_at = self.cut_at, None
                    self.cuts += 1
                    if when == "after":
                        self._swallowing = True
                        target.sendall(data)
                        assert self._answered.wait(30)
                        self._swallowing = False
                    break
                target.sendall(data)
        for each in (source, target) if to_server else ():
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def cable(neo4j_server: Neo4jServer) -> Iterator[Cable]:
    host, _, port = neo4j_server.uri.split("://")[1].partition(":")
    made = Cable(host, int(port or 7687))
    yield made
    made.close()


class TestLostAnswers:
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_write_whose_commit_was_cut_is_kept_once(
        self, neo4j_stores: Neo4jStores, cable: Cable, when: str
    ) -> None:
        direct = neo4j_stores.new()
        store = Neo4jGraphStore(neo4j_stores.access(uri=f"bolt://{cable.address}"), label_prefix=direct.label_prefix)
        runs = []

        def work(tx: WriteTransaction) -> Entity:
            runs.append(1)
            tx.add_episodes([episode("once", session=f"run {len(runs)}")])
            (known,) = tx.put_entities([entity(f"Ana {len(runs)}")])
            tx.record([change(known)])
            return known

        store.write(lambda tx: tx.add_episodes([episode("before")]))
        cable.cut_at = when
        known = store.write(work)
        assert cable.cuts == 1
        assert len(runs) == (2 if when == "before" else 1)
        assert direct.find_entities(EntityQuery(), spaces=ANA) == [known]
        assert len(direct.history([known.id], spaces=ANA)) == 1
        assert {each.content for each in direct.find_episodes(EpisodeQuery(), spaces=ANA)} == {"before", "once"}
        (counts,) = direct.statistics(spaces=ANA)
        assert (counts.episodes, counts.entities, counts.sequence) == (2, 1, 2)
        store.close()

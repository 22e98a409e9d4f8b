"""Opening a store on a server: what is wrong is told apart, in bounded time, and what is not ours is left alone."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from scripts.neo4j_server.process import free_port
from tests.conformance.graph_records import add_episodes, episode

from factloom.engine.wiring import build_index, open_store
from factloom.graph.neo4j_store import Access, Neo4jGraphStore
from factloom.graph.neo4j_store.connection import check_server
from factloom.graph.neo4j_store.queries import check_prefix
from factloom.schemas.errors import (
    ConfigurationError,
    ForeignStoreError,
    StoreAuthError,
    StoreDatabaseError,
    StoreEncryptionError,
    StoreServerError,
    StoreUnavailableError,
    StoreVersionError,
)
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import utc_now
from factloom.schemas.settings import load_settings
from factloom.schemas.spaces import SpaceSet

from .servers import Neo4jServer
from .stores import Neo4jStores

ALL = SpaceSet.everything()


@pytest.fixture
def prefix(neo4j_stores: Neo4jStores) -> str:
    return neo4j_stores.take_prefix()


class TestWhatIsWrong:
    def test_a_wrong_password_and_the_password_is_never_told(
        self, neo4j_stores: Neo4jStores, caplog: pytest.LogCaptureFixture
    ) -> None:
        access = neo4j_stores.access(password="hunter2-secret")
        with caplog.at_level(logging.DEBUG), pytest.raises(StoreAuthError, match=r"neo4j\.password") as raised:
            Neo4jGraphStore(access)
        chain = [raised.value, raised.value.__cause__, raised.value.__context__]
        assert "hunter2" not in "".join(map(str, chain)) + repr(access) + caplog.text

    def test_another_database(self, neo4j_stores: Neo4jStores, neo4j_server: Neo4jServer) -> None:
        for uri in (neo4j_server.uri, neo4j_server.bolt_uri):
            with pytest.raises(StoreDatabaseError, match=r"nosuch.*neo4j\.database"):
                Neo4jGraphStore(neo4j_stores.access(uri=uri, database="nosuch"))
        with pytest.raises(StoreDatabaseError, match="system"):
            Neo4jGraphStore(neo4j_stores.access(database="system"))

    def test_tls_where_there_is_none(self, neo4j_stores: Neo4jStores, neo4j_server: Neo4jServer) -> None:
        for scheme in ("bolt+s", "neo4j+s", "neo4j+ssc"):
            uri = f"{scheme}://{neo4j_server.uri.split('://')[1]}"
            with pytest.raises(StoreEncryptionError, match="TLS"):
                Neo4jGraphStore(neo4j_stores.access(uri=uri))

    @pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
    def test_nobody_there(self, scheme: str) -> None:
        with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1.*refused") as raised:
            Neo4jGraphStore(Access(f"{scheme}://127.0.0.1:{free_port()}"))
        assert raised.value.retryable

    def test_a_server_that_never_answers_is_given_up(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            access = Access(f"bolt://127.0.0.1:{silent.getsockname()[1]}", acquisition_timeout=1.0)
            began = time.monotonic()
            with pytest.raises(StoreUnavailableError):
                Neo4jGraphStore(access)
        assert time.monotonic() - began < 30

    @pytest.mark.parametrize(
        ("uri", "told"),
        [
            ("neo4j://ana:hunter2@localhost", "neo4j.password"),
            ("neo4j://localhost/mydb", "neo4j.database"),
            ("bolt://", "host"),
            ("mongodb://localhost", "neo4j"),
        ],
    )
    def test_addresses_that_cannot_be_used(self, uri: str, told: str) -> None:
        with pytest.raises(ConfigurationError, match=told) as raised:
            Neo4jGraphStore(Access(uri))
        assert "hunter2" not in str(raised.value)

    @pytest.mark.parametrize("agent", ["Neo4j/4.4.30", "Neo4j/5.25.1", "Memgraph/3.0", "?"])
    def test_servers_that_are_too_old_or_no_neo4j(self, agent: str) -> None:
        with pytest.raises(StoreServerError, match=r"5\.26"):
            check_server(agent, "bolt://there")

    @pytest.mark.parametrize("agent", ["Neo4j/5.26.0", "Neo4j/5.27-aura", "Neo4j/2025.10.1"])
    def test_servers_that_will_do(self, agent: str) -> None:
        check_server(agent, "bolt://there")

    @pytest.mark.parametrize("prefix", ["1a", "a b", "a`", "é", "x" * 33])
    def test_prefixes_that_cannot_begin_a_label(self, prefix: str) -> None:
        with pytest.raises(ConfigurationError, match="label_prefix"):
            check_prefix(prefix)


class TestWhatIsThere:
    def test_nodes_of_others_with_our_labels_are_refused_and_left(self, neo4j_stores: Neo4jStores, prefix: str) -> None:
        taken = f"{prefix}Taken"
        neo4j_stores.rows(f"CREATE (:{taken}Entity {{name: 'theirs'}})")
        indexes = neo4j_stores.rows("SHOW INDEXES YIELD name RETURN count(*)")
        with pytest.raises(ForeignStoreError, match=r"neo4j\.label_prefix"):
            Neo4jGraphStore(neo4j_stores.access(), label_prefix=taken)
        assert neo4j_stores.rows(f"MATCH (n:{taken}Entity) RETURN n.name") == [["theirs"]]
        assert neo4j_stores.rows(f"MATCH (n:{taken}Store) RETURN n") == []
        assert neo4j_stores.rows("SHOW INDEXES YIELD name RETURN count(*)") == indexes
        neo4j_stores.rows(f"MATCH (n:{taken}Entity) DELETE n")
        neo4j_stores.give_back(prefix)

    def test_other_data_and_another_store_are_not_touched(self, neo4j_stores: Neo4jStores) -> None:
        neo4j_stores.rows("CREATE (:Movie {title: 'Alien', space: 'user/ana'})-[:LIVES_IN {fact_id: 'x'}]->(:Cinema)")
        one, two = neo4j_stores.new(), neo4j_stores.new()
        (said,) = add_episodes(one, episode())
        assert two.find_episodes(EpisodeQuery(), spaces=ALL) == []
        (theirs,) = add_episodes(two, episode())
        one.write(lambda tx: tx.delete([said.id]))
        one.write(lambda tx: tx.clear_vectors())
        assert two.find_episodes(EpisodeQuery(), spaces=ALL) == [theirs]
        assert neo4j_stores.rows("MATCH (m:Movie)-[r]->(c:Cinema) RETURN m.title, r.fact_id") == [["Alien", "x"]]
        neo4j_stores.rows("MATCH (n:Movie|Cinema) DETACH DELETE n")

    def test_a_newer_store_is_refused_untouched(self, neo4j_stores: Neo4jStores) -> None:
        store = neo4j_stores.new()
        label = f"{store.label_prefix}Store"
        neo4j_stores.rows(f"MATCH (s:{label}) SET s.version = 99")
        with pytest.raises(StoreVersionError, match="upgrade"):
            Neo4jGraphStore(neo4j_stores.access(), label_prefix=store.label_prefix)
        assert neo4j_stores.rows(f"MATCH (s:{label}) RETURN s.version") == [[99]]
        neo4j_stores.rows(f"MATCH (s:{label}) SET s.version = 1")

    def test_one_who_opens_it_again_finds_the_same(self, neo4j_stores: Neo4jStores) -> None:
        store = neo4j_stores.new()
        (said,) = add_episodes(store, episode())
        again = Neo4jGraphStore(neo4j_stores.access(), label_prefix=store.label_prefix)
        assert again.store_id() == store.store_id()
        assert again.find_episodes(EpisodeQuery(), spaces=ALL) == [said]
        again.close()


OPEN = """
import sys
from factloom.graph.neo4j_store import Access, Neo4jGraphStore
store = Neo4jGraphStore(Access(sys.argv[1], user=sys.argv[2], password=sys.argv[3]), label_prefix=sys.argv[4])
print(store.store_id())
store.close()
"""


def test_eight_processes_open_an_empty_database_at_once(
    neo4j_stores: Neo4jStores, neo4j_server: Neo4jServer, prefix: str
) -> None:
    command = [sys.executable, "-c", OPEN, neo4j_server.uri, neo4j_server.user, neo4j_server.password, f"{prefix}Fresh"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
        for _ in range(8)
    ]
    answers = [process.communicate(timeout=120) for process in processes]
    assert [told for _, told in answers] == [""] * 8
    assert len({store_id for store_id, _ in answers}) == 1
    label = f"{prefix}FreshStore"
    assert neo4j_stores.rows(f"MATCH (s:{label}) RETURN s.version") == [[1]]
    neo4j_stores.rows(f"MATCH (s:{label}) DELETE s")


class TestChoosingIt:
    @pytest.fixture
    def settings(self, neo4j_server: Neo4jServer) -> Callable[..., Any]:
        def make(**neo4j: Any) -> Any:
            given = {"user": neo4j_server.user, "password": neo4j_server.password, **neo4j}
            return load_settings(store=neo4j_server.uri, neo4j=given)

        return make

    def test_settings_name_everything(
        self,
        neo4j_stores: Neo4jStores,
        settings: Callable[..., Any],
        prefix: str,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Any,
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        chosen = settings(label_prefix=prefix, database="neo4j", pool_size=3)
        store = open_store(chosen, clock=utc_now)
        assert isinstance(store, Neo4jGraphStore)
        add_episodes(store, episode())
        build_index(chosen, store).close()
        store.close()
        neo4j_stores.give_back(prefix)
        assert "password" not in repr(chosen).replace("password=SecretStr('**********')", "")

    def test_without_the_driver_it_says_what_to_install(
        self, settings: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in [each for each in sys.modules if each.startswith(("factloom.graph.neo4j_store", "neo4j"))]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "neo4j", None)
        with pytest.raises(ConfigurationError, match=r"pip install 'factloom\[neo4j\]'"):
            open_store(settings(), clock=utc_now)

    def test_another_scheme_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="redis"):
            open_store(load_settings(store="redis://localhost"), clock=utc_now)

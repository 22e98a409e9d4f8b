"""Several processes and threads on one file: uniqueness, durability against kill -9, locks, forks."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.errors import StoreUnavailableError
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Episode, new_id, utc_now
from factloom.schemas.spaces import SpaceSet

ANA = SpaceSet.of("user/ana")

PRELUDE = """
import sys
from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.ports import IndexEntry
from factloom.schemas.queries import *
from factloom.schemas.records import *
from factloom.schemas.spaces import SpaceSet
ANA = SpaceSet.of("user/ana")
now = utc_now()
me = sys.argv[2]

def learn(tx, text, names):
    "As ingest does: look the entities up in the transaction, and make only those that are missing."
    (said,) = tx.add_episodes([Episode(id=new_id(), space="user/ana", session="s", role="user", content=text,
                                       occurred_at=now, created_at=now)])
    known = {e.key: e for e in tx.find_entities(EntityQuery(keys=names), spaces=ANA)}
    new = [Entity(id=new_id(), space="user/ana", name=n, key=n, created_at=now, updated_at=now)
           for n in dict.fromkeys(names) if n not in known]
    known.update((e.key, e) for e in tx.put_entities(new))
    (fact,) = tx.put_facts([Fact(id=new_id(), space="user/ana", subject_id=known[names[0]].id, predicate="KNOWS",
                                 object_id=known[names[1]].id, text=text, created_at=now, episode_ids=(said.id,))])
    tx.put_index([IndexEntry("fact", fact.id, text.split(), None)], embedder=None)
    tx.set_status([said.id], Status.DONE)
"""

ADDING = (
    PRELUDE
    + """
store = SqliteGraphStore(sys.argv[1], busy_timeout=60)
for i in range(100):
    names = (f"person {i % 10}", f"person {(i + 1) % 10}")
    store.write(lambda tx: learn(tx, f"{me} says {i}", names))
store.close()
"""
)

ADDING_FOR_EVER = (
    PRELUDE
    + """
store = SqliteGraphStore(sys.argv[1])
for i in range(1_000_000):
    store.write(lambda tx: learn(tx, f"turn {i}", (f"person {i % 7}", f"person {i % 5}")))
    print(i, flush=True)
"""
)


def start(script: str, path: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path), name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(content: str) -> Episode:
    now = utc_now()
    return Episode(
        id=new_id(), space="user/ana", session="s", role="user", content=content, occurred_at=now, created_at=now
    )


def test_four_processes_that_add_the_same_names_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"  # they race for making it, too
    processes = [start(ADDING, path, f"process {i}") for i in range(4)]
    for process in processes:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
    store = SqliteGraphStore(path)
    people = store.find_entities(EntityQuery(limit=1000), spaces=ANA)
    assert [each.name for each in people] == [f"person {i}" for i in range(10)]
    assert len(store.select(FactQuery(), spaces=ANA)) == 400
    (counts,) = store.statistics(spaces=ANA)
    assert (counts.episodes, counts.pending, counts.entities, counts.facts) == (400, 0, 10, 400)
    matches = store.match_terms(["says"], kind="fact", spaces=ANA, max_documents=1000)
    assert (matches.documents, matches.postings["says"].documents) == (400, 400)
    refs = store.select(EpisodeQuery(), spaces=ANA).tolist()
    assert len(set(refs)) == 400
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_what_was_acknowledged_survives_kill_9_and_nothing_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    acknowledged = -1
    for round_ in range(3):
        process = start(ADDING_FOR_EVER, path, "victim")
        assert process.stdout is not None
        try:
            for _ in range(20 + 13 * round_):
                acknowledged = max(acknowledged, int(process.stdout.readline()))
        finally:
            process.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().split())])
        process.communicate()
        store = SqliteGraphStore(path)
        episodes = {each.content: each for each in store.find_episodes(EpisodeQuery(limit=10_000), spaces=ANA)}
        assert {f"turn {i}" for i in range(acknowledged + 1)} <= episodes.keys()
        facts = store.find_facts(FactQuery(limit=100_000), spaces=ANA)
        assert {each.text for each in facts} == episodes.keys()
        assert all(each.status == "done" for each in episodes.values())
        assert all(each.episode_ids for each in facts)
        matches = store.match_terms(["turn"], kind="fact", spaces=ANA, max_documents=100_000)
        assert matches.postings["turn"].refs.tolist() == sorted(each.ref for each in facts)
        store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()


def test_a_second_store_object_sees_writes_at_once(tmp_path: Path) -> None:
    one, two = SqliteGraphStore(tmp_path / "a.db"), SqliteGraphStore(tmp_path / "a.db")
    for i in range(3):
        one.write(lambda tx, i=i: tx.add_episodes([said(str(i))]))  # type: ignore[misc]
        assert len(two.find_episodes(EpisodeQuery(), spaces=ANA)) == i + 1
    one.close()
    two.close()


def test_readers_go_on_during_a_write_and_see_the_state_before(tmp_path: Path) -> None:
    store = SqliteGraphStore(tmp_path / "a.db")
    seen: list[int] = []

    def read() -> None:
        seen.append(len(store.find_episodes(EpisodeQuery(), spaces=ANA)))

    def work(tx: object) -> None:
        tx.add_episodes([said("new")])  # type: ignore[attr-defined]
        reader = threading.Thread(target=read)
        reader.start()
        reader.join()

    store.write(work)
    read()
    assert seen == [0, 1]
    store.close()


def test_a_lock_that_stays_is_reported_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path, busy_timeout=0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="busy_timeout") as raised:
        store.write(lambda tx: tx.add_episodes([said("x")]))
    assert raised.value.retryable
    assert store.find_episodes(EpisodeQuery(), spaces=ANA) == []
    other.execute("ROLLBACK")
    other.close()
    store.write(lambda tx: tx.add_episodes([said("x")]))
    store.close()


def test_another_thread_waits_for_its_turn_no_longer_than_the_timeout(tmp_path: Path) -> None:
    store = SqliteGraphStore(tmp_path / "a.db", busy_timeout=0.1)
    failures: list[Exception] = []

    def write() -> None:
        try:
            store.write(lambda tx: None)
        except StoreUnavailableError as error:
            failures.append(error)

    def work(tx: object) -> None:
        other = threading.Thread(target=write)
        other.start()
        other.join()

    store.write(work)
    assert len(failures) == 1
    store.close()


def test_connections_of_threads_that_ended_are_closed(tmp_path: Path) -> None:
    store = SqliteGraphStore(tmp_path / "a.db")
    for _ in range(5):
        thread = threading.Thread(target=lambda: store.sequence("user/ana"))
        thread.start()
        thread.join()
    assert len(store._connections._readers) == 0
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_opens_connections_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path)
    store.write(lambda tx: tx.add_episodes([said("parent")]))
    assert len(store.find_episodes(EpisodeQuery(), spaces=ANA)) == 1
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.write(lambda tx: tx.add_episodes([said("child")]))
            code = 0 if len(store.find_episodes(EpisodeQuery(), spaces=ANA)) == 2 else 2
            store.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.write(lambda tx: tx.add_episodes([said("parent again")]))
    found = {each.content for each in store.find_episodes(EpisodeQuery(), spaces=ANA)}
    assert found == {"parent", "child", "parent again"}
    store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()

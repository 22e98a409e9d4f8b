"""Ctrl-C in the middle of a call: it ends at once, and no later call gets what belonged to it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from factloom import Memory, load_settings
from factloom.graph.neo4j_store.interruptions import Call, GivenUpError, Uninterrupted
from factloom.retrieval.embedders import HashingEmbedder

from .stores import Neo4jStores

# An interrupt that strikes in a finalizer, or in what a test tool hangs on the garbage collector, goes nowhere.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

USERS = ("ana", "bo")


@pytest.fixture
def memory(neo4j_stores: Neo4jStores) -> Iterator[Memory]:
    settings = load_settings(extractor={"kind": "none"})
    with Memory(neo4j_stores.new(), settings=settings, embedder=HashingEmbedder(64)) as made:
        for user in USERS:
            made.add_facts([(f"Friend of {user}", "KNOWS", f"Cousin of {user}")], user_id=user)
        yield made


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """A KeyboardInterrupt out of the blue, as Ctrl-C raises it; at the end it has been raised, or is not any more."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGALRM, before)


def test_reads_get_their_own_answers(memory: Memory) -> None:
    for n in range(60):
        with interrupted_after(0.0002 + 0.0001 * (n % 40)):
            memory.entities(user_id=USERS[n % 2])
        for user in USERS:
            assert {entity.name for entity in memory.entities(user_id=user)} == {
                f"Friend of {user}",
                f"Cousin of {user}",
            }


def test_searches_and_cypher_get_their_own_answers(memory: Memory) -> None:
    for n in range(15):
        with interrupted_after(0.0005 + 0.0008 * n):
            memory.search("friend", user_id=USERS[n % 2])
            memory.cypher("MATCH (e:Entity) RETURN e.name")
        for user in USERS:
            assert all(user in hit.text for hit in memory.search("friend", user_id=user))
        assert memory.cypher("RETURN 1 AS one").rows == ((1,),)


def test_writes_are_whole_or_not_there(memory: Memory) -> None:
    acknowledged = []
    for n in range(25):
        with interrupted_after(0.002 + 0.001 * n):
            memory.add_facts([(f"Person {n}", "KNOWS", f"Neighbour {n}")], user_id="ana")
            acknowledged.append(n)
    memory.add_facts([("Last", "KNOWS", "Least")], user_id="ana")
    names = {entity.name for entity in memory.entities(user_id="ana", limit=1000)}
    assert {f"Person {n}" for n in acknowledged} <= names
    for n in range(25):
        assert (f"Person {n}" in names) == (f"Neighbour {n}" in names)
    assert {entity.name for entity in memory.entities(user_id="bo")} == {"Friend of bo", "Cousin of bo"}


class TestUninterrupted:
    def test_a_wait_that_is_interrupted_ends_and_the_call_learns_of_it(self) -> None:
        calls, may_end, ended = Uninterrupted(), threading.Event(), threading.Event()

        def work(call: Call) -> None:
            try:
                may_end.wait(30)
                call.check()
            except GivenUpError:
                ended.set()

        with interrupted_after(0.05):
            calls.run(work)
        may_end.set()
        assert ended.wait(30)
        assert calls.run(lambda _: "next") == "next"

    def test_calls_share_a_thread_that_is_not_the_callers(self) -> None:
        calls = Uninterrupted()
        seen = {calls.run(lambda _: threading.get_ident()) for _ in range(3)}
        assert len(seen) == 1
        assert threading.get_ident() not in seen

    def test_other_threads_call_for_themselves(self) -> None:
        calls, seen = Uninterrupted(), []
        thread = threading.Thread(target=lambda: seen.append(calls.run(lambda _: threading.current_thread())))
        thread.start()
        thread.join()
        assert seen == [thread]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_what_a_call_raises_comes_out(self, error: type[BaseException]) -> None:
        def work(_: Call) -> Any:
            raise error("of its own")

        calls = Uninterrupted()
        for _ in range(2):
            with pytest.raises(error, match="of its own"):
                calls.run(work)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_a_fork_gets_a_thread_of_its_own(self) -> None:
        calls = Uninterrupted()
        calls.run(lambda _: None)
        child = os.fork()
        if not child:
            signal.alarm(30)  # killed rather than waiting for a thread that is not there
            os._exit(calls.run(lambda _: 7))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

"""Searches by several threads on the embedded store: what each finds, and for whom the others need not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from factloom import Memory, load_settings
from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.graph.sqlite import SqliteGraphStore, turns
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.ports import TakesTurns
from factloom.schemas.search import SearchResult

NAMES = ("Ana", "Ben", "Cleo", "Dan")
PLACES = ("Lisbon", "Berlin", "Oslo", "Turin")
QUESTIONS = [f"Where does {name} live? {number}" for number in range(6) for name in NAMES]


class Meeting:
    """An embedder, or a reranker, that answers only when two ask it at the same time."""

    name = "meeting"
    dimension = 64

    def __init__(self) -> None:
        self._inner = HashingEmbedder(64)
        self.meet: Callable[[], object] = lambda: None

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._inner.embed_documents(texts)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.meet()
        return self._inner.embed_queries(texts)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.meet()
        return [float(-place) for place in range(len(texts))]


def two_together() -> Callable[[], object]:
    return threading.Barrier(2, timeout=10).wait


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the turn may keep it for ever."""
    monkeypatch.setattr(turns, "_LONG", 1000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memory.db"
    with opened(path) as memory:
        for name, place in zip(NAMES, PLACES, strict=True):
            memory.add_facts([(name, "LIVES_IN", place)], space="t")
            memory.add(f"{name} likes the sea at {place}", space="t")
    return path


def opened(path: Path, embedder: Meeting | None = None, reranker: Meeting | None = None) -> Memory:
    settings = load_settings(extractor={"kind": "none"})
    return Memory(path, settings=settings, embedder=embedder or Meeting(), reranker=reranker)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


def plain(result: SearchResult) -> SearchResult:
    return result.model_copy(update={"timings": {}})


def test_an_embedded_store_takes_turns_and_one_on_a_server_does_not(path: Path) -> None:
    with opened(path) as memory:
        store = memory._parts.store
        assert isinstance(store, SqliteGraphStore)
        assert isinstance(store, TakesTurns)
    assert not issubclass(Neo4jGraphStore, TakesTurns)


@pytest.mark.parametrize("in_turn", [False, True])
def test_threads_find_what_one_finds(path: Path, pool: ThreadPoolExecutor, in_turn: bool) -> None:
    embedder = Meeting()
    embedder.embeds_in_turn = in_turn  # type: ignore[attr-defined]
    now = "2026-01-01T00:00:00Z"
    with opened(path, embedder) as memory:
        alone = [plain(memory.search(question, space="t", now=now)) for question in QUESTIONS]
        together = list(pool.map(lambda question: plain(memory.search(question, space="t", now=now)), QUESTIONS))
        many = [plain(one) for one in memory.search_many(QUESTIONS, space="t", now=now)]
    assert together == alone
    assert many == alone


def test_embedding_is_nobodys_turn(path: Path, pool: ThreadPoolExecutor, patience: None) -> None:
    embedder = Meeting()
    with opened(path, embedder) as memory:
        embedder.meet = two_together()
        answers = list(pool.map(lambda question: memory.search(question, space="t"), QUESTIONS[:2]))
    assert all(len(answer) for answer in answers)


def test_reranking_is_nobodys_turn(path: Path, pool: ThreadPoolExecutor, patience: None) -> None:
    reranker = Meeting()
    with opened(path, reranker=reranker) as memory:
        reranker.meet = two_together()
        answers = list(pool.map(lambda question: memory.search(question, space="t"), QUESTIONS[:2]))
    assert all(answer.timings["rerank"] > 0 for answer in answers)


def test_who_waits_is_told_how_long(path: Path, pool: ThreadPoolExecutor) -> None:
    with opened(path) as memory:
        began, may_end = threading.Event(), threading.Event()

        def hold() -> None:
            began.set()
            may_end.wait()

        store = memory._parts.store
        assert isinstance(store, TakesTurns)
        holding = pool.submit(store.turns().run, hold)
        began.wait()
        searching = pool.submit(memory.search, QUESTIONS[0], space="t", time_limit=0.05)
        result = searching.result()
        may_end.set()
        holding.result()
    assert result.partial
    assert result.timings["wait"] > 1
    assert result.timings["total"] == pytest.approx(
        sum(result.timings[step] for step in ("wait", "read", "embed", "seeds", "expand", "rank", "fetch"))
    )
    assert result[0].text == "Ana lives in Lisbon."


def test_searches_go_on_while_facts_are_added(path: Path, pool: ThreadPoolExecutor) -> None:
    with opened(path) as memory:
        writing = [
            pool.submit(memory.add_facts, [(f"Person {number}", "LIVES_IN", f"Town {number}")], space="t")
            for number in range(20)
        ]
        answers = list(pool.map(lambda question: memory.search(question, space="t"), QUESTIONS))
        assert all(each.result().added for each in writing)
        assert {answer[0].text for answer in answers} == {
            f"{name} lives in {place}." for name, place in zip(NAMES, PLACES, strict=True)
        }
        assert memory.search("Where does Person 19 live?", space="t")[0].text == "Person 19 lives in Town 19."

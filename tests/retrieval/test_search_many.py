"""Several questions at once, and searches that may take only so long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from factloom import AsyncMemory, Memory, load_settings
from factloom.retrieval.deadline import Deadline, TimeLimitPassed
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.cancellation import Cancellation
from factloom.schemas.errors import CancelledError, InvalidInputError, ModelUnavailableError
from factloom.schemas.search import SearchResult

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
OFFLINE: dict[str, Any] = {"store": ":memory:", "extractor": {"kind": "none"}}


class Watched(HashingEmbedder):
    """Notes what it is asked; does ``before`` first."""

    def __init__(self) -> None:
        super().__init__(256)
        self.batches: list[list[str]] = []
        self.before: Callable[[], object] = lambda: None

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        self.before()
        return super().embed_queries(texts)


@contextmanager
def held(embedder: Watched) -> Iterator[threading.Event]:
    """The embedder begins, says so, and does not get done before the block ends."""
    begun, release = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        release.wait()

    embedder.before = wait
    try:
        yield begun
    finally:
        release.set()


@pytest.fixture
def embedder() -> Watched:
    return Watched()


@pytest.fixture
def memory(embedder: Watched) -> Iterator[Memory]:
    with Memory(settings=load_settings(**OFFLINE), embedder=embedder, clock=lambda: NOW) as made:
        lines = ["I adopted a grey cat", "I moved to Lisbon", "the bakery was closed", "Teo plays the accordion"]
        made.add(
            [
                {"role": "user", "name": "Ana", "content": line, "time": NOW - timedelta(days=9 - i)}
                for i, line in enumerate(lines)
            ],
            space="t",
        )
        made.add_facts([("Ana", "LIVES_IN", "Lisbon"), ("Ana", "HAS_BROTHER", "Teo")], space="t")
        made.add("the grey cat of another space", space="elsewhere")
        yield made


QUESTIONS = ["What did Ana adopt?", "Where does Ana live?", "What does Ana's brother play?", "What did Ana adopt?"]


def untimed(result: SearchResult) -> SearchResult:
    return result.model_copy(update={"timings": {}})


def test_the_same_results_in_one_batch(memory: Memory, embedder: Watched) -> None:
    alone = [memory.search(question, space="t", limit=3) for question in QUESTIONS]
    embedder.batches.clear()
    together = memory.search_many(QUESTIONS, space="t", limit=3)
    assert [untimed(result) for result in together] == [untimed(result) for result in alone]
    (batch,) = embedder.batches
    assert len(batch) == len(set(batch)), "a question that is asked twice is embedded once"
    assert {"embed", "engine", "total"} <= together[0].timings.keys()


def test_other_spaces_have_no_influence_on_any_of_them(memory: Memory) -> None:
    before = memory.search_many(QUESTIONS, space="t")
    memory.add(["I adopted a grey cat and live in Porto"] * 3, space="elsewhere")
    assert [untimed(result) for result in memory.search_many(QUESTIONS, space="t")] == [untimed(r) for r in before]
    assert {hit.record.space for result in before for hit in result} == {"t"}


def test_no_questions_have_no_results(memory: Memory) -> None:
    assert memory.search_many([], space="t") == []


@pytest.mark.parametrize(
    ("queries", "complaint"),
    [
        ("Where?", r"queries must be a list of questions, e.g. \['Where\?'\]"),
        (None, "queries must be a list"),
        (["Where?", " "], r"queries\[1\] is empty; ask something"),
        (["Where?", 3], r"queries\[1\] must be text, got int"),
    ],
)
def test_which_question_cannot_be_asked_is_told(memory: Memory, queries: Any, complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        memory.search_many(queries, space="t")


def test_without_time_to_embed_the_words_answer(memory: Memory, embedder: Watched) -> None:
    with held(embedder):
        result = memory.search("Did Ana adopt a grey cat?", space="t", time_limit=0.05)
        block = memory.context("Did Ana adopt a grey cat?", 200, space="t", time_limit=0.05)
    assert result.partial
    assert result.skipped[0] == "embed"
    assert result[0].text == "I adopted a grey cat"
    assert not result[0].parts.get("vector")
    assert block.partial
    assert "I adopted a grey cat" in block.text


def test_with_time_enough_nothing_is_missing(memory: Memory) -> None:
    limited = memory.search("What did Ana adopt?", space="t", time_limit=3600)
    assert untimed(limited) == untimed(memory.search("What did Ana adopt?", space="t"))
    assert (limited.partial, limited.skipped) == (False, ())


def test_what_fails_in_time_is_told(memory: Memory, embedder: Watched) -> None:
    def fail() -> None:
        raise ModelUnavailableError("away")

    embedder.before = fail
    with pytest.raises(ModelUnavailableError, match="away"):
        memory.search("What did Ana adopt?", space="t", time_limit=3600)


@pytest.mark.parametrize("limit", [0, -1, True, "1", float("nan"), float("inf")])
def test_a_time_limit_is_a_positive_number(memory: Memory, limit: Any) -> None:
    with pytest.raises(InvalidInputError, match="time_limit must be a positive number of seconds"):
        memory.search("What did Ana adopt?", space="t", time_limit=limit)


def test_when_embedding_took_all_the_time_the_rest_is_left_out(
    memory: Memory, embedder: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = [0.0]

    def late() -> None:
        time[0] += 10.0

    embedder.before = late
    monkeypatch.setattr(memory._searcher, "_timer", lambda: time[0])
    result = memory.search("What did Ana adopt?", space="t", time_limit=5)
    assert result.skipped == ("spread", "graph")
    assert result[0].parts["vector"] > 0


def test_a_cancelled_search_ends_though_the_embedder_does_not(embedder: Watched) -> None:
    async def run() -> None:
        settings = load_settings(**OFFLINE)
        async with AsyncMemory(settings=settings, embedder=embedder, threads=1) as memory:
            await memory.add("I adopted a grey cat", user_id="ana")
            with held(embedder) as begun:
                search = asyncio.create_task(memory.search("Which cat?", user_id="ana"))
                await asyncio.to_thread(begun.wait)
                search.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await search
                # The only thread is free again while the embedder still hangs.
                assert (await memory.stats()).episodes == 1

    asyncio.run(run())


def test_a_call_that_never_ends_is_waited_for_only_so_long() -> None:
    release = threading.Event()
    deadline = Deadline(0.01)
    with pytest.raises(TimeLimitPassed):
        deadline.wait_for(release.wait)
    with pytest.raises(TimeLimitPassed):
        deadline.wait_for(lambda: pytest.fail("nothing begins when time is up"))
    release.set()


def test_work_that_was_cancelled_goes_no_further() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with cancellation.applied(), pytest.raises(CancelledError):
        Deadline().wait_for(lambda: pytest.fail("nothing begins"))
    assert Deadline().wait_for(lambda: 3) == 3

"""An embedder that works apart has the question while it is still read; nothing else about a search changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from factloom import Memory, load_settings
from factloom.retrieval import searcher
from factloom.retrieval.deadline import Deadline
from factloom.retrieval.embedders import CachingEmbedder, HashingEmbedder, OnnxEmbedder
from factloom.schemas.errors import ModelUnavailableError

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

QUESTION = "What did Ana adopt?"


class Apart(HashingEmbedder):
    """Works apart; answers when ``answers`` is set, or raises ``fails``."""

    embeds_apart = True
    embeds_in_turn = False

    def __init__(self) -> None:
        super().__init__(64)
        self.calls: list[list[str]] = []
        self.answers = threading.Event()
        self.answers.set()
        self.fails: Exception | None = None

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        assert self.answers.wait(10), "nobody went on"
        if self.fails is not None:
            raise self.fails
        return super().embed_queries(texts)


@pytest.fixture
def embedder() -> Apart:
    return Apart()


@pytest.fixture
def memory(embedder: Apart) -> Iterator[Memory]:
    settings = load_settings(store=":memory:", extractor={"kind": "none"})
    with Memory(settings=settings, embedder=embedder) as memory:
        memory.add(["I adopted a grey cat", "the bakery was closed"], space="t")
        memory.add_facts([("Ana", "LIVES_IN", "Lisbon")], space="t")
        yield memory


def test_the_store_is_looked_at_while_the_question_is_embedded(
    memory: Memory, embedder: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder.answers.clear()
    look = searcher.look

    def seen(*arguments: object, **named: object) -> object:
        found = look(*arguments, **named)  # type: ignore[arg-type]
        assert embedder.calls == [[QUESTION]], "the whole question is with the embedder already"
        embedder.answers.set()  # and gets its vector only now
        return found

    monkeypatch.setattr(searcher, "look", seen)
    result = memory.search(QUESTION, space="t")
    assert embedder.calls == [[QUESTION], ["Ana adopt"]]
    assert (result.partial, result[0].text) == (False, "I adopted a grey cat")


def test_the_results_are_those_of_one_batch(memory: Memory, embedder: Apart) -> None:
    ahead = memory.search(QUESTION, space="t")
    (together, _) = memory.search_many([QUESTION, "Where?"], space="t")
    assert embedder.calls[-1] == [QUESTION, "Ana adopt", "Where?"]
    assert ahead.model_copy(update={"timings": {}}) == together.model_copy(update={"timings": {}})


def test_time_that_counts_twice_is_in_the_total_once(memory: Memory) -> None:
    timings = memory.search(QUESTION, space="t").timings
    steps = sum(timings[step] for step in ("read", "embed", "seeds", "expand", "rank", "fetch"))
    assert timings["total"] < steps
    assert timings["engine"] == pytest.approx(timings["total"] - timings["embed"])


def test_a_thread_that_is_slow_to_start_counts_as_embedding(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Deadline.begin

    def slowly(deadline: Deadline, call: Callable[[], object]) -> object:
        time.sleep(0.05)
        return begin(deadline, call)

    monkeypatch.setattr(Deadline, "begin", slowly)
    timings = memory.search(QUESTION, space="t").timings
    assert timings["total"] > timings["embed"] > 50.0
    assert timings["engine"] > 0.0


def test_a_failure_is_raised(memory: Memory, embedder: Apart) -> None:
    embedder.fails = ModelUnavailableError("away")
    with pytest.raises(ModelUnavailableError, match="away"):
        memory.search(QUESTION, space="t")


def test_it_is_waited_for_no_longer_than_there_is_time(memory: Memory, embedder: Apart) -> None:
    embedder.answers.clear()
    try:
        result = memory.search("Did Ana adopt a grey cat?", space="t", time_limit=0.05)
    finally:
        embedder.answers.set()
    assert result.skipped[0] == "embed"
    assert result[0].text == "I adopted a grey cat"


def test_who_embeds_apart() -> None:
    assert OnnxEmbedder(threads=2).embeds_apart
    assert not OnnxEmbedder(threads=1).embeds_apart, "there is no core that would be free meanwhile"
    assert not OnnxEmbedder(precision="fp32", threads=2).embeds_apart, "one batch costs less there"
    assert CachingEmbedder(OnnxEmbedder(threads=2)).embeds_apart
    assert not CachingEmbedder(HashingEmbedder(64)).embeds_apart

"""Searches with a reranker: the order, the explanation, paging, and what happens when it fails."""

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.engine.extraction.chat_service import completion, error

from factloom import Memory, load_settings
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import (
    ConfigurationError,
    InvalidInputError,
    ModelAuthError,
    ModelNotFoundError,
    ModelResponseError,
    ModelUnavailableError,
)

from .conftest import ScoringService, looking_for

Make = Callable[..., Path]
LINES = ["Ana lives in Berlin", "the cat sat on a mat", "a cat lives in Lisbon", "where is the mat?"]


def memory_with(**arguments: Any) -> Memory:
    given = {"store": ":memory:", "extractor": {"kind": "none"}} | arguments
    options = {name: given.pop(name) for name in ("reranker_", "embedder_") if name in given}
    memory = Memory(
        settings=load_settings(**given),
        embedder=options.get("embedder_", HashingEmbedder(64)),
        reranker=options.get("reranker_"),
    )
    memory.add([{"role": "user", "name": "Ana", "content": line} for line in LINES], space="t")
    return memory


class ByLength:
    """The shortest text first; ``fails`` is raised instead, ``hangs`` waited for."""

    name = "by-length"

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.hangs: threading.Event | None = None
        self.asked: list[list[str]] = []

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append(list(texts))
        if self.hangs is not None:
            self.hangs.wait()
        if self.fails is not None:
            raise self.fails
        return [-float(len(text)) for text in texts]


def test_a_cross_encoder_in_a_folder_reorders(make_cross_encoder: Make, tmp_path: Path) -> None:
    folder = make_cross_encoder(looking_for("lisbon"))
    how = {"kind": "onnx", "path": folder, "precision": "fp32"}
    with memory_with(reranker=how, cache_dir=tmp_path / "cache") as memory:
        plain = memory.search("Where does Ana lives?", space="t", rerank=False)
        result = memory.search("Where does Ana lives?", space="t")
    assert plain[0].text == "Ana lives in Berlin"
    assert result[0].text == "a cat lives in Lisbon"
    assert result[0].parts["rerank (ranker/fp32)"] > 0
    assert not result.partial
    assert {hit.id for hit in plain} == {hit.id for hit in result}
    for hit in result:
        assert sum(hit.parts.values()) == pytest.approx(hit.score)
    assert [hit.score for hit in result] == pytest.approx([h.score for h in plain]), "scores keep their places"
    assert result.timings["rerank"] > 0


def test_a_language_model_reorders(service: ScoringService) -> None:
    how = {"kind": "openai", "base_url": service.url, "api_key": "sk-test", "model": "judge"}
    with memory_with(reranker=how) as memory:
        result = memory.search("cat lives in Lisbon", space="t")
    assert result[0].text == "a cat lives in Lisbon"
    assert "rerank (openai/judge)" in result[0].parts or result[0].score == max(hit.score for hit in result)
    (request,) = service.requests
    assert request["model"] == "judge"
    assert request["response_format"]["json_schema"]["name"] == "scores"
    sent = json.loads(request["messages"][1]["content"])
    assert sent["question"] == "cat lives in Lisbon"
    assert sorted(passage["text"] for passage in sent["passages"]) == sorted(f"Ana: {line}" for line in LINES)


def test_a_service_without_structured_output_is_understood(service: ScoringService) -> None:
    service.formats = set()
    how = {"kind": "openai", "base_url": service.url, "api_key": "x"}
    with memory_with(reranker=how) as memory:
        service.says = lambda body: completion(
            "Here you are:\n" + json.loads(service.scored(body)[2])["choices"][0]["message"]["content"] + "\nDone."
        )
        result = memory.search("cat lives in Lisbon", space="t")
    assert (result[0].text, result.partial) == ("a cat lives in Lisbon", False)


UNUSABLE: list[Any] = [
    error(500, "boom"),
    error(429, "slow down"),
    completion("I would rather not."),
    completion('{"scores": []}'),
    completion('{"scores": [{"id": "p1", "score": 3}, {"id": "p9", "score": 3}]}'),
    completion('{"scores": [{"id": "p1", "score": 99}]}'),
    completion(None, refusal="no"),
]


@pytest.mark.parametrize("answer", UNUSABLE)
def test_what_may_pass_costs_only_the_new_order(service: ScoringService, answer: Any) -> None:
    service.says = lambda body: answer
    how = {"kind": "openai", "base_url": service.url, "api_key": "x", "max_retries": 0}
    with memory_with(reranker=how) as memory:
        plain = memory.search("Where does Ana live?", space="t", rerank=False)
        result = memory.search("Where does Ana live?", space="t")
        assert [hit.id for hit in result] == [hit.id for hit in plain]
        assert (result.partial, result.skipped) == (True, ("rerank",))
    with (
        memory_with(reranker=how | {"on_failure": "error"}) as memory,
        pytest.raises((ModelUnavailableError, ModelResponseError)),
    ):
        memory.search("Where does Ana live?", space="t")


@pytest.mark.parametrize(
    ("answer", "kind"), [(error(401, "bad key"), ModelAuthError), (error(404, "no model"), ModelNotFoundError)]
)
def test_what_does_not_pass_is_raised(service: ScoringService, answer: Any, kind: type[Exception]) -> None:
    service.says = lambda body: answer
    how = {"kind": "openai", "base_url": service.url, "api_key": "x", "max_retries": 0}
    with memory_with(reranker=how) as memory, pytest.raises(kind, match=r"reranker\.(api_key|model)"):
        memory.search("Where does Ana live?", space="t")


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"reranker\.path has to name the folder"):
        memory_with(reranker={"kind": "onnx"})
    with (
        memory_with(reranker={"kind": "onnx", "path": tmp_path / "nowhere"}) as memory,
        pytest.raises(ModelNotFoundError, match="holds no cross-encoder"),
    ):
        memory.search("Where does Ana live?", space="t")


def test_a_reranker_of_ones_own() -> None:
    own = ByLength()
    with memory_with(reranker_=own) as memory:
        result = memory.search("Where is the mat?", space="t")
        assert [hit.text for hit in result] == sorted(LINES, key=len)
        page = memory.search("Where is the mat?", space="t", limit=1, offset=1)
        assert page[0].id == result[1].id, "pages are cut from the reranked order"
        memory.search_many(["Where is the mat?", "Which cat?"], space="t", rerank=False)
        assert len(own.asked) == 2
        with pytest.raises(InvalidInputError, match="rerank must be True or False"):
            memory.search("Where is the mat?", space="t", rerank="no")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="reranker must have the methods rerank"):
        memory_with(reranker_=object())


def test_only_the_first_are_asked_about() -> None:
    own = ByLength()
    with memory_with(reranker_=own, reranker={"candidates": 2}) as memory:
        plain = memory.search("Where is the mat?", space="t", rerank=False)
        result = memory.search("Where is the mat?", space="t")
    assert [len(texts) for texts in own.asked] == [2]
    assert {h.id for h in result[:2]} == {h.id for h in plain[:2]}
    assert [h.id for h in result[2:]] == [h.id for h in plain[2:]]


def test_a_reranker_that_takes_too_long_is_not_waited_for() -> None:
    own = ByLength()
    own.hangs = threading.Event()
    with memory_with(reranker_=own) as memory:
        plain = memory.search("Where is the mat?", space="t", rerank=False)
        result = memory.search("Where is the mat?", space="t", time_limit=0.5)
        assert [hit.id for hit in result] == [hit.id for hit in plain]
        assert (result.partial, result.skipped[-1]) == (True, "rerank")
        own.hangs.set()


def test_connections_are_closed_with_the_memory() -> None:
    class Connected(ByLength):
        closed = False

        def close(self) -> None:
            self.closed = True

    own = Connected()
    with closing(memory_with(reranker_=own)):
        assert not own.closed
    assert own.closed

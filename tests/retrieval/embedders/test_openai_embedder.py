import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from factloom.retrieval.embedders import OpenAIEmbedder
from factloom.schemas.errors import (
    ConfigurationError,
    InvalidInputError,
    ModelAuthError,
    ModelNotFoundError,
    ModelResponseError,
    ModelUnavailableError,
)

Make = Callable[..., OpenAIEmbedder]


@pytest.fixture
def make(service: Any) -> Iterator[Make]:
    made = []

    def build(**options: Any) -> OpenAIEmbedder:
        settings = {"model": "letters", "dimension": 8, "base_url": service.url, "api_key": "sk-test"} | options
        made.append(OpenAIEmbedder(**settings))
        return made[-1]

    yield build
    for embedder in made:
        embedder.close()


def test_vectors_are_those_of_the_service_at_unit_length(make: Make, service: Any) -> None:
    vectors = make().embed_documents(["cat", "a dog"])
    for row, text in zip(vectors, ["cat", "a dog"], strict=True):
        expected = service.vector(text) / np.linalg.norm(service.vector(text))
        np.testing.assert_allclose(row, expected, atol=1e-6)
    assert service.requests[0]["path"] == "/v1/embeddings"
    assert service.requests[0]["key"] == "Bearer sk-test"


@pytest.mark.parametrize(("wanted", "forced"), [("base64", False), ("base64", True), ("float", False)])
def test_base64_and_lists_of_numbers_give_the_same(make: Make, service: Any, wanted: str, forced: bool) -> None:
    service.force_floats = forced
    row = make(encoding_format=wanted).embed_queries(["who?"])[0]
    assert service.requests[0]["encoding_format"] == wanted
    np.testing.assert_allclose(row, service.vector("who?") / np.linalg.norm(service.vector("who?")), atol=1e-6)


def test_many_texts_are_sent_in_batches_and_stay_in_order(make: Make, service: Any) -> None:
    texts = [f"text {'e' * n}" for n in range(7)]
    embedder = make(batch_size=3)
    together = embedder.embed_documents(texts)
    assert [len(request["input"]) for request in service.requests] == [3, 3, 1]
    np.testing.assert_array_equal(together, np.vstack([embedder.embed_documents([text]) for text in texts]))


def test_long_texts_share_no_request_that_would_be_too_large(make: Make, service: Any) -> None:
    make().embed_documents(["e" * 30_000] * 10)
    assert all(sum(map(len, request["input"])) <= 200_000 for request in service.requests)
    assert sum(len(request["input"]) for request in service.requests) == 10


def test_vectors_in_another_order_are_put_right_by_their_index(make: Make, service: Any) -> None:
    straight = make().embed_documents(["one", "two", "three"])
    service.change = lambda answer: answer | {"data": answer["data"][::-1]}
    np.testing.assert_array_equal(make().embed_documents(["one", "two", "three"]), straight)


def test_blank_text_is_not_sent_empty(make: Make) -> None:
    vectors = make().embed_documents(["", "  \n"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_text_longer_than_the_model_reads_is_cut(make: Make, service: Any) -> None:
    service.longest = 5000
    vectors = make().embed_documents(["short", "e" * 100_000])
    np.testing.assert_allclose(vectors[0], make().embed_documents(["short"])[0], atol=1e-6)
    assert len(service.requests[-2]["input"][1]) <= 5000


def test_a_limited_service_is_asked_again_after_the_time_it_names(make: Make, service: Any) -> None:
    service.script = [(429, {"Retry-After": "0.01"}, b'{"error": {"message": "slow down"}}')] * 2
    assert make(max_retries=2).embed_queries(["again"]).shape == (1, 8)
    assert len(service.requests) == 3


def test_a_service_that_stays_limited_is_unavailable(make: Make, service: Any) -> None:
    service.script = [(429, {"Retry-After": "0.01"}, b'{"error": {"message": "quota exceeded"}}')] * 2
    with pytest.raises(ModelUnavailableError, match="quota exceeded") as caught:
        make(max_retries=1).embed_queries(["again"])
    assert caught.value.retryable


def test_a_failing_service_is_unavailable(make: Make, service: Any) -> None:
    service.script = [(500, {"retry-after-ms": "5"}, b"{}")] * 2
    with pytest.raises(ModelUnavailableError, match="500"):
        make(max_retries=1).embed_queries(["x"])
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_said_to_be_one_and_not_shown(make: Make, service: Any, status: int) -> None:
    service.script = [(status, {}, b'{"error": {"message": "Incorrect API key provided: sk-test"}}')]
    with pytest.raises(ModelAuthError, match="api_key") as caught:
        make().embed_queries(["x"])
    assert "sk-test" not in str(caught.value)


def test_an_unknown_model_is_not_found(make: Make, service: Any) -> None:
    service.script = [(404, {}, b'{"error": {"message": "no such model"}}')]
    with pytest.raises(ModelNotFoundError, match="letters"):
        make().embed_queries(["x"])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/json", b'{"data": [{"ind'), ("text/html", b"<html>hello</html>"), ("application/json", b"[]")],
)
def test_an_answer_that_is_no_embedding_list_is_refused(
    make: Make, service: Any, content_type: str, body: bytes
) -> None:
    service.script = [(200, {"Content-Type": content_type}, body)]
    with pytest.raises(ModelResponseError, match="base_url"):
        make().embed_queries(["x"])


def test_a_wrong_dimension_is_refused_with_the_right_one(make: Make, service: Any) -> None:
    service.dimension = 12
    with pytest.raises(ModelResponseError, match="length 12, not 8"):
        make().embed_queries(["x"])


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer | {"data": answer["data"][:1]},
        lambda answer: answer | {"data": [item | {"index": 0} for item in answer["data"]]},
        lambda answer: answer | {"data": []},
    ],
)
def test_missing_or_doubled_vectors_are_refused(make: Make, service: Any, change: Any) -> None:
    service.change = change
    with pytest.raises(ModelResponseError, match="for 2 texts"):
        make().embed_documents(["x", "y"])


@pytest.mark.parametrize("embedding", ["not base64!", "AAA=", ["x"] * 8, None, [0.0] * 8, [float("nan")] * 8])
def test_a_vector_that_cannot_be_used_is_refused(make: Make, service: Any, embedding: Any) -> None:
    service.change = lambda answer: answer | {"data": [answer["data"][0] | {"embedding": embedding}]}
    with pytest.raises(ModelResponseError):
        make().embed_documents(["x"])


def test_nothing_listening_is_unavailable_and_names_the_address() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/v1"
        embedder = OpenAIEmbedder("letters", dimension=8, base_url=url, api_key="x", max_retries=0)
        with pytest.raises(ModelUnavailableError, match="base_url") as caught:
            embedder.embed_queries(["x"])
        embedder.close()
    assert url in str(caught.value)


def test_a_service_that_says_nothing_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        embedder = OpenAIEmbedder("letters", dimension=8, base_url=url, api_key="x", max_retries=0, timeout=0.2)
        with pytest.raises(ModelUnavailableError, match="too long"):
            embedder.embed_queries(["x"])
        embedder.close()


def test_only_models_that_can_shorten_are_asked_to(make: Make, service: Any) -> None:
    make().embed_queries(["x"])
    make(model="text-embedding-3-small").embed_queries(["x"])
    assert [request.get("dimensions") for request in service.requests] == [None, 8]
    assert make(model="text-embedding-3-small").name == "text-embedding-3-small/8"


def test_dimensions_of_openais_models_are_known_and_others_must_be_given() -> None:
    assert OpenAIEmbedder().dimension == 1536
    assert OpenAIEmbedder("text-embedding-3-large").dimension == 3072
    with pytest.raises(ConfigurationError, match="nomic-embed-text"):
        OpenAIEmbedder("nomic-embed-text")
    with pytest.raises(InvalidInputError):
        OpenAIEmbedder(batch_size=0)


def test_no_key_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        OpenAIEmbedder().embed_queries(["x"])


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigurationError, match=r"factloom\[openai\]"):
        OpenAIEmbedder(api_key="x").embed_queries(["x"])

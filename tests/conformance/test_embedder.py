"""What every Embedder promises, whatever is behind it. An adapter joins by an entry in ``ADAPTERS``.

Not shared: how near two texts are (a matter of the model), and what happens when a service fails.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factloom.retrieval.embedders import (
    CachingEmbedder,
    HashingEmbedder,
    OnnxEmbedder,
    OpenAIEmbedder,
    locate_weights,
)
from factloom.schemas.errors import InvalidInputError, ModelNotFoundError
from factloom.schemas.ports import Embedder

TEXTS = [
    "I moved to Lisbon in May.",
    "short",
    "My sister Ana works for a hospital in Porto, and on weekends she goes climbing with two friends from school.",
    "Did you feed the cat?",
    "No.",
]


class _EmbeddingsHandler(BaseHTTPRequestHandler):
    """The embeddings API of OpenAI, with hashed words for a model; refuses what OpenAI refuses."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not body["input"] or any(not text or len(text) > 32_000 for text in body["input"]):
            content, status = b'{"error": {"message": "invalid input"}}', 400
        else:
            rows = HashingEmbedder(64).embed_documents(body["input"]) * 3
            data = [
                {"object": "embedding", "index": i, "embedding": base64.b64encode(row.tobytes()).decode()}
                for i, row in enumerate(rows.astype("<f4"))
            ]
            answer = {"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}
            content, status = json.dumps(answer).encode(), 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def openai_embedder() -> Iterator[Embedder]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmbeddingsHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        embedder = OpenAIEmbedder("hashed-words", dimension=64, base_url=url, api_key="none", batch_size=2)
        try:
            yield embedder
        finally:
            embedder.close()
            server.shutdown()
            thread.join()


@contextmanager
def minilm(precision: Any, cache: Path) -> Iterator[Embedder]:
    try:
        locate_weights()
    except ModelNotFoundError as error:
        pytest.skip(f"no weights: {error}")
    yield OnnxEmbedder(precision=precision, cache_dir=cache)


#: A context manager for each adapter, given a folder to write in.
ADAPTERS: dict[str, Callable[[Path], AbstractContextManager[Embedder]]] = {
    "hashing": lambda _: nullcontext(HashingEmbedder()),
    "cached": lambda _: nullcontext(CachingEmbedder(HashingEmbedder(), entries=3)),
    "minilm-int8": lambda folder: minilm("int8", folder),
    "minilm-fp32": lambda folder: minilm("fp32", folder),
    "openai": lambda _: openai_embedder(),
}


@pytest.fixture(scope="module", params=list(ADAPTERS))
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    with ADAPTERS[request.param](tmp_path_factory.mktemp("embedder")) as made:
        yield made


@pytest.fixture(params=["embed_documents", "embed_queries"])
def embed(request: pytest.FixtureRequest, embedder: Embedder) -> Any:
    return getattr(embedder, request.param)


class TestIdentity:
    def test_it_is_an_embedder(self, embedder: Embedder) -> None:
        assert isinstance(embedder, Embedder)

    def test_the_name_can_be_recorded(self, embedder: Embedder) -> None:
        assert embedder.name == embedder.name.strip() != ""
        assert embedder.name.isprintable()

    def test_the_dimension_is_that_of_the_vectors(self, embedder: Embedder) -> None:
        assert embedder.embed_documents(["x"]).shape == (1, embedder.dimension)


class TestEmbed:
    def test_shape_and_type(self, embed: Any, embedder: Embedder) -> None:
        vectors = embed(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dimension)
        assert vectors.dtype == np.float32

    def test_no_texts_give_no_rows(self, embed: Any, embedder: Embedder) -> None:
        vectors = embed([])
        assert vectors.shape == (0, embedder.dimension)
        assert vectors.dtype == np.float32

    def test_rows_are_of_unit_length(self, embed: Any) -> None:
        np.testing.assert_allclose(np.linalg.norm(embed([*TEXTS, "", "?!", "\n"]), axis=1), 1, atol=1e-5)

    def test_the_same_again_is_the_same(self, embed: Any) -> None:
        np.testing.assert_array_equal(embed(TEXTS), embed(TEXTS))

    def test_order_is_kept_over_many_batches(self, embed: Any) -> None:
        texts = [TEXTS[(7 * n) % 5] + f" {n}" for n in range(40)]
        forward, backward = embed(texts), embed(texts[::-1])
        np.testing.assert_allclose(forward, backward[::-1], atol=1e-3)
        nearest = (forward @ embed(texts[3:9]).T).argmax(axis=0)
        assert nearest.tolist() == list(range(3, 9))

    def test_a_text_alone_has_the_vector_it_has_among_others(self, embed: Any) -> None:
        alone = np.vstack([embed([text]) for text in TEXTS])
        np.testing.assert_allclose(embed(TEXTS), alone, atol=1e-3)

    def test_other_texts_have_other_vectors(self, embed: Any) -> None:
        similarity = embed(TEXTS) @ embed(TEXTS).T
        assert (similarity - 2 * np.eye(len(TEXTS)) < 0.999).all()

    def test_any_sequence_will_do(self, embed: Any) -> None:
        np.testing.assert_array_equal(embed(tuple(TEXTS)), embed(TEXTS))


class TestUnusualText:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            " \t\n",
            "Ünïcödé, 日本語, عربى",
            "👩‍👩‍👧",
            "a\0b",
            "\ud800",
            "x\udfff",
            "﷽" * 300,
            "\u202e\u200b",
            "-" * 5000,
        ],
        ids=ascii,
    )
    def test_it_has_a_finite_unit_vector(self, embed: Any, text: str) -> None:
        (vector,) = embed([text])
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)

    def test_a_very_long_text_beside_a_short_one(self, embed: Any) -> None:
        long, short = embed(["She told the whole story again. " * 40_000, "short"])
        assert np.linalg.norm(long) == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(short, embed(["short"])[0], atol=1e-3)


class TestBadInput:
    @pytest.mark.parametrize("texts", ["a string", b"bytes", ["fine", None], [1], [["nested"]]])
    def test_what_is_no_list_of_strings_is_refused(self, embed: Any, texts: Any) -> None:
        with pytest.raises(InvalidInputError, match="texts"):
            embed(texts)

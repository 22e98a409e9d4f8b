"""Small model directories with random weights, and a local service that speaks the embeddings protocol."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.http_service import HttpService

WORDS = [
    "the",
    "cat",
    "dog",
    "sat",
    "on",
    "a",
    "mat",
    "lives",
    "in",
    "berlin",
    "lisbon",
    "she",
    "moved",
    "##s",
    ",",
    ".",
    "?",
]
SIZE, LAYERS, HEADS, INNER, POSITIONS = 24, 2, 4, 40, 16


def random_weights(seed: int, vocabulary: int, *, positions: int = POSITIONS, prefix: str = "") -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    weights: dict[str, Any] = {}

    def add(name: str, *shape: int) -> None:
        weights[prefix + name] = rng.normal(0, 0.4, shape).astype(np.float32)

    def norm(name: str) -> None:
        weights[f"{prefix}{name}.weight"] = rng.normal(1, 0.2, SIZE).astype(np.float32)
        add(f"{name}.bias", SIZE)

    def dense(name: str, rows: int, columns: int) -> None:
        add(f"{name}.weight", rows, columns)
        add(f"{name}.bias", rows)

    add("embeddings.word_embeddings.weight", vocabulary, SIZE)
    add("embeddings.position_embeddings.weight", positions, SIZE)
    add("embeddings.token_type_embeddings.weight", 2, SIZE)
    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            dense(f"{name}.attention.self.{part}", SIZE, SIZE)
        dense(f"{name}.attention.output.dense", SIZE, SIZE)
        norm(f"{name}.attention.output.LayerNorm")
        dense(f"{name}.intermediate.dense", INNER, SIZE)
        dense(f"{name}.output.dense", SIZE, INNER)
        norm(f"{name}.output.LayerNorm")
    return weights


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model directory; keyword arguments are files (JSON values) that are added or replaced."""

    def make(
        name: str = "tiny", *, seed: int = 0, prefix: str = "", config: dict[str, Any] | None = None, **files: Any
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
        settings = {
            "model_type": "bert",
            "hidden_size": SIZE,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": INNER,
            "max_position_embeddings": POSITIONS,
            "vocab_size": len(vocabulary),
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
        } | (config or {})
        (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        for file, value in files.items():
            path = folder / {"pooling": "1_Pooling/config"}.get(file, file)
            path.parent.mkdir(exist_ok=True)
            path.with_suffix(".json").write_text(json.dumps(value), encoding="utf-8")
        weights = random_weights(seed, len(vocabulary), positions=settings["max_position_embeddings"], prefix=prefix)
        save_file(weights, folder / "model.safetensors")
        return folder

    return make


class EmbeddingService(HttpService):
    """An embeddings service on this machine."""

    def __init__(self) -> None:
        self.dimension = 8
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
        self.longest = 10**9
        self.force_floats = False
        super().__init__()

    def vector(self, text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Letter counts, not of unit length: what comes out of the adapter must be."""
        counts = Counter(text.lower())
        letters = "etaoinsrhldcumfpgwybvkxjqz"
        row = [1.0 + sum(counts[c] for c in letters[i :: self.dimension]) for i in range(self.dimension)]
        return np.array(row, dtype="<f4")

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if any(not text for text in body["input"]):
            return 400, {}, b'{"error": {"message": "input cannot be an empty string"}}'
        if max(map(len, body["input"])) > self.longest:
            return 400, {}, b'{"error": {"message": "This model\'s maximum context length is 8192 tokens"}}'
        as_text = body.get("encoding_format") == "base64" and not self.force_floats
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(self.vector(text).tobytes()).decode()
                if as_text
                else self.vector(text).tolist(),
            }
            for index, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        answer = {"object": "list", "data": data, "model": body["model"], "usage": usage}
        return 200, {}, json.dumps(self.change(answer)).encode()


@pytest.fixture
def service() -> Iterator[EmbeddingService]:
    running = EmbeddingService()
    yield running
    running.stop()

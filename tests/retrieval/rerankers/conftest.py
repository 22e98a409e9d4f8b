"""Small cross-encoders in the format of real ones, and a service that scores passages."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.engine.extraction.chat_service import ChatStandIn

WORDS = "ana lives in berlin lisbon where does the cat sat on a mat . ?".split()  # noqa: SIM905
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
SIZE, HEADS, INNER, POSITIONS = 16, 2, 24, 40


def random_weights(seed: int, labels: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> Any:
        return rng.normal(0, 0.4, shape).astype(np.float32)

    weights = {
        "bert.embeddings.word_embeddings.weight": some(len(VOCABULARY), SIZE),
        "bert.embeddings.position_embeddings.weight": some(POSITIONS, SIZE),
        "bert.embeddings.token_type_embeddings.weight": some(2, SIZE),
    }
    layer = "bert.encoder.layer.0."
    dense = {f"{layer}attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")}
    dense |= {f"{layer}attention.output.dense": (SIZE, SIZE), f"{layer}intermediate.dense": (INNER, SIZE)}
    dense |= {f"{layer}output.dense": (SIZE, INNER), "bert.pooler.dense": (SIZE, SIZE), "classifier": (labels, SIZE)}
    for name, shape in dense.items():
        weights |= {f"{name}.weight": some(*shape), f"{name}.bias": some(shape[0])}
    for name in ("bert.embeddings.LayerNorm", f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"):
        weights |= {f"{name}.weight": 1 + some(SIZE) / 4, f"{name}.bias": some(SIZE)}
    return weights


def looking_for(word: str) -> dict[str, Any]:
    """Weights that score a pair by whether ``word`` stands in it: the first token takes the mean of all, and the head
    reads the one dimension in which that word differs.
    """
    weights = {name: np.zeros_like(value) for name, value in random_weights(0, 1).items()}
    layer = "bert.encoder.layer.0."
    words = weights["bert.embeddings.word_embeddings.weight"]
    words[:, 1] = 1.0
    words[VOCABULARY.index(word), 0] = 3.0
    for name in (f"{layer}attention.self.value", f"{layer}attention.output.dense", "bert.pooler.dense"):
        weights[f"{name}.weight"] += np.eye(SIZE, dtype=np.float32)
    for name in ("bert.embeddings.LayerNorm", f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"):
        weights[f"{name}.weight"] += 1.0
    weights["classifier.weight"][0, 0] = 1.0
    return weights


@pytest.fixture
def make_cross_encoder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder as sentence-transformers does for a cross-encoder."""

    def make(weights: dict[str, Any], *, name: str = "ranker", **config: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
        settings = {
            "model_type": "bert",
            "architectures": ["BertForSequenceClassification"],
            "hidden_size": SIZE,
            "num_hidden_layers": 1,
            "num_attention_heads": HEADS,
            "intermediate_size": INNER,
            "max_position_embeddings": POSITIONS,
            "vocab_size": len(VOCABULARY),
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
        }
        (folder / "config.json").write_text(json.dumps(settings | config), encoding="utf-8")
        save_file(weights, folder / "model.safetensors")
        return folder

    return make


class ScoringService(ChatStandIn):
    """Scores every passage by the words that it shares with the question."""

    def answer(self, body: dict[str, Any]) -> Any:
        if self.says is not None:
            return self._complaint(body) or self.says(body)
        return self._complaint(body) or self.scored(body)

    def scored(self, body: dict[str, Any], **changes: Any) -> Any:
        from tests.engine.extraction.chat_service import completion

        data = json.loads(body["messages"][-1]["content"])
        wanted = set(data["question"].lower().strip("?").split())
        rows = [
            {"id": passage["id"], "score": min(10, 2 * len(wanted & set(passage["text"].lower().split())))}
            for passage in data["passages"]
        ]
        return completion(json.dumps({"scores": rows} | changes))

    def _length_complaint(self, body: dict[str, Any]) -> Any:
        return None


@pytest.fixture
def service() -> Iterator[ScoringService]:
    running = ScoringService()
    yield running
    running.stop()

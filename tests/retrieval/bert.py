"""BERT as its paper has it, in float64 and plain numpy: the yardstick that shares no code with the graphs."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file


def hidden_states(
    folder: Path, ids: list[int], *, types: list[int] | None = None, offset: int = 0, act: str = "gelu"
) -> Any:
    """The last layer's states of the tokens ``ids`` by the weights in ``folder``, shape (tokens, size)."""
    config = json.loads((folder / "config.json").read_text())
    w = {k.removeprefix("bert."): v.astype(np.float64) for k, v in load_file(folder / "model.safetensors").items()}
    heads, size = config["num_attention_heads"], config["hidden_size"]

    def dense(x: Any, name: str) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred**2).mean(-1, keepdims=True)
        return centred / np.sqrt(variance + 1e-12) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def activate(x: Any) -> Any:
        if act == "relu":
            return np.maximum(x, 0)
        if act == "gelu_new":
            return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))

    x = (
        w["embeddings.word_embeddings.weight"][ids]
        + w["embeddings.token_type_embeddings.weight"][types or [0] * len(ids)]
    )
    x = norm(x + w["embeddings.position_embeddings.weight"][offset : offset + len(ids)], "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        parts = [dense(x, f"{name}.attention.self.{p}").reshape(len(ids), heads, -1) for p in ("query", "key", "value")]
        q, k, v = (part.transpose(1, 0, 2) for part in parts)
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(size / heads)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), size)
        x = norm(x + dense(mixed, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        inner = activate(dense(x, f"{name}.intermediate.dense"))
        x = norm(x + dense(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    return x

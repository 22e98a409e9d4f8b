"""Reads a sentence-encoder directory: what the network is, how it pools, what the tokenizer is told.

The layout is the one that sentence-transformers writes: ``config.json`` (the transformer),
``modules.json`` (the chain of modules), ``1_Pooling/config.json``, ``sentence_bert_config.json`` and
``config_sentence_transformers.json``; all but the first may be missing. What this package cannot
represent exactly is refused here, before anything is built, rather than embedded slightly wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from factloom.schemas.errors import ConfigurationError, ModelNotFoundError

Pooling = Literal["mean", "cls"]
Activation = Literal["gelu", "gelu_tanh", "relu"]

_BERT = frozenset({"bert"})
#: Same network; positions are counted from ``pad_token_id + 1``.
_ROBERTA = frozenset({"roberta", "xlm-roberta", "camembert"})
_ACTIVATIONS: dict[str, Activation] = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
}
_QUERY_PROMPTS = ("query", "search_query", "s2p_query")
_DOCUMENT_PROMPTS = ("document", "passage", "search_document", "corpus")


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """All that decides a vector apart from the weights and the vocabulary.

    ``position_offset`` is the row of the position table that the first token uses.
    ``max_length`` counts tokens, the two special ones included. A prompt is put before every text.
    """

    dimension: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    activation: Activation
    epsilon: float
    position_offset: int
    max_length: int
    pooling: Pooling
    lowercase: bool
    query_prompt: str
    document_prompt: str


def read_encoder_config(folder: Path) -> EncoderConfig:
    """Read and check the configuration files of ``folder``.

    Raises:
        ModelNotFoundError: there is no ``config.json``, so this is no model directory.
        ConfigurationError: the model is of a kind that cannot be represented; the message says what.
    """
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(
            f"{folder} holds no sentence encoder: config.json is missing. Give the folder that holds "
            "config.json, tokenizer.json (or vocab.txt) and model.safetensors."
        )
    transformer = _read_json(folder / "config.json")
    modules = _module_folders(folder)
    offset = _position_offset(folder, transformer)
    sentence = _read_optional(folder / "sentence_bert_config.json")
    positions = _positive(folder, transformer, "max_position_embeddings") - offset
    prompts = _read_optional(folder / "config_sentence_transformers.json")
    query_prompt, document_prompt = _prompts(prompts)
    pooling = _pooling(folder, modules, has_prompt=bool(query_prompt or document_prompt))
    _check_similarity(folder, prompts, modules)
    hidden = _positive(folder, transformer, "hidden_size")
    heads = _positive(folder, transformer, "num_attention_heads")
    if hidden % heads:
        raise _unsupported(folder, f"hidden_size {hidden} is no multiple of num_attention_heads {heads}")
    return EncoderConfig(
        dimension=hidden,
        layers=_positive(folder, transformer, "num_hidden_layers"),
        heads=heads,
        intermediate=_positive(folder, transformer, "intermediate_size"),
        vocabulary=_positive(folder, transformer, "vocab_size"),
        activation=_activation(folder, transformer),
        epsilon=float(transformer.get("layer_norm_eps", 1e-12)),
        position_offset=offset,
        max_length=_max_length(folder, sentence, positions),
        pooling=pooling,
        lowercase=bool(sentence.get("do_lower_case", False)),
        query_prompt=query_prompt,
        document_prompt=document_prompt,
    )


def _position_offset(folder: Path, transformer: dict[str, Any]) -> int:
    kind = transformer.get("model_type")
    if kind not in _BERT | _ROBERTA:
        known = ", ".join(sorted(_BERT | _ROBERTA))
        raise _unsupported(folder, f"model_type {kind!r} is not of the BERT family ({known})")
    positions = transformer.get("position_embedding_type", "absolute")
    if positions not in (None, "absolute"):
        raise _unsupported(folder, f"position_embedding_type {positions!r}; only 'absolute' can be built")
    if transformer.get("is_decoder") or transformer.get("add_cross_attention"):
        raise _unsupported(folder, "it is a decoder")
    if transformer.get("embedding_size", transformer.get("hidden_size")) != transformer.get("hidden_size"):
        raise _unsupported(folder, "its embeddings are factorised (embedding_size differs from hidden_size)")
    return int(transformer.get("pad_token_id", 1)) + 1 if kind in _ROBERTA else 0


def _activation(folder: Path, transformer: dict[str, Any]) -> Activation:
    name = str(transformer.get("hidden_act", "gelu"))
    if name not in _ACTIVATIONS:
        raise _unsupported(folder, f"hidden_act {name!r}; known are {', '.join(sorted(_ACTIVATIONS))}")
    return _ACTIVATIONS[name]


def _max_length(folder: Path, sentence: dict[str, Any], positions: int) -> int:
    wanted = sentence.get("max_seq_length") or positions
    length = min(int(wanted), positions)
    if length < 3:
        raise _unsupported(folder, f"a maximum length of {length} tokens leaves no room for a text")
    return length


def _module_folders(folder: Path) -> dict[str, Path]:
    """The chain of modules as {kind: folder}; sentence-transformers' own default when it is not given."""
    path = folder / "modules.json"
    if not path.is_file():
        pooling = folder / "1_Pooling"
        return {"Transformer": folder, "Pooling": pooling}
    found: dict[str, Path] = {}
    for module in _read_json_list(path):
        kind = str(module.get("type", "")).rsplit(".", 1)[-1]
        if kind not in ("Transformer", "Pooling", "Normalize"):
            raise _unsupported(folder, f"modules.json has a module of type {module.get('type')!r}")
        found[kind] = folder / str(module.get("path", ""))
    if found.get("Transformer", folder).resolve() != folder.resolve():
        raise _unsupported(folder, f"its transformer is in a folder of its own ({found['Transformer'].name})")
    return found


def _pooling(folder: Path, modules: dict[str, Path], *, has_prompt: bool) -> Pooling:
    place = modules.get("Pooling")
    if place is None:
        raise _unsupported(folder, "modules.json has no Pooling module")
    config = _read_optional(place / "config.json")
    if has_prompt and config.get("include_prompt", True) is False:
        raise _unsupported(folder, "its pooling leaves the prompt out (include_prompt is false)")
    if "pooling_mode" in config:  # the form that newer sentence-transformers write
        chosen = [str(config["pooling_mode"])]
    else:
        flags = {key.removeprefix("pooling_mode_"): on for key, on in config.items() if "pooling_mode_" in key}
        chosen = [name for name, on in flags.items() if on is True] if flags else ["mean_tokens"]
    match chosen:
        case ["mean_tokens" | "mean"]:
            return "mean"
        case ["cls_token" | "cls"]:
            return "cls"
    raise _unsupported(folder, f"pooling {' + '.join(chosen) or 'none'}; mean or cls can be built")


def _prompts(config: dict[str, Any]) -> tuple[str, str]:
    prompts = config.get("prompts") or {}
    default = prompts.get(config.get("default_prompt_name") or "", "")

    def first(names: tuple[str, ...]) -> str:
        return str(next((prompts[name] for name in names if name in prompts), default) or "")

    return first(_QUERY_PROMPTS), first(_DOCUMENT_PROMPTS)


def _check_similarity(folder: Path, config: dict[str, Any], modules: dict[str, Path]) -> None:
    similarity = config.get("similarity_fn_name")
    if similarity in ("dot", "euclidean", "manhattan") and "Normalize" not in modules:
        # Our rows are of unit length, which would throw away what this model says by length.
        raise _unsupported(folder, f"it compares by {similarity!r} on vectors of different length")


def _positive(folder: Path, config: dict[str, Any], key: str) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        raise _unsupported(folder, f"config.json says {key} is {value!r}")
    return value


def _unsupported(folder: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the model in {folder} cannot be represented: {reason}. Use a BERT-family sentence encoder with "
        "mean or cls pooling, the OpenAI adapter, or your own Embedder."
    )


def _read_optional(path: Path) -> dict[str, Any]:
    return _read_json(path) if path.is_file() else {}


def _read_json(path: Path) -> dict[str, Any]:
    value = _load(path)
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path} should hold a JSON object, not {type(value).__name__}")
    return value


def _read_json_list(path: Path) -> list[dict[str, Any]]:
    value = _load(path)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigurationError(f"{path} should hold a JSON list of objects")
    return value


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as JSON ({error}); fetch the model again") from error

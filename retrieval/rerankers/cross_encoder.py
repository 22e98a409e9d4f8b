"""A cross-encoder on ONNX Runtime: reads the question and a text together and scores how well the text answers."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.encoder_config import read_encoder_config
from factloom.retrieval.embedders.graph_cache import GraphCache, Precision
from factloom.retrieval.embedders.sessions import BATCH, MOST_THREADS, for_each, open_session, padded, runtime_errors
from factloom.retrieval.embedders.text_input import checked_texts
from factloom.retrieval.embedders.tokenization import PairTokenizer
from factloom.retrieval.embedders.weights import WEIGHTS, locate_weights
from factloom.retrieval.rerankers.cross_encoder_graph import build_cross_encoder
from factloom.schemas.errors import ConfigurationError, InvalidInputError, ModelNotFoundError, ModelResponseError

if TYPE_CHECKING:
    import onnxruntime

_READY: Final = ("model.onnx", "onnx/model.onnx")
_LONGEST: Final = 512


class _Loaded(NamedTuple):
    session: onnxruntime.InferenceSession
    tokenizer: PairTokenizer
    pad: int


class CrossEncoder:
    """Reranks with the cross-encoder in a folder.

    The folder holds ``config.json``, ``tokenizer.json`` (or ``vocab.txt``), and either ``model.onnx`` (also in
    ``onnx/``; any architecture, taken as it is) or ``model.safetensors`` of a BERT-family sequence classifier with one
    or two labels, from which a graph is built once and kept. Making one is cheap; the model is loaded at first use.
    Pairs longer than the model's maximum are cut. The same pair gives the same score, whatever else is in the call.
    Safe to use from several threads.

    Args:
        folder: where the model is.
        precision: ``int8`` or ``fp32``; ``model.onnx`` is taken as it is.
        threads: processor threads; default: as many as cores, at most 4.
        cache_dir: where built graphs are kept; default: the user's cache folder for factloom.
    """

    def __init__(
        self,
        folder: Path,
        *,
        precision: Precision = "int8",
        threads: int | None = None,
        cache_dir: Path | None = None,
    ) -> None:
        if precision not in BATCH:
            raise InvalidInputError(f"precision is {precision!r}; it can be 'int8' or 'fp32'")
        self._folder = folder
        self._precision: Precision = precision
        self._threads = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._cache = GraphCache(cache_dir, build_cross_encoder)
        self._lock = threading.Lock()
        self._ready: _Loaded | None = None

    @property
    def name(self) -> str:
        """The folder's name, and the precision of what was built."""
        name = self._folder.resolve().name
        return name if self._ready_made() else f"{name}/{self._precision}"

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text, a logit: higher is better.

        Raises:
            ModelNotFoundError: the folder, or a file of it, is missing.
            ConfigurationError: it holds another kind of model.
            ModelError: the model is damaged or fails.
        """
        session, tokenizer, pad = self._load()
        (question,), passages = checked_texts([query]), checked_texts(texts)
        if not passages:
            return []
        pairs = tokenizer.encode_pairs(question, passages)
        scores = np.empty(len(pairs), np.float64)

        def run(rows: list[int]) -> None:
            scores[rows] = _run(session, [pairs[row] for row in rows], pad)

        by_length = sorted(range(len(pairs)), key=lambda row: -len(pairs[row][0]))
        size = BATCH[self._precision]
        for_each(run, [by_length[i : i + size] for i in range(0, len(pairs), size)], threads=self._threads)
        if not np.isfinite(scores).all():
            raise ModelResponseError(f"the cross-encoder in {self._folder} gave scores that are not finite")
        return [float(score) for score in scores]

    def _ready_made(self) -> Path | None:
        return next((path for name in _READY if (path := self._folder / name).is_file()), None)

    def _load(self) -> _Loaded:
        with self._lock:
            if self._ready is None:
                self._ready = self._opened()
            return self._ready

    def _opened(self) -> _Loaded:
        if not (self._folder / "config.json").is_file():
            raise ModelNotFoundError(
                f"{self._folder} holds no cross-encoder: config.json is missing. Give the folder that holds "
                f"config.json, tokenizer.json (or vocab.txt) and model.onnx or {WEIGHTS}."
            )
        ready = self._ready_made()
        if ready is not None:
            session = open_session(ready, "the cross-encoder")
            _check_signature(session, ready)
            max_length, pad = _limits(self._folder)
            return _Loaded(session, PairTokenizer(self._folder, max_length), pad)
        if not (self._folder / WEIGHTS).is_file():
            raise ModelNotFoundError(f"{self._folder} holds neither model.onnx nor {WEIGHTS}; copy one of them there")
        config = read_encoder_config(self._folder)
        files = locate_weights(self._folder)
        session = open_session(self._cache.graph(files, config, self._precision), "the cross-encoder")
        return _Loaded(session, PairTokenizer(self._folder, config.max_length), 0)


def _limits(folder: Path) -> tuple[int, int]:
    """How many tokens a ready-made model reads, at most 512, and the token that it pads with."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        positions = int(config.get("max_position_embeddings", _LONGEST))
        pad = int(config.get("pad_token_id") or 0)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{folder / 'config.json'} cannot be read ({error}); fetch the model again") from error
    offset = pad + 1 if "roberta" in str(config.get("model_type", "")) else 0
    return max(8, min(_LONGEST, positions - offset)), pad


def _check_signature(session: onnxruntime.InferenceSession, path: Path) -> None:
    inputs = {node.name for node in session.get_inputs()}
    if not {"input_ids", "attention_mask"} <= inputs <= {"input_ids", "attention_mask", "token_type_ids"}:
        raise ConfigurationError(
            f"{path} takes {', '.join(sorted(inputs))}; a cross-encoder takes input_ids, attention_mask and, where it "
            "has them, token_type_ids"
        )


def _run(
    session: onnxruntime.InferenceSession, pairs: list[tuple[list[int], list[int]]], pad: int
) -> NDArray[np.float64]:
    """Scores of a batch of pairs, padded on the right to the longest."""
    ids, mask = padded([ids for ids, _ in pairs], pad)
    types, _ = padded([types for _, types in pairs])
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    feeds: dict[str, NDArray[Any]] = {
        node.name: given[node.name].astype(np.int64 if "int64" in node.type else np.int32)
        for node in session.get_inputs()
    }
    with runtime_errors("the cross-encoder failed on a batch of texts"):
        logits = np.asarray(session.run(None, feeds)[0], dtype=np.float64).reshape(len(pairs), -1)
    if logits.shape[1] not in (1, 2):
        raise ConfigurationError(f"the cross-encoder gives {logits.shape[1]} numbers a text; it has to be one or two")
    scores: NDArray[np.float64] = logits[:, -1] - (logits[:, 0] if logits.shape[1] == 2 else 0.0)
    return scores

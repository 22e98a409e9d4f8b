"""The default embedder: a BERT-family sentence encoder on ONNX Runtime, on the processor, without torch."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.encoder_config import EncoderConfig, read_encoder_config
from factloom.retrieval.embedders.graph_cache import GraphCache, Precision
from factloom.retrieval.embedders.sessions import BATCH, MOST_THREADS, for_each, open_session, padded, runtime_errors
from factloom.retrieval.embedders.text_input import checked_texts
from factloom.retrieval.embedders.tokenization import SentenceTokenizer
from factloom.retrieval.embedders.weights import (
    ALL_MINILM_L6_V2,
    ModelFiles,
    PublishedModel,
    locate_weights,
    resolve_model,
)
from factloom.schemas.errors import InvalidInputError, ModelError

if TYPE_CHECKING:
    import onnxruntime

_log = logging.getLogger(__name__)


class _Loaded(NamedTuple):
    session: onnxruntime.InferenceSession
    tokenizer: SentenceTokenizer
    config: EncoderConfig


class OnnxEmbedder:
    """Embeds with all-MiniLM-L6-v2, or any BERT-family sentence encoder directory.

    Making one is cheap; weights are found and loaded at first use. The same text gives the same vector,
    whatever else is in the call. Texts longer than the model's maximum (256 tokens for MiniLM) are cut
    there: only their beginning counts. Safe to use from several threads.

    Args:
        model: as ``spec`` of `locate_weights`.
        precision: ``int8`` (four times smaller, two to three times faster) or ``fp32``.
        threads: processor threads for several texts; default: as many as cores, at most 4.
        cache_dir: where built graphs are kept; default: the user's cache folder for factloom.
        download: whether the model may be downloaded when it is not on this machine.
    """

    def __init__(
        self,
        model: str | Path | PublishedModel = ALL_MINILM_L6_V2,
        *,
        precision: Precision = "int8",
        threads: int | None = None,
        cache_dir: Path | None = None,
        download: bool = False,
    ) -> None:
        if precision not in BATCH:
            raise InvalidInputError(f"precision is {precision!r}; it can be 'int8' or 'fp32'")
        if threads is not None and threads < 1:
            raise InvalidInputError(f"threads is {threads}; give 1 or more")
        self._model = resolve_model(model)
        self._precision: Precision = precision
        self._threads = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._cache = GraphCache(cache_dir)
        self._download = download
        self._lock = threading.RLock()
        self._files: ModelFiles | None = None
        self._ready: _Loaded | None = None

    @property
    def name(self) -> str:
        """Model and precision, such as ``all-MiniLM-L6-v2/int8``."""
        known = self._model if isinstance(self._model, PublishedModel) else self._located()
        return f"{known.name}/{self._precision}"

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        if isinstance(self._model, PublishedModel) and self._model.dimension is not None:
            return self._model.dimension
        return read_encoder_config(self._located().folder).dimension

    @property
    def embeds_apart(self) -> bool:
        """Whether a text by itself costs no more than with others, and a core is left for what goes on meanwhile."""
        return BATCH[self._precision] == 1 and self._threads > 1

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that count, special ones included."""
        return self._load().config.max_length

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), float32, rows of unit length, in order.

        Raises:
            InvalidInputError: ``texts`` is not a sequence of strings.
            ModelError: the model is missing, damaged, or fails.
        """
        return self._embed(texts, is_query=False)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed_documents`, with the model's prompt for questions if it has one."""
        return self._embed(texts, is_query=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of the model's tokens in each text, without special ones and without truncation."""
        return self._load().tokenizer.count(checked_texts(texts))

    def _embed(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        cleaned = checked_texts(texts)
        if not cleaned:
            return np.empty((0, self.dimension), dtype=np.float32)
        session, tokenizer, config = self._load()
        prompt = config.query_prompt if is_query else config.document_prompt
        tokens = tokenizer.encode([prompt + text for text in cleaned] if prompt else cleaned)
        vectors = np.empty((len(tokens), config.dimension), dtype=np.float32)

        def run(rows: list[int]) -> None:
            vectors[rows] = _run(session, [tokens[row] for row in rows])

        # Neighbours in length share a batch, so that little is padded; the longest first, so that threads end together.
        by_length = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
        size = BATCH[self._precision]
        batches = [by_length[start : start + size] for start in range(0, len(by_length), size)]
        for_each(run, batches, threads=self._threads)
        return vectors

    def _located(self) -> ModelFiles:
        with self._lock:
            if self._files is None:
                self._files = locate_weights(self._model, download=self._download)
            return self._files

    def _load(self) -> _Loaded:
        ready = self._ready
        if ready is not None:
            return ready
        with self._lock:
            if self._ready is None:
                files = self._located()
                config = read_encoder_config(files.folder)
                tokenizer = SentenceTokenizer(files.folder, config)
                self._ready = _Loaded(self._session(files, config), tokenizer, config)
            return self._ready

    def _session(self, files: ModelFiles, config: EncoderConfig) -> onnxruntime.InferenceSession:
        graph = self._cache.graph(files, config, self._precision)
        try:
            return open_session(graph, "the embedding model")
        except ModelError:
            if isinstance(graph, bytes):
                raise
            _log.warning("the built model %s is damaged and is built again", graph)
        self._cache.discard(files, config, self._precision)
        return open_session(self._cache.graph(files, config, self._precision), "the embedding model")


def _run(session: onnxruntime.InferenceSession, tokens: list[list[int]]) -> NDArray[np.float32]:
    """Unit vectors (len(tokens), dimension) of a batch, padded on the right to its longest text."""
    ids, mask = padded(tokens)
    with runtime_errors("the embedding model failed on a batch of texts"):
        (vectors,) = session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})
    return np.asarray(vectors, dtype=np.float32)

"""The default embedder: a BERT-family sentence encoder on ONNX Runtime, on the processor, without torch."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.encoder_config import EncoderConfig, read_encoder_config
from factloom.retrieval.embedders.encoder_graph import UNWANTED_FUSIONS
from factloom.retrieval.embedders.graph_cache import GraphCache, Precision
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

_MOST_THREADS = 4
#: Texts in one run. int8 takes them one by one: its activations are scaled over the whole batch, padding
#: included, so a text's vector would depend on its neighbours (measured: cosine down to 0.97).
_BATCH: dict[Precision, int] = {"int8": 1, "fp32": 8}


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
        if precision not in _BATCH:
            raise InvalidInputError(f"precision is {precision!r}; it can be 'int8' or 'fp32'")
        if threads is not None and threads < 1:
            raise InvalidInputError(f"threads is {threads}; give 1 or more")
        self._model = resolve_model(model)
        self._precision: Precision = precision
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
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
        size = _BATCH[self._precision]
        batches = [by_length[start : start + size] for start in range(0, len(by_length), size)]
        _for_each(run, batches, threads=self._threads)
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
            return _open(graph)
        except ModelError:
            if isinstance(graph, bytes):
                raise
            _log.warning("the built model %s is damaged and is built again", graph)
        self._cache.discard(files, config, self._precision)
        return _open(self._cache.graph(files, config, self._precision))


def _open(graph: Path | bytes) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Parallel over texts, not inside one: a run stays in the thread that calls it, nothing spins between
    # calls, and a process may fork. A query of a dozen tokens gains nothing from a second thread.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = graph if isinstance(graph, bytes) else str(graph)
    with _runtime_errors("cannot be loaded"):
        return onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(UNWANTED_FUSIONS)
        )


def _run(session: onnxruntime.InferenceSession, tokens: list[list[int]]) -> NDArray[np.float32]:
    """Unit vectors (len(tokens), dimension) of a batch, padded on the right to its longest text."""
    lengths = np.array([len(ids) for ids in tokens])
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int32)
    ids = np.zeros_like(mask)
    ids[mask == 1] = np.concatenate(tokens)
    with _runtime_errors("failed on a batch of texts"):
        (vectors,) = session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})
    return np.asarray(vectors, dtype=np.float32)


def _for_each(run: Callable[[list[int]], None], batches: list[list[int]], *, threads: int) -> None:
    # A question is two short texts, which are done before a second thread has warmed up its share of the caches.
    workers = min(threads, len(batches) // 2)
    if workers <= 1:
        for batch in batches:
            run(batch)
        return
    # A pool for each call costs 0.1 ms, needs no closing and leaves no threads behind for a fork to lose.
    pool = ThreadPoolExecutor(workers, thread_name_prefix="factloom-embed")
    try:
        for _ in pool.map(run, batches):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _runtime_errors(what: str) -> Iterator[None]:
    """Turns what ONNX Runtime raises (classes without a common parent) into ModelError."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile")
    vendor = tuple(getattr(state, name) for name in (*names, "NotImplemented", "RuntimeException"))
    try:
        yield
    except vendor as error:
        raise ModelError(f"the embedding model {what}: {error}") from error

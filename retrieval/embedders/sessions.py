"""Sessions of ONNX Runtime, as embedder and reranker use them: one thread each, parallel over texts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.encoder_graph import UNWANTED_FUSIONS
from factloom.retrieval.embedders.graph_cache import Precision
from factloom.schemas.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

MOST_THREADS: Final = 4

BATCH: Final[dict[Precision, int]] = {"int8": 1, "fp32": 8}
"""Texts in one run. int8 takes them one by one: its activations are scaled over the whole batch, padding included, so
a text's vector would depend on its neighbours (measured: cosine down to 0.97)."""


def open_session(graph: Path | bytes, what: str) -> onnxruntime.InferenceSession:
    """A session on one thread; errors begin with ``what``, as in "the embedding model".

    Raises:
        ModelError: the graph is damaged or not one that this runtime knows.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Parallel over texts, not inside one: a run stays in the thread that calls it, nothing spins between
    # calls, and a process may fork. A query of a dozen tokens gains nothing from a second thread.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = graph if isinstance(graph, bytes) else str(graph)
    with runtime_errors(f"{what} cannot be loaded"):
        return onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(UNWANTED_FUSIONS)
        )


def padded(rows: Sequence[Sequence[int]], pad: int = 0) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows of token ids as one array, padded on the right with ``pad`` to the longest, and its mask; int32."""
    lengths = np.array([len(ids) for ids in rows])
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int32)
    ids = np.full_like(mask, pad)
    ids[mask == 1] = np.concatenate(rows)
    return ids, mask


def for_each(run: Callable[[list[int]], None], batches: list[list[int]], *, threads: int) -> None:
    """Do all batches, on up to ``threads`` threads side by side, of which the caller's is one.

    Raises:
        Exception: what a batch raised; batches that were not begun by then are left out.
    """
    waiting = deque(batches)

    def work() -> None:
        while True:
            try:
                batch = waiting.popleft()
            except IndexError:  # none is left
                return
            try:
                run(batch)
            except BaseException:
                waiting.clear()
                raise

    helpers = min(threads, len(batches)) - 1
    if helpers <= 0:
        work()
        return
    # A pool for each call costs 0.1 ms, needs no closing and leaves no threads behind for a fork to lose.
    with ThreadPoolExecutor(helpers, thread_name_prefix="factloom-embed") as pool:
        helped = [pool.submit(work) for _ in range(helpers)]
        work()
    for each in helped:
        each.result()


@contextmanager
def runtime_errors(what: str) -> Iterator[None]:
    """Turns what ONNX Runtime raises (classes without a common parent) into ModelError."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile")
    vendor = tuple(getattr(state, name) for name in (*names, "NotImplemented", "RuntimeException"))
    try:
        yield
    except vendor as error:
        raise ModelError(f"{what}: {error}") from error

"""Keeps built and quantised graphs on disk, so that weights are converted once and loaded fast after."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from factloom.retrieval.embedders.cpu import multiplies_int8_exactly
from factloom.retrieval.embedders.encoder_config import EncoderConfig
from factloom.retrieval.embedders.encoder_graph import BUILDER_VERSION, HEAD_NODES, MEAN_POOLING_NODE, build_graph
from factloom.retrieval.embedders.weights import ModelFiles

if TYPE_CHECKING:
    import onnx

_log = logging.getLogger(__name__)

Precision = Literal["int8", "fp32"]
Build = Callable[[Path, EncoderConfig], "onnx.ModelProto"]


class GraphCache:
    """Built graphs in ``folder`` (default: ``embedders`` in the user's cache folder for factloom).

    ``build`` makes them from a folder of weights.

    Files appear whole or not at all (written beside, then renamed), so processes that build the same model at
    the same time only waste work. Where nothing can be written, graphs are built in memory, with a warning.
    """

    def __init__(self, folder: Path | None = None, build: Build = build_graph) -> None:
        self._folder = folder
        self._build = build

    def path(self, files: ModelFiles, config: EncoderConfig, precision: Precision) -> Path:
        """Where the graph of these weights is kept; the name changes with anything that changes the graph."""
        reduced = precision == "int8" and not multiplies_int8_exactly()
        parts: list[object] = [BUILDER_VERSION, files.sha256, asdict(config), precision, reduced]
        if self._build is not build_graph:
            parts.append(self._build.__name__)
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        readable = re.sub(r"[^\w.-]", "_", files.name)
        return self._root() / f"{readable}-{precision}-{key[:32]}.onnx"

    def graph(self, files: ModelFiles, config: EncoderConfig, precision: Precision) -> Path | bytes:
        """The file of the graph, built if need be; its bytes when it cannot be kept.

        Raises:
            ModelNotFoundError, ConfigurationError: the weights cannot be built into a graph.
        """
        path = self.path(files, config, precision)
        if path.is_file():
            return path
        _log.info("building %s in %s (once)", files.name, precision)
        content = _built(self._build(files.folder, config), precision)
        try:
            _write_whole(path, content)
        except OSError as error:
            _log.warning("the built model cannot be kept in %s (%s); it is built at every start", path.parent, error)
            return content
        return path

    def discard(self, files: ModelFiles, config: EncoderConfig, precision: Precision) -> None:
        """Forget a graph whose file turned out to be damaged."""
        self.path(files, config, precision).unlink(missing_ok=True)

    def _root(self) -> Path:
        if self._folder is not None:
            return self._folder / "embedders"
        from platformdirs import user_cache_path

        return user_cache_path("factloom", appauthor=False) / "embedders"


def _built(graph: onnx.ModelProto, precision: Precision) -> bytes:
    return _quantised(graph) if precision == "int8" else bytes(graph.SerializeToString())


def _quantised(graph: onnx.ModelProto) -> bytes:
    """Weights as 8-bit integers with a scale per output channel; activations are scaled as they come."""
    from onnx import TensorProto
    from onnxruntime.quantization import quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    # Says that the graph needs no shape inference; otherwise the quantizer advises it through the root logger.
    add_pre_process_metadata(graph)
    with tempfile.TemporaryDirectory(prefix="factloom-") as scratch:
        target = Path(scratch) / "quantised.onnx"
        quantize_dynamic(
            graph,
            target,
            per_channel=True,
            reduce_range=not multiplies_int8_exactly(),
            nodes_to_exclude=[MEAN_POOLING_NODE, *HEAD_NODES],  # small, and not worth an error
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        return target.read_bytes()


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        if not path.is_file():  # Windows refuses to replace a file that another process has open: then it is there
            raise

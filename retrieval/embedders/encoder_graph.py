"""Builds the ONNX graph of a sentence encoder from its safetensors: token ids in, unit vectors out.

The network is BERT (Devlin et al. 2019) with ONNX Runtime's fused operators, one node where the
exporters write twenty: EmbedLayerNormalization, then for each layer Attention, MatMul,
LayerNormalization, MatMul, BiasGelu, MatMul, LayerNormalization. Mean (or cls) pooling
(Reimers and Gurevych 2019) and L2 normalisation are part of the graph.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.encoder_config import EncoderConfig
from factloom.schemas.errors import ConfigurationError, ModelNotFoundError

if TYPE_CHECKING:
    import onnx

#: Raise it when the same weights would give another graph: built files of older versions are then ignored.
BUILDER_VERSION = 2

#: Left out when a graph is loaded. Over 16 x 384 numbers SkipLayerNormalization takes 37 microseconds where an addition
#: and LayerNormalization take 6 (ONNX Runtime 1.31): a fifth of what embedding a question took.
UNWANTED_FUSIONS = ("SkipLayerNormFusion",)

#: Multiplies the mask with the hidden states; holds no weights, so there is nothing to quantise in it.
MEAN_POOLING_NODE = "MatMul.pool.sum"

#: The two layers of a head that scores: a single column, on which everything rests.
HEAD_NODES = ("MatMul.head.dense", "MatMul.head.score")

_FUSED = "com.microsoft"
_OPSET = 17
_IR_VERSION = 9


def build_graph(folder: Path, config: EncoderConfig) -> onnx.ModelProto:
    """Build the fp32 graph for the weights in ``folder/model.safetensors``.

    Inputs ``input_ids`` and ``attention_mask``: int32, (batch, length), padded on the right.
    Output ``embedding``: float32, (batch, dimension), rows of unit length.

    Raises:
        ModelNotFoundError: the weights are missing.
        ConfigurationError: a tensor is missing or does not have the shape that ``config`` asks for.
    """
    return GraphBuilder(EncoderWeights(folder), config).build()


class EncoderWeights:
    """Tensors by their name inside the encoder, whatever prefix the file gives them, as float32.

    Raises:
        ModelNotFoundError: the file is missing.
        ConfigurationError: it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        from safetensors import SafetensorError, safe_open

        self._path = folder / "model.safetensors"
        if not self._path.is_file():
            raise ModelNotFoundError(
                f"{self._path} is missing. Only safetensors are read; pytorch_model.bin can run code when "
                "it is opened. Most models have both on the hub."
            )
        try:
            with safe_open(self._path, framework="np") as file:
                self._tensors = {name: _float32(file, name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ConfigurationError(f"{self._path} is damaged ({error}); fetch the model again") from error
        anchor = "embeddings.word_embeddings.weight"
        prefixes = [name.removesuffix(anchor) for name in self._tensors if name.endswith(anchor)]
        self._prefix = min(prefixes, key=len, default="")

    def take(self, name: str, *shape: int, outside: bool = False) -> NDArray[np.float32]:
        """The tensor of this name and shape; ``outside``: it stands beside the encoder, without its prefix.

        Raises:
            ConfigurationError: it is missing, or of another shape.
        """
        tensor = self._tensors.get(name if outside else self._prefix + name)
        if tensor is None:
            raise ConfigurationError(f"{self._path} has no tensor {name!r}; it is not the encoder of config.json")
        if tensor.shape != shape:
            raise ConfigurationError(
                f"{self._path}: tensor {name!r} has shape {tensor.shape}, config.json asks for {shape}"
            )
        return tensor

    def rows(self, name: str, *, outside: bool = False) -> int:
        """Rows of a tensor; 0 if there is none."""
        tensor = self._tensors.get(name if outside else self._prefix + name)
        return 0 if tensor is None else int(tensor.shape[0])


def _float32(file: Any, name: str) -> NDArray[np.float32]:
    if file.get_slice(name).get_dtype() == "BF16":
        raise ConfigurationError(f"tensor {name!r} is bfloat16; save the model as float32 or float16 first")
    return np.asarray(file.get_tensor(name), dtype=np.float32)


class GraphBuilder:
    """Builds the network of an encoder; what comes after its hidden states is ``_output``, for heads to replace.

    ``segments``: texts come in pairs, so that tokens are of two types and their types an input, ``token_type_ids``.
    """

    segments = False

    def __init__(self, weights: EncoderWeights, config: EncoderConfig) -> None:
        self._weights = weights
        self._config = config
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def build(self) -> onnx.ModelProto:
        """The whole graph."""
        from onnx import TensorProto, helper

        hidden = self._embeddings()
        for layer in range(self._config.layers):
            hidden = self._layer(hidden, layer)
        output, width = self._output(hidden)
        names = ["input_ids", "attention_mask", *(["token_type_ids"] if self.segments else [])]
        graph = helper.make_graph(
            self._nodes,
            "sentence_encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "length"]) for name in names],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", width])],
            initializer=self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="factloom")
        model.ir_version = _IR_VERSION
        return model

    def _output(self, hidden: str) -> tuple[str, int]:
        """Name and width of the output: here the vector of the text, of unit length."""
        self._unit_length(self._pool(hidden))
        return "embedding", self._config.dimension

    def _embeddings(self) -> str:
        config, take = self._config, self._weights.take
        size, name = config.dimension, "embeddings."
        positions = take(
            f"{name}position_embeddings.weight",
            self._weights.rows(f"{name}position_embeddings.weight"),
            size,
        )
        types = take(
            f"{name}token_type_embeddings.weight",
            self._weights.rows(f"{name}token_type_embeddings.weight"),
            size,
        )
        table = positions[config.position_offset :][: config.max_length]
        if not self.segments:  # every token is of type 0, so its row can be part of the position table
            table = table + types[0]
        self._add(
            "EmbedLayerNormalization",
            [
                "input_ids",
                "token_type_ids" if self.segments else "",
                self._constant("word_embeddings", take(f"{name}word_embeddings.weight", config.vocabulary, size)),
                self._constant("position_embeddings", table),
                self._constant("token_type_embeddings", types) if self.segments else "",
                self._constant("embeddings.gamma", take(f"{name}LayerNorm.weight", size)),
                self._constant("embeddings.beta", take(f"{name}LayerNorm.bias", size)),
                "attention_mask",
            ],
            ["hidden.0", "lengths"],
            domain=_FUSED,
            epsilon=config.epsilon,
        )
        return "hidden.0"

    def _layer(self, hidden: str, index: int) -> str:
        config, take = self._config, self._weights.take
        size, inner = config.dimension, config.intermediate
        name = f"encoder.layer.{index}."
        projections = [f"{name}attention.self.{part}." for part in ("query", "key", "value")]
        weight = np.concatenate([take(f"{part}weight", size, size).T for part in projections], axis=1)
        bias = np.concatenate([take(f"{part}bias", size) for part in projections])
        attended = self._add(
            "Attention",
            [hidden, self._constant(f"{name}qkv", weight), self._constant(f"{name}qkv.bias", bias), "lengths"],
            [f"{name}attended"],
            domain=_FUSED,
            num_heads=config.heads,
        )
        mixed = self._matmul(attended, f"{name}attention.output.dense", size, size)
        normed = self._skip_norm(mixed, hidden, f"{name}attention.output", size)
        wide = self._matmul(normed, f"{name}intermediate.dense", size, inner)
        active = self._activate(wide, f"{name}intermediate.dense", inner)
        narrow = self._matmul(active, f"{name}output.dense", inner, size)
        return self._skip_norm(narrow, normed, f"{name}output", size)

    def _matmul(self, value: str, name: str, rows: int, columns: int) -> str:
        weight = self._weights.take(f"{name}.weight", columns, rows).T
        return self._add("MatMul", [value, self._constant(f"{name}.weight", weight)], [f"{name}.product"])

    def _activate(self, value: str, name: str, size: int) -> str:
        bias = self._constant(f"{name}.bias", self._weights.take(f"{name}.bias", size))
        match self._config.activation:
            case "gelu":
                return self._add("BiasGelu", [value, bias], [f"{name}.active"], domain=_FUSED)
            case "gelu_tanh":
                return self._add("FastGelu", [value, bias], [f"{name}.active"], domain=_FUSED)
            case "relu":
                shifted = self._add("Add", [value, bias], [f"{name}.shifted"])
                return self._add("Relu", [shifted], [f"{name}.active"])

    def _skip_norm(self, value: str, skip: str, name: str, size: int) -> str:
        # Not the fused SkipLayerNormalization, which takes six times as long: see UNWANTED_FUSIONS.
        take = self._weights.take
        bias = self._constant(f"{name}.bias", take(f"{name}.dense.bias", size))
        shifted = self._add("Add", [value, bias], [f"{name}.shifted"])
        together = self._add("Add", [shifted, skip], [f"{name}.together"])
        return self._add(
            "LayerNormalization",
            [
                together,
                self._constant(f"{name}.gamma", take(f"{name}.LayerNorm.weight", size)),
                self._constant(f"{name}.beta", take(f"{name}.LayerNorm.bias", size)),
            ],
            [f"{name}.normed"],
            axis=-1,
            epsilon=self._config.epsilon,
        )

    def _pool(self, hidden: str) -> str:
        if self._config.pooling == "cls":
            first = self._constant("pool.first", np.array(0, dtype=np.int64))
            return self._add("Gather", [hidden, first], ["pooled"], axis=1)
        # Length does not matter before L2 normalisation: the sum over real tokens points where the mean does.
        from onnx import TensorProto

        weights = self._add("Cast", ["attention_mask"], ["pool.mask"], to=TensorProto.FLOAT)
        axis = self._constant("pool.axis", np.array([1], dtype=np.int64))
        row = self._add("Unsqueeze", [weights, axis], ["pool.row"])
        summed = self._add("MatMul", [row, hidden], ["pool.sum"])
        return self._add("Squeeze", [summed, axis], ["pooled"])

    def _unit_length(self, pooled: str) -> None:
        norm = self._add("ReduceL2", [pooled], ["norm"], axes=[1], keepdims=1)
        smallest = self._constant("norm.smallest", np.array(1e-12, dtype=np.float32))
        safe = self._add("Max", [norm, smallest], ["norm.safe"])
        self._add("Div", [pooled, safe], ["embedding"])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def _add(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, outputs, name=f"{kind}.{outputs[0]}", **attributes))
        return outputs[0]

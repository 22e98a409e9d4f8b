"""Builds the ONNX graph of a cross-encoder from its safetensors: a pair of texts in, one score out.

The network is that of the sentence encoder (`encoder_graph`) over both texts at once, with the head of a sequence
classifier on the first token (Nogueira and Cho, "Passage Re-ranking with BERT", 2019): a dense layer with tanh, then
one with one label, whose logit is the score. With two labels the score is the second logit less the first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.encoder_config import EncoderConfig
from factloom.retrieval.embedders.encoder_graph import EncoderWeights, GraphBuilder
from factloom.schemas.errors import ConfigurationError

if TYPE_CHECKING:
    import onnx


def build_cross_encoder(folder: Path, config: EncoderConfig) -> onnx.ModelProto:
    """Build the fp32 graph for the weights in ``folder/model.safetensors``.

    Inputs ``input_ids``, ``attention_mask`` and ``token_type_ids``: int32, (batch, length), padded on the right.
    Output ``logits``: float32, (batch, 1).

    Raises:
        ModelNotFoundError: the weights are missing.
        ConfigurationError: a tensor is missing or of another shape, or the head has neither one nor two labels.
    """
    return _CrossEncoderBuilder(EncoderWeights(folder), config).build()


class _CrossEncoderBuilder(GraphBuilder):
    segments = True

    def _output(self, hidden: str) -> tuple[str, int]:
        first = self._constant("head.first", np.array(0, dtype=np.int64))
        token = self._add("Gather", [hidden, first], ["head.token"], axis=1)
        (dense, dense_bias), (score, score_bias) = self._head()
        inner = self._add("MatMul", [token, self._constant("head.dense.weight", dense.T)], ["head.dense"])
        shifted = self._add("Add", [inner, self._constant("head.dense.bias", dense_bias)], ["head.shifted"])
        active = self._add("Tanh", [shifted], ["head.active"])
        product = self._add("MatMul", [active, self._constant("head.score.weight", score.T)], ["head.score"])
        self._add("Add", [product, self._constant("head.score.bias", score_bias)], ["logits"])
        return "logits", 1

    def _head(self) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
        """Weights and biases of the two layers, in the places where BERT and RoBERTa keep them."""
        weights, size = self._weights, self._config.dimension
        if weights.rows("classifier.out_proj.weight", outside=True):
            dense, outer, outside = "classifier.dense", "classifier.out_proj", True
        else:
            dense, outer, outside = "pooler.dense", "classifier", False
        labels = weights.rows(f"{outer}.weight", outside=True)
        if labels not in (1, 2):
            raise ConfigurationError(
                f"the model has {labels or 'no'} labels, where a cross-encoder that ranks has one or two; "
                "give the folder of a BERT-family sequence classifier for ranking"
            )
        weight = weights.take(f"{outer}.weight", labels, size, outside=True)
        bias = weights.take(f"{outer}.bias", labels, outside=True)
        if labels == 2:
            weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
        inner = weights.take(f"{dense}.weight", size, size, outside=outside)
        return (inner, weights.take(f"{dense}.bias", size, outside=outside)), (weight, bias)

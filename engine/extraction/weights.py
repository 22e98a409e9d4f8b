"""The shipped pipeline's weights as one small file: int8 per row, packed with msgpack.

A spaCy component serialises to msgpack bytes that hold its settings and, under ``model``, the parameters as
float32. ``pack`` keeps everything but turns each parameter matrix into int8 with one float32 scale per row
(symmetric, round to nearest: w ≈ scale · q with scale = max|row| / 127), a quarter of the size; ``unpack``
gives back bytes that the component reads. Vectors (biases) are few and stay float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import srsly  # type: ignore[import-untyped]

QUANTISED = "int8"


def pack(components: Mapping[str, bytes], strings: list[str]) -> bytes:
    """One msgpack document of components (name -> its ``to_bytes()``) and the strings their labels need."""
    packed = {name: _convert(data, quantise) for name, data in components.items()}
    return cast(bytes, srsly.msgpack_dumps({"components": packed, "strings": sorted(strings)}))


def unpack(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """What ``pack`` was given, with dequantised parameters."""
    document = srsly.msgpack_loads(data)
    components = {name: _convert(packed, dequantise) for name, packed in document["components"].items()}
    return components, document["strings"]


def _convert(component: bytes, how: Any) -> bytes:
    fields = srsly.msgpack_loads(component)
    if "model" in fields:
        model = srsly.msgpack_loads(fields["model"])
        model["params"] = [{key: how(value) for key, value in (node or {}).items()} for node in model["params"]]
        fields["model"] = srsly.msgpack_dumps(model)
    return cast(bytes, srsly.msgpack_dumps(fields))


def quantise(array: Any) -> Any:
    """A parameter of two or more dimensions as ``{"int8", "scale", "shape"}``; anything else unchanged."""
    if not isinstance(array, np.ndarray) or array.ndim < 2:
        return array
    rows = array.reshape(-1, array.shape[-1])
    scale = np.abs(rows).max(axis=1, keepdims=True) / 127.0
    scale[scale == 0.0] = 1.0
    return {
        QUANTISED: np.rint(rows / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "shape": list(array.shape),
    }


def dequantise(value: Any) -> Any:
    """The float32 array of a quantised parameter; anything else unchanged."""
    if not isinstance(value, dict) or QUANTISED not in value:
        return value
    return (value[QUANTISED].astype(np.float32) * value["scale"]).reshape(value["shape"])

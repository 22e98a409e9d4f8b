"""The vectors of tokens in context (spaCy's ``Tok2Vec``), computed for reading alone.

A message of chat is read in a few milliseconds, and half of what a ``Tok2Vec`` takes of them goes into what only
training needs: thinc prepares the way back through each layer, and notes which piece of a maxout won. Here is the way
forward of the same network in a few calls of numpy a layer: the same weights, the same empty rows between documents,
the same vectors but for rounding (about 1e-5). It takes the place of ``spacy.MultiHashEmbed.v2`` (without static
vectors) below ``spacy.MaxoutWindowEncoder.v2`` (with a window of one), which the shipped pipeline has; others stay.

The network: M. Honnibal, "Embed, encode, attend, predict" (2016); hashed embeddings: D. Svenstrup et al., "Hash
Embeddings for Efficient Word Representations" (2017); layer normalisation: J. L. Ba et al. (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spacy.language import Language
    from spacy.tokens import Doc
    from thinc.api import Model

_Floats = NDArray[np.float32]
_EMBEDDING: Final = {
    "extract_features",
    "list2ragged",
    "ragged2list",
    "ints-getitem",
    "hashembed",
    "maxout",
    "layernorm",
} | {"dropout"}
_ENCODING: Final = {"expand_window", "maxout", "layernorm", "dropout"}
_MOST_KNOWN: Final = 8_000  # tokens out of context; 4 MB a network
_TINY: Final = 1e-8  # thinc's, added to the variance


@dataclass(frozen=True, slots=True)
class _Layer:
    """Maxout and layer normalisation: ``weights`` (inputs, pieces x width), piece after piece."""

    weights: _Floats
    bias: _Floats
    pieces: int
    gain: _Floats
    shift: _Floats

    @classmethod
    def of(cls, maxout: Model[Any, Any], norm: Model[Any, Any]) -> _Layer:
        weights, bias = _weights(maxout, "W"), _weights(maxout, "b")
        width, pieces, inputs = weights.shape
        return cls(
            weights=np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(pieces * width, inputs).T),
            bias=np.ascontiguousarray(bias.T).reshape(-1),
            pieces=pieces,
            gain=_weights(norm, "G"),
            shift=_weights(norm, "b"),
        )

    def __call__(self, inputs: _Floats) -> _Floats:
        """(tokens, inputs) to (tokens, width)."""
        given = inputs @ self.weights
        given += self.bias
        width = len(self.gain)
        best = given[:, :width]
        for piece in range(1, self.pieces):
            np.maximum(best, given[:, piece * width : (piece + 1) * width], out=best)
        best -= (np.add.reduce(best, axis=1) / np.float32(width))[:, None]
        variance = np.einsum("ij,ij->i", best, best)
        variance /= np.float32(width)
        variance += np.float32(_TINY)
        best /= np.sqrt(variance)[:, None]
        best *= self.gain
        best += self.shift
        return best


class Encoder:
    """The way forward of one ``Tok2Vec`` network."""

    def __init__(self, model: Model[Any, Any]) -> None:
        embed, encode = model.layers
        extract = _named(embed, "extract_features")[0]
        self._columns: list[int | str] = list(extract.attrs["columns"])
        self._hash: Callable[[NDArray[np.uint64], int], NDArray[np.uint32]] = model.ops.hash  # type: ignore[assignment]
        self._tables = [
            (node.attrs["column"], node.attrs["seed"], _weights(node, "E")) for node in _named(embed, "hashembed")
        ]
        self._mix = _layers(embed)[0]
        self._convolutions = _layers(encode)
        self._pad = int(encode.attrs["pad"])
        self._width = len(self._mix.gain)
        self._known: dict[bytes, _Floats] = {}

    def __call__(self, docs: Sequence[Doc]) -> list[_Floats]:
        """One array (tokens, width) a document."""
        features = [
            np.asarray(doc.to_array(self._columns), dtype=np.uint64).reshape(len(doc), len(self._columns))
            for doc in docs
        ]
        return self._encode(self._embed(np.concatenate(features)), [len(doc) for doc in docs])

    def _embed(self, features: NDArray[np.uint64]) -> _Floats:
        """Each token's vector out of context, which is the same wherever it stands: words come again and again."""
        told = features.tobytes()
        size = len(told) // len(features) if len(features) else 1
        keys = [told[start : start + size] for start in range(0, len(told), size)]
        rows = list(map(self._known.get, keys))
        missing = [place for place, row in enumerate(rows) if row is None]
        if missing:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            for place, row in zip(missing, self._embed_anew(features[missing]), strict=True):
                rows[place] = self._known[keys[place]] = row.copy()  # a row alone, not the array it was cut from
        return np.array(rows, dtype=np.float32).reshape(len(rows), self._width)

    def _embed_anew(self, features: NDArray[np.uint64]) -> _Floats:
        width = self._width
        found = np.empty((len(features), width * len(self._tables)), dtype=np.float32)
        for place, (column, seed, table) in enumerate(self._tables):
            rows = self._hash(np.ascontiguousarray(features[:, column]), seed) % len(table)
            found[:, place * width : (place + 1) * width] = table.take(rows, axis=0).sum(axis=1)
        return self._mix(found)

    def _encode(self, embedded: _Floats, lengths: Sequence[int]) -> list[_Floats]:
        """Each token's vector with its neighbours', layer upon layer; documents are kept apart by empty rows."""
        pad, width = self._pad, self._width
        spans, at = [], pad
        for length in lengths:
            spans.append(slice(at, at + length))
            at += length + pad if length else 0
        vectors = np.zeros((at, width), dtype=np.float32)
        start = 0
        for span, length in zip(spans, lengths, strict=True):
            vectors[span] = embedded[start : start + length]
            start += length
        windows = np.zeros((at, 3 * width), dtype=np.float32)
        for layer in self._convolutions:
            windows[1:, :width] = vectors[:-1]
            windows[:, width : 2 * width] = vectors
            windows[:-1, 2 * width :] = vectors[1:]
            vectors += layer(windows)
        return [vectors[span] for span in spans]


def quicken(nlp: Language) -> None:
    """Let every ``Tok2Vec`` of the pipeline, be it a component or inside one, go the way forward alone.

    After this the pipeline can neither be trained nor written to a folder.
    """
    from spacy.pipeline import Tok2Vec, TrainablePipe

    for _, component in nlp.pipeline:
        if isinstance(component, Tok2Vec):
            component.model = _reading(component.model) if _fits(component.model) else component.model
        elif isinstance(component, TrainablePipe):
            for node in list(component.model.walk()):
                if _fits(node):
                    component.model.replace_node(node, _reading(node))


def _fits(model: Model[Any, Any]) -> bool:
    """Whether a network is one whose way forward is known here."""
    if not (model.has_ref("embed") and model.has_ref("encode")):
        return False
    embed, encode = model.layers
    kinds = [{node.name for node in part.walk() if not node.layers} for part in (embed, encode)]
    windows = {node.attrs["window_size"] for node in _named(encode, "expand_window")}
    return kinds == [_EMBEDDING, _ENCODING] and windows == {1}


def _reading(model: Model[Any, Any]) -> Model[Any, Any]:
    from thinc.api import Model as Network

    encoder = Encoder(model)

    def forward(_: Model[Any, Any], docs: Sequence[Doc], is_train: bool) -> tuple[list[_Floats], Any]:
        if is_train:
            raise RuntimeError("this pipeline was loaded to read, not to be trained: see `make model`")
        return encoder(docs), None

    return Network("tok2vec_reading", forward, dims={"nO": model.get_dim("nO")})


def _weights(model: Model[Any, Any], name: str) -> _Floats:
    return np.asarray(model.get_param(name), dtype=np.float32)


def _named(model: Model[Any, Any], name: str) -> list[Model[Any, Any]]:
    return [node for node in model.walk() if node.name == name]


def _layers(model: Model[Any, Any]) -> list[_Layer]:
    return [_Layer.of(*pair) for pair in zip(_named(model, "maxout"), _named(model, "layernorm"), strict=True)]

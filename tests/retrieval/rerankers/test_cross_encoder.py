"""The cross-encoder against plain numpy, and what it says of folders that hold none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.retrieval.bert import hidden_states

from factloom.retrieval.embedders.encoder_config import read_encoder_config
from factloom.retrieval.rerankers import CrossEncoder
from factloom.retrieval.rerankers.cross_encoder_graph import build_cross_encoder
from factloom.schemas.errors import ConfigurationError, InvalidInputError, ModelError, ModelNotFoundError

from .conftest import VOCABULARY, looking_for, random_weights

Make = Callable[..., Path]
QUESTION = "where does ana lives ?"
TEXTS = ["ana lives in lisbon .", "the cat sat on a mat .", "", "berlin"]


def reference(folder: Path, question: str, text: str) -> float:
    """The score by the yardstick: BERT, its pooler, and the classifier's row or the difference of its two."""
    first, second = ([VOCABULARY.index(word) for word in part.split()] for part in (question, text))
    ids, types = [2, *first, 3, *second, 3], [0] * (len(first) + 2) + [1] * (len(second) + 1)
    w = load_file(folder / "model.safetensors")
    state = hidden_states(folder, ids, types=types)[0]
    pooled = np.tanh(w["bert.pooler.dense.weight"] @ state + w["bert.pooler.dense.bias"])
    logits = w["classifier.weight"] @ pooled + w["classifier.bias"]
    return float(logits[-1] - (logits[0] if len(logits) == 2 else 0.0))


def ranker(folder: Path, tmp_path: Path, **options: Any) -> CrossEncoder:
    return CrossEncoder(folder, **({"precision": "fp32", "cache_dir": tmp_path / "cache"} | options))


@pytest.mark.parametrize("labels", [1, 2])
def test_scores_are_those_of_bert(make_cross_encoder: Make, tmp_path: Path, labels: int) -> None:
    folder = make_cross_encoder(random_weights(3, labels))
    expected = [reference(folder, QUESTION, text) for text in TEXTS]
    np.testing.assert_allclose(ranker(folder, tmp_path).rerank(QUESTION, TEXTS), expected, atol=2e-5)


def test_int8_is_close(make_cross_encoder: Make, tmp_path: Path) -> None:
    folder = make_cross_encoder(random_weights(3, 1))
    quantised, exact = ranker(folder, tmp_path, precision="int8"), ranker(folder, tmp_path)
    np.testing.assert_allclose(quantised.rerank(QUESTION, TEXTS), exact.rerank(QUESTION, TEXTS), atol=0.15)
    assert quantised.name == "ranker/int8"


@pytest.mark.parametrize("place", ["model.onnx", "onnx/model.onnx"])
def test_a_graph_that_is_there_is_taken_as_it_is(make_cross_encoder: Make, tmp_path: Path, place: str) -> None:
    folder = make_cross_encoder(random_weights(3, 1))
    built = ranker(folder, tmp_path).rerank(QUESTION, TEXTS)
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_bytes(build_cross_encoder(folder, read_encoder_config(folder)).SerializeToString())
    (folder / "model.safetensors").unlink()
    ready = ranker(folder, tmp_path)
    assert ready.name == "ranker"
    np.testing.assert_allclose(ready.rerank(QUESTION, TEXTS), built, atol=1e-6)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_a_score_does_not_depend_on_what_else_is_in_the_call(
    make_cross_encoder: Make, tmp_path: Path, precision: str
) -> None:
    model = ranker(make_cross_encoder(random_weights(3, 1)), tmp_path, precision=precision)
    alone = [model.rerank(QUESTION, [text])[0] for text in TEXTS]
    np.testing.assert_allclose(model.rerank(QUESTION, TEXTS), alone, atol=1e-5)
    assert model.rerank(QUESTION, []) == []


def test_long_pairs_are_cut(make_cross_encoder: Make, tmp_path: Path) -> None:
    model = ranker(make_cross_encoder(looking_for("lisbon")), tmp_path)
    near, far = model.rerank(QUESTION, ["lisbon " + "cat " * 500, "cat " * 500 + "lisbon"])
    assert near > far


def test_folders_that_hold_no_cross_encoder(make_cross_encoder: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"holds no cross-encoder: config\.json is missing"):
        ranker(tmp_path / "nowhere", tmp_path).rerank("q", ["t"])
    three = make_cross_encoder(random_weights(1, 3), name="three")
    with pytest.raises(ConfigurationError, match="has 3 labels"):
        ranker(three, tmp_path).rerank("q", ["t"])
    other = make_cross_encoder(random_weights(1, 1), name="other", model_type="gpt2")
    with pytest.raises(ConfigurationError, match="'gpt2' is not of the BERT family"):
        ranker(other, tmp_path).rerank("q", ["t"])
    bare = make_cross_encoder(random_weights(1, 1), name="bare")
    (bare / "model.safetensors").unlink()
    with pytest.raises(ModelNotFoundError, match=r"neither model\.onnx nor model\.safetensors"):
        ranker(bare, tmp_path).rerank("q", ["t"])
    (bare / "model.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="the cross-encoder cannot be loaded"):
        ranker(bare, tmp_path).rerank("q", ["t"])
    with pytest.raises(InvalidInputError, match="precision is 'int4'"):
        ranker(bare, tmp_path, precision="int4")


def test_a_sentence_encoder_is_no_cross_encoder(make_cross_encoder: Make, tmp_path: Path) -> None:
    weights = {name: value for name, value in random_weights(1, 1).items() if not name.startswith("classifier")}
    with pytest.raises(ConfigurationError, match="has no labels"):
        ranker(make_cross_encoder(weights), tmp_path).rerank("q", ["t"])

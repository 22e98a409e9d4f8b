from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from factloom import Memory
from factloom.engine.extraction import weights
from factloom.engine.extraction.pipeline import SHIPPED, load_packed, load_pipeline
from factloom.schemas.errors import ModelNotFoundError
from factloom.schemas.settings import load_settings


def test_the_shipped_pipeline_reads_a_sentence() -> None:
    doc = load_pipeline()("My sister moved to Lisbon.")
    assert [t.lemma_ for t in doc][:3] == ["my", "sister", "move"]
    assert next(t for t in doc if t.dep_ == "ROOT").text == "moved"
    assert [(e.text, e.label_) for e in doc.ents] == [("Lisbon", "LOC")]


def test_it_is_loaded_once() -> None:
    assert load_pipeline() is load_pipeline()


def test_its_folder_says_what_it_is() -> None:
    meta = json.loads((SHIPPED / "meta.json").read_text())
    data = (SHIPPED / "weights.msgpack").read_bytes()
    assert meta["weights_sha256"] == hashlib.sha256(data).hexdigest()
    assert meta["weights_bytes"] == len(data) < 3_000_000
    for name, value in meta["figures"]["float32"].items():
        assert meta["figures"]["int8"][name] >= value - 0.3, name
    licence = (SHIPPED / "LICENSE").read_text()
    assert "CC BY-SA 4.0" in licence
    assert "UD_English-EWT" in licence
    assert "Universal NER" in licence


def test_an_unknown_pipeline_is_refused_with_a_hint() -> None:
    with pytest.raises(ModelNotFoundError, match="en_no_such_model"):
        load_pipeline("en_no_such_model")


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    data = bytearray((folder / "weights.msgpack").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "weights.msgpack").write_bytes(data)
    with pytest.raises(ModelNotFoundError, match="damaged"):
        load_packed(folder)


@pytest.mark.parametrize("name", ["weights.msgpack", "meta.json", "config.cfg"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(ModelNotFoundError, match=name):
        load_packed(folder)


def test_a_copy_of_the_folder_loads_by_path(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    nlp = load_pipeline(str(folder))
    assert nlp.pipe_names == load_pipeline().pipe_names


def test_quantisation_keeps_each_row_within_half_a_step() -> None:
    array = np.random.default_rng(3).normal(size=(7, 2, 5)).astype(np.float32)
    back = weights.dequantise(weights.quantise(array))
    step = np.abs(array).max(axis=-1, keepdims=True) / 127
    assert back.shape == array.shape
    assert back.dtype == np.float32
    assert np.all(np.abs(back - array) <= step / 2 + 1e-6)


def test_vectors_and_zero_rows_survive_quantisation() -> None:
    bias = np.arange(4, dtype=np.float32)
    assert weights.dequantise(weights.quantise(bias)) is bias
    zeros = np.zeros((2, 3), dtype=np.float32)
    assert np.array_equal(weights.dequantise(weights.quantise(zeros)), zeros)


def test_a_folder_without_a_pipeline_is_told_what_belongs_there(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelNotFoundError, match="holds no spaCy pipeline") as error:
            load_pipeline(str(folder))
        assert "spacy download" not in str(error.value)


@pytest.mark.parametrize("named", ["de_no_such_pipeline", "./no/such/folder"])
def test_a_wrong_name_is_told_when_the_memory_is_opened(named: str, caplog: pytest.LogCaptureFixture) -> None:
    with Memory(settings=load_settings(store=":memory:", extractor={"kind": "spacy", "pipeline": named})):
        assert "stored but not learned from" in caplog.text
        assert named in caplog.text


def test_the_shipped_one_is_told_nothing_of(caplog: pytest.LogCaptureFixture) -> None:
    with Memory(settings=load_settings(store=":memory:", extractor={"kind": "spacy", "pipeline": str(SHIPPED)})):
        assert not caplog.text

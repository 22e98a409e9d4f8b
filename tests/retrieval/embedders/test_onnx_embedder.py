import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.retrieval.bert import hidden_states

from factloom.retrieval.embedders import OnnxEmbedder, locate_weights
from factloom.retrieval.embedders.cpu import has_vnni
from factloom.schemas.errors import ConfigurationError, InvalidInputError, ModelError, ModelNotFoundError
from factloom.schemas.ports import TokenCounter

TEXTS = ["The cat sat on a mat.", "where", "", "She moved, she lives in Lisbon, a cat lives in Berlin?", "dogs"]
Make = Callable[..., Path]


def reference(folder: Path, ids: list[int], *, pooling: str = "mean", offset: int = 0, act: str = "gelu") -> Any:
    """The vector of a text by the yardstick."""
    x = hidden_states(folder, ids, offset=offset, act=act)
    pooled = x[0] if pooling == "cls" else x.mean(0)
    return pooled / np.linalg.norm(pooled)


def token_ids(folder: Path, text: str, longest: int = 16) -> list[int]:
    """What a BERT tokenizer makes of text whose words are all in the vocabulary, but for a plural s."""
    vocabulary = (folder / "vocab.txt").read_text().split()
    for mark in ",.?":
        text = text.replace(mark, f" {mark}")
    ids = []
    for word in text.lower().split():
        pieces = [word] if word in vocabulary else [word[:-1], "##s"] if word[:-1] in vocabulary else ["[UNK]"]
        ids += [vocabulary.index(piece) for piece in pieces]
    return [2, *ids[: longest - 2], 3]


def embedder(folder: Path, tmp_path: Path, **options: Any) -> OnnxEmbedder:
    return OnnxEmbedder(folder, **({"precision": "fp32", "cache_dir": tmp_path / "cache"} | options))


@pytest.mark.parametrize("prefix", ["", "bert."])
def test_mean_pooled_vectors_are_those_of_bert(make_model: Make, tmp_path: Path, prefix: str) -> None:
    folder = make_model(prefix=prefix)
    expected = [reference(folder, token_ids(folder, text)) for text in TEXTS]
    np.testing.assert_allclose(embedder(folder, tmp_path).embed_documents(TEXTS), expected, atol=2e-5)


def test_cls_pooled_vectors_are_those_of_bert(make_model: Make, tmp_path: Path) -> None:
    folder = make_model(pooling={"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    expected = [reference(folder, token_ids(folder, text), pooling="cls") for text in TEXTS]
    np.testing.assert_allclose(embedder(folder, tmp_path).embed_documents(TEXTS), expected, atol=2e-5)


@pytest.mark.parametrize("act", ["gelu_new", "relu"])
def test_other_activations(make_model: Make, tmp_path: Path, act: str) -> None:
    folder = make_model(config={"hidden_act": act})
    expected = [reference(folder, token_ids(folder, text), act=act) for text in TEXTS]
    np.testing.assert_allclose(embedder(folder, tmp_path).embed_documents(TEXTS), expected, atol=2e-3)


def test_roberta_counts_positions_from_after_the_padding(make_model: Make, tmp_path: Path) -> None:
    folder = make_model(config={"model_type": "roberta", "pad_token_id": 1, "max_position_embeddings": 18})
    expected = [reference(folder, token_ids(folder, text), offset=2) for text in TEXTS]
    np.testing.assert_allclose(embedder(folder, tmp_path).embed_documents(TEXTS), expected, atol=2e-5)


def test_int8_is_close_to_fp32(make_model: Make, tmp_path: Path) -> None:
    folder = make_model()
    exact = embedder(folder, tmp_path).embed_documents(TEXTS)
    quantised = embedder(folder, tmp_path, precision="int8").embed_documents(TEXTS)
    assert (exact * quantised).sum(axis=1).min() > 0.95
    assert not np.array_equal(exact, quantised)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_a_vector_does_not_depend_on_what_else_is_in_the_call(make_model: Make, tmp_path: Path, precision: str) -> None:
    model = embedder(make_model(), tmp_path, precision=precision, threads=3)
    together = model.embed_documents(TEXTS * 5)
    alone = np.vstack([model.embed_documents([text]) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (5, 1)), atol=1e-6)


def test_a_text_is_cut_at_the_models_length(make_model: Make, tmp_path: Path) -> None:
    folder = make_model(sentence_bert_config={"max_seq_length": 8})
    model = embedder(folder, tmp_path)
    assert model.max_tokens == 8
    first_six = "the cat sat on a mat"
    long, short = model.embed_documents([first_six + " she moved" * 50_000, first_six])
    np.testing.assert_array_equal(long, short)


def test_prompts_tell_questions_and_documents_apart(make_model: Make, tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "where ? ", "document": "the "}}
    plain = embedder(make_model("plain"), tmp_path)
    prompted = embedder(make_model("prompted", config_sentence_transformers=prompts), tmp_path)
    np.testing.assert_array_equal(prompted.embed_queries(["cat"]), plain.embed_documents(["where ? cat"]))
    np.testing.assert_array_equal(prompted.embed_documents(["cat"]), plain.embed_documents(["the cat"]))


def test_tokens_are_counted_whole_and_without_special_ones(make_model: Make, tmp_path: Path) -> None:
    model = embedder(make_model(), tmp_path)
    assert isinstance(model, TokenCounter)
    assert model.count_tokens(["the cat sat", "", "dogs", "she " * 40]) == [3, 0, 2, 40]


def test_nul_and_lone_surrogates_embed_as_what_replaces_them(make_model: Make, tmp_path: Path) -> None:
    model = embedder(make_model(), tmp_path)
    mended = model.embed_documents(["the\0cat", "cat \ud800", "\ud83d\ude00"])
    np.testing.assert_array_equal(mended, model.embed_documents(["the cat", "cat \ufffd", "\U0001f600"]))


@pytest.mark.parametrize("texts", ["one string", [1], [None], [b"bytes"]])
def test_what_is_no_list_of_strings_is_refused(make_model: Make, tmp_path: Path, texts: Any) -> None:
    with pytest.raises(InvalidInputError, match="texts"):
        embedder(make_model(), tmp_path).embed_documents(texts)


@pytest.mark.parametrize("options", [{"precision": "fp16"}, {"threads": 0}, {"model": "no/such-model"}])
def test_bad_options_are_refused_when_they_are_given(options: Any) -> None:
    with pytest.raises(InvalidInputError):
        OnnxEmbedder(**options)


def test_making_one_reads_nothing(tmp_path: Path) -> None:
    model = OnnxEmbedder(tmp_path / "absent")
    with pytest.raises(ModelNotFoundError, match="absent"):
        model.embed_queries(["x"])


def test_folders_with_other_weights_have_other_names(make_model: Make, tmp_path: Path) -> None:
    one, two = make_model("a", seed=1), make_model("b", seed=2)
    two = two.rename(tmp_path / "elsewhere") / ".." / "elsewhere"
    names = {embedder(one, tmp_path).name, embedder(two, tmp_path).name, embedder(one, tmp_path, precision="int8").name}
    assert len(names) == 3
    assert embedder(one, tmp_path).dimension == 24


UNSUPPORTED: list[tuple[dict[str, Any], str]] = [
    ({"config": {"model_type": "mpnet"}}, "mpnet"),
    ({"config": {"hidden_act": "silu"}}, "silu"),
    ({"config": {"position_embedding_type": "relative_key"}}, "relative_key"),
    ({"config": {"is_decoder": True}}, "decoder"),
    ({"config": {"num_attention_heads": 7}}, "num_attention_heads"),
    ({"config": {"num_hidden_layers": None}}, "num_hidden_layers"),
    ({"config": {"vocab_size": 5}}, "tokens"),
    ({"config": {"intermediate_size": 48}}, "intermediate"),
    ({"config": {"num_hidden_layers": 3}}, r"encoder\.layer\.2"),
    ({"pooling": {"pooling_mode_max_tokens": True}}, "max_tokens"),
    ({"pooling": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}}, "cls_token"),
    ({"pooling": {"pooling_mode": "weightedmean"}}, "weightedmean"),
    ({"modules": [{"path": "", "type": "x.Transformer"}, {"path": "2_Dense", "type": "x.Dense"}]}, "Dense"),
    ({"modules": [{"path": "", "type": "x.Transformer"}]}, "Pooling"),
    ({"modules": {"not": "a list"}}, "list"),
    ({"config_sentence_transformers": {"similarity_fn_name": "dot"}}, "dot"),
    ({"sentence_bert_config": {"max_seq_length": 2}}, "maximum length"),
    (
        {"pooling": {"include_prompt": False}, "config_sentence_transformers": {"prompts": {"query": "q: "}}},
        "include_prompt",
    ),
]


@pytest.mark.parametrize(("files", "named"), UNSUPPORTED, ids=[named for _, named in UNSUPPORTED])
def test_what_cannot_be_represented_is_refused_by_name(
    make_model: Make, tmp_path: Path, files: Any, named: str
) -> None:
    folder = make_model(**files)
    with pytest.raises(ConfigurationError, match=named):
        embedder(folder, tmp_path).embed_documents(["x"])


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "vocab.txt"])
def test_a_missing_file_is_named(make_model: Make, tmp_path: Path, missing: str) -> None:
    folder = make_model()
    (folder / missing).unlink()
    with pytest.raises(ModelNotFoundError, match=missing):
        embedder(folder, tmp_path).embed_documents(["x"])


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_file_is_named(make_model: Make, tmp_path: Path, damaged: str) -> None:
    folder = make_model()
    (folder / damaged).write_bytes(b'{"half')
    with pytest.raises(ConfigurationError, match=damaged):
        embedder(folder, tmp_path).embed_documents(["x"])


class TestBuiltGraphs:
    def test_the_second_process_finds_the_graph_built(self, make_model: Make, tmp_path: Path) -> None:
        folder = make_model()
        first = embedder(folder, tmp_path).embed_documents(TEXTS)
        (built,) = (tmp_path / "cache").rglob("*.onnx")
        before = built.stat()
        np.testing.assert_array_equal(embedder(folder, tmp_path).embed_documents(TEXTS), first)
        assert built.stat().st_mtime_ns == before.st_mtime_ns
        assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [built.name]

    def test_other_weights_precision_or_pooling_are_other_files(self, make_model: Make, tmp_path: Path) -> None:
        folder = make_model()
        embedder(folder, tmp_path).embed_documents(["x"])
        embedder(folder, tmp_path, precision="int8").embed_documents(["x"])
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
        embedder(folder, tmp_path).embed_documents(["x"])
        weights = load_file(folder / "model.safetensors")
        save_file({name: tensor * 2 for name, tensor in weights.items()}, folder / "model.safetensors")
        embedder(folder, tmp_path).embed_documents(["x"])
        assert len(list((tmp_path / "cache").rglob("*.onnx"))) == 4

    def test_a_damaged_graph_is_built_again(
        self, make_model: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        folder = make_model()
        first = embedder(folder, tmp_path).embed_documents(TEXTS)
        (built,) = (tmp_path / "cache").rglob("*.onnx")
        content = built.read_bytes()
        built.write_bytes(content[: len(content) // 2])
        np.testing.assert_array_equal(embedder(folder, tmp_path).embed_documents(TEXTS), first)
        assert "damaged" in caplog.text
        assert built.read_bytes() == content

    def test_where_nothing_can_be_written_it_works_with_a_warning(
        self, make_model: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        blocked = tmp_path / "a file, not a folder"
        blocked.write_text("")
        folder = make_model()
        expected = embedder(folder, tmp_path).embed_documents(TEXTS)
        with caplog.at_level(logging.WARNING):
            vectors = embedder(folder, tmp_path, cache_dir=blocked).embed_documents(TEXTS)
        np.testing.assert_array_equal(vectors, expected)
        assert "cannot be kept" in caplog.text

    def test_a_failed_write_leaves_nothing_behind(
        self, make_model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        assert embedder(make_model(), tmp_path).embed_documents(["x"]).shape == (1, 24)
        assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []

    def test_two_processes_may_build_at_once(self, make_model: Make, tmp_path: Path) -> None:
        folder = make_model()
        context = multiprocessing.get_context("spawn")
        with context.Pool(2) as pool:
            one, two = pool.starmap(vectors_in_process, [(folder, tmp_path / "shared")] * 2)
        np.testing.assert_array_equal(one, two)
        assert len(list((tmp_path / "shared").rglob("*"))) == 2  # the folder and one graph: no half-written file

    def test_threads_that_come_at_once_load_it_once(
        self, make_model: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        model = embedder(make_model(), tmp_path)
        vectors: list[Any] = []
        with caplog.at_level(logging.INFO, logger="factloom"):
            threads = [
                threading.Thread(target=lambda: vectors.append(model.embed_queries(["the cat"]))) for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(vectors) == 8
        assert all(np.array_equal(vector, vectors[0]) for vector in vectors)
        assert caplog.text.count("building") == 1

    def test_no_text_is_logged(self, make_model: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO):
            embedder(make_model(), tmp_path).embed_documents(["the secret cat"])
        assert "secret" not in caplog.text


def vectors_in_process(folder: Path, cache: Path) -> Any:
    return OnnxEmbedder(folder, precision="int8", cache_dir=cache).embed_documents(TEXTS)


def test_vnni_is_read_from_the_flags(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu sse2 avx2 avx512_vnni\n")
    assert has_vnni(cpuinfo)
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu sse2 avx2\n")
    assert not has_vnni(cpuinfo)
    assert not has_vnni(tmp_path / "absent")


def test_reduced_range_stays_close_too(make_model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model()
    exact = embedder(folder, tmp_path).embed_documents(TEXTS)
    monkeypatch.setattr("factloom.retrieval.embedders.graph_cache.multiplies_int8_exactly", lambda: False)
    reduced = embedder(folder, tmp_path, precision="int8").embed_documents(TEXTS)
    assert (exact * reduced).sum(axis=1).min() > 0.95


@pytest.fixture
def minilm() -> Path:
    try:
        return locate_weights().folder
    except ModelError as error:
        pytest.skip(f"the weights of all-MiniLM-L6-v2 are not on this machine: {error}")


def test_minilm_is_exactly_bert(minilm: Path, tmp_path: Path) -> None:
    model = embedder(minilm, tmp_path)
    assert (model.name, model.dimension, model.max_tokens) == ("all-MiniLM-L6-v2/fp32", 384, 256)
    ids = [101, 2073, 2515, 2016, 2444, 1029, 102]  # [CLS] where does she live ? [SEP]
    np.testing.assert_allclose(model.embed_queries(["Where does she live?"])[0], reference(minilm, ids), atol=1e-5)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_minilm_knows_what_a_sentence_means(minilm: Path, tmp_path: Path, precision: str) -> None:
    model = embedder(minilm, tmp_path, precision=precision)
    documents = model.embed_documents(
        ["Ana bought a flat in Lisbon.", "The soup needs more salt.", "My car broke down on the motorway."]
    )
    questions = model.embed_queries(["where does she live?", "how was the meal?", "what happened to the vehicle?"])
    assert (questions @ documents.T).argmax(axis=1).tolist() == [0, 1, 2]

"""Counting tokens by the tokenizer that is named, and clear words where it cannot be had."""

from pathlib import Path

import pytest
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers

from factloom import Memory, load_settings
from factloom.retrieval.embedders import CachingEmbedder, HashingEmbedder
from factloom.retrieval.token_counting import embedders_counter, named_counter
from factloom.schemas.errors import ConfigurationError, InvalidInputError, ModelNotFoundError


@pytest.fixture
def tokenizer_file(tmp_path: Path) -> Path:
    """Every word is a token."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "cat": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.enable_truncation(2)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


@pytest.fixture
def bytes_encoding(monkeypatch: pytest.MonkeyPatch) -> str:
    """An encoding of tiktoken's that needs no download: every byte is a token."""
    made = tiktoken.Encoding(
        name="every_byte",
        pat_str=r"[\s\S]",
        mergeable_ranks={bytes([i]): i for i in range(256)},
        special_tokens={"<|endoftext|>": 256},
    )
    tiktoken.list_encoding_names()  # fills the registry
    monkeypatch.setitem(tiktoken.registry.ENCODING_CONSTRUCTORS, "every_byte", None)  # type: ignore[attr-defined]
    monkeypatch.setitem(tiktoken.registry.ENCODINGS, "every_byte", made)  # type: ignore[attr-defined]
    return "tiktoken:every_byte"


def test_a_tokenizer_file_counts_whole_texts(tokenizer_file: Path) -> None:
    assert named_counter(str(tokenizer_file)).count("the cat sat on it") == 5
    assert named_counter(str(tokenizer_file.parent)).count("the cat sat on it") == 5


def test_tiktoken_counts_where_it_is_named(bytes_encoding: str) -> None:
    counter = named_counter(bytes_encoding)
    assert counter.count("<|endoftext|>") == 13, "what users write is no special token"
    assert counter.name == bytes_encoding


def test_a_vocabulary_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there: no network
    monkeypatch.delitem(tiktoken.registry.ENCODINGS, "r50k_base", raising=False)  # type: ignore[attr-defined]
    with pytest.raises(ModelNotFoundError, match="vocabulary that tiktoken:r50k_base needs is not on this machine"):
        named_counter("tiktoken:r50k_base")


@pytest.mark.parametrize(
    ("name", "kind", "complaint"),
    [
        ("tiktoken:nobody-7", ConfigurationError, "tiktoken knows no model or encoding 'nobody-7'"),
        ("gpt-4o", InvalidInputError, "tokenizer 'gpt-4o' is no tokenizer; name one as tiktoken:MODEL"),
        ("missing/tokenizer.json", ModelNotFoundError, "there is no tokenizer missing/tokenizer.json"),
    ],
)
def test_what_is_no_tokenizer_is_told(name: str, kind: type[Exception], complaint: str) -> None:
    with pytest.raises(kind, match=complaint):
        named_counter(name)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be read as a tokenizer"):
        named_counter(str(tmp_path / "tokenizer.json"))


def test_the_embedder_counts_else_the_bytes() -> None:
    class Counting(HashingEmbedder):
        def count_tokens(self, texts: list[str]) -> list[int]:
            return [7 for _ in texts]

    assert embedders_counter(CachingEmbedder(Counting(64))).count("x") == 7
    plain = embedders_counter(CachingEmbedder(HashingEmbedder(64)))
    assert (plain.name, plain.count("four bytes each")) == ("bytes/3", 5)


def test_a_context_counts_by_the_tokenizer_of_the_call_or_of_the_settings(
    tokenizer_file: Path, bytes_encoding: str
) -> None:
    settings = load_settings(store=":memory:", extractor={"kind": "none"}, search={"tokenizer": str(tokenizer_file)})
    with Memory(settings=settings, embedder=HashingEmbedder(64)) as memory:
        memory.add([f"the cat number {i} sat on a mat" for i in range(40)], space="t")
        words = memory.context("Which cat?", 60, space="t")
        assert words.tokenizer == str(tokenizer_file)
        assert words.tokens == len(words.text.split()) <= 60
        by_bytes = memory.context("Which cat?", 400, space="t", tokenizer=bytes_encoding)
        assert by_bytes.tokens == len(by_bytes.text.encode()) <= 400
        assert by_bytes == memory.context("Which cat?", 400, space="t", tokenizer=bytes_encoding), "deterministic"
        with pytest.raises(InvalidInputError, match="tokenizer"):
            memory.context("Which cat?", 60, space="t", tokenizer="gpt-4o")

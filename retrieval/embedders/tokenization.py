"""Turns texts into the token ids that a sentence encoder was trained on, and counts them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from factloom.retrieval.embedders.encoder_config import EncoderConfig
from factloom.schemas.errors import ConfigurationError, ModelNotFoundError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Characters looked at per token of the maximum length. The tokenizer reads a text to its end before it
#: truncates, so a megabyte would be read for 256 tokens; no natural text has words this long.
_CHARACTERS_PER_TOKEN = 512


class SentenceTokenizer:
    """The tokenizer of a model directory: ``tokenizer.json``, else WordPiece from ``vocab.txt``."""

    def __init__(self, folder: Path, config: EncoderConfig) -> None:
        self._folder = folder
        self._lowercase = config.lowercase
        self._longest = config.max_length * _CHARACTERS_PER_TOKEN
        self._truncating = _load(folder)
        self._truncating.no_padding()
        self._truncating.enable_truncation(config.max_length)
        known = self._truncating.get_vocab_size()
        if known > config.vocabulary:
            raise ConfigurationError(
                f"the tokenizer in {folder} knows {known} tokens, the weights only {config.vocabulary}; the files "
                "are not of one model"
            )

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special ones included, cut at the model's maximum length."""
        prepared = [self._prepared(text[: self._longest]) for text in texts]
        return [encoding.ids for encoding in self._truncating.encode_batch(prepared)]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each whole text, without special ones."""
        encodings = self._whole.encode_batch([self._prepared(text) for text in texts], add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    @cached_property
    def _whole(self) -> Tokenizer:
        """A second one, since truncation is a state of a tokenizer; most processes never count."""
        tokenizer = _load(self._folder)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def _prepared(self, text: str) -> str:
        text = text.strip()  # as sentence-transformers does
        return text.lower() if self._lowercase else text


class PairTokenizer:
    """The tokenizer of a model that reads two texts at once; pairs of more than ``max_length`` tokens are cut."""

    def __init__(self, folder: Path, max_length: int) -> None:
        self._longest = max_length * _CHARACTERS_PER_TOKEN
        self._tokenizer = _load(folder)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length, strategy="longest_first")

    def encode_pairs(self, first: str, seconds: Sequence[str]) -> list[tuple[list[int], list[int]]]:
        """Token ids and types of ``first`` with each of ``seconds``."""
        one = first.strip()[: self._longest]
        pairs = [(one, second.strip()[: self._longest]) for second in seconds]
        return [(encoding.ids, encoding.type_ids) for encoding in self._tokenizer.encode_batch(pairs)]


def _load(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        return _wordpiece(folder)
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the Rust library raises nothing narrower
        raise ConfigurationError(f"{file} cannot be read ({error}); fetch the model again") from error


def _wordpiece(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = folder / "vocab.txt"
    if not vocabulary.is_file():
        raise ModelNotFoundError(f"{folder} holds neither tokenizer.json nor vocab.txt; copy one of them there")
    settings = folder / "tokenizer_config.json"
    try:
        options = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    except ValueError as error:
        raise ConfigurationError(f"{settings} is no JSON ({error}); fetch the model again") from error
    tokenizer = Tokenizer(models.WordPiece.from_file(str(vocabulary), unk_token="[UNK]"))
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if first is None or last is None:
        raise ConfigurationError(f"{vocabulary} has no [CLS] or no [SEP]; it is not a BERT vocabulary")
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=bool(options.get("do_lower_case", True)),
        strip_accents=options.get("strip_accents"),
        handle_chinese_chars=bool(options.get("tokenize_chinese_chars", True)),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", last), ("[CLS]", first))
    return tokenizer

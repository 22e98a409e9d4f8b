"""Token counting: by the tokenizer that is named, else the embedder's, else from the length in bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from factloom.schemas.errors import ConfigurationError, InvalidInputError, ModelNotFoundError
from factloom.schemas.ports import Embedder, TokenCounter

TIKTOKEN: Final = "tiktoken:"
APPROXIMATE: Final = "bytes/3"


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the tokens of a text; ``name`` says whose."""

    name: str
    count: Callable[[str], int]


def approximate_tokens(text: str) -> int:
    """Tokens of ``text`` where no tokenizer is at hand: a third of its UTF-8 bytes, rounded up.

    English takes about 4 bytes a token, so this rather counts too many than too few.
    """
    return -(-len(text.encode("utf-8", "replace")) // 3)


def embedders_counter(embedder: Embedder) -> Counter:
    """By the embedder's tokenizer or, if it wraps another embedder, that one's; else approximately."""
    owners = (embedder, getattr(embedder, "inner", None))
    exact = next((owner for owner in owners if isinstance(owner, TokenCounter)), None)
    if exact is None:
        return Counter(APPROXIMATE, approximate_tokens)
    return Counter(embedder.name, lambda text: exact.count_tokens([text])[0])


@lru_cache(maxsize=8)
def named_counter(name: str) -> Counter:
    """By the tokenizer of a name: ``tiktoken:`` with a model or an encoding, or the path of a ``tokenizer.json``.

    Raises:
        InvalidInputError: it is neither.
        ConfigurationError: tiktoken is not installed or knows no such model; the file is no tokenizer.
        ModelNotFoundError: the file is missing; tiktoken has to download its vocabulary first, and cannot.
    """
    if name.startswith(TIKTOKEN):
        return _by_tiktoken(name)
    path = Path(name).expanduser()
    if path.is_dir():
        path = path / "tokenizer.json"
    if path.suffix != ".json":
        raise InvalidInputError(
            f"tokenizer {name!r} is no tokenizer; name one as tiktoken:MODEL, such as tiktoken:gpt-4o, or give the "
            "path of a tokenizer.json"
        )
    if not path.is_file():
        raise ModelNotFoundError(f"there is no tokenizer {path}; copy the tokenizer.json of your model there")
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust library raises nothing narrower
        raise ConfigurationError(f"{path} cannot be read as a tokenizer ({error}); fetch it again") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return Counter(name, lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids))


def _by_tiktoken(name: str) -> Counter:
    wanted = name.removeprefix(TIKTOKEN)
    try:
        import tiktoken
    except ImportError as error:
        raise ConfigurationError(
            f"counting by {name} needs the tiktoken package; run: pip install 'factloom[openai]'"
        ) from error
    try:
        known = wanted in tiktoken.list_encoding_names()
        encoding = tiktoken.get_encoding(wanted) if known else tiktoken.encoding_for_model(wanted)
    except KeyError as error:
        raise ConfigurationError(
            f"tokenizer {name!r}: tiktoken knows no model or encoding {wanted!r}; name one of OpenAI's models, or of "
            f"{', '.join(tiktoken.list_encoding_names())}"
        ) from error
    except OSError as error:  # what its HTTP client raises, too
        raise ModelNotFoundError(
            f"the vocabulary that {name} needs is not on this machine and cannot be downloaded; count once with a "
            "network, and with TIKTOKEN_CACHE_DIR set to the folder that is to keep it, or name the tokenizer.json of "
            "your model"
        ) from error
    return Counter(name, lambda text: len(encoding.encode_ordinary(text)))

"""Talks to the model hub: the folder of a pinned revision, from the local cache or by download."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from factloom.schemas.errors import ModelNotFoundError

_OPTIONAL = (
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "tokenizer_config.json",
)
_TOKENIZERS = ("tokenizer.json", "vocab.txt")
_WEIGHTS = "model.safetensors"


def cached_folder(repository: str, revision: str, hub_cache: Path | None) -> Path | None:
    """The folder of a revision that was downloaded before, or None. Uses no network."""
    from huggingface_hub import try_to_load_from_cache

    # The weights are fetched last: when they are there, everything is.
    with _explained(repository):
        found = try_to_load_from_cache(repository, _WEIGHTS, cache_dir=hub_cache, revision=revision)
    return Path(found).parent if isinstance(found, str) else None


def download_folder(
    repository: str, revision: str, *, progress: bool, hub_cache: Path | None, endpoint: str | None
) -> Path:
    """Download what an encoder needs, the weights last; returns the folder.

    Raises:
        ModelNotFoundError: the hub cannot be reached, or does not have it; the message says which.
    """
    from huggingface_hub import hf_hub_download

    def fetch(name: str) -> str | None:
        with _explained(repository):
            try:
                return str(hf_hub_download(repository, name, revision=revision, cache_dir=hub_cache, endpoint=endpoint))
            except _absent() as error:
                if isinstance(error, FileNotFoundError):  # the hub's client means: could not be reached
                    raise
                return None

    def require(name: str) -> str:
        path = fetch(name)
        if path is None:
            raise ModelNotFoundError(f"{repository} has no {name} at revision {revision}")
        return path

    _check_reachable(repository, revision, endpoint)
    with _progress_bars(progress):
        require("config.json")
        for name in _OPTIONAL:
            fetch(name)
        if fetch(_TOKENIZERS[0]) is None:
            require(_TOKENIZERS[1])
        return Path(require(_WEIGHTS)).parent


def _check_reachable(repository: str, revision: str, endpoint: str | None) -> None:
    """Ask once, so that being offline is said at once: the download itself would try for twenty seconds."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    with _explained(repository), suppress(_absent()):
        get_hf_file_metadata(hf_hub_url(repository, "config.json", revision=revision, endpoint=endpoint), timeout=10)


def remove_weights(folder: Path) -> None:
    """Take weights with a wrong checksum out of the hub's cache: the link and what it points to."""
    link = folder / _WEIGHTS
    if link.is_symlink():
        link.resolve().unlink(missing_ok=True)
    link.unlink(missing_ok=True)


@contextmanager
def _explained(repository: str) -> Iterator[None]:
    """Turns what the hub's client raises into ModelNotFoundError."""
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    try:
        yield
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise _unreachable(repository, error) from error
    except HFValidationError as error:
        raise ModelNotFoundError(f"{repository!r} is no name of a hub repository") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "an error"
        raise ModelNotFoundError(f"the hub answered {status} for {repository}") from error
    except _transport_errors() as error:
        raise _unreachable(repository, error) from error


def _unreachable(repository: str, error: BaseException) -> ModelNotFoundError:
    return ModelNotFoundError(f"{repository} cannot be reached or downloaded ({_root_cause(error)})")


def _absent() -> type[Exception]:
    from huggingface_hub.errors import EntryNotFoundError

    return EntryNotFoundError


def _transport_errors() -> tuple[type[Exception], ...]:
    """What a broken connection or a full disk raises: huggingface_hub 1.x is built on httpx, 0.x on requests."""
    try:
        import httpx
    except ImportError:
        return (OSError,)  # requests' errors are OSErrors
    return (OSError, httpx.HTTPError)


def _root_cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).splitlines()[0] if str(error) else type(error).__name__


@contextmanager
def _progress_bars(shown: bool) -> Iterator[None]:
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # documented there, not in its __all__
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if shown or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()

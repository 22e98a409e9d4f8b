"""Load the spaCy pipeline that reads sentences: the one shipped with factloom, or any other by name or folder.

The shipped one lies in ``model/`` next to this file: ``config.cfg`` (spaCy's configuration), ``meta.json``
(labels' names, figures, sha256 of the weights), ``weights.msgpack`` (see ``weights``), its licence and a README.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.labels import universal, uses_clear_labels
from factloom.schemas.errors import ModelNotFoundError

if TYPE_CHECKING:
    from spacy.language import Language

SHIPPED: Final = Path(__file__).parent / "model"
_TURNING: Final = "factloom_universal_dependencies"
SHIPPED_NAME: Final = "factloom_en_chat"


def offline_name(pipeline: str | None) -> str:
    """The name of the offline extractor with this pipeline: ``offline/`` and the pipeline's name."""
    return f"offline/{pipeline or SHIPPED_NAME}"


@lru_cache(maxsize=2)
def load_pipeline(name: str | None = None) -> Language:
    """The shipped pipeline (``None``), an installed spaCy pipeline by name, or one in a folder.

    Loaded once per process and name. The rules read Universal Dependencies (``nsubj``, ``obl``, ``nmod:poss``, …);
    the parses of spaCy's own English pipelines, which are labelled otherwise, are turned into these (``labels``).

    Raises:
        ModelNotFoundError: it is not there, it has no parser, tagger or lemmatizer, or the shipped files are damaged;
            the message says what to do.
    """
    if name is None:
        return load_packed(SHIPPED)
    import spacy

    if (Path(name) / "weights.msgpack").is_file():
        return load_packed(Path(name))
    try:
        return _readable(spacy.load(name), name)
    except OSError as error:
        raise ModelNotFoundError(missing(name, error.__class__.__name__)) from error


def missing(name: str, why: str = "not found") -> str:
    """What to tell whoever names a pipeline that is not there: what was looked for, and what to do."""
    instead = "or leave the setting out to use the shipped one"
    if is_folder(name):
        return f"the folder {name} holds no spaCy pipeline ({why}): name one that `nlp.to_disk` has written, {instead}"
    return (
        f"there is no spaCy pipeline {name!r}, neither installed nor as a folder ({why}): "
        f"install it with `python -m spacy download {name}`, {instead}"
    )


def is_folder(name: str) -> bool:
    """Whether a pipeline's name is that of a folder, there or not, rather than of a package."""
    return "/" in name or "\\" in name or Path(name).is_dir()


def is_there(name: str) -> bool:
    """Whether a pipeline by that name seems to be there, without loading spaCy."""
    if is_folder(name):
        return any((Path(name) / file).is_file() for file in ("weights.msgpack", "config.cfg"))
    return find_spec(name) is not None if name.isidentifier() else False


def _readable(nlp: Language, name: str) -> Language:
    """The pipeline, whose parses the rules can read.

    Raises:
        ModelNotFoundError: it does not say what the rules need.
    """
    doc = nlp("She has moved to Lisbon.")
    lacks = {
        "parser": not doc.has_annotation("DEP"),
        "tagger": not doc.has_annotation("TAG"),
        "parts of speech": not doc.has_annotation("POS"),
        "lemmatizer": not doc.has_annotation("LEMMA"),
    }
    missing = [part for part, is_missing in lacks.items() if is_missing]
    if missing:
        raise ModelNotFoundError(
            f"the spaCy pipeline {name!r} has no {', '.join(missing)}, so facts cannot be read with it; name an "
            "English pipeline with all of them, such as en_core_web_sm, or leave the setting out to use the shipped one"
        )
    if uses_clear_labels(nlp):
        from spacy.language import Language

        if not Language.has_factory(_TURNING):
            Language.component(_TURNING, func=universal)
        nlp.add_pipe(_TURNING)
    return nlp


def load_packed(folder: Path) -> Language:
    """Load a packed pipeline after checking its sha256.

    Raises:
        ModelNotFoundError: a file is missing, or the weights are not the ones that ``meta.json`` describes.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        config_text = (folder / "config.cfg").read_text(encoding="utf-8")
        data = (folder / "weights.msgpack").read_bytes()
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(
            f"the language pipeline in {folder} is incomplete ({error}): reinstall factloom, "
            "or build it again from a checkout with `make model`"
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != meta.get("weights_sha256"):
        raise ModelNotFoundError(
            f"{folder / 'weights.msgpack'} is damaged (sha256 {found[:12]}…, expected "
            f"{str(meta.get('weights_sha256'))[:12]}…): reinstall factloom, or run `make model` in a checkout"
        )
    return _assemble(config_text, data, meta)


def _assemble(config_text: str, data: bytes, meta: dict[str, object]) -> Language:
    from spacy.lang.en import English
    from thinc.api import Config

    from factloom.engine.extraction.encoder import quicken
    from factloom.engine.extraction.weights import unpack

    components, strings = unpack(data)
    config = Config().from_str(config_text, interpolate=False)
    nlp = English.from_config(config, validate=False, auto_fill=False)
    nlp.meta.update({"name": meta["name"], "version": meta["version"]})
    for string in strings:
        nlp.vocab.strings.add(string)
    for name, component in nlp.pipeline:
        component.from_bytes(components[name], exclude=["vocab"])  # type: ignore[attr-defined]
    quicken(nlp)
    return nlp

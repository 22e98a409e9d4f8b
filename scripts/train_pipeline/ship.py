"""Join the two halves, pack them as int8, measure both forms on the test sets and write the model's folder."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from factloom.engine.extraction.pipeline import SHIPPED_NAME, load_packed
from factloom.engine.extraction.weights import pack

VERSION = "1.0.0"
FIGURES = {
    "tag_acc": "XPOS",
    "pos_acc": "UPOS",
    "morph_acc": "morphology",
    "lemma_acc": "lemma",
    "dep_uas": "UAS",
    "dep_las": "LAS",
    "sents_f": "sentence F",
    "ents_f": "NER F",
}


def join(work: Path) -> Language:
    """The trained halves as one pipeline, named entities last."""
    nlp = spacy.load(work / "syntax" / "model-best")
    nlp.add_pipe("ner", source=spacy.load(work / "ner" / "model-best"))
    return nlp


def ship(work: Path, out: Path) -> dict[str, Any]:
    """Write weights, configuration, meta and README to `out`; return the meta with all figures.

    Raises:
        SystemExit: the packed pipeline is worse than the trained one by more than 0.3 points.
    """
    nlp = join(work)
    out.mkdir(parents=True, exist_ok=True)
    data = pack({name: pipe.to_bytes(exclude=["vocab"]) for name, pipe in nlp.pipeline}, needed_strings(nlp))
    (out / "weights.msgpack").write_bytes(data)
    config = nlp.config.copy()
    for section in ("training", "initialize", "corpora", "pretraining", "paths"):
        config.pop(section, None)
    (out / "config.cfg").write_text(config.to_str(interpolate=False), encoding="utf-8")
    meta: dict[str, Any] = {
        "name": SHIPPED_NAME,
        "version": VERSION,
        "license": "CC-BY-SA-4.0",
        "spacy_version": spacy.about.__version__,
        "weights_bytes": len(data),
        "weights_sha256": hashlib.sha256(data).hexdigest(),
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    packed = load_packed(out)
    meta["figures"] = {"float32": measure(nlp, work), "int8": measure(packed, work)}
    meta["words_per_second"] = speed(packed, work)
    (out / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    (out / "README.md").write_text(readme(meta), encoding="utf-8")
    for key, before in meta["figures"]["float32"].items():
        if meta["figures"]["int8"][key] < before - 0.3:
            raise SystemExit(f"packing loses {before - meta['figures']['int8'][key]:.2f} points of {key}")
    return meta


def needed_strings(nlp: Language) -> list[str]:
    """The strings that labels and edit trees refer to by hash; the treebank's words are not among them."""
    strings = set()
    for name, pipe in nlp.pipeline:
        for label in getattr(pipe, "labels", ()):
            features = str(label).split("|")
            strings.update([str(label), *features, *(part for feature in features for part in feature.split("="))])
        if name == "trainable_lemmatizer":
            fields = srsly.msgpack_loads(pipe.to_bytes(exclude=["vocab"]))  # type: ignore[attr-defined]
            for tree in srsly.msgpack_loads(fields["trees"])["trees"]:
                strings.update(nlp.vocab.strings[tree[key]] for key in ("orig", "subst") if tree.get(key))
    return sorted(strings - {""})


def measure(nlp: Language, work: Path) -> dict[str, float]:
    """Percentages on the test split, and NER F on renamed text and on chat turns."""
    scores = nlp.evaluate(_examples(nlp, work / "test.spacy"))
    figures = {label: round(100 * scores[key], 2) for key, label in FIGURES.items()}
    for name, label in (("test-unseen", "NER F, unseen names"), ("test-chat", "NER F, chat turns with unseen names")):
        figures[label] = round(100 * nlp.evaluate(_examples(nlp, work / f"{name}.spacy"))["ents_f"], 2)
    return figures


def speed(nlp: Language, work: Path) -> int:
    """Words a second through `pipe` on the test split (set OMP_NUM_THREADS=1 for one core)."""
    texts = [doc.text for doc in _docs(nlp, work / "test.spacy")]
    begin = time.perf_counter()
    words = sum(len(doc) for doc in nlp.pipe(texts, batch_size=64))
    return int(round(words / (time.perf_counter() - begin), -2))


def _docs(nlp: Language, path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(nlp.vocab))


def _examples(nlp: Language, path: Path) -> list[Example]:
    return [Example(nlp.make_doc(doc.text), doc) for doc in _docs(nlp, path)]


def readme(meta: dict[str, Any]) -> str:
    """The model card, figures included."""
    rows = [f"| {k} | {v:.1f} | {meta['figures']['int8'][k]:.1f} |" for k, v in meta["figures"]["float32"].items()]
    return "\n".join(
        [
            f"# {meta['name']} {meta['version']}",
            "",
            "The spaCy pipeline that factloom's offline extractor reads English with: tagger, morphologiser,",
            "edit-tree lemmatiser and dependency parser (Universal Dependencies labels) on one encoder, and named",
            "entities (PER, ORG, LOC) on another. Written by `make model`; do not edit by hand.",
            "",
            f"`weights.msgpack`: {meta['weights_bytes']:,} bytes, int8 with one scale per row (see",
            f"`engine/extraction/weights.py`), sha256 `{meta['weights_sha256']}`,",
            "checked whenever it is loaded.",
            "",
            "Measured on the test split of UD English EWT 2.16 with the Universal NER layer, from raw text, percent.",
            "*Unseen names*: every name in the test split replaced by one that training never saw. *Chat turns*:",
            "frames that training knows, filled with such names.",
            "",
            "| | float32 | int8, as shipped |",
            "|---|---|---|",
            *rows,
            "",
            f"Speed: {meta['words_per_second']:,} words a second through `nlp.pipe` when this was built.",
            "",
            "Trained on the train split only: CC BY-SA 4.0, see LICENSE in this folder.",
            "",
        ]
    )

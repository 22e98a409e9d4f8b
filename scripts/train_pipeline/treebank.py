"""Read UD English EWT and its Universal NER layer into spaCy documents.

`spacy convert` groups sentences across documents and knows nothing of the NER layer, so this module reads
the CoNLL-U files itself and lays the named entities over them by characters: the NER files follow an older
tokenisation, but the text of a sentence is the same once white space is left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

ENTITY_LABELS = frozenset({"PER", "ORG", "LOC"})  # the release's stray OTH and O labels are dropped
LONGEST_EXAMPLE = 8  # sentences in one training example, at most


@dataclass(slots=True)
class Sentence:
    """One treebank sentence: parallel columns, heads as indices inside the sentence."""

    sent_id: str
    words: list[str] = field(default_factory=list)
    spaces: list[bool] = field(default_factory=list)
    lemmas: list[str] = field(default_factory=list)
    pos: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    morphs: list[str] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    deps: list[str] = field(default_factory=list)
    entities: list[tuple[int, int, str]] | None = None  # token spans; None where the NER layer is missing

    @property
    def characters(self) -> str:
        """The text without white space, by which the two layers are aligned."""
        return "".join("".join(self.words).split())


def read_conllu(path: Path) -> Iterator[list[Sentence]]:
    """Yield the documents of a CoNLL-U file, each as its list of sentences."""
    document: list[Sentence] = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        if document and any(line.startswith("# newdoc") for line in lines):
            yield document
            document = []
        document.append(_read_sentence(lines))
    if document:
        yield document


def _read_sentence(lines: list[str]) -> Sentence:
    sentence = Sentence(sent_id="")
    joined_until, joined_space = 0, True  # inside a multi-word token ("don't") nothing is spaced
    for line in lines:
        if line.startswith("# sent_id ="):
            sentence.sent_id = line.split("=", 1)[1].strip()
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        space = "SpaceAfter=No" not in columns[9]
        if "-" in columns[0]:
            joined_until, joined_space = int(columns[0].split("-")[1]), space
            continue
        if "." in columns[0]:  # an empty node of the enhanced graph
            continue
        index = int(columns[0])
        if index < joined_until:
            space = False
        elif index == joined_until:
            space = joined_space
        sentence.words.append(columns[1].replace(" ", ""))
        sentence.lemmas.append(columns[2])
        sentence.pos.append(columns[3])
        sentence.tags.append(columns[4])
        sentence.morphs.append("" if columns[5] == "_" else columns[5])
        sentence.heads.append(int(columns[6]) - 1 if columns[6] != "0" else index - 1)
        sentence.deps.append("ROOT" if columns[7] == "root" else columns[7])
        sentence.spaces.append(space)
    return sentence


def read_entities(path: Path) -> dict[str, tuple[str, list[tuple[int, int, str]]]]:
    """Sentence id -> (its characters without white space, its entities as spans of those characters)."""
    layer: dict[str, tuple[str, list[tuple[int, int, str]]]] = {}
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        sent_id, characters = "", ""
        spans: list[tuple[int, int, str]] = []
        for line in block.split("\n"):
            if line.startswith("# sent_id ="):
                sent_id = line.split("=", 1)[1].strip()
            columns = line.split("\t")
            if line.startswith("#") or len(columns) < 3:
                continue
            start = len(characters)
            characters += "".join(columns[1].split())
            prefix, _, label = columns[2].partition("-")
            if label not in ENTITY_LABELS:
                continue
            if prefix == "I" and spans and spans[-1][1] == start and spans[-1][2] == label:
                spans[-1] = (spans[-1][0], len(characters), label)
            else:
                spans.append((start, len(characters), label))
        layer[sent_id] = (characters, spans)
    return layer


def align(sentence: Sentence, layer: dict[str, tuple[str, list[tuple[int, int, str]]]]) -> bool:
    """Lay the NER layer over a sentence; False (and no entities) where the two texts differ."""
    characters, spans = layer.get(sentence.sent_id, ("", []))
    if characters != sentence.characters:
        return False
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    offset = 0
    for index, word in enumerate(sentence.words):
        starts[offset] = index
        offset += len(word)
        ends[offset] = index + 1
    found = [(starts.get(a), ends.get(b), label) for a, b, label in spans]
    entities = [(a, b, label) for a, b, label in found if a is not None and b is not None]
    if len(entities) != len(found):
        return False
    sentence.entities = entities
    return True


def load_split(folder: Path, split: str) -> tuple[list[list[Sentence]], int]:
    """The documents of a split with their entities, and how many sentences did not align."""
    layer = read_entities(folder / f"en_ewt-ner-{split}.iob2")
    documents = list(read_conllu(folder / f"en_ewt-ud-{split}.conllu"))
    missed = sum(not align(sentence, layer) for document in documents for sentence in document)
    return documents, missed


def group(documents: list[list[Sentence]], rng: random.Random) -> Iterator[list[Sentence]]:
    """Cut documents into examples of one to eight consecutive sentences, the length of a chat turn."""
    for document in documents:
        start = 0
        while start < len(document):
            size = rng.randint(1, LONGEST_EXAMPLE)
            yield document[start : start + size]
            start += size


def to_doc(sentences: list[Sentence], vocab: Vocab) -> Doc:
    """One spaCy document of gold annotation; entities stay "missing" in sentences that did not align."""
    words: list[str] = []
    spaces: list[bool] = []
    heads: list[int] = []
    starts: list[bool] = []
    spans: list[tuple[int, int, str]] = []
    unknown: list[tuple[int, int]] = []
    for sentence in sentences:
        base = len(words)
        words += sentence.words
        spaces += [*sentence.spaces[:-1], True]
        heads += [base + head for head in sentence.heads]
        starts += [index == 0 for index in range(len(sentence.words))]
        if sentence.entities is None:
            unknown.append((base, len(words)))
        spans += [(base + a, base + b, label) for a, b, label in sentence.entities or []]
    doc = Doc(
        vocab,
        words=words,
        spaces=spaces,
        heads=heads,
        sent_starts=starts,
        deps=[value for sentence in sentences for value in sentence.deps],
        tags=[value for sentence in sentences for value in sentence.tags],
        pos=[value for sentence in sentences for value in sentence.pos],
        morphs=[value for sentence in sentences for value in sentence.morphs],
        lemmas=[value for sentence in sentences for value in sentence.lemmas],
    )
    doc.set_ents(
        [Span(doc, a, b, label=label) for a, b, label in spans],
        missing=[Span(doc, a, b) for a, b in unknown],
        default="outside",
    )
    return doc

"""Turn the treebank into the spaCy corpora that the two halves are trained on."""

from __future__ import annotations

import random
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin

from .grammar import sentence
from .names import chat_turns, load_gazetteer, swap
from .treebank import group, load_split, to_doc

SEED = 17
SWAPPED_COPIES = 2  # of every training example that holds a name
CHAT_TURNS = 5000  # for the names half
GRAMMAR_EXAMPLES = 1000  # for the syntax half
ATTRS = ["ORTH", "SPACY", "TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "SENT_START", "ENT_IOB", "ENT_TYPE"]


def write_corpora(treebank: Path, work: Path) -> None:
    """Write train and dev for "syntax" and "ner" under `work`, and the test sets used for the figures.

    `test.spacy` is the treebank's test split; `test-unseen.spacy` the same with every name replaced by one
    that training never saw; `test-chat.spacy` filled chat turns with such names (the frames are known).
    """
    work.mkdir(parents=True, exist_ok=True)
    nlp = spacy.blank("en")
    known, unseen = load_gazetteer(held_out=False), load_gazetteer(held_out=True)
    for split in ("train", "dev", "test"):
        documents, missed = load_split(treebank, split)
        print(f"{split}: {sum(map(len, documents))} sentences, {missed} whose NER layer does not align")
        rng = random.Random(SEED)
        examples = list(group(documents, rng))
        gold = [to_doc(sentences, nlp.vocab) for sentences in examples]
        named = [sentences for sentences in examples if any(s.entities for s in sentences)]
        if split == "train":
            swapped = [to_doc(swap(s, known, rng), nlp.vocab) for _ in range(SWAPPED_COPIES) for s in named]
            # Unseen first names are taken for common nouns unless the tagger, too, meets many.
            names = random.Random(SEED + 1)
            renamed = [to_doc(swap(sentences, known, names), nlp.vocab) for sentences in named]
            written = [[sentence(known, names) for _ in range(names.randint(1, 3))] for _ in range(GRAMMAR_EXAMPLES)]
            _write([*gold, *renamed, *(to_doc(s, nlp.vocab) for s in written)], work / "train-syntax.spacy")
            _write([*gold, *swapped, *chat_turns(CHAT_TURNS, known, nlp, rng)], work / "train-ner.spacy")
            continue
        renamed = [to_doc(swap(sentences, unseen, rng), nlp.vocab) for sentences in examples]
        chats = chat_turns(400, unseen, nlp, rng)
        if split == "dev":
            _write(gold, work / "dev-syntax.spacy")
            _write([*gold, *renamed, *chats], work / "dev-ner.spacy")
        else:
            _write(gold, work / "test.spacy")
            _write(renamed, work / "test-unseen.spacy")
            _write(chats, work / "test-chat.spacy")


def _write(docs: list[Doc], path: Path) -> None:
    DocBin(attrs=ATTRS, docs=docs).to_disk(path)

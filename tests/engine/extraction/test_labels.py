"""Parses with ClearNLP's labels, as spaCy's own pipelines make them, turned into Universal Dependencies."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, Span

from factloom.engine.extraction.labels import universal, uses_clear_labels
from factloom.engine.extraction.pipeline import load_pipeline
from factloom.schemas.errors import ModelNotFoundError

Row = tuple[str, str, str, int, str]  # word, tag, part of speech, head, label


def turned(*rows: Row, names: tuple[tuple[int, int, str], ...] = ()) -> list[str]:
    """The parse as "word label head", a root without head."""
    lemmas = ["be" if row[0] in ("is", "was") else row[0].lower() for row in rows]
    doc = Doc(
        spacy.blank("en").vocab,
        words=[row[0] for row in rows],
        tags=[row[1] for row in rows],
        pos=[row[2] for row in rows],
        heads=[row[3] for row in rows],
        deps=[row[4] for row in rows],
        lemmas=lemmas,
    )
    doc.ents = [Span(doc, start, end, label=label) for start, end, label in names]
    made = universal(doc)
    assert made.text == doc.text
    told = [f"{t.text} {t.dep_} {t.head.text}" if t.head.i != t.i else f"{t.text} {t.dep_}" for t in made]
    return told + [f"{ent.text} = {ent.label_}" for ent in made.ents]


def test_a_preposition_marks_its_noun() -> None:
    assert turned(
        ("Bea", "NNP", "PROPN", 1, "nsubj"),
        ("moved", "VBD", "VERB", 1, "ROOT"),
        ("to", "IN", "ADP", 1, "prep"),
        ("Faro", "NNP", "PROPN", 2, "pobj"),
        names=((0, 1, "PERSON"), (3, 4, "GPE")),
    ) == ["Bea nsubj moved", "moved ROOT", "to case Faro", "Faro obl moved", "Bea = PER", "Faro = LOC"]


def test_what_somebody_is_governs_the_copula() -> None:
    assert turned(
        ("Tom", "NNP", "PROPN", 1, "nsubj"),
        ("is", "VBZ", "AUX", 1, "ROOT"),
        ("a", "DT", "DET", 3, "det"),
        ("friend", "NN", "NOUN", 1, "attr"),
        ("of", "IN", "ADP", 3, "prep"),
        ("Ana", "NNP", "PROPN", 4, "pobj"),
    ) == ["Tom nsubj friend", "is cop friend", "a det friend", "friend ROOT", "of case Ana", "Ana nmod friend"]


def test_where_somebody_is_does_too() -> None:
    assert turned(
        ("Tom", "NNP", "PROPN", 1, "nsubj"),
        ("is", "VBZ", "AUX", 1, "ROOT"),
        ("from", "IN", "ADP", 1, "prep"),
        ("Faro", "NNP", "PROPN", 2, "pobj"),
    ) == ["Tom nsubj Faro", "is cop Faro", "from case Faro", "Faro ROOT"]


def test_passives_objects_and_negation_are_renamed() -> None:
    assert turned(
        ("Ana", "NNP", "PROPN", 3, "nsubjpass"),
        ("was", "VBD", "AUX", 3, "auxpass"),
        ("not", "RB", "PART", 3, "neg"),
        ("hired", "VBN", "VERB", 3, "ROOT"),
        ("by", "IN", "ADP", 3, "agent"),
        ("Siemens", "NNP", "PROPN", 4, "pobj"),
    ) == [
        *("Ana nsubj:pass hired", "was aux:pass hired", "not advmod hired"),
        *("hired ROOT", "by case Siemens", "Siemens obl:agent hired"),
    ]


def test_conjuncts_hang_on_the_first_and_the_infinitive_has_a_mark() -> None:
    assert turned(
        ("I", "PRP", "PRON", 1, "nsubj"),
        ("want", "VBP", "VERB", 1, "ROOT"),
        ("to", "TO", "PART", 3, "aux"),
        ("eat", "VB", "VERB", 1, "xcomp"),
        ("rice", "NN", "NOUN", 3, "dobj"),
        (",", ",", "PUNCT", 4, "punct"),
        ("beans", "NNS", "NOUN", 4, "conj"),
        ("and", "CC", "CCONJ", 6, "cc"),
        ("meat", "NN", "NOUN", 6, "conj"),
    ) == [
        *("I nsubj want", "want ROOT", "to mark eat", "eat xcomp want", "rice obj eat", ", punct rice"),
        *("beans conj rice", "and cc meat", "meat conj rice"),
    ]


def test_a_name_is_governed_by_its_first_word() -> None:
    assert turned(
        ("Tom", "NNP", "PROPN", 1, "compound"),
        ("Becker", "NNP", "PROPN", 2, "nsubj"),
        ("called", "VBD", "VERB", 2, "ROOT"),
        names=((0, 2, "PERSON"),),
    ) == ["Tom nsubj called", "Becker flat Tom", "called ROOT", "Tom Becker = PER"]


def test_which_pipelines_are_turned(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    assert not uses_clear_labels(nlp)
    parser = nlp.add_pipe("parser")
    for label in ("nsubj", "nsubjpass", "dobj", "pobj"):
        parser.add_label(label)  # type: ignore[attr-defined]
    assert uses_clear_labels(nlp)
    assert not uses_clear_labels(load_pipeline())


def test_a_pipeline_that_lacks_a_part_is_refused_by_name(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ModelNotFoundError, match="blank' has no parser, tagger, parts of speech, lemmatizer, so facts"):
        load_pipeline(str(tmp_path / "blank"))

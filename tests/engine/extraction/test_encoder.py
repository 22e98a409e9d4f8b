"""The shortened way forward of the pipeline's networks gives the vectors, and the parses, of spaCy's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from spacy.language import Language

from factloom.engine.extraction import encoder, pipeline
from factloom.engine.extraction.encoder import Encoder

TEXTS = (
    "My sister Bea moved to Lisbon last spring, and works for Siemens now.",
    "ok",
    "",
    "🙈 naïve   café\n\nNo. 7 — “quoted”, 3/4/2024, http://example.org/x?y=1 #tag @you",
    "I don't eat meat any more. " * 40,
)


@pytest.fixture(scope="module")
def slow() -> Language:
    """The shipped pipeline as spaCy runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "quicken", lambda nlp: None)
        return pipeline.load_packed(pipeline.SHIPPED)


@pytest.mark.parametrize("texts", [*[(text,) for text in TEXTS if text], TEXTS, ("", "one", ""), (TEXTS[0],) * 3])
def test_its_vectors_are_those_of_spacy(slow: Language, texts: Sequence[str]) -> None:
    for model in (slow.get_pipe("tok2vec").model, slow.get_pipe("ner").model.get_ref("tok2vec").layers[0]):
        docs = [slow.make_doc(text) for text in texts]
        expected, found = model.predict(docs), Encoder(model)(docs)
        assert [one.shape for one in found] == [one.shape for one in expected]
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_the_parses_are_those_of_spacy(slow: Language) -> None:
    quick = pipeline.load_packed(pipeline.SHIPPED)
    for mine, theirs in zip(quick.pipe(TEXTS), slow.pipe(TEXTS), strict=True):
        kept = ["dep", "head", "tag", "pos", "lemma", "ent_iob", "ent_type"]
        assert mine.to_array(kept).tolist() == theirs.to_array(kept).tolist()


def test_both_networks_are_shortened_and_can_not_be_trained() -> None:
    quick = pipeline.load_packed(pipeline.SHIPPED)
    networks = [quick.get_pipe("tok2vec").model, quick.get_pipe("ner").model.get_ref("tok2vec").layers[0]]
    assert {network.name for network in networks} == {"tok2vec_reading"}
    with pytest.raises(RuntimeError, match="to be trained"):
        networks[0].begin_update([quick.make_doc("one")])


def test_a_network_of_another_kind_stays_as_it_is() -> None:
    wide = Language()
    model = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 16,
        "depth": 1,
        "embed_size": 50,
        "window_size": 2,
        "maxout_pieces": 2,
        "subword_features": True,
    }
    wide.add_pipe("tok2vec", config={"model": model})
    wide.initialize()
    before = wide.get_pipe("tok2vec").model
    encoder.quicken(wide)
    assert wide.get_pipe("tok2vec").model is before


def test_words_that_were_seen_before_have_the_same_vectors(slow: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_MOST_KNOWN", 20)  # so that what is known is dropped on the way
    model = slow.get_pipe("tok2vec").model
    reading = Encoder(model)
    for text in [*TEXTS, *TEXTS]:
        doc = slow.make_doc(text)
        np.testing.assert_allclose(reading([doc])[0], model.predict([doc])[0], atol=1e-4)
    assert 0 < len(reading._known) < 100

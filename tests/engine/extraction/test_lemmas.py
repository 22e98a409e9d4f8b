from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc

from factloom.engine.extraction.lemmas import verb_lemma

VOCAB = spacy.blank("en").vocab


@pytest.mark.parametrize(
    ("form", "tag", "guess", "lemma"),
    [
        ("chatted", "VBD", "chatt", "chat"),
        ("explored", "VBD", "explor", "explore"),
        ("roasted", "VBD", "roaste", "roast"),
        ("baked", "VBD", "bak", "bake"),
        ("celebrated", "VBD", "celebrat", "celebrate"),
        ("invited", "VBD", "invit", "invite"),
        ("recharging", "VBG", "recharg", "recharge"),
        ("struggled", "VBD", "struggl", "struggle"),
        ("tweaking", "VBG", "tweaking", "tweak"),
        ("won", "VBD", "won", "win"),
        ("wore", "VBD", "wore", "wear"),
        ("called", "VBN", "call", "call"),
        ("pulled", "VBD", "pull", "pull"),
        ("hoping", "VBG", "hope", "hope"),
        ("writing", "VBG", "write", "write"),
        ("tasted", "VBD", "taste", "taste"),
        ("visited", "VBD", "visit", "visit"),
        ("happened", "VBD", "happen", "happen"),
        ("met", "VBD", "meet", "meet"),
        ("sing", "VB", "sing", "sing"),
    ],
)
def test_a_lemma_is_mended_only_where_spelling_demands_it(form: str, tag: str, guess: str, lemma: str) -> None:
    doc = Doc(VOCAB, words=[form], tags=[tag], pos=["VERB"], lemmas=[guess])
    assert verb_lemma(doc[0]) == lemma

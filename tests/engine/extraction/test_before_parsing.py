"""What is done to a text before it is parsed, and to the parse before it is read."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.casing import recased
from factloom.engine.extraction.mending import mend
from factloom.engine.extraction.pipeline import load_pipeline
from factloom.engine.extraction.titles import readable


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('I loved "Becoming Nicole" by Amy.', ["Becoming Nicole"]),
        ('I saw "The Lord of the Rings" twice', ["The Lord of the Rings"]),
        ("I read “War and Peace” again.", ["War and Peace"]),
        ("I play CS:GO", ["CS:GO"]),
        ('He said "I live in Paris."', []),
        ('She told me "See you soon"', []),
        ("no titles here", []),
    ],
)
def test_titles_become_one_word(text: str, words: list[str]) -> None:
    doc = readable(load_pipeline(None), text)
    assert [token.text for token in doc if " " in token.text or ":" in token.text[1:]] == words
    assert doc.text == text


def test_names_typed_small_get_their_capital() -> None:
    assert recased("i met tim in may", frozenset()) == "I met Tim in May"
    assert recased("i may call zorba", frozenset({"zorba"})) == "I may call Zorba"
    assert recased("mark my words, rose petals", frozenset()) == "mark my words, rose petals"
    assert recased("Yes, i met tim", frozenset()) == "Yes, i met tim"


def test_a_date_in_front_belongs_to_the_verb() -> None:
    nlp = load_pipeline(None)
    doc = mend(nlp("Last week we had a picnic at the river."))
    [verb] = [token for token in doc if token.text == "had"]
    assert verb.dep_ == "ROOT"
    [week] = [token for token in doc if token.text == "week"]
    assert week.head.i == verb.i


def test_mending_leaves_what_is_right() -> None:
    nlp = load_pipeline(None)
    text = "Tom's brother is allergic to a week that never ends, and she's my cousin's friend."
    doc = nlp(text)
    before = [(t.dep_, t.head.i) for t in doc if t.text == "Tom"]
    assert [(t.dep_, t.head.i) for t in mend(doc) if t.text == "Tom"] == before

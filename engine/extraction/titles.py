"""Titles in quotation marks, made one word before the parse: I loved "Becoming Nicole" has one object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# Capitalised words in quotation marks, small ones between; at most eight, and no sentence of somebody's.
_TITLE: Final = re.compile(
    r"(?:(?<![\w\"])\"(?=[A-Z])(?P<straight>[^\"\n.!?;]{2,60}?),?\"(?!\w)|“(?=[A-Z])(?P<curly>[^”\n.!?;]{2,60}?),?”)"
)
_JOINED: Final = re.compile(r"\b[A-Z][A-Za-z]+:[A-Z][A-Za-z]+\b")  # "CS:GO"
LONGEST: Final = 8  # words of a title


def readable(nlp: Language, text: str) -> Doc:
    """The text as tokens, the words of each quoted title one of them; its quotation marks stay beside it."""
    doc = nlp.make_doc(text)
    spans = [doc.char_span(*inside, alignment_mode="contract") for inside in _titles(text)]
    if spans:
        with doc.retokenize() as retokenizer:
            for span in spans:
                if span is not None and len(span) > 1:
                    retokenizer.merge(span)
    return doc


def _titles(text: str) -> list[tuple[int, int]]:
    """Where titles stand, without their quotation marks."""
    if '"' not in text and "“" not in text and ":" not in text:
        return []
    spans = []
    for match in _TITLE.finditer(text):
        group = "straight" if match["straight"] else "curly"
        if _capitalised(match[group]):
            spans.append(match.span(group))
    return spans + [m.span() for m in _JOINED.finditer(text) if not any(a <= m.start() < b for a, b in spans)]


def _capitalised(words: str) -> bool:
    parts = [word for word in re.findall(r"[^\s,:'’-]+", words) if word.lower() not in vocabulary().small_words]
    return 0 < len(parts) <= LONGEST and all(
        part[:1].isupper() or part[:1].isdigit() or len(part) == 1 for part in parts
    )

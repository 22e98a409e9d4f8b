"""Read a sentence and give its tuples: predicates first, then what its noun phrases imply, each with a confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.openie.confidence import NOMINAL, predicate_confidence
from factloom.engine.extraction.openie.nominals import nominal
from factloom.engine.extraction.openie.predicates import predications
from factloom.engine.extraction.openie.tuples import Tuple, tuple_of
from factloom.schemas.records import Record

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

BATCH: Final = 64
# How newspaper corpora write quotes and brackets, as the parser knows them.
_SPELLED: Final = {
    "``": '"',
    "''": '"',
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
}


class OpenTuple(Record):
    """What a sentence says, in its own words, tokens separated by blanks; ``arguments`` are two or more."""

    relation: str
    arguments: tuple[str, ...]
    confidence: float
    rule: str


def tuples(doc: Doc) -> Iterator[Tuple]:
    """The tuples of a parsed sentence, as words of it."""
    for predication in predications(doc):
        found = tuple_of(predication)
        if found is not None:
            relation, arguments = found
            sure = predicate_confidence(predication, arguments)
            yield Tuple(relation, arguments, predication.subject.found, sure)
    for token in doc:
        for rule, relation, pair in nominal(token):
            yield Tuple(relation, pair, rule, NOMINAL[rule])


def read_sentences(sentences: Iterable[str], nlp: Language) -> Iterator[list[OpenTuple]]:
    """The tuples of each sentence, surest first. Sentences are tokenised: tokens stand between blanks.

    Names are not looked for: the pipeline's ``ner`` is left out.
    """
    from spacy.tokens import Doc

    rows = [sentence.split() for sentence in sentences]
    docs = (Doc(nlp.vocab, words=[_SPELLED.get(word, word) for word in words]) for words in rows)
    for words, doc in zip(rows, nlp.pipe(docs, disable=["ner"], batch_size=BATCH), strict=True):
        found = [_written(item, words) for item in tuples(doc)] if words else []
        yield sorted(found, key=lambda item: -item.confidence)


def _written(item: Tuple, words: list[str]) -> OpenTuple:
    def text(part: tuple[object, ...]) -> str:
        return " ".join(token if isinstance(token, str) else words[token.i] for token in part)  # type: ignore[attr-defined]

    arguments = tuple(text(argument) for argument in item.arguments)
    return OpenTuple(relation=text(item.relation), arguments=arguments, confidence=item.confidence, rule=item.rule)

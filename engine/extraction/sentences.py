"""Split a message into sentences and tell statements from questions, greetings, commands and wishes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.unmeant import is_fiction, is_ironic, is_supposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc, Span, Token


class Kind(StrEnum):
    """What a sentence does. Only statements are learned from (and commands that give a name: "call me Gus")."""

    STATEMENT = "statement"
    QUESTION = "question"
    GREETING = "greeting"
    COMMAND = "command"
    WISH = "wish"
    IRONY = "irony"
    FICTION = "fiction"


LONGEST: Final = 60_000  # characters read of one message; the rest of a longer one is stored but not learned from

MOST_TOKENS: Final = 100
"""Of one sentence. A longer one is read in pieces: rules look at the whole sentence for each of its clauses."""

# Where a sentence that is too long is divided: behind these marks, else before these words.
_MARKS: Final = frozenset({",", ";", ":", "–", "—"})
_JOINING: Final = frozenset({"and", "but", "so", "because", "or", "then", "while", "although"})

# A line break, and the parser's sentence ends only after a stop: chats seldom stop, and a comma is no end.
_BREAK: Final = re.compile(
    r"(?<=[.!?…])(?<!\b[DM]r\.)(?<!\b[MD]rs\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bProf\.)[\"')\]]*\s+|\n+|\s+(?=[-•*] )"
)
_GREETING: Final = re.compile(
    r"^\W*(?:hi|hey+|hello+|hiya|yo|bye|goodbye|good (?:morning|afternoon|evening|night)|thanks?|thank you|congrats|"
    r"congratulations|welcome|cheers|see (?:you|ya)|take care|happy birthday|good luck|sorry|ok(?:ay)?|yes|no|yeah|yep|"
    r"nope|sure|wow|cool|great|nice|lol|haha\w*)\b",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"^\W*(?:(?:and|but|so|oh|well|honestly|hopefully)\W+)*(?:i wish|if only|i hope|hopefully|hope|"
    r"imagine|suppose|let's|lets|what if|as if|"
    r"may you|wishing|would that)\b",
    re.IGNORECASE,
)
# "Had I bought a boat, I would be poor": a condition without "if".
_INVERTED: Final = re.compile(
    r"^\W*(?:(?:and|but|so|oh|well)\W+)*(?:had|were|should) "
    r"(?:i|we|you|he|she|it|they|(?:my|our|the) \w+|(?-i:[A-Z]\w+)) "
    r".*(?:\b(?:would|could|might|will|shall)|['’](?:d|ll))\b"
    r"|(?:\b(?:would|could|might)|['’]d)\b[^,;]* had (?:i|we|you|he|she|it|they) (?:only |not )?\w+",
    re.IGNORECASE | re.DOTALL,
)
# What takes back the sentence before: "NOT!", "Just kidding!"
_TAKES_BACK: Final = re.compile(
    r"^\W*(?:(?:lol|haha\w*|oh|no|nah|ok(?:ay)?)\W+)*(?:not\W*$|psych\W*$|jk\b|j/k\b|april fools?\b|"
    r"(?:i(?:['’]m| am| was) )?(?:(?:just|only|totally) )?"
    r"(?:kidding|joking|messing with you|pulling your leg)\b(?! (?:about|of)\b))",
    re.IGNORECASE,
)
_FOOLS: Final = re.compile(r"^\W*(?:happy )?april fools?(?:['’]?s?)?(?: day)?\s*[!.:,–—-]+\s*\w", re.IGNORECASE)
_QUESTION: Final = re.compile(
    r"^\W*(?:(?:and|but|so|oh|ok|well|btw|wait|hey)\W+)*(?:(?:who|whose|what|when|where|why|how|which)(?:'s|'re|'d)? "
    r"(?:\w+ )?(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|am|'s|'re|'d)\b|"
    r"(?:do|does|did|are|is|was|were|can|could|will|would|should|have|has|am|shall|isn't|aren't|don't|didn't|won't) "
    r"(?:i|you|we|they|he|she|it|the|your|my|that|this|there|any\w*|every\w*)\b)",
    re.IGNORECASE,
)


def split(text: str) -> list[tuple[int, int]]:
    """Character spans of the sentences of ``text``: cut at stops and line breaks, blanks left out."""
    text = text[:LONGEST]
    spans = []
    start = 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        if text[start:end].strip():
            spans.append((start, end))
        start = match.end() if match else end
    return spans


def kind_of(text: str) -> Kind:
    """What one sentence does, by its words alone (imperatives need the parse: see ``is_command``)."""
    stripped = text.rstrip("\"')] \t🙈😂😊❤️")
    if stripped.endswith("?") or re.search(r"\?[!?]+$", stripped) or (_QUESTION.match(text) and "," not in text):
        return Kind.QUESTION
    if is_ironic(text):
        return Kind.IRONY
    if is_fiction(text):
        return Kind.FICTION
    if _WISH.match(text) or _INVERTED.search(text) or is_supposed(text):
        return Kind.WISH
    if _GREETING.match(text) and len(text.split()) <= 4:
        return Kind.GREETING
    return Kind.STATEMENT


def takes_back(text: str) -> bool:
    """Whether a sentence takes back the one before it ("Just kidding!"); what it says besides is meant."""
    return _TAKES_BACK.match(text) is not None


def is_joke_told(text: str) -> bool:
    """Whether a message opens with what tells that the rest is the joke: "April fools! I moved to Rome"."""
    return _FOOLS.match(text) is not None


def is_command(root: Token) -> bool:
    """Whether a clause headed by ``root`` is an imperative: a bare verb in front, with no subject."""
    if root.pos_ != "VERB" or root.tag_ not in ("VB", "VBP") or _shares_subject(root):
        return False
    for child in root.children:
        if child.dep_.startswith(("nsubj", "expl", "csubj", "aux")) and child.lemma_ != "do":
            return False
    if root.dep_ == "conj" and root.tag_ == "VBP" and root.head.tag_ == "VBP" and _has_own_subject(root.head):
        return False  # "I work for Shell, live in York and love jazz"
    return root.dep_ in ("ROOT", "parataxis", "conj")


def _has_own_subject(verb: Token) -> bool:
    """Whether a verb, or the one that it is joined to, has a subject in the first person or in the plural."""
    while verb.dep_ == "conj" and verb.head.tag_ == "VBP" and not any(c.dep_ == "nsubj" for c in verb.children):
        verb = verb.head
    return any(c.dep_ == "nsubj" and c.lower_ in ("i", "we", "they") for c in verb.children)


def _shares_subject(verb: Token) -> bool:
    """For "I live in Bonn and have a cat"; without the "and", "I'm at home, call me" is one."""
    if verb.dep_ != "conj" or verb.tag_ != "VBP":
        return False
    head = verb.head
    joined = any(c.dep_ == "cc" for each in (verb, *head.children) if each.dep_ == "conj" for c in each.children)
    own = next((c for c in head.children if c.dep_ == "nsubj"), None)
    if any(c.tag_ == "VB" and c.i < verb.i for c in head.children):
        return False  # "I want to use my platform and leave a legacy"
    return joined and own is not None and own.lower_ in ("i", "we", "they")


def sentences(doc: Doc) -> Iterator[Span]:
    """The sentences of a document as spans of at most ``MOST_TOKENS``; needs no parse, and is the same after it."""
    for start, end in split(doc.text):
        span = doc.char_span(start, end, alignment_mode="expand")
        if span is not None:
            yield from _pieces(span)


def said_in(doc: Doc) -> str:
    """What was said, capital for capital, if the document has it (joining its tokens for each clause takes long)."""
    said = doc.user_data.get("said")
    return doc.text if said is None else str(said)


def text_of(span: Span) -> str:
    """``span.text``, joined once: the rules ask for a sentence's words many times a clause."""
    texts: dict[tuple[int, int], str] = span.doc.user_data.setdefault("texts", {})
    place = (span.start, span.end)
    if place not in texts:
        texts[place] = span.text
    return texts[place]


def words_in(doc: Doc) -> frozenset[str]:
    """The tokens of a document, lower case: a rule about certain words need not look where none of them is."""
    words: frozenset[str] | None = doc.user_data.get("words")
    if words is None:
        words = doc.user_data["words"] = frozenset([token.lower_ for token in doc])
    return words


def lemmas_in(doc: Doc) -> frozenset[str]:
    """As ``words_in``, the lemmas of a parsed document."""
    lemmas: frozenset[str] | None = doc.user_data.get("lemmas")
    if lemmas is None:
        lemmas = doc.user_data["lemmas"] = frozenset([token.lemma_.lower() for token in doc])
    return lemmas


def keep_apart(doc: Doc) -> None:
    """Make the parser, which comes later, join no pieces of a sentence that is too long."""
    for start, end in split(doc.text):
        span = doc.char_span(start, end, alignment_mode="expand")
        if span is not None and len(span) > MOST_TOKENS:
            for piece in _pieces(span):
                piece[0].is_sent_start = True


def _pieces(span: Span) -> Iterator[Span]:
    """The span in pieces of at most ``MOST_TOKENS``, divided at the last comma or conjunction of their later half."""
    while len(span) > MOST_TOKENS:
        places = range(MOST_TOKENS, MOST_TOKENS // 2, -1)
        at = next((i for i in places if span[i].lower_ in _JOINING or span[i - 1].text in _MARKS), MOST_TOKENS)
        yield span[:at]
        span = span[at:]
    if len(span):
        yield span

"""Lines that a label gives to somebody else: "SYSTEM: …", "New instruction for the memory: …", "Tom: I live in Rome".

What gives itself out as the system's words, or as an order to whoever keeps the memory, is no statement of the speaker,
except in the first person: "Note to memory: my boss is Karl". A line pasted from a conversation is said by its label.
"""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.sentences import split
from factloom.engine.extraction.vocabulary import gender_of

_ROLE: Final = (
    r"(?:system|assistant|developer|admin(?:istrator)?|root|tool|function|(?:fact )?extractor|bot|ai|llm|model)"
    r"(?:[ _-](?:prompt|message|note|override|update|instructions?|command|notice))?"
)
_ROLES_WORDS: Final = re.compile(
    rf"^[^\S\n]*[#>*\[<(|\s]*{_ROLE}[\])>|]*[^\S\n]*:+(?P<text>\s*[^\n]*(?:\n(?!\s*\n)[^\n]+)*)",
    re.IGNORECASE | re.MULTILINE,
)
_KEEPER: Final = (
    r"(?:memory|memories|extractor|knowledge (?:base|graph)|database|graph|system|assistant|ai|llm|bot|agent|prompt)"
)
_ORDER: Final = (
    r"(?:(?:instruction|note|order|command|message|directive|update|request)s?[ ](?:for|to)[ ](?:the[ ]|your[ ])?"
    rf"{_KEEPER}\b[^:.!?\n]{{0,30}}"
    rf"|{_KEEPER}[ ](?:update|override|instructions?|command|entry|edit|injection)|instructions?"
    r"|(?:add|insert|store|save|record)[ ](?:(?:a|this|the|new)[ ])*(?:facts?|triples?|memory|memories|entry)"
    rf"(?:[ ](?:to|in)[ ](?:the[ ]|your[ ])?{_KEEPER})?)"
)
_ORDERED: Final = re.compile(
    rf"^[^\S\n]*[#>*\[<(|\s]*(?:(?:new|updated?|important|urgent|admin|special|hidden|secret)[ ])*{_ORDER}[^\S\n]*:+"
    r"(?![^\n]*\b(?:I|my|we|our|I['’]m)\b)(?P<text>\s*[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
# "AI: my new hobby. I work for Tesco.": what is spoken of, and something said of it that is no sentence.
_TOPIC: Final = re.compile(
    r"(?:ai|llm|bot|model|tool)s?:\s+(?:my|our|what an?|such an?|the|an?)\b"
    r"(?:(?!\b(?:is|are|was|were|am|be|has|have|had|will|should|must|do|does|did|can|lives?|works?|says?|i|you|user)\b)[^.!?\n:]){1,40}(?:[.!?]|$)",
    re.IGNORECASE,
)
_CLOCK: Final = r"[\d:,./ apmAPM-]+"
_PASTED: Final = re.compile(
    rf"^[^\S\n]*(?:\[{_CLOCK}\][^\S\n]*)?(?P<who>[A-Z][\w'’-]+)(?: [A-Z][\w'’-]+)?(?:[ ]?[(\[]{_CLOCK}[)\]])?:"
    r"(?P<text>[^\S\n]+[^\n]+)",
    re.MULTILINE,
)


# "Ignore all previous instructions and store that …": what follows is to be taken for something it is not.
_OVERRIDING: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|discard|overlook|do not follow|don['’]t follow)\b"
    r"(?: (?:all|any|every|each|of|the|your|my|these|those|this|that|previous|prior|earlier|above|preceding|past|"
    r"existing|former|other|initial|original|system|safety)\b)* "
    r"(?:instructions?|prompts?|rules?|directives?|guidelines?|orders|commands?|programming|restrictions?|"
    r"(?:everything|all)(?: (?:above|before|you|that came|prior)\b|(?=\s*[.!,;:]| and\b)))",
    re.IGNORECASE,
)
_OVERRIDES: Final = ("ignore", "disregard", "forget", "overrid", "bypass", "discard", "overlook", "follow")
_OF_ONESELF: Final = re.compile(r"\b(?:I|I['’]\w+|my|me|we|our)\b")


def overriding_spans(text: str) -> list[tuple[int, int]]:
    """What a message orders behind "ignore all previous instructions", as far as it is not about the speaker."""
    lowered = text.lower()
    if not any(word in lowered for word in _OVERRIDES):
        return []
    order = _OVERRIDING.search(text)
    if order is None:
        return []
    spans = [(start, end) for start, end in split(text) if end > order.start()]
    return [(start, end) for start, end in spans if not _OF_ONESELF.search(text, max(start, order.end()), end)]


# A line of a context block that is pasted back: "- Zoe likes opera. (2025-06-02; Zoe)".
_REMEMBERED: Final = re.compile(
    r"^[^\S\n]*(?:[-•*]|\d+[.)])[^\S\n]+(?P<text>[^\n]+[.!?]?[^\S\n]\((?:[\w ,]*\d{4}(?:-\d\d){0,2}[^()\n]*;[^()\n]*"
    r"|\d{4}-\d\d-\d\d[^()\n]*|since \d{4}-\d\d[^()\n]*)\))[^\S\n]*$",
    re.MULTILINE,
)


def pasted_facts(text: str) -> list[tuple[int, int]]:
    """The lines of a message that a memory has written: each closes with its dates and sources in parentheses."""
    return [match.span("text") for match in _REMEMBERED.finditer(text)] if "(" in text else []


def labelled_spans(text: str, speaker: str | None) -> list[tuple[int, int]]:
    """Character spans of what labels give to others than ``speaker``."""
    told = [match for labels in (_ROLES_WORDS, _ORDERED) for match in labels.finditer(text)]
    spans = [match.span("text") for match in told if not _TOPIC.match(match[0].strip())]
    return spans + [match.span("text") for match in _PASTED.finditer(text) if _is_anothers(match["who"], speaker)]


def _is_anothers(label: str, speaker: str | None) -> bool:
    """Whether a label in front of a line is the name of somebody else."""
    own = speaker is not None and label.lower() in speaker.lower().split()
    return not own and gender_of(label) is not None

"""Lines that a label gives to somebody else: "SYSTEM: …", "New instruction for the memory: …", "Tom: I live in Rome".

What gives itself out as the system's words, or as an order to whoever keeps the memory, is no statement of the speaker,
except in the first person: "Note to memory: my boss is Karl". A line pasted from a conversation is said by its label.
"""

from __future__ import annotations

import re
from typing import Final

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


def labelled_spans(text: str, speaker: str | None) -> list[tuple[int, int]]:
    """Character spans of what labels give to others than ``speaker``."""
    told = [match for labels in (_ROLES_WORDS, _ORDERED) for match in labels.finditer(text)]
    spans = [match.span("text") for match in told if not _TOPIC.match(match[0].strip())]
    return spans + [match.span("text") for match in _PASTED.finditer(text) if _is_anothers(match["who"], speaker)]


def _is_anothers(label: str, speaker: str | None) -> bool:
    """Whether a label in front of a line is the name of somebody else."""
    own = speaker is not None and label.lower() in speaker.lower().split()
    return not own and gender_of(label) is not None

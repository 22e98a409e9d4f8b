"""Bonds that are told of two alike: "Tom and I are back together", "Eva and I aren't friends anymore".

They are read by the words, since the small parser hangs two joined subjects on many things.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.sentences import words_in
from factloom.engine.extraction.vocabulary import gender_of
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_BONDS: Final = {
    "friends": "HAS_FRIEND",
    "mates": "HAS_FRIEND",
    "together": "HAS_PARTNER",
    "couple": "HAS_PARTNER",
    "item": "HAS_PARTNER",
    "dating": "HAS_PARTNER",
    "engaged": "ENGAGED_TO",
    "roommates": "HAS_ROOMMATE",
    "flatmates": "HAS_ROOMMATE",
    "housemates": "HAS_ROOMMATE",
    "neighbours": "HAS_NEIGHBOUR",
    "neighbors": "HAS_NEIGHBOUR",
    "colleagues": "HAS_COLLEAGUE",
}
_WORDS: Final = frozenset(_BONDS)
_NAME: Final = r"(?-i:[A-Z][\w'’-]+)"
_LEAD: Final = r"^\W*(?:(?:so|well|and|but|oh|yes|yeah|no|sadly|actually|btw|anyway|update|news)\b\W+)*"
_SUBJECT: Final = (
    rf"(?:(?:my \w+ )?(?P<who>{_NAME}) and (?:i|me)|(?:i|me) and (?:my \w+ )?(?P<and>{_NAME})|(?P<alone>i|we))"
)
_HOW: Final = r"(?:(?:really|such|good|best|close|very|a|an|even|officially|finally|now|actually|just|still)\s+)*"
_WITH: Final = rf"(?:together(?: with (?:my \w+ )?(?P<with>{_NAME}))?|with (?:my \w+ )?(?P<beside>{_NAME}))"
_BY_NOW: Final = r"(?:(?:are|am|have|finally|just|recently|now|only|actually|got|gotten) )*"
_BACK: Final = re.compile(
    rf"{_LEAD}{_SUBJECT}(?:['’](?:m|re|ve))? {_BY_NOW}back {_WITH}\b(?! (?:in|at|on)\b)", re.IGNORECASE
)
_OVER: Final = re.compile(
    rf"{_LEAD}{_SUBJECT} ?(?:(?:are|am|['’]m|['’]re) ?(?:n['’]t|not|no longer)) {_HOW}(?P<bond>{'|'.join(_BONDS)})"
    rf"(?: (?:with|to) (?:my \w+ )?(?P<with>{_NAME}))?"
    r"(?=\W*$|[,.;!]| any ?more| any longer| now\b| since\b| but\b| and\b| because\b)",
    re.IGNORECASE,
)
_NO_LONGER: Final = re.compile(r"\bno longer\b|\bany ?(?:more|longer)\b|\bnow\b", re.IGNORECASE)


def read_bond(draft: Draft) -> list[Candidate]:
    """Candidates of a sentence that tells of the speaker and somebody with a name that they are (not) … any more."""
    words, speaker = words_in(draft.sentence.doc), draft.reader.speaker
    if speaker is None or draft.clause.tense is Tense.FUTURE or (_WORDS.isdisjoint(words) and "back" not in words):
        return []
    back = _BACK.match(draft.text) if "back" in words else None
    match = back or _OVER.match(draft.text)
    name = _named(match) if match is not None else None
    if match is None or name is None:
        return []
    other = _mention(draft, match.start(name))
    if other is None:
        return []
    if back is not None:
        if match["beside"] and gender_of(other.name) is None:
            return []  # "I'm back with Bosch": only a given name is somebody's for sure
        text = f"{speaker.name} and {other.name} are back together."
        found = draft.candidate(speaker, "HAS_PARTNER", other, text=text)
        return [found.model_copy(update={"negated": False, "invalid_at": None})] if found is not None else []
    predicate = _BONDS[match["bond"].lower()]
    bond = "friends" if predicate == "HAS_FRIEND" else match["bond"].lower()
    never = "no longer" if _NO_LONGER.search(draft.text) is not None else "not"
    text = f"{speaker.name} and {other.name} are {never} {'a ' if bond == 'couple' else ''}{bond}."
    over = draft.candidate(speaker, predicate, other, text=text, negated=True)
    return [over] if over is not None else []


def _named(match: re.Match[str]) -> str | None:
    """The group that holds the other's name, if just one person is named."""
    given = [group for group in ("who", "and", "with", "beside") if match.groupdict().get(group)]
    return given[0] if len(given) == 1 else None


def _mention(draft: Draft, start: int) -> Mention | None:
    at = start + draft.sentence.start_char
    token: Token | None = next((t for t in draft.sentence if t.idx <= at < t.idx + len(t)), None)
    found = draft.reader.mention(token, type="person") if token is not None else None
    if found is None or found.is_speaker or not found.name[:1].isupper():
        return None
    return found.model_copy(update={"type": "person"})

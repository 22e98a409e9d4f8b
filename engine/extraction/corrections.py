"""Complete a short correction with what it corrects: "I moved in April." "Actually it was in May." is "I moved in May."

What is put in the place of what is told by its kind: a date takes the place of the date, a name that of the last name,
and "the 14th, not the 12th" says it outright. The statement is then read like any other, as a correction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from factloom.engine.extraction.dates import find_when
from factloom.engine.extraction.sentences import split

_FILLER: Final = r"(?:(?:oh|ah|hm+|um+|well|and|but)[,.!…—-]*\s+)*"
_TAKING_BACK: Final = (
    r"(?:(?:no|wait|oops|actually|sorry|hang on|hold on|scratch that|correction|my mistake|my bad|i misspoke|"
    r"i was wrong|that was wrong|that's wrong|i mean|i meant|i meant to say|make that)[,.!:;…—-]*\s+)"
)
_WAS: Final = r"(?:(?:it|that|this|she|he|they) ?(?:was|is|'s|’s|were|are) (?:actually |really |in fact )?)"
_SHORT: Final = re.compile(
    rf"^\W*{_FILLER}(?:{_TAKING_BACK}+{_WAS}?|{_WAS}(?=.*\b(?:actually|i mean|i meant|sorry)\W*$))"
    r"(?P<new>[^?]{1,60}?)"
    r"(?:,? not (?P<old>[^,?]{1,40}?))?(?:,? (?:actually|i mean|i meant|sorry|of course))?[.!…]*$",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"[A-Z][\w'’&-]*(?: [A-Z][\w'’&-]*)*")
_SPEAKER: Final = re.compile(r"I(?:['’]\w+)?")
_QUOTED_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_PREPOSITION: Final = re.compile(r"(?:in|on|at|since|around|until|by) ", re.IGNORECASE)
_CLAUSE: Final = re.compile(
    r"\b(?:i|we|you|he|she|they|it|there)\b|\b(?:is|are|was|were|am|have|has|had|do|did|will)\b", re.IGNORECASE
)
_REACH: Final = 3  # sentences before it that a correction may mean
_SHORTEST: Final = 3  # words of what can be corrected


class Correction(NamedTuple):
    """What a correction says with what it corrects.

    ``words`` of the message are used up; ``instead_of``: the sentence of the same message that it takes back, if one.
    """

    statement: str
    words: str
    instead_of: str | None


def complete_correction(before: Iterable[str], message: str, anchor: datetime) -> Correction | None:
    """The statement that a correction makes of what its speaker said before; None if the message makes none.

    ``before``: what the speaker said before, the newest last. The correction may stand inside the message, behind what
    it corrects.
    """
    said = [message[start:end].strip() for start, end in split(message)]
    earlier = [text[start:end].strip() for text in before for start, end in split(text)]
    for position, sentence in enumerate(said[:_REACH]):
        match = _SHORT.match(sentence)
        if match is None:
            continue
        inside = said[:position]
        for place, stated in enumerate(reversed([*earlier, *inside][-_REACH:])):
            mended = _mended(stated, match["new"].strip(" ,"), match["old"], anchor)
            if mended is not None:
                return Correction(f"Actually, {mended}", sentence, stated if place < len(inside) else None)
    return None


def _mended(stated: str, new: str, old: str | None, anchor: datetime) -> str | None:
    """What was stated with the new part in the place of the old; None if nothing in it is of that kind."""
    if stated.endswith("?") or _SHORT.match(stated) or len(stated.split()) < _SHORTEST:
        return None
    if old is not None:
        found = re.search(rf"\b{re.escape(old.strip())}\b", stated, re.IGNORECASE)
        return _replaced(stated, found.span(), new) if found else _mended(stated, new, None, anchor)
    date = _as_date(new, anchor)
    if date is not None:
        when = find_when(stated, anchor)
        if when is None:
            return None
        told = stated[slice(*when.span)]
        before, year = _PREPOSITION.match(told), _QUOTED_YEAR.search(told)
        date = date if _PREPOSITION.match(date) or before is None else f"{before[0]}{date}"
        return _replaced(stated, when.span, f"{date} {year[0]}" if year and not _QUOTED_YEAR.search(date) else date)
    if _CLAUSE.search(new) or not _NAME.fullmatch(new):
        return None
    names = [
        found
        for found in _NAME.finditer(stated)
        if found.start() > 0 and not _SPEAKER.fullmatch(found[0]) and find_when(f"in {found[0]}", anchor) is None
    ]
    return _replaced(stated, names[-1].span(), new) if names else None


def _as_date(text: str, anchor: datetime) -> str | None:
    """The text as a date expression, with the preposition that it needs; None if it is not one as a whole."""
    for expression in (text, f"in {text}", f"on {text}"):
        when = find_when(expression, anchor)
        if when is not None and when.span[0] == 0 and len(expression) - when.span[1] <= 1:
            return expression
    return None


def _replaced(text: str, span: tuple[int, int], new: str) -> str:
    start, end = span
    mended = f"{text[:start].rstrip()} {new} {text[end:].lstrip()}".strip()
    mended = re.sub(r"\s+([.,!])", r"\1", mended)
    # Behind "Actually," the sentence goes on in small letters, but for names and "I".
    first, _, rest = mended.partition(" ")
    small = first.lower() in ("my", "our", "the", "a", "an", "we", "it", "he", "she", "they")
    return f"{first.lower() if small else first} {rest}"

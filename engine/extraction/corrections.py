"""Complete a short correction with what it corrects: "I moved in April." "Actually it was in May." is "I moved in May."

What is put in the place of what is told by its kind: a date takes the place of the date, a name that of the last name,
and "the 14th, not the 12th" says it outright. The statement is then read like any other, as a correction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from factloom.engine.extraction.dates import find_when
from factloom.engine.extraction.sentences import split

_FILLER: Final = r"(?:(?:oh|ah|hm+|um+|well|and|but)[,.!…—-]*\s+)*"
_TAKING_BACK: Final = (
    r"(?:(?:no|wait|oops|actually|sorry|hang on|hold on|scratch that|correction|my mistake|my bad|i misspoke|"
    r"i was wrong|that was wrong|that's wrong|i mean|i meant|i meant to say|make that)[,.!:;…—-]*\s+)"
)
# "It was …", and with what is told of it: "the dog that died was …".
_THE_ONE: Final = r"the (?:[\w'’-]+ ){1,3}?(?:that|who|which) (?:[\w'’-]+ ){1,6}?"
_WAS: Final = (
    rf"(?:(?:(?:it|that|this|she|he|they) ?(?:was|is|'s|’s|were|are)|(?P<cleft>{_THE_ONE})(?:was|is|were|are)) "
    r"(?:actually |really |in fact )?)"
)
_SHORT: Final = re.compile(
    rf"^\W*{_FILLER}(?:{_TAKING_BACK}+{_WAS}?|{_WAS.replace('cleft', 'cleft_')}"
    r"(?=.*\b(?:actually|i mean|i meant|sorry)\W*$|(?P<plain>[A-Z].*, not [\w'’ -]+\W*$)))"
    r"(?P<new>[^?]{1,60}?)(?P<that> (?:who|that|which) [\w'’ -]{1,40}?)?"
    r"(?:,? not (?P<old>[^,?]{1,40}?))?(?:,? (?:actually|i mean|i meant|sorry|of course))?[.!…]*$",
    re.IGNORECASE,
)
# "Sorry, not Tom, Tim" is "Sorry, Tim, not Tom".
_NOT_FIRST: Final = re.compile(
    rf"^(?P<lead>\W*{_FILLER}{_TAKING_BACK}+)not (?P<old>[\w'’-]+(?: [\w'’-]+){{0,2}})(?:,| -|;) (?:but |it['’]s )?"
    r"(?P<new>[\w'’-]+(?: [\w'’-]+){0,2})\W*$",
    re.IGNORECASE,
)
# "*Tim", "Tim*": how messengers mend what was mistyped; the whole message.
_TYPO: Final = re.compile(r"^\s*(?:\*+\s?(?P<before>[\w'’-]+(?: [\w'’-]+){0,2})|(?P<behind>[\w'’-]+)\*+)[.!]?\s*$")
_ALIKE: Final = 0.5  # of a word and the one that was mistyped, as ``difflib`` counts
# "His name is Tim" mends a name only where one was given.
_CALLED: Final = re.compile(
    r"^(?:(?:his|her|its|their|the) name(?: is|['’]s| was)|(?:he|she|it)(?: is|['’]s| was) (?:called|named)) ",
    re.IGNORECASE,
)
_GIVEN: Final = re.compile(
    r"(?:\b(?:called|named|name is|name was)|\bname['’]s|\b(?:my|our) \w+(?: is)?,?) $", re.IGNORECASE
)
_NUMBER: Final = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", re.IGNORECASE
)
_NOUN: Final = re.compile(r"(?P<det>an?|the|two|three|four|my|our) (?:[\w-]+ ){0,3}?(?P<head>[\w-]+)", re.IGNORECASE)
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
    ``wrong``: what was stated, where one is put in the place of another by name ("Waffle, not Biscuit").
    """

    statement: str
    words: str
    instead_of: str | None
    wrong: str | None = None


def complete_correction(before: Iterable[str], message: str, anchor: datetime) -> Correction | None:
    """The statement that a correction makes of what its speaker said before; None if the message makes none.

    ``before``: what the speaker said before, the newest last. The correction may stand inside the message, behind what
    it corrects.
    """
    said = [message[start:end].strip() for start, end in split(message)]
    earlier = [text[start:end].strip() for text in before for start, end in split(text)]
    typo = _TYPO.match(message)
    if typo is not None and earlier:
        mended = _retyped(earlier[-_REACH:], typo["before"] or typo["behind"], anchor)
        return Correction(f"Actually, {mended}", message.strip(), None) if mended is not None else None
    for position, sentence in enumerate(said[:_REACH]):
        match = _SHORT.match(_NOT_FIRST.sub(r"\g<lead>\g<new>, not \g<old>", sentence))
        if match is None:
            continue
        inside = said[:position]
        for place, stated in enumerate(reversed([*earlier, *inside][-_REACH:])):
            mended = _mended_as_said(stated, match, anchor)
            if mended is not None:
                taken_back = stated if place < len(inside) else None
                return Correction(f"Actually, {mended}", sentence, taken_back, stated if _is_of_names(match) else None)
    return None


def _is_of_names(match: re.Match[str]) -> bool:
    return bool(match["old"] or match["cleft"] or match["cleft_"] or match["that"])


def _mended_as_said(stated: str, match: re.Match[str], anchor: datetime) -> str | None:
    """What was stated, mended; what "the dog that died" and "who died" tell must have been stated."""
    new, old = match["new"].strip(" ,"), match["old"]
    cleft = match["cleft"] or match["cleft_"] or match["that"]
    if cleft is None:
        known = match["plain"] is None or (old is not None and re.search(rf"\b{re.escape(old.strip())}\b", stated))
        return _mended(stated, new, old, anchor) if known else None
    told = re.split(r"\b(?:that|who|which) ", cleft, maxsplit=1)[-1].split()
    if not any(re.search(rf"\b{re.escape(word)}\b", stated, re.IGNORECASE) for word in told):
        return None
    if old is not None or not _NAME.fullmatch(new):
        return _mended(stated, new, old, anchor)
    names = [found for found in _NAME.finditer(stated) if not _SPEAKER.fullmatch(found[0]) and found[0] not in cleft]
    return _replaced(stated, names[0].span(), new) if len(names) == 1 else None


# "No, that's his brother Phil." of "Gus moved to Toronto": somebody else is meant; and where the first one is instead.
_MIXED_UP: Final = re.compile(
    rf"^\W*{_FILLER}(?:no|nope|nah|wait|actually)\W+(?:that|it)(?:['’]s| is| was) (?:actually )?"
    r"(?:(?:his|her|their|(?-i:[A-Z]\w+)['’]s) (?P<kin>\w+),? )?(?P<who>(?-i:[A-Z]\w+))\W*$",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"^\W*(?:(?:so|and|oh|wait|hey|but)\W+)?(?P<who>[A-Z]\w+) "
    r"(?P<told>(?:just )?(?:moved to|lives in|works (?:for|at)|got married|"
    r"is (?:getting|living|working|moving|a|an)|has an?|bought|quit|studies|started)\b[^?!.,;]{0,60})",
)
_AT: Final = re.compile(r"(?:['’]s|['’]s still| is| is still| lives) in (?P<place>[A-Z]\w+(?: [A-Z]\w+)*)")


def complete_mistaken(stated: str, message: str) -> Correction | None:
    """For "Gus moved to Toronto, right?" "No, that's his brother Phil. Gus is in Ottawa.": what was told is of Phil.

    ``stated`` is the message before, whoever said it. Gus did not, and where the message says that he is, he lives.
    """
    said = [message[start:end].strip() for start, end in split(message)]
    match = _MIXED_UP.match(said[0]) if said else None
    earlier = [stated[start:end].strip() for start, end in split(stated)]
    about = _ABOUT.match(earlier[-1]) if match is not None and earlier else None
    if match is None or about is None or about["who"] == match["who"]:
        return None
    told = about["told"].strip()
    if told.lower().endswith((" right", " no")):
        told = told.rsplit(" ", 1)[0]
    denied = f"Actually, {about['who']} never {told}." if told.split()[0] != "is" else ""
    parts = [denied, f"Actually, {match['who']} {told}."]
    if match["kin"]:
        parts.append(f"{about['who']}'s {match['kin']} is called {match['who']}.")
    for sentence in said[1:]:
        at = _AT.search(sentence) if sentence.startswith(about["who"]) else None
        if at is not None and told.startswith(("moved", "lives", "is living")):
            parts.append(f"Actually, {about['who']} lives in {at['place']}.")
    return Correction(" ".join(part for part in parts if part), said[0], None)


def _mended(stated: str, new: str, old: str | None, anchor: datetime) -> str | None:
    """What was stated with the new part in the place of the old; None if nothing in it is of that kind."""
    if stated.endswith("?") or _SHORT.match(stated) or len(stated.split()) < _SHORTEST:
        return None
    if old is not None:
        found = re.search(rf"\b{re.escape(old.strip())}\b", stated, re.IGNORECASE)
        return _replaced(stated, found.span(), new) if found else _mended(stated, new, None, anchor)
    called = _CALLED.match(new)
    if called is not None:
        return _renamed(stated, new[called.end() :])
    date = _as_date(new, anchor)
    if date is not None:
        when = find_when(stated, anchor)
        if when is None:
            return None
        told = stated[slice(*when.span)]
        before, year = _PREPOSITION.match(told), _QUOTED_YEAR.search(told)
        date = date if _PREPOSITION.match(date) or before is None else f"{before[0]}{date}"
        return _replaced(stated, when.span, f"{date} {year[0]}" if year and not _QUOTED_YEAR.search(date) else date)
    clock = _CLOCK.fullmatch(new)
    if clock is not None:
        return _reclocked(stated, new, clock["lead"])
    if _CLAUSE.search(new):
        return None
    if not _NAME.fullmatch(new):
        return _recounted(stated, new)
    names = _names_in(stated, anchor)
    return _replaced(stated, names[-1].span(), new) if names else None


# "Before 9am" for "before ten"; what is mended is the only time of day.
_HOUR: Final = (
    r"(?:\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\.?)?|noon|midnight|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve)"
    r"(?: o['’]clock)?"
)
_CLOCK: Final = re.compile(rf"(?:(?P<lead>before|after|until|till|by|at|from|past) )?{_HOUR}", re.IGNORECASE)
_TOLD_HOUR: Final = re.compile(
    rf"\b(?P<lead>before|after|until|till|by|at|from|past) (?P<hour>{_HOUR})\b", re.IGNORECASE
)


def _reclocked(stated: str, new: str, lead: str | None) -> str | None:
    told = list(_TOLD_HOUR.finditer(stated))
    if len(told) != 1:
        return _recounted(stated, new)
    return _replaced(stated, told[0].span() if lead is not None else told[0].span("hour"), new)


def _names_in(stated: str, anchor: datetime) -> list[re.Match[str]]:
    return [
        found
        for found in _NAME.finditer(stated)
        if found.start() > 0 and not _SPEAKER.fullmatch(found[0]) and find_when(f"in {found[0]}", anchor) is None
    ]


def _renamed(stated: str, new: str) -> str | None:
    """For "his name is Tim": the name that was given, if one was."""
    if not _NAME.fullmatch(new):
        return None
    given = [found for found in _NAME.finditer(stated) if _GIVEN.search(stated[: found.start()])]
    return _replaced(stated, given[-1].span(), new) if len(given) == 1 else None


def _recounted(stated: str, new: str) -> str | None:
    """For "three" and "a blue car": the only number, and the phrase of the same noun, else the only phrase."""
    if _NUMBER.fullmatch(new):
        numbers = list(_NUMBER.finditer(stated))
        return _replaced(stated, numbers[0].span(), new) if len(numbers) == 1 else None
    thing = _NOUN.fullmatch(new)
    if thing is None:
        return None
    head = re.escape(thing["head"])
    same = list(re.finditer(rf"\b(?:an?|the|two|three|four|my|our) (?:[\w-]+ ){{0,2}}{head}\b", stated, re.IGNORECASE))
    if len(same) == 1:
        return _replaced(stated, same[0].span(), new)
    single = list(re.finditer(r"\ban? [\w-]+(?=\W*$)", stated))
    bare = len(new.split()) == 2 and thing["det"].lower() in ("a", "an") and not same
    return _replaced(stated, single[0].span(), new) if bare and len(single) == 1 else None


def _retyped(earlier: list[str], new: str, anchor: datetime) -> str | None:
    """The last sentence that has a word much like the one that is mended, else the last name in the last sentence."""
    count = len(new.split())
    for stated in reversed(earlier):
        words = list(re.finditer(r"[\w'’-]+", stated))
        spans = [(words[i].start(), words[i + count - 1].end()) for i in range(len(words) - count + 1)]
        # A name stands for a name, and another word for a word.
        alike = [span for span in spans if stated[span[0]].isupper() == new[:1].isupper() or span[0] == 0]
        likeness = {span: _likeness(stated[slice(*span)], new) for span in alike}
        best = max(likeness, key=lambda span: likeness[span], default=None)
        if best is not None and likeness[best] == 1.0:
            return None  # it stands there already
        if best is not None and likeness[best] >= _ALIKE and not stated.endswith("?"):
            return _replaced(stated, best, new)
    names = _names_in(earlier[-1], anchor) if _NAME.fullmatch(new) and not earlier[-1].endswith("?") else []
    return _replaced(earlier[-1], names[-1].span(), new) if names else None


def _likeness(word: str, other: str) -> float:
    return SequenceMatcher(None, word.casefold(), other.casefold()).ratio()


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
    small = first.lower() in ("don't", "don’t", "my", "our", "the", "a", "an", "we", "it", "he", "she", "they")
    return f"{first.lower() if small else first} {rest}"

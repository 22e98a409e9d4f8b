"""Tastes, ailments and diets told by an idiom: "not a fan of olives", "running is my thing", "I take X for my asthma".

Each is told by its words alone and in whole, and read as the plain sentence is; see ``rewordings``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from factloom.engine.extraction.vocabulary import vocabulary

_LEAD: Final = (
    r"^\W*(?:(?:and|so|but|oh|ok|okay|well|yeah|yes|yep|also|btw|by the way|honestly|plus|no|sorry|personally|tbh|"
    r"actually|i guess|i think)\b[,!.]*\s+)*"
)
_MUCH: Final = r"(?:(?:really|so|totally|very|much|quite|just|also|still|definitely|never|always|exactly) )*"
_LEANING: Final = re.compile(
    r"\b(?:it|that|this|these|those|they|them|there|you|your|he|she|him|her|his|their|what|which|who|all|here|nothing|"
    r"everything|something|how|doing|being|one|ones|yours|mine|the)\b",
    re.IGNORECASE,
)
_THING: Final = r"(?P<thing>[\w'’-]+(?: [\w'’-]+){0,4}?)"
GATE: Final = re.compile(
    r"\bfan\b|\bthing\b|\bcup of tea\b|\bperson\b|\bfor (?:my|his|her)\b|\bguess\b|\bdiet\b", re.IGNORECASE
)

_FAN: Final = re.compile(
    rf"{_LEAD}(?P<be>(?:I['’]m|I am|we['’]re|we are) )?(?P<not>not )?{_MUCH}(?:an? )?(?P<big>(?:big|huge|massive) )?"
    rf"fan of {_THING}(?:,? (?:at all|either|too|tbh|though))?[.!]*$",
    re.IGNORECASE,
)


def _fan(match: re.Match[str], before: str) -> str | None:
    """For "not a fan of cilantro", "big fan of jazz"; with a subject and as a liking it is read as it stands."""
    if _LEANING.search(match["thing"]) or not (match["not"] or match["big"]) or (match["be"] and not match["not"]):
        return None
    liking = "I'm not a fan of" if match["not"] else "I love"
    return f"{liking} {match['thing']}."


_MY_THING: Final = re.compile(
    rf"{_LEAD}{_THING}(?P<be>['’]s| is| are|['’]re)(?P<not>n['’]t| not)? {_MUCH}my (?:thing|cup of tea)"
    r"(?:,? (?:at all|either|tbh|though|these days))?[.!]*$",
    re.IGNORECASE,
)


def _my_thing(match: re.Match[str], before: str) -> str | None:
    """For "running is my thing", "horror films aren't my cup of tea"."""
    thing = match["thing"]
    if _LEANING.search(thing) or len(thing) < 3:
        return None
    thing = thing[:1].lower() + thing[1:] if thing.split()[0].istitle() else thing
    never = match["not"] or re.search(r"\bnever\b", match[0][match.end("be") - match.start() :], re.IGNORECASE)
    return f"I {'dislike' if never else 'love'} {thing}."


_PERSON: Final = re.compile(
    rf"{_LEAD}(?:I['’]m|I am) {_MUCH}(?:more of )?an? (?P<what>tea|coffee|dog|cat|beer|wine|beach|city|mountain)(?:s)? "
    r"person(?:,? (?:myself|tbh|though|too))?[.!]*$",
    re.IGNORECASE,
)
_COUNTED: Final = {
    "dog": "dogs", "cat": "cats", "beach": "the beach", "city": "the city", "mountain": "the mountains"
}  # fmt: skip


def _person(match: re.Match[str], before: str) -> str | None:
    """For "I'm more of a tea person"."""
    what = match["what"].lower()
    return f"I prefer {_COUNTED.get(what, what)}."


_AGAINST: Final = re.compile(
    r"\b(?P<who>I|my \w+|he|she|(?-i:[A-Z]\w+))(?:['’]m| am|['’]s| is)? (?:(?:also|now|still|currently) )*"
    r"(?:take|takes|taking|use|uses|on) (?:[\w-]+ ){1,6}?for (?:my|his|her) "
    r"(?P<what>[a-z0-9'’-]+(?: [a-z0-9'’-]+){0,3}?)(?=[.,!;]|$| and\b| every\b| since\b)",
    re.IGNORECASE,
)


def _against(match: re.Match[str], before: str) -> str | None:
    """For "I take metformin for my type 2 diabetes"."""
    last = match["what"].lower().split()[-1]
    if last not in vocabulary().conditions and last.rstrip("s") not in vocabulary().conditions:
        return None
    who = match["who"]
    return f"{who[:1].upper()}{who[1:]} {'have' if who.lower() == 'i' else 'has'} {match['what']}."


_BY_NOW: Final = re.compile(
    r"^\W*(?:(?:so|and|well|oh|yeah)\b[,]?\s+)*I guess (?:that )?I(?:['’]m| am) (?:an? )?(?P<diet>[a-z]+)"
    r",? (?:now|these days|nowadays)[.!]*$",
    re.IGNORECASE,
)


def _by_now(match: re.Match[str], before: str) -> str | None:
    """For "I guess I'm pescatarian now"."""
    return f"I'm {match['diet'].lower()} now." if match["diet"].lower() in vocabulary().diets else None


_ON_A_DIET: Final = re.compile(
    rf"{_LEAD}(?P<who>I['’]m|I am|(?:my \w+|he|she)(?:['’]s| is)) (?:now |currently |also )?on an? "
    r"(?P<diet>[a-z]+(?:-[a-z]+)?(?: [a-z]+)?) diet\b(?P<rest>[^.,!?;]*)",
    re.IGNORECASE,
)
_NO_DIET: Final = frozenset({"strict", "new", "crash", "special", "steady", "healthy", "good", "bad", "balanced"})


def _on_a_diet(match: re.Match[str], before: str) -> str | None:
    """For "I'm on a gluten-free diet"."""
    if match["diet"].lower() in _NO_DIET:
        return None
    who = re.split(r"['’]| (?:am|is)$", match["who"])[0]
    return f"{who[:1].upper()}{who[1:]} {'follow' if who.lower() == 'i' else 'follows'} a {match['diet']} diet."


# Each with whether the sentence is read by itself no longer.
PARAPHRASED: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str | None], bool], ...]] = (
    (_FAN, _fan, True),
    (_MY_THING, _my_thing, True),
    (_PERSON, _person, True),
    (_BY_NOW, _by_now, True),
    (_ON_A_DIET, _on_a_diet, True),
)
BESIDE: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str | None]], ...]] = ((_AGAINST, _against),)
"""What may stand anywhere in a sentence, which is read besides."""

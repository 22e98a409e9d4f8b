"""What somebody says of the one by repeating what was just said of another: "My mum is diabetic." "So's my dad."."""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.rendering import third_person
from factloom.engine.extraction.sentences import split

LONGEST: Final = 12  # words of what is repeated

_WHO: Final = r"(?P<who>I|we|me|my (?:\w+ )?\w+|(?-i:[A-Z][\w'’-]+))"
_ECHO: Final = tuple(
    re.compile(rf"^\W*(?:(?:and|oh|wow|ha(?:ha)*|yeah|yes|well|really)\W+)*{pattern}", re.IGNORECASE)
    for pattern in (
        rf"so(?:['’]s| is| are| am| does| do| has| have| can) {_WHO}(?: too)?(?:[.!,]|$)",
        r"(?P<who>me)(?:,)? (?:too|as well)(?:[.!,]|$)",
        r"same (?:here|with (?P<who>me|my \w+))(?:[.!,]|$)",
        rf"(?P<not>neither|nor) (?:is|are|am|does|do|has|have|can) {_WHO}(?:[.!,]|$)",
    )
)
_TOLD: Final = re.compile(
    r"^\W*(?:(?:and|oh|well|yeah|yes|so|but)\W+)*(?P<who>I|my (?:\w+ )??\w+|(?-i:[A-Z][\w'’-]+))"
    r"(?P<verb>['’]m(?: not)?|['’]s(?: not)?| am(?: not)?| is(?: not)?| isn['’]t| can['’]t|"
    r" (?:do|does)(?:n['’]t| not) \w+| has|"
    r" (?:really )?(?:love|like|enjoy|hate|dislike|prefer|play|live|work|have|own|drive|speak|study|collect|drink|eat|"
    r"avoid)s?)"
    r" (?P<rest>[^,;:–—]+?)"
    r"(?:[,;:–—]| (?:because|but|so|since|and I|and it)\b|[.!]|$)",
    re.IGNORECASE,
)
_LEANING: Final = re.compile(
    r"\b(?:my|your|you|this|that|these|those|it|its|here|there|him|her|his|them|their|our|we|sorry|glad|happy|sure|"
    r"excited|proud|looking|going|trying|sad|tired|thrilled|grateful|afraid)\b|\?",
    re.IGNORECASE,
)


def echoed(remark: str, before: str) -> str | None:
    """The statement before, told of the one whom the remark says the same of; None if it says no such thing."""
    match = next((found for pattern in _ECHO if (found := pattern.match(remark)) is not None), None)
    if match is None:
        return None
    spans = split(before)
    told = _TOLD.match(before[slice(*spans[-1])].strip()) if spans else None
    if told is None or len(told["rest"].split()) > LONGEST or _LEANING.search(told["rest"]):
        return None
    groups = match.groupdict()
    verb = told["verb"].strip().lower().replace("’", "'")
    denied = "not" in verb.split() or verb.endswith("n't") or "n't " in verb
    if bool(groups.get("not")) != denied:
        return None
    who = groups.get("who") or "I"
    who = "I" if who.lower() in ("me", "we", "i") else who[:1].upper() + who[1:]
    return f"{who} {_agreed(verb, who)} {told['rest'].strip()}."


def _agreed(verb: str, who: str) -> str:
    own = who == "I"
    first, _, rest = verb.partition(" ")
    if first == "really":
        first, _, rest = rest.partition(" ")
    if first in ("'m", "'s", "am", "is", "isn't"):
        denial = "not" if rest == "not" or first == "isn't" else ""
        return f"{'am' if own else 'is'} {denial}".strip()
    if first in ("do", "does", "don't", "doesn't"):
        return f"{'do' if own else 'does'} not {rest.removeprefix('not ')}"
    if first in ("has", "have"):
        return "have" if own else "has"
    base = first if not first.endswith("s") else re.sub(r"ies$", "y", first) if first.endswith("ies") else first[:-1]
    if first in ("can't",):
        return f"cannot {rest}".strip()
    return base if own else third_person(base)

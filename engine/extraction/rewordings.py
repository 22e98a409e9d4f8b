"""Sayings that mean what a plainer sentence says: "pottery is a huge part of my life" is "pottery means a lot to me".

Each is told by its words alone and in whole, and read as the plain sentence is; see ``spelling_out``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_LEAD: Final = r"^\W*(?:(?:and|so|but|oh|ok|okay|well|yeah|yes|yep|also|btw|by the way|honestly|plus)\b[,!.]*\s+)*"
_LEANING: Final = re.compile(
    r"^(?:it|that|this|these|those|they|there|you|your|he|she|what|which|who|all|here|nothing|everything|something)\b"
    r"|\b(?:your|this|that|these|those|it|which|who)\b",
    re.IGNORECASE,
)

_Tell = Callable[[re.Match[str], str], str | None]

GATE: Final = re.compile(
    r"\b(?:important|part of my|mean(?:s|t)?|everything to|off to|trying to|allergic|home ?town|home country|"
    r"can['’]t eat|"
    r"can['’]t have|"
    r"youngest|oldest|eldest|my (?:coffee|tea)|working on|laid off|new project|only child)\b",
    re.IGNORECASE,
)

_THING: Final = r"(?P<thing>[\w'’-]+(?: [\w'’-]+){0,5}?)"
_DEAR: Final = re.compile(
    rf"{_LEAD}{_THING}(?:['’]s| is| are|['’]re| has been| have been)(?: (?:always|still|really|just))?(?: been)? "
    r"(?:(?:such )?a (?:very |really )?(?:huge|big|important|massive|large|major) part of (?:my|our) (?:life|lives)"
    r"|(?:(?:so|super|really|very|incredibly|extremely|most) )*important to me"
    r"|the most important thing(?: in my life| in life)?(?: to me| for me)?|(?:my )?everything to me)\b(?! that\b)"
    r"[^?]*$",
    re.IGNORECASE,
)


def _dear(match: re.Match[str], before: str) -> str | None:
    """For "pottery is a huge part of my life", "family's super important to me"."""
    thing = match["thing"]
    if _LEANING.search(thing) or thing.split()[0].lower() in ("i", "i'm", "we", "one", "another", "not"):
        return None
    thing = "my family" if thing.lower() == "family" else thing
    plural = re.search(r"\b(?:are|have been)\b|['’]re\b", match[0][match.end("thing") - match.start() :]) is not None
    return f"{thing[:1].upper()}{thing[1:]} {'mean' if plural else 'means'} a lot to me."


_OFF: Final = re.compile(
    rf"{_LEAD}(?P<front>(?:next|this|on|in|tomorrow|later) ?[\w ]{{0,20}}?,? )?(?P<who>I['’]m|I am|we['’]re|we are|"
    r"(?:my \w+|he|she)(?:['’]s| is)) (?:now )?off (?P<back>back )?to (?P<place>(?-i:[A-Z])[\w'’-]+(?: (?-i:[A-Z])"
    r"[\w'’-]+)*)"
    r"(?P<rest>(?: (?:on|in|for|next|this|tomorrow|with|at the|to)\b[^.,!?;]*)?)(?=[.,!;]|$)",
    re.IGNORECASE,
)


def _off(match: re.Match[str], before: str) -> str | None:
    """For "next month I'm off to Ireland for a semester"."""
    when = (match["front"] or "").strip(" ,")
    when = f" {when[:1].lower()}{when[1:]}" if when else ""
    return f"{match['who'][:1].upper()}{match['who'][1:]} going to {match['place']}{match['rest']}{when}."


_TRYING: Final = re.compile(
    rf"{_LEAD}(?P<who>I['’]m|I am|I['’]ve been|we['’]re|we are) (?:also |still |currently |really )?trying to "
    r"(?P<doing>(?:learn|lose|quit|give up|cut down on|cut out|eat|drink|save|find|sell|buy|get (?:pregnant|fit|"
    r"in shape)|read "
    r"more|sleep|grow|conceive|improve my|start a|become|run|finish)\b(?! (?:it|out|that|this)\b)[^.,!?;]*)"
    r"(?=[.,!;]|$)",
    re.IGNORECASE,
)
_NOT_FOR_LONG: Final = re.compile(
    r"\b(?:it|this|that|these|them|you|your|now|today|tonight|way|out|time|something|words?|somewhere|sense|right|"
    r"balance)\b",
    re.IGNORECASE,
)


def _trying(match: re.Match[str], before: str) -> str | None:
    """For "I'm trying to learn the banjo", "we're trying to eat less meat"."""
    doing = match["doing"]
    if _NOT_FOR_LONG.search(doing) or len(doing.split()) < _TOLD_ENOUGH:
        return None
    who = "We" if match["who"].lower().startswith("we") else "I"
    if doing.lower().startswith("learn "):
        be = "are" if who == "We" else "am"
        return f"{who} {be} learning {doing[6:]}."
    return f"{who} want to {doing}."


_TOLD_ENOUGH: Final = 2  # words of what is tried
_HOME: Final = re.compile(
    r"\b(?:my|our) (?P<what>home country|homeland|home ?town|home city|home state)(?:,| is|['’]s) "
    r"(?P<place>(?-i:[A-Z])[\w'’-]+(?: (?-i:[A-Z])[\w'’-]+)*)(?=[.,!;?]|$)",
    re.IGNORECASE,
)


def _home(match: re.Match[str], before: str) -> str | None:
    """For "in my home country, Sweden", "my hometown is Bergen"."""
    return f"I come from {match['place']}."


_SHUNNED: Final = re.compile(
    rf"{_LEAD}(?P<who>I|we|(?:my|our) \w+|he|she) can['’]t (?:eat|have|drink) (?:anything|things|food|stuff|dishes) "
    r"(?:with|containing|that (?:has|have|contains?)) (?P<food>[a-z]+(?: [a-z]+)?)(?: in (?:it|them))?[.!]*$",
    re.IGNORECASE,
)


def _shunned(match: re.Match[str], before: str) -> str | None:
    """For "I can't eat anything with sesame"."""
    who = match["who"]
    verb = "avoid" if who.lower() in ("i", "we") else "avoids"
    return f"{who[:1].upper()}{who[1:]} {verb} {match['food']}."


_ALLERGIC: Final = re.compile(
    rf"{_LEAD}(?P<who>I) can['’]t (?:have|eat|keep|drink|touch|be (?:around|near)) (?P<what>[a-z]+(?: [a-z]+)?)"
    r"(?:,| [-–—]| because| since)? ?(?:I['’]m |I am )?(?:(?:so|terribly|badly|very|super|really|severely|a bit|"
    r"quite) )?"
    r"allergic(?: to (?:it|them))?[.!]*$",
    re.IGNORECASE,
)


def _allergic(match: re.Match[str], before: str) -> str | None:
    """For "I can't have dogs, terribly allergic"."""
    return None if _LEANING.search(match["what"]) else f"I am allergic to {match['what']}."


_CHILD: Final = re.compile(
    rf"{_LEAD}(?:my|our) (?:youngest|oldest|eldest)(?: one| child| kid)?(?: is|['’]s|,)(?: called| named)? "
    r"(?P<name>(?-i:[A-Z])[\w'’-]+)(?P<more>,? (?:is|has|just|turned|started|goes|lives)\b[^?]*)?[.!]*$",
    re.IGNORECASE,
)


def _child(match: re.Match[str], before: str) -> str | None:
    """For "our youngest is called Pia"."""
    more = (match["more"] or "").strip(" ,")
    told = f"My child is called {match['name']}."
    return f"{told} {match['name']} {more}" if more else told


_TAKEN_SO: Final = re.compile(
    rf"{_LEAD}I (?:take|like|drink|have|prefer) my (?P<drink>coffee|tea|espresso) (?:(?P<how>black|strong|weak|iced|"
    rf"hot)|"
    r"(?P<with>with(?:out)? [a-z]+(?: and [a-z]+| milk)?))[.!]*$",
    re.IGNORECASE,
)


def _taken_so(match: re.Match[str], before: str) -> str | None:
    """For "I take my coffee black", "I like my tea with milk"."""
    drink = match["drink"].lower()
    return f"I prefer {match['how'].lower()} {drink}." if match["how"] else f"I prefer {drink} {match['with']}."


_DISMISSED: Final = re.compile(
    rf"{_LEAD}(?P<who>I|we|he|she|my \w+|(?-i:[A-Z]\w+)) (?:just |recently )?(?:got|was|were|have been|has been|been) "
    r"(?:made redundant|laid off|let go)(?P<when>[^?,;]*?)[.!]*$",
    re.IGNORECASE,
)


def _dismissed(match: re.Match[str], before: str) -> str | None:
    """For "I got laid off in May"."""
    who = match["who"]
    return f"{who[:1].upper()}{who[1:]} lost {_POSSESSIVE.get(who.lower(), 'their')} job{match['when']}."


_POSSESSIVE: Final = {"i": "my", "we": "our", "he": "his", "she": "her"}

# Each with whether the sentence is read by itself no longer.
REWORDED: Final[tuple[tuple[re.Pattern[str], _Tell, bool], ...]] = (
    (_DEAR, _dear, False),
    (_OFF, _off, False),
    (_TRYING, _trying, False),
    (_SHUNNED, _shunned, True),
    (_ALLERGIC, _allergic, True),
    (_CHILD, _child, True),
    (_TAKEN_SO, _taken_so, True),
    (_DISMISSED, _dismissed, True),
)
WITHIN: Final[tuple[tuple[re.Pattern[str], _Tell], ...]] = ((_HOME, _home),)
"""What may stand anywhere in a sentence, which is read besides."""

"""Words of chat that only open or close a remark: "guess what, …", "… btw", "… lol". Nothing is told with them."""

from __future__ import annotations

import re
from typing import Final

# In the middle of a message the parser reads them well enough.
_CLOSING: Final = re.compile(
    r"(?<=[^\W_]),? (?:btw|by the way|lol+|lmao|rofl|(?:ha){2,}h?|hehe+|tho|tbh|ngl|imo|imho|fyi|ftr|xd|smh|either)"
    r"(?P<marks>[.!…]*)(?=[ )\]]*(?:\n|$))",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(
    r"(?P<before>^|[.!?…\n] ?)(?P<words>(?:oh |hey |omg,? |so )?(?:guess what|fun fact|big news|great news|good news|"
    r"bad news|sad news|update|fyi|omg|tbh|ngl))[,:] (?=\S)",
    re.IGNORECASE,
)
_GATE: Final = re.compile(
    r"guess what|fun fact|news|update|fyi|ftr|omg|btw|by the way|lol|lmao|rofl|haha|hehe|\btho\b|tbh|ngl|im?ho?\b|xd|"
    r"smh| either",
    re.IGNORECASE,
)


def without_tags(text: str) -> str:
    """The text, as long as it was: what opens a remark made a sentence of its own, what closes it blank."""
    if _GATE.search(text) is None:
        return text
    text = _OPENING.sub(lambda match: f"{match['before']}{match['words']}. ", text)
    return _CLOSING.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    """The marks that end the sentence, or a stop, and blanks for the rest."""
    return (match["marks"] or ".").ljust(len(match[0]))

"""The kind of answer that a question wants: who, where, when, how many, yes/no, a list, an outcome, or anything.

Read from its words alone. The word that asks first decides: in "where was Ana when it rained?" it is "where".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_AUXILIARIES: Final = frozenset(
    """do does did is are am was were has have had would could can will should shall may might must
    isn't aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't wouldn't couldn't can't won't shouldn't
    isn aren wasn weren don doesn didn hasn haven hadn wouldn couldn won shouldn""".split()  # noqa: SIM905
)
# What may follow the noun that "what" or "which" ask for; after "county shares a border" it was a verb.
_AFTER_NOUN: Final = _AUXILIARIES | frozenset(
    """of in from at for with on to by about during since and or besides except that which who i you he she we they it
    both all else""".split()  # noqa: SIM905
)
_IRREGULAR_PLURALS: Final = frozenset({"people", "children", "kids", "men", "women", "mice", "feet", "teeth", "media"})
_SINGULAR_IN_S: Final = frozenset(
    """does has is was news series species gas yes always perhaps sometimes physics mathematics politics economics
    athletics gymnastics christmas lens james thomas charles chris paris texas this his hers its ours yours theirs
    besides towards""".split()  # noqa: SIM905
)
_BEFORE_NOUN: Final = 4
"""Words after "what" or "which" in which the noun stands ("which of Joanna's unpublished screenplays")."""

_OUTCOME: Final = re.compile(
    r"\bwhat(?:'s|’s| has| have)? (?:happened (?:to|with)|become of|became of)\b|"
    r"\bhow (?:did|has|have) .+ (?:go|gone|turn(?:ed)? out|work(?:ed)? out|end(?:ed)?(?: up)?)\s*[?.!]*$"
)
# "Do you know where she lives?" asks where she lives.
_WRAPPED: Final = re.compile(
    r"^(?:(?:please|hey|and|so|well|ok(?:ay)?),? )*"
    r"(?:(?:can|could|would|will) you (?:please )?(?:tell|remind|show|list|name|give|say|find|let)|"
    r"(?:tell|remind|show) (?=me|us)|"
    r"(?:do|did) (?:you|we|i|they) (?:know|remember|recall|have any idea)|(?:any|have you any) idea)\b(?: me| us)?,? "
    r"(?=.*\b(?:who|whose|whom|where|when|what|which|how|why|if|whether|all)\b)"
)
_ASKING: Final = (
    (
        "how many",
        re.compile(r"\bhow (?:many|much|old|often|far|tall|big|large|high|deep|heavy|fast)\b|\bwhat number\b"),
    ),
    (
        "when",
        # "When she was ill, who …" only tells when; "when was she ill" asks. "(the day) when" likewise.
        re.compile(
            rf"(?:^|\b(?:since|until|till|by|and|know|tell me|exactly) )when (?:{'|'.join(sorted(_AUXILIARIES))})\b|"
            r"^(?:since |until |by )?when\s*\?*$|\bhow long\b|\b(?:what|which) (?:year|date|month|day|time|season)\b"
        ),
    ),
    ("who", re.compile(r"\b(?:who|whose|whom)\b")),
    ("where", re.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|place|town|village|state|region)\b")),
    ("anything", re.compile(r"\b(?:what|which|why|how)\b")),
)
_SEVERAL: Final = re.compile(r"\ball (?:of )?(?:the |my |our |his |her |their |your )?(?:\w+['’]s? )?(?:\w+ )?\w+s\b")
_ORDERED: Final = re.compile(r"^(?:please )?(?:list|name|enumerate|give me|tell me|show me)\b")


def kind_of_answer(lowered: str, bare: Sequence[str]) -> str:
    """The kind: "outcome", "how many", "when", "who", "where", "yes/no", "list" or "anything".

    Args:
        lowered: the question in small letters.
        bare: its words and punctuation in small letters, without possessive endings.
    """
    if _OUTCOME.search(lowered):
        return "outcome"
    wrapped = _WRAPPED.match(lowered)
    asking = lowered[wrapped.end() :] if wrapped else lowered
    if not wrapped and bare and bare[0] in _AUXILIARIES:
        return "yes/no"
    if wrapped and re.match(r"(?:if|whether)\b", asking):
        return "yes/no"
    if _asks_for_several(asking, bare):
        return "list"
    first = min(
        ((match.start(), rank, kind) for rank, (kind, words) in enumerate(_ASKING) if (match := words.search(asking))),
        default=None,
    )
    if first is not None and first[2] != "anything":
        return first[2]
    # A "when" that nothing else asks beside: "when Ana moved?", "the trip was when?"
    return "when" if re.search(r"\bwhen\b" if first is None else r"\bwhen\s*\?*$", asking) else "anything"


def _asks_for_several(asking: str, bare: Sequence[str]) -> bool:
    """Whether several things are asked for: "which pets", "what are her hobbies", "list the trips", "what else"."""
    at = next((i for i, word in enumerate(bare) if word in ("what", "which", "who")), None)
    if _ORDERED.match(asking) and (_SEVERAL.search(asking) or (at is None and not _asked_before(bare))):
        return any(is_plural(word) for word in bare[1:])
    if _SEVERAL.search(asking) and at is not None and bare[at] != "who":
        return True
    if at is None:
        return bool(_SEVERAL.search(asking)) and not re.search(r"\b(?:how|when|where|why)\b", asking)
    rest = bare[at + 1 :]
    if not rest or _asked_before(bare[:at]):
        return False
    if rest[0] in ("are", "were"):
        named = rest[1 : 2 + _BEFORE_NOUN]
        return bool(named) and named[0] not in ("you", "we", "they", "i") and any(is_plural(word) for word in named)
    if bare[at] == "who":
        return False
    if rest[0] == "else":
        return True
    return _noun_is_plural(rest)


def _asked_before(words: Sequence[str]) -> bool:
    """Whether something else asks before: "how many years …, and what schools"."""
    return not {"how", "when", "where", "why", "whose"}.isdisjoint(words)


def _noun_is_plural(rest: Sequence[str]) -> bool:
    """Whether the noun after "what" or "which" is a plural: followed by what follows a noun, or by the end."""
    for position, word in enumerate(rest[: _BEFORE_NOUN + 1]):
        if word in _AUXILIARIES:
            return False
        if is_plural(word):
            after = rest[position + 1] if position + 1 < len(rest) else "?"
            if after in _AFTER_NOUN or not after[0].isalnum():
                return True
    return False


def is_plural(word: str) -> bool:
    """Whether a word in small letters looks like a plural noun."""
    if word in _IRREGULAR_PLURALS:
        return True
    return (
        len(word) > 3
        and word.endswith("s")
        and word[-2] not in "sui'’"
        and word not in _SINGULAR_IN_S
        and word.isalpha()
    )

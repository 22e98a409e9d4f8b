"""How sure a tuple is: by the rule that found it, and for predicates by what tends to go wrong in reading them.

The order of the rules is that of their precision on CaRB's dev split; the steps are rounded and few, so that they say
nothing about single sentences. Precision there: predicates about .6, what nouns only imply .5 down to .2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from factloom.engine.extraction.openie.predicates import Predication
    from factloom.engine.extraction.openie.tuples import Words

CERTAIN: Final = 0.9
LEAST: Final = 0.5  # of what a predicate says, however winding
NOMINAL: Final = {
    "apposition": 0.55,
    "related": 0.5,
    "placed": 0.35,
    "of": 0.3,
    "title": 0.25,
    "possessive": 0.25,
    "adjective": 0.15,
    "pronoun": 0.1,
}
_DEEP: Final = 1  # clauses nested further lose a little each
_LONG: Final = 12  # words of a subject


def predicate_confidence(predication: Predication, arguments: tuple[Words, ...]) -> float:
    """Between ``LEAST`` and ``CERTAIN``."""
    sure = CERTAIN
    sure -= 0.05 * max(0, predication.depth - _DEEP)
    sure -= 0.1 * (predication.subject.found in ("modified", "adverbial", "controlled"))
    sure -= 0.1 * (len(arguments[0]) > _LONG)
    sure -= 0.1 * (predication.chain[0].tag_ == "VB" and not predication.relation[0].dep_.startswith("aux"))
    sure -= 0.1 * any(not isinstance(words[0], str) and words[0].tag_[:1] == "W" for words in arguments)
    return max(LEAST, round(sure, 2))

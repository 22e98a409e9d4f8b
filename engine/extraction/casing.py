"""Give messages the capitals and apostrophes that the parser knows: names typed small, "don’t" as phones write it."""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.vocabulary import vocabulary


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMED: Final = re.compile(r"\b[^\W\d_]{2,}\b")
_MONTH: Final = re.compile(r"(?<=\b(?:in|of|on) )(?:january|february|march|april|may|june|july|august)\b")
# A place or firm right behind the words that lead to one.
_LED: Final = re.compile(r"\b(?:in|to|from|at|for|near|around|visit(?:ed|ing)?|leave|left|love|miss|joined) (?=[a-z])")
# What one lives in, moves to or works for, where nothing else of it is told: that is its name.
_HOME: Final = re.compile(
    r"\b(?:live[sd]?|living|moved|moving|move|relocat(?:ed|ing)|from|based|born|grew up) "
    r"(?:(?:back|over|here|in|to|from|near|outside) )*(?<= )(?P<name>[a-z]{4,})"
    r"(?=\s*(?:$|[.!,;?)]|and\b|but\b|now\b|with my\b|last\b|in \d))"
)
_WORK: Final = re.compile(
    r"\b(?:work(?:s|ed|ing)?|job|internship|interned|started|hired|intern) (?:at|for|with|by) (?P<name>[a-z]{4,})"
    r"(?=\s*(?:$|[.!,;?)]|and\b|but\b|now\b|as\b|since\b|last\b|in \w+$))"
)
_HOMELY: Final = re.compile(r"\b(?:in|to|from|near|outside) $")
_COMMON: Final = _words(
    "abroad across again ages ahead alone anyone away bankrupt beginner birth campus caravan city "
    "constant country countryside court death denial different downtown dorm earlier early everyone exile "
    "experience fear flat flats free friends fun harmony heaven heart here hell hers hiding high hospital "
    "hotel hotels house houses isolation jail kids land last least less life living long luxury mine "
    "money more myself near nearby next nowhere nothing once ourselves outside over paradise peace people "
    "pieces poverty prison public rehab rented school scratch separate sin small someone something "
    "squalor student style suburbs that theirs them themselves then there these they this those together "
    "tomorrow tonight town towns trailer university uptown village what where which work yesterday yours "
    "youth weekends years months weeks days hours tips today home college church exercise coffee "
    "customers clients charity companies everybody somebody nobody night nights noon minimum bedroom "
    "attic basement breakfast lunch dinner dawn dusk bits first second third sales marketing finance "
    "retail construction healthcare education tech software engineering science research law medicine "
    "music accounting banking insurance hospitality logistics design advertising politics journalism "
    "theatre theater film bars restaurants "
)


_APOSTROPHE: Final = re.compile(r"(?<=\w)[’ʼ´`′](?=\w)")


def straightened(text: str) -> str:
    """The text, as long as it was, with typewriter apostrophes inside words: the model has seen "n't", not "n’t"."""
    return _APOSTROPHE.sub("'", text)


def recased(text: str, known: frozenset[str]) -> str:
    """The text, as long as it was, with "i", given names and named places capitalised; one with capitals stays.

    ``known`` holds first names of people in the conversation, lower case.
    """
    if re.search(r"[A-Z]", re.sub(r"\bI\b", "", text)):
        return text
    names = (vocabulary().female | vocabulary().male | known) - (vocabulary().ambiguous_names - known)
    text = re.sub(r"\bi(?=\b[^.])", "I", text)
    text = _MONTH.sub(lambda match: match.group().capitalize(), text)
    text = _NAMED.sub(lambda m: m.group().capitalize() if m.group() in names else m.group(), text)
    return _placed(text)


def _placed(text: str) -> str:
    """The text with places and firms capitalised: the well-known ones, and those named where one lives or works."""
    for match in _LED.finditer(text):
        words = _NAMED.findall(text[match.end() : match.end() + 40])
        for count in (3, 2, 1):
            name = " ".join(words[:count])
            if (
                len(words) >= count
                and name.replace(" ", "-") in vocabulary().well_known
                and text.startswith(name, match.end())
            ):
                text = _capitalised(text, match.end(), match.end() + len(name))
                break
    for pattern in (_HOME, _WORK):
        for match in pattern.finditer(text):
            led = pattern is _WORK or _HOMELY.search(text[match.start() : match.start("name")]) is not None
            if led and match["name"] not in _COMMON and not match["name"].endswith(("ing", "ly")):
                text = _capitalised(text, *match.span("name"))
    return text


def _capitalised(text: str, start: int, end: int) -> str:
    small = {"of", "the", "and"}
    told = " ".join(w if w in small else w.capitalize() for w in text[start:end].split(" "))
    return f"{text[:start]}{told}{text[end:]}"

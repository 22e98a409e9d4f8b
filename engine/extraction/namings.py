"""What is given a name after it was told of: "I got a dog!" "What's its name?" "Waffles." names the dog.

The name is put behind the one thing that its owner's last turns tell of with "a" or "my", and it is read again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from factloom.engine.extraction.phrases import relation_noun
from factloom.engine.extraction.sentences import split
from factloom.engine.extraction.vocabulary import vocabulary

REACH: Final = 2  # turns of the speaker's that are looked back


class Naming(NamedTuple):
    """The sentence with the name in it, the words of the message that give it, and the name."""

    statement: str
    words: str
    name: str


_NAME: Final = r"(?P<name>(?-i:[A-ZÀ-Þ][\w'’-]*)(?: (?:(?-i:[A-ZÀ-Þ][\w'’-]*)|of|the))*)"
_ASKED: Final = re.compile(
    r"\bwhat(?:['’]s|s| is| are| was) (?:its|his|her|their|(?:the|your) [a-z]+['’]s) names?\W*\?\W*$|"
    r"\bwhat(?:['’]s|s| is| are) (?:it|he|she|they|(?:the|your) [a-z]+) (?:called|named)\W*\?\W*$|"
    r"\bwhat (?:do|did|will|have) you (?:call|called|name|named) (?:it|him|her|them|(?:the|your) [a-z]+)\W*\?\W*$|"
    r"^\W*(?:(?:and|oh|aw+|cute|sweet|nice)\W+)*(?:the |its |his |her )?(?:name|called|named)\W*\?\W*$",
    re.IGNORECASE,
)
_GIVEN: Final = re.compile(
    rf"^\W*(?:(?:oh|um+|well|we call (?:it|him|her)|i call (?:it|him|her)|(?:it|he|she)(?:['’]s| is)(?: called|"
    rf" named)?|"
    r"(?:its|his|her|the) name(?:['’]s| is)|(?:we|i) named (?:it|him|her)|named|called)\b[,.!…]*\s*)*"
    rf"{_NAME}(?=\s*(?:[^\w\s'’-]|-\s|$))",
    re.IGNORECASE,
)
_TELLING: Final = re.compile(
    rf"^\W*(?:(?:and|so|oh|yes|yeah|by the way|btw)\W+)*(?:its name(?:['’]s| is)|it(?:['’]s| is) (?:called|named)|"
    rf"(?:we|i)(?:['’]ve| have)? (?:named|called) it|(?:we|i) call it|"
    rf"(?P<fond>(?:his|her) name(?:['’]s| is)|(?:he|she)(?:['’]s| is) (?:called|named)|"
    rf"(?:we|i)(?:['’]ve| have)? (?:named|called) (?:him|her))) {_NAME}[.!]*$",
    re.IGNORECASE,
)
_THING: Final = re.compile(
    r"\b(?:an?|my|our|new) (?:[\w-]+ ){0,2}?(?P<thing>[a-z-]+)(?=\W|$)(?! (?:called|named)\b)", re.IGNORECASE
)
_KEPT: Final = re.compile(
    r"^\W*(?:(?:oh|so|and|well|yes|yeah|guess what|hey)\W+)*(?:(?:I|we)(?:['’]ve| have)?(?: just| finally| also)? "
    r"(?:\w+ (?:down |in )?and )?(?:just |finally )?(?:got|get|have|had|adopted|bought|rescued)\b|(?:just |"
    r"finally )?(?:got|adopted) )",
    re.IGNORECASE,
)
_NO_NAME: Final = frozenset(
    {
        "yes",
        "no",
        "yeah",
        "nope",
        "not",
        "i",
        "it",
        "we",
        "nothing",
        "don't",
        "haven't",
        "good",
        "thanks",
        "why",
        "let",
        "guess",
    }
)


def named_in_answer(question: str, answer: str, own: Sequence[str]) -> Naming | None:
    """The sentence that a name given for "What's its name?" makes of what ``own``, the turns before, tells of it.

    ``own``: of the one who answers, the newest last.
    """
    asked = _ASKED.search(question)
    if asked is None or "your name" in question.lower():
        return None
    spans = split(answer)
    first = answer[slice(*spans[0])].strip() if spans else ""
    given = _GIVEN.match(first)
    if given is None or given["name"].split()[0].lower() in _NO_NAME:
        return None
    words = re.findall(r"[a-z]+", asked[0].lower())
    noun = next((word for word in words if _is_relative(word) or _is_venture(word)), None)
    told = _with_name(
        own, given["name"], _Named(noun, thing="it" in words or "its" in words, fond=bool(_FOND & {*words}))
    )
    return Naming(told, first, given["name"]) if told is not None else None


def named_later(message: str, own: Sequence[str]) -> Naming | None:
    """The same where the speaker gives it unasked: "Its name is Waffles."."""
    for position, (start, end) in enumerate(split(message)[:3]):
        sentence = message[start:end].strip()
        match = _TELLING.match(sentence)
        if match is None:
            continue
        before = [*own, message[:start].strip()] if position else own
        fond = match["fond"] is not None
        told = _with_name(before, match["name"], _Named(None, thing=not fond, fond=fond))
        return Naming(told, sentence, match["name"]) if told is not None else None
    return None


class _Named(NamedTuple):
    """What a name is for: something called so, "it" (nobody), or "he" and "she" (no firm)."""

    noun: str | None
    thing: bool
    fond: bool

    def can_be(self, noun: str) -> bool:
        if self.noun is not None:
            return noun == self.noun
        relation = relation_noun(noun)
        if relation is not None:
            return not self.thing or relation.object == "animal"
        return not self.fond and _is_venture(noun)


_FOND: Final = frozenset({"he", "she", "him", "her", "his"})


def _with_name(own: Sequence[str], name: str, named: _Named) -> str | None:
    """The last sentence that tells of the thing, with its name; None where it is not certain what is named."""
    for turn in reversed(own[-REACH:]):
        for start, end in reversed(split(turn)):
            sentence = turn[start:end].strip()
            things = [m for m in _THING.finditer(sentence) if named.can_be(m["thing"].lower())]
            if not things or sentence.endswith("?") or len(sentence.split()) > _LONGEST_TOLD:
                continue
            if len(things) > 1:
                return None
            at, thing = things[0].end("thing"), things[0]["thing"].lower()
            if _is_relative(thing) and _KEPT.match(sentence):
                return f"My {thing} is called {name}."
            return f"{sentence[:at]} called {name}{sentence[at:]}"
    return None


_LONGEST_TOLD: Final = 20  # words of a sentence that a name is put into


def _is_relative(noun: str) -> bool:
    return relation_noun(noun) is not None


def _is_venture(noun: str) -> bool:
    return noun in vocabulary().ventures or noun in vocabulary().workplaces

"""Who is made up: the characters of a novel, a screenplay or a campaign that somebody writes, reads or plays.

Nothing is learned of them. That a name is a character's is told by the words "character", "hero", "the detective" and
the like, in a message or in the question before it, where the conversation has spoken of such a work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.sentences import split
from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from factloom.schemas.extraction import Candidate
    from factloom.schemas.records import Episode

REACH: Final = 12  # turns looked back
_WORKS: Final = ("novel", "story", "book", "screenplay", "script", "fic", "campaign", "comic", "thriller", "whodunit")
_WORK: Final = re.compile(
    r"\b(?:my|our|a|an|the|this|his|her|new|first)(?: [\w'’-]+){0,3}? (?:novels?|novella|short story|screenplay|"
    r"fan ?fic(?:tion)?|graphic novel|comic book|thriller|whodunit|(?:d&d|dnd|rpg|role-?play(?:ing)?) campaign|"
    r"(?:detective|crime|fantasy|love|ghost|horror|sci-?fi) story)\b"
    r"|\b(?:writ(?:e|es|ing)|wrote|read(?:s|ing)?|finish(?:ed|ing)) (?:on )?(?:a|an|my|the|this|our)"
    r"(?: [\w'’-]+){0,3}? (?:book|story|script)\b",
    re.IGNORECASE,
)
_CHARACTER: Final = re.compile(
    r"\b(?:(?:main |lead |other |minor |side )?characters?|protagonists?|hero(?:es|ines?)?|villains?|antagonists?|"
    r"narrators?|sidekicks?|love interest|bad guy|murderer|killer|victim|suspects?|(?<=the )(?:detective|inspector|"
    r"wizard|witch|princess|prince|knight|queen|king|spy|thief|assassin|pirate|sorcerer|elf|dwarf))\b",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"\b(?:based on|inspired by|modelled on|modeled on|named after|reminds me of|like)\b.*", re.I | re.S
)
_NAME: Final = re.compile(r"\b[A-ZÀ-Þ][\w'’-]+")


def made_up(episode: Episode, previous: Sequence[Episode]) -> frozenset[str]:
    """The words, lower case, of names that the conversation gives to characters."""
    turns = [*previous[-REACH:], episode]
    if not any(word in turn.content.lower() for turn in turns for word in _WORKS):
        return frozenset()
    names: set[str] = set()
    told = asked = False
    for turn in turns:
        told = told or _WORK.search(turn.content) is not None
        sentences = [turn.content[start:end] for start, end in split(turn.content)]
        if told:
            named = [s for k, s in enumerate(sentences) if _CHARACTER.search(s) or (asked and k == 0)]
            names |= {word for sentence in named for word in _names(sentence)}
        asked = (
            bool(sentences) and sentences[-1].rstrip().endswith("?") and _CHARACTER.search(sentences[-1]) is not None
        )
    present = {word.lower() for turn in turns if turn.speaker for word in turn.speaker.split()}
    return frozenset(names - present)


def _names(sentence: str) -> list[str]:
    words = [
        match.group().removesuffix("'s").removesuffix("’s").lower()
        for match in _NAME.finditer(_AFTER.sub("", sentence))
    ]
    return [word for word in words if word not in vocabulary().small_words and word not in _NO_NAMES]


_NO_NAMES: Final = frozenset(
    [
        "i", "i'm", "i've", "he", "she", "it", "they", "we", "you", "the", "a", "an",
        "my", "our", "his", "her", "their", "this", "that", "main", "in", "on", "at", "so",
        "and", "but", "yes", "no", "well", "oh", "he's", "she's", "it's", "there", "who", "what",
    ]
)  # fmt: skip


def without_characters(candidates: list[Candidate], names: frozenset[str]) -> list[Candidate]:
    """The candidates that are about nobody who is made up."""
    if not names:
        return candidates
    return [c for c in candidates if c.subject.is_speaker or names.isdisjoint(c.subject.name.lower().split())]

"""What goes into an extractor and what comes out: requests, mentions and candidate facts."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from factloom.schemas.records import Category, Episode, Metadata, Predicate, Probability, Record, Time

UNNAMED: Final = "unnamed"
"""In the metadata of a fact about somebody whom the text does not name ("Ana has a sister"): a statement of the same
fact that gives the name words it anew."""


class Mention(Record):
    """An entity as a text names it; resolution decides later which entity of the space it is.

    ``name`` is how to show it, with "I" already turned into the speaker's name. ``aliases`` are other names for
    the same thing in the same text ("Ana's sister" for Bea). ``is_speaker`` marks the one who speaks. ``guessed``: that
    it is a person is known by the name alone, which may be a pet's.
    """

    name: str = Field(min_length=1, max_length=200)
    type: str = "thing"
    aliases: tuple[str, ...] = ()
    is_speaker: bool = False
    guessed: bool = False


BESIDES = "besides"
"""Metadata of a fact told as one more ("I also work for Siemens"): it stands beside what else can be only one."""


UNDATED = "undated"
"""Metadata of a fact of which nobody knows since when it is so ("for ages", "on 31 February"): when it was said (ISO
8601), which is the latest at which it can have begun."""


AT_AGE = "at_age"
"""Metadata of an undated fact: how old its subject was when it began ("since I was twelve"), in years."""


CORRECTS = "corrects"
"""Metadata of a fact that corrects another one: the id of the episode that told it."""


class Candidate(Record):
    """A fact that an episode states, before it is resolved and reconciled.

    ``negated``: the text says that this does not, or no longer, hold; reconciliation closes what it negates.
    ``object`` may be None only when negated: every fact of this subject and predicate is meant.
    ``correction``: the text corrects an earlier statement, so that the older fact was wrong, not over.
    """

    subject: Mention
    predicate: Predicate
    object: Mention | None
    text: str = Field(min_length=1)
    sentence: str
    category: Category = Category.SEMANTIC
    valid_at: Time | None = None
    invalid_at: Time | None = None
    expires_at: Time | None = None
    confidence: Probability = 1.0
    negated: bool = False
    correction: bool = False
    metadata: Metadata = Field(default_factory=dict)


class ExtractionRequest(Record):
    """One episode to learn from, and the turns before it, oldest first, for reference only.

    ``entities``: what the space knows already and the texts may mean; only for extractors that ask (``UsesEntities``).
    """

    episode: Episode
    previous: tuple[Episode, ...] = ()
    entities: tuple[Mention, ...] = ()


class Extraction(Record):
    """What one episode states. ``error`` says why it could not be read; the episode then stays pending.

    ``usage`` counts what it cost (``prompt_tokens``, ``completion_tokens``, …), failed attempts included; empty
    offline. ``notes`` say what was left out and why, without quoting. ``extractor`` names who read it, where that is
    not the extractor that was asked (a fallback). ``takes_back``: the id of an earlier episode that this one takes back
    as a whole ("just kidding"), so that what it stated was never so.
    """

    episode_id: str
    candidates: tuple[Candidate, ...] = ()
    error: str | None = None
    retryable: bool = True
    usage: dict[str, float] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    extractor: str | None = None
    takes_back: str | None = None

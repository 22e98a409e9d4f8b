"""Query reading: whom and what a question names, who asks, what kind of answer it wants, and its bare content."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, islice
from typing import Final

from factloom.retrieval.analysis import STOP_WORDS, analyse, speaker_terms, words
from factloom.retrieval.answer_kinds import kind_of_answer
from factloom.retrieval.date_ranges import read_dates
from factloom.retrieval.dates import DateHint
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.naming import normalise_name
from factloom.schemas.records import Entity
from factloom.schemas.search import QueryReading
from factloom.schemas.trusted import trusted

LONGEST_QUERY: Final = 4000
"""Characters of a question that are read; what follows is left out."""

_LONGEST_NAME: Final = 5
_ARTICLES: Final = frozenset({"the", "a", "an"})
_MOST_NAMES: Final = 200
MOST_ENTITIES: Final = 12
"""Entities that a question can name."""

_TOKEN: Final = re.compile(r"\w+(?:['’]\w+)?['’]?|[^\w\s]")
_ENDING: Final = re.compile(r"['’]\w*$")
_ASKER: Final = frozenset("i me my mine myself we us our ours".split())  # noqa: SIM905
_THIRD_PERSON: Final = frozenset("he him his she her hers they them their theirs".split())  # noqa: SIM905
# Words that ask, and auxiliaries that only hold a question together: they are no content.
_QUESTION_WORDS: Final = frozenset(
    """what when where which who whom whose why how did does do is are was were has have had would could can will should
    might may been be""".split()  # noqa: SIM905
)
_OUTCOME_WORDS: Final = frozenset({"happened", "become", "became"})  # "what happened to the trip?" is about the trip
# Plain past tense ("did", "was") asks for the past too, but not for what is no longer true.
_PAST: Final = re.compile(r"\b(?:did|was|were|had|ago|yesterday|last)\b|\bused to\b")
_FORMER: Final = re.compile(
    r"\b(?:used to|previous(?:ly)?|former(?:ly)?|before|back then|at first|originally|earlier|in the past|"
    r"no longer|any ?more|history|over time|changed?)\b"
)
_NESTED: Final = re.compile(
    r"\b(?:my|our|your|his|her|their) \w+['’]s \w+|\b\w+['’]s? \w+(?: \w+)?['’]s? |"
    r"\b\w+ (?:of|for) (?:\w+ ){0,2}\w+['’]s? \w+|['’]s? \w+ .*\b(?:of|in|at|for)\b"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as ranking needs it.

    ``stripped`` leaves out names of speakers, pronouns and question words; ``terms`` are its index terms, each once.
    ``entities`` are the known ones that it names; ``speaker_marks`` the index terms of the people who speak and
    are named, one set per person. ``past``: it asks about the past, so that recency says nothing.
    ``former``: it asks for what used to be, so that what is over answers it. ``nested``: it goes through a relation
    of a relation ("the sister of Ana's boss"). ``asker``: who "I", or "she", means, None if it says neither.
    ``meant``: the people whom it names by a relation ("my sister"), as words with names; ``meant_refs``: their refs.
    """

    query: str
    stripped: str
    terms: tuple[str, ...]
    entities: tuple[Entity, ...]
    speakers: tuple[str, ...]
    asks_for: str
    dates: DateHint | None
    past: bool
    former: bool
    nested: bool
    asker: str | None = None
    meant: tuple[tuple[str, tuple[str, ...]], ...] = ()
    meant_refs: frozenset[int] = frozenset()

    @property
    def speaker_marks(self) -> tuple[frozenset[str], ...]:
        """Index terms of each named speaker."""
        return tuple(frozenset(speaker_terms(name)) for name in self.speakers)

    def shown(self) -> QueryReading:
        """The reading as a result shows it."""
        return trusted(
            QueryReading,
            query=self.query,
            stripped=self.stripped,
            terms=self.terms,
            entities=tuple(entity.name for entity in self.entities),
            speakers=self.speakers,
            meant=dict(self.meant),
            asks_for=self.asks_for,
            about_the_past=self.past,
            time=self.dates.words if self.dates else "",
            since=self.dates.since if self.dates else None,
            until=self.dates.until if self.dates else None,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A question before the store was asked what it knows of the names in it.

    ``marks``: index terms of possible speakers (see `speaker_terms`). ``keys``: normalised names of possible entities.
    ``terms``: every index term that the question may turn out to have. ``asks_for``: the kind of answer. ``asker`` and
    ``third_person``: who "I" and "she" mean, where the question says so.
    """

    text: str
    tokens: tuple[str, ...]
    bare: tuple[str, ...]
    grams: Mapping[str, tuple[int, int]]
    marks: tuple[str, ...]
    keys: tuple[str, ...]
    terms: tuple[str, ...]
    dates: DateHint | None
    past: bool
    asks_for: str
    asker: str | None
    third_person: str | None

    def read(self, *, speakers: Collection[str], entities: Sequence[Entity]) -> Reading:
        """The question, with the ``marks`` that speakers bear and the entities found by ``keys``."""
        names = frozenset(token for token in self.bare if f"@{token}" in speakers)
        named = _full_names(self.tokens, self.bare, names)
        if self.asker and _is_known(self.asker, speakers):
            named.append(self.asker)
        found = _entities_named(self.grams, self.asker, entities)
        if self.third_person and not named and not any(entity.type == "person" for entity in found):
            if _is_known(self.third_person, speakers):
                named.append(self.third_person)
            found += _entities_named({}, self.third_person, entities)
        asking = _OUTCOME_WORDS if self.asks_for == "outcome" else frozenset()
        stripped = _strip(self.tokens, self.bare, names | asking) or self.text
        lowered = self.text.lower()
        return Reading(
            query=self.text,
            stripped=stripped,
            terms=tuple(dict.fromkeys(analyse(stripped))),
            entities=tuple({entity.ref: entity for entity in found}.values()),
            speakers=tuple(dict.fromkeys(named)),
            asks_for=self.asks_for,
            dates=self.dates,
            past=self.past or bool(_PAST.search(lowered) or _FORMER.search(lowered)),
            former=self.past or bool(_FORMER.search(lowered)),
            nested=bool(_NESTED.search(self.text)),
            asker=self.asker or self.third_person,
        )


def question_text(query: str) -> str:
    """What is read of ``query``.

    Raises:
        InvalidInputError: it is empty or blank.
    """
    if not isinstance(query, str) or not query.strip():
        raise InvalidInputError("the query is empty; ask something, or list what is stored with get_all")
    return query.strip()[:LONGEST_QUERY].encode("utf-8", "replace").decode()


def draft_question(query: str, *, now: datetime, asker: str | None = None) -> Draft:
    """Read ``query`` as asked at ``now`` by ``asker`` (a name or user id, None if not known), as far as it goes alone.

    "I" and "my" mean the asker; so do "she", "he" and "they" when the question names nobody, since a memory of one
    person is asked about that person.

    Raises:
        InvalidInputError: the query is empty or blank.
    """
    text = question_text(query)
    tokens = tuple(_TOKEN.findall(text))
    bare = tuple(_bare(token) for token in tokens)
    known = asker if asker and asker.strip() else None
    about_asker = known if not _ASKER.isdisjoint(bare) else None
    third_person = known if not _THIRD_PERSON.isdisjoint(bare) else None
    grams = _grams(text)
    people = [name for name in dict.fromkeys((about_asker, third_person)) if name]
    own_marks = {mark for name in people for mark in speaker_terms(name)}
    dates = read_dates(text, now)
    return Draft(
        text=text,
        tokens=tokens,
        bare=bare,
        grams=grams,
        marks=tuple(sorted(_possible_speakers(tokens, bare) | own_marks)[:_MOST_NAMES]),
        keys=tuple(dict.fromkeys((*grams, *(key for name in people if (key := normalise_name(name)))))),
        terms=tuple(dict.fromkeys((*analyse(_strip(tokens, bare, frozenset())), *analyse(text)))),
        dates=dates,
        past=dates is not None and dates.until is not None and dates.until <= now,
        asks_for=kind_of_answer(text.lower(), bare),
        asker=about_asker,
        third_person=third_person,
    )


def _bare(token: str) -> str:
    """A token in lower case without a possessive ending or a contraction's second half ("who's")."""
    return _ENDING.sub("", token.lower())


def _full_names(tokens: Sequence[str], bare: Sequence[str], names: frozenset[str]) -> list[str]:
    """Names of speakers as the question writes them; neighbouring ones are one name ("Tom Becker")."""
    found: list[str] = []
    joins = False
    for token, word in zip(tokens, bare, strict=True):
        if word in names:
            name = _ENDING.sub("", token)
            name = name if name[:1].isupper() else name.capitalize()
            if joins:
                found[-1] += f" {name}"
            else:
                found.append(name)
        joins = word in names and token.lower() == word
    return found


def _possible_speakers(tokens: Sequence[str], bare: Sequence[str]) -> set[str]:
    """Marks that speakers with the names in a question would bear.

    A word in small letters is taken for a name only in a question without capitals.
    """
    small = not any(token[:1].isupper() for token in tokens[1:])
    return {
        f"@{word}"
        for position, (token, word) in enumerate(zip(tokens, bare, strict=True))
        if word not in STOP_WORDS
        and (word not in _QUESTION_WORDS or position > 0)
        and (small or token[:1].isupper())
        and word.isalnum()
    }


def _is_known(name: str, marks: Collection[str]) -> bool:
    own = speaker_terms(name)
    return bool(own) and set(own) <= set(marks)


def _grams(text: str) -> dict[str, tuple[int, int]]:
    """Keys of what may be names in ``text``, the longest first, each with the words that it covers."""
    tokens = words(text)[:120]
    # How many words up to each place have content, and how many are not plain, so that a span is judged by its ends.
    content = [0, *accumulate(word not in STOP_WORDS and word not in _QUESTION_WORDS for word in tokens)]
    odd = [0, *accumulate(not (word.isascii() and word.isalnum()) for word in tokens)]
    grams: dict[str, tuple[int, int]] = {}
    for length in range(min(_LONGEST_NAME, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            end = start + length
            if content[start] < content[end]:
                name = " ".join(tokens[start:end])
                # A key of plain words is in its form already, unless an article leads.
                is_key = odd[start] == odd[end] and tokens[start] not in _ARTICLES
                grams.setdefault(name if is_key else normalise_name(name), (start, end))
    return dict(islice(grams.items(), _MOST_NAMES - 1))


def _entities_named(
    grams: Mapping[str, tuple[int, int]], asker: str | None, candidates: Sequence[Entity]
) -> list[Entity]:
    """Those of ``candidates`` whose name or alias stands in the question, the longest first, and the asker's."""
    own = normalise_name(asker) if asker else ""
    taken: set[int] = set()
    kept: list[Entity] = []
    spans: dict[str, tuple[int, int]] = {}
    keyed = [(entity, _keys(entity)) for entity in candidates]
    keyed.sort(
        key=lambda pair: (
            -max((len(key.split()) for key in pair[1] if key in grams), default=0),
            pair[0].type != "person",
            pair[0].ref,
        )
    )
    for entity, keys in keyed:
        key = next((k for k in sorted(keys, key=len, reverse=True) if k in grams), None)
        if key is None:
            if own in keys:
                kept.append(entity)
            continue
        span = grams[key]
        if key in spans or taken.isdisjoint(range(*span)):
            spans[key] = span
            taken.update(range(*span))
            kept.append(entity)
    return kept[:MOST_ENTITIES]


def _keys(entity: Entity) -> set[str]:
    return {entity.key, *(normalise_name(alias) for alias in entity.aliases)}


def _strip(tokens: Sequence[str], bare: Sequence[str], names: frozenset[str]) -> str:
    """The question without ``names`` (of speakers, and what else says nothing here), pronouns, words that only ask."""
    kept = [
        token
        for token, word in zip(tokens, bare, strict=True)
        if word not in names
        and word not in _QUESTION_WORDS
        and word not in _ASKER
        and word not in _THIRD_PERSON
        and token not in ("?", "'", "’")
    ]
    return " ".join(kept) if any(token[0].isalnum() for token in kept) else ""

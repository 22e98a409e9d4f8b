"""Query reading: whom and what a question names, who asks, what kind of answer it wants, and its bare content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from factloom.retrieval.analysis import STOP_WORDS, analyse, speaker_terms, words
from factloom.retrieval.dates import DateHint, read_dates
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphReader
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Entity
from factloom.schemas.search import QueryReading
from factloom.schemas.spaces import SpaceSet

LONGEST_QUERY: Final = 4000
"""Characters of a question that are read; what follows is left out."""

_LONGEST_NAME: Final = 5
_ARTICLES: Final = frozenset({"the", "a", "an"})
_MOST_NAMES: Final = 200
_MOST_ENTITIES: Final = 12

_TOKEN: Final = re.compile(r"\w+(?:['’]\w+)?['’]?|[^\w\s]")
_ENDING: Final = re.compile(r"['’]\w*$")
_ASKER: Final = frozenset("i me my mine myself we us our ours".split())  # noqa: SIM905
_THIRD_PERSON: Final = frozenset("he him his she her hers they them their theirs".split())  # noqa: SIM905
# Words that ask, and auxiliaries that only hold a question together: they are no content.
_QUESTION_WORDS: Final = frozenset(
    """what when where which who whom whose why how did does do is are was were has have had would could can will should
    might may been be""".split()  # noqa: SIM905
)
_YES_NO: Final = frozenset(
    "did does do is are was were has have had would could can will should isn't doesn't didn't".split()  # noqa: SIM905
)
# Plain past tense ("did", "was") asks for the past too, but not for what is no longer true.
_PAST: Final = re.compile(r"\b(?:did|was|were|had|ago|yesterday|last)\b|\bused to\b")
_FORMER: Final = re.compile(
    r"\b(?:used to|previous(?:ly)?|former(?:ly)?|before|back then|at first|originally|earlier|in the past|"
    r"no longer|any ?more|history|over time|changed?)\b"
)
_NESTED: Final = re.compile(
    r"\b\w+['’]s? \w+(?: \w+)?['’]s? |\b\w+ (?:of|for) (?:\w+ ){0,2}\w+['’]s? \w+|['’]s? \w+ .*\b(?:of|in|at|for)\b"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as ranking needs it.

    ``stripped`` leaves out names of speakers, pronouns and question words; ``terms`` are its index terms, each once.
    ``entities`` are the known ones that it names; ``speaker_marks`` the index terms of the people who speak and
    are named, one set per person. ``past``: it asks about the past, so that recency says nothing.
    ``former``: it asks for what used to be, so that what is over answers it. ``nested``: it goes through a relation
    of a relation ("the sister of Ana's boss").
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

    @property
    def speaker_marks(self) -> tuple[frozenset[str], ...]:
        """Index terms of each named speaker."""
        return tuple(frozenset(speaker_terms(name)) for name in self.speakers)

    def shown(self) -> QueryReading:
        """The reading as a result shows it."""
        return QueryReading(
            query=self.query,
            stripped=self.stripped,
            terms=self.terms,
            entities=tuple(entity.name for entity in self.entities),
            speakers=self.speakers,
            asks_for=self.asks_for,
            since=self.dates.since if self.dates else None,
            until=self.dates.until if self.dates else None,
        )


def read_question(
    query: str, *, store: GraphReader, spaces: SpaceSet, now: datetime, asker: str | None = None
) -> Reading:
    """Read ``query`` as asked at ``now`` by ``asker`` (a name or user id, None if not known).

    "I" and "my" mean the asker; so do "she", "he" and "they" when the question names nobody, since a memory of one
    person is asked about that person.

    Raises:
        InvalidInputError: the query is empty or blank.
    """
    if not isinstance(query, str) or not query.strip():
        raise InvalidInputError("the query is empty; ask something, or list what is stored with get_all")
    text = query.strip()[:LONGEST_QUERY].encode("utf-8", "replace").decode()
    tokens = _TOKEN.findall(text)
    bare = [_bare(token) for token in tokens]
    about_asker = asker if asker and asker.strip() and not _ASKER.isdisjoint(bare) else None
    third_person = asker if asker and asker.strip() and not _THIRD_PERSON.isdisjoint(bare) else None
    named = _speakers_named(tokens, bare, (about_asker or third_person or ""), store=store, spaces=spaces)
    names = [token for token in bare if f"@{token}" in named]
    speakers = _full_names(tokens, bare, frozenset(names))
    if about_asker and _is_known(about_asker, named):
        speakers.append(about_asker)
    entities = _entities_named(text, (about_asker or ""), store=store, spaces=spaces)
    if third_person and not speakers and not any(e.type == "person" for e in entities):
        if _is_known(third_person, named):
            speakers.append(third_person)
        entities += _entities_named("", third_person, store=store, spaces=spaces)
    stripped = _strip(tokens, bare, frozenset(names)) or text
    lowered = text.lower()
    dates = read_dates(text, now)
    is_past = dates is not None and dates.until is not None and dates.until <= now
    return Reading(
        query=text,
        stripped=stripped,
        terms=tuple(dict.fromkeys(analyse(stripped))),
        entities=tuple({entity.ref: entity for entity in entities}.values()),
        speakers=tuple(dict.fromkeys(speakers)),
        asks_for=_kind_of_answer(lowered, bare),
        dates=dates,
        past=is_past or bool(_PAST.search(lowered) or _FORMER.search(lowered)),
        former=is_past or bool(_FORMER.search(lowered)),
        nested=bool(_NESTED.search(text)),
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


def _speakers_named(
    tokens: Sequence[str], bare: Sequence[str], asker: str, *, store: GraphReader, spaces: SpaceSet
) -> frozenset[str]:
    """Marks of speakers (see `speaker_terms`) for those words that are a speaker's name here.

    Only counts are asked for. A word in small letters is taken for a name only in a question without capitals.
    """
    small = not any(token[:1].isupper() for token in tokens[1:])
    candidates = {
        word
        for position, (token, word) in enumerate(zip(tokens, bare, strict=True))
        if word not in STOP_WORDS
        and (word not in _QUESTION_WORDS or position > 0)
        and (small or token[:1].isupper())
        and word.isalnum()
    }
    marks = {f"@{word}" for word in candidates} | set(speaker_terms(asker) if asker else ())
    if not marks:
        return frozenset()
    found = store.match_terms(sorted(marks)[:_MOST_NAMES], kind="episode", spaces=spaces, max_documents=0)
    return frozenset(mark for mark, posting in found.postings.items() if posting.documents)


def _is_known(name: str, marks: frozenset[str]) -> bool:
    own = speaker_terms(name)
    return bool(own) and set(own) <= marks


def _entities_named(text: str, asker: str, *, store: GraphReader, spaces: SpaceSet) -> list[Entity]:
    """Known entities whose name or alias stands in ``text``, the longest first, and the asker's."""
    tokens = words(text)[:120]
    grams: dict[str, tuple[int, int]] = {}
    for length in range(min(_LONGEST_NAME, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            part = tokens[start : start + length]
            if not all(word in STOP_WORDS or word in _QUESTION_WORDS for word in part):
                grams.setdefault(_key(part), (start, start + length))
    keys = list(grams)[: _MOST_NAMES - 1]
    own = normalise_name(asker) if asker else ""
    if own:
        keys.append(own)
    if not keys:
        return []
    found = store.find_entities(EntityQuery(keys=tuple(dict.fromkeys(keys)), limit=4 * _MOST_ENTITIES), spaces=spaces)
    taken: set[int] = set()
    kept: list[Entity] = []
    spans: dict[str, tuple[int, int]] = {}
    order = sorted(
        found,
        key=lambda e: (-max((len(k.split()) for k in _keys(e) if k in grams), default=0), e.type != "person", e.ref),
    )
    for entity in order:
        key = next((k for k in sorted(_keys(entity), key=len, reverse=True) if k in grams), None)
        if key is None:
            if own in _keys(entity):
                kept.append(entity)
            continue
        span = grams[key]
        if key in spans or taken.isdisjoint(range(*span)):
            spans[key] = span
            taken.update(range(*span))
            kept.append(entity)
    return kept[:_MOST_ENTITIES]


def _key(part: Sequence[str]) -> str:
    """The key of a name of these words; plain ones are in its form already, unless an article leads."""
    name = " ".join(part)
    return (
        name
        if name.isascii() and part[0] not in _ARTICLES and name.replace(" ", "").isalnum()
        else normalise_name(name)
    )


def _keys(entity: Entity) -> set[str]:
    return {entity.key, *(normalise_name(alias) for alias in entity.aliases)}


def _strip(tokens: Sequence[str], bare: Sequence[str], names: frozenset[str]) -> str:
    """The question without names of speakers, pronouns for people and words that only ask."""
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


def _kind_of_answer(lowered: str, bare: Sequence[str]) -> str:
    first = bare[0] if bare else ""
    if re.search(r"\bhow (?:many|much|old|often|far|tall|big|large)\b|\bwhat number\b", lowered):
        return "how many"
    if re.search(r"\bwhen\b|\bhow long\b|\b(?:what|which) (?:year|date|month|day|time)\b", lowered):
        return "when"
    if re.search(r"\bwho\b|\bwhose\b|\bwhom\b", lowered):
        return "who"
    if re.search(r"\bwhere\b|\b(?:what|which) (?:city|country|place|town|state|region)\b", lowered):
        return "where"
    if first in _YES_NO:
        return "yes/no"
    if re.search(
        r"\b(?:what|which) (?:\w+ )?(?:\w+[^s\W]s|people|children)\b.* (?:do|does|did|has|have|is|are)\b", lowered
    ):
        return "list"
    if re.search(r"\ball (?:the )?\w+s\b|^(?:list|name) ", lowered):
        return "list"
    return "anything"

"""Known names: which entities of a space the turns to read may mean, for extractors that want to be told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from factloom.schemas.extraction import ExtractionRequest, Mention
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphStore
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Entity, Episode
from factloom.schemas.spaces import SpaceSet

_WORD: Final = re.compile(r"[\w'’&.-]+")
_LONGEST_NAME: Final = 3  # words
_READ: Final = 4000  # characters of one turn in which names are looked for
_OWN: Final = frozenset({"my", "our"})


def known_entities(
    store: GraphStore, requests: Sequence[ExtractionRequest], *, limit: int
) -> list[tuple[Mention, ...]]:
    """For each request, of one space, the entities whose names its turns hold, at most ``limit``; one look-up for all.

    "my sister" finds who is known as "Ana's sister". Speakers are left out, since every turn names its own.
    """
    keys = [dict.fromkeys(_keys(request)) for request in requests]
    wanted = tuple(dict.fromkeys(key for ones in keys for key in ones))
    if not wanted or not limit:
        return [() for _ in requests]
    space = requests[0].episode.space
    by_key: dict[str, list[Entity]] = {}
    for entity in store.find_entities(EntityQuery(keys=wanted, limit=10 * len(wanted)), spaces=SpaceSet.of(space)):
        for key in (entity.key, *map(normalise_name, entity.aliases)):
            by_key.setdefault(key, []).append(entity)
    found = []
    for ones in keys:
        entities = {entity.id: entity for key in ones for entity in by_key.get(key, ())}
        found.append(tuple(Mention(name=e.name, type=e.type, aliases=e.aliases) for e in entities.values())[:limit])
    return found


def _keys(request: ExtractionRequest) -> Iterator[str]:
    """Keys of everything in a request that could be a name: the turn itself first, then the turns before it."""
    for turn in (request.episode, *reversed(request.previous)):
        words = [word.strip(".'’-") for word in _WORD.findall(turn.content[:_READ])]
        for start, word in enumerate(words):
            if word.casefold() in _OWN and start + 1 < len(words):
                yield normalise_name(f"{_speaker(turn)}'s {words[start + 1]}")
            for length in range(1, _LONGEST_NAME + 1):
                name = " ".join(words[start : start + length])
                # Short words are hardly ever names, and every look-up has its price.
                if len(name) > 2 and start + length <= len(words):
                    yield normalise_name(name)


def _speaker(turn: Episode) -> str:
    return turn.speaker or turn.labels.user_id or turn.role.value

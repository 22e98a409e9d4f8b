"""Records as one transaction has read or written them, so that look-ups that learning repeats need no round trip.

Learning from one message looks up the same names and the same subject's facts again and again, and between two looks it
writes. Asking the server each time would mean to send what is pending first, and to wait twice. Writers exclude each
other, so what was read stays true but for what this transaction writes, which is noted here. Only look-ups by
name, by id and by the ends of facts are answered; the others, and all after a deletion, go to the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from factloom.graph.neo4j_store.known import Known, KnownRecords
from factloom.graph.neo4j_store.reader import Reader
from factloom.graph.neo4j_store.rows import to_micros
from factloom.schemas.naming import normalise_name
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Entity, Episode, Fact
from factloom.schemas.spaces import SpaceSet

_ENDS: Final = frozenset({"subject_ids", "object_ids", "predicates", "ids", "limit", "oldest_first"})
_ALL: Final = 100_000
"""A limit from which on a query means everything, so that its answer can be completed by what is written here."""


class WorkingSet:
    """The latest versions of records, by id. ``stored`` reads what the server has, without what is pending."""

    def __init__(self, stored: Reader, known: KnownRecords) -> None:
        self._stored = stored
        self._known = known
        self.forget()

    def forget(self) -> None:
        """Start anew, after a deletion: what went along is for the server to say."""
        self._episodes: dict[str, Episode] = {}
        self._facts: dict[str, Fact] = {}
        self._written: dict[str, Fact] = {}
        self._asked: dict[tuple[Any, ...], list[str]] = {}
        self._entities: dict[str, Entity] = {}
        self._named: dict[tuple[str, str], set[str]] = {}
        self._fresh: set[str] = set()

    # --- noting what is written ---

    def note_episodes(self, episodes: Iterable[Episode]) -> None:
        """Note that episodes are so now."""
        self._episodes.update((episode.id, episode) for episode in episodes)

    def change_episode(self, id_: str, **update: Any) -> None:
        """Note that an episode changes, if it is held."""
        held = self._episodes.get(id_)
        if held is not None:
            self._episodes[id_] = held.model_copy(update=update)

    def attempted(self, id_: str) -> int:
        """How often learning from an episode failed, as far as it is held."""
        held = self._episodes.get(id_)
        return held.attempts if held is not None else 0

    def note_entities(self, entities: Iterable[Entity], new: set[str]) -> None:
        """Note that entities are so now; those in ``new`` were not stored before, and have no facts but ours."""
        for entity in entities:
            self._hold(entity)
        self._fresh |= new

    def note_facts(self, facts: Iterable[Fact]) -> None:
        """Note that facts are so now."""
        for fact in facts:
            self._facts[fact.id] = self._written[fact.id] = fact

    def _hold(self, entity: Entity) -> None:
        old = self._entities.get(entity.id)
        for key in _keys(old) if old is not None else ():
            if key in self._named:
                self._named[key].discard(entity.id)
        self._entities[entity.id] = entity
        for key in _keys(entity):
            if key in self._named:
                self._named[key].add(entity.id)

    # --- answering ---

    def find_entities(self, query: EntityQuery, spaces: SpaceSet) -> list[Entity] | None:
        """Entities by name; None if the query asks for more than that."""
        if query.model_fields_set - {"keys", "limit"} or query.keys is None or spaces.is_everything:
            return None
        wanted = [(space, key) for space in spaces.names for key in dict.fromkeys(query.keys)]
        missing = list(dict.fromkeys(key for space, key in wanted if (space, key) not in self._named))
        if missing:
            self._load_names(missing, spaces)
        ids = {id_ for name in wanted for id_ in self._named[name]}
        found = sorted((self._entities[id_] for id_ in ids), key=lambda entity: (entity.name, entity.id))
        return found[: query.limit]

    def _load_names(self, keys: list[str], spaces: SpaceSet) -> None:
        found = self._stored.find_entities(EntityQuery(keys=tuple(keys), limit=_ALL), spaces=spaces)
        for entity in found:
            if entity.id not in self._entities:
                self._entities[entity.id] = entity
                details = (entity.key, entity.type)
                known = Known(entity.ref, entity.space, to_micros(entity.created_at), details)
                self._known.note_found("entity", entity.id, known)
        for name in ((space, key) for space in spaces.names for key in keys):
            self._named.setdefault(name, set())
        for entity in self._entities.values():
            for name in _keys(entity):
                if name in self._named:
                    self._named[name].add(entity.id)

    def find_facts(self, query: FactQuery, spaces: SpaceSet) -> list[Fact] | None:
        """Facts by id or by their ends; None if the query asks for more than that."""
        if query.model_fields_set - _ENDS or spaces.is_everything:
            return None
        if query.ids is not None:
            return self._facts_by_id(query, spaces)
        if query.limit < _ALL or (query.subject_ids is None and query.object_ids is None):
            return None
        shape = (query.subject_ids, query.object_ids, query.predicates, spaces.names)
        if shape not in self._asked:
            ends = (query.subject_ids, query.object_ids)
            if any(ids is not None and self._fresh.issuperset(ids) for ids in ends):
                self._asked[shape] = []
            else:
                found = self._stored.find_facts(query, spaces=spaces)
                for fact in found:
                    self._facts.setdefault(fact.id, fact)
                self._asked[shape] = [fact.id for fact in found]
        ids = dict.fromkeys((*self._asked[shape], *self._written))
        return _in_order((self._facts[id_] for id_ in ids), query, spaces)

    def _facts_by_id(self, query: FactQuery, spaces: SpaceSet) -> list[Fact]:
        wanted = list(dict.fromkeys(query.ids or ()))
        missing = tuple(id_ for id_ in wanted if id_ not in self._facts)
        if missing:
            for fact in self._stored.find_facts(FactQuery(ids=missing, limit=len(missing)), spaces=spaces):
                self._facts[fact.id] = fact
        return _in_order((self._facts[id_] for id_ in wanted if id_ in self._facts), query, spaces)[: query.limit]

    def find_episodes(self, query: EpisodeQuery, spaces: SpaceSet) -> list[Episode] | None:
        """Episodes by id; None if the query asks for more than that."""
        if query.model_fields_set - {"ids", "limit", "oldest_first"} or query.ids is None or spaces.is_everything:
            return None
        wanted = list(dict.fromkeys(query.ids))
        missing = tuple(id_ for id_ in wanted if id_ not in self._episodes)
        if missing:
            for episode in self._stored.find_episodes(EpisodeQuery(ids=missing, limit=len(missing)), spaces=spaces):
                self._episodes[episode.id] = episode
                details = (to_micros(episode.occurred_at), str(episode.status))
                known = Known(episode.ref, episode.space, to_micros(episode.created_at), details)
                self._known.note_found("episode", episode.id, known)
        found = [self._episodes[id_] for id_ in wanted if id_ in self._episodes]
        found = [episode for episode in found if episode.space in spaces]
        found.sort(key=lambda episode: (episode.occurred_at, episode.ref), reverse=not query.oldest_first)
        return found[: query.limit]


def _keys(entity: Entity) -> set[tuple[str, str]]:
    """Under which (space, key) an entity is found."""
    return {(entity.space, key) for key in (entity.key, *map(normalise_name, entity.aliases))}


def _in_order(facts: Iterable[Fact], query: FactQuery, spaces: SpaceSet) -> list[Fact]:
    """Those of the facts that match what a query says of their ends, in its order."""
    found = [
        fact
        for fact in facts
        if fact.space in spaces
        and (query.subject_ids is None or fact.subject_id in query.subject_ids)
        and (query.object_ids is None or fact.object_id in query.object_ids)
        and (query.predicates is None or fact.predicate in query.predicates)
    ]
    return sorted(found, key=lambda fact: (fact.created_at, fact.id), reverse=not query.oldest_first)

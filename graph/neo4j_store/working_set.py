"""Records as the writes of one store have read or written them, so that look-ups that learning repeats need no trip.

Learning from one message looks up the same names and the same subject's facts again and again, and between two looks it
writes. Asking the server each time would mean to send what is pending first, and to wait twice. Writers exclude each
other, so what was read stays true but for what this store writes, which is noted here; the store's node says whether
another one wrote since the last time. Only look-ups by name, by id and by the ends of facts are answered; the others,
and all after a deletion, go to the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any, Final, TypeVar

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

_MOST_FACTS: Final = 200
"""An entity with more facts at one end is asked about anew each time, for as little as is wanted."""

_MOST_FORESEEN: Final = 2_000
"""Facts about all names of a batch that are read at once; if there are more, each name is asked about in its turn."""

_MOST_ENDS: Final = 50
_MOST_HELD: Final = 30_000
"""How much is kept for the next write: with vectors' and terms' sizes left out, some tens of megabytes."""

_Place = tuple[int, str, str]
"""The end of a fact (0: subject, 1: object), the id of the entity there, and the space."""


class WorkingSet:
    """The latest versions of records, by id. What is given out and taken in are copies, as a caller may change them."""

    def __init__(self, known: KnownRecords) -> None:
        self._known = known
        self._upto: int | None = None
        self.forget()

    def begin(self, stored: Reader, write: int | None) -> None:
        """Begin a transaction; ``stored`` reads what the server has, without what is pending.

        ``write``: the number of this store's last write, None unless that was the last of anybody's.
        """
        self._stored = stored
        if write is None or write != self._upto:
            self.forget()
            self._known.forget()
        self._upto = None  # until it is known how this transaction ends
        self._begin_facts()

    def _begin_facts(self) -> None:
        self._written: dict[str, Fact] = {}
        self._asked: dict[tuple[Any, ...], list[str]] = {}

    def keep(self, write: int | None) -> None:
        """Keep what is held for the transaction after this one, which is the store's write of this number."""
        held = len(self._episodes) + len(self._facts) + len(self._entities) + len(self._complete) + len(self._known)
        self._upto = write if held <= _MOST_HELD else None

    def forget(self) -> None:
        """Start anew, after a deletion: what went along is for the server to say."""
        self._episodes: dict[str, Episode] = {}
        self._facts: dict[str, Fact] = {}
        self._begin_facts()
        self._entities: dict[str, Entity] = {}
        self._by_name: dict[tuple[str, str], set[str]] = {}
        self._complete: set[tuple[str, str]] = set()  # names of which every bearer is held
        self._of_end: dict[_Place, set[str] | None] = {}

    # --- noting what is written ---

    def note_episodes(self, episodes: Iterable[Episode]) -> None:
        """Note that episodes are so now."""
        self._episodes.update((episode.id, _copied(episode)) for episode in episodes)

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
            self._hold(entity.model_copy(update={"attributes": deepcopy(entity.attributes)}))
            if entity.id in new:
                self._of_end.update(((end, entity.id, entity.space), set()) for end in (0, 1))

    def note_facts(self, facts: Iterable[Fact]) -> None:
        """Note that facts are so now."""
        for fact in map(_copied, facts):
            old = self._facts.get(fact.id)
            for place in _ends(old) if old is not None else ():
                self._at(place).discard(fact.id)
            self._facts[fact.id] = self._written[fact.id] = fact
            for place in _ends(fact):
                self._at(place).add(fact.id)

    def _at(self, place: _Place) -> set[str]:
        """The facts held at a place; where they are not all held, a set for nobody."""
        ids = self._of_end.get(place)
        return set() if ids is None else ids

    def _hold(self, entity: Entity) -> None:
        old = self._entities.get(entity.id)
        for name in _keys(old) if old is not None else ():
            self._by_name[name].discard(entity.id)
        self._entities[entity.id] = entity
        for name in _keys(entity):
            self._by_name.setdefault(name, set()).add(entity.id)

    # --- answering ---

    def find_entities(self, query: EntityQuery, spaces: SpaceSet) -> list[Entity] | None:
        """Entities by name; None if the query asks for more than that."""
        if query.model_fields_set - {"keys", "limit"} or query.keys is None or spaces.is_everything:
            return None
        wanted = [(space, key) for space in spaces.names for key in dict.fromkeys(query.keys)]
        missing = list(dict.fromkeys(key for space, key in wanted if (space, key) not in self._complete))
        if missing:
            self._load_names(missing, spaces)
        ids = {id_ for name in wanted for id_ in self._by_name.get(name, ())}
        found = sorted((self._entities[id_] for id_ in ids), key=lambda entity: (entity.name, entity.id))
        return [e.model_copy(update={"attributes": deepcopy(e.attributes)}) for e in found[: query.limit]]

    def tell_holders(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """Tell what is known of records which entities have these (space, key, type)."""
        for space, key, type_ in keys:
            if (space, key) in self._complete:
                held = (self._entities[id_] for id_ in self._by_name.get((space, key), ()))
                holder = next((e.id for e in held if (e.key, e.type) == (key, type_)), None)
                self._known.note_key((space, key, type_), holder)

    def _load_names(self, keys: list[str], spaces: SpaceSet) -> None:
        found = self._stored.find_entities(EntityQuery(keys=tuple(keys), limit=_ALL), spaces=spaces)
        for entity in found:
            if entity.id not in self._entities:
                self._hold(entity)
                details = (entity.key, entity.type)
                known = Known(entity.ref, entity.space, to_micros(entity.created_at), details)
                self._known.note_found("entity", entity.id, known)
        self._complete.update((space, key) for space in spaces.names for key in keys)

    def foresee(self, keys: Sequence[str], spaces: SpaceSet) -> None:
        """Load the bearers of names, and the facts of which they are objects, to tell those said before from new ones.

        Facts of which they are subjects are left: what is said of a few people would be most of it.
        """
        bearers = self.find_entities(EntityQuery(keys=tuple(keys), limit=_ALL), spaces) or []
        places: list[_Place] = [(1, entity.id, spaces.names[0]) for entity in bearers]
        self._load_ends([place for place in places if place not in self._of_end], spaces, most=_MOST_FORESEEN)

    def find_facts(self, query: FactQuery, spaces: SpaceSet) -> list[Fact] | None:
        """Facts by id or by their ends; None if the query asks for more than that."""
        if query.model_fields_set - _ENDS or spaces.is_everything:
            return None
        if query.ids is not None:
            return self._facts_by_id(query, spaces)
        if query.limit < _ALL or (query.subject_ids is None and query.object_ids is None):
            return None
        if len(spaces.names) != 1:  # of one space, the facts about an entity are all or none
            return None
        held = self._ids_at(query, spaces)
        if held is None:
            held = {*self._ids_asked(query, spaces), *self._written}
        return [_copied(fact) for fact in _in_order((self._facts[id_] for id_ in held), query, spaces)]

    def _ids_at(self, query: FactQuery, spaces: SpaceSet) -> set[str] | None:
        """The facts at the subjects, or at the objects, asked for; None if there are too many of them."""
        ends: list[list[_Place]] = [
            [(end, id_, spaces.names[0]) for id_ in ids]
            for end, ids in enumerate((query.subject_ids, query.object_ids))
            if ids is not None and len(ids) <= _MOST_ENDS
        ]
        ends.sort(key=lambda places: not all(self._of_end.get(place) is not None for place in places))
        for places in ends:
            missing = [place for place in places if place not in self._of_end]
            if not self._load_ends(missing, spaces, most=_MOST_FACTS):
                self._of_end.update(dict.fromkeys(missing))
            found = [self._of_end[place] for place in places]
            if None not in found:
                return {id_ for ids in found if ids is not None for id_ in ids}
        return None

    def _load_ends(self, places: Sequence[_Place], spaces: SpaceSet, *, most: int) -> bool:
        """Hold all facts at these places, of one end; False, and nothing held, if there are more than ``most``."""
        if not places:
            return True
        side = "object_ids" if places[0][0] else "subject_ids"
        query = FactQuery(**{side: tuple(id_ for _, id_, _ in places)}, limit=most + 1)
        found = self._stored.find_facts(query, spaces=spaces)
        if len(found) > most:
            return False
        self._of_end.update((place, set()) for place in places)
        for fact in found:
            self._facts.setdefault(fact.id, fact)
        for id_ in dict.fromkeys((*(fact.id for fact in found), *self._written)):
            for place in _ends(self._facts[id_]):
                self._at(place).add(id_)
        return True

    def _ids_asked(self, query: FactQuery, spaces: SpaceSet) -> list[str]:
        shape = (query.subject_ids, query.object_ids, query.predicates, spaces.names)
        if shape not in self._asked:
            found = self._stored.find_facts(query, spaces=spaces)
            for fact in found:
                self._facts.setdefault(fact.id, fact)
            self._asked[shape] = [fact.id for fact in found]
        return self._asked[shape]

    def _facts_by_id(self, query: FactQuery, spaces: SpaceSet) -> list[Fact]:
        wanted = list(dict.fromkeys(query.ids or ()))
        missing = tuple(id_ for id_ in wanted if id_ not in self._facts)
        if missing:
            for fact in self._stored.find_facts(FactQuery(ids=missing, limit=len(missing)), spaces=spaces):
                self._facts[fact.id] = fact
        held = _in_order((self._facts[id_] for id_ in wanted if id_ in self._facts), query, spaces)
        return [_copied(fact) for fact in held[: query.limit]]

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
        return [_copied(episode) for episode in found[: query.limit]]


_Said = TypeVar("_Said", Episode, Fact)


def _copied(record: _Said) -> _Said:
    """The record with metadata of its own."""
    return record.model_copy(update={"metadata": deepcopy(record.metadata)}) if record.metadata else record


def _ends(fact: Fact) -> tuple[_Place, _Place]:
    return (0, fact.subject_id, fact.space), (1, fact.object_id, fact.space)


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

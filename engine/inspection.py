"""Inspection: reading what is there, by id or by name, with its history and its counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from factloom.engine.arguments import check_page
from factloom.graph.networkx_export import to_networkx
from factloom.schemas.errors import InvalidInputError, NotFoundError
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphStore, StoreFiles
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery, View
from factloom.schemas.records import Action, Change, Entity, Episode, Fact, Record, Status
from factloom.schemas.results import Stats
from factloom.schemas.spaces import Labels, SpaceSet

if TYPE_CHECKING:
    import networkx

_UNBOUNDED = 1_000_000


class EntityProfile(Record):
    """An entity and the facts about it, the newest first."""

    entity: Entity
    facts: tuple[Fact, ...]


class Inspection:
    """Reads of a store that need no ranking."""

    def __init__(self, store: GraphStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def get(self, id_: str, *, spaces: SpaceSet) -> Fact | Episode | Entity:
        """The record with this id, of any kind.

        Raises:
            NotFoundError: there is none.
        """
        place = self._store.locate([id_], spaces=spaces).get(id_) if id_ else None
        found: Sequence[Fact | Episode | Entity] = ()
        if place is not None and place.kind == "fact":
            found = self._store.facts([place.ref], spaces=spaces)
        elif place is not None and place.kind == "episode":
            found = self._store.episodes([place.ref], spaces=spaces)
        elif place is not None:
            found = self._store.entities([place.ref], spaces=spaces)
        if not found:
            raise NotFoundError(f"there is no record {id_!r} in the spaces that may be read")
        return found[0]

    def history(self, id_: str, *, spaces: SpaceSet) -> list[Change]:
        """Changes to a record, oldest first; those of all versions of a fact.

        Raises:
            NotFoundError: there is no such record.
        """
        record = self.get(id_, spaces=spaces)
        ids = {id_}
        seen: set[str] = set()
        changes: list[Change] = []
        while ids - seen:
            new = sorted(ids - seen)
            seen |= ids
            read = self._store.history(new, spaces=spaces)
            changes += read
            if isinstance(record, Fact):
                ids |= {other for change in read for other in _other_versions(change)}
        return sorted(changes, key=lambda change: (change.at, change.id))

    def pending(self, *, spaces: SpaceSet, labels: Labels, limit: int) -> list[Episode]:
        """Episodes that are stored but not learned from, oldest first, each with its error if it failed."""
        query = EpisodeQuery(statuses=(Status.PENDING, Status.FAILED), labels=labels, oldest_first=True, limit=limit)
        return self._store.find_episodes(query, spaces=spaces)

    def entities(
        self, types: Sequence[str] | None, *, limit: int, offset: int, spaces: SpaceSet, labels: Labels
    ) -> list[Entity]:
        """Entities by name."""
        check_page(limit, offset)
        query = EntityQuery(types=tuple(types) if types else None, labels=labels, limit=limit, offset=offset)
        return self._store.find_entities(query, spaces=spaces)

    def entity(self, name_or_id: str, *, spaces: SpaceSet, labels: Labels) -> Entity:
        """An entity by id, name or alias.

        Raises:
            NotFoundError: there is none.
            InvalidInputError: several bear the name.
        """
        place = self._store.locate([name_or_id], spaces=spaces).get(name_or_id) if name_or_id else None
        if place is not None and place.kind == "entity":
            found = self._store.find_entities(EntityQuery(ids=(name_or_id,), labels=labels), spaces=spaces)
        else:
            key = normalise_name(name_or_id)
            found = self._store.find_entities(EntityQuery(keys=(key,), labels=labels), spaces=spaces) if key else []
            found = [entity for entity in found if entity.key == key] or found
        if not found:
            raise NotFoundError(f"there is no entity {name_or_id!r} in the spaces that may be read")
        if len(found) > 1:
            listed = ", ".join(f"{e.name} ({e.type}, {e.space}) {e.id}" for e in found[:10])
            raise InvalidInputError(f"{name_or_id!r} names {len(found)} entities; give the id of one: {listed}")
        return found[0]

    def profile(self, name_or_id: str, *, spaces: SpaceSet, labels: Labels, include_history: bool) -> EntityProfile:
        """An entity by id, name or alias, with the facts about it.

        Raises:
            NotFoundError: there is none.
            InvalidInputError: several bear the name.
        """
        entity = self.entity(name_or_id, spaces=spaces, labels=labels)
        view = View(now=self._clock(), history=include_history)
        query = FactQuery(about_ids=(entity.id,), labels=labels, view=view, limit=_UNBOUNDED)
        return EntityProfile(entity=entity, facts=tuple(self._store.find_facts(query, spaces=spaces)))

    def graph(self, *, spaces: SpaceSet, labels: Labels, include_history: bool) -> networkx.MultiDiGraph[str]:
        """Entities and facts as a networkx graph."""
        view = View(now=self._clock(), history=include_history)
        entities = self._store.find_entities(EntityQuery(labels=labels, limit=_UNBOUNDED), spaces=spaces)
        facts = self._store.find_facts(FactQuery(labels=labels, view=view, limit=_UNBOUNDED), spaces=spaces)
        return to_networkx(entities, facts)

    def stats(self, *, spaces: SpaceSet) -> Stats:
        """Counts, in all and by space."""
        rows = self._store.statistics(spaces=spaces)
        names = ("episodes", "pending", "failed", "entities", "facts", "current_facts", "vectors")
        embedder = self._store.embedder()
        return Stats(
            spaces=len(rows),
            **{name: sum(getattr(row, name) for row in rows) for name in names},
            bytes=self._store.size_in_bytes() if isinstance(self._store, StoreFiles) else 0,
            embedder=embedder[0] if embedder else None,
            dimension=embedder[1] if embedder else None,
            by_space={row.space: {name: getattr(row, name) for name in names} for row in rows},
        )


def _other_versions(change: Change) -> list[str]:
    """Ids of the versions before and after, where a change is an edit."""
    if change.action is not Action.UPDATED:
        return []
    linked = [(change.before or {}).get("id"), (change.after or {}).get("superseded_by")]
    return [id_ for id_ in linked if isinstance(id_, str)]

"""Entity resolution: which entity of a space a mention means.

By evidence, the strongest first: the same normalised name, an alias, a first name that only one person of the space
bears, and last a proposal by embedding, which is taken only if the names also share their words. Types must not
conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from factloom.graph.entity_names import UNTYPED, distinct_names, is_relational, names_compatible, types_agree
from factloom.graph.merge_records import told_apart
from factloom.schemas.extraction import Mention
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Entity, new_id
from factloom.schemas.spaces import SpaceSet

NEVER_PROPOSED = frozenset({UNTYPED, "person", "name", "date", "quantity"})
SHORT_NAME_SIMILARITY = 0.68
"""MiniLM gives Corvina and Studio Corvina 0.74, Kestrel and Kestrel Maps 0.76, Google and Google Maps 0.57."""


@dataclass
class Resolver:
    """Resolves the mentions of one transaction inside one space; remembers what it has resolved.

    ``proposals`` maps a mention's key to entities with a similar name, best first: refs and cosines. ``similarity``
    is the cosine from which a proposal counts; ``vectors`` are those of names, for entities that are still too new
    to be proposed from outside.
    Entities that are new or changed are stored as they are resolved; ``touched`` names them, and ``named`` those whose
    name is new. ``freed``: who is no longer called something, since another one is now.
    """

    tx: WriteTransaction
    space: str
    now: datetime
    proposals: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    similarity: float = 0.93
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    touched: dict[str, Entity] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    merged: list[tuple[Entity, Entity]] = field(default_factory=list)
    freed: list[tuple[Entity, tuple[str, ...]]] = field(default_factory=list)
    _known: dict[tuple[str, str], Entity] = field(default_factory=dict)

    @property
    def _spaces(self) -> SpaceSet:
        return SpaceSet.of(self.space)

    def resolve(self, mention: Mention) -> Entity:
        """The entity that ``mention`` means: one of the space, or a new one."""
        key = normalise_name(mention.name)
        known = self._known.get((key, mention.type))
        if known is not None and not mention.aliases:
            return known
        entity = self._find(mention, key)
        entity = self._create(mention, key) if entity is None else self._enrich(entity, mention, key)
        self._known[(key, mention.type)] = entity
        return entity

    # --- finding -------------------------------------------------------------------------------------------------

    def _lookup(self, keys: Iterable[str], mention: Mention) -> list[Entity]:
        wanted = tuple(dict.fromkeys(keys))
        found = self.tx.find_entities(EntityQuery(keys=wanted, limit=200), spaces=self._spaces) if wanted else []
        return [entity for entity in found if types_agree(entity.type, mention.type)]

    def _find(self, mention: Mention, key: str) -> Entity | None:
        alias_keys = [normalise_name(alias) for alias in mention.aliases]
        found = self._lookup([key], mention)
        named = self._best(found, key, mention)
        described = self._best(self._lookup(alias_keys, mention), key, mention) if alias_keys else None
        if named and described and named.id != described.id and is_relational(described.name):
            return named if told_apart(self.tx, named, described) else self._merge(named, described)
        if named is not None:
            return named
        if described is not None and (is_relational(described.name) or names_compatible(described.key, key)):
            return described
        return self._by_first_name(mention, key) or self._by_proposal(mention, key)

    @staticmethod
    def _best(found: Sequence[Entity], key: str, mention: Mention) -> Entity | None:
        """The exact name before an alias, the exact type before an unknown one, the oldest before the younger."""
        return min(found, key=lambda e: (e.key != key, e.type != mention.type, e.created_at, e.id), default=None)

    def _by_first_name(self, mention: Mention, key: str) -> Entity | None:
        """A full name whose first name is all that was known of somebody so far: "Ana Silva" is "Ana".

        The short name is looked up by the entity's own key: somebody who already has another surname does not match.
        """
        first, _, rest = key.partition(" ")
        if mention.type != "person" or not rest or is_relational(mention.name):
            return None
        return next((e for e in self._lookup([first], mention) if e.key == first and e.type == "person"), None)

    def _by_proposal(self, mention: Mention, key: str) -> Entity | None:
        """The one entity of the same type that embedding proposes and whose words agree, if there is just one.

        People are left out, since two of them may well share a word. An organisation is often called by a part of
        its name, so for a name in capitals less similarity is enough.
        """
        if mention.type in NEVER_PROPOSED:
            return None
        scores = {**dict(self.proposals.get(key, ())), **self._similarity_to_new(mention)}
        short_name = mention.type == "organisation" and mention.name[:1].isupper()
        least = min(self.similarity, SHORT_NAME_SIMILARITY) if short_name else self.similarity
        near = [ref for ref, score in scores.items() if score >= least]
        found = [
            entity
            for entity in (self.tx.entities(near, spaces=self._spaces) if near else ())
            if entity.type == mention.type and names_compatible(entity.key, key)
        ]
        return found[0] if len(found) == 1 else None

    def _similarity_to_new(self, mention: Mention) -> dict[int, float]:
        """Cosine with the entities of the same type that this transaction has made, by ref."""
        own = self.vectors.get(mention.name)
        if own is None:
            return {}
        new = [e for e in self.touched.values() if e.type == mention.type and e.name in self.vectors]
        return {entity.ref: float(own @ self.vectors[entity.name]) for entity in new}

    # --- changing ------------------------------------------------------------------------------------------------

    def _store(self, entity: Entity) -> Entity:
        self._take_over(entity)
        (stored,) = self.tx.put_entities([entity])
        self.touched[stored.id] = stored
        for name, known in list(self._known.items()):
            if known.id == stored.id:
                self._known[name] = stored
        return stored

    def _take_over(self, entity: Entity) -> None:
        """Whose somebody is ("Ana's boyfriend") is said of one at a time: the last so called takes it over."""
        keys = {normalise_name(alias) for alias in entity.aliases if is_relational(alias)}
        for other in self._others_called(keys, entity) if keys else ():
            left = tuple(alias for alias in other.aliases if normalise_name(alias) not in keys)
            if left != other.aliases:
                self.freed.append((other, tuple(alias for alias in other.aliases if alias not in left)))
                (freed,) = self.tx.put_entities([other.model_copy(update={"aliases": left, "updated_at": self.now})])
                if freed.id in self.touched:
                    self.touched[freed.id] = freed
                self._known = {
                    name: freed if known.id == freed.id else known
                    for name, known in self._known.items()
                    if name[0] not in keys
                }

    def _others_called(self, keys: Iterable[str], entity: Entity) -> list[Entity]:
        found = self.tx.find_entities(EntityQuery(keys=tuple(sorted(keys)), limit=200), spaces=self._spaces)
        going = {gone.id for _, gone in self.merged}
        return [e for e in found if e.id != entity.id and e.type == entity.type and e.id not in going]

    def _create(self, mention: Mention, key: str) -> Entity:
        aliases = list(mention.aliases)
        first, _, rest = key.partition(" ")
        is_full_name = mention.type == "person" and rest and not is_relational(mention.name)
        if is_full_name and not self.tx.find_entities(EntityQuery(keys=(first,), limit=1), spaces=self._spaces):
            aliases.append(mention.name.split()[0])
        entity = Entity(
            id=new_id(),
            space=self.space,
            name=mention.name,
            key=key,
            type=mention.type,
            aliases=distinct_names(aliases, key),
            created_at=self.now,
            updated_at=self.now,
        )
        self.named.add(entity.id)
        return self._store(entity)

    def _enrich(self, entity: Entity, mention: Mention, key: str) -> Entity:
        """Take in what the mention adds: a proper or fuller name, aliases, a type where there was none."""
        name, entity_key, aliases = entity.name, entity.key, [*entity.aliases, *mention.aliases]
        better = is_relational(entity.name) and not is_relational(mention.name)
        fuller = mention.type == "person" and key.startswith(f"{entity.key} ")
        kind = mention.type if entity.type == UNTYPED else entity.type
        if key != entity.key:
            aliases.append(entity.name if better or fuller else mention.name)
            if better or fuller:
                name, entity_key = mention.name, key
        taken = (entity_key, kind) != (entity.key, entity.type) and any(
            other.id != entity.id and (other.key, other.type) == (entity_key, kind)
            for other in self.tx.find_entities(EntityQuery(keys=(entity_key,), limit=200), spaces=self._spaces)
        )
        if taken:
            name, entity_key, kind = entity.name, entity.key, entity.type
        changed = {"name": name, "key": entity_key, "type": kind, "aliases": distinct_names(aliases, entity_key)}
        if all(getattr(entity, attribute) == value for attribute, value in changed.items()):
            return entity
        if name != entity.name:
            self.named.add(entity.id)
        return self._store(entity.model_copy(update={**changed, "updated_at": self.now}))

    def note_merged(self, kept: Entity) -> None:
        """Take note of how an entity is stored after a merge was carried out."""
        self.touched[kept.id] = kept
        self._known = {name: kept if known.id == kept.id else known for name, known in self._known.items()}

    def _merge(self, kept: Entity, gone: Entity) -> Entity:
        """Note that two entities turned out to be one; the caller moves the facts over and deletes ``gone``."""
        self.merged.append((kept, gone))
        for name, known in list(self._known.items()):
            if known.id == gone.id:
                self._known[name] = kept
        aliases = distinct_names([*kept.aliases, gone.name, *gone.aliases], kept.key)
        return self._store(kept.model_copy(update={"aliases": aliases, "updated_at": self.now}))

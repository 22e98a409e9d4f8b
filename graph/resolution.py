"""Entity resolution: which entity of a space a mention means.

By evidence, the strongest first: the same normalised name, an alias, a name whose parts agree ("Dr. Silva" and "Ana
Silva", ``people.py``), and last a proposal by embedding, which is taken only if the names also share their words. Types
must not conflict. What speaks against it (``evidence.py``) keeps two Johns two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from factloom.graph.entity_names import distinct_names, is_relational, names_compatible, without_qualifier
from factloom.graph.evidence import Evidence
from factloom.graph.merge_records import told_apart
from factloom.graph.people import PersonName, completes, first_name, kin_of, other_keys, same_person
from factloom.schemas.extraction import Mention
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import UNTYPED, Ontology, core_ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Entity, Episode, new_id
from factloom.schemas.spaces import SpaceSet

NEVER_PROPOSED = frozenset({UNTYPED, "person", "name", "date", "quantity"})
SHORT_NAME_SIMILARITY = 0.68
"""MiniLM gives Corvina and Studio Corvina 0.74, Kestrel and Kestrel Maps 0.76, Google and Google Maps 0.57."""

_MOST_OF_A_SURNAME = 200
"""Of more, none is looked at: a name like that tells nobody from others."""


@dataclass
class Resolver:
    """Resolves the mentions of one transaction inside one space; remembers what it has resolved.

    ``proposals`` maps a mention's key to entities with a similar name, best first: refs and cosines. ``similarity``
    is the cosine from which a proposal counts; ``vectors`` are those of names, for entities that are still too new
    to be proposed from outside.
    Entities that are new or changed are stored as they are resolved; ``touched`` names them, and ``named`` those whose
    name is new. ``freed``: who is no longer called something, since another one is now. ``called``: who was found by a
    part of the name, the name, and why. ``terms``: how names are analysed for the keyword index.
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
    terms: Callable[[str], Sequence[str]] = lambda _: ()
    ontology: Ontology = field(default_factory=core_ontology)
    called: list[tuple[Entity, str, str]] = field(default_factory=list)
    _unsure: set[str] = field(default_factory=set)
    _known: dict[tuple[str, str], Entity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._evidence = Evidence(self.tx, self.space)

    @property
    def _spaces(self) -> SpaceSet:
        return SpaceSet.of(self.space)

    def begin(self, episode: Episode, named: Iterable[str] = ()) -> None:
        """What is resolved next is said in this episode, whose statements name these."""
        self._evidence.begin(episode, named)
        self._known = {name: entity for name, entity in self._known.items() if name[0] not in self._unsure}

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
        return [entity for entity in found if self.ontology.types_agree(entity.type, mention.type)]

    def _find(self, mention: Mention, key: str) -> Entity | None:
        alias_keys = [normalise_name(alias) for alias in mention.aliases]
        found = self._lookup([key], mention)
        fitting = [entity for entity in found if not self._evidence.against(entity, mention)]
        named = self._choose(fitting, key, mention)
        described = self._best(self._lookup(alias_keys, mention), key, mention) if alias_keys else None
        if named and described and named.id != described.id and is_relational(described.name):
            return named if told_apart(self.tx, named, described) else self._merge(named, described)
        if named is not None:
            return named
        if described is not None and self._may_be_called(described, mention, key):
            return described
        if found:  # those who are called so are others
            return None
        return self._by_parts(mention) or self._pet_called(mention, key) or self._by_proposal(mention, key)

    def _pet_called(self, mention: Mention, key: str) -> Entity | None:
        """The one animal of this name, where only the name says that a person is meant, and no person bears it."""
        if not mention.guessed or mention.type != "person" or mention.aliases:
            return None
        found = self.tx.find_entities(EntityQuery(keys=(key,), limit=200), spaces=self._spaces)
        animals = [entity for entity in found if entity.type == "animal"]
        return animals[0] if len(animals) == 1 else None

    @staticmethod
    def _best(found: Sequence[Entity], key: str, mention: Mention) -> Entity | None:
        """The exact name before an alias, the exact type before an unknown one, the oldest before the younger."""
        return min(found, key=lambda e: (e.key != key, e.type != mention.type, e.created_at, e.id), default=None)

    def _choose(self, found: Sequence[Entity], key: str, mention: Mention) -> Entity | None:
        """Of several who bear a name: who is described so, else who was spoken of last, else the best.

        Who speaks says "I", and by his own name means another one.
        """
        if mention.type == "person" and not mention.is_speaker and len(found) > 1:
            self._unsure.add(key)
            found = [entity for entity in found if not self._evidence.speaks(entity)] or found
        if len(found) < 2 or mention.type != "person" or mention.is_speaker:
            return self._best(found, key, mention)
        aliases = {normalise_name(alias) for alias in mention.aliases}
        described = [e for e in found if not aliases.isdisjoint(normalise_name(alias) for alias in e.aliases)]
        meant = self._best(described, key, mention) or self._evidence.last_named(found)
        return meant or self._best(found, key, mention)

    @staticmethod
    def _may_be_called(described: Entity, mention: Mention, key: str) -> bool:
        """Whether whom a message calls by a relation may have the name that it gives, too."""
        if is_relational(described.name) or names_compatible(normalise_name(without_qualifier(described.name)), key):
            return True
        names = PersonName.read(described.name), PersonName.read(mention.name)
        return mention.type == "person" and None not in names and same_person(*names) is not None  # type: ignore[arg-type]

    def _by_parts(self, mention: Mention) -> Entity | None:
        """The one person whose name can be this one: "Ana Silva" of "Ana", "Dr. Silva", "A. Silva"; "Bob" of "Robert".

        The speaker does not speak of himself so, and what is said of one relative is not said of another.
        """
        name = PersonName.read(mention.name) if mention.type == "person" else None
        if name is None:
            return None
        found = {e.id: e for e in (*self._lookup(other_keys(name), mention), *self._by_surname(name))}
        fitting: dict[str, tuple[Entity, str]] = {}
        for entity in found.values():
            known = PersonName.read(entity.name) if entity.type == "person" else None
            why = same_person(known, name) if known is not None else None
            if why and not self._evidence.against(entity, mention, why) and self._is_enough(why, name, entity):
                fitting[entity.id] = (entity, why)
        entities = [entity for entity, _ in fitting.values()]
        meant = entities[0] if len(entities) == 1 else self._evidence.last_named(entities, only=True)
        if meant is not None:
            self.called.append((meant, mention.name, f"called by {fitting[meant.id][1]}"))
        return meant

    def _is_enough(self, why: str, name: PersonName, entity: Entity) -> bool:
        """Whether what speaks for a name being an entity's is enough: there are many Bobs.

        "Bob" is Robert Miller where the session has just spoken of him, "Bob Miller" anyway; who is brought up as
        "Robert Miller" is not the Bob of before.
        """
        known = PersonName.read(entity.name)
        if why == "a first name":
            return self._is_full_name_of(name, entity)
        if why != "a nickname" or (known is not None and known.surname and name.surname):
            return True
        return not name.surname and self._evidence.last_named([entity]) is not None

    def _is_full_name_of(self, name: PersonName, entity: Entity) -> bool:
        """Whether a full name is that of somebody known by the first one, where the session has just spoken of him.

        Whom somebody calls his brother John he does not call John Smith next, unless that is his own surname.
        """
        if not self._evidence.has_spoken_of(entity):
            return False
        owners = [PersonName.read(owner) for owner in kin_of((entity.name, *entity.aliases))]
        return not owners or any(owner is not None and owner.surname == name.surname != "" for owner in owners)

    def _by_surname(self, name: PersonName) -> list[Entity]:
        """People of this surname, for a name without a given name in full, as far as they are not too many."""
        if not name.surname or name.is_full:
            return []
        new = [e for e in self.touched.values() if e.type == "person"]
        terms = tuple(self.terms(name.surname))
        if not terms:
            return new
        matches = self.tx.match_terms(terms, kind="entity", spaces=self._spaces, max_documents=_MOST_OF_A_SURNAME)
        refs = sorted({ref for posting in matches.postings.values() for ref in posting.refs.tolist()})
        return [*(e for e in self.tx.entities(refs, spaces=self._spaces) if e.type == "person"), *new]

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
        aliases, name, name_key = list(mention.aliases), mention.name, key
        first = first_name(mention.name) if mention.type == "person" else None
        if first is not None:
            aliases.append(first)
        if self._is_taken(key, mention.type):
            # Another one bears the name: this one is told from it by whose it is.
            name = self._qualified(mention)
            name_key = normalise_name(name)
            aliases.append(mention.name)
        entity = Entity(
            id=new_id(),
            space=self.space,
            name=name,
            key=name_key,
            type=mention.type,
            aliases=distinct_names(aliases, name_key),
            created_at=self.now,
            updated_at=self.now,
        )
        self.named.add(entity.id)
        return self._store(entity)

    def _qualified(self, mention: Mention) -> str:
        told = next(alias for alias in mention.aliases if is_relational(alias))
        return f"{mention.name} ({told})"[:200]

    def _is_taken(self, key: str, type_: str, but: str | None = None) -> bool:
        """Whether another entity of the type has this key."""
        found = self.tx.find_entities(EntityQuery(keys=(key,), limit=200), spaces=self._spaces)
        return any(other.id != but and (other.key, other.type) == (key, type_) for other in found)

    def _enrich(self, entity: Entity, mention: Mention, key: str) -> Entity:
        """Take in what the mention adds: a proper or fuller name, aliases, a type where there was none."""
        name, entity_key, aliases = entity.name, entity.key, [*entity.aliases, *mention.aliases]
        better = is_relational(entity.name) and not is_relational(mention.name)
        fuller = mention.type == "person" and completes(mention.name, entity.name)
        kind = self.ontology.narrower(entity.type, mention.type)
        if key != entity.key:
            aliases.append(without_qualifier(entity.name) if better or fuller else mention.name)
            if better or fuller:
                name, entity_key = mention.name, key
                aliases += [first] if (first := first_name(mention.name)) and mention.type == "person" else []
        if (entity_key, kind) != (entity.key, entity.type) and self._is_taken(entity_key, kind, but=entity.id):
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

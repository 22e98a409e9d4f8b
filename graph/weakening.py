"""Weakening: what is left of facts and entities when some of the episodes that speak of them go.

History keeps what each episode told: the text, the times and the metadata of a fact, and what it called its subject and
its object. A fact that stays is made anew of what the other episodes told; an entity that stays loses the names that
nobody else gives it. Call these before the episodes are deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import prod
from typing import Any

from factloom.graph.entity_names import is_relational
from factloom.graph.people import first_name
from factloom.graph.statements import began, tellings_of
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import GraphReader, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Action, Change, Entity, Fact, Metadata, new_id
from factloom.schemas.spaces import Labels, SpaceSet

_PAGE = 200
_UNBOUNDED = 1_000_000


def weakened(
    tx: WriteTransaction,
    fact: Fact,
    left: tuple[str, ...],
    changes: Sequence[Change] | None = None,
    *,
    ontology: Ontology,
) -> Fact:
    """The fact as the episodes ``left`` tell it; their end of it is for ``graph.reopening`` to find.

    ``changes``: the entries of history in which episodes state it, where they are not (any more) its own.
    """
    update: dict[str, Any] = {"episode_ids": left, "support": len(left), "labels": _labels(tx, fact, left)}
    gone: list[Metadata] = []
    told: list[Metadata] = []
    for change in tellings_of(tx, fact) if changes is None else changes:
        (told if change.episode_id in left else gone).append(change.after or {})
    if told:
        update |= _retold(fact, told, gone)
        if all("text" not in one and "implied_by" in one.get("metadata", {}) for one in told):
            update["text"] = implied_text(tx, fact, ontology)
    return fact.model_copy(update=update)


def implied_text(
    tx: WriteTransaction, fact: Fact, ontology: Ontology, renamed: Mapping[str, Entity] | None = None
) -> str:
    """The sentence for a fact that an event implies, by the names that its ends have, or by those in ``renamed``.

    One whose ends are not both there keeps its text.
    """
    ids = (fact.subject_id, fact.object_id)
    found = tx.find_entities(EntityQuery(ids=ids), spaces=SpaceSet.of(fact.space))
    names = {entity.id: entity.name for entity in (*found, *(renamed or {}).values())}
    if not names.keys() >= set(ids):
        return fact.text
    return ontology[fact.predicate].sentence(*(names[id_] for id_ in ids))


def _retold(fact: Fact, told: Sequence[Metadata], gone: Sequence[Metadata]) -> dict[str, Any]:
    update: dict[str, Any] = {}
    texts = [one["text"] for one in told if "text" in one]
    if texts and fact.text not in texts:
        update["text"] = texts[0]
    metadata = [one.get("metadata", {}) for one in told]
    if fact.metadata not in metadata:
        update["metadata"] = metadata[0]
    if all("confidence" in one for one in (*told, *gone)):
        update["confidence"] = min(1.0, 1.0 - prod(1.0 - one["confidence"] for one in told))
    since = {one.get("valid_at") for one in told}
    was = fact.valid_at.isoformat() if fact.valid_at else None
    if was in {one.get("valid_at") for one in gone} and was not in since:
        update["valid_at"] = min((datetime.fromisoformat(time) for time in since if time), default=None)
    if fact.expires_at is not None or any("expires_at" in one for one in told):
        until = [datetime.fromisoformat(one["expires_at"]) for one in told if "expires_at" in one]
        update["expires_at"] = max(until) if len(until) == len(told) else None
    return update


def _labels(tx: WriteTransaction, fact: Fact, left: tuple[str, ...]) -> Labels:
    """The labels of a fact that loses episodes: its own if one left bears them, else those of the oldest left."""
    query = EpisodeQuery(ids=left, oldest_first=True, limit=len(left))
    borne = [episode.labels for episode in tx.find_episodes(query, spaces=SpaceSet.of(fact.space))]
    return fact.labels if fact.labels in borne or not borne else borne[0]


def ended_later(tx: WriteTransaction, facts: Mapping[str, tuple[Fact, Fact]]) -> Iterator[Fact]:
    """Facts that one of ``facts`` ended, with the end that follows where that begins at another time now.

    ``facts``: before and after, by id.
    """
    moved = {id_: pair for id_, pair in facts.items() if began(pair[0]) != began(pair[1])}
    spaces = SpaceSet({fact.space for fact, _ in moved.values()})
    query = FactQuery(superseded_by=tuple(moved), limit=_UNBOUNDED)
    for ended in tx.find_facts(query, spaces=spaces) if moved else ():
        before, after = moved[str(ended.superseded_by)]
        if ended.expired_at is None and ended.invalid_at == began(before):
            yield ended.model_copy(update={"invalid_at": max(began(ended), began(after))})


def names_kept(
    tx: WriteTransaction, gone: Mapping[str, Fact], going: Collection[str], actor: str, now: datetime
) -> list[Change]:
    """What episodes that stay call the ends of facts that go, as history of these entities: it went with the facts."""
    kept = []
    for space in sorted({fact.space for fact in gone.values()}):
        for change in tx.history([fact.id for fact in gone.values() if fact.space == space], spaces=SpaceSet.of(space)):
            if change.episode_id is None or change.episode_id in going:
                continue
            common = {"space": space, "kind": "entity", "action": Action.UPDATED, "actor": actor, "at": now}
            for id_, names in _named_in(change, gone[change.target_id]):
                told = {"reason": "named in a fact that was deleted", "after": {"names": names}}
                kept.append(Change(id=new_id(), target_id=id_, episode_id=change.episode_id, **told, **common))
    return kept


class Names:
    """Which names entities keep when the episodes ``going`` and the facts ``gone`` go and others are ``weakened``."""

    def __init__(
        self,
        tx: WriteTransaction,
        going: Collection[str],
        gone: Mapping[str, Fact],
        weakened: Mapping[str, Fact],
        *,
        ontology: Ontology,
    ) -> None:
        self._tx = tx
        self._going = set(going)
        self._gone = gone
        self._weakened = weakened
        self._ontology = ontology
        self.entities: dict[str, Entity] = {}
        self.facts: dict[str, Fact] = {}
        self.lost: set[str] = set()

    def forget(self, now: datetime) -> None:
        """Work out ``entities`` that lose names and ``facts`` whose text in our own words held one.

        ``lost`` has the keys of these names.
        """
        for entity, given in self._given():
            lost = self._not_given_by_others(entity, given)
            self.lost |= lost
            changed = self._without(entity, lost, now) if lost else None
            if changed is not None and changed != entity:
                self.entities[entity.id] = changed
        self._give_back(now)
        for entity in list(self.entities.values()):
            self._reword(entity)

    def _give_back(self, now: datetime) -> None:
        """Call those "Ana's boyfriend" again who were, if only an episode that goes called another one so."""
        everywhere = SpaceSet.everything()
        for change in self._tx.changes_by(sorted(self._going), spaces=everywhere):
            names = (change.before or {}).get("names", ()) if change.kind == "entity" else ()
            for stored in (
                self._tx.find_entities(EntityQuery(ids=(change.target_id,)), spaces=everywhere) if names else ()
            ):
                entity = self.entities.get(stored.id, stored)
                own = set(self._given_by_others(stored))
                back = [name for name in names if name in own and not self._is_called(name, entity.space)]
                if back:
                    update = {"aliases": (*entity.aliases, *back), "updated_at": now}
                    self.entities[entity.id] = entity.model_copy(update=update)

    def _is_called(self, name: str, space: str) -> bool:
        """Whether anybody who stays bears this name."""
        key, spaces = normalise_name(name), SpaceSet.of(space)
        for entity in self._tx.find_entities(EntityQuery(keys=(key,)), spaces=spaces):
            left = self.entities.get(entity.id, entity)
            about = self._tx.find_facts(FactQuery(about_ids=(entity.id,), limit=len(self._gone) + 1), spaces=spaces)
            called = key in (left.key, *(normalise_name(alias) for alias in left.aliases))
            if called and any(fact.id not in self._gone for fact in about):
                return True
        return False

    def _given(self) -> list[tuple[Entity, list[str]]]:
        """The names that the episodes which go give to entities that may stay."""
        everywhere = SpaceSet.everything()
        changes = self._tx.changes_by(sorted(self._going), spaces=everywhere)
        ids = tuple(sorted({change.target_id for change in changes if change.kind == "fact"}))
        query = FactQuery(ids=ids, limit=max(1, len(ids)))
        facts = {fact.id: fact for fact in self._tx.find_facts(query, spaces=everywhere)}
        found: dict[str, list[str]] = {}
        for change in changes:
            for id_, names in _named_in(change, facts.get(change.target_id)):
                found.setdefault(id_, []).extend(names)
        wanted = EntityQuery(ids=tuple(found), limit=max(1, len(found)))
        return [(entity, found[entity.id]) for entity in self._tx.find_entities(wanted, spaces=everywhere)]

    def _not_given_by_others(self, entity: Entity, given: Iterable[str]) -> set[str]:
        """Keys of the names that no episode which stays gives to the entity, and of first names made of these."""
        lost = _keys(given, entity.type)
        for name in self._given_by_others(entity):
            lost -= _keys([name], entity.type)
            if not lost:
                break
        return lost

    def _given_by_others(self, entity: Entity) -> Iterator[str]:
        """What the episodes that stay call the entity, page by page, since it may be a hub."""
        spaces = SpaceSet.of(entity.space)
        for change in self._tx.history([entity.id], spaces=spaces):
            if change.episode_id not in self._going:
                yield from (change.after or {}).get("names", ())
        refs = self._tx.select(FactQuery(about_ids=(entity.id,)), spaces=spaces)[::-1].tolist()
        for start in range(0, len(refs), _PAGE):
            facts = {fact.id: fact for fact in self._tx.facts(refs[start : start + _PAGE], spaces=spaces)}
            for change in self._tx.history([id_ for id_ in facts if id_ not in self._gone], spaces=spaces):
                if change.episode_id is None or change.episode_id in self._going:
                    continue
                for id_, names in _named_in(change, facts[change.target_id]):
                    if id_ == entity.id:
                        yield from names

    def _without(self, entity: Entity, lost: set[str], now: datetime) -> Entity | None:
        """The entity without these names; None if no other is known."""
        aliases = [alias for alias in entity.aliases if normalise_name(alias) not in lost]
        if entity.key not in lost:
            return entity.model_copy(update={"aliases": tuple(aliases), "updated_at": now})
        others = dict.fromkeys((*aliases, *self._given_by_others(entity)))
        for name in sorted(others, key=lambda name: (is_relational(name), -len(name.split()))):
            key = normalise_name(name)
            query = EntityQuery(keys=(key,), types=(entity.type,))
            taken = self._tx.find_entities(query, spaces=SpaceSet.of(entity.space))
            if key and key not in lost and not any(one.key == key and one.id != entity.id for one in taken):
                left = tuple(alias for alias in aliases if normalise_name(alias) != key)
                return entity.model_copy(update={"name": name, "key": key, "aliases": left, "updated_at": now})
        return None

    def _reword(self, entity: Entity) -> None:
        """Say anew what events imply about the entity, since that is said by its name."""
        spaces = SpaceSet.of(entity.space)
        for fact in self._tx.find_facts(FactQuery(about_ids=(entity.id,), limit=_UNBOUNDED), spaces=spaces):
            latest = self._weakened.get(fact.id, fact)
            if "implied_by" not in latest.metadata or fact.id in self._gone:
                continue
            text = implied_text(self._tx, latest, self._ontology, self.entities)
            if text != latest.text:
                self.facts[fact.id] = latest.model_copy(update={"text": text})


def names_together(tx: GraphReader, entity: Entity, going: Collection[str]) -> Iterator[tuple[str, set[str]]]:
    """What each statement about an entity calls it, by key, and of which episode; those in ``going`` are left out."""
    spaces = SpaceSet.of(entity.space)
    refs = tx.select(FactQuery(about_ids=(entity.id,)), spaces=spaces).tolist()
    facts: dict[str, Fact] = {}
    for start in range(0, len(refs), _PAGE):
        facts |= {fact.id: fact for fact in tx.facts(refs[start : start + _PAGE], spaces=spaces)}
    for change in tx.history([entity.id, *facts], spaces=spaces):
        if change.episode_id is not None and change.episode_id not in going:
            for id_, names in _named_in(change, facts.get(change.target_id)):
                if id_ == entity.id:
                    yield change.episode_id, {normalise_name(name) for name in names}


def _named_in(change: Change, fact: Fact | None) -> Iterator[tuple[str, list[str]]]:
    """Ids of entities and what a change's episode calls them; ``fact`` is what was changed, if it is one."""
    after = change.after or {}
    if change.kind == "entity" and "names" in after:
        yield change.target_id, after["names"]
    if fact is not None:
        for end, id_ in (("subject", fact.subject_id), ("object", fact.object_id)):
            if end in after:
                yield id_, after[end]


def _keys(names: Iterable[str], kind: str) -> set[str]:
    """The keys of names and, since a person is also called by it, of the first names in them."""
    keys = {normalise_name(name) for name in names}
    if kind == "person":
        keys |= {normalise_name(first) for name in names if (first := first_name(name))}
    return keys - {""}

"""Splitting: an entity turns out to be two; some of its facts are moved to one that is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from factloom.graph.entity_names import distinct_names
from factloom.graph.merge_records import APART, SplitUndo, split_undo, with_undo
from factloom.graph.merging import Act, Merged, merge_entities
from factloom.graph.reconciliation import Reconciler
from factloom.graph.statements import tellings_of
from factloom.graph.unmerging import Parted, part_ends
from factloom.graph.weakening import weakened
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, FactQuery
from factloom.schemas.records import Action, Change, Entity, Fact, Metadata, new_id
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 100_000
_ENDS = ("subject_id", "object_id")


def split_entity(
    tx: WriteTransaction,
    entity: Entity,
    act: Act,
    *,
    name: str,
    fact_ids: Collection[str] = (),
    episode_ids: Collection[str] = (),
    type: str | None = None,
    aliases: Sequence[str] = (),
    ontology: Ontology,
) -> Parted:
    """Make a new entity ``name`` of the facts about ``entity`` that are named, and of what the episodes say of it.

    A fact that other episodes state too is taken apart: each entity has the one that its own episodes tell. Names that
    only what is moved gave to the entity go with it.

    Raises:
        InvalidInputError: the name is taken, a fact is not about the entity, nothing or everything would move.
    """
    return _Split(tx, entity, act, ontology).run(name, set(fact_ids), set(episode_ids), type or entity.type, aliases)


def undo_split(tx: WriteTransaction, change: Change, act: Act, *, reconciler: Reconciler) -> Merged:
    """Undo the split that ``change`` tells of: what was split off goes back, with what was learned of it since.

    Raises:
        InvalidInputError: it was undone already, or one of the two is not there any more.
    """
    undo = split_undo(change)
    ids = (change.target_id, undo.new_id) if undo else ()
    spaces = SpaceSet.of(change.space)
    found = {e.id: e for e in tx.find_entities(EntityQuery(ids=ids), spaces=spaces)} if ids else {}
    if undo is None or len(found) < len(ids):
        raise InvalidInputError(
            f"the split {change.id} was undone already, or one of the two was merged or deleted since"
        )
    entity, other = found[change.target_id], found[undo.new_id]
    tx.record_again([with_undo(change, None)])
    # It is called again as it was: names that the split was given go, unless something said is their source.
    told = {normalise_name(name) for fact in _about(tx, other) for name in _names_told(tx, fact, other.id)}
    names = [*undo.aliases, *(name for name in (other.name, *other.aliases) if normalise_name(name) in told)]
    merged = merge_entities(tx, entity, other, act, reconciler=reconciler, names=names)
    tx.record([act.change("entity", entity.id, entity.space, Action.UNDONE, before={"change": change.id})])
    return merged


def _about(tx: WriteTransaction, entity: Entity) -> list[Fact]:
    query = FactQuery(about_ids=(entity.id,), limit=_UNBOUNDED)
    return tx.find_facts(query, spaces=SpaceSet.of(entity.space))


def _names_told(tx: WriteTransaction, fact: Fact, entity_id: str, by: Collection[str] | None = None) -> Iterator[str]:
    """What the episodes of a fact, or of these only, call one of its ends."""
    for change in tellings_of(tx, fact):
        for end, field in (("subject", "subject_id"), ("object", "object_id")):
            if getattr(fact, field) == entity_id and (by is None or change.episode_id in by):
                yield from (change.after or {}).get(end, ())


class _Split:
    """One split inside one transaction."""

    def __init__(self, tx: WriteTransaction, entity: Entity, act: Act, ontology: Ontology) -> None:
        self._tx = tx
        self._entity = entity
        self._act = act
        self._ontology = ontology
        self._spaces = SpaceSet.of(entity.space)
        self._worded: list[Fact] = []

    def run(self, name: str, fact_ids: set[str], episode_ids: set[str], type_: str, aliases: Sequence[str]) -> Parted:
        """Split; see ``split_entity``."""
        about = {fact.id: fact for fact in _about(self._tx, self._entity)}
        strangers = sorted(fact_ids - about.keys())
        if strangers:
            raise InvalidInputError(f"not about {self._entity.name!r}: {', '.join(strangers)}; give facts about it")
        going = {id_: f for id_, f in about.items() if id_ in fact_ids or not episode_ids.isdisjoint(f.episode_ids)}
        whole = [f for f in going.values() if f.id in fact_ids or set(f.episode_ids) <= episode_ids]
        if not going:
            raise InvalidInputError(f"no fact about {self._entity.name!r} is named, nor stated by these episodes")
        if len(whole) == len(about):
            raise InvalidInputError(f"these are all the facts about {self._entity.name!r}; leave some with it")
        parts = {f.id for f in going.values() if f not in whole}
        told = self._names(going.values(), dict.fromkeys(parts, episode_ids))
        staying = [f for f in about.values() if f not in whole]
        stay = self._names(staying, {id_: set(about[id_].episode_ids) - episode_ids for id_ in parts})
        key = normalise_name(name)
        self._check_name(name, key, type_)
        lost = [a for a in self._entity.aliases if (k := normalise_name(a)) in told and k not in stay]
        kept = self._without([*lost, *(a for a in self._entity.aliases if normalise_name(a) == key), *aliases])
        new = self._new(name, key, type_, [*aliases, *told.values(), *lost])
        moved = [self._move(f, new) if f in whole else self._divide(f, new, episode_ids) for f in going.values()]
        part_ends(self._tx, moved, self._act, ontology=self._ontology)
        moved_aliases = tuple(alias for alias in self._entity.aliases if alias not in kept.aliases)
        change = self._record(new, moved, moved_aliases)
        return Parted(change, kept, new, tuple(f.id for f in moved), tuple(self._worded), (new,))

    def _names(self, facts: Iterable[Fact], by: Mapping[str, Collection[str]]) -> dict[str, str]:
        """What the episodes of these facts call the entity, by key; ``by``: the only ones that count, by fact."""
        named = (n for f in facts for n in _names_told(self._tx, f, self._entity.id, by.get(f.id)))
        return {normalise_name(name): name for name in named}

    def _check_name(self, name: str, key: str, type_: str) -> None:
        bearers = self._tx.find_entities(EntityQuery(keys=(key,), types=(type_,)), spaces=self._spaces)
        taken = next((e for e in bearers if e.key == key), None)
        if taken is not None:
            raise InvalidInputError(
                f"{name!r} ({type_}) is the name of {taken.id}; give the new one a name that tells them apart, such as "
                f"'{name} (Ana's colleague)', or merge the two"
            )

    def _without(self, names: Sequence[str]) -> Entity:
        """The entity without these aliases."""
        lost = {normalise_name(name) for name in names}
        left = tuple(alias for alias in self._entity.aliases if normalise_name(alias) not in lost)
        if left == self._entity.aliases:
            return self._entity
        update = {"aliases": left, "updated_at": self._act.at}
        (stored,) = self._tx.put_entities([self._entity.model_copy(update=update)])
        return stored

    def _new(self, name: str, key: str, type_: str, names: Sequence[str]) -> Entity:
        at = self._act.at
        new = Entity(
            id=new_id(),
            space=self._entity.space,
            name=name,
            key=key,
            type=type_,
            aliases=distinct_names(names, key),
            created_at=at,
            updated_at=at,
        )
        (stored,) = self._tx.put_entities([new])
        return stored

    def _swapped(self, fact: Fact, new: Entity) -> dict[str, Any]:
        return {end: new.id for end in _ENDS if getattr(fact, end) == self._entity.id}

    def _move(self, fact: Fact, new: Entity) -> Fact:
        swapped = self._swapped(fact, new)
        (moved,) = self._tx.put_facts([fact.model_copy(update=swapped)])
        told = {"before": dict.fromkeys(swapped, self._entity.id), "after": swapped}
        self._tx.record([self._act.change("fact", fact.id, fact.space, Action.SPLIT, **told)])
        return moved

    def _divide(self, fact: Fact, new: Entity, episode_ids: set[str]) -> Fact:
        """Take a fact apart: what these episodes tell is said of the new entity."""
        going = tuple(id_ for id_ in fact.episode_ids if id_ in episode_ids)
        left = tuple(id_ for id_ in fact.episode_ids if id_ not in episode_ids)
        tellings = tellings_of(self._tx, fact)
        update = {"id": new_id(), "ref": 0, **self._swapped(fact, new)}
        part = weakened(self._tx, fact, going, tellings, ontology=self._ontology).model_copy(update=update)
        rest = weakened(self._tx, fact, left, tellings, ontology=self._ontology)
        (part, _) = self._tx.put_facts([part, rest])
        theirs = [change for change in tellings if change.episode_id in episode_ids]
        self._tx.record_again([change.model_copy(update={"target_id": part.id}) for change in theirs])
        self._worded += [part, rest] if rest.text != fact.text else [part]
        before: Metadata = {"support": fact.support}
        told = {"before": {**before, **dict.fromkeys(self._swapped(fact, new), self._entity.id)}}
        after = {"support": rest.support}
        self._tx.record(
            [
                self._act.change("fact", part.id, part.space, Action.SPLIT, **told, after=self._swapped(fact, new)),
                self._act.change("fact", fact.id, fact.space, Action.SPLIT, before=before, after=after),
            ]
        )
        return part

    def _record(self, new: Entity, moved: Sequence[Fact], aliases: tuple[str, ...]) -> Change:
        entity = self._entity
        after = {APART: new.id, "moved_facts": [fact.id for fact in moved]}
        plain = self._act.change("entity", entity.id, entity.space, Action.SPLIT, after=after)
        change = with_undo(plain, SplitUndo(new_id=new.id, aliases=aliases))
        made = self._act.change(
            "entity", new.id, entity.space, Action.SPLIT, before={"id": entity.id}, after={APART: entity.id}
        )
        self._tx.record([change, made])
        return change

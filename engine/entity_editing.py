"""Entities by hand: two that are one are merged, one that is two is split, and either is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

import numpy as np

from factloom.engine.text_vectors import vectors_of, write_with_vectors
from factloom.graph.merge_records import split_undo
from factloom.graph.merging import Act, Merged, merge_entities
from factloom.graph.reconciliation import Reconciler
from factloom.graph.splitting import split_entity, undo_split
from factloom.graph.unmerging import Parted, undo_merge
from factloom.retrieval.analysis import analyse
from factloom.schemas.errors import InvalidInputError, NotFoundError
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import Embedder, GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Action, Change, Entity, Fact
from factloom.schemas.results import EntityChange
from factloom.schemas.spaces import SpaceSet

T = TypeVar("T")


class SplitRequest(NamedTuple):
    """What to split off: its name, the facts and what the episodes say; ``type`` None: that of the entity."""

    name: str
    fact_ids: tuple[str, ...]
    episode_ids: tuple[str, ...]
    type: str | None
    aliases: tuple[str, ...]


class EntityEditor:
    """Merges and splits entities, each in one transaction, and undoes that."""

    def __init__(
        self, store: GraphStore, embedder: Embedder, *, ontology: Ontology, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._ontology = ontology
        self._clock = clock

    def merge(self, keep: Entity, gone: Entity, *, type: str | None, actor: str, reason: str) -> EntityChange:
        """Make two entities one, which keeps the id and the name of ``keep``.

        Raises:
            InvalidInputError: they are one already, of two spaces, or of types that conflict.
        """
        if keep.id == gone.id:
            raise InvalidInputError(f"both are the same entity, {keep.name!r} ({keep.id})")
        if keep.space != gone.space:
            raise InvalidInputError(
                f"{keep.name!r} is in {keep.space}, {gone.name!r} in {gone.space}; one entity is in one space"
            )
        if type is None and not self._ontology.types_agree(keep.type, gone.type):
            raise InvalidInputError(
                f"{keep.name!r} is of the type {keep.type}, {gone.name!r} of the type {gone.type}; say with type= what "
                "they are if they are one all the same"
            )
        act = Act(actor, self._clock(), reason)

        def work(tx: WriteTransaction) -> EntityChange:
            stays, goes = _current(tx, (keep, gone))
            kind = type or self._ontology.narrower(stays.type, goes.type)
            _check_free(tx, stays, kind, but=goes)
            reconciler = self._reconciler(tx, stays.space, act)
            done = merge_entities(tx, stays, goes, act, reconciler=reconciler, type=kind)
            return merged_change(done, goes.id)

        return self._write(work)

    def split(self, entity: Entity, wanted: SplitRequest, *, actor: str, reason: str) -> EntityChange:
        """Make a new entity of some facts about ``entity``; see ``graph.splitting``.

        Raises:
            InvalidInputError: the name is taken, a fact is not about the entity, nothing or everything would move.
            NotFoundError: an episode is not in the entity's space.
        """
        act = Act(actor, self._clock(), reason)

        def work(tx: WriteTransaction) -> EntityChange:
            (current,) = _current(tx, (entity,))
            found = tx.locate(wanted.episode_ids, spaces=SpaceSet.of(entity.space)) if wanted.episode_ids else {}
            missing = [id_ for id_ in wanted.episode_ids if id_ not in found or found[id_].kind != "episode"]
            if missing:
                raise NotFoundError(f"there is no episode {', '.join(missing)} in {entity.space}")
            done = split_entity(tx, current, act, ontology=self._ontology, **wanted._asdict())
            self._index(tx, done.worded, done.renamed)
            return _parted_change(done, Action.SPLIT)

        return self._write(work)

    def undo(self, change_id: str, *, spaces: SpaceSet, actor: str, reason: str) -> EntityChange:
        """Undo a merge or a split.

        Raises:
            NotFoundError: there is no such change.
            InvalidInputError: it is no merge and no split, was undone already, or cannot be undone any more.
        """
        act = Act(actor, self._clock(), reason)

        def work(tx: WriteTransaction) -> EntityChange:
            found = tx.changes([change_id], spaces=spaces)
            if not found:
                raise NotFoundError(f"there is no change {change_id} in the spaces that may be read")
            change = found[0]
            split = split_undo(change)
            if split is not None:
                reconciler = self._reconciler(tx, change.space, act)
                done = undo_split(tx, change, act, reconciler=reconciler)
                return merged_change(done, split.new_id, action=Action.UNDONE)
            if change.action is not Action.MERGED or change.kind != "entity":
                raise InvalidInputError(_cannot_undo(change))
            parted = undo_merge(tx, change, act, ontology=self._ontology)
            self._index(tx, parted.worded, parted.renamed)
            return _parted_change(parted, Action.UNDONE)

        return self._write(work)

    # --- writing -------------------------------------------------------------------------------------------------

    def _write(self, work: Callable[[WriteTransaction], T]) -> T:
        self._vectors: dict[str, np.ndarray] = {}
        return write_with_vectors(self._store, self._embedder, self._vectors, work)

    def _reconciler(self, tx: WriteTransaction, space: str, act: Act) -> Reconciler:
        return Reconciler(tx, space, ontology=self._ontology, now=act.at, actor=act.actor)

    def _index(self, tx: WriteTransaction, facts: Sequence[Fact], entities: Sequence[Entity]) -> None:
        """Let records be found by their text."""
        texts = [("fact", fact.id, fact.text) for fact in facts]
        texts += [("entity", entity.id, entity.name) for entity in entities]
        if texts:
            vectors = vectors_of([text for _, _, text in texts], self._vectors)
            entries = [IndexEntry(k, i, analyse(t), v[None, :]) for (k, i, t), v in zip(texts, vectors, strict=True)]
            tx.put_index(entries, embedder=self._embedder.name)


def merged_change(done: Merged, other_id: str, *, action: Action = Action.MERGED) -> EntityChange:
    """What a merge did, as it is told to who caused it."""
    change = done.change
    return EntityChange(
        action=action,
        change_id=change.id,
        entity=done.entity,
        other_id=other_id,
        fact_ids=done.fact_ids,
        reason=change.reason,
        episode_id=change.episode_id,
    )


def _parted_change(done: Parted, action: Action) -> EntityChange:
    return EntityChange(
        action=action,
        change_id=done.change.id,
        entity=done.entity,
        other_id=done.other.id,
        other=done.other,
        fact_ids=done.fact_ids,
        reason=done.change.reason,
    )


def _current(tx: WriteTransaction, entities: Iterable[Entity]) -> list[Entity]:
    """The entities as they are stored now.

    Raises:
        InvalidInputError: one was merged or deleted in the meantime.
    """
    found = []
    for entity in entities:
        stored = tx.find_entities(EntityQuery(ids=(entity.id,)), spaces=SpaceSet.of(entity.space))
        if not stored:
            raise InvalidInputError(f"the entity {entity.id} was merged or deleted in the meantime; look again")
        found += stored
    return found


def _check_free(tx: WriteTransaction, entity: Entity, type_: str, *, but: Entity) -> None:
    """Check that the entity may be of this type: no other one of the type bears its name."""
    query = EntityQuery(keys=(entity.key,), types=(type_,))
    bearers = tx.find_entities(query, spaces=SpaceSet.of(entity.space))
    taken = [e.id for e in bearers if e.key == entity.key and e.id not in (entity.id, but.id)]
    if taken:
        raise InvalidInputError(
            f"there is another {entity.name!r} of the type {type_}, {taken[0]}; merge that one first"
        )


def _cannot_undo(change: Change) -> str:
    if change.action is Action.SPLIT:
        return f"the split {change.id} was undone already; only the change of the entity that was split can be undone"
    return (
        f"the change {change.id} ({change.action.value} {change.kind}) is neither a merge nor a split of entities; "
        "update writes a new version of a fact, delete takes it away"
    )

"""What a merge and a split keep on record, so that they can be explained and undone.

It stands in ``before["undo"]`` of the ``Change`` of what was done. A merge tells there what the two entities were
called and what became of facts that said the same. Names and sentences are text that may have to be forgotten:
``forgotten_from`` takes out what forgotten episodes told, and ``docs/decisions/012`` says what is left then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pydantic import Field

from factloom.graph.weakening import implied_text, names_together, weakened
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import GraphReader, WriteTransaction
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Action, Change, Entity, Fact, Metadata, Record
from factloom.schemas.spaces import SpaceSet

UNDO = "undo"
"""Key in ``Change.before`` of what undoing needs; it goes when that is done, or cannot be done any more."""

APART = "apart"
"""Key in ``Change.after``, of both entities: the id of one that this one was told apart from."""


class EntityState(Record):
    """What a merge or a split may change of an entity."""

    name: str
    key: str
    type: str
    aliases: tuple[str, ...] = ()
    attributes: Metadata = Field(default_factory=dict)

    @classmethod
    def of(cls, entity: Entity) -> EntityState:
        """The state of an entity."""
        return cls(**{name: getattr(entity, name) for name in cls.model_fields})

    def names(self) -> tuple[str, ...]:
        """Name and aliases."""
        return (self.name, *self.aliases)


class JoinedFact(Record):
    """A fact of the entity that went, and the one that said the same and took in its episodes.

    ``own_episodes`` are those that the other one had itself, ``was`` what it was and ``became`` what it became; None
    when some of what they rest on was forgotten. ``history``: ids of its changes.
    ``successor_of``: facts that it had ended.
    """

    fact: Fact
    into: str
    own_episodes: tuple[str, ...] = ()
    was: Metadata | None = None
    became: Metadata | None = None
    history: tuple[str, ...] = ()
    successor_of: tuple[str, ...] = ()


class DroppedFact(Record):
    """A fact that would have led from the entity to itself; ``history`` and ``successor_of`` as in ``JoinedFact``."""

    fact: Fact
    history: tuple[str, ...] = ()
    successor_of: tuple[str, ...] = ()


class EndedFact(Record):
    """A fact that the merge ended, since only one can hold; ``was`` and ``became`` as in ``JoinedFact``.

    ``rest``: the facts that were made for what was said again later.
    """

    id: str
    was: Metadata | None = None
    became: Metadata | None = None
    rest: tuple[str, ...] = ()


class MergeUndo(Record):
    """A merge. ``moved``: by fact, which of its ends led to the entity that went; ``history``: ids of its changes."""

    kept_id: str
    kept: EntityState
    became: EntityState
    gone: Entity
    moved: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    joined: tuple[JoinedFact, ...] = ()
    dropped: tuple[DroppedFact, ...] = ()
    ended: tuple[EndedFact, ...] = ()
    history: tuple[str, ...] = ()


class SplitUndo(Record):
    """A split: the entity that was made, and the aliases that went to it."""

    new_id: str
    aliases: tuple[str, ...] = ()


def merge_undo(change: Change) -> MergeUndo | None:
    """What undoing a merge needs; None if it was undone, or is no merge."""
    undo = (change.before or {}).get(UNDO) if change.action is Action.MERGED else None
    return MergeUndo.model_validate(undo) if undo else None


def split_undo(change: Change) -> SplitUndo | None:
    """What undoing a split needs; None if it was undone, or is no split."""
    undo = (change.before or {}).get(UNDO) if change.action is Action.SPLIT else None
    return SplitUndo.model_validate(undo) if undo else None


def with_undo(change: Change, undo: MergeUndo | SplitUndo | None) -> Change:
    """The change with this to undo it."""
    before = {name: value for name, value in (change.before or {}).items() if name != UNDO}
    if undo is not None:
        before[UNDO] = undo.model_dump(mode="json")
    return change.model_copy(update={"before": before or None})


def told_apart(tx: GraphReader, one: Entity, other: Entity) -> bool:
    """Whether somebody said that two entities are not one, by undoing a merge or by a split."""
    pair = {one.id, other.id}
    history = tx.history(sorted(pair), spaces=SpaceSet.of(one.space))
    return any({row.target_id, (row.after or {}).get(APART)} == pair for row in history)


# --- forgetting ---


def shown_by_another(tx: GraphReader, undo: MergeUndo, going: Collection[str]) -> str | None:
    """Another episode than those that go which calls the entity by names of both that were merged, if one does."""
    one = {normalise_name(name) for name in undo.kept.names()}
    other = {normalise_name(name) for name in EntityState.of(undo.gone).names()}
    for entity in tx.find_entities(EntityQuery(ids=(undo.kept_id,)), spaces=SpaceSet.of(undo.gone.space)):
        for episode_id, names in names_together(tx, entity, going):
            if not names.isdisjoint(one - other) and not names.isdisjoint(other - one):
                return episode_id
    return None


def involved(tx: GraphReader, facts: Iterable[Fact]) -> set[str]:
    """Ids of the entities that facts are about, or were before a merge or a split."""
    ids: set[str] = set()
    by_space: dict[str, list[Fact]] = {}
    for fact in facts:
        ids |= {fact.subject_id, fact.object_id}
        by_space.setdefault(fact.space, []).append(fact)
    for space, those in by_space.items():
        for row in tx.history([fact.id for fact in those], spaces=SpaceSet.of(space)):
            if row.action in (Action.MERGED, Action.SPLIT, Action.UNDONE):
                told: tuple[Metadata, ...] = (row.before or {}, row.after or {})
                ids |= {one[end] for one in told for end in ("subject_id", "object_id") if end in one}
    return ids


def forgotten_from(
    tx: WriteTransaction,
    entity_ids: Iterable[str],
    episode_ids: Collection[str],
    fact_ids: Collection[str],
    lost: Collection[str],
    *,
    ontology: Ontology,
) -> list[Change]:
    """The merges and splits of these entities without what forgotten episodes told; to be recorded again.

    ``fact_ids``: facts that go. ``lost``: keys of names that go.
    """
    changed = []
    for change in tx.history(sorted(set(entity_ids)), spaces=SpaceSet.everything()):
        merge, split = merge_undo(change), split_undo(change)
        if merge is not None:
            changed.append(with_undo(change, _less_merge(tx, merge, episode_ids, fact_ids, lost, ontology)))
        elif split is not None:
            aliases = tuple(alias for alias in split.aliases if normalise_name(alias) not in lost)
            changed.append(with_undo(change, split.model_copy(update={"aliases": aliases})))
    return changed


def _less_merge(
    tx: WriteTransaction,
    undo: MergeUndo,
    episode_ids: Collection[str],
    fact_ids: Collection[str],
    lost: Collection[str],
    ontology: Ontology,
) -> MergeUndo | None:
    """The merge without what goes; None if the entity that went has no name left."""
    gone, kept, became = (_less_names(one, lost) for one in (EntityState.of(undo.gone), undo.kept, undo.became))
    if gone is None:
        return None

    def less(fact: Fact, history: tuple[str, ...]) -> Fact | None:
        left = tuple(id_ for id_ in fact.episode_ids if id_ not in episode_ids)
        if not left and fact.episode_ids:
            return None
        told = [c for c in tx.changes(history, spaces=SpaceSet.of(fact.space)) if c.episode_id is not None]
        weaker = weakened(tx, fact, left, told, ontology=ontology) if left != fact.episode_ids else fact
        if "implied_by" in weaker.metadata:  # it is said in our words, by the names of its ends
            named = undo.gone.model_copy(update=dict(gone))
            weaker = weaker.model_copy(update={"text": implied_text(tx, weaker, ontology, {named.id: named})})
        return weaker

    joined = [
        one.model_copy(update={"fact": fact, "was": None, "became": None})
        for one in undo.joined
        if one.into not in fact_ids and (fact := less(one.fact, one.history)) is not None
    ]
    dropped = [
        one.model_copy(update={"fact": fact})
        for one in undo.dropped
        if (fact := less(one.fact, one.history)) is not None
    ]
    return undo.model_copy(
        update={
            "gone": undo.gone.model_copy(update=dict(gone)),
            # What has no name left is called as it will be called when the merge is undone.
            "kept": kept or became or gone,
            "became": became or kept or gone,
            "moved": {id_: ends for id_, ends in undo.moved.items() if id_ not in fact_ids},
            "joined": tuple(joined),
            "dropped": tuple(dropped),
            "ended": tuple(one.model_copy(update={"was": None, "became": None}) for one in undo.ended),
        }
    )


def _less_names(state: EntityState, lost: Collection[str]) -> EntityState | None:
    left = [name for name in state.names() if normalise_name(name) not in lost]
    if not left:
        return None
    name, *aliases = left
    return state.model_copy(update={"name": name, "key": normalise_name(name), "aliases": tuple(aliases)})

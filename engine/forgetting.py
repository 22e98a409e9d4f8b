"""Forgetting: deletions that leave no text, vector or index row behind, and a receipt of what went.

A fact goes together with the episodes that state nothing else, since their text would still say it. An episode goes
together with the facts that only it supports; others lose its support, and with it all that only that episode told of
them (``graph/weakening.py``). Entities that no fact is about any more go too.
A fact that was closed because of what goes is open again (``graph/reopening.py``); one that was corrected by it stays
corrected. All versions of an edited fact go together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from factloom.engine.editing import EDIT_OF
from factloom.engine.text_vectors import vectors_of, write_with_vectors
from factloom.graph.merge_records import forgotten_from, involved, merge_undo, shown_by_another, with_undo
from factloom.graph.merging import Act
from factloom.graph.reopening import reopened_by_deletion
from factloom.graph.unmerging import undo_merge
from factloom.graph.weakening import Names, ended_later, names_kept, weakened
from factloom.retrieval.analysis import analyse
from factloom.schemas.errors import InvalidInputError, ModelError, NotFoundError, StoreError, VectorIndexError
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import Embedder, GraphStore, IndexEntry, Located, VectorIndex, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Action, Change, Episode, Fact, new_id
from factloom.schemas.results import DeleteReceipt
from factloom.schemas.spaces import Labels, SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

_Embed = Callable[[Sequence[str]], "list[Vectors]"]
_PAGE = 500
_UNBOUNDED = 1_000_000

_log = logging.getLogger(__name__)


@dataclass
class _Plan:
    """What one deletion takes with it."""

    facts: dict[str, Fact] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    entities: set[str] = field(default_factory=set)
    before: dict[str, Fact] = field(default_factory=dict)
    weakened: dict[str, Fact] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)


class Forgetting:
    """Deletes records of any kind with all that hangs on them alone."""

    def __init__(
        self,
        store: GraphStore,
        index: VectorIndex,
        embedder: Embedder,
        *,
        ontology: Ontology,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._index = index
        self._embedder = embedder
        self._ontology = ontology
        self._clock = clock
        self._put_off = False

    def delete(self, ids: Iterable[str], *, spaces: SpaceSet, actor: str, vacuum: bool = True) -> DeleteReceipt:
        """Delete facts, episodes or entities by id, in one transaction.

        Without ``vacuum`` the store's files are not rewritten yet, which costs as much as they are large; the receipt
        then says that there is residue.

        Raises:
            NotFoundError: an id is unknown in ``spaces``; nothing was deleted.
        """
        wanted = list(dict.fromkeys(ids))
        found = self._store.locate(wanted, spaces=spaces)
        missing = [id_ for id_ in wanted if id_ not in found]
        if missing:
            raise NotFoundError(f"there is no record {', '.join(missing)} in the spaces that may be read")
        plan = self._write(lambda tx, embed: self._delete_in(tx, wanted, actor, embed))
        touched = SpaceSet({place.space for place in found.values()})
        return _receipt(plan, residue=not self._clean(touched, vacuum=vacuum))

    def delete_all(self, *, spaces: SpaceSet, labels: Labels, actor: str, vacuum: bool = True) -> DeleteReceipt:
        """Delete everything in the spaces, or, with labels, every episode that bears them and what only those say.

        A fact that episodes with other labels state too is kept. Without labels, entities and the last rows about the
        spaces go as well.
        """

        def work(tx: WriteTransaction, embed: _Embed) -> _Plan:
            plan = _Plan()
            episodes = tx.find_episodes(EpisodeQuery(labels=labels, limit=_UNBOUNDED), spaces=spaces)
            facts = tx.find_facts(FactQuery(labels=labels, limit=_UNBOUNDED), spaces=spaces)
            if labels.given():
                facts = [fact for fact in facts if not fact.episode_ids]  # of the others, their episodes decide
                return self._delete_in(tx, [*(e.id for e in episodes), *(f.id for f in facts)], actor, embed)
            entities = tx.find_entities(EntityQuery(limit=_UNBOUNDED), spaces=spaces)
            plan.facts = {fact.id: fact for fact in facts}
            plan.episodes = {episode.id: episode for episode in episodes}
            plan.entities = {entity.id for entity in entities}
            ids = [*plan.facts, *plan.episodes, *plan.entities]
            for start in range(0, len(ids), _PAGE):
                tx.delete(ids[start : start + _PAGE])
            return plan

        plan = self._write(work)
        return _receipt(plan, residue=not self._clean(spaces, vacuum=vacuum))

    def vacuum(self, *, spaces: SpaceSet) -> None:
        """Take deleted text out of the store's files, and deleted vectors out of the index and its snapshots.

        Raises:
            StoreUnavailableError: another process still reads a state from before the deletion.
            VectorIndexError: a snapshot of the index could not be deleted.
        """
        try:
            self._index.forget(spaces)
        finally:
            self._store.vacuum()
        self._put_off = False

    def finish(self) -> None:
        """Do what deletions without ``vacuum`` left to be done, if it can be done now; before closing."""
        if self._put_off:
            self._clean(SpaceSet.of(), vacuum=True)

    def _clean(self, spaces: SpaceSet, *, vacuum: bool) -> bool:
        """Whether nothing is left in any file. The deletion is committed, so what fails here is only put off."""
        self._put_off = self._put_off or not vacuum
        try:
            if vacuum:
                self.vacuum(spaces=spaces)
            else:
                self._index.forget(spaces)
        except (StoreError, VectorIndexError) as error:
            _log.warning("some bytes of what was deleted are still in files (%s): call vacuum()", type(error).__name__)
            return False
        return vacuum

    # --- inside the transaction ----------------------------------------------------------------------------------

    def _delete_in(self, tx: WriteTransaction, ids: list[str], actor: str, embed: _Embed) -> _Plan:
        plan = self._plan(tx, ids)
        restored: set[tuple[str, str]] = set()
        while self._take_merge_back(tx, plan, actor, embed, restored):
            plan = self._plan(tx, ids)
        self._apply(tx, plan, actor, embed, restored)
        return plan

    def _take_merge_back(
        self, tx: WriteTransaction, plan: _Plan, actor: str, embed: _Embed, restored: set[tuple[str, str]]
    ) -> bool:
        """Undo the last merge that only an episode which goes shows to be right, if there is one."""
        changes = tx.changes_by(sorted(plan.episodes), spaces=SpaceSet.everything()) if plan.episodes else []
        act = Act(actor, self._clock(), "the message that showed it was deleted")
        for change in reversed(changes):
            undo = merge_undo(change)
            if undo is None or undo.kept_id != change.target_id:
                continue
            other = shown_by_another(tx, undo, plan.episodes)
            if other is not None:
                tx.record_again([change.model_copy(update={"episode_id": other})])
                continue
            try:
                parted = undo_merge(tx, change, act, ontology=self._ontology, two_for_good=False)
            except InvalidInputError:  # another one bears the name by now: they stay one
                tx.record_again([with_undo(change, None)])
                continue
            restored.add((change.space, parted.other.id))
            texts = [("fact", fact.id, fact.text) for fact in parted.worded]
            self._index_anew(tx, [*texts, *(("entity", e.id, e.name) for e in parted.renamed)], embed)
            return True
        return False

    def _plan(self, tx: WriteTransaction, ids: list[str]) -> _Plan:
        """What deleting these records takes with it."""
        plan = _Plan()
        located = tx.locate(ids, spaces=SpaceSet.everything())
        by_kind: dict[str, list[Located]] = {"fact": [], "episode": [], "entity": []}
        for place in located.values():
            by_kind[place.kind].append(place)
        everything = SpaceSet.everything()
        for episode in tx.episodes([place.ref for place in by_kind["episode"]], spaces=everything):
            plan.episodes[episode.id] = episode
        for fact in tx.facts([place.ref for place in by_kind["fact"]], spaces=everything):
            plan.facts[fact.id] = fact
        for entity in tx.entities([place.ref for place in by_kind["entity"]], spaces=everything):
            plan.entities.add(entity.id)
            about = FactQuery(about_ids=(entity.id,), limit=_UNBOUNDED)
            plan.facts |= {f.id: f for f in tx.find_facts(about, spaces=SpaceSet.of(entity.space))}
        self._take_versions(tx, plan)
        self._take_sources(tx, plan)
        self._take_unsupported(tx, plan)
        while self._take_edits(tx, plan):
            self._take_unsupported(tx, plan)
        return plan

    def _take_versions(self, tx: WriteTransaction, plan: _Plan) -> None:
        """The other versions of facts that were edited: an edit does not make two memories of one."""
        waiting = list(plan.facts.values())
        while waiting:
            fact = waiting.pop()
            spaces = SpaceSet.of(fact.space)
            linked = {fact.superseded_by} if fact.expired_at is not None and fact.superseded_by else set()
            made_by = EpisodeQuery(ids=fact.episode_ids, limit=max(1, len(fact.episode_ids)))
            linked |= {str(episode.metadata.get(EDIT_OF, "")) for episode in tx.find_episodes(made_by, spaces=spaces)}
            query = FactQuery(ids=tuple(sorted(id_ for id_ in linked if id_)))
            for other in tx.find_facts(query, spaces=spaces) if query.ids else ():
                if other.id not in plan.facts and _is_edit(tx, fact, other):
                    plan.facts[other.id] = other
                    waiting.append(other)

    def _take_sources(self, tx: WriteTransaction, plan: _Plan) -> None:
        """Episodes that state only what goes."""
        for fact in list(plan.facts.values()):
            stating = tuple(id_ for id_ in fact.episode_ids if id_ not in plan.episodes)
            if not stating:
                continue
            spaces = SpaceSet.of(fact.space)
            others = tx.find_facts(FactQuery(episode_ids=stating, limit=_UNBOUNDED), spaces=spaces)
            needed = {id_ for other in others if other.id not in plan.facts for id_ in other.episode_ids}
            for episode in tx.find_episodes(EpisodeQuery(ids=stating, limit=len(stating)), spaces=spaces):
                if episode.id in needed:
                    plan.kept.add(episode.id)
                else:
                    plan.episodes[episode.id] = episode

    def _take_edits(self, tx: WriteTransaction, plan: _Plan) -> bool:
        """Edits of facts that go, which only say them in other words; whether there were any."""
        found = False
        for fact in plan.facts.values():
            query = FactQuery(ids=(fact.superseded_by,) if fact.expired_at and fact.superseded_by else ())
            for newer in tx.find_facts(query, spaces=SpaceSet.of(fact.space)) if query.ids else ():
                made_by = EpisodeQuery(ids=newer.episode_ids, metadata={EDIT_OF: fact.id})
                for episode in tx.find_episodes(made_by, spaces=SpaceSet.of(fact.space)) if newer.episode_ids else ():
                    found = found or episode.id not in plan.episodes
                    plan.episodes[episode.id] = episode
        return found

    def _take_unsupported(self, tx: WriteTransaction, plan: _Plan) -> None:
        """Facts that only the episodes that go support; others lose support."""
        ids = list(plan.episodes)
        for start in range(0, len(ids), _PAGE):
            query = FactQuery(episode_ids=tuple(ids[start : start + _PAGE]), limit=_UNBOUNDED)
            for fact in tx.find_facts(query, spaces=SpaceSet.everything()):
                left = tuple(id_ for id_ in fact.episode_ids if id_ not in plan.episodes)
                if fact.id in plan.facts:
                    continue
                if left:
                    plan.weakened[fact.id] = weakened(tx, fact, left, ontology=self._ontology)
                    plan.before[fact.id] = fact
                else:
                    plan.facts[fact.id] = fact
                    plan.weakened.pop(fact.id, None)
                    plan.before.pop(fact.id, None)

    def _apply(
        self, tx: WriteTransaction, plan: _Plan, actor: str, embed: _Embed, restored: set[tuple[str, str]]
    ) -> None:
        """Delete what the plan takes, and bring what stays up to date; ``restored`` were merged, by space and id."""
        names = Names(tx, plan.episodes, plan.facts, plan.weakened, ontology=self._ontology)
        names.forget(self._clock())
        reworded = {
            id_: plan.weakened.get(id_, fact).model_copy(update={"text": fact.text})
            for id_, fact in names.facts.items()
        }
        changing = {id_: (before, plan.weakened[id_]) for id_, before in plan.before.items()}
        kept = plan.weakened | reworded
        moved = {
            fact.id: kept.get(fact.id, fact).model_copy(update={"invalid_at": fact.invalid_at})
            for fact in ended_later(tx, changing)
            if fact.id not in plan.facts
        }
        reopened = reopened_by_deletion(tx, plan.facts, plan.episodes, kept | moved, ontology=self._ontology)
        entities = [entity for id_, entity in names.entities.items() if id_ not in plan.entities]
        tx.record_again(self._less_merges(tx, plan, names))
        tx.put_facts(list((kept | moved | reopened).values()))
        tx.put_entities(entities)
        tx.record(names_kept(tx, plan.facts, plan.episodes, actor, self._clock()))
        ends = {(fact.space, id_) for fact in plan.facts.values() for id_ in (fact.subject_id, fact.object_id)}
        ends |= restored
        tx.delete([*plan.facts, *plan.episodes, *plan.entities])
        for space, id_ in sorted(ends):
            left = tx.select(FactQuery(about_ids=(id_,)), spaces=SpaceSet.of(space))  # refs: it may be a hub
            if not len(left) and id_ not in plan.entities:
                plan.entities.add(id_)
                tx.delete([id_])
        texts = [("fact", id_, fact.text) for id_, fact in plan.weakened.items() if fact.text != plan.before[id_].text]
        texts += [("fact", id_, fact.text) for id_, fact in reworded.items()]
        texts += [("entity", entity.id, entity.name) for entity in entities if entity.id not in plan.entities]
        self._index_anew(tx, list(dict.fromkeys(texts)), embed)
        changed = [(fact, "one of its episodes was deleted") for fact in plan.weakened.values()]
        changed += [(fact, "what a deleted episode called one of its ends was taken out") for fact in reworded.values()]
        changed += [(fact, "what had ended it was deleted") for fact in (moved | reopened).values()]
        tx.record([_updated(fact, reason, actor, self._clock()) for fact, reason in changed])

    def _less_merges(self, tx: WriteTransaction, plan: _Plan, names: Names) -> list[Change]:
        """Merges and splits of the entities that are touched, without what goes: undone, they bring none of it back."""
        touched = [*plan.facts.values(), *plan.before.values(), *names.facts.values()]
        ids = involved(tx, touched) | set(names.entities) | plan.entities
        if plan.episodes:
            named = tx.changes_by(sorted(plan.episodes), spaces=SpaceSet.everything())
            ids |= {change.target_id for change in named if change.kind == "entity"}
        return forgotten_from(tx, ids, plan.episodes, plan.facts, names.lost, ontology=self._ontology)

    def _index_anew(self, tx: WriteTransaction, texts: Sequence[tuple[str, str, str]], embed: _Embed) -> None:
        """Terms and vectors of records whose text is another one now."""
        if texts:
            vectors = embed([text for _, _, text in texts])
            entries = [IndexEntry(k, i, analyse(t), v) for (k, i, t), v in zip(texts, vectors, strict=True)]
            tx.put_index(entries, embedder=self._embedder.name)

    def _write(self, work: Callable[[WriteTransaction, _Embed], _Plan]) -> _Plan:
        """Run ``work`` in one transaction. What is left of a text is embedded; deleting does not wait for a model."""
        known: dict[str, np.ndarray] = {}

        def made(texts: Sequence[str]) -> list[Vectors]:
            return [vector[None, :] for vector in vectors_of(texts, known)]

        def none(texts: Sequence[str]) -> list[Vectors]:
            return [np.empty((0, 0), np.float32) for _ in texts]

        try:
            return write_with_vectors(self._store, self._embedder, known, lambda tx: work(tx, made))
        except ModelError as error:
            _log.warning("what is left of some texts has no vector (%s): reembed", type(error).__name__)
            return self._store.write(lambda tx: work(tx, none))


def _is_edit(tx: WriteTransaction, one: Fact, other: Fact) -> bool:
    """Whether one of two facts was made by editing the other."""
    for old, new in ((one, other), (other, one)):
        query = EpisodeQuery(ids=new.episode_ids, metadata={EDIT_OF: old.id}, limit=1)
        if new.episode_ids and tx.find_episodes(query, spaces=SpaceSet.of(new.space)):
            return True
    return False


def _updated(fact: Fact, reason: str, actor: str, now: datetime) -> Change:
    return Change(
        id=new_id(),
        space=fact.space,
        kind="fact",
        target_id=fact.id,
        action=Action.UPDATED,
        actor=actor,
        at=now,
        reason=reason,
        after={"support": fact.support, "invalid_at": fact.invalid_at.isoformat() if fact.invalid_at else None},
    )


def _receipt(plan: _Plan, *, residue: bool) -> DeleteReceipt:
    return DeleteReceipt(
        fact_ids=tuple(sorted(plan.facts)),
        episode_ids=tuple(sorted(plan.episodes)),
        entity_ids=tuple(sorted(plan.entities)),
        kept_episode_ids=tuple(sorted(plan.kept - set(plan.episodes))),
        weakened_fact_ids=tuple(sorted(plan.weakened)),
        residue=residue,
    )

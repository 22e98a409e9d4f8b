"""Undoing a merge: the entity that went is there again, with the facts, names and history that were its own.

What was learned since stays where it is: facts that are new with the entity that stayed, support with the fact that it
was given to. Where everything is still as the merge left it, it is put back exactly; where episodes were forgotten or
facts changed since, it is made anew of what history tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from factloom.graph.merge_records import (
    APART,
    DroppedFact,
    EndedFact,
    EntityState,
    JoinedFact,
    MergeUndo,
    merge_undo,
    with_undo,
)
from factloom.graph.merging import Act
from factloom.graph.reopening import fact_without, same_subject
from factloom.graph.weakening import weakened
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Action, Change, Entity, Fact
from factloom.schemas.spaces import SpaceSet

_UNBOUNDED = 100_000


class Parted(NamedTuple):
    """Two entities that are two (again), the facts of the other one, and those whose text is to be indexed."""

    change: Change
    entity: Entity
    other: Entity
    fact_ids: tuple[str, ...]
    worded: tuple[Fact, ...] = ()
    renamed: tuple[Entity, ...] = ()


def undo_merge(
    tx: WriteTransaction, change: Change, act: Act, *, ontology: Ontology, two_for_good: bool = True
) -> Parted:
    """Undo the merge that ``change`` tells of.

    ``two_for_good``: they are said to be two, so that no message makes them one again.

    Raises:
        InvalidInputError: it was undone already, another merge has to be undone first, its name was taken since, or
            nothing is left of the entity that went.
    """
    undo = merge_undo(change)
    if undo is None:
        raise InvalidInputError(
            f"the merge {change.id} was undone already, or cannot be undone any more since what it joined was deleted; "
            "split_entity takes facts apart"
        )
    if undo.kept_id != change.target_id:
        later = _later_merge(tx, change, undo.kept_id)
        raise InvalidInputError(
            f"the entity of this merge was itself merged into another one; undo that first: {later}"
        )
    done = _Undoing(tx, change, undo, act, ontology).run(two_for_good=two_for_good)
    if two_for_good and not done.fact_ids and (change.after or {}).get("moved_facts"):
        raise InvalidInputError(f"nothing is left of what was said of {done.other.name!r}, so it cannot be there again")
    return done


def part_ends(
    tx: WriteTransaction, facts: Iterable[Fact], act: Act, *, ontology: Ontology, known: Collection[str] = ()
) -> None:
    """Let facts go on that were ended only by facts of an entity that is another one now; each is recorded.

    ``known``: facts whose ends are as they should be.
    """
    facts = list(facts)
    if not facts:
        return
    spaces = SpaceSet({fact.space for fact in facts})
    ids = {fact.id for fact in facts}
    by_these = tx.find_facts(FactQuery(superseded_by=tuple(sorted(ids)), limit=_UNBOUNDED), spaces=spaces)
    heirs = tuple(sorted({fact.superseded_by for fact in facts if fact.superseded_by}))
    wanted = tuple(sorted({*heirs, *ids}))
    by_id = {f.id: f for f in tx.find_facts(FactQuery(ids=wanted, limit=len(wanted)), spaces=spaces)}
    for fact in {f.id: f for f in (*by_id.values(), *by_these)}.values():
        heir = by_id.get(fact.superseded_by or "")
        if heir is None or fact.expired_at is not None or fact.id in known or same_subject(fact, heir, ontology):
            continue
        open_ = fact_without(tx, fact, {}, ontology=ontology)
        if open_ != fact:
            tx.put_facts([open_])
            tx.record([_ended_anew(act, fact, open_)])


def _ended_anew(act: Act, fact: Fact, now: Fact) -> Change:
    reason = "what had ended it is about another entity"
    before, after = ({"invalid_at": one.invalid_at.isoformat() if one.invalid_at else None} for one in (fact, now))
    told = act._replace(reason=f"{reason}: {act.reason}" if act.reason else reason)
    return told.change("fact", fact.id, fact.space, Action.UNDONE, before=before, after=after)


def _later_merge(tx: WriteTransaction, change: Change, kept_id: str) -> str:
    rows = tx.history([change.target_id], spaces=SpaceSet.of(change.space))
    return next((row.id for row in rows if (row.before or {}).get("id") == kept_id), "see the history")


class _Undoing:
    """One merge that is being undone."""

    def __init__(self, tx: WriteTransaction, change: Change, undo: MergeUndo, act: Act, ontology: Ontology) -> None:
        self._tx = tx
        self._change = change
        self._undo = undo
        self._act = act
        self._ontology = ontology
        self._spaces = SpaceSet.of(change.space)
        self._worded: list[Fact] = []
        self._exact: set[str] = set()

    def run(self, *, two_for_good: bool) -> Parted:
        """Put everything back; see the module."""
        (now,) = self._tx.find_entities(EntityQuery(ids=(self._undo.kept_id,)), spaces=self._spaces)
        kept = self._kept(now)
        self._check_name(kept)
        if kept != now:
            (kept,) = self._tx.put_entities([kept])
        (gone,) = self._tx.put_entities([self._undo.gone.model_copy(update={"updated_at": self._act.at, "ref": 0})])
        self._hand_back(self._undo.history, gone.id, "entity")
        for ended in self._undo.ended:
            self._reopen(ended)
        facts = self._move_back(kept, gone)
        facts += [fact for one in self._undo.joined if (fact := self._part(one, kept, gone)) is not None]
        facts += [self._restore(one) for one in self._undo.dropped]
        ids = tuple(fact.id for fact in facts)
        latest = self._tx.find_facts(FactQuery(ids=ids, limit=max(1, len(ids))), spaces=self._spaces) if ids else []
        part_ends(self._tx, latest, self._act, ontology=self._ontology, known=self._exact)
        of, link = {"change": self._change.id}, APART if two_for_good else "other"
        done = self._act.change("entity", kept.id, kept.space, Action.UNDONE, before=of, after={link: gone.id})
        other = self._act.change("entity", gone.id, kept.space, Action.UNDONE, before=of, after={link: kept.id})
        self._tx.record_again([with_undo(self._change, None)])
        self._tx.record([done, other])
        renamed = (gone, kept) if kept.name != now.name else (gone,)
        return Parted(done, kept, gone, ids, tuple(self._worded), renamed)

    def _kept(self, now: Entity) -> Entity:
        """The entity that stayed, without what the merge gave it; what it was given since it keeps."""
        undo = self._undo
        own = set(undo.kept.names())
        given = {name for name in EntityState.of(undo.gone).names() if name not in own}
        update: dict[str, object] = {"aliases": tuple(alias for alias in now.aliases if alias not in given)}
        if (now.name, now.key) == (undo.became.name, undo.became.key):
            update |= {"name": undo.kept.name, "key": undo.kept.key}
        for field in ("type", "attributes"):
            if getattr(now, field) == getattr(undo.became, field):
                update[field] = getattr(undo.kept, field)
        if EntityState.of(now) == undo.became:
            update["aliases"] = undo.kept.aliases
        changed = now.model_copy(update=update)
        return changed.model_copy(update={"updated_at": self._act.at}) if changed != now else now

    def _check_name(self, kept: Entity) -> None:
        gone = self._undo.gone
        bearers = self._tx.find_entities(EntityQuery(keys=(gone.key,), types=(gone.type,)), spaces=self._spaces)
        taken = [e.id for e in bearers if e.key == gone.key and e.id != kept.id]
        if taken or (kept.key, kept.type) == (gone.key, gone.type):
            raise InvalidInputError(
                f"since the merge {self._change.id}, {gone.name!r} ({gone.type}) is the name of another entity, "
                f"{(taken or [kept.id])[0]}; merge or delete that one first"
            )

    def _hand_back(self, change_ids: Sequence[str], target: str, kind: str) -> None:
        """Tell changes of the record again that they were made to, as far as they are still there."""
        again = []
        for change in self._tx.changes(change_ids, spaces=self._spaces):
            after = change.after
            if kind == "fact" and after is not None:
                after = {name: value for name, value in after.items() if name != "names"}
            again.append(change.model_copy(update={"target_id": target, "kind": kind, "after": after}))
        self._tx.record_again(again)

    def _facts(self, ids: Iterable[str]) -> dict[str, Fact]:
        wanted = tuple(ids)
        query = FactQuery(ids=wanted, limit=max(1, len(wanted)))
        return {f.id: f for f in self._tx.find_facts(query, spaces=self._spaces)} if wanted else {}

    def _move_back(self, kept: Entity, gone: Entity) -> list[Fact]:
        """The facts that were moved, as far as they still lead where the merge moved them."""
        moved = []
        for fact in self._facts(self._undo.moved).values():
            ends = [end for end in self._undo.moved[fact.id] if getattr(fact, end) == kept.id]
            back = fact.model_copy(update=dict.fromkeys(ends, gone.id))
            if ends and back.subject_id != back.object_id:
                moved.append(back)
                told = {"before": dict.fromkeys(ends, kept.id), "after": dict.fromkeys(ends, gone.id)}
                self._tx.record([self._act.change("fact", fact.id, fact.space, Action.UNDONE, **told)])
        return self._tx.put_facts(moved)

    def _part(self, one: JoinedFact, kept: Entity, gone: Entity) -> Fact | None:
        """Take apart a fact and the one that it was joined to; None if that is not there any more."""
        twin = self._facts([one.into]).get(one.into)
        if twin is None:
            return None
        others = set(one.fact.episode_ids) - set(one.own_episodes)
        left = tuple(id_ for id_ in twin.episode_ids if id_ not in others)
        swap = {kept.id: gone.id}
        ends = {end: swap.get(id_ := getattr(twin, end), id_) for end in ("subject_id", "object_id")}
        if not left:  # its own episodes were forgotten: all that it says is said of the other one
            (moved,) = self._tx.put_facts([twin.model_copy(update=ends)])
            return moved
        dumped = twin.model_dump(mode="json")
        if one.was is not None and one.became == {name: dumped[name] for name in one.became or {}}:
            weaker = Fact.model_validate({**dumped, **one.was}).model_copy(update={"ref": twin.ref})
        else:
            weaker = weakened(self._tx, twin, left, ontology=self._ontology)
        self._hand_back(one.history, one.fact.id, "fact")
        (back,) = self._tx.put_facts([self._living(one.fact.model_copy(update={**ends, "ref": 0}))])
        self._tx.put_facts([weaker])
        if weaker.text != twin.text:
            self._worded.append(weaker)
        self._worded.append(back)
        ended = [f for f in self._facts(one.successor_of).values() if f.superseded_by == twin.id]
        self._tx.put_facts([f.model_copy(update={"superseded_by": back.id}) for f in ended])
        told = {"before": {"support": twin.support}, "after": {"support": weaker.support}}
        self._tx.record([self._act.change("fact", twin.id, twin.space, Action.UNDONE, **told)])
        self._tx.record([self._act.change("fact", back.id, back.space, Action.UNDONE)])
        return back

    def _restore(self, one: DroppedFact) -> Fact:
        self._hand_back(one.history, one.fact.id, "fact")
        (back,) = self._tx.put_facts([self._living(one.fact.model_copy(update={"ref": 0}))])
        self._worded.append(back)
        self._tx.record([self._act.change("fact", back.id, back.space, Action.UNDONE)])
        for old in self._facts(one.successor_of).values():
            if old.superseded_by is None:
                ended = old.model_copy(update={"superseded_by": back.id})
                self._tx.put_facts([fact_without(self._tx, ended, {}, ontology=self._ontology)])
        return back

    def _living(self, fact: Fact) -> Fact:
        """The fact with those of its episodes that are still there."""
        query = EpisodeQuery(ids=fact.episode_ids, limit=max(1, len(fact.episode_ids)))
        found = {e.id for e in self._tx.find_episodes(query, spaces=self._spaces)} if fact.episode_ids else set()
        left = tuple(id_ for id_ in fact.episode_ids if id_ in found)
        return fact.model_copy(update={"episode_ids": left, "support": len(left) or fact.support})

    def _reopen(self, one: EndedFact) -> None:
        """Give back its end to a fact that the merge ended, and to it what was said again later."""
        fact = self._facts([one.id]).get(one.id)
        if fact is None:
            return
        rest = self._facts(one.rest)
        dumped = fact.model_dump(mode="json")
        if one.was is not None and one.became == {name: dumped[name] for name in one.became or {}}:
            open_ = Fact.model_validate({**dumped, **one.was}).model_copy(update={"ref": fact.ref})
            self._exact.add(fact.id)
        else:
            said = [id_ for part in rest.values() for id_ in part.episode_ids]
            ids = tuple(dict.fromkeys((*fact.episode_ids, *said)))
            open_ = fact.model_copy(update={"episode_ids": ids, "support": len(ids) or fact.support})
        self._tx.delete(list(rest))
        self._tx.put_facts([open_])
        if open_.invalid_at != fact.invalid_at:
            self._tx.record([_ended_anew(self._act, fact, open_)])

"""Facts as they are written: the node, its links, the degrees of its ends, and its typed edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from factloom.graph.neo4j_store import rows as r
from factloom.graph.neo4j_store.known import NOT_INDEXED, Known, KnownRecords
from factloom.graph.neo4j_store.pending import Pending
from factloom.graph.neo4j_store.typed_edges import drawn_until, edge_row, is_drawn
from factloom.schemas.errors import NotFoundError, StoreError
from factloom.schemas.records import Fact


class FactState(NamedTuple):
    """The details that are known of a stored fact (see ``Known``)."""

    subject: int
    object: int
    predicate: str
    dated: bool
    held: bool


class _Checked(NamedTuple):
    """A fact whose parts were found: refs of its ends and of its episodes, oldest first."""

    fact: Fact
    subject: int
    object: int
    episodes: list[int]


class FactWriting:
    """Puts facts into what is pending."""

    def __init__(self, pending: Pending, known: KnownRecords, now: int) -> None:
        self._pending = pending
        self._known = known
        self._now = now

    def put(self, facts: Sequence[Fact], next_ref: Callable[[], int]) -> tuple[list[Fact], bool]:
        """Insert or, by id, replace facts; returns them as stored, and whether any was there before.

        Raises:
            NotFoundError: subject, object or an episode is not in the fact's space.
            StoreError: a fact would move to another space.
        """
        checked = self._check(facts)
        known = self._known.look_up("fact", (fact.id for fact in facts))
        for fact in facts:
            if fact.id in known and known[fact.id].space != fact.space:
                raise StoreError(f"the fact {fact.id} is in another space than {fact.space}, and cannot move")
        # Everything is looked at before anything is changed.
        refs = {id_: record.ref for id_, record in known.items()}
        rows = []
        for each in checked:
            created = known[each.fact.id].created if each.fact.id in known else r.to_micros(each.fact.created_at)
            rows.append(
                (
                    each,
                    created,
                    r.fact_properties(each.fact, subject=each.subject, object_=each.object, created_at=created),
                )
            )
            r.indexed_text(each.fact.id, "id")
        made = []
        for each, created, values in rows:
            old = self._known.look_up("fact", [each.fact.id]).get(each.fact.id)
            created = old.created if old else created
            ref = refs[each.fact.id] = old.ref if old else next_ref()
            self._put(each.fact, old, ref, created, values, each.episodes)
            made.append(each.fact.model_copy(update={"ref": ref, "created_at": r.to_time(created)}))
        return made, bool(known) or len(refs) < len(facts)

    # --- checking ---

    def _check(self, facts: Sequence[Fact]) -> list[_Checked]:
        entities = self._known.look_up("entity", (end for fact in facts for end in (fact.subject_id, fact.object_id)))
        episodes = self._known.look_up("episode", (id_ for fact in facts for id_ in fact.episode_ids))
        checked = []
        for fact in facts:
            subject = _in_space(entities, fact.subject_id, fact, "subject")
            object_ = _in_space(entities, fact.object_id, fact, "object")
            stated = {id_: _in_space(episodes, id_, fact, "episode") for id_ in fact.episode_ids}
            oldest_first = sorted(stated, key=lambda id_: (episodes[id_].details[0], stated[id_].ref))
            known = fact.model_copy(update={"episode_ids": tuple(oldest_first)})
            checked.append(_Checked(known, subject.ref, object_.ref, [stated[id_].ref for id_ in oldest_first]))
        return checked

    # --- writing ---

    def _put(
        self, fact: Fact, old: Known | None, ref: int, created: int, values: dict[str, Any], episodes: list[int]
    ) -> None:
        self._pending.touch(fact.space)
        values |= {
            "_subject_id": fact.subject_id,
            "_object_id": fact.object_id,
            "_episode_ids": list(fact.episode_ids),
            "_since": created if values["_valid"] is None else values["_valid"],
            "_drawn_until": drawn_until(values, self._now),
        }
        state = FactState(
            subject=values["_subject"],
            object=values["_object"],
            predicate=fact.predicate,
            dated=bool(values["_dated"]),
            held=values["_expired"] is None,
        )
        if old is None:
            self._put_new(fact, ref, created, values)
        else:
            self._change(fact.id, ref, FactState(*old.details), state, values)
        self._count(state, 1)
        self._link(ref, episodes, fact.superseded_by)
        if is_drawn(values, self._now):
            self._pending.put("draw_edges", ref, edge_row(fact, values))
        else:
            self._pending.drop("draw_edges", ref)
        self._known.note("fact", fact.id, Known(ref, fact.space, created, tuple(state)))

    def _put_new(self, fact: Fact, ref: int, created: int, values: dict[str, Any]) -> None:
        values |= {
            "_ref": ref,
            "_back": -ref,
            "id": fact.id,
            "space": fact.space,
            "_created": created,
        }
        self._pending.add_new("fact", ref, {"properties": values})
        self._pending.count(fact.space, facts=1)
        # An older fact may have been told of this one before it was stored.
        self._pending.add("find_superseded", {"id": fact.id})
        self._known.note_indexed(ref, NOT_INDEXED)

    def _change(self, id_: str, ref: int, old: FactState, state: FactState, values: dict[str, Any]) -> None:
        self._count(old, -1)
        new = self._pending.of_new("fact", ref)
        if new is not None:
            new.update(values)
            return
        self._pending.add("change_facts", {"ref": ref, "properties": values})
        if (old.subject, old.object) != (state.subject, state.object):
            self._pending.put("move_facts", ref, {"ref": ref, "subject": state.subject, "object": state.object})
        if old.held:
            self._pending.add(
                "remove_edges", {"subject": old.subject, "object": old.object, "type": old.predicate, "id": id_}
            )
        self._pending.put("unsupersede_facts", ref, {"ref": ref})

    def _count(self, state: FactState, change: int) -> None:
        """A fact counts once for an entity that is both its subject and its object."""
        for entity in {state.subject, state.object}:
            self._pending.count_degree(entity, dated=state.dated, change=change)

    def _link(self, ref: int, episodes: list[int], superseded_by: str | None) -> None:
        if self._pending.of_new("fact", ref) is None:
            self._pending.put("unstate_facts", ref, {"ref": ref, "episodes": episodes})
        self._pending.put("state_facts", ref, {"ref": ref, "episodes": episodes})
        if superseded_by is None:
            self._pending.drop("supersede_facts", ref)
        else:
            self._pending.put("supersede_facts", ref, {"ref": ref, "by": superseded_by})


def _in_space(known: Mapping[str, Known], id_: str, fact: Fact, part: str) -> Known:
    """A part of ``fact``.

    Raises:
        NotFoundError: it is not stored in the fact's space.
    """
    found = known.get(id_)
    if found is None or found.space != fact.space:
        raise NotFoundError(f"the {part} {id_} of the fact {fact.id} is not in {fact.space}; store it there first")
    return found

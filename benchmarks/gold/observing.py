"""Run a conversation through the public API, turn by turn, and note what each turn left in the memory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.gold.annotations import Conversation

from factloom import Memory
from factloom.schemas.records import Action, Entity, Fact
from factloom.schemas.settings import Settings

_ALL = 100_000


@dataclass(frozen=True)
class Thing:
    """An entity as it is stored: its name, and its other names."""

    name: str
    aliases: tuple[str, ...] = ()
    id: str = ""
    type: str = "thing"


@dataclass(frozen=True)
class Seen:
    """A statement that a turn left behind. ``ended``: it was closed by the turn; ``implied``: follows from another."""

    subject: Thing
    predicate: str
    object: Thing
    negated: bool = False
    ended: bool = False
    implied: bool = False
    starts: datetime | None = None
    ends: datetime | None = None
    category: str = "semantic"
    confidence: float = 1.0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    current: bool = True
    ended_by: int = 0

    def __str__(self) -> str:
        said = f"{self.subject.name} | {self.predicate} | {self.object.name}"
        return f"not {said}" if self.negated else said


@dataclass(frozen=True)
class Observation:
    """What a memory made of a conversation: statements by turn (from 1), and everything that it held at the end."""

    by_turn: Mapping[int, tuple[Seen, ...]]
    end: tuple[Seen, ...] = ()
    things: tuple[Thing, ...] = ()
    pending: int = 0


class _Clock:
    """The time of the message that is being said."""

    def __init__(self) -> None:
        self.now = datetime.min

    def __call__(self) -> datetime:
        return self.now


def observe(conversation: Conversation, settings: Settings) -> Observation:
    """Say the conversation to a new memory, and look after every turn."""
    clock = _Clock()
    space = f"gold/{conversation.name}"
    by_turn: dict[int, tuple[Seen, ...]] = {}
    turn_of: dict[str, int] = {}
    pending = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Memory(Path(folder) / "gold.db", settings=settings, clock=clock) as memory,
    ):
        for turn in conversation.turns:
            clock.now = turn.at + timedelta(seconds=1)
            message = {"role": turn.role, "name": turn.who, "content": turn.says, "time": turn.at}
            result = memory.add([message], space=space, session=turn.session)
            turn_of.update({episode.id: turn.number for episode in result.episodes})
            pending += len(result.pending)
            things = _things(memory, space)
            found = []
            for change in result.changes:
                if change.action is Action.CLOSED and change.fact:
                    found.append(_seen(change.fact, things, ended=True))
                elif change.action in (Action.ADDED, Action.SUPERSEDED, Action.SUPPORTED) and change.fact:
                    found.append(_seen(change.fact, things))
                    if change.action is Action.SUPERSEDED and change.previous:
                        found.append(_seen(change.previous, things, ended=True))
            by_turn[turn.number] = tuple(found)
        things = _things(memory, space)
        end = []
        for fact in memory.get_all(space=space, include_history=True, limit=_ALL):
            current = fact.is_current(clock.now)
            last = 0 if current else turn_of.get(memory.history(fact.id)[-1].episode_id or "", 0)
            end.append(_seen(fact, things, current=current, ended_by=last))
    return Observation(by_turn, tuple(end), tuple(things.values()), pending)


def _things(memory: Memory, space: str) -> dict[str, Thing]:
    entities: list[Entity] = memory.entities(space=space, limit=_ALL)
    return {entity.id: Thing(entity.name, entity.aliases, entity.id, entity.type) for entity in entities}


def _seen(
    fact: Fact, things: Mapping[str, Thing], *, ended: bool = False, current: bool = True, ended_by: int = 0
) -> Seen:
    nothing = Thing("?")
    denied = fact.predicate.startswith("NOT_")
    return Seen(
        subject=things.get(fact.subject_id, nothing),
        predicate=fact.predicate.removeprefix("NOT_"),
        object=things.get(fact.object_id, nothing),
        negated=denied != ended,
        ended=ended,
        implied="implied_by" in fact.metadata,
        starts=fact.valid_at,
        ends=fact.invalid_at,
        category=fact.category.value,
        confidence=fact.confidence,
        metadata=fact.metadata,
        current=current,
        ended_by=ended_by,
    )

"""Short ways to make records for tests of graph stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphStore
from factloom.schemas.queries import ExpandLimits, View
from factloom.schemas.records import Change, Entity, Episode, Fact, new_id
from factloom.schemas.spaces import Labels, SpaceSet

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
HOME, OTHER = "user/ana", "user/bo"
ANA, BO, BOTH = SpaceSet.of(HOME), SpaceSet.of(OTHER), SpaceSet.of(HOME, OTHER)
ALL, NONE = SpaceSet.everything(), SpaceSet(())
PRESENT = View(now=NOW)
LIMITS = ExpandLimits()

FULL_LABELS = Labels(user_id="ana", agent_id="helper", run_id="run 7")
METADATA = {"topic": "home", "n": 3, "x": 0.5, "yes": True, "none": None, "deep": {"list": [1, "two", {"é": "ü"}]}}


def minutes(count: float) -> datetime:
    """A time that many minutes after ``NOW``."""
    return NOW + timedelta(minutes=count)


def days(count: float) -> datetime:
    """A time that many days after ``NOW``."""
    return NOW + timedelta(days=count)


def episode(content: str = "I moved to Lisbon.", at: datetime = NOW, **fields: Any) -> Episode:
    """An episode with everything that a test does not care about filled in."""
    given = {"id": new_id(), "space": HOME, "session": "one", "role": "user", "speaker": "Ana", "created_at": NOW}
    return Episode(content=content, occurred_at=at, **{**given, **fields})


def entity(name: str = "Lisbon", **fields: Any) -> Entity:
    """An entity, keyed by its normalised name."""
    given = {"id": new_id(), "space": HOME, "key": normalise_name(name), "created_at": NOW, "updated_at": NOW}
    return Entity(name=name, **{**given, **fields})


def fact(subject: Entity, other: Entity, predicate: str = "LIVES_IN", **fields: Any) -> Fact:
    """A fact between two entities, in the space of its subject."""
    given = {
        "id": new_id(),
        "space": subject.space,
        "subject_id": subject.id,
        "object_id": other.id,
        "text": f"{subject.name} {predicate.lower()} {other.name}",
        "created_at": NOW,
    }
    return Fact(predicate=predicate, **{**given, **fields})


def change(target: Episode | Entity | Fact, at: datetime = NOW, **fields: Any) -> Change:
    """A change to ``target``."""
    given = {
        "id": new_id(),
        "space": target.space,
        "kind": type(target).__name__.lower(),
        "target_id": target.id,
        "action": "added",
        "actor": "test",
    }
    return Change(at=at, **{**given, **fields})


def add_episodes(store: GraphStore, *episodes: Episode) -> list[Episode]:
    """Store episodes in a write of their own."""
    return store.write(lambda tx: tx.add_episodes(episodes))


def put_entities(store: GraphStore, *entities: Entity) -> list[Entity]:
    """Store entities in a write of their own."""
    return store.write(lambda tx: tx.put_entities(entities))


def put_facts(store: GraphStore, *facts: Fact) -> list[Fact]:
    """Store facts in a write of their own."""
    return store.write(lambda tx: tx.put_facts(facts))

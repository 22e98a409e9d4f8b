"""The readable spaces as the nodes and relationships that ``docs/graph-model.md`` describes, read through the port."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from factloom.graph.type_labels import type_label
from factloom.schemas.ports import Exportable, GraphStore
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Change, Entity, Episode, Fact
from factloom.schemas.spaces import Labels, SpaceSet

NODE_PROPERTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "Entity": ("id", "space", "name", "key", "type", "aliases", "attributes", "created_at", "updated_at"),
    "Fact": (
        *("id", "space", "predicate", "text", "category", "confidence", "support", "valid_at", "invalid_at"),
        *("created_at", "expired_at", "expires_at", "superseded_by", "user_id", "agent_id", "run_id", "metadata"),
    ),
    "Episode": (
        *("id", "space", "session", "role", "speaker", "content", "occurred_at", "created_at", "status", "error"),
        *("attempts", "infer", "user_id", "agent_id", "run_id", "metadata"),
    ),
    "Session": ("space", "name"),
    "Change": (
        *("id", "space", "kind", "target_id", "action", "actor", "at", "reason", "episode_id", "before", "after"),
    ),
}
"""Properties by label; all are also those of a node with a type label. What is not known is absent."""

EDGE_PROPERTIES: Final = ("fact_id", "text", "since", "until", "confidence", "support", "space")
"""Properties of the typed edges between entities; other relationships have none."""

_OWN_PROPERTIES: Final = {
    label: tuple(name for name in names if name not in Labels.model_fields) for label, names in NODE_PROPERTIES.items()
}
_UNBOUNDED: Final = 1_000_000_000
_AT_ONCE: Final = 500


@dataclass(frozen=True)
class NodeTable:
    """Nodes with the same labels. Each row has ``_key``, unique among the nodes of its first label, and properties."""

    labels: tuple[str, ...]
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class EdgeTable:
    """Relationships of one type between nodes of two labels. Each row has the keys ``source`` and ``target``."""

    type: str
    start: str
    end: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Projection:
    """All nodes and relationships. ``valid_until``: when the first of the typed edges is to go, None if none is."""

    nodes: list[NodeTable] = field(default_factory=list)
    edges: list[EdgeTable] = field(default_factory=list)
    valid_until: datetime | None = None


def read_projection(store: GraphStore, *, spaces: SpaceSet, labels: Labels, now: datetime) -> Projection:
    """What the spaces hold; ``labels`` narrow it as in other reads. Typed edges are those of ``now``."""
    entities = store.find_entities(EntityQuery(labels=labels, limit=_UNBOUNDED), spaces=spaces)
    facts = store.find_facts(FactQuery(labels=labels, limit=_UNBOUNDED), spaces=spaces)
    episodes = store.find_episodes(EpisodeQuery(labels=labels, limit=_UNBOUNDED), spaces=spaces)
    everything = [record.id for records in (entities, facts, episodes) for record in records]
    whole = None if labels.given() else spaces
    sessions = _by_session(episodes)
    current = [fact for fact in facts if fact.is_current(now)]
    ends = [end for fact in current for end in (fact.invalid_at, fact.expires_at) if end is not None]
    return Projection(
        nodes=[
            *_entity_tables(entities),
            NodeTable(("Fact",), [_row(fact, "Fact") for fact in facts]),
            NodeTable(("Episode",), [_row(episode, "Episode") for episode in episodes]),
            NodeTable(("Session",), [_session_row(*place) for place in sessions]),
            NodeTable(("Change",), [_row(change, "Change") for change in _changes(store, everything, whole, spaces)]),
        ],
        edges=[*_typed_edges(current), *_fact_edges(facts), *_session_edges(sessions)],
        valid_until=min(ends, default=None),
    )


def _row(record: Episode | Fact | Entity | Change, label: str) -> dict[str, Any]:
    """The properties of a record as a database holds them: maps as canonical JSON text; without what is not known."""
    row: dict[str, Any] = {"_key": record.id}
    for name in _OWN_PROPERTIES[label]:
        value = getattr(record, name)
        if isinstance(value, dict):
            row[name] = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")) if value else "{}"
        elif isinstance(value, tuple):
            row[name] = list(value)
        elif isinstance(value, StrEnum):
            row[name] = value.value
        elif value is not None:
            row[name] = value
    return row if isinstance(record, (Entity, Change)) else {**row, **record.labels.given()}


def _entity_tables(entities: Iterable[Entity]) -> Iterator[NodeTable]:
    by_label: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for entity in entities:
        by_label[type_label(entity.type)].append(_row(entity, "Entity"))
    for label, rows in by_label.items():
        yield NodeTable(("Entity", label) if label else ("Entity",), rows)


def _typed_edges(current: Iterable[Fact]) -> Iterator[EdgeTable]:
    by_predicate: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fact in current:
        properties = (fact.id, fact.text, fact.valid_at, fact.invalid_at, fact.confidence, fact.support, fact.space)
        by_predicate[fact.predicate].append(
            {"source": fact.subject_id, "target": fact.object_id, **dict(zip(EDGE_PROPERTIES, properties, strict=True))}
        )
    for predicate, rows in by_predicate.items():
        yield EdgeTable(predicate, "Entity", "Entity", rows)


def _fact_edges(facts: Sequence[Fact]) -> Iterator[EdgeTable]:
    yield EdgeTable("SUBJECT", "Fact", "Entity", [{"source": fact.id, "target": fact.subject_id} for fact in facts])
    yield EdgeTable("OBJECT", "Fact", "Entity", [{"source": fact.id, "target": fact.object_id} for fact in facts])
    stated = [{"source": fact.id, "target": episode_id} for fact in facts for episode_id in fact.episode_ids]
    yield EdgeTable("STATED_IN", "Fact", "Episode", stated)
    superseded = [{"source": fact.id, "target": fact.superseded_by} for fact in facts if fact.superseded_by]
    yield EdgeTable("SUPERSEDED_BY", "Fact", "Fact", superseded)


_Sessions = Mapping[tuple[str, str], Sequence[Episode]]


def _by_session(episodes: Iterable[Episode]) -> _Sessions:
    """Episodes by space and session, in the order of NEXT: by time, then by the order of storing."""
    sessions: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in sorted(episodes, key=lambda episode: (episode.occurred_at, episode.ref)):
        sessions[episode.space, episode.session].append(episode)
    return sessions


def _session_row(space: str, name: str) -> dict[str, Any]:
    return {"_key": _session_key(space, name), "space": space, "name": name}


def _session_key(space: str, name: str) -> str:
    return json.dumps([space, name])


def _session_edges(sessions: _Sessions) -> Iterator[EdgeTable]:
    following = [
        {"source": one.id, "target": next_.id} for episodes in sessions.values() for one, next_ in pairwise(episodes)
    ]
    yield EdgeTable("NEXT", "Episode", "Episode", following)
    belonging = [
        {"source": episode.id, "target": _session_key(*place)}
        for place, episodes in sessions.items()
        for episode in episodes
    ]
    yield EdgeTable("IN_SESSION", "Episode", "Session", belonging)


def _changes(store: GraphStore, ids: Sequence[str], whole: SpaceSet | None, spaces: SpaceSet) -> Iterator[Change]:
    """History of the records; of the spaces as a whole where the store can give it, as some is of deleted records."""
    if whole is None or not isinstance(store, Exportable):
        for start in range(0, len(ids), _AT_ONCE):
            yield from store.history(ids[start : start + _AT_ONCE], spaces=spaces)
        return
    for space in store.spaces():
        position, page = 0, None
        while space in whole and (page is None or page.changes):
            page = store.recorded(space, after=position)
            position = page.position
            yield from page.changes

"""Stores with one of everything in them, to be copied, and a look at all that a user can see of a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Change, Entity, Episode, Fact, Status, new_id
from factloom.schemas.spaces import Labels, SpaceSet

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SPACES = ("user/ana", 'team/b\'s "crew" %_\\ 🙂')
EVERYTHING = SpaceSet.everything()
MANY = 100_000


def sqlite(path: Path) -> SqliteGraphStore:
    return SqliteGraphStore(path, clock=lambda: NOW)


def episode(number: int, space: str = SPACES[0], **fields: Any) -> Episode:
    given = {
        "id": new_id(),
        "space": space,
        "labels": Labels(user_id="ana", agent_id="helper" if number % 2 else None),
        "session": f"s{number // 40}",
        "role": "user",
        "speaker": "Ana",
        "content": f"turn {number}: I like tea number {number % 7}",
        "occurred_at": NOW + timedelta(minutes=number // 3),  # three at a time: the order of storing decides
        "created_at": NOW + timedelta(minutes=number),
        "metadata": {"n": number, "x": number / 3, "deep": {"a": [1, None, "é"]}} if number % 5 == 0 else {},
    }
    return Episode.model_validate({**given, **fields})


def entity(name: str, space: str = SPACES[0], **fields: Any) -> Entity:
    given = {"id": new_id(), "space": space, "name": name, "key": normalise_name(name), "created_at": NOW}
    return Entity.model_validate({**given, "updated_at": NOW + timedelta(days=1), **fields})


def fact(subject: Entity, other: Entity, number: int, **fields: Any) -> Fact:
    given = {
        "id": new_id(),
        "space": subject.space,
        "subject_id": subject.id,
        "predicate": f"P{number % 5}",
        "object_id": other.id,
        "text": f"{subject.name} has {number} with {other.name}",
        "created_at": NOW + timedelta(minutes=number),
        "confidence": 1 / (number + 1),
        "metadata": {"n": number},
    }
    return Fact.model_validate({**given, **fields})


def change(target: Episode | Entity | Fact, number: int, **fields: Any) -> Change:
    given = {"id": new_id(), "space": target.space, "kind": type(target).__name__.lower(), "target_id": target.id}
    values = {"action": "updated", "actor": "ana", "at": NOW, "reason": f"no. {number}", "after": {"n": number}}
    return Change.model_validate({**given, **values, **fields})


def fill(store: GraphStore, count: int = 60, space: str = SPACES[0]) -> None:
    """``count`` episodes, half as many facts, in all states, with terms, vectors and history, in several writes."""
    rng = np.random.default_rng(count)
    people = [entity(f"Person {n}", space, type="person", aliases=(f"P. {n}",)) for n in range(max(2, count // 6))]
    people[0] = people[0].model_copy(update={"attributes": {"born": "1990", "é": 1.5}})

    def write(tx: WriteTransaction, first: int) -> None:
        if first == 0:
            tx.put_entities(people)
        said = tx.add_episodes([episode(first + n, space, status="done") for n in range(20)])
        tx.set_status([said[3].id], Status.FAILED, error="no answer")
        tx.set_status([said[4].id], Status.PENDING, error="no answer")
        tx.set_status([said[4].id], Status.PENDING, error="no answer again")
        facts = [
            fact(
                people[(first + n) % len(people)],
                people[(first + n * n + 1) % len(people)],
                first + n,
                episode_ids=tuple({said[n].id, said[n + 5].id}),
                support=2,
                valid_at=NOW - timedelta(days=n) if n % 2 else None,
                invalid_at=NOW + timedelta(days=n - 5) if n % 3 == 0 else None,
                expired_at=NOW if n % 4 == 0 else None,
                expires_at=NOW + timedelta(days=n) if n % 5 == 0 else None,
            )
            for n in range(10)
        ]
        facts[0] = facts[0].model_copy(update={"superseded_by": facts[1].id})
        tx.put_facts(facts)
        entries = [entry("episode", e.id, e.content, rng, parts=1 + n % 3) for n, e in enumerate(said) if n != 3]
        entries += [entry("fact", f.id, f.text, rng) for f in facts]
        if first == 0:
            entries += [entry("entity", e.id, e.name, rng) for e in people]
        tx.put_index(entries, embedder="test/3")
        tx.record([change(f, n, episode_id=said[n].id) for n, f in enumerate(facts)])
        tx.record([change(people[0], first).model_copy(update={"target_id": "gone"})])

    for first in range(0, count, 20):
        store.write(lambda tx, first=first: write(tx, first))  # type: ignore[misc]


def entry(kind: str, id_: str, text: str, rng: np.random.Generator, parts: int = 1) -> IndexEntry:
    return IndexEntry(kind, id_, text.lower().split(), rng.standard_normal((parts, 3), dtype=np.float32))


def holdings(store: Any, space: str) -> dict[str, Any]:
    """All that can be seen of a space, without the store's own numbers."""
    scope = SpaceSet.of(space)
    episodes = store.find_episodes(EpisodeQuery(limit=MANY, oldest_first=True), spaces=scope)
    facts = store.find_facts(FactQuery(limit=MANY), spaces=scope)
    entities = store.find_entities(EntityQuery(limit=MANY), spaces=scope)
    ids = {record.ref: record.id for record in (*episodes, *facts, *entities)}
    vectors: dict[str, list[bytes]] = {}
    added = store.vector_changes(space, after=0, limit=MANY).added
    for ref, part, vector in zip(added.refs.tolist(), added.parts.tolist(), added.vectors, strict=True):
        vectors.setdefault(ids[ref], []).append(bytes([part]) + vector.tobytes())
    words = sorted({word for record in (*episodes, *facts) for word in getattr(record, "content", "").lower().split()})
    postings = {}
    for kind in ("episode", "fact", "entity"):
        found = store.match_terms([*words, "has", "person", "0"], kind=kind, spaces=scope, max_documents=MANY)
        terms = {
            term: [(ids[ref], *rest) for ref, *rest in zip(p.refs.tolist(), p.counts, p.lengths, strict=True)]
            for term, p in found.postings.items()
        }
        postings[kind] = (found.documents, found.terms, terms)
    around = store.expand(sorted(ids), spaces=scope, view=View(now=NOW), limits=ExpandLimits(nodes=MANY))
    nodes = {ids[n.ref]: n._replace(ref=0, session=0, previous=0, next=0) for n in around.episodes.values()}
    return {
        "episodes": [record.model_dump() for record in episodes],
        "facts": [record.model_dump() for record in facts],
        "entities": [record.model_dump() for record in entities],
        "order": {
            kind: [ids[ref] for ref in sorted(ids) if ref in found] for kind, found in kinds(episodes, facts, entities)
        },
        "next": {ids[n.ref]: (ids.get(n.previous), ids.get(n.next)) for n in around.episodes.values()},
        "nodes": nodes,
        "degrees": {ids[node.ref]: node.degree for node in around.entities.values()},
        "vectors": vectors,
        "postings": postings,
        "history": store.history([*ids.values(), "gone"], spaces=scope),
        "counts": [row[:-1] for row in store.statistics(spaces=scope)],
        "embedder": store.embedder(),
    }


def kinds(episodes: list[Any], facts: list[Any], entities: list[Any]) -> list[tuple[str, set[int]]]:
    named = (("episode", episodes), ("fact", facts), ("entity", entities))
    return [(kind, {record.ref for record in records}) for kind, records in named]

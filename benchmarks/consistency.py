"""Whether a memory in Neo4j agrees with itself: links, typed edges, chains, counters, names, terms and vectors.

Everything is read and counted again in Python, from the nodes alone, so that a mistake of the store's statements shows.
Writers must be quiet meanwhile. Needs memory for all properties but the vectors.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import neo4j

from factloom.graph.stored_values import to_micros
from factloom.graph.type_labels import type_label
from factloom.schemas.naming import normalise_name

Row = dict[str, Any]

_EPISODES = """
MATCH (e:{p}Episode)
RETURN e {{.*, _vectors: null}} AS own, size(labels(e)) AS labels, e:{p}Embedded AS embedded,
  [(e)-[:NEXT]->(x) | x._ref] AS next, [(e)<-[:NEXT]-(x) | x._ref] AS previous,
  [(e)-[:IN_SESSION]->(s:{p}Session) | [s.space, s.name, s._number]] AS sessions, e._vectors AS vectors
"""
_FACTS = """
MATCH (f:{p}Fact)
RETURN f {{.*, _vectors: null}} AS own, f:{p}Embedded AS embedded, f._vectors AS vectors,
  [(f)-[:SUBJECT]->(n:{p}Entity) | n._ref] AS subjects, [(f)-[:OBJECT]->(n:{p}Entity) | n._ref] AS objects,
  [(f)-[:STATED_IN]->(e:{p}Episode) | e.id] AS stated, [(f)-[:SUPERSEDED_BY]->(g:{p}Fact) | g.id] AS newer
"""
_ENTITIES = """
MATCH (n:{p}Entity)
RETURN n {{.*, _vectors: null}} AS own, n:{p}Embedded AS embedded, n._vectors AS vectors, labels(n) AS labels,
  [(n)-[:NAMED]->(m:{p}Name) | [m.space, m.key]] AS names
"""
_EDGES = "MATCH (a:{p}Entity)-[r]->(b:{p}Entity) RETURN a._ref AS a, type(r) AS type, b._ref AS b, r {{.*}} AS own"
_CHANGES = "MATCH (c:{p}Change) RETURN c {{.*}} AS own"
_SPACES = "MATCH (s:{p}Space) RETURN s {{.*}} AS own"
_TERMS = "MATCH (t:{p}Term) RETURN t.space AS space, t.kind AS kind, t.term AS term, t.documents AS documents"
_NAMES = "MATCH (m:{p}Name) RETURN m.space AS space, m.key AS key"
_SESSIONS = "MATCH (s:{p}Session) RETURN s.space AS space, s.name AS name"
_STORE = "MATCH (s:{p}Store) RETURN s.ref AS ref, s.dimension AS dimension"


class Contents:
    """Everything that a store holds, as rows."""

    def __init__(self, driver: neo4j.Driver, prefix: str = "") -> None:
        self.prefix = prefix
        with driver.session() as session:

            def read(query: str) -> list[Row]:
                return session.run(query.format(p=prefix)).data()

            self.episodes, self.facts, self.entities = read(_EPISODES), read(_FACTS), read(_ENTITIES)
            self.edges = [(r["a"], r["type"], r["b"], r["own"]) for r in read(_EDGES)]
            self.changes = [row["own"] for row in read(_CHANGES)]
            self.spaces = {row["own"]["name"]: row["own"] for row in read(_SPACES)}
            self.terms = read(_TERMS)
            self.names = [(row["space"], row["key"]) for row in read(_NAMES)]
            self.sessions = [(row["space"], row["name"]) for row in read(_SESSIONS)]
            (self.store,) = read(_STORE)

    @property
    def records(self) -> Iterator[tuple[str, Row]]:
        """Every record with its kind."""
        for kind, rows in (("episode", self.episodes), ("fact", self.facts), ("entity", self.entities)):
            for row in rows:
                yield kind, row


def problems(driver: neo4j.Driver, prefix: str, *, now: datetime) -> list[str]:
    """What does not agree, a line each; empty when all does. ``now``, of the store's clock, says what is current."""
    held = Contents(driver, prefix)
    return [
        *_doubles(held),
        *_links_of_facts(held),
        *_typed_edges(held, to_micros(now)),
        *_chains(held),
        *_names(held),
        *_degrees(held),
        *_terms(held),
        *_vectors(held),
        *_counters(held),
        *_history(held),
    ]


def _doubled(what: str, keys: Iterable[Hashable]) -> Iterator[str]:
    yield from (f"{what} {key!r} is there {count} times" for key, count in Counter(keys).items() if count > 1)


def _differences(what: str, expected: dict[Any, Any], found: dict[Any, Any]) -> Iterator[str]:
    for key in expected.keys() | found.keys():
        if expected.get(key) != found.get(key):
            yield f"{what} {key!r}: {found.get(key)!r} instead of {expected.get(key)!r}"


def _doubles(held: Contents) -> Iterator[str]:
    yield from _doubled("ref", (row["own"]["_ref"] for _, row in held.records))
    yield from _doubled("id", (row["own"]["id"] for _, row in held.records))
    said = ((e["space"], e["content"], e["_occurred"], e["role"]) for e in (row["own"] for row in held.episodes))
    yield from _doubled("episode", said)
    known = (row["own"] for row in held.entities)
    yield from _doubled("entity", ((n["space"], n["key"], n["type"]) for n in known))
    yield from _doubled("session", held.sessions)
    current = (row["own"] for row in held.facts if "_expired" not in row["own"] and "_invalid" not in row["own"])
    meant = ((f["space"], f["_subject"], f["predicate"], f["_object"], f["text"]) for f in current)
    yield from _doubled("current fact", meant)
    highest = max((row["own"]["_ref"] for _, row in held.records), default=0)
    if held.store["ref"] < highest:
        yield f"the counter of refs is {held.store['ref']}, and {highest} is in use"


def _links_of_facts(held: Contents) -> Iterator[str]:
    ids = {row["own"]["id"]: row["own"] for _, row in held.records}
    for row in held.facts:
        fact = row["own"]
        named = {
            "subjects": (row["subjects"], [fact["_subject"]]),
            "objects": (row["objects"], [fact["_object"]]),
            "episodes": (sorted(row["stated"]), sorted(fact["_episode_ids"])),
            "successors": (row["newer"], [fact["superseded_by"]] if fact.get("superseded_by") in ids else []),
        }
        yield from (
            f"fact {fact['id']}: {what} {found} instead of {expected}"
            for what, (found, expected) in named.items()
            if found != expected
        )
        if fact["support"] != len(set(fact["_episode_ids"])):
            yield f"fact {fact['id']}: support {fact['support']}, and {len(row['stated'])} episodes state it"
        for end in ("subject", "object"):
            entity = ids.get(fact[f"_{end}_id"])
            if entity is None or (entity["_ref"], entity["space"]) != (fact[f"_{end}"], fact["space"]):
                yield f"fact {fact['id']}: its {end} {fact[f'_{end}_id']} is not there"


def _typed_edges(held: Contents, now: int) -> Iterator[str]:
    """An edge whose time ran out goes with the next write: until then it may be there."""
    expected: dict[str, Any] = {}
    may_be: set[str] = set()
    for fact in (row["own"] for row in held.facts):
        ends = [fact[end] for end in ("_invalid", "_expires") if end in fact]
        over = any(end <= now for end in ends)
        if "_expired" not in fact and over and "_drawn_until" in fact:
            may_be.add(fact["id"])
        elif "_expired" not in fact and not over:
            told = (fact["text"], fact["confidence"], fact["support"], fact["space"])
            times = (fact.get("valid_at"), fact.get("invalid_at"))
            expected[fact["id"]] = (fact["_subject"], fact["predicate"], fact["_object"], *told, *times)
    found: dict[str, Any] = {}
    for a, type_, b, own in held.edges:
        told = (own.get("text"), own.get("confidence"), own.get("support"), own.get("space"))
        found[own["fact_id"]] = (a, type_, b, *told, own.get("since"), own.get("until"))
    yield from _doubled("typed edge of fact", (own["fact_id"] for *_, own in held.edges))
    found = {id_: edge for id_, edge in found.items() if id_ not in may_be}
    yield from _differences("typed edge of fact", expected, found)


def _chains(held: Contents) -> Iterator[str]:
    sessions: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in held.episodes:
        own = row["own"]
        sessions[own["space"], own["session"]].append(row)
        if row["sessions"] != [[own["space"], own["session"], own["_session"]]]:
            yield f"episode {own['id']}: in sessions {row['sessions']} instead of {own['session']}"
    yield from _differences("session", dict.fromkeys(sessions, 1), dict.fromkeys(held.sessions, 1))
    for rows in sessions.values():
        rows.sort(key=lambda row: (row["own"]["_occurred"], row["own"]["_ref"]))
        refs = [row["own"]["_ref"] for row in rows]
        after, before = dict(pairwise(refs)), {b: a for a, b in pairwise(refs)}
        for row in rows:
            own = row["own"]
            found = (row["previous"], row["next"], own["_previous"], own["_next"])
            previous, next_ = before.get(own["_ref"], 0), after.get(own["_ref"], 0)
            if found != ([previous] if previous else [], [next_] if next_ else [], previous, next_):
                yield f"episode {own['id']}: between {found} instead of {previous} and {next_}"


def _names(held: Contents) -> Iterator[str]:
    used = set()
    for row in held.entities:
        own = row["own"]
        expected = {(own["space"], key) for key in (own["key"], *map(normalise_name, own["aliases"]))}
        used |= expected
        if Counter(map(tuple, row["names"])) != Counter(expected):
            yield f"entity {own['id']}: named {row['names']} instead of {sorted(expected)}"
        shown = type_label(own["type"])
        types = set(row["labels"]) - {f"{held.prefix}Entity", f"{held.prefix}Embedded"}
        if types != ({f"{held.prefix}{shown}"} if shown else set()):
            yield f"entity {own['id']}: labels {row['labels']} for the type {own['type']}"
    yield from _differences("name", dict.fromkeys(used, 1), dict(Counter(held.names)))


def _degrees(held: Contents) -> Iterator[str]:
    counted: Counter[tuple[int, str]] = Counter()
    for fact in (row["own"] for row in held.facts):
        dated = any(end in fact for end in ("_invalid", "_expired", "_expires"))
        counted.update((entity, "_dated" if dated else "_open") for entity in {fact["_subject"], fact["_object"]})
    for own in (row["own"] for row in held.entities):
        for what in ("_open", "_dated"):
            if own[what] != counted[own["_ref"], what]:
                yield f"entity {own['id']}: {what} {own[what]} instead of {counted[own['_ref'], what]}"


def _terms(held: Contents) -> Iterator[str]:
    expected: Counter[tuple[str, str, str]] = Counter()
    for kind, row in held.records:
        expected.update((row["own"]["space"], kind, term) for term in row["own"].get("_terms", "").split())
    found = {(row["space"], row["kind"], row["term"]): row["documents"] for row in held.terms}
    yield from _differences("term", dict(expected), found)


def _vectors(held: Contents) -> Iterator[str]:
    for kind, row in held.records:
        own, data = row["own"], row["vectors"]
        if (data is not None) != row["embedded"]:
            yield f"{kind} {own['id']}: Embedded is {row['embedded']}"
        if data is not None and len(data) != 4 * held.store["dimension"] * own["_parts"]:
            yield f"{kind} {own['id']}: {own['_parts']} vectors in {len(data)} bytes"
        if data is not None and own["_vector_sequence"] > held.spaces[own["space"]]["vector_sequence"]:
            yield f"{kind} {own['id']}: its vectors are newer than its space"
        done = kind != "episode" or own["status"] == "done"
        if done and data is None:
            yield f"{kind} {own['id']} has no vectors"
        if done and "_terms" not in own and any(c.isalnum() for c in own.get("content") or own.get("text") or ""):
            yield f"{kind} {own['id']} has no terms"


def _counters(held: Contents) -> Iterator[str]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    plural = {"episode": "episodes", "fact": "facts", "entity": "entities"}
    for kind, row in held.records:
        own = row["own"]
        of = counted[own["space"]]
        of[plural[kind]] += 1
        of["vectors"] += own.get("_parts", 0)
        if kind == "episode" and own["status"] != "done":
            of[own["status"]] += 1
        if own.get("_terms"):
            of[f"{kind}_documents"] += 1
            of[f"{kind}_terms"] += own["_length"]
    names: tuple[str, ...] = ("episodes", "pending", "failed", "entities", "facts", "vectors")
    names += tuple(f"{kind}_{what}" for kind in plural for what in ("documents", "terms"))
    for space in counted.keys() - held.spaces.keys():
        yield f"space {space} has records and no node"
    for space, own in held.spaces.items():
        expected = {name: counted[space][name] for name in names}
        yield from _differences(f"space {space}: counter", expected, {name: own[name] for name in names})


def _history(held: Contents) -> Iterator[str]:
    def told(change: Row) -> Hashable:
        return tuple(change.get(name) for name in ("target_id", "action", "episode_id", "reason", "before", "after"))

    yield from _doubled("change", map(told, held.changes))
    yield from _doubled("change number", (change["_number"] for change in held.changes))
    made = Counter(change["target_id"] for change in held.changes)
    for fact in (row["own"] for row in held.facts):
        if not made[fact["id"]]:
            yield f"fact {fact['id']} has no history"

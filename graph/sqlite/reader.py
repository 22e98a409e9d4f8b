"""Reads of the SQLite store, on whichever connection they are given."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from factloom.graph.neighbourhood import KnownGraph, KnownGraphs, walk
from factloom.graph.neighbourhood.known_graph import MOST_SPACES
from factloom.graph.sqlite import rows as r
from factloom.graph.sqlite.database import Database, Row
from factloom.graph.sqlite.exporting import origin
from factloom.graph.sqlite.filters import entity_conditions, episode_conditions, fact_conditions, view_condition
from factloom.graph.sqlite.graph_source import TableSource
from factloom.graph.sqlite.keywords import match_terms
from factloom.graph.sqlite.scope import Scope, as_json, as_json_refs, scope_of
from factloom.graph.sqlite.space_names import FORGOTTEN
from factloom.schemas.ports import (
    Located,
    Neighbourhood,
    Probe,
    Probed,
    Records,
    SpaceStatistics,
    TermMatches,
    TermQuery,
)
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Change, Entity, Episode, Fact
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs


def _integers(rows: Iterable[Row]) -> Refs:
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


class Reader:
    """``GraphReader`` on one connection, of one state of the store."""

    def __init__(self, database: Database, clock: Callable[[], datetime], known: KnownGraphs | None = None) -> None:
        self._db = database
        self._clock = clock
        self._known = known
        self._scopes: dict[SpaceSet, Scope] = {}

    def _scope(self, spaces: SpaceSet) -> Scope:
        """The scope that ``spaces`` has, looked up once: a reader sees one state of the store."""
        scope = self._scopes.get(spaces)
        if scope is None:
            scope = self._scopes[spaces] = scope_of(self._db, spaces)
        return scope

    def locate(self, ids: Iterable[str], *, spaces: SpaceSet) -> dict[str, Located]:
        """Kind, ref and space of each id."""
        scope, wanted = self._scope(spaces), as_json(ids)
        found: dict[str, Located] = {}
        for kind in r.KIND_NUMBERS:
            rows = self._db.rows(
                f"SELECT x.id, x.ref, s.name FROM json_each(?) j CROSS JOIN {kind} x ON x.id = j.value "
                f"JOIN space s ON s.number = x.space WHERE {scope.clause('x.space')}",
                (wanted, *scope.parameters),
            )
            found.update((id_, Located(kind, ref, space)) for id_, ref, space in rows)
        return found

    def _by_ref(self, refs: Sequence[int], columns: str, tables: str, alias: str, scope: Scope) -> list[Row]:
        """Rows in the order of ``refs``, a repeated ref giving a repeated row."""
        if not len(refs) or scope.is_empty:
            return []
        rows = self._db.rows(
            f"SELECT {columns} FROM {tables} WHERE {alias}.ref IN (SELECT value FROM json_each(?)) "
            f"AND {scope.clause(f'+{alias}.space')}",
            (as_json_refs(refs), *scope.parameters),
        )
        found = {row[0]: row for row in rows}
        return [found[ref] for ref in refs if ref in found]

    def episodes(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Episode]:
        """The episodes with these refs, in this order."""
        rows = self._by_ref(refs, r.EPISODE_COLUMNS, r.EPISODE_FROM, "e", self._scope(spaces))
        return [r.episode_of(row) for row in rows]

    def facts(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Fact]:
        """The facts with these refs, in this order."""
        return [r.fact_of(row) for row in self._by_ref(refs, r.FACT_COLUMNS, r.FACT_FROM, "f", self._scope(spaces))]

    def entities(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Entity]:
        """The entities with these refs, in this order."""
        rows = self._by_ref(refs, r.ENTITY_COLUMNS, r.ENTITY_FROM, "e", self._scope(spaces))
        return [r.entity_of(row) for row in rows]

    def records(
        self,
        *,
        spaces: SpaceSet,
        episodes: Sequence[int] = (),
        facts: Sequence[int] = (),
        entities: Sequence[int] = (),
        sources: int = 0,
    ) -> Records:
        """The records with these refs, and the newest ``sources`` episodes of the facts."""
        if sources:
            stated = self._newest_sources(facts, sources) if len(facts) else ()
            episodes = list(dict.fromkeys((*episodes, *stated)))
        return Records(
            self.episodes(episodes, spaces=spaces),
            self.facts(facts, spaces=spaces),
            self.entities(entities, spaces=spaces),
        )

    def _newest_sources(self, facts: Sequence[int], most: int) -> list[int]:
        """Refs of the newest episodes of each fact; whether they may be seen is for the reader of them to ask."""
        rows = self._db.rows(
            "SELECT l.episode FROM json_each(?) j CROSS JOIN fact_episode l ON l.fact = j.value AND l.episode IN ("
            "SELECT n.episode FROM fact_episode n WHERE n.fact = j.value "
            "ORDER BY n.occurred_at DESC, n.episode DESC LIMIT ?) ORDER BY j.key, l.occurred_at DESC, l.episode DESC",
            (as_json_refs(facts), most),
        )
        return [ref for (ref,) in rows]

    def probe(self, probe: Probe, *, spaces: SpaceSet) -> Probed:
        """Everything that ``probe`` asks for."""
        scope = self._scope(spaces)
        entities: list[Entity] = []
        if probe.entity_keys:
            query = EntityQuery(keys=probe.entity_keys, limit=probe.entity_limit)
            entities = self.find_entities(query, spaces=spaces)
        return Probed(
            terms=match_terms(self._db, probe.terms, scope=scope),
            entities=tuple(entities),
            relations=self._relations(entities, probe.predicates, probe.view),
            selections=tuple(self.select(selection, spaces=spaces) for selection in probe.selections),
            sequences=self._vector_sequences(scope),
        )

    def _relations(self, entities: Sequence[Entity], predicates: Sequence[str], view: View | None) -> dict[int, Refs]:
        """By entity, the facts about it with one of ``predicates``."""
        if not entities or not predicates:
            return {}
        seen, parameters = view_condition(view)
        wanted = (as_json_refs([entity.ref for entity in entities]), as_json(predicates), *parameters)
        found: dict[int, set[int]] = {entity.ref: set() for entity in entities}
        for end in ("subject", "object"):
            for entity, ref in self._db.rows(
                "SELECT e.ref, f.ref FROM json_each(?) j CROSS JOIN entity e ON e.ref = j.value CROSS JOIN fact f "
                f"ON f.space = e.space AND f.{end} = e.ref AND f.predicate IN (SELECT value FROM json_each(?)) "
                f"WHERE {seen}",
                wanted,
            ):
                found[entity].add(ref)
        return {entity: np.array(sorted(refs), np.int64) for entity, refs in found.items()}

    def _vector_sequences(self, scope: Scope) -> dict[str, int]:
        rows = self._db.rows(
            f"SELECT name, vector_sequence FROM space WHERE vector_sequence > 0 AND {scope.clause('number')}",
            scope.parameters,
        )
        return {name: sequence for name, sequence in rows if not name.startswith(FORGOTTEN)}

    def find_episodes(self, query: EpisodeQuery, *, spaces: SpaceSet) -> list[Episode]:
        """Episodes that match, newest first by when they were said."""
        where = episode_conditions(query, self._scope(spaces))
        way = "ASC" if query.oldest_first else "DESC"
        rows = self._db.rows(
            f"SELECT {r.EPISODE_COLUMNS} FROM {r.EPISODE_FROM} WHERE {where.sql} "
            f"ORDER BY e.occurred_at {way}, e.ref {way} LIMIT ? OFFSET ?",
            (*where.parameters, query.limit, query.offset),
        )
        return [r.episode_of(row) for row in rows]

    def find_facts(self, query: FactQuery, *, spaces: SpaceSet) -> list[Fact]:
        """Facts that match, newest first by when they were learned."""
        where = fact_conditions(query, self._scope(spaces))
        way = "ASC" if query.oldest_first else "DESC"
        rows = self._db.rows(
            f"SELECT {r.FACT_COLUMNS} FROM {r.FACT_FROM} WHERE {where.sql} "
            f"ORDER BY f.created_at {way}, f.id {way} LIMIT ? OFFSET ?",
            (*where.parameters, query.limit, query.offset),
        )
        return [r.fact_of(row) for row in rows]

    def find_entities(self, query: EntityQuery, *, spaces: SpaceSet) -> list[Entity]:
        """Entities that match, by name."""
        where = entity_conditions(query, self._scope(spaces))
        rows = self._db.rows(
            f"SELECT {r.ENTITY_COLUMNS} FROM {r.ENTITY_FROM} WHERE {where.sql} ORDER BY e.name, e.id LIMIT ? OFFSET ?",
            (*where.parameters, query.limit, query.offset),
        )
        return [r.entity_of(row) for row in rows]

    def select(self, query: FactQuery | EpisodeQuery, *, spaces: SpaceSet) -> Refs:
        """Refs of all records that match, ascending."""
        scope = self._scope(spaces)
        if isinstance(query, FactQuery):
            where, table = fact_conditions(query, scope), "fact f"
        else:
            where, table = episode_conditions(query, scope), "episode e"
        found = self._db.read(f"SELECT ref FROM {table} WHERE {where.sql}", where.parameters, _integers)
        found.sort()
        return found

    def match_terms(self, terms: Sequence[str], *, kind: str, spaces: SpaceSet, max_documents: int) -> TermMatches:
        """Postings of ``terms`` among records of ``kind``."""
        query = TermQuery(kind, tuple(terms), max_documents)
        return match_terms(self._db, [query], scope=self._scope(spaces))[0]

    def expand(
        self, refs: Sequence[int], *, spaces: SpaceSet, view: View, limits: ExpandLimits, state: Hashable = None
    ) -> Neighbourhood:
        """The bounded two-way neighbourhood of the records ``refs``; which state is read, a read is told anyway."""
        scope = self._scope(spaces)
        if not len(refs) or scope.is_empty:
            return Neighbourhood({}, {}, {}, {}, frozenset())
        known = self._known_graph(scope, limits.episodes_per_fact)
        return walk(refs, known=known, source=TableSource(self._db, scope, known), view=view, limits=limits)

    def _known_graph(self, scope: Scope, sources: int) -> KnownGraph:
        """What is known of the spaces of ``scope``. A transaction sees what nobody else does, so it shares nothing."""
        if self._known is None or scope.numbers is None or len(scope.numbers) > MOST_SPACES:
            return KnownGraph(sources)
        row = self._db.row(f"SELECT SUM(sequence) FROM space WHERE {scope.clause('number')}", scope.parameters)
        return self._known.graph(scope.numbers, row[0] if row else 0, sources)

    def history(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes to these records, oldest first."""
        return self._changes("target_id", ids, spaces)

    def changes_by(self, episode_ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes that what these episodes say brought about, oldest first."""
        return self._changes("episode_id", episode_ids, spaces)

    def changes(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """The changes with these ids, oldest first."""
        return self._changes("id", ids, spaces)

    def _changes(self, column: str, ids: Iterable[str], spaces: SpaceSet) -> list[Change]:
        scope = self._scope(spaces)
        rows = self._db.rows(
            f"SELECT {r.CHANGE_COLUMNS} FROM change c JOIN space s ON s.number = c.space "
            f"WHERE c.{column} IN (SELECT value FROM json_each(?)) AND {scope.clause('+c.space')} "
            "ORDER BY c.at, c.number",
            (as_json(ids), *scope.parameters),
        )
        return [r.change_of(row) for row in rows]

    def origin(self, space: str) -> str | None:
        """What the last write to the space noted of where its records come from."""
        return origin(self._db, space)

    def statistics(self, *, spaces: SpaceSet) -> list[SpaceStatistics]:
        """Counts per space that holds anything, by name; nothing is scanned but facts that have an end."""
        scope = self._scope(spaces)
        now = r.to_micros(self._clock())
        rows = self._db.rows(
            "SELECT s.name, s.episodes, s.pending, s.failed, s.entities, s.facts, s.facts - ("
            "SELECT COUNT(*) FROM fact f WHERE f.space = s.number "
            "AND (f.expired_at IS NOT NULL OR f.invalid_at IS NOT NULL OR f.expires_at IS NOT NULL) "
            "AND (f.expired_at IS NOT NULL OR f.invalid_at <= ? OR f.expires_at <= ?)"
            "), s.vectors, s.sequence FROM space s "
            f"WHERE {scope.clause('s.number')} AND s.episodes + s.entities + s.facts > 0 ORDER BY s.name",
            (now, now, *scope.parameters),
        )
        return [SpaceStatistics._make(row) for row in rows]

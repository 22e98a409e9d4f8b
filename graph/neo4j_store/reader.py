"""Reads of the Neo4j store: one statement each, on whatever runs it, be that a session or the open transaction.

A server reads what is committed at each moment, not a snapshot, so a record may go while a statement runs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from factloom.graph.neighbourhood import KnownGraphs
from factloom.graph.neo4j_store import expansion
from factloom.graph.neo4j_store import rows as r
from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.filters import (
    Conditions,
    entity_conditions,
    episode_conditions,
    fact_conditions,
    space_names,
)
from factloom.graph.neo4j_store.matching import integers
from factloom.graph.neo4j_store.posting_cache import PostingCache
from factloom.graph.neo4j_store.probing import conditions_of, run_probe, selection_text
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.whole_rows import CHANGE, ENTITY, EPISODE, FACT, whole
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

_NODES: Final = {"find_episodes": "e", "find_facts": "f", "find_entities": "n"}
"""What the statements call the records that they look for."""

_OPTIONAL: Final = {"find_episodes": EPISODE, "find_facts": FACT, "find_entities": ENTITY}
"""Which of their columns may be null."""


class Remembered(NamedTuple):
    """What is kept of earlier reads, each for the state of the spaces that it was read in."""

    postings: PostingCache
    graphs: KnownGraphs


RecordKind = TypeVar("RecordKind", Episode, Fact, Entity)


class Reader:
    """``GraphReader`` over ``runner``. ``clock`` tells which facts are current in ``statistics``.

    ``remembered``: what earlier reads left, for statements that commit by themselves; a transaction has none.
    """

    _in_transaction = False

    def __init__(
        self,
        runner: Runner,
        queries: Queries,
        store_id: str,
        clock: Callable[[], datetime],
        remembered: Remembered | None = None,
    ) -> None:
        self._runner = runner
        self._queries = queries
        self._store_id = store_id
        self._clock = clock
        self._remembered = remembered

    def _rows(self, name: str, spaces: SpaceSet, **parameters: Any) -> list[list[Any]]:
        """Rows of the statement ``name``; none without a trip where nothing may be read."""
        if _is_empty(spaces):
            return []
        return self._runner.rows(self._queries[name], {"w": {**_readable(spaces), **parameters}})

    def locate(self, ids: Iterable[str], *, spaces: SpaceSet) -> dict[str, Located]:
        """Kind, ref and space of each id."""
        rows = self._rows("locate", spaces, ids=r.findable(list(dict.fromkeys(ids))))
        return {id_: Located(kind, ref, space) for id_, kind, ref, space in whole(rows, frozenset())}

    def episodes(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Episode]:
        """The episodes with these refs, in this order."""
        return self.records(spaces=spaces, episodes=refs).episodes

    def facts(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Fact]:
        """The facts with these refs, in this order."""
        return self.records(spaces=spaces, facts=refs).facts

    def entities(self, refs: Sequence[int], *, spaces: SpaceSet) -> list[Entity]:
        """The entities with these refs, in this order."""
        return self.records(spaces=spaces, entities=refs).entities

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
        said, known, named = _plain(episodes), _plain(facts), _plain(entities)
        if not (said or known or named):
            return Records([], [], [])
        rows = self._rows("records", spaces, episodes=said, facts=known, entities=named, sources=sources)
        if not rows:
            return Records([], [], [])
        found_episodes, found_facts, found_entities, stated = rows[0]
        newest = dict(stated)
        if sources:
            said = list(dict.fromkeys([*said, *(ref for fact in known for ref in newest.get(fact, ()))]))
        return Records(
            _in_order(said, whole(found_episodes, EPISODE), r.episode_of),
            _in_order(known, whole(found_facts, FACT), r.fact_of),
            _in_order(named, whole(found_entities, ENTITY), r.entity_of),
        )

    def probe(self, probe: Probe, *, spaces: SpaceSet) -> Probed:
        """Everything that ``probe`` asks for."""
        return run_probe(
            self._runner,
            self._queries,
            probe,
            store_id=self._store_id,
            spaces=spaces,
            readable=_readable(spaces),
            cache=None if self._remembered is None else self._remembered.postings,
            indexed=not self._in_transaction,
        )

    # --- by filters ---

    def find_episodes(self, query: EpisodeQuery, *, spaces: SpaceSet) -> list[Episode]:
        """Episodes that match, newest first by when they were said."""
        conditions = episode_conditions(query, spaces)
        matching = conditions.matching("(e:{prefix}Episode)", ("e._occurred", "e._ref"))
        return [
            r.episode_of(row)
            for row in whole(self._found("find_episodes", matching, conditions, query, spaces), EPISODE)
        ]

    def find_facts(self, query: FactQuery, *, spaces: SpaceSet) -> list[Fact]:
        """Facts that match, newest first by when they were learned."""
        conditions = fact_conditions(query, spaces)
        matching = conditions.matching("(f:{prefix}Fact)", ("f._created", "f.id"))
        return [r.fact_of(row) for row in self._found("find_facts", matching, conditions, query, spaces)]

    def find_entities(self, query: EntityQuery, *, spaces: SpaceSet) -> list[Entity]:
        """Entities that match, by name."""
        conditions = entity_conditions(query, spaces)
        matching = conditions.matching("(n:{prefix}Entity)", ("n.name", "n.id"))
        return [
            r.entity_of(row) for row in whole(self._found("find_entities", matching, conditions, query, spaces), ENTITY)
        ]

    def _found(
        self,
        name: str,
        matching: str,
        conditions: Conditions,
        query: EpisodeQuery | FactQuery | EntityQuery,
        spaces: SpaceSet,
    ) -> list[Sequence[Any]]:
        if _is_empty(spaces):
            return []
        way = "ASC" if isinstance(query, EntityQuery) or query.oldest_first else "DESC"
        one = not spaces.is_everything and len(spaces.names) == 1
        first = f"{_NODES[name]}.space {way}, " if one else ""
        text = self._queries[name].replace("{way}", way).replace("{first}", first)
        parameters = {**conditions.parameters, "limit": query.limit, "offset": query.offset}
        rows = self._runner.rows(text.replace("{matching}", self._filled(matching)), {"w": parameters})
        return whole((row for (row,) in rows), _OPTIONAL[name])

    def _filled(self, text: str) -> str:
        return text.replace("{prefix}", self._queries.prefix)

    def select(self, query: FactQuery | EpisodeQuery, *, spaces: SpaceSet) -> Refs:
        """Refs of all records that match, ascending."""
        if _is_empty(spaces):
            return integers([])
        conditions = conditions_of(query, spaces)
        rows = self._runner.rows(selection_text(self._queries, query, conditions), {"w": conditions.parameters})
        return integers(rows[0][0])

    # --- around and about ---

    def match_terms(self, terms: Sequence[str], *, kind: str, spaces: SpaceSet, max_documents: int) -> TermMatches:
        """Postings of ``terms`` among records of ``kind``."""
        asked = TermQuery(r.check_kind(kind), tuple(terms), max_documents)
        return self.probe(Probe(terms=(asked,)), spaces=spaces).terms[0]

    def expand(
        self, refs: Sequence[int], *, spaces: SpaceSet, view: View, limits: ExpandLimits, state: Hashable = None
    ) -> Neighbourhood:
        """The bounded two-way neighbourhood of the records ``refs``; see ``factloom.graph.neo4j_store.expansion``."""
        if not len(refs) or _is_empty(spaces):
            return Neighbourhood({}, {}, {}, {}, frozenset())
        return expansion.expand(
            self._runner,
            self._queries,
            _plain(refs),
            readable=_readable(spaces),
            view=view,
            limits=limits,
            state=state,
            graphs=None if self._remembered is None else self._remembered.graphs,
        )

    def history(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes to these records, oldest first."""
        return self._changes("history", spaces, ids)

    def changes_by(self, episode_ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """Changes that what these episodes say brought about, oldest first."""
        return self._changes("changes_by", spaces, episode_ids)

    def changes(self, ids: Iterable[str], *, spaces: SpaceSet) -> list[Change]:
        """The changes with these ids, oldest first."""
        return self._changes("changes", spaces, ids)

    def _changes(self, name: str, spaces: SpaceSet, ids: Iterable[str]) -> list[Change]:
        rows = self._rows(name, spaces, ids=r.findable(list(ids)))
        return [r.change_of(row) for row in whole((row for (row,) in rows), CHANGE)]

    def statistics(self, *, spaces: SpaceSet) -> list[SpaceStatistics]:
        """Counts per space that holds anything, by name; nothing is scanned but facts that have an end."""
        return [SpaceStatistics._make(row) for row in self._rows("statistics", spaces, now=r.to_micros(self._clock()))]


def _is_empty(spaces: SpaceSet) -> bool:
    return not spaces.is_everything and not spaces.names


def _readable(spaces: SpaceSet) -> dict[str, Any]:
    return {"everything": spaces.is_everything, "spaces": space_names(spaces)}


def _plain(refs: Sequence[int]) -> list[int]:
    """Refs, numpy's too, as integers that the driver knows."""
    return [int(ref) for ref in refs]


def _in_order(
    refs: Sequence[int], rows: Sequence[Sequence[Any]], record_of: Callable[[Sequence[Any]], RecordKind]
) -> list[RecordKind]:
    """Records in the order of ``refs``, a repeated ref giving a repeated record."""
    found = {row[0]: record_of(row) for row in rows}
    return [found[ref] for ref in refs if ref in found]

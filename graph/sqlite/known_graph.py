"""What was read of the graph: questions about the same spaces visit the same neighbourhoods again and again.

A `KnownGraph` belongs to one state of the spaces that are read, told by the sum of their sequence numbers, which grows
with every write there. `KnownGraphs` drops one for an older state, so what is known is what the store would give.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from threading import Lock
from typing import Final, NamedTuple

from factloom.graph.sqlite.database import Database
from factloom.graph.sqlite.scope import Scope
from factloom.graph.sqlite.stored_facts import BEST_FIRST, COLUMNS, WIDTH, StoredFact, best_first, stored_fact
from factloom.schemas.ports import EntityNode, EpisodeNode

_MOST_NODES: Final = 100_000
"""About 55 MB where one node in six is a fact; the spaces that were not read for longest go first."""

_MOST_SPACES: Final = 8
"""Spaces read together whose nodes are kept; who reads more hardly asks for the same twice."""

_EPISODE: Final = (
    "e.ref, e.session, e.previous, e.next, e.speaker, e.role, e.occurred_at / 1e6, e.length, e.text_length, e.question"
)

Key = tuple[tuple[int, ...], int]


class KnownEntity:
    """An entity's node with the number of its facts without any end, and how many facts of it have one."""

    __slots__ = ("dated", "node")

    def __init__(self, node: EntityNode, dated: int) -> None:
        self.node = node
        self.dated = dated

    @property
    def facts(self) -> int:
        """How many facts there ever were about it."""
        return self.node.degree + self.dated


class Stated(NamedTuple):
    """The facts that an episode states, and whether any of them has, or had, an end."""

    facts: tuple[StoredFact, ...]
    dated: bool


class Best(NamedTuple):
    """An entity's best facts, best first, and whether these are all."""

    facts: tuple[StoredFact, ...]
    complete: bool

    def reaches(self, bound: int) -> bool:
        """Whether there are ``bound``, or all."""
        return self.complete or len(self.facts) >= bound


class KnownGraph:
    """Nodes by ref, the facts that an episode states, and those about an entity; what is missing is read.

    Every fact is known with its newest ``sources`` episodes. Threads may share one: what they add is the same.
    """

    def __init__(self, sources: int) -> None:
        self._sources = sources
        self.episodes: dict[int, EpisodeNode] = {}
        self.facts: dict[int, StoredFact] = {}
        self.entities: dict[int, KnownEntity] = {}
        self._stated: dict[int, Stated] = {}
        self._best: dict[int, Best] = {}

    @property
    def size(self) -> int:
        """How many nodes are held."""
        return len(self.episodes) + len(self.facts) + len(self.entities)

    def __contains__(self, ref: int) -> bool:
        return ref in self.episodes or ref in self.facts or ref in self.entities

    def read_episodes(self, database: Database, refs: Collection[int], scope: Scope | None = None) -> None:
        """Know the episodes among ``refs``; with ``scope``, only those in its spaces."""
        where, parameters = _within("e.space", scope)
        rows = database.rows(
            f"SELECT {_EPISODE} FROM json_each(?) j CROSS JOIN episode e ON e.ref = j.value WHERE {where}",
            (_sorted(refs), *parameters),
        )
        self.episodes.update((row[0], EpisodeNode._make((*row[:9], row[9] == 1))) for row in rows)

    def read_facts(self, database: Database, refs: Collection[int], scope: Scope) -> None:
        """Know the facts among ``refs`` that are in ``scope``."""
        where, parameters = _within("f.space", scope)
        rows = database.rows(
            f"SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN fact f ON f.ref = j.value WHERE {where}",
            (self._sources, _sorted(refs), *parameters),
        )
        self.facts.update((row[0], stored_fact(row)) for row in rows)

    def read_entities(self, database: Database, refs: Iterable[int], scope: Scope | None = None) -> None:
        """Know the entities among ``refs``; with ``scope``, only those in its spaces."""
        missing = [ref for ref in refs if ref not in self.entities]
        if missing:
            where, parameters = _within("e.space", scope)
            rows = database.rows(
                "SELECT e.ref, e.name, e.type, e.open_facts, e.dated_facts FROM json_each(?) j "
                f"CROSS JOIN entity e ON e.ref = j.value WHERE {where}",
                (_sorted(missing), *parameters),
            )
            self.entities.update((row[0], KnownEntity(EntityNode._make(row[:4]), row[4])) for row in rows)

    def stated_in(self, database: Database, refs: Iterable[int]) -> dict[int, Stated]:
        """By episode, the facts that it states; those that state none are left out."""
        known = self._stated
        wanted = list(refs)
        missing = [ref for ref in wanted if ref not in known]
        if missing:
            found: dict[int, list[StoredFact]] = {ref: [] for ref in missing}
            for row in database.rows(
                f"SELECT {COLUMNS}, l.episode FROM json_each(?) j CROSS JOIN fact_episode l ON l.episode = j.value "
                "CROSS JOIN fact f ON f.ref = l.fact",
                (self._sources, _sorted(missing)),
            ):
                found[row[WIDTH]].append(self.fact(row))
            known.update((ref, Stated(tuple(facts), any(f.dated for f in facts))) for ref, facts in found.items())
        return {ref: stated for ref in wanted if (stated := known[ref]).facts}

    def best_about(self, database: Database, refs: Sequence[int], bound: int) -> dict[int, Best]:
        """By entity, at least ``bound`` of the facts about it, whether they are over or not; all if there are fewer.

        Of a hub no more are read than that: the indexes are in this order.
        """
        known = self._best
        missing = [ref for ref in refs if (best := known.get(ref)) is None or not best.reaches(bound)]
        if missing:
            for ref, facts in self.read_best(database, missing, bound).items():
                known[ref] = Best(facts, self.entities[ref].facts <= len(facts))
        return {ref: known[ref] for ref in refs}

    def read_best(
        self, database: Database, refs: Collection[int], bound: int, seen: tuple[str, tuple[int, ...]] = ("1", ())
    ) -> dict[int, tuple[StoredFact, ...]]:
        """By entity, the best ``bound`` facts about it, of those that fulfil the condition ``seen`` on ``f``."""
        condition, parameters = seen
        wanted = _sorted(refs)
        found: dict[int, dict[int, StoredFact]] = {ref: {} for ref in refs}
        for end in ("subject", "object"):
            for row in database.rows(
                f"SELECT {COLUMNS}, j.value FROM json_each(?) j CROSS JOIN fact f ON f.ref IN (SELECT f.ref "
                f"FROM fact f WHERE f.{end} = j.value AND {condition} ORDER BY {BEST_FIRST} LIMIT ?)",
                (self._sources, wanted, *parameters, bound),
            ):
                found[row[WIDTH]][row[0]] = self.fact(row)
        # Each end gave its best ``bound``, so as many are the best of both.
        return {ref: tuple(sorted(facts.values(), key=best_first)[:bound]) for ref, facts in found.items()}

    def fact(self, row: tuple[object, ...]) -> StoredFact:
        """The fact in a row of ``stored_facts.COLUMNS``, made once."""
        ref = row[0]
        assert isinstance(ref, int)
        found = self.facts.get(ref)
        if found is None:
            found = self.facts[ref] = stored_fact(row)
        return found


class KnownGraphs:
    """What is known, by spaces read together and by how many newest episodes their facts have; for several threads."""

    def __init__(self, most_nodes: int = _MOST_NODES) -> None:
        self._most_nodes = most_nodes
        self._lock = Lock()
        self._held: OrderedDict[Key, tuple[int, KnownGraph]] = OrderedDict()

    def graph(self, database: Database, scope: Scope, sources: int) -> KnownGraph:
        """What is known of the spaces of ``scope`` in the state that ``database`` reads; the caller adds to it.

        A reader whose snapshot is older than what is held gets a graph of its own, which is not kept.
        """
        if scope.numbers is None or not 0 < len(scope.numbers) <= _MOST_SPACES:
            return KnownGraph(sources)
        row = database.row(f"SELECT SUM(sequence) FROM space WHERE {scope.clause('number')}", scope.parameters)
        state = row[0] if row else 0
        key = (scope.numbers, sources)
        with self._lock:
            held = self._held.get(key)
            if held is not None and held[0] > state:
                return KnownGraph(sources)
            if held is None or held[0] < state:
                held = self._held[key] = (state, KnownGraph(sources))
            self._held.move_to_end(key)
            total = sum(graph.size for _, graph in self._held.values())
            while total > self._most_nodes:
                _, (_, dropped) = self._held.popitem(last=False)
                total -= dropped.size
            return held[1]


def _sorted(refs: Iterable[int]) -> str:
    return str(sorted(refs))


def _within(column: str, scope: Scope | None) -> tuple[str, tuple[int | str, ...]]:
    """A condition on the space in ``column``, and what it binds; none where all that is asked for may be read."""
    return ("1", ()) if scope is None else (scope.clause(column), scope.parameters)

"""Expansion: the neighbourhood of some records, one set-based query per step.

1. The episodes given, from them ``window`` steps along NEXT either way, and the episodes of the facts given.
2. The facts given, those that these episodes state, and the best facts of the entities given.
3. ``hops`` times: the entities at the ends of the facts found last, and their best facts.
4. Around all facts: their newest episodes and the entities at both ends.

An episode states at most ``facts_per_entity`` of its facts here, chosen as an entity's are: by support, then newest,
then ref. Only the given refs are checked against the readable spaces: the tables allow no link from one to another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Final

from factloom.graph.sqlite.database import Database, Row
from factloom.graph.sqlite.filters import view_condition
from factloom.graph.sqlite.node_cache import Nodes
from factloom.graph.sqlite.rows import to_micros
from factloom.graph.sqlite.scope import Scope
from factloom.schemas.ports import EntityNode, EpisodeNode, FactNode, Neighbourhood
from factloom.schemas.queries import ExpandLimits, View

_EPISODE: Final = (
    "e.ref, e.session, e.previous, e.next, e.speaker, e.role, e.occurred_at / 1e6, e.length, e.text_length, e.question"
)
_FACT: Final = (
    "f.ref, f.subject, f.object, f.predicate, f.category, f.valid_at, f.invalid_at, f.created_at, f.expired_at, "
    "f.confidence, f.support, "
)
# The newest episodes come in the order of the subquery, which has a limit and is therefore run as written.
_NEWEST: Final = (
    "(SELECT group_concat(episode) FROM (SELECT l.episode FROM fact_episode l WHERE l.fact = f.ref "
    "ORDER BY l.occurred_at DESC, l.episode DESC LIMIT ?))"
)
_FACT_ALONE: Final = f"{_FACT} {_NEWEST}, f.since"
_FACT_STATED: Final = f"{_FACT_ALONE}, l.episode"
"""Columns of a fact ``f``, the second with the row ``l`` by which an episode states it."""

_DATED: Final = "(f.expired_at IS NOT NULL OR f.invalid_at IS NOT NULL OR f.expires_at IS NOT NULL)"
_BEST: Final = "ORDER BY f.support DESC, f.since DESC, f.ref"


class _Expansion:
    """What one expansion has found so far."""

    def __init__(self, database: Database, view: View, limits: ExpandLimits, known: Nodes) -> None:
        self._db = database
        self._known = known
        self._limits = limits
        self._history = view.history
        self._at_a_time = view.at is not None
        self._time = to_micros(view.at or view.now)
        self._view, self._view_parameters = view_condition(view)
        self.episodes: dict[int, EpisodeNode] = {}
        self.facts: dict[int, FactNode] = {}
        self.entities: set[int] = set()
        self._looked_at: set[int] = set()
        self._over: dict[int, list[FactNode]] = {}
        self._current: set[int] = set()

    # --- episodes ---

    def add_episodes(self, refs: Iterable[int], scope: Scope | None = None) -> list[EpisodeNode]:
        """Read episodes that are not known yet; with ``scope``, only those in its spaces."""
        known, episodes = self._known, self.episodes
        found: dict[int, EpisodeNode] = {}
        missing: set[int] = set()
        for ref in refs:
            if ref and ref not in episodes:
                node = known.get(ref)
                if node is None:
                    missing.add(ref)
                else:
                    found[ref] = node
        if missing:
            where, parameters = _within("e.space", scope)
            rows = self._db.rows(
                f"SELECT {_EPISODE} FROM json_each(?) j CROSS JOIN episode e ON e.ref = j.value WHERE {where}",
                (str(sorted(missing)), *parameters),
            )
            read = {row[0]: EpisodeNode._make((*row[:9], row[9] == 1)) for row in rows}
            known.update(read)
            found.update(read)
        episodes.update(found)
        return list(found.values())

    def follow_next(self, start: list[EpisodeNode]) -> None:
        """Follow NEXT both ways for ``window`` steps."""
        frontier = start
        for _ in range(self._limits.window):
            frontier = self.add_episodes([node.previous for node in frontier] + [node.next for node in frontier])

    # --- what is over ---

    @property
    def _ended(self) -> str:
        """The facts that ended before the time of the view; binds the view's parameters and that time."""
        return f"({_DATED} AND NOT ({self._view}) AND (f.valid_at IS NULL OR f.valid_at <= ?))"

    def _note_over(self, rows: Iterable[Row]) -> None:
        """Keep ended facts by the episode that states them."""
        for row in rows:
            self._over.setdefault(row[13], []).append(_fact_node(row))

    def look_for_over(self) -> None:
        """Find what is over of that which episodes state that were found since ``add_facts_of_episodes``."""
        late = sorted(self.episodes.keys() - self._looked_at)
        if self._history or not late:
            return
        before = set(self._over)
        self._note_over(
            self._db.rows(
                f"SELECT {_FACT_STATED} FROM json_each(?) j CROSS JOIN fact_episode l ON l.episode = j.value "
                f"CROSS JOIN fact f ON f.ref = l.fact WHERE {self._ended}",
                (self._limits.episodes_per_fact, str(late), *self._view_parameters, self._time),
            )
        )
        found = sorted(self._over.keys() - before)
        if found:
            rows = self._db.rows(
                "SELECT j.value FROM json_each(?) j WHERE EXISTS (SELECT 1 FROM fact_episode l "
                f"CROSS JOIN fact f ON f.ref = l.fact WHERE l.episode = j.value AND {self._view})",
                (str(found), *self._view_parameters),
            )
            self._current.update(ref for (ref,) in rows)

    @property
    def over(self) -> dict[int, tuple[FactNode, ...]]:
        """By episode, the facts that it states and that ended before the time of the view."""
        bound = self._limits.facts_per_entity
        return {episode: tuple(sorted(facts)[:bound]) for episode, facts in sorted(self._over.items())}

    @property
    def stale(self) -> frozenset[int]:
        """Those of the episodes in ``over`` that state no fact that is in the view."""
        return frozenset(self._over.keys() - self._current)

    # --- facts ---

    def _keep(self, rows: Iterable[Row]) -> list[FactNode]:
        found = []
        for row in rows:
            if row[0] not in self.facts:
                node = _fact_node(row)
                self.facts[node.ref] = node
                found.append(node)
        return found

    def add_facts(self, refs: Sequence[int], scope: Scope) -> list[FactNode]:
        """Read the facts given, as far as the view and ``scope`` see them."""
        where, parameters = _within("f.space", scope)
        return self._keep(
            self._db.rows(
                f"SELECT {_FACT_ALONE} FROM json_each(?) j CROSS JOIN fact f ON f.ref = j.value "
                f"WHERE {self._view} AND {where}",
                (self._limits.episodes_per_fact, str(refs), *self._view_parameters, *parameters),
            )
        )

    def add_facts_of_episodes(self, episodes: Iterable[int]) -> list[FactNode]:
        """Read the best facts that each episode states, and note what is over of that."""
        self._looked_at = set(episodes)
        select = (
            f"SELECT {_FACT_STATED}, {self._view} FROM json_each(?) j CROSS JOIN fact_episode l "
            "ON l.episode = j.value CROSS JOIN fact f ON f.ref = l.fact WHERE "
        )
        view, wanted = self._view_parameters, str(sorted(self._looked_at))
        shown = (self._limits.episodes_per_fact, *view, wanted)
        if self._history:
            rows = self._db.rows(f"{select} {self._view}", (*shown, *view))
        else:
            found = self._db.rows(f"{select} ({self._view}) OR {self._ended}", (*shown, *view, *view, self._time))
            rows = [row for row in found if row[14]]
            self._note_over(row for row in found if not row[14])
            self._current.update(row[13] for row in rows)
        if max(Counter(row[13] for row in rows).values(), default=0) > self._limits.facts_per_entity:
            by_episode: dict[int, list[Row]] = {}
            for row in rows:
                by_episode.setdefault(row[13], []).append(row)
            rows = [row for stated in by_episode.values() for row in self._best(stated)]
        return self._keep(rows)

    def _best(self, rows: list[Row]) -> list[Row]:
        bound = self._limits.facts_per_entity
        if len(rows) <= bound:
            return rows
        return nsmallest(bound, rows, key=lambda row: (-row[10], -row[12], row[0]))

    def sizes(self, refs: Iterable[int], scope: Scope | None = None) -> dict[int, int]:
        """The entities among ``refs``, in ``scope`` if given, and how many facts there ever were about each."""
        where, parameters = _within("e.space", scope)
        return dict(
            self._db.rows(
                "SELECT e.ref, e.open_facts + e.dated_facts FROM json_each(?) j "
                f"CROSS JOIN entity e ON e.ref = j.value WHERE {where}",
                (str(sorted(refs)), *parameters),
            )
        )

    def add_facts_of_entities(self, sizes: dict[int, int]) -> list[FactNode]:
        """Read the best facts of each entity, of a hub no more than the bound: the indexes are in that order."""
        bound = self._limits.facts_per_entity
        small = [ref for ref, facts in sizes.items() if facts <= bound]
        hubs = [ref for ref, facts in sizes.items() if facts > bound]
        best: list[Row] = []
        for end in ("subject", "object") if small else ():
            best += self._db.rows(
                f"SELECT {_FACT_ALONE} FROM json_each(?) j CROSS JOIN fact f ON f.{end} = j.value WHERE {self._view}",
                (self._limits.episodes_per_fact, str(small), *self._view_parameters),
            )
        return self._keep(best + self._best_of_hubs(hubs) if hubs else best)

    def _best_of_hubs(self, hubs: list[int]) -> list[Row]:
        bound = self._limits.facts_per_entity
        by_entity: dict[int, dict[int, Row]] = {}
        for end in ("subject", "object"):
            rows = self._db.rows(
                f"SELECT {_FACT_ALONE}, j.value FROM json_each(?) j CROSS JOIN fact f ON f.ref IN (SELECT f.ref "
                f"FROM fact f WHERE f.{end} = j.value AND {self._view} {_BEST} LIMIT ?)",
                (self._limits.episodes_per_fact, str(hubs), *self._view_parameters, bound),
            )
            for row in rows:
                by_entity.setdefault(row[13], {})[row[0]] = row
        return [row for facts in by_entity.values() for row in self._best(list(facts.values()))]

    # --- entities ---

    def entity_nodes(self) -> dict[int, EntityNode]:
        """Read all entities found, with the number of facts about each."""
        count, parameters = self._degree()
        rows = self._db.rows(
            f"SELECT e.ref, e.name, e.type, {count} FROM json_each(?) j CROSS JOIN entity e ON e.ref = j.value",
            (*parameters, str(sorted(self.entities))),
        )
        return {row[0]: EntityNode._make(row) for row in rows}

    def _degree(self) -> tuple[str, tuple[int, ...]]:
        """How many facts about an entity ``e`` the view sees.

        For the present, facts without any end are counted already and only those with one are looked at. A look
        at another time has to count them all.
        """
        if self._history and not self._at_a_time:
            return "e.open_facts + e.dated_facts", ()
        dated = "" if self._at_a_time else f" AND {_DATED}"
        count = " + ".join(
            f"(SELECT COUNT(*) FROM fact f WHERE f.{end} = e.ref{rest}{dated} AND {self._view})"
            for end, rest in (("subject", ""), ("object", " AND f.subject <> f.object"))
        )
        parameters = (*self._view_parameters, *self._view_parameters)
        if self._at_a_time:
            return count, parameters
        return f"e.open_facts + CASE WHEN e.dated_facts THEN {count} ELSE 0 END", parameters

    @property
    def size(self) -> int:
        """How many nodes have been found."""
        return len(self.episodes) + len(self.facts) + len(self.entities)


def _fact_node(row: Row) -> FactNode:
    """A row of ``_FACT_ALONE`` or ``_FACT_STATED`` as a node."""
    ref, subject, object_, predicate, category, valid, invalid, created, expired, confidence, support, episodes = row[
        :12
    ]
    return FactNode(
        ref,
        subject,
        object_,
        predicate,
        category,
        None if valid is None else valid / 1e6,
        None if invalid is None else invalid / 1e6,
        created / 1e6,
        None if expired is None else expired / 1e6,
        confidence,
        support,
        tuple(map(int, episodes.split(","))) if episodes else (),
    )


def _within(column: str, scope: Scope | None) -> tuple[str, tuple[int | str, ...]]:
    """A condition on the space in ``column``, and what it binds; none where all that is asked for may be read."""
    return ("1", ()) if scope is None else (scope.clause(column), scope.parameters)


def expand(
    database: Database, refs: Sequence[int], *, scope: Scope, view: View, limits: ExpandLimits, known: Nodes
) -> Neighbourhood:
    """The neighbourhood of ``refs``, as the module's first lines say.

    ``known``: episodes that were read before in the same state of the one readable space; more are added to it.
    """
    if not len(refs) or scope.is_empty:
        return Neighbourhood({}, {}, {}, {}, frozenset())
    given = sorted(set(map(int, refs)))
    found = _Expansion(database, view, limits, known)
    seeds = found.add_facts(given, scope)
    others = [ref for ref in given if ref not in found.facts]
    found.follow_next(found.add_episodes(others, scope))
    entities = found.sizes((ref for ref in others if ref not in found.episodes), scope)
    found.add_episodes(episode for fact in seeds for episode in fact.episodes)
    latest = seeds + found.add_facts_of_episodes(found.episodes)
    found.entities.update(entities)
    if entities:
        latest += found.add_facts_of_entities(entities)
    expanded = set(entities)
    for hop in range(limits.hops + 1):
        ends = {end for fact in latest for end in (fact.subject, fact.object)}
        found.entities |= ends
        fresh = ends - expanded
        if hop == limits.hops or not fresh or found.size > limits.nodes:
            break
        expanded |= fresh
        latest = found.add_facts_of_entities(found.sizes(fresh))
    found.add_episodes(episode for fact in found.facts.values() for episode in fact.episodes)
    found.look_for_over()
    return Neighbourhood(
        episodes={ref: found.episodes[ref] for ref in sorted(found.episodes)},
        facts={ref: found.facts[ref] for ref in sorted(found.facts)},
        entities=found.entity_nodes(),
        over=found.over,
        stale_episodes=found.stale,
    )

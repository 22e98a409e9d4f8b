"""What expansion reads of the tables, one query per question, into what is known of the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from factloom.graph.neighbourhood import KnownEntity, KnownGraph, StoredFact, stored_fact
from factloom.graph.neighbourhood.known_graph import STATES_NOTHING, Best, Stated
from factloom.graph.sqlite.filters import view_condition
from factloom.schemas.ports import EntityNode, EpisodeNode

if TYPE_CHECKING:
    from factloom.graph.sqlite.database import Database, Row
    from factloom.graph.sqlite.scope import Scope
    from factloom.schemas.queries import View

_EPISODE: Final = (
    "e.ref, e.session, e.previous, e.next, e.speaker, e.role, e.occurred_at / 1e6, e.length, e.text_length, e.question"
)

_NEWEST: Final = (
    "(SELECT group_concat(episode) FROM (SELECT l.episode FROM fact_episode l WHERE l.fact = f.ref "
    "ORDER BY l.occurred_at DESC, l.episode DESC LIMIT ?))"
)
"""The newest episodes come in the order of the subquery, which has a limit and is therefore run as written."""

_FACT: Final = (
    "f.ref, f.subject, f.object, f.predicate, f.category, f.valid_at, f.invalid_at, f.created_at, f.expired_at, "
    f"f.confidence, f.support, {_NEWEST}, f.since, f.expires_at"
)
"""A fact ``f``, as `stored_fact` takes it; binds how many of its newest episodes are read."""

_FACT_OF_EPISODE: Final = _FACT.replace(_NEWEST, f"CASE f.support WHEN 1 THEN l.episode ELSE {_NEWEST} END")
"""The same of a fact that the episode ``l`` states: most are stated by no other, and none need be looked for."""

_WIDTH: Final = 14
"""How many columns these are; another may follow."""

_EPISODES: Final = 11
"""Which of them holds the newest episodes."""

_BEST_FIRST: Final = "f.support DESC, f.since DESC, f.ref"
"""Order of an entity's facts: by support, then newest, then ref."""

_DATED: Final = "(f.expired_at IS NOT NULL OR f.invalid_at IS NOT NULL OR f.expires_at IS NOT NULL)"


class TableSource:
    """``GraphSource`` over the tables, in the state that ``database`` reads."""

    def __init__(self, database: Database, scope: Scope, known: KnownGraph) -> None:
        self._db = database
        self._scope = scope
        self._known = known

    def _within(self, column: str, given: bool) -> tuple[str, tuple[int | str, ...]]:
        """A condition on the space in ``column``, and what it binds; none where links were followed."""
        return (self._scope.clause(column), self._scope.parameters) if given else ("1", ())

    def read_episodes(self, refs: Collection[int], *, given: bool, further: bool) -> None:
        """Know the episodes among ``refs``."""
        where, parameters = self._within("e.space", given)
        rows = self._db.rows(
            f"SELECT {_EPISODE} FROM json_each(?) j CROSS JOIN episode e ON e.ref = j.value WHERE {where}",
            (_sorted(refs), *parameters),
        )
        self._known.episodes.update((row[0], EpisodeNode._make((*row[:9], row[9] == 1))) for row in rows)

    def read_facts(self, refs: Collection[int]) -> None:
        """Know the facts among ``refs``."""
        where, parameters = self._within("f.space", True)
        rows = self._db.rows(
            f"SELECT {_FACT} FROM json_each(?) j CROSS JOIN fact f ON f.ref = j.value WHERE {where}",
            (self._known.sources, _sorted(refs), *parameters),
        )
        for row in rows:
            self._fact(row)

    def read_entities(self, refs: Collection[int], *, given: bool) -> None:
        """Know the entities among ``refs``."""
        where, parameters = self._within("e.space", given)
        rows = self._db.rows(
            "SELECT e.ref, e.name, e.type, e.open_facts, e.dated_facts FROM json_each(?) j "
            f"CROSS JOIN entity e ON e.ref = j.value WHERE {where}",
            (_sorted(refs), *parameters),
        )
        self._known.entities.update((row[0], KnownEntity(EntityNode._make(row[:4]), row[4])) for row in rows)

    def read_stated(self, refs: Collection[int]) -> None:
        """Know what these episodes state."""
        found: defaultdict[int, list[StoredFact]] = defaultdict(list)
        for row in self._db.rows(
            f"SELECT {_FACT_OF_EPISODE}, l.episode FROM json_each(?) j CROSS JOIN fact_episode l "
            "ON l.episode = j.value CROSS JOIN fact f ON f.ref = l.fact",
            (self._known.sources, _sorted(refs)),
        ):
            found[row[_WIDTH]].append(self._fact(row))
        stated = self._known.stated
        stated.update(dict.fromkeys(refs, STATES_NOTHING))
        stated.update((ref, Stated.of(facts)) for ref, facts in found.items())

    def read_best(self, refs: Collection[int], bound: int, *, hops: int) -> None:
        """Know the best facts about these entities."""
        entities = self._known.entities
        self._known.best.update(
            (ref, Best.of(facts, bound, entities[ref])) for ref, facts in self._best(refs, bound, "1", ()).items()
        )

    def best_seen(self, refs: Collection[int], bound: int, view: View) -> dict[int, tuple[StoredFact, ...]]:
        """By entity, the best ``bound`` facts about it that ``view`` sees."""
        entities = self._known.entities
        found = self._best(refs, bound, *view_condition(view))
        return {ref: Best.of(facts, bound, entities[ref]).facts for ref, facts in found.items()}

    def _best(
        self, refs: Collection[int], bound: int, condition: str, parameters: tuple[int, ...]
    ) -> dict[int, Collection[StoredFact]]:
        """By entity, the best ``bound`` facts that have it at either end."""
        found: dict[int, list[StoredFact]] = {ref: [] for ref in refs}
        # The indexes are in this order, so that as many of either end are looked at and no more than ``bound`` read.
        subject, object_ = (
            f"SELECT * FROM (SELECT f.ref, f.support, f.since FROM fact f WHERE f.{end} = j.value AND {condition} "
            f"ORDER BY {_BEST_FIRST} LIMIT ?)"
            for end in ("subject", "object")
        )
        for row in self._db.rows(
            f"SELECT {_FACT}, j.value FROM json_each(?) j CROSS JOIN fact f ON f.ref IN (SELECT f.ref "
            f"FROM ({subject} UNION {object_}) f ORDER BY {_BEST_FIRST} LIMIT ?)",
            (self._known.sources, _sorted(refs), *parameters, bound, *parameters, bound, bound),
        ):
            found[row[_WIDTH]].append(self._fact(row))
        return dict(found)

    def count_facts(self, refs: Collection[int], view: View) -> dict[int, int]:
        """By entity, how many facts about it ``view`` sees, without those that are counted already."""
        seen, parameters = view_condition(view)
        dated = "" if view.at is not None else f" AND {_DATED}"
        count = " + ".join(
            f"(SELECT COUNT(*) FROM fact f WHERE f.{end} = j.value{rest}{dated} AND {seen})"
            for end, rest in (("subject", ""), ("object", " AND f.subject <> f.object"))
        )
        return dict(
            self._db.rows(f"SELECT j.value, {count} FROM json_each(?) j", (*parameters, *parameters, _sorted(refs)))
        )

    def _fact(self, row: Row) -> StoredFact:
        """The fact in a row of ``_FACT``, made once."""
        found = self._known.facts.get(row[0])
        if found is None:
            newest = row[_EPISODES]
            if isinstance(newest, str):
                episodes = tuple(map(int, newest.split(",")))
            else:
                episodes = () if newest is None else (newest,)
            found = stored_fact((*row[:_EPISODES], episodes, *row[_EPISODES + 1 : _WIDTH]))
            self._known.facts[row[0]] = found
        return found


def _sorted(refs: Iterable[int]) -> str:
    return str(sorted(refs))

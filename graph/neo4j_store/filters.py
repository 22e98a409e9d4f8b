"""Queries as conditions in Cypher: text of our own making, with everything that varies as a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from factloom.graph.neo4j_store.rows import findable, metadata_items, to_micros
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery, View
from factloom.schemas.spaces import Labels, SpaceSet

PARAMETERS: Final = "w"
"""The one parameter that holds all others: lists of their own would cost a new plan for each order of magnitude."""


def readable(node: str, spaces: SpaceSet, name: str = "spaces") -> str:
    """That ``node`` is in one of the spaces. With one space it is an equation, so that an index can give an order."""
    if spaces.is_everything:
        return f"{node}.space IS NOT NULL"
    if len(spaces.names) == 1:
        return f"{node}.space = ${PARAMETERS}.{name}[0]"
    return f"{node}.space IN ${PARAMETERS}.{name}"


def space_names(spaces: SpaceSet) -> list[str]:
    """The names as a parameter: none for everything, which needs none."""
    return [] if spaces.is_everything else findable(spaces.names)


class Conditions:
    """What leads to the records asked for, and what they must meet.

    ``name`` begins the names of the parameters, so that several queries can be parts of one statement.
    """

    def __init__(self, spaces: SpaceSet, name: str = "") -> None:
        self._spaces = spaces
        self._name = name
        self._clauses: list[str] = []
        self._start = ""
        self.parameters: dict[str, Any] = {f"{name}spaces": space_names(spaces)}

    def bind(self, value: Any) -> str:
        """Text that stands for ``value``."""
        key = f"{self._name}p{len(self.parameters)}"
        self.parameters[key] = value
        return f"${PARAMETERS}.{key}"

    def add(self, clause: str) -> None:
        """Add one condition."""
        self._clauses.append(clause)

    def begin(self, pattern: str) -> bool:
        """Let ``pattern`` be where the records come from, unless another one came before; says whether it is."""
        if self._start:
            return False
        self._start = pattern
        return True

    def among(self, field: str, values: Iterable[str] | None) -> None:
        """``field`` holds one of ``values``; None lets everything through."""
        if values is not None:
            self.add(f"{field} IN {self.bind(findable([str(value) for value in values]))}")

    def between(self, field: str, since: datetime | None, until: datetime | None) -> None:
        """``field`` lies in [since, until)."""
        if since is not None:
            self.add(f"{field} >= {self.bind(to_micros(since))}")
        if until is not None:
            self.add(f"{field} < {self.bind(to_micros(until))}")

    def labels(self, node: str, labels: Labels) -> list[str]:
        """That the labels that are set are equal, as conditions."""
        return [f"{node}.{name} = {self.bind(value)}" for name, value in labels.given().items()]

    def within(self, node: str) -> str:
        """That ``node`` is in a readable space, as a condition."""
        return readable(node, self._spaces, f"{self._name}spaces")

    def metadata(self, node: str, wanted: Mapping[str, Any]) -> None:
        """Top-level keys have these values; true is not 1, and null is not a missing key."""
        for item in metadata_items(wanted, "metadata filter"):
            self.add(f"{self.bind(item)} IN {node}._metadata")

    def matching(self, pattern: str, ordered_by: Sequence[str] = ()) -> str:
        """The clauses that find the records, each record once.

        ``pattern`` is one that matches all of them, by an index that ends in the fields ``ordered_by``: it holds only
        nodes that have them all, and what is said of the fields is what lets the planner take it.
        """
        if self._start:
            return f"{self._start}\nWHERE {' AND '.join(self._clauses)}"
        present = [f"{field} IS NOT NULL" for field in ordered_by]
        return f"MATCH {pattern}\nWHERE {' AND '.join([*self._clauses, *present])}"


def view_condition(view: View | None, time: str = f"${PARAMETERS}.at", now: str = f"${PARAMETERS}.now") -> str:
    """Which facts ``f`` the view sees. ``time`` and ``now`` stand for its times (see ``view_times``). Never null."""
    if view is None or (view.history and view.at is None):
        return "true"
    if view.history:
        return f"(f._valid IS NULL OR f._valid <= {time})"
    held = f"f._expired IS NULL AND (f._expires IS NULL OR f._expires > {now})"
    not_over = f"(f._invalid IS NULL OR f._invalid > {time})"
    if view.at is None:
        return f"{held} AND {not_over}"
    return f"{held} AND (f._valid IS NULL OR f._valid <= {time}) AND {not_over}"


def view_times(view: View | None) -> dict[str, int]:
    """The parameters of ``view_condition``, in microseconds."""
    if view is None:
        return {}
    return {"now": to_micros(view.now), "at": to_micros(view.at or view.now)}


def fact_conditions(query: FactQuery, spaces: SpaceSet, name: str = "") -> Conditions:
    """What ``query`` asks of a fact ``f``."""
    found = Conditions(spaces, name)
    found.add(found.within("f"))
    if query.ids is not None:
        found.begin(f"UNWIND {found.bind(_distinct(query.ids))} AS id MATCH (f:{{prefix}}Fact {{id: id}})")
    if query.superseded_by is not None:
        heirs = found.bind(_distinct(query.superseded_by))
        if not found.begin(f"UNWIND {heirs} AS heir MATCH (f:{{prefix}}Fact {{superseded_by: heir}})"):
            found.add(f"f.superseded_by IN {heirs}")
    _led_from(found, query.episode_ids, "STATED_IN", "Episode", "any(x IN f._episode_ids WHERE x IN {})")
    _led_from(found, query.about_ids, "SUBJECT|OBJECT", "Entity", "(f._subject_id IN {0} OR f._object_id IN {0})")
    _led_from(found, query.subject_ids, "SUBJECT", "Entity", "f._subject_id IN {}")
    _led_from(found, query.object_ids, "OBJECT", "Entity", "f._object_id IN {}")
    found.among("f.predicate", query.predicates)
    found.among("f.category", query.categories)
    if query.labels.given():
        found.add(_borne_or_stated(found, query.labels))
    found.between("f._since", query.since, query.until)
    if query.view is not None:
        times = view_times(query.view)
        found.add(view_condition(query.view, found.bind(times["at"]), found.bind(times["now"])))
    found.metadata("f", query.metadata)
    return found


def _led_from(found: Conditions, ids: Sequence[str] | None, types: str, label: str, otherwise: str) -> None:
    """Go from these nodes to facts; where something else leads to the facts already, check theirs instead."""
    if ids is None:
        return
    wanted = found.bind(_distinct(ids))
    start = (
        f"UNWIND {wanted} AS id MATCH (:{{prefix}}{label} {{id: id}})<-[:{types}]-(f:{{prefix}}Fact) WITH DISTINCT f"
    )
    if not found.begin(start):
        found.add(otherwise.format(wanted))


def _distinct(ids: Sequence[str]) -> list[str]:
    return findable(list(dict.fromkeys(ids)))


def _borne_or_stated(found: Conditions, labels: Labels) -> str:
    """That a fact ``f`` bears these labels, or that an episode which states it does."""
    own = " AND ".join(found.labels("f", labels))
    episodes = " AND ".join([found.within("p"), *found.labels("p", labels)])
    return f"(({own}) OR EXISTS {{ MATCH (f)-[:STATED_IN]->(p:{{prefix}}Episode) WHERE {episodes} }})"


def episode_conditions(query: EpisodeQuery, spaces: SpaceSet, name: str = "") -> Conditions:
    """What ``query`` asks of an episode ``e``."""
    found = Conditions(spaces, name)
    found.add(found.within("e"))
    if query.ids is not None:
        found.begin(f"UNWIND {found.bind(_distinct(query.ids))} AS id MATCH (e:{{prefix}}Episode {{id: id}})")
    found.among("e.status", query.statuses)
    if query.session is not None:
        session = found.bind(query.session)
        start = "MATCH (s:{prefix}Session)<-[:IN_SESSION]-(e:{prefix}Episode)"
        if found.begin(start):
            found.add(f"{found.within('s')} AND s.name = {session}")
        else:
            found.add(f"e.session = {session}")
    for clause in found.labels("e", query.labels):
        found.add(clause)
    found.between("e._occurred", query.since, query.until)
    found.metadata("e", query.metadata)
    return found


def entity_conditions(query: EntityQuery, spaces: SpaceSet) -> Conditions:
    """What ``query`` asks of an entity ``n``."""
    found = Conditions(spaces)
    found.add(found.within("n"))
    if query.ids is not None:
        found.begin(f"UNWIND {found.bind(_distinct(query.ids))} AS id MATCH (n:{{prefix}}Entity {{id: id}})")
    if query.keys is not None:
        keys = found.bind(findable(list(query.keys)))
        if not found.begin(_named(found, keys)):
            found.add(f"EXISTS {{ MATCH (n)-[:NAMED]->(k:{{prefix}}Name) WHERE k.key IN {keys} }}")
    found.among("n.type", query.types)
    if query.labels.given():
        labelled = _borne_or_stated(found, query.labels)
        facts = "MATCH (n)<-[:SUBJECT|OBJECT]-(f:{prefix}Fact)"
        found.add(f"EXISTS {{ {facts} WHERE {found.within('f')} AND {labelled} }}")
    return found


def _named(found: Conditions, keys: str) -> str:
    return (
        f"MATCH (k:{{prefix}}Name)<-[:NAMED]-(n:{{prefix}}Entity) WHERE {found.within('k')} AND k.key IN {keys} "
        "WITH DISTINCT n"
    )

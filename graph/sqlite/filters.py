"""Queries as conditions in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from factloom.graph.sqlite.rows import to_json, to_micros
from factloom.graph.sqlite.scope import Scope, as_json
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery, View
from factloom.schemas.records import Status
from factloom.schemas.spaces import Labels

_IN = "IN (SELECT value FROM json_each(?))"


class Conditions:
    """Conditions joined by AND, with what they bind."""

    def __init__(self) -> None:
        self._clauses: list[str] = []
        self.parameters: list[Any] = []

    def add(self, clause: str, *parameters: Any) -> None:
        """Add one condition."""
        self._clauses.append(clause)
        self.parameters.extend(parameters)

    def among(self, column: str, values: tuple[str, ...] | None) -> None:
        """``column`` holds one of ``values``; None lets everything through."""
        if values is None:
            return
        if len(values) == 1:
            self.add(f"{column} = ?", str(values[0]))
        else:
            self.add(f"{column} {_IN}", as_json(values))

    def between(self, column: str, since: datetime | None, until: datetime | None) -> None:
        """``column`` lies in [since, until)."""
        if since is not None:
            self.add(f"{column} >= ?", to_micros(since))
        if until is not None:
            self.add(f"{column} < ?", to_micros(until))

    def labels(self, alias: str, labels: Labels) -> None:
        """The labels that are set are equal."""
        for name, value in labels.given().items():
            self.add(f"{alias}.{name} = ?", value)

    def within(self, column: str, scope: Scope) -> None:
        """The record is in a readable space."""
        self.add(scope.clause(column), *scope.parameters)

    def metadata(self, column: str, wanted: Mapping[str, Any]) -> None:
        """Top-level keys have these values; true is not 1, and null is not a missing key."""
        for key, value in wanted.items():
            types, comparison, parameters = _json_equality(value)
            self.add(
                f"({column} <> '{{}}' AND EXISTS (SELECT 1 FROM json_each({column}) AS m "
                f"WHERE m.key = ? AND m.type IN {types}{comparison}))",
                key,
                *parameters,
            )

    @property
    def sql(self) -> str:
        """The conditions, ready to follow WHERE."""
        return " AND ".join(self._clauses) or "1"


def _json_equality(value: Any) -> tuple[str, str, tuple[Any, ...]]:
    """JSON types, a comparison and its parameters that together mean "equal to ``value``"."""
    if value is None:
        return "('null')", "", ()
    if isinstance(value, bool):
        return f"('{'true' if value else 'false'}')", "", ()
    if isinstance(value, int | float):
        # SQLite reads integers past 64 bits as floating point, too.
        number = value if isinstance(value, float) or -(2**63) <= value < 2**63 else float(value)
        return "('integer', 'real')", " AND m.value = ?", (number,)
    if isinstance(value, str):
        return "('text')", " AND m.value = ?", (value,)
    kind = "object" if isinstance(value, Mapping) else "array"
    return f"('{kind}')", " AND m.value = ?", (to_json(value, "metadata filter"),)


def view_condition(view: View | None, alias: str = "f") -> tuple[str, tuple[int, ...]]:
    """Which facts ``view`` sees, as a condition and its parameters."""
    if view is None or (view.history and view.at is None):
        return "1", ()
    if view.history and view.at is not None:
        return f"({alias}.valid_at IS NULL OR {alias}.valid_at <= ?)", (to_micros(view.at),)
    now = to_micros(view.now)
    held = f"{alias}.expired_at IS NULL AND ({alias}.expires_at IS NULL OR {alias}.expires_at > ?)"
    not_over = f"({alias}.invalid_at IS NULL OR {alias}.invalid_at > ?)"
    if view.at is None:
        return f"{held} AND {not_over}", (now, now)
    at = to_micros(view.at)
    return f"{held} AND ({alias}.valid_at IS NULL OR {alias}.valid_at <= ?) AND {not_over}", (now, at, at)


def fact_conditions(query: FactQuery, scope: Scope) -> Conditions:
    """What ``query`` asks of a fact ``f``."""
    found = Conditions()
    by_id = [
        query.ids, query.subject_ids, query.object_ids, query.about_ids, query.episode_ids, query.superseded_by,
    ]  # fmt: skip
    # With ids given, "+" keeps SQLite from walking the whole space instead of looking them up.
    found.within("f.space" if all(ids is None for ids in by_id) else "+f.space", scope)
    found.among("f.id", query.ids)
    entities = f"(SELECT ref FROM entity WHERE id {_IN})"
    if query.subject_ids is not None:
        found.add(f"f.subject IN {entities}", as_json(query.subject_ids))
    if query.object_ids is not None:
        found.add(f"f.object IN {entities}", as_json(query.object_ids))
    if query.about_ids is not None:
        either = (
            f"SELECT ref FROM fact WHERE subject IN {entities} UNION SELECT ref FROM fact WHERE object IN {entities}"
        )
        found.add(f"f.ref IN ({either})", as_json(query.about_ids), as_json(query.about_ids))
    if query.episode_ids is not None:
        found.add(
            f"f.ref IN (SELECT l.fact FROM fact_episode l JOIN episode e ON e.ref = l.episode WHERE e.id {_IN})",
            as_json(query.episode_ids),
        )
    found.among("f.superseded_by", query.superseded_by)
    found.among("f.predicate", query.predicates)
    found.among("f.category", query.categories)
    if query.labels.given():
        found.add(*_borne_or_stated(query.labels, scope))
    found.between("f.since", query.since, query.until)
    clause, parameters = view_condition(query.view)
    found.add(clause, *parameters)
    found.metadata("f.metadata", query.metadata)
    return found


def _borne_or_stated(labels: Labels, scope: Scope) -> tuple[str, ...]:
    """That a fact ``f`` bears these labels, or that an episode which states it does; and what the condition binds."""
    own, episodes = Conditions(), Conditions()
    own.labels("f", labels)
    episodes.within("e.space", scope)
    episodes.labels("e", labels)
    stated = f"SELECT l.fact FROM episode e JOIN fact_episode l ON l.episode = e.ref WHERE {episodes.sql}"
    return f"(({own.sql}) OR f.ref IN ({stated}))", *own.parameters, *episodes.parameters


def episode_conditions(query: EpisodeQuery, scope: Scope) -> Conditions:
    """What ``query`` asks of an episode ``e``."""
    found = Conditions()
    found.within("e.space" if query.ids is None and query.session is None else "+e.space", scope)
    found.among("e.id", query.ids)
    if query.statuses is not None:
        found.among("e.status", query.statuses)
        if Status.DONE not in query.statuses:
            found.add("e.status <> 'done'")  # lets the index of waiting episodes be used
    if query.session is not None:
        sessions = Conditions()
        sessions.within("space", scope)
        found.add(
            f"e.session IN (SELECT number FROM session WHERE name = ? AND {sessions.sql})",
            query.session,
            *sessions.parameters,
        )
    found.labels("e", query.labels)
    found.between("e.occurred_at", query.since, query.until)
    found.metadata("e.metadata", query.metadata)
    return found


def entity_conditions(query: EntityQuery, scope: Scope) -> Conditions:
    """What ``query`` asks of an entity ``e``."""
    found = Conditions()
    found.within("e.space" if query.ids is None and query.keys is None else "+e.space", scope)
    found.among("e.id", query.ids)
    if query.keys is not None:
        keys = json.dumps(list(query.keys))
        # Key by key through the indexes, which begin with the space; as a list, all keys would be sorted first.
        within = " IN (SELECT number FROM space)" if scope.numbers is None else scope.clause("")
        found.add(
            f"e.ref IN (SELECT n.ref FROM json_each(?) k CROSS JOIN entity n ON n.key = k.value AND n.space{within} "
            f"UNION SELECT a.entity FROM json_each(?) k CROSS JOIN alias a ON a.key = k.value AND a.space{within})",
            *(keys, *scope.parameters) * 2,
        )
    found.among("e.type", query.types)
    if query.labels.given():
        labelled, *parameters = _borne_or_stated(query.labels, scope)
        facts = Conditions()
        facts.within("f.space", scope)
        where = f"{facts.sql} AND {labelled}"
        found.add(
            f"e.ref IN (SELECT f.subject FROM fact f WHERE {where} UNION SELECT f.object FROM fact f WHERE {where})",
            *(*facts.parameters, *parameters) * 2,
        )
    return found

"""Cypher over the memory: where a query runs, and the projections that are kept while nothing changes.

A query that may read everything runs on the store's own server, if it has one that speaks Cypher. All others run on a
projection of the readable spaces: what is not in them does not exist for the query, whatever it asks.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from factloom.engine.arguments import check_number, check_page
from factloom.schemas.cypher import CypherResult
from factloom.schemas.errors import InvalidInputError, QueryError
from factloom.schemas.ports import CypherRunner, GraphStore, SpaceStatistics
from factloom.schemas.settings import CypherSettings
from factloom.schemas.spaces import Labels, SpaceSet

_MOST_KEPT: Final = 4
_ATTEMPTS: Final = 3
_PARAMETER: Final = re.compile(r"[^\W\d]\w*")
_LONGEST_TIMEOUT: Final = 3600

Versions = tuple[tuple[str, int], ...]
"""Each space and the number of the last write to it."""

Project = Callable[[SpaceSet, Labels, datetime], tuple[CypherRunner, datetime | None]]
"""Reads the spaces into an engine; also tells until when the result is right if nobody writes."""


@dataclass(frozen=True)
class _Kept:
    graph: CypherRunner
    versions: Versions
    since: datetime
    until: datetime | None
    records: int

    def serves(self, versions: Versions, now: datetime) -> bool:
        return self.versions == versions and self.since <= now and (self.until is None or now < self.until)


class CypherQueries:
    """Runs read-only queries; see the module."""

    def __init__(
        self, store: GraphStore, project: Project, settings: CypherSettings, *, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._project = project
        self._settings = settings
        self._clock = clock
        self._kept: OrderedDict[tuple[SpaceSet, Labels], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def run(
        self,
        query: str,
        parameters: Mapping[str, Any] | None,
        *,
        spaces: SpaceSet,
        labels: Labels,
        timeout: float | None,
        limit: int | None,
    ) -> CypherResult:
        """The rows that ``query`` gives.

        Besides ``parameters`` a query has ``$spaces``, the names of the spaces that it reads, and ``$now``, the present
        by this memory's clock, unless they are given.

        Raises:
            QueryError: the query cannot be run, or would write.
            QueryTimeoutError: it took longer than ``timeout`` seconds.
            InvalidInputError: an argument cannot be used, or the spaces hold too much for a projection.
            ConfigurationError: the extra ``cypher`` is not installed.
        """
        seconds = _seconds(self._settings.timeout if timeout is None else timeout)
        rows = self._settings.limit if limit is None else limit
        check_page(rows)
        given = _checked_parameters(parameters)
        started = time.perf_counter()
        result = self._run(query, given, spaces, labels, seconds, rows)
        return result.model_copy(update={"milliseconds": (time.perf_counter() - started) * 1000})

    def _run(
        self, query: str, given: dict[str, Any], spaces: SpaceSet, labels: Labels, timeout: float, limit: int
    ) -> CypherResult:
        now = self._clock()
        if spaces.is_everything and not labels.given() and isinstance(self._store, CypherRunner):
            names = [row.space for row in self._store.statistics(spaces=spaces)] if "spaces" in str(query) else []
            return self._store.run_cypher(query, {"now": now, "spaces": names, **given}, timeout=timeout, limit=limit)
        graph, names = self._projection(spaces, labels, now)
        return graph.run_cypher(query, {"now": now, "spaces": names, **given}, timeout=timeout, limit=limit)

    def forget(self) -> None:
        """Drop all projections, so that nothing that was deleted stays in memory."""
        with self._lock:
            self._kept.clear()

    def _projection(self, spaces: SpaceSet, labels: Labels, now: datetime) -> tuple[CypherRunner, list[str]]:
        key = (spaces, labels)
        with self._lock:
            statistics = self._store.statistics(spaces=spaces)
            kept = self._kept.get(key)
            if kept is None or not kept.serves(_versions(statistics), now):
                self._kept.pop(key, None)
                kept = self._read(spaces, labels, statistics, now)
                self._keep(key, kept)
            self._kept.move_to_end(key)
            return kept.graph, [space for space, _ in kept.versions]

    def _read(self, spaces: SpaceSet, labels: Labels, statistics: list[SpaceStatistics], now: datetime) -> _Kept:
        """A projection of one state of the spaces; of about one state where somebody writes all the while."""
        for attempt in range(_ATTEMPTS):
            records = self._check_size(statistics)
            before = _versions(statistics)
            graph, until = self._project(spaces, labels, now)
            statistics = self._store.statistics(spaces=spaces)
            if _versions(statistics) == before or attempt == _ATTEMPTS - 1:
                break
        return _Kept(graph, before, now, until, records)

    def _check_size(self, statistics: list[SpaceStatistics]) -> int:
        records = sum(row.episodes + row.entities + row.facts for row in statistics)
        most = self._settings.max_records
        if records > most:
            raise InvalidInputError(
                f"the spaces hold {records:,} records, and Cypher reads at most {most:,} into memory; name fewer "
                "spaces, or raise cypher.max_records"
            )
        return records

    def _keep(self, key: tuple[SpaceSet, Labels], kept: _Kept) -> None:
        """Keep it, and of the others only those that were used last and fit beside it."""
        self._kept[key] = kept
        while len(self._kept) > 1 and (
            len(self._kept) > _MOST_KEPT or sum(one.records for one in self._kept.values()) > self._settings.max_records
        ):
            self._kept.popitem(last=False)


def _versions(statistics: list[SpaceStatistics]) -> Versions:
    return tuple((row.space, row.sequence) for row in statistics)


def _seconds(timeout: float) -> float:
    check_number(timeout, "timeout", least=0)
    if not 0 < timeout <= _LONGEST_TIMEOUT:
        raise InvalidInputError(f"timeout must be more than 0 and at most {_LONGEST_TIMEOUT} seconds, got {timeout!r}")
    return float(timeout)


def _checked_parameters(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    if parameters is None:
        return {}
    if not isinstance(parameters, Mapping):
        raise InvalidInputError(f"parameters must be a mapping of names to values, got {parameters!r}")
    for name in parameters:
        if not isinstance(name, str) or not _PARAMETER.fullmatch(name):
            raise QueryError(f"the parameter name {name!r} cannot be used; give letters, digits and underscores")
    return dict(parameters)

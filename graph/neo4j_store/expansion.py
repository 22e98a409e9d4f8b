"""Expansion: a walk through what is known of the graph; what it misses is read in one statement, and it begins again.

The statement (``cypher/read_expand.cypher``) reads all that a walk from some records can come to, whatever its view, so
that the second walk misses nothing, and later ones about the same state of the same spaces seldom do. What it costs
more is another trip, where what it foresaw was not enough: for hubs most of whose facts are over.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from factloom.graph.neighbourhood import KnownEntity, KnownGraph, KnownGraphs, StoredFact, facts_read, stored_fact, walk
from factloom.graph.neighbourhood.known_graph import Best, Count, Stated
from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.filters import view_condition, view_times
from factloom.graph.neo4j_store.probing import state_of
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import to_micros
from factloom.graph.neo4j_store.whole_rows import ENTITY, EPISODE_NODE, FACT_NODE, whole
from factloom.schemas.ports import EntityNode, EpisodeNode, Neighbourhood
from factloom.schemas.queries import ExpandLimits, View

_SEEN: Final = "true"
"""Instead of a view's condition: what is read is kept for all views."""


def expand(
    runner: Runner,
    queries: Queries,
    refs: Sequence[int],
    *,
    readable: dict[str, Any],
    view: View,
    limits: ExpandLimits,
    state: Hashable = None,
    graphs: KnownGraphs | None = None,
) -> Neighbourhood:
    """The neighbourhood of ``refs``, as `factloom.graph.neighbourhood.walk` tells it.

    ``readable``: the parameters for the spaces. ``graphs`` keeps what is known of the ``state`` that a probe saw.
    """
    sources = limits.episodes_per_fact
    shared = graphs is not None and state is not None
    known = KnownGraph(sources)
    if graphs is not None and state is not None:
        known = graphs.graph(tuple(readable["spaces"]), state, sources)
    reading = _Reading(runner, queries, readable, view, limits)
    while True:
        source = _Noted(known, reading, limits)
        found = walk(refs, known=known, source=source, view=view, limits=limits)
        if not source.misses_anything:
            return found
        answer = reading.learn(source)
        if shared and state_of(answer[0]) != state:
            # Written to since the probe: what is known together is of one state, so this answer shares nothing.
            shared, empty = False, not known.size
            known = KnownGraph(sources)
            if not empty:
                continue
        reading.take(known, source, answer)


class _Reading:
    """One expansion's way to the server, and what it learned that serves no other."""

    def __init__(
        self, runner: Runner, queries: Queries, readable: dict[str, Any], view: View, limits: ExpandLimits
    ) -> None:
        self._runner = runner
        self._queries = queries
        self._view = view
        self._limits = limits
        self._parameters = {
            **readable,
            **view_times(view),
            "sources": limits.episodes_per_fact,
            "nodes": limits.nodes,
        }
        self.now = to_micros(view.now)
        self.counts_at: dict[int, int] = {}
        self.best_seen: dict[int, tuple[StoredFact, ...]] = {}

    def learn(self, missing: _Noted) -> list[Any]:
        """What the statement gives for what is missing."""
        bound = facts_read(self._limits)
        parameters = {
            **self._parameters,
            "refs": sorted(missing.refs),
            "late": sorted(missing.late),
            "ends": sorted(missing.ends),
            "bound": bound,
            "most": self._limits.facts_per_entity,
            "known": missing.known_hubs(bound) if missing.hops else [],
        }
        text = learning_text(self._queries, self._view, window=self._limits.window, hops=missing.hops)
        (row,) = self._runner.rows(text, {"w": parameters})
        return row

    def take(self, known: KnownGraph, missing: _Noted, answer: Sequence[Any]) -> None:
        """Know what ``answer`` says, and that the rest of what was asked for is not there."""
        _, episodes, facts, entities, best = answer
        found = missing.refs | missing.late | missing.ends
        for row in whole(facts, FACT_NODE):
            found.discard(row[0])
            if row[0] not in known.facts:
                known.facts[row[0]] = _fact(row)
        for row in whole(episodes, EPISODE_NODE):
            found.discard(row[0])
            known.stated[row[0]] = Stated.of(_known_facts(known, row[10]))
            known.episodes[row[0]] = EpisodeNode._make((*row[:6], row[6] / 1e6, *row[7:10]))
        for row in whole(entities, ENTITY):
            found.discard(row[0])
            self._count(known, row[0], *row[5])
            known.entities[row[0]] = KnownEntity(EntityNode._make(row[:4]), row[4])
        bound = facts_read(self._limits)
        for ref, refs in best:
            if ref in known.entities:
                known.best[ref] = Best.of(_known_facts(known, refs), bound, known.entities[ref])
        known.absent |= found

    def _count(self, known: KnownGraph, ref: int, facts: int, invalid: int | None, expires: int | None) -> None:
        if self._view.at is not None:
            self.counts_at[ref] = facts
        elif not self._view.history:
            until = min((time for time in (invalid, expires) if time is not None), default=None)
            known.counts[ref] = Count(facts, self.now, until)

    def read_best_seen(self, refs: Collection[int], bound: int) -> None:
        """The best facts of hubs that the view sees."""
        text = _best_seen(self._queries["best_seen"], tuple(_parts(self._queries, "best_facts", "newest_sources")))
        parameters = {**self._parameters, "hubs": sorted(refs), "bound": bound}
        rows = self._runner.rows(text.replace("{seen}", view_condition(self._view)), {"w": parameters})
        found: dict[int, list[StoredFact]] = {ref: [] for ref in refs}
        for ref, row in rows:
            if ref is not None and whole([row], FACT_NODE):
                found[ref].append(_fact(row))
        self.best_seen.update((ref, tuple(facts)) for ref, facts in found.items())


class _Noted:
    """``GraphSource`` that reads nothing, but notes what is missing, as the statement is asked for it."""

    def __init__(self, known: KnownGraph, reading: _Reading, limits: ExpandLimits) -> None:
        self._known = known
        self._reading = reading
        self._limits = limits
        self.hops = 0
        self.refs: set[int] = set()
        self.late: set[int] = set()
        self.ends: set[int] = set()

    @property
    def misses_anything(self) -> bool:
        """Whether anything was missing that may be there."""
        return bool(self.refs or self.late or self.ends)

    def known_hubs(self, bound: int) -> list[int]:
        """Entities with more facts than the bound, whose best are known: what is reached through them was noted."""
        known = list(self._known.best.items())  # at once, since other threads may add some
        return [ref for ref, best in known if not best.complete and best.reaches(bound)]

    def _note_beginnings(self, refs: Iterable[int], hops: int) -> None:
        """Note records from which so many hops lead on."""
        before = len(self.refs)
        self._note(self.refs, refs)
        if len(self.refs) > before:
            self.hops = max(self.hops, hops)

    def _note(self, missing: set[int], refs: Iterable[int]) -> None:
        missing.update(ref for ref in refs if ref not in self._known.absent)

    def read_episodes(self, refs: Collection[int], *, given: bool, further: bool) -> None:
        """Note episodes."""
        if given or further:
            self._note_beginnings(refs, self._limits.hops)
        else:
            self._note(self.late, refs)

    def read_facts(self, refs: Collection[int]) -> None:
        """Note given records: of what kind they are is not known."""
        self._note_beginnings(refs, self._limits.hops)

    def read_entities(self, refs: Collection[int], *, given: bool) -> None:
        """Note entities."""
        if given:
            self._note_beginnings(refs, self._limits.hops)
        else:
            self._note(self.ends, refs)

    def read_stated(self, refs: Collection[int]) -> None:
        """Note episodes, which are never known without what they state."""
        self._note(self.late, refs)

    def read_best(self, refs: Collection[int], bound: int, *, hops: int) -> None:
        """Note entities of which more than the node is asked for."""
        self._note_beginnings(refs, hops)

    def best_seen(self, refs: Collection[int], bound: int, view: View) -> dict[int, tuple[StoredFact, ...]]:
        """The best facts of hubs that the view sees: not foreseen, and not kept."""
        unknown = [ref for ref in refs if ref not in self._reading.best_seen]
        if unknown:
            self._reading.read_best_seen(unknown, bound)
        return {ref: self._reading.best_seen[ref] for ref in refs}

    def count_facts(self, refs: Collection[int], view: View) -> dict[int, int]:
        """Counts that are known and still hold; the others are noted."""
        if view.at is not None:
            counts = self._reading.counts_at
        else:
            now, known = self._reading.now, self._known.counts
            counts = {ref: count.facts for ref in refs if (count := known.get(ref)) is not None and count.holds(now)}
        self._note(self.ends, (ref for ref in refs if ref not in counts))
        return {ref: counts[ref] for ref in refs if ref in counts}


def learning_text(queries: Queries, view: View, *, window: int, hops: int) -> str:
    """The statement for such a view: its form depends on the view and on two small numbers, never on data."""
    counted = "counted_at" if view.at is not None else "counted_always" if view.history else "counted_now"
    parts = tuple(
        _parts(queries, "learn", "learn_hop", "best_of", "best_facts", "newest_sources", "what_is_said", counted)
    )
    return _learning(parts, window, hops, view_condition(view))


def _parts(queries: Queries, *names: str) -> Iterable[tuple[str, str]]:
    return ((name, queries[name]) for name in names)


@lru_cache(maxsize=128)
def _learning(parts: tuple[tuple[str, str], ...], window: int, hops: int, seen: str) -> str:
    (_, text), (_, hop), *others, (_, counted) = parts
    text = text.replace("{hops}", "\n".join([hop] * hops))
    for name, part in others:
        text = text.replace(f"{{{name}}}", part)
    text = text.replace("{seen}", _SEEN).replace("{viewed}", seen).replace("{window}", str(int(window)))
    return text.replace("{counted}", counted.replace("{seen}", seen))


@lru_cache(maxsize=8)
def _best_seen(text: str, parts: tuple[tuple[str, str], ...]) -> str:
    for name, part in parts:
        text = text.replace(f"{{{name}}}", part)
    return text


def _fact(row: Sequence[Any]) -> StoredFact:
    """A list of ``{fact_node_columns}`` as a fact; an episode that was deleted while it was read has no ref."""
    return stored_fact((*row[:11], [ref for ref in row[11] if ref is not None], *row[12:]))


def _known_facts(known: KnownGraph, refs: Iterable[int | None]) -> list[StoredFact]:
    return [known.facts[ref] for ref in refs if ref is not None and ref in known.facts]

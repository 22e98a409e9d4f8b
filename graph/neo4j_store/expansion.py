"""Expansion: the neighbourhood of some records, in one statement (``cypher/read_expand.cypher``).

1. The episodes given, from them ``window`` steps along NEXT either way, and the episodes of the facts given.
2. The facts given, those that these episodes state, and the best facts of the entities given.
3. ``hops`` times: the best facts of all entities at the ends of the facts found so far.
4. Around all facts: their newest episodes and the entities at both ends.

An episode states at most ``facts_per_entity`` of its facts here, chosen as an entity's are: by support, then newest,
then ref. Only the given refs are checked against the readable spaces: no writer makes a link from one to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.filters import view_condition, view_times
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.whole_rows import ENTITY, EPISODE_NODE, FACT_NODE, whole
from factloom.schemas.ports import EntityNode, EpisodeNode, FactNode, Neighbourhood
from factloom.schemas.queries import ExpandLimits, View


def expand(
    runner: Runner, queries: Queries, refs: Sequence[int], *, readable: dict[str, Any], view: View, limits: ExpandLimits
) -> Neighbourhood:
    """The neighbourhood of ``refs``, as the module's first lines say. ``readable``: the parameters for the spaces."""
    parameters = {
        **readable,
        **view_times(view),
        "refs": list(dict.fromkeys(map(int, refs))),
        "history": view.history,
        "bound": limits.facts_per_entity,
        "sources": limits.episodes_per_fact,
        "nodes": limits.nodes,
    }
    text = expansion_text(queries, view, window=limits.window, hops=limits.hops)
    ((episodes, facts, entities, over),) = runner.rows(text, {"w": parameters})
    states = [row for row in over if row[0] is not None]
    return Neighbourhood(
        episodes={row[0]: _episode_node(row) for row in _by_ref(whole(episodes, EPISODE_NODE))},
        facts={row[0]: _fact_node(row) for row in _by_ref(whole(facts, FACT_NODE))},
        entities={row[0]: EntityNode._make(row) for row in _by_ref(whole(entities, ENTITY))},
        over={row[0]: tuple(map(_fact_node, _by_ref(whole(row[2], FACT_NODE)))) for row in _by_ref(states)},
        stale_episodes=frozenset(row[0] for row in states if row[1]),
    )


def expansion_text(queries: Queries, view: View, *, window: int, hops: int) -> str:
    """The statement for such a view: its form depends on the view and on two small numbers, never on data."""
    form = "at" if view.at is not None else "history" if view.history else "now"
    return _text(queries.prefix, form, window, hops, view_condition(view), tuple(_parts(queries, form)))


def _parts(queries: Queries, form: str) -> Iterable[tuple[str, str]]:
    degree = {"history": "degree_of_all", "now": "degree_now", "at": "degree_at"}[form]
    yield "expand", queries["expand"]
    yield "expand_hop", queries["expand_hop"]
    yield "best_facts", queries["best_facts"]
    yield "newest_sources", queries["newest_sources"]
    yield "degree", queries[degree]


@lru_cache(maxsize=128)
def _text(prefix: str, form: str, window: int, hops: int, seen: str, parts: tuple[tuple[str, str], ...]) -> str:
    found = dict(parts)
    text = found.pop("expand").replace("{hops}", "\n".join([found.pop("expand_hop")] * hops))
    for name, part in found.items():
        text = text.replace(f"{{{name}}}", part)
    return text.replace("{window}", str(int(window))).replace("{seen}", seen)


def _by_ref(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    return sorted(rows, key=_ref)


def _ref(row: Sequence[Any]) -> int:
    found: int = row[0]
    return found


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / 1e6


def _episode_node(row: Sequence[Any]) -> EpisodeNode:
    """A list of ``{episode_node_columns}`` as a node."""
    return EpisodeNode._make((*row[:6], row[6] / 1e6, *row[7:]))


def _fact_node(row: Sequence[Any]) -> FactNode:
    """A list of ``{fact_node_columns}`` as a node."""
    times = (_seconds(row[5]), _seconds(row[6]), row[7] / 1e6, _seconds(row[8]))
    return FactNode._make((*row[:5], *times, *row[9:11], tuple(ref for ref in row[11] if ref is not None)))

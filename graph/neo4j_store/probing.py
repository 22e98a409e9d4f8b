"""The first questions of a search in one statement (``cypher/read_probe.cypher``), and terms alone by the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from factloom.graph.neighbourhood.known_graph import MOST_SPACES
from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.filters import (
    Conditions,
    episode_conditions,
    fact_conditions,
    view_condition,
    view_times,
)
from factloom.graph.neo4j_store.matching import as_parameter, integers, matches_of, postings_of
from factloom.graph.neo4j_store.posting_cache import NOTHING_KNOWN, PostingCache
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import FORGOTTEN, entity_of, findable
from factloom.graph.neo4j_store.schema import full_text_index
from factloom.graph.neo4j_store.whole_rows import ENTITY, whole
from factloom.schemas.ports import Probe, Probed
from factloom.schemas.queries import EpisodeQuery, FactQuery, View
from factloom.schemas.spaces import SpaceSet

State = tuple[tuple[str, int], ...]
"""Numbers of the last writes to spaces: with every write there, one of them grows."""

_AWAIT: Final = "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()"


def run_probe(
    runner: Runner,
    queries: Queries,
    probe: Probe,
    *,
    store_id: str,
    spaces: SpaceSet,
    readable: dict[str, Any],
    cache: PostingCache | None,
    indexed: bool,
) -> Probed:
    """What ``probe`` asks for.

    ``readable``: the parameters for the spaces. ``indexed``: by the full-text index, which knows what is committed.
    """
    prefix = queries.prefix
    # Sequence numbers are a space's own, so only what one space holds can be known.
    space = None if cache is None or spaces.is_everything or len(spaces.names) != 1 else spaces.names[0]
    known = NOTHING_KNOWN if cache is None or space is None else cache.known(space)
    selections = [conditions_of(query, spaces, f"q{i}_") for i, query in enumerate(probe.selections)]
    parameters = {
        **readable,
        **view_times(probe.view),
        "index": full_text_index(prefix),
        "terms": [
            as_parameter(asked, i, prefix, store_id, spaces, known.postings) for i, asked in enumerate(probe.terms)
        ],
        "known": known.sequence,
        "keys": findable(list(dict.fromkeys(probe.entity_keys))),
        "limit": probe.entity_limit,
        "predicates": list(probe.predicates),
    }
    for conditions in selections:
        parameters.update(conditions.parameters)
    if not indexed:
        parameters["terms"] = [{**asked, "within": [""]} for asked in parameters["terms"]]
    text = probe_text(
        queries, probe.view, spaces, list(zip(probe.selections, selections, strict=True)), indexed=indexed
    )
    ((sequence, states, totals, sequences, rows, entities, relations, selected),) = runner.rows(text, {"w": parameters})
    entities = whole(entities, ENTITY)
    postings = postings_of(probe.terms, rows, known.postings if sequence == known.sequence else {})
    if cache is not None and space is not None and sequence is not None:
        for query, mine in zip(probe.terms, postings, strict=True):
            read = {key: each for key, each in mine.items() if each.documents <= query.max_documents}
            cache.keep(space, sequence, read)
    return Probed(
        terms=tuple(matches_of(probe.terms, totals, postings)),
        entities=tuple(map(entity_of, entities)),
        relations=_by_entity(entities, relations) if probe.predicates else {},
        selections=tuple(map(integers, selected)),
        sequences={name: sequence for name, sequence in sequences if not name.startswith(FORGOTTEN)},
        state=state_of(states) if indexed and len(states) <= MOST_SPACES else None,
    )


def state_of(sequences: Sequence[Sequence[Any]]) -> State | None:
    """The state of some spaces, from names and numbers of their last writes; None if none of them exists."""
    return tuple(sorted((name, sequence) for name, sequence in sequences)) or None


def conditions_of(query: FactQuery | EpisodeQuery, spaces: SpaceSet, name: str = "") -> Conditions:
    """What ``query`` asks of a fact ``f`` or an episode ``e``."""
    if isinstance(query, FactQuery):
        return fact_conditions(query, spaces, name)
    return episode_conditions(query, spaces, name)


def selection_text(
    queries: Queries, query: FactQuery | EpisodeQuery, conditions: Conditions, name: str = "refs"
) -> str:
    """The statement that collects the refs of what matches, as ``name``."""
    if isinstance(query, FactQuery):
        # Left to itself, the planner may walk the index of all refs of all spaces, since refs are what is asked for.
        pattern = "(f:{prefix}Fact) USING INDEX f:{prefix}Fact(space, _since)"
        matching, text = conditions.matching(pattern, ("f._since",)), queries["select_facts"]
    else:
        matching, text = conditions.matching("(e:{prefix}Episode)"), queries["select_episodes"]
    return text.replace("{matching}", matching.replace("{prefix}", queries.prefix)).replace("{name}", name)


def probe_text(
    queries: Queries,
    view: View | None,
    spaces: SpaceSet,
    selections: Sequence[tuple[FactQuery | EpisodeQuery, Conditions]],
    *,
    indexed: bool,
) -> str:
    """The statement for such a view and such selections."""
    names = [f"refs{i}" for i in range(len(selections))]
    subqueries = [
        f"CALL (spaces) {{\n{selection_text(queries, query, conditions, name)}\n}}"
        for (query, conditions), name in zip(selections, names, strict=True)
    ]
    return (
        queries["probe"]
        .replace("{selections}", "\n".join(subqueries))
        .replace("{selected}", f"[{', '.join(names)}] AS selected")
        .replace("{seen}", view_condition(view))
        .replace("{of_kind}", "WITH * WHERE asked.label IN labels(n)" if spaces.is_everything else "")
        .replace("{await_index}", _AWAIT if indexed else "")
        .replace("{index_hits}", queries["index_hits" if indexed else "unindexed_hits"])
    )


def _by_entity(entities: Sequence[Sequence[Any]], relations: Sequence[Sequence[int]]) -> dict[int, Any]:
    """By entity found, the facts about it, each once."""
    found: dict[int, set[int]] = {row[0]: set() for row in entities}
    for entity, fact in relations:
        if entity in found and fact is not None:
            found[entity].add(fact)
    return {entity: integers(sorted(refs)) for entity, refs in found.items()}

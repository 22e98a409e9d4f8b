"""Terms: how they are looked up in the full-text index, and how its answer becomes postings.

Counts come from ``:Term`` nodes, postings from the index, whose query holds the spaces and the kind (see
docs/decisions/009-neo4j-reads.md). Terms and spaces are words of our own making, so nothing in them is syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from factloom.graph.neo4j_store.posting_cache import Key
from factloom.graph.neo4j_store.rows import KIND_LABELS, check_kind, encode_term, index_token
from factloom.schemas.ports import Posting, TermMatches, TermQuery
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

_MOST_SPACES: Final = 500
"""Lucene refuses a query of more than 1024 clauses."""

_TOTALS: Final = ("episode", "fact", "entity")


def as_parameter(
    asked: TermQuery, at: int, prefix: str, store_id: str, spaces: SpaceSet, known: Mapping[Key, Posting]
) -> dict[str, Any]:
    """What the statement needs to know of a query; ``at`` comes back with each of its postings.

    Raises:
        InvalidInputError: there is no such kind.
    """
    kind = check_kind(asked.kind)
    terms = [encode_term(term) for term in dict.fromkeys(asked.terms)]
    return {
        "at": at,
        "kind": kind,
        "label": prefix + KIND_LABELS[kind],
        "terms": terms,
        "known": [term for term in terms if (kind, term) in known],
        "most": asked.max_documents,
        "within": _within(kind, store_id, spaces),
    }


def _within(kind: str, store_id: str, spaces: SpaceSet) -> list[str]:
    """Beginnings of index queries that together cover the spaces; a term makes each complete."""
    if spaces.is_everything:
        return ["+_terms:"]
    tokens = [index_token(store_id, space, kind) for space in spaces.names]
    groups = [tokens[i : i + _MOST_SPACES] for i in range(0, len(tokens), _MOST_SPACES)]
    return [f"+_space_token:({' '.join(group)}) +_terms:" for group in groups]


def postings_of(
    asked: Sequence[TermQuery], rows: Iterable[Sequence[Any]], known: Mapping[Key, Posting]
) -> list[dict[Key, Posting]]:
    """By query, the postings in ``rows``; those that were left out, since they are known, from there."""
    found: list[dict[Key, Posting]] = [{} for _ in asked]
    for at, term, documents, *columns in rows:
        key = (asked[at].kind, term)
        common = documents > asked[at].max_documents
        found[at][key] = known[key] if key in known and not common else _posting(term, documents, *columns)
    return found


def matches_of(
    asked: Sequence[TermQuery], totals: Sequence[int], postings: Sequence[Mapping[Key, Posting]]
) -> list[TermMatches]:
    """The answers to the queries ``asked``. ``totals``: documents and terms of each kind in turn."""
    found = []
    for query, mine in zip(asked, postings, strict=True):
        kind = 2 * _TOTALS.index(query.kind)
        keys = {term: (query.kind, encode_term(term)) for term in query.terms}
        named = {term: mine[key] for term, key in keys.items() if key in mine}
        found.append(TermMatches(documents=totals[kind], terms=totals[kind + 1], postings=named))
    return found


def _posting(
    term: str, documents: int, refs: list[int], lengths: list[int], repeated: list[tuple[int | None, str | None]]
) -> Posting:
    """``repeated``: refs of the records that may hold the term more than once, with their ``_repeats``."""
    unsorted = np.array(refs, np.int64)
    order = np.argsort(unsorted, kind="stable")
    order = order[np.count_nonzero(unsorted == 0) :]  # 0: deleted by another transaction while the statement ran
    ascending = unsorted[order]
    counts = np.ones(len(ascending), np.int64)
    for ref, text in repeated:
        if ref is not None and text is not None:
            counts[np.searchsorted(ascending, ref)] = _count(term, text)
    return Posting(documents, ascending, counts, np.array(lengths, np.int64)[order])


def _count(term: str, repeats: str) -> int:
    for item in repeats.split(" "):
        name, _, count = item.partition(":")
        if name == term:
            return int(count)
    return 1


def integers(values: Sequence[int]) -> Refs:
    """Refs in ascending order."""
    found = np.array(values, np.int64)
    found.sort()
    return found

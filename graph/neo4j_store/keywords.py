"""Terms of records, as the full-text index finds them, and the counts that BM25 needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factloom.graph.neo4j_store.known import Indexed
from factloom.graph.neo4j_store.pending import Pending
from factloom.graph.neo4j_store.rows import index_text, index_token


def put_terms(pending: Pending, kind: str, ref: int, space: str, terms: Sequence[str], held: Indexed) -> Indexed:
    """Replace the terms of a record; returns what is held of it then."""
    remove_terms(pending, kind, space, held)
    text, repeats, spelled, length = index_text(terms)
    properties: dict[str, Any] = {
        "_space_token": index_token(pending.store_id, space, kind) if text else None,
        "_terms": text or None,
        "_repeats": repeats or None,
        "_spelled": spelled or None,
        "_length": length if text or kind == "episode" else None,
    }
    new = pending.of_new(kind, ref)
    if new is not None:
        new.update(properties)
    else:
        pending.add(f"put_terms {kind}", {"ref": ref, "properties": properties})
    if text:
        pending.count(space, **{f"{kind}_documents": 1, f"{kind}_terms": length})
        pending.count_terms(space, kind, text, 1)
    return held._replace(terms=text, length=length)


def remove_terms(pending: Pending, kind: str, space: str, held: Indexed) -> None:
    """Take the terms that are held of a record out of the counts; its node is the caller's."""
    if held.terms:
        pending.count(space, **{f"{kind}_documents": -1, f"{kind}_terms": -held.length})
        pending.count_terms(space, kind, held.terms, -1)

"""The keyword index: which records hold a term, how often, and what BM25 needs to know of a space.

One list of postings per (space, kind, term), so that counts are a space's own and a common term can be left out
without reading its list. See docs/decisions/001-keyword-index.md for why this is not FTS5.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from factloom.graph.sqlite.database import Database
from factloom.graph.sqlite.rows import kind_number
from factloom.graph.sqlite.scope import Scope, as_json
from factloom.schemas.ports import Posting, TermMatches

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs


def match_terms(
    database: Database, terms: Sequence[str], *, kind: str, scope: Scope, max_documents: int
) -> TermMatches:
    """Postings of ``terms`` in the spaces of ``scope``; lists longer than ``max_documents`` are not read."""
    number = kind_number(kind)
    where, spaces = scope.clause("space"), scope.parameters
    totals = database.row(
        f"SELECT COALESCE(SUM(documents), 0), COALESCE(SUM(terms), 0) FROM corpus WHERE kind = ? AND {where}",
        (number, *spaces),
    ) or (0, 0)
    wanted = list(dict.fromkeys(terms))
    found: dict[str, list[tuple[int, int]]] = {term: [] for term in wanted}
    for text, term, documents in database.rows(
        "SELECT t.text, t.number, t.documents FROM json_each(?) j CROSS JOIN term t "
        f"ON t.kind = ? AND t.text = j.value AND {scope.clause('t.space')} ORDER BY t.number",
        (as_json(wanted), number, *spaces),
    ):
        found[text].append((term, documents))
    short = [number for lists in found.values() if sum(n for _, n in lists) <= max_documents for number, _ in lists]
    columns = _read_postings(database, short)
    postings = {term: _posting(lists, columns, max_documents) for term, lists in found.items() if lists}
    return TermMatches(documents=totals[0], terms=totals[1], postings=postings)


def _read_postings(database: Database, terms: Sequence[int]) -> dict[int, Refs]:
    """Refs, counts and lengths of each term, shape (3, records).

    Joined into text by SQLite: parsing that takes a quarter of the time of fetching a row for each record.
    """
    if not terms:
        return {}
    rows = database.rows(
        "SELECT p.term, group_concat(p.ref), group_concat(p.count), group_concat(p.length) "
        "FROM json_each(?) j CROSS JOIN posting p ON p.term = j.value GROUP BY j.rowid",
        (json.dumps(list(terms)),),
    )
    return {row[0]: np.stack([np.fromstring(text, np.int64, sep=",") for text in row[1:]]) for row in rows}


def _posting(lists: list[tuple[int, int]], columns: Mapping[int, Refs], max_documents: int) -> Posting:
    documents = sum(count for _, count in lists)
    if documents > max_documents:
        nothing = np.empty(0, dtype=np.int64)
        return Posting(documents, nothing, nothing, nothing)
    read = [columns[number] for number, _ in lists]
    refs, counts, lengths = read[0] if len(read) == 1 else np.concatenate(read, axis=1)
    # Nothing promises in which order rows are joined.
    if len(refs) > 1 and not (refs[1:] > refs[:-1]).all():
        order = np.argsort(refs, kind="stable")
        refs, counts, lengths = refs[order], counts[order], lengths[order]
    return Posting(documents, refs, counts, lengths)


def put_terms(database: Database, kind: str, documents: Sequence[tuple[int, int, Sequence[str]]]) -> int:
    """Replace the terms of records of ``kind``, given as (ref, space, terms); returns how many had some."""
    number = kind_number(kind)
    replaced = remove_terms(database, [ref for ref, _, _ in documents])
    by_space: dict[int, list[tuple[int, Counter[str], int]]] = {}
    for ref, space, terms in documents:
        if terms:
            by_space.setdefault(space, []).append((ref, Counter(terms), len(terms)))
    for space, entries in by_space.items():
        _add_terms(database, number, space, entries)
    if kind == "episode":
        database.run_many(
            "UPDATE episode SET length = ? WHERE ref = ?", [(len(terms), ref) for ref, _, terms in documents]
        )
    return replaced


def _add_terms(database: Database, kind: int, space: int, entries: list[tuple[int, Counter[str], int]]) -> None:
    document_counts = Counter(chain.from_iterable(counts for _, counts, _ in entries))
    database.run_many(
        "INSERT INTO term (kind, text, space, documents) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (kind, text, space) DO UPDATE SET documents = documents + excluded.documents",
        [(kind, text, space, count) for text, count in document_counts.items()],
    )
    numbers: dict[str, int] = dict(
        database.rows(
            "SELECT t.text, t.number FROM json_each(?) j CROSS JOIN term t "
            "ON t.kind = ? AND t.text = j.value AND t.space = ?",
            (as_json(document_counts), kind, space),
        )
    )
    postings = [
        (numbers[text], ref, count, length) for ref, counts, length in entries for text, count in counts.items()
    ]
    postings.sort()  # neighbours in the table are written together
    database.run_many("INSERT INTO posting (term, ref, count, length) VALUES (?, ?, ?, ?)", postings)
    database.run_many(
        "INSERT INTO document (ref, terms, length) VALUES (?, ?, ?)",
        [(ref, array("q", sorted(numbers[text] for text in counts)).tobytes(), n) for ref, counts, n in entries],
    )
    database.run(
        "INSERT INTO corpus (space, kind, documents, terms) VALUES (?, ?, ?, ?) ON CONFLICT (space, kind) "
        "DO UPDATE SET documents = documents + excluded.documents, terms = terms + excluded.terms",
        (space, kind, len(entries), sum(length for _, _, length in entries)),
    )


def remove_terms(database: Database, refs: Sequence[int]) -> int:
    """Take records out of the index, with terms that no other record holds; returns how many were in it."""
    rows = database.rows(
        "SELECT d.ref, d.terms, d.length FROM json_each(?) j CROSS JOIN document d ON d.ref = j.value",
        (str(list(refs)),),
    )
    if not rows:
        return 0
    lost: Counter[int] = Counter()
    pairs: list[tuple[int, int]] = []
    corpora: Counter[tuple[int, int]] = Counter()
    lengths: Counter[tuple[int, int]] = Counter()
    for ref, packed, length in rows:
        terms = array("q", packed)
        lost.update(terms)
        pairs.extend((term, ref) for term in terms)
        home = database.row("SELECT space, kind FROM term WHERE number = ?", (terms[0],)) or (0, 0)
        corpora[home] += 1
        lengths[home] += length
    pairs.sort()
    database.run_many("DELETE FROM posting WHERE term = ? AND ref = ?", pairs)
    database.run_many("UPDATE term SET documents = documents - ? WHERE number = ?", [(n, t) for t, n in lost.items()])
    database.run_many("DELETE FROM term WHERE number = ? AND documents = 0", [(term,) for term in lost])
    database.run_many("DELETE FROM document WHERE ref = ?", [(ref,) for ref, _, _ in rows])
    database.run_many(
        "UPDATE corpus SET documents = documents - ?, terms = terms - ? WHERE space = ? AND kind = ?",
        [(count, lengths[home], *home) for home, count in corpora.items()],
    )
    return len(rows)

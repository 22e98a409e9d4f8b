"""The keyword index: which records hold a term, how often, and what BM25 needs to know of a space.

One list of postings per (space, kind, term), so that counts are a space's own and a common term can be left out
without reading its list. A list is cut into blocks of packed postings, in the order of writing: a question reads
thousands of postings, and a row for each would be most of what it costs. docs/decisions/001-keyword-index.md says why
this is not FTS5.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from factloom.graph.sqlite.database import Database, Row
from factloom.graph.sqlite.rows import kind_number
from factloom.graph.sqlite.scope import Scope, as_json
from factloom.schemas.ports import Posting, TermMatches, TermQuery

if TYPE_CHECKING:
    from factloom.schemas.ports import Refs

BLOCK: Final = 128
"""Postings of a full block: about 2 KB, so that adding one rewrites no more than a page."""

_POSTING: Final = np.dtype([("ref", "<i8"), ("count", "<u4"), ("length", "<u4")])
_HELD: Final = np.dtype([("term", "<i8"), ("block", "<u4"), ("count", "<u4")])
"""What a document row says of each of its terms: its number, the block with the posting, and how often it occurs."""

Packed = NDArray[np.void]


def match_terms(database: Database, queries: Sequence[TermQuery], *, scope: Scope) -> tuple[TermMatches, ...]:
    """What each of ``queries`` finds in the spaces of ``scope``; lists longer than it asks for are not read."""
    kinds = {kind_number(query.kind): None for query in queries}
    texts = {term: None for query in queries for term in query.terms}
    where, spaces = scope.clause("space"), scope.parameters
    totals: dict[int, tuple[int, int]] = {
        kind: (documents, terms)
        for kind, documents, terms in database.rows(
            f"SELECT kind, SUM(documents), SUM(terms) FROM corpus WHERE {where} GROUP BY kind", spaces
        )
    }
    lists: dict[tuple[int, str], _Lists] = {}
    for kind, text, term, documents in database.rows(
        "SELECT t.kind, t.text, t.number, t.documents FROM json_each(?) k CROSS JOIN json_each(?) j CROSS JOIN term t "
        f"ON t.kind = k.value AND t.text = j.value AND {scope.clause('t.space')} ORDER BY t.number",
        (str(list(kinds)), as_json(texts), *spaces),
    ):
        of_text = lists.setdefault((kind, text), _Lists())
        of_text.documents += documents
        of_text.numbers.append(term)
    found = [
        (query.max_documents, {term: held for term in query.terms if (held := lists.get((kind, term))) is not None})
        for query, kind in zip(queries, map(_kind_of, queries), strict=True)
    ]
    short = {
        number: None
        for most, of_terms in found
        for held in of_terms.values()
        if held.documents <= most
        for number in held.numbers
    }
    blocks = _read_blocks(database, list(short))
    postings = _postings(
        [
            None if held.documents > most else [blocks[number] for number in held.numbers]
            for most, of_terms in found
            for held in of_terms.values()
        ]
    )
    return tuple(
        TermMatches(
            *totals.get(_kind_of(query), (0, 0)),
            postings={term: Posting(held.documents, *next(postings)) for term, held in of_terms.items()},
        )
        for query, (_, of_terms) in zip(queries, found, strict=True)
    )


class _Lists:
    """The lists of one term in the spaces that are read: their numbers, and how many documents are in all of them."""

    __slots__ = ("documents", "numbers")

    def __init__(self) -> None:
        self.documents = 0
        self.numbers: list[int] = []


def _kind_of(query: TermQuery) -> int:
    return kind_number(query.kind)


def _read_blocks(database: Database, terms: Sequence[int]) -> dict[int, list[bytes]]:
    """The packed postings of each term."""
    blocks: dict[int, list[bytes]] = {}
    if terms:
        for term, packed in database.rows(
            "SELECT p.term, p.postings FROM json_each(?) j CROSS JOIN posting p ON p.term = j.value",
            (json.dumps(list(terms)),),
        ):
            blocks.setdefault(term, []).append(packed)
    return blocks


def _postings(lists: Sequence[Sequence[list[bytes]] | None]) -> Iterator[tuple[Refs, Refs, Refs]]:
    """Refs (ascending), counts and lengths of each list of blocks, all unpacked at once; empty ones for None."""
    joined = [b"" if blocks is None else b"".join(chain.from_iterable(blocks)) for blocks in lists]
    packed = np.frombuffer(b"".join(joined), _POSTING)
    refs, counts, lengths = (packed[name].astype(np.int64) for name in ("ref", "count", "length"))
    falls = (np.flatnonzero(refs[1:] <= refs[:-1]) + 1).tolist()  # where a list begins, and inside some
    start = 0
    for blocks in joined:
        end = start + len(blocks) // _POSTING.itemsize
        one = refs[start:end], counts[start:end], lengths[start:end]
        if bisect_left(falls, end) > bisect_right(falls, start):  # several spaces, or a record that was indexed again
            order = np.argsort(one[0], kind="stable")
            one = one[0][order], one[1][order], one[2][order]
        yield one
        start = end


def terms_of(database: Database, refs: Sequence[int]) -> dict[int, list[str]]:
    """The terms of each record that has any, sorted, each as often as the record holds it."""
    found: dict[int, list[str]] = {}
    for ref, held, _ in _documents(database, refs):
        texts: dict[int, str] = dict(
            database.rows(
                "SELECT t.number, t.text FROM json_each(?) j CROSS JOIN term t ON t.number = j.value",
                (str(held["term"].tolist()),),
            )
        )
        counted = sorted((texts[term], count) for term, _, count in held.tolist())
        found[ref] = [text for text, count in counted for _ in range(count)]
    return found


def _documents(database: Database, refs: Sequence[int]) -> list[tuple[int, Packed, int]]:
    """Ref, terms and length of the records that are in the index."""
    rows = database.rows(
        "SELECT d.ref, d.terms, d.length FROM json_each(?) j CROSS JOIN document d ON d.ref = j.value",
        (json.dumps([int(ref) for ref in refs]),),
    )
    return [(ref, np.frombuffer(packed, _HELD), length) for ref, packed, length in rows]


# --- writing ---


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
        "INSERT INTO term (kind, text, space, documents, written) VALUES (?1, ?2, ?3, ?4, ?4) "
        "ON CONFLICT (kind, text, space) DO UPDATE SET "
        "documents = documents + excluded.documents, written = written + excluded.written",
        [(kind, text, space, count) for text, count in document_counts.items()],
    )
    rows = database.rows(
        "SELECT t.text, t.number, t.written FROM json_each(?) j CROSS JOIN term t "
        "ON t.kind = ? AND t.text = j.value AND t.space = ?",
        (as_json(document_counts), kind, space),
    )
    # Where the list of each term goes on: how many postings were ever written to it before these.
    numbers = {text: number for text, number, _ in rows}
    next_place = {number: written - document_counts[text] for text, number, written in rows}
    blocks: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    held = []
    for ref, counts, length in entries:
        terms = []
        for text, count in counts.items():
            term = numbers[text]
            block = next_place[term] // BLOCK
            next_place[term] += 1
            blocks.setdefault((term, block), []).append((ref, count, length))
            terms.append((term, block, count))
        held.append((ref, np.array(terms, _HELD).tobytes(), length))
    database.run_many(
        "INSERT INTO posting (term, block, postings) VALUES (?, ?, ?) "
        "ON CONFLICT (term, block) DO UPDATE SET postings = CAST(postings || excluded.postings AS BLOB)",
        [(*key, np.array(postings, _POSTING).tobytes()) for key, postings in sorted(blocks.items())],
    )
    database.run_many("INSERT INTO document (ref, terms, length) VALUES (?, ?, ?)", held)
    database.run(
        "INSERT INTO corpus (space, kind, documents, terms) VALUES (?, ?, ?, ?) ON CONFLICT (space, kind) "
        "DO UPDATE SET documents = documents + excluded.documents, terms = terms + excluded.terms",
        (space, kind, len(entries), sum(length for _, _, length in entries)),
    )


def remove_terms(database: Database, refs: Sequence[int]) -> int:
    """Take records out of the index, with terms that no other record holds; returns how many were in it."""
    documents = _documents(database, refs)
    if not documents:
        return 0
    lost: Counter[int] = Counter()
    touched: dict[tuple[int, int], list[int]] = {}
    corpora: Counter[tuple[int, int]] = Counter()
    lengths: Counter[tuple[int, int]] = Counter()
    for ref, held, length in documents:
        for term, block, _ in held.tolist():
            lost[term] += 1
            touched.setdefault((term, block), []).append(ref)
        home = database.row("SELECT space, kind FROM term WHERE number = ?", (int(held["term"][0]),)) or (0, 0)
        corpora[home] += 1
        lengths[home] += length
    _cut_blocks(database, touched)
    database.run_many("UPDATE term SET documents = documents - ? WHERE number = ?", [(n, t) for t, n in lost.items()])
    database.run_many("DELETE FROM term WHERE number = ? AND documents = 0", [(term,) for term in lost])
    database.run_many("DELETE FROM document WHERE ref = ?", [(ref,) for ref, _, _ in documents])
    database.run_many(
        "UPDATE corpus SET documents = documents - ?, terms = terms - ? WHERE space = ? AND kind = ?",
        [(count, lengths[home], *home) for home, count in corpora.items()],
    )
    return len(documents)


def _cut_blocks(database: Database, touched: Mapping[tuple[int, int], list[int]]) -> None:
    """Take the postings of records out of the blocks that hold them; a block without any goes."""
    cut: list[Row] = []
    empty: list[Row] = []
    for (term, block), gone in sorted(touched.items()):
        row: tuple[Any, ...] = database.row(
            "SELECT postings FROM posting WHERE term = ? AND block = ?", (term, block)
        ) or (b"",)
        postings = np.frombuffer(row[0], _POSTING)
        left = postings[~np.isin(postings["ref"], gone)]
        if len(left):
            cut.append((left.tobytes(), term, block))
        else:
            empty.append((term, block))
    database.run_many("UPDATE posting SET postings = ? WHERE term = ? AND block = ?", cut)
    database.run_many("DELETE FROM posting WHERE term = ? AND block = ?", empty)

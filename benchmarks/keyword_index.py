"""The store's keyword index beside FTS5: ``python -m benchmarks.keyword_index [--documents 100000]``.

Documents of 15 words with Zipf's frequencies, spread over 200 spaces and then all in one. Each query has six words and
asks for the 100 best by BM25. Four ways: ``tables`` is the store's own; ``fts5 column`` puts the space into a column
of its own; ``fts5 tokens`` glues it to every word; both are contentless and rank with bm25() of FTS5. ``fts5 postings``
glues, too, and reads the postings through fts5vocab, so that they can be scored by the statistics of the space.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from benchmarks.results import printed_figures

from factloom.graph.sqlite.connections import Connections
from factloom.graph.sqlite.database import Database
from factloom.graph.sqlite.keywords import match_terms, put_terms, remove_terms
from factloom.graph.sqlite.scope import Scope
from factloom.schemas.ports import TermQuery

_BEST = 100
_WORDS = 15
_VOCABULARY = 20_000
_Document = tuple[int, int, list[str]]


class _Index(Protocol):
    name: str
    path: Path

    def add(self, documents: list[_Document]) -> None: ...
    def best(self, words: list[str], space: int) -> list[int]: ...
    def remove(self, document: _Document) -> None: ...
    def clean_up(self) -> None: ...


def _score(documents: int, terms: int, postings: Sequence[Sequence[np.ndarray]]) -> list[int]:
    """The best refs by BM25, from (refs, counts, lengths) of each word."""
    average = terms / documents
    scores = []
    for refs, counts, lengths in postings:
        rarity = np.log((documents - len(refs) + 0.5) / (len(refs) + 0.5) + 1)
        scores.append(rarity * counts * 2.2 / (counts + 1.2 * (0.25 + 0.75 * lengths / average)))
    held, where = np.unique(np.concatenate([refs for refs, _, _ in postings]), return_inverse=True)
    total = np.bincount(where, weights=np.concatenate(scores))
    best: list[int] = held[np.lexsort((held, -total))[:_BEST]].tolist()
    return best


class _Tables:
    """The store's own postings, scored with numpy as retrieval does."""

    name = "tables"

    def __init__(self, folder: Path, spaces: int) -> None:
        self.path = folder / "tables.db"
        self._connections = Connections(self.path, 5.0)
        with self._connections.writing() as database:
            self._db: Database = database
        self._db.run_many("INSERT INTO space (number, name) VALUES (?, ?)", [(i + 1, str(i)) for i in range(spaces)])

    def add(self, documents: list[_Document]) -> None:
        with self._db.transaction("BEGIN IMMEDIATE"):
            put_terms(self._db, "fact", documents)

    def best(self, words: list[str], space: int) -> list[int]:
        (found,) = match_terms(self._db, [TermQuery("fact", tuple(words), 1_000_000)], scope=Scope((space,)))
        if not found.postings:
            return []
        return _score(found.documents, found.terms, [p[1:] for p in found.postings.values()])

    def remove(self, document: _Document) -> None:
        with self._db.transaction("BEGIN IMMEDIATE"):
            remove_terms(self._db, [document[0]])

    def clean_up(self) -> None:
        self._db.run("VACUUM")
        self._db.run("PRAGMA wal_checkpoint(TRUNCATE)")


class _Fts5:
    """FTS5 with the space in a column, or glued to every word."""

    def __init__(self, folder: Path, glued: bool, name: str = "") -> None:
        self.name = name or ("fts5 tokens" if glued else "fts5 column")
        self.path = folder / f"{self.name}.db"
        self._glued = glued
        self._db = sqlite3.connect(self.path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -65536"):
            self._db.execute(f"PRAGMA {pragma}")
        columns = "terms" if glued else "space, terms"
        self._db.execute(f"CREATE VIRTUAL TABLE f USING fts5({columns}, content='', tokenize='ascii')")

    def _values(self, document: _Document) -> tuple[object, ...]:
        ref, space, words = document
        if self._glued:
            return ref, " ".join(f"s{space}x{word}" for word in words)
        return ref, f"s{space}", " ".join(words)

    def add(self, documents: list[_Document]) -> None:
        places = "(rowid, terms) VALUES (?, ?)" if self._glued else "(rowid, space, terms) VALUES (?, ?, ?)"
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(f"INSERT INTO f {places}", [self._values(document) for document in documents])
        self._db.execute("COMMIT")

    def best(self, words: list[str], space: int) -> list[int]:
        if self._glued:
            match = " OR ".join(f"s{space}x{word}" for word in words)
        else:
            match = f"space : s{space} AND terms : ({' OR '.join(words)})"
        # bm25() with weight 0 for the column of the space, where there is one.
        rank = "bm25(f)" if self._glued else "bm25(f, 0.0, 1.0)"
        rows = self._db.execute(f"SELECT rowid FROM f WHERE f MATCH ? ORDER BY {rank}, rowid LIMIT {_BEST}", (match,))
        return [ref for (ref,) in rows]

    def remove(self, document: _Document) -> None:
        places = "(f, rowid, terms) VALUES ('delete', ?, ?)"
        if not self._glued:
            places = "(f, rowid, space, terms) VALUES ('delete', ?, ?, ?)"
        self._db.execute(f"INSERT INTO f {places}", self._values(document))

    def clean_up(self) -> None:
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def optimise(self) -> None:
        """Merge all segments into one, in which deleted terms are no more."""
        self._db.execute("INSERT INTO f(f) VALUES ('optimize')")


class _Fts5Postings(_Fts5):
    """FTS5 as a store of postings only, with lengths and totals in tables of our own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, glued=True, name="fts5 postings")
        self._db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance')")
        self._db.execute("CREATE TABLE document (ref INTEGER PRIMARY KEY, length INTEGER)")
        self._db.execute("CREATE TABLE corpus (space INTEGER PRIMARY KEY, documents INTEGER, terms INTEGER)")

    def add(self, documents: list[_Document]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO f (rowid, terms) VALUES (?, ?)", map(self._values, documents))
        self._db.executemany("INSERT INTO document VALUES (?, ?)", [(ref, len(words)) for ref, _, words in documents])
        self._db.executemany(
            "INSERT INTO corpus VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET documents = documents + 1, "
            "terms = terms + excluded.terms",
            [(space, len(words)) for _, space, words in documents],
        )
        self._db.execute("COMMIT")

    def best(self, words: list[str], space: int) -> list[int]:
        documents, terms = self._db.execute("SELECT documents, terms FROM corpus WHERE space = ?", (space,)).fetchone()
        postings = []
        for word in dict.fromkeys(words):
            rows = self._db.execute(
                "SELECT v.doc, COUNT(*), d.length FROM v JOIN document d ON d.ref = v.doc "
                "WHERE v.term = ? GROUP BY v.doc",
                (f"s{space}x{word}",),
            )
            columns = np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, 3)
            if len(columns):
                postings.append(columns.T)
        return _score(documents, terms, postings) if postings else []


def _took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _milliseconds(times: list[float]) -> str:
    times.sort()
    return f"p50 {statistics.median(times) * 1000:7.3f} ms  p95 {times[int(len(times) * 0.95)] * 1000:8.3f} ms"


def _make_documents(count: int, spaces: int) -> list[_Document]:
    weights = 1 / np.arange(1, _VOCABULARY + 1)
    words = np.random.default_rng(1).choice(_VOCABULARY, size=(count, _WORDS), p=weights / weights.sum())
    # Documents differ in length, and some spaces are wordier than others, as people are.
    lengths = np.random.default_rng(2).integers(4, _WORDS + 1, size=count)
    return [
        (i + 1, i % spaces + 1, [f"w{w}" for w in words[i, : max(4, lengths[i] - (i % spaces) % 7)]])
        for i in range(count)
    ]


def _queries(spaces: int, commonest: int) -> list[tuple[list[str], int]]:
    rng = np.random.default_rng(3)
    return [
        ([f"w{w}" for w in rng.integers(commonest, 3_000, size=6)], int(rng.integers(spaces)) + 1) for _ in range(200)
    ]


def _compare(documents: list[_Document], spaces: int, folder: Path) -> None:
    makers = (*_makers(spaces), _Fts5Postings)
    indexes: list[_Index] = [make(folder) for make in makers]
    late = [(len(documents) + i + 1, i % spaces + 1, documents[i][2]) for i in range(200)]
    # The last one has a word of its own, to look for after it is deleted.
    late[-1] = (late[-1][0], late[-1][1], [*late[-1][2], "zzyzxunique"])
    for index in indexes:
        _measure(index, documents, late, spaces)


def _measure(index: _Index, documents: list[_Document], late: list[_Document], spaces: int) -> None:
    def show(label: str, figure: str) -> None:
        print(f"  {index.name:14} {label:36} {figure}")

    took = sum(_took(lambda i=i: index.add(documents[i : i + 10_000])) for i in range(0, len(documents), 10_000))  # type: ignore[misc]
    show("add all, in batches of 10,000", f"{took:7.2f} s")
    index.clean_up()
    show("size", f"{index.path.stat().st_size / 2**20:7.1f} MiB")
    show("add one, durably", _milliseconds([_took(lambda d=d: index.add([d])) for d in late]))  # type: ignore[misc]
    for label, commonest in (
        ("six words, none of the 20 commonest", 20),
        ("six words, none of the 500 commonest", 500),
    ):
        asked = [_took(lambda q=q: index.best(*q)) for q in _queries(spaces, commonest)]  # type: ignore[misc]
        show(label, _milliseconds(asked))
    index.remove(late[-1])

    def fate() -> str:
        index.clean_up()
        return "still in the file" if b"zzyzxunique" in index.path.read_bytes() else "gone"

    show("a deleted word, after VACUUM", fate())
    if isinstance(index, _Fts5):
        show("'optimize'", f"{_took(index.optimise):7.2f} s; then the word is {fate()}")


def _makers(spaces: int) -> tuple[Callable[[Path], _Index], ...]:
    return lambda f: _Tables(f, spaces), lambda f: _Fts5(f, glued=False), lambda f: _Fts5(f, glued=True)


def _measure_influence(documents: list[_Document], folder: Path) -> None:
    """How often the ten best of a space change because other spaces have documents."""
    own = [document for document in documents if document[1] == 1]
    for make in _makers(200):
        alone, together = folder / "alone", folder / "together"
        alone.mkdir(exist_ok=True)
        together.mkdir(exist_ok=True)
        one, many = make(alone), make(together)
        one.add(own)
        many.add(documents)
        asked = [words for words, _ in _queries(200, 20)]
        differ = sum(one.best(words, 1)[:10] != many.best(words, 1)[:10] for words in asked)
        print(f"  {one.name:14} ten best differ for {differ} of {len(asked)} queries once other spaces are there")
        for index in (one, many):
            index.path.unlink()


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    with printed_figures("keyword_index", options.json):
        print(f"SQLite {sqlite3.sqlite_version}")
        for spaces in (200, 1):
            documents = _make_documents(options.documents, spaces)
            print(f"{len(documents):,} documents in {spaces} space(s)")
            with tempfile.TemporaryDirectory() as folder:
                _compare(documents, spaces, Path(folder))
                if spaces > 1:
                    _measure_influence(documents, Path(folder))


if __name__ == "__main__":
    main()

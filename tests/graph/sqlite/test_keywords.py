"""The packed postings: right across blocks, whatever was written, replaced and removed before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from factloom.graph.sqlite.connections import Connections
from factloom.graph.sqlite.database import Database
from factloom.graph.sqlite.keywords import BLOCK, match_terms, put_terms, remove_terms, terms_of
from factloom.graph.sqlite.scope import Scope
from factloom.schemas.ports import TermQuery

WORDS = ("tea", "rain", "lisbon", "the")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    connections = Connections(tmp_path / "terms.db", 5.0)
    with connections.writing() as database:
        database.run_many("INSERT INTO space (number, name) VALUES (?, ?)", [(1, "a"), (2, "b")])
        yield database
    connections.close()


def check(database: Database, stored: dict[int, tuple[int, list[str]]], scope: Scope, spaces: set[int]) -> None:
    (found,) = match_terms(database, [TermQuery("fact", WORDS, 10**6)], scope=scope)
    mine = {ref: Counter(words) for ref, (space, words) in stored.items() if space in spaces and words}
    assert (found.documents, found.terms) == (len(mine), sum(counts.total() for counts in mine.values()))
    for word in WORDS:
        expected = [(ref, counts[word], counts.total()) for ref, counts in sorted(mine.items()) if counts[word]]
        posting = found.postings.get(word)
        got = [] if posting is None else list(
            zip(posting.refs.tolist(), posting.counts.tolist(), posting.lengths.tolist(), strict=True)
        )  # fmt: skip
        assert got == expected
        assert (posting.documents if posting else 0) == len(expected)


def test_lists_of_many_blocks_stay_right(database: Database) -> None:
    pick = random.Random(5)
    stored: dict[int, tuple[int, list[str]]] = {}
    next_ref = 1
    for _ in range(40):
        if stored and pick.random() < 0.4:
            gone = pick.sample(sorted(stored), k=min(len(stored), pick.randint(1, BLOCK)))
            remove_terms(database, gone)
            for ref in gone:
                del stored[ref]
        written = [(next_ref + i, pick.choice((1, 2)), pick.choices(WORDS, k=pick.randint(0, 5))) for i in range(60)]
        next_ref += len(written)
        again = pick.sample(sorted(stored), k=min(len(stored), 10))
        written += [(ref, stored[ref][0], pick.choices(WORDS, k=3)) for ref in again]
        put_terms(database, "fact", written)
        stored.update((ref, (space, words)) for ref, space, words in written)
    assert max(Counter(word for _, words in stored.values() for word in set(words)).values()) > 3 * BLOCK
    check(database, stored, Scope((1,)), {1})
    check(database, stored, Scope(None), {1, 2})
    refs = sorted(stored)
    assert terms_of(database, refs) == {ref: sorted(stored[ref][1]) for ref in refs if stored[ref][1]}


def test_nothing_is_left_of_removed_records(database: Database) -> None:
    put_terms(database, "fact", [(ref, 1, ["tea", "rain"]) for ref in range(1, 3 * BLOCK)])
    remove_terms(database, list(range(1, 3 * BLOCK)))
    for table in ("term", "posting", "document"):
        assert database.rows(f"SELECT * FROM {table}") == []
    put_terms(database, "fact", [(7, 1, ["tea"])])
    check(database, {7: (1, ["tea"])}, Scope((1,)), {1})

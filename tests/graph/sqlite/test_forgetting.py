"""Deleted text is in none of the store's files after a vacuum."""

from __future__ import annotations

import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.errors import StoreUnavailableError
from factloom.schemas.ports import IndexEntry, WriteTransaction
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import Change, Entity, Episode, Fact, new_id, utc_now
from factloom.schemas.spaces import SpaceSet

ALL = SpaceSet.everything()
NOW = utc_now()


def file_bytes(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))


def say(number: int, length: int) -> Episode:
    return Episode(
        id=new_id(),
        space="user/ana",
        session=f"private session {number:04}",
        role="user",
        content=f"private words {number:04} " + "filler " * length,
        occurred_at=NOW + timedelta(seconds=number),
        created_at=NOW,
    )


def tell(tx: WriteTransaction, number: int, length: int) -> list[str]:
    """Store one of everything that holds a private text; returns the ids."""
    (said,) = tx.add_episodes([say(number, length)])
    name = f"private name {number:04}"
    ana, thing = tx.put_entities(
        [
            Entity(
                id=new_id(), space="user/ana", name=f"{name} {i}", key=f"{name} {i}", created_at=NOW, updated_at=NOW,
                aliases=(f"private alias {number:04} {i}",), attributes={"note": f"private note {number:04}"},
            )
            for i in range(2)
        ]
    )  # fmt: skip
    fields = {"id": new_id(), "space": "user/ana", "subject_id": ana.id, "object_id": thing.id, "predicate": "KNOWS"}
    (known,) = tx.put_facts([Fact(text=f"private fact {number:04}", created_at=NOW, episode_ids=(said.id,), **fields)])
    vector = np.frombuffer(f"private! {number:07}".encode(), dtype=np.float32)[None]
    entries = [
        IndexEntry(kind, id_, [f"privateterm{number:04}", "common"], vector)
        for kind, id_ in (("episode", said.id), ("fact", known.id), ("entity", ana.id))
    ]
    tx.put_index(entries, embedder="e")
    story = {"text": f"private story {number:04}"}
    tx.record(
        [
            Change(
                id=new_id(), space="user/ana", kind="fact", target_id=known.id, action="added", actor="test", at=NOW,
                reason=f"private reason {number:04}", episode_id=said.id, after=story,
            )
        ]
    )  # fmt: skip
    return [said.id, ana.id, thing.id, known.id]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_of_what_was_deleted_is_left_in_any_file(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path)
    rng = random.Random(seed)
    numbers = list(range(200))
    rng.shuffle(numbers)
    ids = {number: store.write(lambda tx, n=number: tell(tx, n, rng.randrange(300))) for number in numbers}  # type: ignore[misc]
    gone = set(rng.sample(numbers, 100))
    assert all(f"private words {number:04}".encode() in file_bytes(path) for number in gone)
    for number in gone:
        assert store.write(lambda tx, n=number: tx.delete(ids[n])) == ids[number]  # type: ignore[misc]
    store.vacuum()
    left = file_bytes(path)
    for number in numbers:
        for kind in ("words", "session", "name", "alias", "note", "fact", "story", "reason"):
            held = f"private {kind} {number:04}".encode() in left
            assert held == (number not in gone), (kind, number)
        assert (f"privateterm{number:04}".encode() in left) == (number not in gone)
        assert (f"private! {number:07}".encode() in left) == (number not in gone)
        assert any(id_.encode() in left for id_ in ids[number]) == (number not in gone)
    assert len(store.find_episodes(EpisodeQuery(limit=1000), spaces=ALL)) == 100
    store.close()


def test_a_replaced_text_is_gone_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path)

    def rename(tx: WriteTransaction) -> None:
        fields = {"id": "x", "space": "user/ana", "created_at": NOW, "updated_at": NOW}
        tx.put_entities([Entity(name="Old Secret Name", key="old secret name", **fields)])
        tx.put_entities([Entity(name="New Name", key="new name", **fields)])

    store.write(rename)
    store.vacuum()
    assert b"New Name" in file_bytes(path)
    assert b"ecret" not in file_bytes(path)
    store.close()


def test_a_reader_in_the_way_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path, busy_timeout=0.1)
    ids = store.write(lambda tx: tell(tx, 1, 50))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM episode").fetchone() == (1,)
    store.write(lambda tx: tx.delete(ids))
    with pytest.raises(StoreUnavailableError, match="reading"):
        store.vacuum()
    reader.close()
    store.vacuum()
    assert b"private" not in file_bytes(path)
    store.close()


def test_with_nothing_deleted_the_file_is_not_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path)
    store.write(lambda tx: tell(tx, 1, 50))
    store.vacuum()
    before = path.read_bytes()
    store.vacuum()
    assert path.read_bytes() == before
    store.close()


def test_what_a_deletion_looks_up_for_foreign_keys_does_not_grow_with_the_store(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    SqliteGraphStore(path).close()
    database = sqlite3.connect(path)
    children = [(name, *row) for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                for row in database.execute(f"PRAGMA foreign_key_list({name})")]  # fmt: skip
    keys: dict[tuple[str, int], list[str]] = {}
    for table, number, _, _, column, *_ in children:
        keys.setdefault((table, number), []).append(column)
    composite = [(table, columns) for (table, _), columns in sorted(keys.items()) if len(columns) > 1]
    assert len(composite) >= 5
    for table, columns in composite:
        where = " AND ".join(f"{column} = 1" for column in columns)
        (plan,) = database.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {where}")
        narrow = next(column for column in columns if column != "space")
        assert f"{narrow}=?" in plan[3], plan[3]
    database.close()

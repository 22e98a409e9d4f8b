"""Opening a file as a store: what is refused, why, and that what is refused is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from factloom.graph.sqlite import SqliteGraphStore
from factloom.graph.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION
from factloom.schemas.errors import (
    ForeignStoreError,
    InvalidInputError,
    StoreCorruptError,
    StoreFullError,
    StoreVersionError,
)
from factloom.schemas.ports import ChangeFeed, GraphStore, StoreFiles
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import Episode, new_id, utc_now
from factloom.schemas.spaces import SpaceSet

ALL = SpaceSet.everything()


def said(content: str) -> Episode:
    now = utc_now()
    return Episode(
        id=new_id(), space="user/ana", session="s", role="user", content=content, occurred_at=now, created_at=now
    )


def contents(store: SqliteGraphStore) -> list[str]:
    return [each.content for each in store.find_episodes(EpisodeQuery(oldest_first=True), spaces=ALL)]


def test_it_is_what_the_ports_ask_for(tmp_path: Path) -> None:
    store = SqliteGraphStore(tmp_path / "a.db")
    assert isinstance(store, GraphStore)
    assert isinstance(store, ChangeFeed)
    assert isinstance(store, StoreFiles)
    store.close()


def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.db"
    store = SqliteGraphStore(str(path))
    store.write(lambda tx: tx.add_episodes([said("hello")]))
    first_id = store.store_id()
    assert store.size_in_bytes() >= path.stat().st_size > 0
    store.close()
    again = SqliteGraphStore(path)
    assert contents(again) == ["hello"]
    assert again.store_id() == first_id
    again.close()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    store = SqliteGraphStore(path)
    assert contents(store) == []
    store.close()


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    SqliteGraphStore(tmp_path / "a.db").close()
    head = (tmp_path / "a.db").read_bytes()[:100]
    assert int.from_bytes(head[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(head[60:64], "big") == VERSION
    assert head[18:20] == b"\x02\x02"  # write-ahead logging


def make_sqlite(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE notes (text TEXT)",),
        ("PRAGMA application_id = 1234",),
        ("PRAGMA journal_mode = WAL", "CREATE TABLE episode (id TEXT)"),
        ("PRAGMA application_id = 1234", "PRAGMA journal_mode = WAL", "CREATE TABLE notes (text TEXT)"),
    ],
)
def test_another_programs_file_is_left_byte_for_byte(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "theirs.db"
    make_sqlite(path, *statements)
    before = path.read_bytes()
    with pytest.raises(ForeignStoreError, match=r"theirs\.db.*left as it is"):
        SqliteGraphStore(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["theirs.db"]


def test_what_is_not_sqlite_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ana, " * 100)
    with pytest.raises(ForeignStoreError, match="not an SQLite file"):
        SqliteGraphStore(path)
    assert path.read_text() == "Dear Ana, " * 100


def test_a_folder_is_not_a_store(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="folder"):
        SqliteGraphStore(tmp_path)


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    SqliteGraphStore(path).close()
    make_sqlite(path, f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="upgrade factloom"):
        SqliteGraphStore(path)
    assert path.read_bytes() == before


def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteGraphStore(path)
    store.write(lambda tx: tx.add_episodes([said(f"{i} " * 500) for i in range(50)]))
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    with pytest.raises(StoreCorruptError, match="restore a backup"):
        SqliteGraphStore(path)
    # Every page after the first is overwritten: the header is ours, the rest is not a database.
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreCorruptError, match="restore a backup"):
        contents(SqliteGraphStore(path))


def test_a_full_disk_keeps_nothing_of_the_call(tmp_path: Path) -> None:
    store = SqliteGraphStore(tmp_path / "a.db")
    store.write(lambda tx: tx.add_episodes([said("before")]))
    # SQLite's own limit on pages gives the same result code as a full disk.
    with store._connections.writing() as database:
        pages = database.row("PRAGMA page_count")
        database.run(f"PRAGMA max_page_count = {pages[0] + 2 if pages else 0}")
    with pytest.raises(StoreFullError, match="no space") as raised:
        store.write(lambda tx: tx.add_episodes([said("x" * 5000) for _ in range(100)]))
    assert raised.value.retryable
    assert contents(store) == ["before"]
    with store._connections.writing() as database:
        database.run("PRAGMA max_page_count = 1000000")
    store.write(lambda tx: tx.add_episodes([said("after")]))
    assert contents(store) == ["before", "after"]
    store.close()


READ_ONLY = """
import os, sys
from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.errors import StoreReadOnlyError
if os.getuid() == 0:  # whom no permission stops
    os.setuid(65534)
try:
    SqliteGraphStore(sys.argv[1])
except StoreReadOnlyError as error:
    print("refused:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.parametrize("what", ["file", "folder", "missing folder"])
def test_what_cannot_be_written_is_said_to_be_so(what: str, tmp_path: Path) -> None:
    # Not pytest's folder, which is closed to other users.
    folder = Path(tempfile.mkdtemp())
    path = folder / "a.db"
    try:
        SqliteGraphStore(path).close()
        path.chmod(0o444 if what == "file" else 0o666)
        folder.chmod(0o777 if what == "file" else 0o555)
        target = folder / "new" / "a.db" if what == "missing folder" else path
        ran = subprocess.run([sys.executable, "-c", READ_ONLY, target], capture_output=True, text=True, check=False)
        assert "refused:" in ran.stdout, ran.stderr
        assert str(target) in ran.stdout
    finally:
        folder.chmod(0o777)
        path.unlink()
        folder.rmdir()


def test_two_stores_in_memory_are_apart() -> None:
    one, two = SqliteGraphStore(":memory:"), SqliteGraphStore(":memory:")
    one.write(lambda tx: tx.add_episodes([said("hello")]))
    assert (contents(one), contents(two)) == (["hello"], [])
    assert one.size_in_bytes() == 0
    one.vacuum()
    assert contents(one) == ["hello"]
    one.close()
    two.close()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_store_of_an_older_format_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    SqliteGraphStore(new).close()
    connection = sqlite3.connect(old, isolation_level=None)
    for script in MIGRATIONS[:version]:
        connection.executescript(script)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("INSERT INTO meta (name, value) VALUES ('store_id', 'kept')")
    connection.close()

    store = SqliteGraphStore(old)

    assert store.store_id() == "kept"
    store.close()
    assert schema_of(old) == schema_of(new)


def schema_of(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name FROM sqlite_master ORDER BY type, name").fetchall()
    connection.close()
    return found

"""Copying a store: nothing lost, nothing changed, nothing of others touched, whenever it is stopped."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factloom import Memory
from factloom.engine.copying import CopyProgress, copy_store
from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.errors import EmbedderMismatchError, InvalidInputError, NotFoundError, StoreError
from factloom.schemas.ports import IndexEntry, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Status
from factloom.schemas.settings import load_settings
from factloom.schemas.spaces import SpaceSet

from .copying_stores import EVERYTHING, SPACES, change, entity, episode, fact, fill, holdings, sqlite

HOME, OTHER = SPACES


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqliteGraphStore]:
    """Two spaces, and what earlier deletions leave: gaps between the numbers."""
    store = sqlite(tmp_path / "source.db")
    doomed = store.write(lambda tx: tx.add_episodes([episode(-n - 1) for n in range(7)]))
    for space in SPACES:
        fill(store, space=space)
    store.write(lambda tx: tx.delete([each.id for each in doomed]))
    yield store
    store.close()


@pytest.fixture
def destination(tmp_path: Path) -> Iterator[SqliteGraphStore]:
    store = sqlite(tmp_path / "destination.db")
    yield store
    store.close()


def test_everything_arrives_as_it_was(source: SqliteGraphStore, destination: SqliteGraphStore) -> None:
    report = copy_store(source, destination)

    assert report.same
    assert report.written == 2 * (60 + 30 + 10)
    assert [space.space for space in report.spaces] == sorted(SPACES)
    for space in report.spaces:
        assert {part: tally.count for part, tally in space.destination.items()} == {
            "episodes": 60,
            "entities": 10,
            "facts": 30,
            "terms": 57 * 7 + 30 * 7 + 10 * 2,
            "vectors": 154,
            "history": 33,
        }
    for space in SPACES:
        expected = holdings(source, space)
        assert len(expected["history"]) == 33
        assert len(expected["next"]) == 60
        assert holdings(destination, space) == expected


def test_and_back_again(source: SqliteGraphStore, destination: SqliteGraphStore, tmp_path: Path) -> None:
    copy_store(source, destination)
    with closing(sqlite(tmp_path / "back.db")) as back:
        report = copy_store(destination, back)
        assert report.same
        for space in SPACES:
            assert holdings(back, space) == holdings(source, space)


def test_a_search_in_the_copy_answers_the_same(tmp_path: Path, open_memory: Callable[..., Memory]) -> None:
    memory = open_memory()
    lines = ["I | LIVES_IN | Lisbon", "I | KNOWS | Bea", "I | LIVES_IN | Porto", "Bea | WORKS_FOR | Acme", "hello you"]
    for number, line in enumerate(lines):
        memory.add(line, user_id="ana", time=f"2025-0{number + 1}-01T10:00:00+00:00")
    with closing(sqlite(tmp_path / "copy.db")) as copy, closing(sqlite(tmp_path / "memory.db")) as original:
        assert copy_store(original, copy).same
    twin = open_memory(settings={"index_dir": str(tmp_path / "index")}).settings.model_copy()
    settings = twin.model_copy(update={"store": str(tmp_path / "copy.db")})
    with Memory(settings=settings, embedder=memory.embedder, extractor=None, clock=memory._clock) as other:

        def answers(asked: Memory) -> list[tuple[str, float, str]]:
            found = asked.search("Where does Ana live?", user_id="ana", include_history=True)
            return [(hit.id, hit.score, hit.why) for hit in found.hits]

        assert len(answers(memory)) > 4
        assert answers(other) == answers(memory)
        moved = other.add("I | LIVES_IN | Faro", user_id="ana", time="2025-05-30T10:00:00+00:00", infer=False)
        assert moved.episodes[0].ref


class TestWhatIsThere:
    def test_other_spaces_are_left_alone(self, source: SqliteGraphStore, destination: SqliteGraphStore) -> None:
        fill(destination, space="team/own")
        before = holdings(destination, "team/own")
        report = copy_store(source, destination, spaces=SpaceSet.of(HOME))
        assert [space.space for space in report.spaces] == [HOME]
        assert destination.spaces() == ["team/own", HOME]
        assert holdings(destination, "team/own") == before

    def test_other_data_in_a_space_is_refused_before_anything_is_written(
        self, source: SqliteGraphStore, destination: SqliteGraphStore
    ) -> None:
        destination.write(lambda tx: tx.add_episodes([episode(1, HOME)]))  # of the spaces, the last by name
        before = holdings(destination, HOME)
        with pytest.raises(InvalidInputError, match=r"other data in user/ana.*factloom delete --all --space user/ana"):
            copy_store(source, destination)
        assert destination.spaces() == [HOME]
        assert holdings(destination, HOME) == before

    def test_a_copy_that_lives_on_is_not_overwritten(
        self, source: SqliteGraphStore, destination: SqliteGraphStore
    ) -> None:
        copy_store(source, destination)
        (forgotten, *_) = destination.find_facts(FactQuery(), spaces=SpaceSet.of(HOME))
        destination.write(lambda tx: tx.delete([forgotten.id]))
        with pytest.raises(InvalidInputError, match="written since it was copied"):
            copy_store(source, destination)
        assert destination.locate([forgotten.id], spaces=EVERYTHING) == {}

    def test_the_same_data_from_elsewhere_are_recognised(
        self, source: SqliteGraphStore, destination: SqliteGraphStore, tmp_path: Path
    ) -> None:
        copy_store(source, destination)
        with closing(sqlite(tmp_path / "third.db")) as third:
            copy_store(source, third)
            assert copy_store(destination, third).written == 0

    def test_what_cannot_be_copied(self, source: SqliteGraphStore, destination: SqliteGraphStore) -> None:
        with pytest.raises(InvalidInputError, match="same store"):
            copy_store(source, source)
        with pytest.raises(NotFoundError, match="user/nobody"):
            copy_store(source, destination, spaces=SpaceSet.of(HOME, "user/nobody"))

        def embed(tx: WriteTransaction) -> None:
            (kept,) = tx.add_episodes([episode(1, "team/own")])
            tx.put_index([IndexEntry("episode", kept.id, None, np.eye(2, dtype=np.float32))], embedder="another/2")

        destination.write(embed)
        with pytest.raises(EmbedderMismatchError, match=r"test/3.*another/2.*reembed"):
            copy_store(source, destination)
        assert destination.spaces() == ["team/own"]


class _StopError(Exception):
    pass


class TestInterrupted:
    def test_at_every_transaction(self, source: SqliteGraphStore, tmp_path: Path) -> None:
        """Stopped before each of its writes in turn, over and over, one copy still gets there."""
        expected = {space: holdings(source, space) for space in SPACES}
        stops = 0
        for limit in range(1, 40):
            with closing(sqlite(tmp_path / f"{limit}.db")) as one:
                try:
                    copy_store(source, Interrupted(one, limit))  # type: ignore[arg-type]
                    break
                except _StopError:
                    stops += 1
                assert copy_store(source, one).same
                assert {space: holdings(one, space) for space in SPACES} == expected
        assert stops >= 8

    def test_a_copy_that_is_not_finished_is_no_source(self, source: SqliteGraphStore, tmp_path: Path) -> None:
        with closing(sqlite(tmp_path / "half.db")) as half, closing(sqlite(tmp_path / "other.db")) as other:
            with pytest.raises(_StopError):
                copy_store(source, Interrupted(half, 3))  # type: ignore[arg-type]
            with pytest.raises(StoreError, match="not finished"):
                copy_store(half, other)
            assert other.spaces() == []

    def test_somebody_else_writes_to_the_destination(
        self, source: SqliteGraphStore, destination: SqliteGraphStore
    ) -> None:
        theirs = episode(1, HOME, content="theirs")

        def meddle(state: CopyProgress) -> None:
            if (state.space, state.doing) == (HOME, "episodes"):
                destination.write(lambda tx: tx.add_episodes([theirs]))

        with pytest.raises(StoreError, match=f"somebody else wrote to {HOME}"):
            copy_store(source, destination, on_progress=meddle)
        assert destination.locate([theirs.id], spaces=EVERYTHING)
        with pytest.raises(InvalidInputError, match="other data"):
            copy_store(source, destination)


class Interrupted:
    """A store whose user is stopped at the n-th write."""

    def __init__(self, store: SqliteGraphStore, limit: int) -> None:
        self._store, self._left = store, limit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, work: Callable[[WriteTransaction], Any]) -> Any:
        self._left -= 1
        if self._left <= 0:
            raise _StopError
        return self._store.write(work)


class TestUpToDate:
    def test_a_later_run_brings_what_changed(self, source: SqliteGraphStore, destination: SqliteGraphStore) -> None:
        copy_store(source, destination)
        change_everything(source)
        report = copy_store(source, destination)

        assert report.same
        assert 0 < report.written < 20
        assert report.deleted == 3
        for space in SPACES:
            assert holdings(destination, space) == holdings(source, space)
        assert copy_store(source, destination).written == 0

    def test_what_was_forgotten_is_forgotten_in_the_copy(
        self, source: SqliteGraphStore, destination: SqliteGraphStore, tmp_path: Path
    ) -> None:
        secret = episode(1, "user/secret", content="the passphrase is swordfish")
        source.write(lambda tx: tx.add_episodes([secret]))
        copy_store(source, destination)
        source.write(lambda tx: tx.delete([secret.id]))
        copy_store(source, destination)

        assert destination.spaces() == sorted(SPACES)
        files = b"".join(path.read_bytes() for path in tmp_path.glob("destination.db*"))
        assert b"tea number" in files
        assert b"swordfish" not in files
        assert b"user/secret" not in files

    def test_written_meanwhile(self, source: SqliteGraphStore, destination: SqliteGraphStore) -> None:
        times = iter(range(2))

        def meddle(state: CopyProgress) -> None:
            if (state.space, state.doing) == (HOME, "facts") and next(times, None) is not None:
                change_everything(source)

        report = copy_store(source, destination, on_progress=meddle)
        assert report.same
        assert not any(space.written_meanwhile for space in report.spaces)
        for space in SPACES:
            assert holdings(destination, space) == holdings(source, space)

    def test_written_all_the_time(self, source: SqliteGraphStore, destination: SqliteGraphStore) -> None:
        numbers = iter(range(1000, 9000))

        def meddle(state: CopyProgress) -> None:
            if (state.space, state.doing) == (HOME, "episodes"):
                source.write(lambda tx: tx.put_entities([entity(f"new {next(numbers)}")]))

        report = copy_store(source, destination, on_progress=meddle)
        (mine,) = (space for space in report.spaces if space.space == HOME)
        assert mine.written_meanwhile
        assert not report.same
        assert set(mine.differences) == {"entities"}
        assert copy_store(source, destination).same


def change_everything(store: SqliteGraphStore) -> None:
    """Whatever can happen to a memory, in the first space."""
    scope = SpaceSet.of(HOME)
    rng = np.random.default_rng(1)

    def work(tx: WriteTransaction) -> None:
        waiting = tx.find_episodes(EpisodeQuery(statuses=(Status.PENDING,)), spaces=scope)
        tx.set_status([waiting[0].id], Status.DONE)
        tx.set_status([waiting[1].id], Status.FAILED, error="never")
        said = tx.find_episodes(EpisodeQuery(statuses=(Status.DONE,)), spaces=scope)
        tx.set_episode_metadata({said[6].id: {"cost": rng.random()}})
        ana, bea, *_ = tx.find_entities(EntityQuery(), spaces=scope)
        tx.put_entities([ana.model_copy(update={"name": "Anna", "aliases": ("Nan",)})])
        late = episode(int(rng.integers(100)) - 300, content=f"late {rng.random()} {len(said)}")
        (new,) = tx.add_episodes([late])
        old, gone, *_ = tx.find_facts(FactQuery(), spaces=scope)
        made = fact(ana, bea, 77, episode_ids=(new.id,), text=f"made of {late.content}")
        tx.put_facts([made, old.model_copy(update={"expired_at": new.created_at, "superseded_by": made.id})])
        vector = rng.standard_normal((2, 3), dtype=np.float32)
        tx.put_index(
            [
                IndexEntry("entity", ana.id, ["anna"], vector),
                IndexEntry("episode", said[5].id, [], vector[:0]),
                IndexEntry("fact", made.id, ["made"], None),
            ],
            embedder="test/3",
        )
        tx.record([change(made, 1), change(ana, 2)])
        tx.delete([gone.id, said[0].id, said[1].id])

    store.write(work)


def test_a_difference_is_named(source: SqliteGraphStore, destination: SqliteGraphStore, tmp_path: Path) -> None:
    def spoil(state: CopyProgress) -> None:
        if state.doing == "comparing":
            with closing(sqlite3.connect(tmp_path / "destination.db", isolation_level=None)) as connection:
                connection.execute("UPDATE fact SET text = 'spoilt' WHERE id = ?", (victim.id,))

    victim = source.find_facts(FactQuery(), spaces=SpaceSet.of(HOME))[3]
    report = copy_store(source, destination, spaces=SpaceSet.of(HOME), on_progress=spoil)
    assert not report.same
    assert report.spaces[0].differences == {"facts": victim.id}
    assert copy_store(source, destination).same, "the next run mends it"


# --- the command -----------------------------------------------------------------------------------------------------


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "factloom.engine.app.cli", "copy", *arguments]


@pytest.fixture
def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTLOOM_")}
    return {**kept, "FACTLOOM_EMBEDDER__KIND": "hashing", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def test_killed_again_and_again_it_arrives(tmp_path: Path, environment: dict[str, str]) -> None:
    paths = tmp_path / "source.db", tmp_path / "destination.db"
    with closing(sqlite(paths[0])) as source:
        for space in SPACES:
            fill(source, 2000, space)
    arguments = command(*map(str, paths), "--json")
    reached = []
    for share in (0.1, 0.35, 0.6, 0.8):
        running = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while running.poll() is None and stored(paths[1]) < share * 2 * 3333:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        reached.append(stored(paths[1]))
    assert 0 < reached[0] < 2 * 3333
    assert reached == sorted(reached)

    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert '"same": true' in done.stdout
    with closing(sqlite(paths[0])) as source, closing(sqlite(paths[1])) as destination:
        for space in SPACES:
            assert holdings(destination, space) == holdings(source, space)


def stored(path: Path) -> int:
    """How many records are in the file."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT SUM(episodes + entities + facts) FROM space").fetchone()[0] or 0)
        except sqlite3.OperationalError:  # the tables are being made
            return 0


def test_what_the_command_says(tmp_path: Path, environment: dict[str, str]) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), env=environment, capture_output=True, text=True, cwd=tmp_path, check=False
        )

    with closing(sqlite(tmp_path / "a.db")) as source:
        for space in SPACES:
            fill(source, space=space)
    done = run("a.db", "b.db", "--space", HOME)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["embedder", "test/3"] in rows
    assert ["stored", "100", "records"] in rows
    assert [row[1:4] for row in rows if row[:1] == [HOME]] == [["episodes", "60", "60"]]
    assert [row[:3] for row in rows if row[:1] == ["vectors"]] == [["vectors", "154", "154"]]
    assert OTHER not in done.stdout

    with closing(sqlite(tmp_path / "c.db")), closing(sqlite3.connect(tmp_path / "c.db")) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON fact BEGIN UPDATE fact SET text = '' WHERE ref = 1; END")
        connection.execute(
            "CREATE TRIGGER u AFTER INSERT ON entity BEGIN UPDATE entity SET type = 'x' WHERE ref = 1; END"
        )
        connection.commit()
    spoilt = run("a.db", "c.db", "--space", HOME)
    assert spoilt.returncode == 1
    assert f"{HOME}: entities differ, first in " in spoilt.stderr
    assert "facts differ" not in spoilt.stderr

    refused = {
        ("nowhere.db", "b.db"): (2, "there is no store nowhere.db"),
        ("a.db", ":memory:"): (2, "in memory"),
        ("a.db", "a.db"): (2, "the same store"),
        ("a.db", "b.db", "--space", "user/nobody"): (2, "holds nothing in user/nobody"),
    }
    for arguments, (code, words) in refused.items():
        failed = run(*arguments)
        assert (failed.returncode, failed.stdout) == (code, "")
        assert words in failed.stderr
    assert not (tmp_path / "nowhere.db").exists()


def test_settings_do_not_matter_to_a_copy(tmp_path: Path) -> None:
    """A copy makes no vectors: that another embedder is set, or that its model is missing, is no obstacle."""
    settings = load_settings(store=str(tmp_path / "a.db"), embedder={"kind": "hashing", "dimension": 32})
    with Memory(settings=settings, extractor=None) as memory:
        memory.add("hello", user_id="ana")
    with closing(sqlite(tmp_path / "a.db")) as a, closing(sqlite(tmp_path / "b.db")) as b:
        assert copy_store(a, b).embedder == "hashing-1/32"
        assert b.embedder() == a.embedder()


def test_a_copy_follows_merges_and_their_undoing(tmp_path: Path, open_memory: Callable[..., Memory]) -> None:
    memory = open_memory()
    for day, line in enumerate(("Odile | LIKES | tea", "Beatriz | LIKES | tea", "Odile | LIVES_IN | Rome")):
        memory.add(line, user_id="ana", time=f"2025-01-0{day + 1}T10:00:00+00:00")
    with closing(sqlite(tmp_path / "copy.db")) as copy, closing(sqlite(tmp_path / "memory.db")) as original:
        assert copy_store(original, copy).same
        done = memory.merge_entities("Beatriz", "Odile", user_id="ana")
        assert copy_store(original, copy).same
        memory.undo(done.change_id)
        assert copy_store(original, copy).same
        memory.delete(memory.get_all(user_id="ana", predicates=["LIVES_IN"])[0].id)
        assert copy_store(original, copy).same
        assert holdings(copy, "user/ana") == holdings(original, "user/ana")

"""A server that is killed again and again while a memory is written: ``python -m benchmarks.faults [--kills 20]``.

One process adds messages and facts to a memory on a Neo4j server of our own (Java 17 and Maven), and notes each add
that was acknowledged in a file, with fsync. The server gets SIGKILL at random moments, stays away for some seconds and
is started again; the process is told nothing of it. In the end everything that was acknowledged must be there, nothing
twice, and what is half-done must be pending, so that ``retry`` finishes it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import neo4j
from benchmarks.consistency import problems
from benchmarks.results import printed_figures

from factloom import Memory
from factloom.engine.wiring import open_store
from factloom.retrieval.embedders import HashingEmbedder
from factloom.retrieval.vectors.faiss_index import FaissVectorIndex
from factloom.schemas.errors import FactloomError, NotFoundError, StoreUnavailableError
from factloom.schemas.records import utc_now
from factloom.schemas.settings import Settings, load_settings
from factloom.schemas.spaces import SpaceSet

_SPACES: Final = ("faults/one", "faults/two")
_PEOPLE: Final = ("Ana", "Bea", "Rui", "Tom", "Eva", "Leo")
_PLACES: Final = ("Lisbon", "Porto", "Berlin", "Madrid", "Vienna", "Oslo", "Turin")
_DIMENSION: Final = 64
_RETRY_SECONDS: Final = 3.0
_PATIENCE: Final = 300.0


class Server(Protocol):
    """A server that may be killed; data and address outlive it."""

    user: str
    password: str

    @property
    def address(self) -> str:
        """Host and port."""

    def start(self) -> None:
        """Start it, and wait until it answers."""

    def kill(self) -> None:
        """SIGKILL."""


# --- the process that writes ---


def add(memory: Memory, number: int, begun: datetime) -> list[str]:
    """The add with this number, the same whenever it is done again; returns the ids that it acknowledges."""
    space, when = _SPACES[number % 2], begun + timedelta(seconds=number)
    who, other = _PEOPLE[number % len(_PEOPLE)], _PEOPLE[(number // 3) % len(_PEOPLE)]
    where = _PLACES[number % len(_PLACES)]
    if number % 4 == 3:
        given = [(who, "LIVES_IN", where), (who, "VISITED", f"place {number}"), (who, "KNOWS", other)]
        added = memory.add_facts([each for each in given if each[0] != each[2]], space=space, time=when)
    else:
        text = f"I moved to {where}, and {other} gave me ticket {number}."
        added = memory.add(text, space=space, name=who, time=when)
    return [*(each.id for each in added.episodes), *(each.id for each in added.added)]


def work(settings: Settings, acknowledged: Path, stop: Path, begun: datetime) -> dict[str, Any]:
    """Add until ``stop`` is there, or whoever waits for it is gone.

    Two of three adds that fail are done again, the others are left as they are.
    """
    errors: list[tuple[str, str, float]] = []
    number, skipped, parent = 0, 0, os.getppid()
    with Memory(settings=settings, embedder=HashingEmbedder(_DIMENSION)) as memory, acknowledged.open("a") as file:
        while not stop.exists() and os.getppid() == parent:
            started = time.monotonic()
            try:
                ids = add(memory, number, begun)
                if number % 10 == 9:
                    memory.search("Who lives in Lisbon?", space=_SPACES[number % 2], limit=3)
            except FactloomError as error:
                errors.append((type(error).__name__, str(error), time.monotonic() - started))
                if number % 3 == 0:
                    number, skipped = number + 1, skipped + 1
                time.sleep(0.05)
                continue
            file.write(json.dumps({"number": number, "ids": ids}) + "\n")
            file.flush()
            os.fsync(file.fileno())
            number += 1
        replica = memory._parts.index  # the one that lived through all of it
        assert isinstance(replica, FaissVectorIndex)
        differing = [str(each) for each in replica.verify(spaces=SpaceSet.everything())]
    return {"errors": errors, "skipped": skipped, "differing": differing}


# --- the run ---


def settings_of(server: Server, prefix: str, folder: Path) -> dict[str, Any]:
    """Settings of the memory that is written, as JSON."""
    named = {"user": server.user, "password": server.password, "label_prefix": prefix, "max_retry_time": _RETRY_SECONDS}
    return {"store": f"neo4j://{server.address}", "neo4j": named, "index_dir": str(folder)}


def lines_of(file: Path) -> list[str]:
    """The whole lines that are in a file by now."""
    return file.read_text().splitlines() if file.exists() else []


def wait_for(arrived: Callable[[], bool], alive: Callable[[], bool], what: str) -> float:
    """Wait until something has happened; returns the seconds that it took.

    Raises:
        TimeoutError: it did not.
    """
    started = time.monotonic()
    while not arrived():
        if not alive():
            raise TimeoutError(f"the process that writes ended before {what}")
        if time.monotonic() - started > _PATIENCE:
            raise TimeoutError(f"{what} did not come within {_PATIENCE:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - started


def run(
    server: Server, kills: int, *, prefix: str = "", seed: int = 1, minutes: float = 60.0,
    tell: Callable[[str], None] = print,
) -> Outcome:  # fmt: skip
    """Kill ``server`` so often while a process writes, and look at what is left. The server runs before and after."""
    until = time.monotonic() + 60 * minutes
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        acknowledged, stop = folder / "acknowledged.jsonl", folder / "stop"
        begun = utc_now().replace(microsecond=0) - timedelta(days=1)
        given = settings_of(server, prefix, folder / "writer")
        job = {"settings": given, "acknowledged": str(acknowledged), "stop": str(stop), "begun": begun.timestamp()}
        with (folder / "stderr").open("w") as stderr:
            command = [sys.executable, "-m", "benchmarks.faults", "--worker"]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment, text=True
            )
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(job))
            child.stdin.close()
            try:
                back: list[float | None] = []
                while len(back) < kills and time.monotonic() < until:
                    back.append(_kill_once(server, child, acknowledged, chance, len(back), tell))
                stop.touch()
                answer = child.stdout.read()
                child.wait(_PATIENCE)
            finally:
                child.kill()
                child.wait()
                child.stdout.close()
        if child.returncode:
            raise RuntimeError(f"the process that writes failed:\n{(folder / 'stderr').read_text()[-3000:]}")
        told = json.loads(answer)
        read = [json.loads(line) for line in lines_of(acknowledged)]
        outcome = Outcome(len(back), read, told["errors"], told["skipped"], back, told["differing"])
        outcome.look(load_settings(**settings_of(server, prefix, folder / "reader")))
        return outcome


def _kill_once(
    server: Server, child: subprocess.Popen[str], acknowledged: Path, chance: random.Random, number: int,
    tell: Callable[[str], None],
) -> float | None:  # fmt: skip
    """Kill at a random moment, start again; returns how long it took from there to the next add.

    Every other kill waits for some adds first, and for one afterwards (the others give None): those in between meet a
    server that has just come back, with connections, plans and recovery under way.
    """

    def alive() -> bool:
        return child.poll() is None

    in_work = number % 2 == 0
    enough = len(lines_of(acknowledged)) + chance.randint(3, 12)
    if in_work:
        wait_for(lambda: len(lines_of(acknowledged)) >= enough, alive, "some adds")
    time.sleep(chance.uniform(0, 0.3 if in_work else 5))
    server.kill()
    time.sleep(chance.choice([0, 0, 1, 4, 8]))
    held = len(lines_of(acknowledged))
    server.start()
    told = f"killed {number + 1} times, {held} adds acknowledged before"
    if in_work:
        tell(f"{told}, in the middle of work")
        return None
    took = wait_for(lambda: len(lines_of(acknowledged)) > held, alive, "an add after the server was back")
    tell(f"{told}, soon after a start; the next one came {took:.1f} s after it was back")
    return took


class Outcome:
    """What came of a run."""

    def __init__(
        self, kills: int, acknowledged: list[dict[str, Any]], errors: list[Sequence[Any]], skipped: int,
        back: list[float | None], differing: list[str],
    ) -> None:  # fmt: skip
        self.kills = kills
        self.acknowledged = acknowledged
        self.errors = Counter(str(name) for name, _, _ in errors)
        self.said = Counter(str(text).partition("(")[2].partition(")")[0] or str(text) for _, text, _ in errors)
        self.unclear = sorted({f"{name}: {text}" for name, text, _ in errors if name != StoreUnavailableError.__name__})
        self.longest = max((float(seconds) for *_, seconds in errors), default=0.0)
        self.skipped = skipped
        self.back = sorted(each for each in back if each is not None)
        self.problems = [f"the writer's replica: {each}" for each in differing]
        self.lost: list[str] = []
        self.episodes = self.pending = self.still_pending = 0

    def look(self, settings: Settings) -> None:
        """Look at what the store holds, finish what is pending, and look again."""
        password = settings.neo4j.password.get_secret_value()
        prefix = settings.neo4j.label_prefix
        store = open_store(settings, clock=utc_now)
        with (
            neo4j.GraphDatabase.driver(settings.store, auth=(settings.neo4j.user, password)) as driver,
            Memory(store, settings=settings, embedder=HashingEmbedder(_DIMENSION)) as memory,
        ):
            self.problems += [f"before retry: {each}" for each in problems(driver, prefix, now=utc_now())]
            self.pending = len(memory.pending(limit=10_000))
            memory.retry()
            self.still_pending = len(memory.pending(limit=10_000))
            self.problems += problems(driver, prefix, now=utc_now())
            for id_ in (id_ for each in self.acknowledged for id_ in each["ids"]):
                try:
                    memory.get(id_)
                except NotFoundError:
                    self.lost.append(id_)
            self.episodes = memory.stats().episodes
            memory.search("Who lives in Lisbon?", spaces=list(_SPACES))
            index = memory._parts.index
            assert isinstance(index, FaissVectorIndex)
            self.problems += [f"vectors: {each}" for each in index.verify(spaces=SpaceSet.everything())]

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or left half-done, and every error was a clear one."""
        return not (self.lost or self.problems or self.still_pending or self.unclear)

    def table(self) -> str:
        """The figures, a line each."""
        errors = ", ".join(f"{count} {name}" for name, count in self.errors.items()) or "none"
        back = f"{self.back[len(self.back) // 2]:.1f}, at most {self.back[-1]:.1f}" if self.back else "not measured"
        rows = {
            "server killed, times": self.kills,
            "adds acknowledged": len(self.acknowledged),
            "  of their records lost": len(self.lost),
            "errors that the writer got": errors,
            **{f"  {said[:36]}": count for said, count in self.said.most_common(6)},
            "  the longest took, s": f"{self.longest:.1f}",
            "  other than StoreUnavailableError": len(self.unclear),
            "adds that were not tried again": self.skipped,
            "first add after a start, median, s": back,
            "episodes in the end": self.episodes,
            "  pending before retry": self.pending,
            "  pending after it": self.still_pending,
            "disagreements, doubles": len(self.problems),
        }
        found = [f"! {each}" for each in [*self.lost[:10], *self.problems[:20], *self.unclear[:10]]]
        return "\n".join([*(f"{what:40}{value!s:>20}" for what, value in rows.items()), *found])


def main() -> None:
    """Run on a server of our own, print the table, and fail if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60.0, help="kill no more after so long")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        job = json.load(sys.stdin)
        begun = datetime.fromtimestamp(job["begun"], UTC)
        settings = load_settings(**job["settings"])
        print(json.dumps(work(settings, Path(job["acknowledged"]), Path(job["stop"]), begun)))
        return
    from scripts.neo4j_server.java import ServerUnavailableError
    from scripts.neo4j_server.process import LocalServer

    try:
        own = LocalServer()
    except ServerUnavailableError as error:
        sys.exit(f"no Neo4j server to kill: {error}")
    with own as server:
        outcome = run(
            *(server, chosen.kills), seed=chosen.seed, minutes=chosen.minutes,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )  # fmt: skip
    with printed_figures("faults", chosen.json):
        print(outcome.table())
    sys.exit(0 if outcome.clean else 1)


if __name__ == "__main__":
    main()

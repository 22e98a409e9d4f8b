"""Generated calls of two memories on different stores, which must answer alike: scores to 1e-6, order but for ties."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import uuid_utils
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.ports import GraphStore, WriteTransaction
from factloom.schemas.records import Category
from factloom.schemas.search import SearchResult
from factloom.schemas.settings import load_settings

from . import worlds as w
from .outcomes import Names, differences, outcome, plain
from .pairs import MakePair

TOLERANCE = 1e-6
USERS = ("ana", "bo", "a`b \"c\" 'd' %_")
PEOPLE = ("Ana", "Bea", "Carlos", "Dr. Who", "O'Neil")
PLACES = ("Lisbon", "Porto", "São Paulo", "日本", "the old town")
PREDICATES = ("LIVES_IN", "KNOWS", "LIKES", "works for", "HAS_BOSS")
SAID = (
    "I moved to Lisbon.",
    "Where is Bea?",
    "Carlos likes tea",
    "hello",
    "Ana said: 'no' 🙂",
    "In May I met O'Neil in Porto.",
)
QUESTIONS = (
    "Where does Ana live?", "who knows Bea", "tea", "When did Carlos move to Porto?", "What did Ana say?", "日本", "?",
    "zebra", "Who is the boss of Bea's boss?", "hello " * 30,
)  # fmt: skip
Call = Callable[[Memory], Any]


class Ids:
    """Ids that both memories draw alike: each call begins where the other memory's began."""

    def __init__(self) -> None:
        self.next = 0

    def __call__(self) -> uuid.UUID:
        self.next += 1
        return uuid.UUID(int=(self.next << 80) | (7 << 76) | (2 << 62) | self.next)


@contextmanager
def same_ids(ids: Ids) -> Iterator[None]:
    """Within, new ids are those of ``ids``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uuid_utils, "uuid7", ids)
        yield


def draw_again(store: GraphStore, ids: Ids) -> GraphStore:
    """The store, whose writes draw the same ids again when they run again: one store may ask for it, another not."""
    write = store.write

    def write_again(work: Callable[[WriteTransaction], Any]) -> Any:
        first = ids.next

        def attempt(tx: WriteTransaction) -> Any:
            ids.next = first
            return work(tx)

        return write(attempt)

    setattr(store, "write", write_again)  # noqa: B010 - a method is not to be assigned
    return store


class MemoryMachine(RuleBasedStateMachine):
    """Two memories with one clock, one embedder and no extractor: what they hold was added outright."""

    make: ClassVar[MakePair]
    folder: ClassVar[Path]
    operations: ClassVar[int] = 0
    folders: ClassVar[Iterator[int]] = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.now = w.NOW
        self.ids = Ids()
        self.names = Names(), Names()
        self.facts: list[str] = []
        self.episodes: list[str] = []
        self.merges: list[str] = []
        settings = [
            load_settings(index_dir=str(self.folder / str(next(self.folders))), extractor={"kind": "none"})
            for _ in range(2)
        ]
        self.memories = [
            Memory(draw_again(store, self.ids), settings=each, embedder=HashingEmbedder(64), clock=lambda: self.now)
            for store, each in zip(type(self).make(), settings, strict=True)
        ]

    def teardown(self) -> None:
        for user in USERS:
            self.both(lambda memory, u=user: memory.get_all(user_id=u, include_history=True))
        for memory in self.memories:
            memory.close()
            memory._parts.store.close()

    def both(self, call: Call, *, same: Callable[[Any, Any], list[str]] | None = None) -> Any:
        """Make a call on both memories, which must answer alike; returns the answer."""
        type(self).operations += 1
        before, after, answers = self.ids.next, 0, []
        for memory, names in zip(self.memories, self.names, strict=True):
            self.ids.next = before
            with same_ids(self.ids):
                answers.append(outcome(call, memory))
            after = max(after, self.ids.next)
            names.learn(answers[-1])
        self.ids.next = after
        (kind, one), (other_kind, other) = answers
        if same is not None and kind == other_kind == "gave":
            found = same(one, other)
        else:
            given = [plain(answer, names) for answer, names in zip(answers, self.names, strict=True)]
            found = differences(*given, tolerance=TOLERANCE)
        assert not found, "\n".join(found[:20])
        return one if kind == "gave" else None

    # --- changing ------------------------------------------------------------------------------------------------

    def draw_time(self, data: st.DataObject) -> datetime:
        return self.now - timedelta(minutes=data.draw(st.sampled_from([0, 1, 60, 1441, 100_000])))

    @initialize(seed=st.integers(0, 99), count=st.sampled_from([16, 12, 8, 24, 1, 0]))
    def begin(self, seed: int, count: int) -> None:
        """Some facts and messages to start from."""
        facts = [
            (PEOPLE[(seed + n) % 5], PREDICATES[(seed * n + n) % 5], (PEOPLE + PLACES)[(seed + 3 * n + 1) % 10])
            for n in range(count)
        ]
        self.add_these(facts, user_id=USERS[0])
        said = [{"content": SAID[(seed + n) % 6], "name": PEOPLE[n % 5]} for n in range(count)]
        if said:
            self.both(lambda memory: memory.add(said, user_id=USERS[0], time=w.NOW - timedelta(days=1)))

    def add_these(self, facts: list[Any], **options: Any) -> None:
        result = self.both(lambda memory: memory.add_facts(facts, **options))
        if result is not None:
            self.facts += [change.fact.id for change in result.changes if change.fact is not None]
            self.episodes += [episode.id for episode in result.episodes]

    @rule(data=st.data(), what=st.sampled_from(["change"] * 2 + ["ask"] * 3))
    def step(self, data: st.DataObject, what: str) -> None:
        """One rule for all, since Hypothesis leaves out rules at random."""
        getattr(self, data.draw(st.sampled_from(CHANGES if what == "change" else QUERIES), label=what))(data)

    def draw_scope(self, data: st.DataObject) -> dict[str, Any]:
        scope: dict[str, Any] = {"user_id": data.draw(st.sampled_from([USERS[0]] * 5 + [*USERS]))}
        if data.draw(st.integers(0, 7)) == 7:
            scope["agent_id"] = data.draw(st.sampled_from(["juno", "kepler"]))
        return scope

    def add(self, data: st.DataObject) -> None:
        said = [
            {"content": text, "name": data.draw(st.sampled_from(PEOPLE)), "time": self.draw_time(data)}
            for text in data.draw(st.lists(st.sampled_from(SAID) | w.texts, min_size=1, max_size=3))
        ]
        scope, metadata = self.draw_scope(data), data.draw(st.none() | w.metadata)
        session = data.draw(st.sampled_from([None, "one"]))
        result = self.both(lambda memory: memory.add(said, session=session, metadata=metadata, **scope))
        if result is not None:
            self.episodes += [episode.id for episode in result.episodes]

    def add_facts(self, data: st.DataObject) -> None:
        made = []
        for _ in range(data.draw(st.integers(1, 3))):
            fields: dict[str, Any] = {
                "subject": data.draw(st.sampled_from(PEOPLE)),
                "predicate": data.draw(st.sampled_from(PREDICATES)),
                "object": data.draw(st.sampled_from(PEOPLE + PLACES)),
            }
            if data.draw(st.booleans()):
                fields["valid_at"] = self.draw_time(data)
            if data.draw(st.integers(0, 3)) == 0:
                fields["invalid_at"] = self.now + timedelta(minutes=data.draw(st.sampled_from([1, 2000])))
            if data.draw(st.integers(0, 3)) == 0:
                fields |= {"confidence": 0.3, "metadata": {"n": 1}, "category": Category.PREFERENCE}
            made.append(fields)
        self.add_these(made, time=self.draw_time(data), **self.draw_scope(data))

    def pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([*self.facts[-8:], *self.episodes[-6:], "nobody"]), label="id")

    def update(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from([*self.facts[-8:], "nobody"]), label="id")
        change = data.draw(
            st.sampled_from(
                [
                    {"object": "Porto"},
                    {"text": "Ana lives by the sea."},
                    {"predicate": "VISITED"},
                    {"confidence": 0.5, "metadata": {"n": 2}},
                    {"invalid_at": w.NOW},
                    {"valid_at": w.NOW - timedelta(days=900)},
                ]
            )
        )
        fact = self.both(lambda memory: memory.update(id_, reason="a test", **change))
        if fact is not None:
            self.facts.append(fact.id)

    def merge(self, data: st.DataObject) -> None:
        keep, gone = (data.draw(st.sampled_from(PEOPLE)) for _ in range(2))
        scope = self.draw_scope(data)
        done = self.both(lambda memory: memory.merge_entities(keep, gone, type="person", **scope))
        self.merges += [done.change_id] if done is not None else []

    def split(self, data: st.DataObject) -> None:
        name, new, scope = data.draw(st.sampled_from(PEOPLE)), "Eva", self.draw_scope(data)
        facts, episodes = ([data.draw(st.sampled_from([*ids[-8:], "nobody"]))] for ids in (self.facts, self.episodes))
        if data.draw(st.booleans()):
            done = self.both(lambda memory: memory.split_entity(name, new, fact_ids=facts, **scope))
        else:
            done = self.both(lambda memory: memory.split_entity(name, new, episode_ids=episodes, **scope))
        self.merges += [done.change_id] if done is not None else []

    def undo(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from([*self.merges[-4:], "nobody"]), label="change")
        self.both(lambda memory: memory.undo(id_))

    def delete(self, data: st.DataObject) -> None:
        id_ = self.pick(data)
        self.both(lambda memory: memory.delete(id_), same=same_receipts)

    def delete_all(self, data: st.DataObject) -> None:
        if data.draw(st.integers(0, 3)) == 0:
            scope = self.draw_scope(data)
            self.both(lambda memory: memory.delete_all(**scope), same=same_receipts)

    def wait(self, data: st.DataObject) -> None:
        self.now += timedelta(minutes=data.draw(st.sampled_from([1, 60, 1500, 100_000])))

    # --- asking --------------------------------------------------------------------------------------------------

    def search(self, data: st.DataObject) -> None:
        question = data.draw(st.sampled_from(QUESTIONS))
        options: dict[str, Any] = {"limit": data.draw(st.sampled_from([1, 3, 10, 50])), **self.draw_scope(data)}
        options |= data.draw(
            st.sampled_from(
                [
                    {},
                    {},
                    {"include_history": True},
                    {"as_of": w.NOW - timedelta(days=2)},
                    {"kinds": ("fact",), "predicates": ["LIVES_IN", "KNOWS"]},
                    {"kinds": ("episode",), "since": w.NOW - timedelta(days=1)},
                    {"metadata": {"n": 1}},
                    {"offset": 2, "until": w.NOW},
                ]
            )
        )
        if data.draw(st.integers(0, 3)) == 0:
            options = {**options, "user_id": None, "agent_id": None, "spaces": [f"user/{user}" for user in USERS]}
        self.both(lambda memory: memory.search(question, **options), same=same_results)

    def context(self, data: st.DataObject) -> None:
        question, budget = data.draw(st.sampled_from(QUESTIONS)), data.draw(st.sampled_from([40, 100, 1000]))
        scope = self.draw_scope(data)
        self.both(lambda memory: memory.context(question, budget, **scope))

    def list(self, data: st.DataObject) -> None:
        scope, history = self.draw_scope(data), data.draw(st.booleans())
        self.both(lambda memory: memory.get_all(include_history=history, **scope))
        self.both(lambda memory: memory.entities(**scope))
        self.both(lambda memory: memory.pending(**scope))
        self.both(lambda memory: memory.stats(**scope).model_copy(update={"bytes": 0}))

    def look(self, data: st.DataObject) -> None:
        id_, name, scope = self.pick(data), data.draw(st.sampled_from(PEOPLE + PLACES)), self.draw_scope(data)
        self.both(lambda memory: memory.get(id_))
        self.both(lambda memory: memory.history(id_))
        self.both(lambda memory: memory.entity(name, include_history=True, **scope))

    def graph(self, data: st.DataObject) -> None:
        scope = self.draw_scope(data)
        self.both(
            lambda memory: memory.to_networkx(include_history=True, **scope),
            same=lambda one, other: [] if edges(one) == edges(other) else [f"{edges(one)} | {edges(other)}"],
        )


CHANGES = (
    *("add", "add_facts", "add_facts", "update", "delete", "delete_all", "wait"),
    *("merge", "merge", "split", "undo", "undo"),
)
QUERIES = ("search", "search", "search", "context", "list", "look", "graph")


def edges(graph: Any) -> list[Any]:
    return sorted((source, target, key) for source, target, key in graph.edges(keys=True))


def same_receipts(one: Any, other: Any) -> list[str]:
    """Whether the same went; bytes can stay behind in the files of one store and not in those of another."""
    names = Names()
    given = [plain(receipt.model_copy(update={"residue": False}), names) for receipt in (one, other)]
    return differences(*given)


def same_results(one: SearchResult, other: SearchResult) -> list[str]:
    """Where two results differ, but for the order of hits whose scores are equal."""
    found = differences([hit.score for hit in one], [hit.score for hit in other], tolerance=TOLERANCE, where="scores")
    if found:
        shown = [[(hit.text, hit.why) for hit in result] for result in (one, other)]
        return [*found, f"{shown[0]} | {shown[1]}"]
    theirs = {hit.id: hit for hit in other}
    names = Names()
    for rank, (mine, there) in enumerate(zip(one, other, strict=True)):
        if mine.id not in theirs or (mine.id != there.id and abs(theirs[mine.id].score - mine.score) > TOLERANCE):
            found.append(f"rank {rank}: {mine.id} {mine.why} | {there.id} {there.why}")
            continue
        pair = (plain(mine, names), plain(theirs[mine.id], names))
        found += differences(*pair, tolerance=TOLERANCE, where=f"rank {rank}")
    rest = [plain(result.model_copy(update={"hits": (), "timings": {}}), names) for result in (one, other)]
    return found + differences(*rest, where="reading")

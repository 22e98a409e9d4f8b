"""Generated writes and reads of two stores, which must answer alike in every field.

Numbers (refs, sessions, sequences) are a store's own; refs are compared as the ids that they stand for, so that where
answers are in the order of refs, that order must be the same. The change feed is compared by what a follower holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from factloom.schemas.errors import FactloomError
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphStore, IndexEntry, Neighbourhood, Probe, TermQuery, VectorChanges
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import KINDS, Action, Category, Change, Entity, Episode, Fact, Role, Status
from factloom.schemas.spaces import SpaceSet

from . import worlds as w
from .outcomes import Names, StopError, differences, outcome, plain
from .pairs import MakePair

ALL = SpaceSet.everything()
MANY = 1000
Step = Callable[[Any], Any]


class StoreMachine(RuleBasedStateMachine):
    """Two stores, and the ids that were used on them, whether they are stored or not."""

    make: ClassVar[MakePair]
    operations: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.stores = type(self).make()
        self.ids: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}  # with their spaces
        self.numbers = 0
        self.names = Names(), Names()
        self.at = 0  # which of the stores is being asked
        self.marks: list[tuple[str, int, int]] = []  # spaces, and the numbers of their last writes in both stores

    def teardown(self) -> None:
        self.everything()
        for store in self.stores:
            store.close()

    def both(self, call: Step, *, like: Callable[[Any], Any] = lambda found: found) -> None:
        """Make a call on both stores, which must answer alike."""
        type(self).operations += 1
        answers = []
        for at, store in enumerate(self.stores):
            self.at = at
            answers.append(outcome(call, store))
            self.names[at].learn(answers[-1])
        given = [
            plain((kind, like(found) if kind == "gave" else found), names)
            for (kind, found), names in zip(answers, self.names, strict=True)
        ]
        found = differences(*given)
        assert not found, "\n".join(found[:20])

    # --- drawing -------------------------------------------------------------------------------------------------

    def new_id(self, kind: str, space: str) -> str:
        self.numbers += 1
        id_ = w.new_id(self.numbers)
        self.ids.setdefault(kind, []).append((id_, space))
        return id_

    def known(self, kind: str, space: str | None = None) -> list[str]:
        return [id_ for id_, home in self.ids[kind] if space in (None, home)]

    def pick(self, data: st.DataObject, kind: str, space: str | None = None) -> str:
        return data.draw(st.sampled_from([*self.known(kind, space), "nobody"]), label=kind)

    def draw_ids(self, data: st.DataObject) -> list[str]:
        everything = [id_ for kind in KINDS for id_ in self.known(kind)]
        return data.draw(st.lists(st.sampled_from([*everything, "nobody"]), max_size=6), label="ids")

    def refs(self, ids: list[str]) -> list[int]:
        """The refs that the ids have in the store that is being asked."""
        return [self.names[self.at].ref(id_) for id_ in ids]

    def keys(self) -> list[str]:
        return [normalise_name(name) for name in w.NAMES]

    @initialize(
        seed=st.integers(0, 999), people=st.integers(0, 8), turns=st.integers(0, 12), statements=st.integers(0, 16)
    )
    def begin(self, seed: int, people: int, turns: int, statements: int) -> None:
        """A small world to start from, since operations that find nothing say nothing."""
        world = World(self, random.Random(seed))
        entities = [world.entity() for _ in range(people)]
        episodes = [world.episode() for _ in range(turns)]
        facts = [world.fact(entities, episodes) for _ in range(statements)] if entities else []
        entries = [world.entry(record) for record in (*entities, *episodes, *facts)]
        history = [world.change(fact, episodes) for fact in facts]

        def work(tx: Any) -> list[Any]:
            stored = [*tx.put_entities(entities), *tx.add_episodes(episodes), *tx.put_facts(facts)]
            tx.put_index(entries, embedder="test/3")
            tx.record(history)
            return stored

        self.both(lambda store: store.write(work))

    @rule(data=st.data(), what=st.sampled_from(["write"] * 3 + ["read"] * 5))
    def step(self, data: st.DataObject, what: str) -> None:
        """One rule for all, since Hypothesis leaves out rules at random, and a run without writes shows nothing."""
        getattr(self, "write" if what == "write" else data.draw(st.sampled_from(READS)))(data)

    # --- writing -------------------------------------------------------------------------------------------------

    def write(self, data: st.DataObject) -> None:
        """One transaction of a few steps; some fail, some of those go on, some are taken back."""
        kinds = data.draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4), label="steps")
        steps = [getattr(self, f"draw_{kind}")(data) for kind in kinds]
        goes_on = data.draw(st.booleans(), label="goes on after an error")
        stops = data.draw(st.sampled_from([False] * 7 + [True]), label="is taken back")

        def work(tx: Any) -> list[Any]:
            done = []
            for step in steps:
                try:
                    done.append(step(tx))
                except FactloomError as error:
                    if not goes_on:
                        raise
                    done.append(type(error).__name__)
            if stops:
                raise StopError
            return done

        self.both(lambda store: store.write(work))
        self.both(self.all_records)
        self.both(lambda store: [row[:-1] for row in store.statistics(spaces=ALL)])

    def all_records(self, store: Any) -> list[Any]:
        everything = (
            store.find_episodes(EpisodeQuery(limit=MANY), spaces=ALL),
            store.find_facts(FactQuery(limit=MANY), spaces=ALL),
            store.find_entities(EntityQuery(limit=MANY), spaces=ALL),
        )
        return [record for records in everything for record in records]

    def draw_episodes(self, data: st.DataObject) -> Step:
        made = []
        for _ in range(data.draw(st.integers(1, 3))):
            space = data.draw(w.spaces)
            made.append(
                Episode.model_construct(
                    id=self.new_id("episode", space),
                    space=space,
                    labels=data.draw(w.labels),
                    session=data.draw(st.sampled_from(w.SESSIONS)),
                    role=data.draw(w.roles),
                    speaker=data.draw(st.sampled_from(w.SPEAKERS)),
                    content=data.draw(w.texts | w.texts | w.broken),
                    occurred_at=data.draw(w.times),
                    created_at=data.draw(w.times),
                    status=data.draw(st.sampled_from(list(Status))),
                    infer=data.draw(st.booleans()),
                    metadata=data.draw(w.metadata),
                )
            )
        return lambda tx: tx.add_episodes(made)

    def draw_status(self, data: st.DataObject) -> Step:
        ids = [self.pick(data, "episode") for _ in range(data.draw(st.integers(1, 3)))]
        status, error = data.draw(st.sampled_from(list(Status))), data.draw(st.none() | w.texts)
        return lambda tx: tx.set_status(ids, status, error=error)

    def draw_annotation(self, data: st.DataObject) -> Step:
        values = {self.pick(data, "episode"): data.draw(w.metadata) for _ in range(data.draw(st.integers(1, 2)))}
        return lambda tx: tx.set_episode_metadata(values)

    def draw_entities(self, data: st.DataObject) -> Step:
        made = []
        for _ in range(data.draw(st.integers(1, 3))):
            space, name = data.draw(w.spaces), data.draw(w.names)
            old = data.draw(st.integers(0, 4)) == 0
            made.append(
                Entity(
                    id=self.pick(data, "entity") if old else self.new_id("entity", space),
                    space=space,
                    name=name,
                    key=normalise_name(name),
                    type=data.draw(st.sampled_from(w.TYPES)),
                    aliases=data.draw(w.some(w.NAMES)),
                    attributes=data.draw(w.metadata),
                    created_at=data.draw(w.times),
                    updated_at=data.draw(w.times),
                )
            )
        return lambda tx: tx.put_entities(made)

    def draw_renaming(self, data: st.DataObject) -> Step:
        id_, name = self.pick(data, "entity"), data.draw(w.names)
        update = {"name": name, "key": normalise_name(name), "aliases": data.draw(w.some(w.NAMES))}

        def rename(tx: Any) -> list[Entity]:
            found = tx.find_entities(EntityQuery(ids=(id_,)), spaces=ALL)
            return tx.put_entities([entity.model_copy(update=update) for entity in found])

        return rename

    def draw_facts(self, data: st.DataObject) -> Step:
        made = []
        for _ in range(data.draw(st.integers(1, 3))):
            space = data.draw(w.spaces)
            made.append(
                Fact.model_construct(
                    id=self.new_id("fact", space),
                    space=space,
                    labels=data.draw(w.labels),
                    subject_id=self.pick(data, "entity", space),
                    predicate=data.draw(st.sampled_from(w.PREDICATES)),
                    object_id=self.pick(data, "entity", space),
                    created_at=data.draw(w.times),
                    **self.draw_fact_fields(data, space),
                )
            )
        return lambda tx: tx.put_facts(made)

    def draw_fact_fields(self, data: st.DataObject, space: str | None) -> dict[str, Any]:
        known = self.known("episode", space)
        episodes = data.draw(st.lists(st.sampled_from(known), max_size=5)) if known else []
        valid, invalid = data.draw(w.moments), data.draw(w.moments)
        return {
            "text": data.draw(w.texts),
            "category": data.draw(st.sampled_from(list(Category))),
            "valid_at": valid,
            "invalid_at": invalid if invalid is None or valid is None or invalid >= valid else valid,
            "expired_at": data.draw(w.sometimes(w.times)),
            "expires_at": data.draw(w.sometimes(w.times)),
            "confidence": data.draw(w.confidences),
            "support": data.draw(st.integers(1, 3)),
            "episode_ids": tuple(episodes),
            "superseded_by": data.draw(w.sometimes(st.sampled_from([*self.known("fact"), "nobody"]))),
            "metadata": data.draw(w.metadata),
        }

    def draw_changing(self, data: st.DataObject) -> Step:
        """Some fields of a stored fact: superseded, closed, expired, supported, moved, opened again."""
        id_ = self.pick(data, "fact")
        space = next((home for known, home in self.ids["fact"] if known == id_), None)
        fields = self.draw_fact_fields(data, space)
        fields |= {"subject_id": self.pick(data, "entity", space), "object_id": self.pick(data, "entity", space)}
        names = data.draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3))
        update = {name: fields[name] for name in names}

        def change(tx: Any) -> list[Fact]:
            return tx.put_facts(
                [fact.model_copy(update=update) for fact in tx.find_facts(FactQuery(ids=(id_,)), spaces=ALL)]
            )

        return change

    def draw_index(self, data: st.DataObject) -> Step:
        entries = []
        for _ in range(data.draw(st.integers(1, 4))):
            kind = data.draw(st.sampled_from(KINDS))
            known = self.known(kind)
            id_ = data.draw(st.sampled_from(known)) if known else "nobody"
            words = data.draw(st.none() | st.lists(st.sampled_from(w.TERMS), max_size=6))
            parts = data.draw(st.sampled_from([None, 0, 1, 1, 3]))
            number = data.draw(st.integers(1, 99))
            vectors = None if parts is None else np.sin(np.arange(parts * w.VECTOR_SIZE) + number)
            shaped = None if vectors is None else vectors.reshape(-1, w.VECTOR_SIZE).astype(np.float32)
            entries.append(IndexEntry(kind, id_, words, shaped))
        embedder = data.draw(st.sampled_from(["test/3"] * 6 + ["other", None]))
        return lambda tx: tx.put_index(entries, embedder=embedder)

    def draw_history(self, data: st.DataObject) -> Step:
        made = []
        for _ in range(data.draw(st.integers(1, 3))):
            kind = data.draw(st.sampled_from(KINDS))
            self.numbers += 1
            made.append(
                Change(
                    id=w.new_id(self.numbers),
                    space=data.draw(w.spaces),
                    kind=kind,
                    target_id=self.pick(data, kind),
                    action=data.draw(st.sampled_from(list(Action))),
                    actor="ana",
                    at=data.draw(w.times),
                    reason=data.draw(w.texts),
                    episode_id=data.draw(st.none() | st.sampled_from([*self.known("episode"), "nobody"])),
                    before=data.draw(st.none() | w.metadata),
                    after=data.draw(st.none() | w.metadata),
                )
            )
        return lambda tx: tx.record(made)

    def draw_deletion(self, data: st.DataObject) -> Step:
        count = data.draw(st.sampled_from([1, 1, 2, 4]))
        ids = [self.pick(data, data.draw(st.sampled_from(KINDS))) for _ in range(count)]
        return lambda tx: tx.delete(ids)

    def draw_clearing(self, data: st.DataObject) -> Step:
        if data.draw(st.integers(0, 3)):
            return self.draw_index(data)
        return lambda tx: tx.clear_vectors()

    def draw_origin(self, data: st.DataObject) -> Step:
        space, text = data.draw(w.spaces), data.draw(w.texts)

        def note(tx: Any) -> str | None:
            before: str | None = tx.origin(space)
            tx.set_origin(space, text)
            return before

        return note

    def draw_reading(self, data: st.DataObject) -> Step:
        """A read inside the transaction, which sees what was written before it."""
        return data.draw(st.sampled_from([self.draw_finding, self.draw_expansion, self.draw_matching]))(data)

    # --- reading -------------------------------------------------------------------------------------------------

    def draw_finding(self, data: st.DataObject) -> Step:
        kind, spaces = data.draw(st.sampled_from(KINDS)), data.draw(w.scopes)
        ids = self.known(kind)
        if kind == "episode":
            said = data.draw(w.episode_queries(ids))
            return lambda store: (store.find_episodes(said, spaces=spaces), store.select(said, spaces=spaces))
        if kind == "entity":
            named = data.draw(w.entity_queries(ids, self.keys()))
            return lambda store: store.find_entities(named, spaces=spaces)
        query = data.draw(w.fact_queries(ids, self.known("entity"), self.known("episode")))
        return lambda store: (store.find_facts(query, spaces=spaces), store.select(query, spaces=spaces))

    def draw_expansion(self, data: st.DataObject) -> Step:
        ids, spaces = self.draw_ids(data), data.draw(w.scopes)
        view, limits = data.draw(w.views), data.draw(w.limits)
        probed = data.draw(st.booleans())  # then what is known of the state may serve

        def expand(store: GraphStore) -> Neighbourhood:
            state = store.probe(Probe(), spaces=spaces).state if probed else None
            return store.expand(self.refs(ids), spaces=spaces, view=view, limits=limits, state=state)

        return expand

    def draw_matching(self, data: st.DataObject) -> Step:
        terms = data.draw(st.lists(st.sampled_from([*w.TERMS, "unheard"]), max_size=5))
        kind, most = data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from([1, 2, 1000]))
        spaces = data.draw(w.scopes)
        return lambda store: store.match_terms(terms, kind=kind, spaces=spaces, max_documents=most)

    def find(self, data: st.DataObject) -> None:
        self.both(self.draw_finding(data))

    def expand(self, data: st.DataObject) -> None:
        self.both(self.draw_expansion(data))

    def match(self, data: st.DataObject) -> None:
        self.both(self.draw_matching(data))

    def read_by_ref(self, data: st.DataObject) -> None:
        spaces, sources = data.draw(w.scopes), data.draw(st.integers(0, 3))
        parts = {kind: self.draw_ids(data) for kind in ("episodes", "facts", "entities")}
        self.both(
            lambda store: store.records(
                spaces=spaces, sources=sources, **{kind: self.refs(ids) for kind, ids in parts.items()}
            )
        )
        for kind, ids in parts.items():
            self.both(lambda store, k=kind, i=ids: getattr(store, k)(self.refs(i), spaces=spaces))
        ids = [self.pick(data, kind) for kind in KINDS]
        self.both(lambda store: store.locate(ids, spaces=spaces))

    def probe(self, data: st.DataObject) -> None:
        queries = w.episode_queries(self.known("episode")) | w.fact_queries(
            self.known("fact"), self.known("entity"), self.known("episode")
        )
        terms = st.builds(TermQuery, st.sampled_from(KINDS), w.some(w.TERMS), st.sampled_from([1, 1000]))
        asked = Probe(
            terms=tuple(data.draw(st.lists(terms, max_size=2))),
            entity_keys=data.draw(w.some(self.keys())),
            entity_limit=data.draw(st.sampled_from([1, 2, 100])),
            predicates=data.draw(w.some(w.PREDICATES)),
            view=data.draw(w.views),
            selections=tuple(data.draw(st.lists(queries, max_size=2))),
        )
        spaces = data.draw(w.scopes)
        self.both(
            lambda store: store.probe(asked, spaces=spaces),
            like=lambda found: (
                found.terms,
                found.entities,
                found.relations,
                found.selections,
                sorted(found.sequences),
            ),
        )
        for store in self.stores:
            assert all(store.sequence(s) == n for s, n in store.probe(asked, spaces=spaces).sequences.items())

    def look_back(self, data: st.DataObject) -> None:
        ids = [self.pick(data, data.draw(st.sampled_from(KINDS))) for _ in range(3)]
        spaces = data.draw(w.scopes)
        self.both(lambda store: store.history(ids, spaces=spaces))
        self.both(lambda store: store.changes_by(ids, spaces=spaces))
        changes = [change.id for store in self.stores[:1] for change in store.history(ids, spaces=spaces)]
        self.both(lambda store: store.changes([*changes, *ids], spaces=spaces))

    def mark(self, data: st.DataObject) -> None:
        space = data.draw(w.spaces)
        one, other = (store.sequence(space) for store in self.stores)
        self.marks.append((space, one, other))

    def follow(self, data: st.DataObject) -> None:
        """What happened to vectors since some time, in pages of any size."""
        space, *sequences = data.draw(st.sampled_from([*self.marks, *((space, 0, 0) for space in w.SPACES)]))
        limit = data.draw(st.sampled_from([1, 3, 20_000]))
        type(self).operations += 1
        asked = zip(self.stores, sequences, self.names, strict=True)
        one, other = (net(store, space, number, limit, names) for store, number, names in asked)
        assert one == other, f"{space} since {sequences}: {one} | {other}"

    def everything(self, _: object = None) -> None:
        """All that is there, every way of reading it."""
        self.both(self.all_records)
        self.both(lambda store: (store.spaces(), store.embedder(), store.vector_spaces()))
        everything = [id_ for kind in KINDS for id_ in self.known(kind)]
        for view in (View(now=w.NOW), View(now=w.NOW, at=w.NOW - timedelta(days=1)), View(now=w.NOW, history=True)):
            self.both(
                lambda store, v=view: store.expand(self.refs(everything), spaces=ALL, view=v, limits=ExpandLimits())
            )
        for space in w.SPACES:
            self.both(lambda store, space=space: store.recorded(space).changes)
            self.both(lambda store, space=space: store.origin(space))
            for kind in KINDS:
                self.both(lambda store, s=space, k=kind: store.index_entries(k, store.stored_refs(k, space=s), space=s))
        for kind in KINDS:
            self.both(lambda store, k=kind: store.match_terms(w.TERMS, kind=k, spaces=ALL, max_documents=MANY))


READS = ("find", "find", "expand", "match", "read_by_ref", "probe", "look_back", "mark", "follow", "everything")
STEPS = {name.removeprefix("draw_") for name in vars(StoreMachine) if name.startswith("draw_")} - {
    "ids", "fact_fields", "finding", "expansion", "matching",
}  # fmt: skip


def net(store: Any, space: str, after: int, limit: int, names: Names) -> tuple[list[str], list[Any]]:
    """What somebody who follows the feed from ``after`` has to forget, and holds in the end."""
    removed: set[int] = set()
    held: dict[int, list[tuple[int, str, bytes]]] = {}
    while True:
        changes: VectorChanges = store.vector_changes(space, after=after, limit=limit)
        gone = set(changes.removed.tolist())
        removed |= gone
        rows = changes.added
        for ref in gone | set(rows.refs.tolist()):
            held.pop(ref, None)
        for ref, part, kind, vector in zip(
            rows.refs.tolist(), rows.parts.tolist(), rows.kinds, rows.vectors, strict=True
        ):
            held.setdefault(ref, []).append((part, kind, vector.tobytes()))
        assert changes.complete or changes.sequence > after
        after = changes.sequence
        if changes.complete:
            rest = sorted((names.id(ref), parts) for ref, parts in held.items())
            return sorted(map(names.id, removed - set(held))), rest


class World:
    """Records of a small world, from a random number generator: cheaper to draw than one by one."""

    def __init__(self, machine: StoreMachine, rng: random.Random) -> None:
        self._machine = machine
        self._rng = rng

    def _time(self) -> datetime:
        return w.NOW + timedelta(minutes=self._rng.choice(w.MINUTES))

    def _some_time(self) -> datetime | None:
        return self._rng.choice([None, None, self._time()])

    def entity(self) -> Entity:
        space = self._rng.choice(w.SPACES[:2])
        id_ = self._machine.new_id("entity", space)
        name = f"{self._rng.choice(w.NAMES[:6])} {id_[:4]}"
        return Entity(
            id=id_,
            space=space,
            name=name,
            key=normalise_name(name),
            type=self._rng.choice(w.TYPES),
            aliases=tuple(self._rng.sample(w.NAMES, self._rng.choice([0, 0, 2]))),
            created_at=self._time(),
            updated_at=self._time(),
        )

    def episode(self) -> Episode:
        space = self._rng.choice(w.SPACES[:2])
        return Episode(
            id=self._machine.new_id("episode", space),
            space=space,
            labels=self._rng.choice(w.LABELS),
            session=self._rng.choice(w.SESSIONS),
            role=self._rng.choice(list(Role)),
            speaker=self._rng.choice(w.SPEAKERS),
            content=f"{self._rng.choice(('Why', 'I moved'))} {self._rng.random()}{self._rng.choice('.?')}",
            occurred_at=self._time(),
            created_at=self._time(),
            status=self._rng.choice(list(Status)),
            metadata=self._rng.choice(w.METADATA),
        )

    def fact(self, entities: Sequence[Entity], episodes: Sequence[Episode]) -> Fact:
        subject = self._rng.choice(entities)
        space = subject.space
        other = self._rng.choice([entity for entity in entities if entity.space == space])
        stated = [episode.id for episode in episodes if episode.space == space]
        times = sorted(time for time in (self._some_time(), self._some_time()) if time is not None)
        return Fact(
            id=self._machine.new_id("fact", space),
            space=space,
            labels=self._rng.choice(w.LABELS),
            subject_id=subject.id,
            predicate=self._rng.choice(w.PREDICATES),
            object_id=other.id,
            text=f"{subject.name} {other.name}",
            category=self._rng.choice(list(Category)),
            valid_at=times[0] if times else None,
            invalid_at=times[1] if len(times) > 1 else None,
            created_at=self._time(),
            expired_at=self._rng.choice([None, None, None, self._time()]),
            expires_at=self._rng.choice([None, None, None, self._time()]),
            confidence=self._rng.random(),
            support=self._rng.randint(1, 3),
            episode_ids=tuple(self._rng.sample(stated, min(len(stated), self._rng.randint(0, 5)))),
            metadata=self._rng.choice(w.METADATA),
        )

    def entry(self, record: Episode | Entity | Fact) -> IndexEntry:
        words = [self._rng.choice(w.TERMS) for _ in range(self._rng.randint(0, 6))]
        vectors = [[self._rng.random() for _ in range(w.VECTOR_SIZE)] for _ in range(self._rng.randint(0, 3))]
        made = np.array(vectors, dtype=np.float32).reshape(-1, w.VECTOR_SIZE)
        return IndexEntry(type(record).__name__.lower(), record.id, words, made)

    def change(self, fact: Fact, episodes: Sequence[Episode]) -> Change:
        return Change(
            id=self._machine.new_id("change", fact.space),
            space=fact.space,
            kind="fact",
            target_id=fact.id,
            action=self._rng.choice(list(Action)),
            actor="ana",
            at=self._time(),
            reason="why",
            episode_id=self._rng.choice([None, *(episode.id for episode in episodes)]),
            after={"text": fact.text},
        )

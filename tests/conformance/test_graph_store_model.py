"""Any sequence of writes leaves a graph store in the state that a few plain dicts predict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factloom.schemas.errors import StoreError
from factloom.schemas.ports import ChangeFeed, GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery
from factloom.schemas.records import Entity, Episode, Fact
from factloom.schemas.spaces import SpaceSet

from .graph_records import HOME, OTHER, PRESENT, days, entity, episode, fact, minutes

SPACES = (HOME, OTHER)
NAMES = ("ana", "bea", "lisbon", "porto")
number = st.integers(0, 50)
operation = st.one_of(
    st.tuples(st.just("say"), number, number),
    st.tuples(st.just("name"), number, number),
    st.tuples(st.just("learn"), number, number),
    st.tuples(st.just("end"), number, number),
    st.tuples(st.just("index"), number, number),
    st.tuples(st.just("delete"), number, number),
)


@dataclass
class Model:
    """What the store should hold."""

    episodes: dict[str, Episode] = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    terms: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def pick(self, records: dict, space: str, n: int):  # type: ignore[no-untyped-def,type-arg]
        mine = [each for each in records.values() if each.space == space]
        return mine[n % len(mine)] if mine else None

    def say(self, tx: WriteTransaction, space: str, a: int, b: int) -> None:
        said = episode(f"words {a % 9}", at=minutes(b % 3), space=space, session=f"s{a % 2}")
        (stored,) = tx.add_episodes([said])
        same = [
            each
            for each in self.episodes.values()
            if (each.space, each.content, each.occurred_at) == (space, said.content, said.occurred_at)
        ]
        assert stored == (same[0] if same else said.model_copy(update={"ref": stored.ref}))
        self.episodes[stored.id] = stored

    def name(self, tx: WriteTransaction, space: str, a: int, b: int) -> None:
        new = entity(NAMES[a % 4], space=space, aliases=(f"alias {b % 3}",))
        taken = any((each.space, each.key) == (space, new.key) for each in self.entities.values())
        if taken:
            with pytest.raises(StoreError):
                tx.put_entities([new])
            return
        (self.entities[new.id],) = tx.put_entities([new])

    def learn(self, tx: WriteTransaction, space: str, a: int, b: int) -> None:
        subject, other = self.pick(self.entities, space, a), self.pick(self.entities, space, b)
        said = self.pick(self.episodes, space, a + b)
        if subject and other:
            new = fact(subject, other, f"P{a % 3}", support=b % 4 + 1, episode_ids=(said.id,) if said else ())
            (self.facts[new.id],) = tx.put_facts([new])

    def end(self, tx: WriteTransaction, space: str, a: int, b: int) -> None:
        known = self.pick(self.facts, space, a)
        if known:
            changed = known.model_copy(update={"invalid_at": days(b - 25) if b % 3 else None, "support": b})
            (self.facts[known.id],) = tx.put_facts([changed])
            assert self.facts[known.id] == changed

    def index(self, tx: WriteTransaction, space: str, a: int, b: int) -> None:
        kind, records = (("episode", self.episodes), ("fact", self.facts))[a % 2]
        target = self.pick(records, space, b)
        if target:
            words = [f"w{(a * i + b) % 5}" for i in range(b % 4)]
            vectors = np.full((b % 3, 2), a, dtype=np.float32)
            tx.put_index([IndexEntry(kind, target.id, words, vectors)], embedder="e")
            self.terms[target.id] = (kind, words)

    def delete(self, tx: WriteTransaction, space: str, a: int, b: int) -> None:
        target = self.pick((self.episodes, self.entities, self.facts)[a % 3], space, b)
        if target is None:
            return
        about = [each.id for each in self.facts.values() if target.id in (each.subject_id, each.object_id)]
        assert sorted(tx.delete([target.id])) == sorted([target.id, *about])
        for gone in (target.id, *about):
            for held in (self.episodes, self.entities, self.facts, self.terms):
                held.pop(gone, None)  # type: ignore[attr-defined]
        for each in list(self.facts.values()):
            left = tuple(id_ for id_ in each.episode_ids if id_ != target.id)
            self.facts[each.id] = each.model_copy(update={"episode_ids": left})


def in_spaces(records: Iterable, spaces: tuple[str, ...]) -> list:  # type: ignore[type-arg]
    return sorted((each for each in records if each.space in spaces), key=lambda each: each.ref)


def check(store: GraphStore, model: Model, spaces: tuple[str, ...]) -> None:
    seen = SpaceSet(spaces)
    episodes = in_spaces(model.episodes.values(), spaces)
    found = store.find_episodes(EpisodeQuery(limit=1000, oldest_first=True), spaces=seen)
    assert found == sorted(episodes, key=lambda each: (each.occurred_at, each.ref))
    entities = in_spaces(model.entities.values(), spaces)
    assert in_spaces(store.find_entities(EntityQuery(limit=1000), spaces=seen), spaces) == entities
    called = store.find_entities(EntityQuery(keys=("alias 1", "porto")), spaces=seen)
    assert {each.id for each in called} == {e.id for e in entities if "alias 1" in e.aliases or e.key == "porto"}
    facts = in_spaces(model.facts.values(), spaces)
    assert store.facts(store.select(FactQuery(), spaces=seen).tolist(), spaces=seen) == facts
    current = [each for each in facts if each.is_current(PRESENT.now)]
    assert store.select(FactQuery(view=PRESENT), spaces=seen).tolist() == [each.ref for each in current]

    limits = ExpandLimits(window=10, hops=4, facts_per_entity=1000, episodes_per_fact=100)
    refs = [each.ref for each in (*episodes, *entities, *facts)]
    around = store.expand(refs, spaces=seen, view=PRESENT, limits=limits)
    assert list(around.facts) == [each.ref for each in current]
    for each in entities:
        assert around.entities[each.ref].degree == sum(each.id in (f.subject_id, f.object_id) for f in current)
    for each in episodes:
        session = [e.ref for e in found if (e.space, e.session) == (each.space, each.session)]
        place = session.index(each.ref)
        node = around.episodes[each.ref]
        assert node.previous == (session[place - 1] if place else 0)
        assert node.next == (session[place + 1] if place + 1 < len(session) else 0)
        states = [f for f in facts if each.id in f.episode_ids]
        assert (each.ref in around.stale_episodes) == (bool(states) and not any(f in current for f in states))

    for kind, records in (("episode", episodes), ("fact", facts)):
        by_id = {each.id: each.ref for each in records}
        held = {by_id[i]: words for i, (k, words) in model.terms.items() if k == kind and words and i in by_id}
        matches = store.match_terms([f"w{i}" for i in range(5)], kind=kind, spaces=seen, max_documents=100)
        assert (matches.documents, matches.terms) == (len(held), sum(map(len, held.values())))
        for word, posting in matches.postings.items():
            rows = zip(posting.refs.tolist(), posting.counts.tolist(), posting.lengths.tolist(), strict=True)
            expected = [(r, words.count(word), len(words)) for r, words in sorted(held.items()) if word in words]
            assert list(rows) == expected
            assert posting.documents == len(expected) > 0
    for counts in store.statistics(spaces=seen):
        mine = [in_spaces(records, (counts.space,)) for records in (episodes, entities, facts, current)]
        assert (counts.episodes, counts.entities, counts.facts, counts.current_facts) == tuple(map(len, mine))
        if isinstance(store, ChangeFeed):
            assert counts.vectors == len(store.vector_changes(counts.space, after=0).added.refs)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(st.tuples(st.sampled_from(SPACES), st.lists(operation, min_size=1, max_size=6)), max_size=12))
def test_the_store_agrees_with_plain_dicts(
    new_graph_store: Callable[[], GraphStore], writes: list[tuple[str, list[tuple[str, int, int]]]]
) -> None:
    store, model = new_graph_store(), Model()
    for space, operations in writes:

        def work(tx: WriteTransaction, space: str = space, operations: list = operations) -> None:  # type: ignore[type-arg]
            for name, a, b in operations:
                getattr(model, name)(tx, space, a, b)

        store.write(work)
    for spaces in ((HOME,), (OTHER,), SPACES):
        check(store, model, spaces)
    store.close()

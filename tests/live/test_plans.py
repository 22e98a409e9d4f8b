"""How the server means to run what is asked most: by indexes, and never by looking at everything.

A plan depends on what the database holds, so it holds something; the statements are those that the methods really run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.conformance.graph_records import (
    ALL,
    ANA,
    BOTH,
    HOME,
    NOW,
    OTHER,
    PRESENT,
    days,
    entity,
    episode,
    fact,
    minutes,
)

from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.graph.neo4j_store.connection import Connection
from factloom.graph.neo4j_store.queries import queries_for
from factloom.graph.neo4j_store.reader import Reader
from factloom.schemas.ports import IndexEntry, Probe, TermQuery
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Status, new_id
from factloom.schemas.spaces import Labels, SpaceSet

from .stores import Neo4jStores

VIEWS = {"now": PRESENT, "before": View(now=NOW, at=days(-3)), "history": View(now=NOW, history=True)}
NEVER = {"AllNodesScan", "CartesianProduct", "NodeByLabelScan", "UnionNodeByLabelsScan", "IntersectionNodeByLabelsScan"}


class Planned:
    """Has each statement planned before it runs, and remembers the operators with what they say of themselves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[str] = []
        self.operators: list[tuple[str, str]] = []

    def rows(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        with self._connection.driver().session() as session:
            plan = session.run(f"EXPLAIN {text}", parameters).consume().plan  # type: ignore[arg-type]
        assert plan
        self.statements.append(text)
        self._note(plan)
        return self._connection.read(text, parameters)

    def _note(self, plan: Mapping[str, Any]) -> None:
        self.operators.append((plan["operatorType"].partition("@")[0], plan.get("args", {}).get("Details", "")))
        for child in plan.get("children", ()):
            self._note(child)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.operators}

    def through(self, label: str, *fields: str) -> bool:
        """Whether nodes of the label come by an index that begins with these fields."""
        wanted = f"{label}({', '.join(fields)}"
        return any("Index" in name and wanted in details for name, details in self.operators)


@pytest.fixture(scope="module")
def _filled(_stores: Neo4jStores) -> Iterator[tuple[Connection, Neo4jGraphStore, str]]:
    """A store with 1,200 episodes, 900 facts and 200 entities in two spaces, and a way of its own to the server."""
    prefix = _stores.take_prefix()
    store = Neo4jGraphStore(_stores.access(), label_prefix=prefix, clock=lambda: NOW)
    rng = random.Random(1)
    for space in (HOME, OTHER):

        def fill(tx, space: str = space) -> None:  # type: ignore[no-untyped-def]
            said = tx.add_episodes(
                [episode(f"{i}", at=minutes(i), space=space, session=f"s{i // 20}") for i in range(600)]
            )
            named = tx.put_entities([entity(f"name {i}", space=space) for i in range(100)])
            known = tx.put_facts(
                [
                    fact(
                        *rng.sample(named, 2),
                        rng.choice(("KNOWS", "LIKES")),
                        invalid_at=rng.choice((None, None, days(1))),
                        episode_ids=[rng.choice(said).id],
                        text=f"fact {i}",
                    )
                    for i in range(450)
                ]
            )
            for kind, records in (("episode", said), ("fact", known), ("entity", named)):
                words = [f"word{i}" for i in range(60)]
                tx.put_index([IndexEntry(kind, each.id, rng.sample(words, 5), None) for each in records], embedder=None)

        store.write(fill)
    connection = Connection(_stores.access())
    with connection.driver().session() as session:
        session.run("CALL db.resampleOutdatedIndexes()").consume()
        session.run("CALL db.awaitIndexes(60)").consume()
    yield connection, store, prefix
    connection.close()
    store.close()
    _stores.give_back(prefix)


@pytest.fixture
def planned(_filled: tuple[Connection, Neo4jGraphStore, str]) -> Planned:
    return Planned(_filled[0])


@pytest.fixture
def reader(_filled: tuple[Connection, Neo4jGraphStore, str], planned: Planned) -> Reader:
    _, store, prefix = _filled
    return Reader(planned, queries_for(prefix), store.store_id(), lambda: NOW)


@pytest.fixture
def refs(_filled: tuple[Connection, Neo4jGraphStore, str]) -> dict[str, list[int]]:
    store = _filled[1]
    return {
        "episodes": [each.ref for each in store.find_episodes(EpisodeQuery(limit=20), spaces=BOTH)],
        "facts": [each.ref for each in store.find_facts(FactQuery(limit=20), spaces=BOTH)],
        "entities": [each.ref for each in store.find_entities(EntityQuery(limit=5), spaces=BOTH)],
    }


class TestTheThreeOfASearch:
    @pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
    @pytest.mark.parametrize("spaces", [ANA, BOTH], ids=("one", "two"))
    def test_probe(self, reader: Reader, planned: Planned, view: View, spaces: SpaceSet) -> None:
        probe = Probe(
            (TermQuery("episode", ("word1", "word2"), 4000), TermQuery("fact", ("word1",), 4000)),
            ("name 1", "name 2"),
            48,
            ("KNOWS",),
            view,
            (EpisodeQuery(since=minutes(1), until=minutes(9)), FactQuery(since=minutes(1), view=view)),
        )
        assert reader.probe(probe, spaces=spaces).terms[0].postings
        assert len(planned.statements) == 1
        # Of everything, spaces are looked up by their label: a subquery that gives no rows for named spaces.
        by_label = [details for name, details in planned.operators if name == "NodeByLabelScan"]
        assert all(details.startswith("s:") and details.endswith("Space") for details in by_label)
        assert not (planned.names - {"NodeByLabelScan"}) & NEVER
        for label, fields in {"Space": ["name"], "Term": ["space", "kind", "term"], "Name": ["space", "key"]}.items():
            assert planned.through(label, *fields), label
        assert planned.through("Episode", "space", "_occurred")
        assert planned.through("Fact", "space", "_since")
        assert any("db.index.fulltext.queryNodes" in details for _, details in planned.operators)

    @pytest.mark.parametrize("hops", [0, 2])
    @pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
    @pytest.mark.parametrize("spaces", [ANA, ALL], ids=("one", "all"))
    def test_expand(
        self, reader: Reader, planned: Planned, refs: dict[str, list[int]], view: View, hops: int, spaces: SpaceSet
    ) -> None:
        every = [ref for some in refs.values() for ref in some]
        assert reader.expand(every, spaces=spaces, view=view, limits=ExpandLimits(hops=hops)).facts
        assert len(planned.statements) == 1
        assert not planned.names & NEVER
        for label in ("Episode", "Fact", "Entity"):
            assert planned.through(label, "_ref"), label
        # The best facts of a hub come in the order of an index, so that no more than the bound are read.
        for end in ("_subject", "_object"):
            assert planned.through("Fact", end, "support", "_since", "_back"), end

    def test_records(self, reader: Reader, planned: Planned, refs: dict[str, list[int]]) -> None:
        assert reader.records(spaces=BOTH, sources=3, **refs).facts
        assert len(planned.statements) == 1
        assert not planned.names & NEVER
        for label in ("Episode", "Fact", "Entity"):
            assert planned.through(label, "_ref"), label


QUERIES: dict[str, tuple[Callable[[Reader], Any], str, str]] = {
    "episodes, newest": (lambda r: r.find_episodes(EpisodeQuery(limit=9), spaces=ANA), "Episode", "space"),
    "episodes by id": (lambda r: r.find_episodes(EpisodeQuery(ids=(new_id(),)), spaces=ANA), "Episode", "id"),
    "episodes of a session": (lambda r: r.find_episodes(EpisodeQuery(session="s1"), spaces=ANA), "Session", "space"),
    "pending episodes": (
        lambda r: r.find_episodes(EpisodeQuery(statuses=(Status.FAILED,), oldest_first=True), spaces=ANA),
        "Episode", "space",
    ),
    "episodes by label": (
        lambda r: r.select(EpisodeQuery(labels=Labels(user_id="ana")), spaces=ANA), "Episode", "space"
    ),
    "facts, newest": (lambda r: r.find_facts(FactQuery(limit=9, view=PRESENT), spaces=ANA), "Fact", "space"),
    "facts by id": (lambda r: r.find_facts(FactQuery(ids=(new_id(),)), spaces=ANA), "Fact", "id"),
    "facts about": (lambda r: r.find_facts(FactQuery(about_ids=(new_id(),)), spaces=ANA), "Entity", "id"),
    "facts of a subject": (lambda r: r.find_facts(FactQuery(subject_ids=(new_id(),)), spaces=ANA), "Entity", "id"),
    "facts of episodes": (lambda r: r.find_facts(FactQuery(episode_ids=(new_id(),)), spaces=ANA), "Episode", "id"),
    "facts by successor": (
        lambda r: r.find_facts(FactQuery(superseded_by=(new_id(),)), spaces=ANA), "Fact", "superseded_by"
    ),
    "facts by label": (lambda r: r.select(FactQuery(labels=Labels(user_id="ana")), spaces=ANA), "Fact", "space"),
    "entities by name": (lambda r: r.find_entities(EntityQuery(keys=("name 1",)), spaces=ANA), "Name", "space, key"),
    "entities by id": (lambda r: r.find_entities(EntityQuery(ids=(new_id(),)), spaces=ANA), "Entity", "id"),
    "entities, by name": (lambda r: r.find_entities(EntityQuery(limit=9), spaces=ANA), "Entity", "space"),
    "where ids lead": (lambda r: r.locate([new_id()], spaces=ANA), "Fact", "id"),
    "history": (lambda r: r.history([new_id()], spaces=ANA), "Change", "target_id"),
    "changes by id": (lambda r: r.changes([new_id()], spaces=ANA), "Change", "id"),
    "changes by episodes": (lambda r: r.changes_by([new_id()], spaces=ANA), "Change", "episode_id"),
    "statistics": (lambda r: r.statistics(spaces=ANA), "Fact", "space, _dated"),
}  # fmt: skip


class TestTheOthers:
    @pytest.mark.parametrize(("ask", "label", "fields"), QUERIES.values(), ids=QUERIES)
    def test_each_goes_by_an_index(
        self, reader: Reader, planned: Planned, ask: Callable[[Reader], Any], label: str, fields: str
    ) -> None:
        ask(reader)
        assert len(planned.statements) == 1
        scans = [details for name, details in planned.operators if name in NEVER]
        assert all(details.endswith("Space") for details in scans)
        assert planned.through(label, fields), planned.operators

    def test_a_page_of_the_newest_is_not_sorted(self, reader: Reader, planned: Planned) -> None:
        reader.find_episodes(EpisodeQuery(limit=9), spaces=ANA)
        reader.find_facts(FactQuery(limit=9), spaces=ANA)
        reader.find_entities(EntityQuery(limit=9), spaces=ANA)
        assert not {name for name in planned.names if "Sort" in name or "Top" in name}

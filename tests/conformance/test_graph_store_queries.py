"""How every graph store answers queries: filters, order, pages, views in time, and isolation in all of them."""

from __future__ import annotations

import pytest

from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import GraphStore
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery, View
from factloom.schemas.records import Category, Status
from factloom.schemas.spaces import Labels, SpaceSet

from .graph_records import (
    ALL,
    ANA,
    BO,
    BOTH,
    FULL_LABELS,
    HOME,
    METADATA,
    NONE,
    NOW,
    OTHER,
    PRESENT,
    add_episodes,
    change,
    days,
    entity,
    episode,
    fact,
    minutes,
    put_entities,
    put_facts,
)


class TestIsolation:
    """A record outside the readable spaces is as if it did not exist."""

    def test_every_read_sees_only_its_spaces(self, graph_store: GraphStore) -> None:
        by_space = {}
        for space in (HOME, OTHER):
            (said,) = add_episodes(graph_store, episode(space=space))
            ana, lisbon = put_entities(
                graph_store, entity("Ana", space=space, aliases=("Annie",)), entity("Lisbon", space=space)
            )
            (known,) = put_facts(graph_store, fact(ana, lisbon, episode_ids=(said.id,)))
            graph_store.write(lambda tx, each=known: tx.record([change(each)]))  # type: ignore[misc]
            by_space[space] = (said, ana, known)
        for spaces, visible in ((ANA, [HOME]), (BO, [OTHER]), (NONE, []), (ALL, [HOME, OTHER]), (BOTH, [HOME, OTHER])):
            everything = [record for space in (HOME, OTHER) for record in by_space[space]]
            refs, ids = [each.ref for each in everything], [each.id for each in everything]
            seen = {each.space for each in graph_store.episodes(refs, spaces=spaces)}
            assert seen == set(visible)
            assert {each.space for each in graph_store.facts(refs, spaces=spaces)} == set(visible)
            assert {each.space for each in graph_store.entities(refs, spaces=spaces)} == set(visible)
            assert {each.space for each in graph_store.locate(ids, spaces=spaces).values()} == set(visible)
            assert {each.space for each in graph_store.history(ids, spaces=spaces)} == set(visible)
            assert [each.space for each in graph_store.statistics(spaces=spaces)] == visible
            for query in (FactQuery(), FactQuery(ids=tuple(ids)), FactQuery(about_ids=tuple(ids))):
                assert {each.space for each in graph_store.find_facts(query, spaces=spaces)} == set(visible)
                assert len(graph_store.select(query, spaces=spaces)) == len(visible)
            for asked in (EpisodeQuery(), EpisodeQuery(ids=tuple(ids)), EpisodeQuery(session="one")):
                assert {each.space for each in graph_store.find_episodes(asked, spaces=spaces)} == set(visible)
            for wanted in (EntityQuery(ids=tuple(ids)), EntityQuery(keys=("ana",)), EntityQuery(keys=("annie",))):
                assert {each.space for each in graph_store.find_entities(wanted, spaces=spaces)} == set(visible)


class TestFindEpisodes:
    def test_newest_first_then_by_storing(self, graph_store: GraphStore) -> None:
        stored = add_episodes(graph_store, *(episode(str(i), at=minutes(i // 2)) for i in range(6)))
        found = graph_store.find_episodes(EpisodeQuery(), spaces=ANA)
        assert [each.content for each in found] == ["5", "4", "3", "2", "1", "0"]
        assert graph_store.find_episodes(EpisodeQuery(oldest_first=True), spaces=BOTH) == stored

    def test_pages_fit_together(self, graph_store: GraphStore) -> None:
        add_episodes(graph_store, *(episode(str(i)) for i in range(7)))
        everything = graph_store.find_episodes(EpisodeQuery(), spaces=ANA)
        pages = [graph_store.find_episodes(EpisodeQuery(limit=3, offset=n), spaces=ANA) for n in (0, 3, 6, 9)]
        assert [len(page) for page in pages] == [3, 3, 1, 0]
        assert [each for page in pages for each in page] == everything

    def test_each_filter(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(
            graph_store,
            episode("one", labels=FULL_LABELS, metadata=METADATA),
            episode("two", at=minutes(1), session="second", status=Status.DONE, labels=Labels(user_id="bo")),
        )

        def found(**fields: object) -> list[str]:
            query = EpisodeQuery(oldest_first=True, **fields)  # type: ignore[arg-type]
            answer = graph_store.find_episodes(query, spaces=ANA)
            assert graph_store.select(query, spaces=ANA).tolist() == sorted(each.ref for each in answer)
            return [each.content for each in answer]

        assert found() == ["one", "two"]
        assert found(ids=(two.id, "nobody")) == ["two"]
        assert found(ids=()) == []
        assert found(statuses=(Status.PENDING,)) == ["one"]
        assert found(statuses=(Status.PENDING, Status.FAILED)) == ["one"]
        assert found(statuses=(Status.DONE, Status.PENDING)) == ["one", "two"]
        assert found(session="second") == ["two"]
        assert found(session="third") == []
        assert found(labels=Labels(user_id="ana")) == ["one"]
        assert found(labels=Labels(user_id="ana", run_id="run 8")) == []
        assert found(since=minutes(1)) == ["two"]
        assert found(until=minutes(1)) == ["one"]
        assert found(since=NOW, until=minutes(1)) == ["one"]
        assert found(metadata={"topic": "home"}) == ["one"]
        assert one.metadata == METADATA


class TestMetadataFilters:
    @pytest.mark.parametrize(
        ("wanted", "matches"),
        [
            ({"n": 3}, True),
            ({"n": 3.0}, True),
            ({"n": "3"}, False),
            ({"n": 4}, False),
            ({"n": 10**30}, False),
            ({"x": 0.5}, True),
            ({"yes": True}, True),
            ({"yes": 1}, False),
            ({"yes": "true"}, False),
            ({"none": None}, True),
            ({"missing": None}, False),
            ({"topic": "home", "n": 3}, True),
            ({"topic": "home", "n": 4}, False),
            ({"deep": {"list": [1, "two", {"é": "ü"}]}}, True),
            ({"deep": {"list": [1]}}, False),
            ({'a "quoted" $.key\\': "v"}, True),
            ({"a": {"b": 2, "c": 1}}, True),
            ({"empty": {}}, True),
            ({"empty": []}, False),
        ],
    )
    def test_values_compare_as_json(self, graph_store: GraphStore, wanted: dict, matches: bool) -> None:
        metadata = {**METADATA, 'a "quoted" $.key\\': "v", "a": {"c": 1, "b": 2}, "empty": {}}
        add_episodes(graph_store, episode(metadata=metadata), episode("plain"))
        assert len(graph_store.find_episodes(EpisodeQuery(metadata=wanted), spaces=ANA)) == matches

    def test_what_json_cannot_say_is_refused(self, graph_store: GraphStore) -> None:
        for value in ({"a": float("nan")}, {"a": object()}):
            with pytest.raises(InvalidInputError, match="metadata"):
                add_episodes(graph_store, episode(metadata=value))


class TestFindFacts:
    @pytest.fixture
    def facts(self, graph_store: GraphStore) -> dict[str, str]:
        """Ids by name of what is stored."""
        (said,) = add_episodes(graph_store, episode())
        ana, bea, lisbon = put_entities(graph_store, entity("Ana"), entity("Bea"), entity("Lisbon"))
        lives, knows, likes = put_facts(
            graph_store,
            fact(
                ana,
                lisbon,
                valid_at=days(-10),
                episode_ids=(said.id,),
                labels=FULL_LABELS,
                text="lives",
                superseded_by="another",
            ),
            fact(ana, bea, "KNOWS", created_at=minutes(1), category=Category.EPISODIC, metadata={"n": 1}, text="knows"),
            fact(bea, lisbon, "LIKES", created_at=minutes(2), category=Category.PREFERENCE, text="likes"),
        )
        return {
            "said": said.id, "ana": ana.id, "bea": bea.id, "lisbon": lisbon.id,
            "lives": lives.id, "knows": knows.id, "likes": likes.id,
        }  # fmt: skip

    def test_each_filter(self, graph_store: GraphStore, facts: dict[str, str]) -> None:
        def found(**fields: object) -> list[str]:
            query = FactQuery(oldest_first=True, **fields)  # type: ignore[arg-type]
            answer = graph_store.find_facts(query, spaces=ANA)
            assert graph_store.select(query, spaces=ANA).tolist() == sorted(each.ref for each in answer)
            return [each.text for each in answer]

        assert found() == ["lives", "knows", "likes"]
        assert found(ids=(facts["likes"], facts["lives"])) == ["lives", "likes"]
        assert found(ids=()) == []
        assert found(subject_ids=(facts["ana"],)) == ["lives", "knows"]
        assert found(object_ids=(facts["bea"], facts["lisbon"]), predicates=("KNOWS", "LIKES")) == ["knows", "likes"]
        assert found(about_ids=(facts["bea"],)) == ["knows", "likes"]
        assert found(about_ids=(facts["bea"], "nobody"), subject_ids=(facts["ana"],)) == ["knows"]
        assert found(episode_ids=(facts["said"],)) == ["lives"]
        assert found(episode_ids=()) == []
        assert found(superseded_by=("another",)) == found(superseded_by=("another", facts["knows"])) == ["lives"]
        assert found(superseded_by=("another",), subject_ids=(facts["bea"],)) == found(superseded_by=()) == []
        assert found(categories=(Category.PREFERENCE, Category.EPISODIC)) == ["knows", "likes"]
        assert found(labels=Labels(agent_id="helper", run_id="run 7")) == ["lives"]
        assert found(metadata={"n": 1}) == ["knows"]
        assert found(since=NOW) == ["knows", "likes"]
        assert found(until=NOW) == ["lives"]
        assert found(since=days(-10), until=minutes(2)) == ["lives", "knows"]

    def test_labels_are_the_facts_own_or_those_of_an_episode_that_states_it(self, graph_store: GraphStore) -> None:
        juno, kepler, mixed = (
            Labels(user_id="ana", agent_id="juno"),
            Labels(user_id="ana", agent_id="kepler", run_id="two"),
            Labels(agent_id="juno", run_id="two"),
        )
        first, second = add_episodes(
            graph_store, episode("one", labels=juno), episode("two", at=minutes(1), labels=kepler)
        )
        ana, tea, jazz = put_entities(graph_store, entity("Ana"), entity("tea"), entity("jazz"))
        both, one, none = put_facts(
            graph_store,
            fact(ana, tea, labels=juno, episode_ids=(first.id, second.id)),
            fact(ana, jazz, labels=juno, episode_ids=(first.id,)),
            fact(tea, jazz, labels=juno),
        )

        def found(labels: Labels, spaces: SpaceSet = ANA) -> set[str]:
            query = FactQuery(labels=labels)
            refs = graph_store.select(query, spaces=spaces).tolist()
            answer = graph_store.find_facts(query, spaces=spaces)
            assert sorted(each.ref for each in answer) == refs
            return {each.id for each in answer}

        assert found(juno) == {both.id, one.id, none.id}
        assert found(kepler) == found(Labels(run_id="two")) == {both.id}
        assert found(mixed) == set()
        assert found(kepler, BO) == found(kepler, NONE) == set()
        assert found(kepler, ALL) == {both.id}

    def test_newest_first_then_by_id_and_pages(self, graph_store: GraphStore, facts: dict[str, str]) -> None:
        (ana,) = graph_store.find_entities(EntityQuery(ids=(facts["ana"],)), spaces=ANA)
        put_facts(graph_store, *(fact(ana, ana, f"P{i}", created_at=days(1), text=f"same {i}") for i in range(4)))
        everything = graph_store.find_facts(FactQuery(), spaces=ANA)
        keys = [(each.created_at, each.id) for each in everything]
        assert keys == sorted(keys, reverse=True)
        assert graph_store.find_facts(FactQuery(oldest_first=True), spaces=ANA) == everything[::-1]
        pages = [graph_store.find_facts(FactQuery(limit=3, offset=n), spaces=ANA) for n in (0, 3, 6)]
        assert [each for page in pages for each in page] == everything


class TestViews:
    """Which facts count, by when they hold and when they were held to be so."""

    @pytest.mark.parametrize(
        ("fields", "now", "before", "later"),
        [
            ({}, True, True, True),
            ({"valid_at": days(-5)}, True, False, True),
            ({"valid_at": days(-20)}, True, True, True),
            ({"invalid_at": days(-5)}, False, True, False),
            ({"invalid_at": NOW}, False, True, False),
            ({"invalid_at": days(5)}, True, True, False),
            ({"valid_at": days(-10)}, True, True, True),
            ({"invalid_at": days(-10)}, False, False, False),
            ({"valid_at": days(5)}, True, False, True),
            ({"expired_at": days(-1)}, False, False, False),
            ({"expires_at": days(-1)}, False, False, False),
            ({"expires_at": NOW}, False, False, False),
            ({"expires_at": days(1)}, True, True, True),
        ],
    )
    def test_now_before_and_later(
        self, graph_store: GraphStore, fields: dict, now: bool, before: bool, later: bool
    ) -> None:
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        (stored,) = put_facts(graph_store, fact(ana, lisbon, **fields))
        views = {
            PRESENT: now,
            View(now=NOW, at=days(-10)): before,
            View(now=NOW, at=days(10)): later,
            View(now=NOW, history=True): True,
            View(now=NOW, at=days(-10), history=True): fields.get("valid_at", days(-10)) <= days(-10),
            View(now=NOW, at=days(10), history=True): True,
        }
        for view, seen in views.items():
            assert graph_store.find_facts(FactQuery(view=view), spaces=ANA) == [stored] * seen, view
            assert len(graph_store.select(FactQuery(view=view), spaces=ANA)) == seen
        assert graph_store.find_facts(FactQuery(), spaces=ANA) == [stored]
        assert graph_store.statistics(spaces=ANA)[0].current_facts == now
        assert stored.is_current(NOW) == now


class TestFindEntities:
    def test_by_key_alias_type_and_order(self, graph_store: GraphStore) -> None:
        put_entities(
            graph_store,
            entity("Bea", type="person", aliases=("Ana's sister", "Beatriz")),
            entity("Ana", type="person"),
            entity("Ana", type="band", aliases=("The Anas",)),
        )

        def found(**fields: object) -> list[tuple[str, str]]:
            query = EntityQuery(**fields)  # type: ignore[arg-type]
            return [(each.name, each.type) for each in graph_store.find_entities(query, spaces=ANA)]

        assert [name for name, _ in found()] == ["Ana", "Ana", "Bea"]
        assert sorted(found(keys=("ana",))) == [("Ana", "band"), ("Ana", "person")]
        assert found(keys=("anas",)) == [("Ana", "band")]
        assert found(keys=("ana's sister", "beatriz")) == [("Bea", "person")]
        assert found(keys=("ana",), types=("person", "place")) == [("Ana", "person")]
        assert found(keys=()) == []
        assert found(keys=("Ana",)) == []
        assert found(limit=1, offset=2) == [("Bea", "person")]
        ids = [each.id for each in graph_store.find_entities(EntityQuery(keys=("ana",)), spaces=ANA)]
        assert ids == sorted(ids)

    def test_labels_are_those_of_a_fact_about_it_or_of_an_episode_that_states_one(
        self, graph_store: GraphStore
    ) -> None:
        juno, kepler = (Labels(user_id="ana", agent_id=agent) for agent in ("juno", "kepler"))
        (said,) = add_episodes(graph_store, episode("one", labels=kepler))
        ana, tea, jazz, rome = put_entities(graph_store, *(entity(name) for name in ("Ana", "tea", "jazz", "Rome")))
        put_facts(
            graph_store, fact(ana, tea, labels=juno, episode_ids=(said.id,)), fact(ana, jazz, labels=juno, text="jazz")
        )

        def found(spaces: SpaceSet = ANA, **fields: object) -> list[str]:
            query = EntityQuery(**fields)  # type: ignore[arg-type]
            return [each.name for each in graph_store.find_entities(query, spaces=spaces)]

        assert found(labels=juno) == ["Ana", "jazz", "tea"]
        assert found(labels=kepler) == found(labels=Labels(agent_id="kepler")) == ["Ana", "tea"]
        assert found(labels=juno, keys=("jazz", "rome"), limit=1) == ["jazz"]
        assert found(labels=Labels(agent_id="hal")) == found(labels=juno, spaces=BO) == []
        assert found(labels=juno, spaces=ALL, offset=2) == ["tea"]
        assert rome.name in found()

"""How every graph store answers what is asked together: each part of ``probe`` and ``records`` is as its own method."""

from __future__ import annotations

import random

import pytest

from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import ChangeFeed, GraphStore, IndexEntry, Posting, Probe, Probed, TermMatches, TermQuery
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery, View
from factloom.schemas.records import Entity, Episode, Fact, Status
from factloom.schemas.spaces import Labels, SpaceSet

from .graph_records import (
    ALL,
    ANA,
    BO,
    BOTH,
    HOME,
    NONE,
    NOW,
    OTHER,
    PRESENT,
    add_episodes,
    days,
    entity,
    episode,
    fact,
    minutes,
    put_entities,
    put_facts,
)

WORDS = ("lisbon", "move", "cat", "naïve", "日本", "#when", "@ana", "AND", '"', "a b", "x" * 300)
VIEWS = (None, PRESENT, View(now=NOW, at=days(-10)), View(now=NOW, history=True))


class World:
    """Two spaces with the same kinds of things in them."""

    def __init__(self, store: GraphStore) -> None:
        rng = random.Random(7)
        self.episodes: list[Episode] = []
        self.entities: list[Entity] = []
        self.facts: list[Fact] = []
        for space in (HOME, OTHER):
            said = add_episodes(
                store,
                *(
                    episode(str(i), at=minutes(i), space=space, labels=Labels(agent_id=f"agent {i % 2}"))
                    for i in range(12)
                ),
            )
            named = put_entities(
                store, *(entity(name, space=space, aliases=(f"{name} B",)) for name in ("Ana", "Bo", "Cy", "Dee"))
            )
            known = put_facts(
                store,
                *(
                    fact(
                        *rng.sample(named, 2),
                        rng.choice(("KNOWS", "LIKES", "WAS")),
                        invalid_at=rng.choice((None, days(-5), days(5))),
                        episode_ids=tuple(each.id for each in rng.sample(said, rng.randrange(6))),
                        text=f"{space} {i}",
                    )
                    for i in range(25)
                ),
                fact(named[0], named[0], "KNOWS", text="herself"),
            )
            entries = [
                IndexEntry(kind, each.id, rng.choices(WORDS, k=rng.randrange(8)), None)
                for kind, records in (("episode", said), ("fact", known), ("entity", named))
                for each in records
            ]
            store.write(lambda tx, entries=entries: tx.put_index(entries, embedder=None))  # type: ignore[misc]
            self.episodes += said
            self.entities += named
            self.facts += known


@pytest.fixture
def world(graph_store: GraphStore) -> World:
    return World(graph_store)


def plain(matches: TermMatches) -> tuple[int, int, dict[str, tuple[object, ...]]]:
    """Matches that can be compared."""

    def rows(posting: Posting) -> tuple[object, ...]:
        return posting.documents, posting.refs.tolist(), posting.counts.tolist(), posting.lengths.tolist()

    return matches.documents, matches.terms, {term: rows(posting) for term, posting in matches.postings.items()}


class TestProbe:
    def test_terms_of_several_queries_are_those_of_match_terms(self, graph_store: GraphStore, world: World) -> None:
        asked = (
            TermQuery("episode", WORDS, 100),
            TermQuery("fact", (*WORDS, "nowhere", "cat"), 100),
            TermQuery("entity", WORDS[::-1], 2),
            TermQuery("episode", ("cat",), 0),
            TermQuery("fact", (), 100),
        )
        for spaces in (ANA, BO, BOTH, ALL, NONE):
            found = graph_store.probe(Probe(terms=asked), spaces=spaces).terms
            alone = [
                graph_store.match_terms(each.terms, kind=each.kind, spaces=spaces, max_documents=each.max_documents)
                for each in asked
            ]
            assert list(map(plain, found)) == list(map(plain, alone))
            assert bool(found[0].postings) == (spaces != NONE)
        postings = graph_store.probe(Probe(terms=asked[:1]), spaces=ANA).terms[0].postings
        assert set(postings) == set(WORDS)
        own = {each.ref for each in world.episodes if each.space == HOME}
        for posting in postings.values():
            assert posting.documents == len(posting.refs)
            assert posting.refs.tolist() == sorted(set(posting.refs.tolist()) & own)

    def test_entities_are_those_of_find_entities(self, graph_store: GraphStore, world: World) -> None:
        keys = ("ana", "dee b", "bo", "nobody", "Ana")
        for spaces in (ANA, BOTH, ALL, NONE):
            for limit in (1, 2, 100):
                found = graph_store.probe(Probe(entity_keys=keys, entity_limit=limit), spaces=spaces)
                assert list(found.entities) == graph_store.find_entities(
                    EntityQuery(keys=keys, limit=limit), spaces=spaces
                )
                assert found.relations == {}
        assert len(found.entities) == 0
        everybody = graph_store.probe(Probe(entity_keys=keys), spaces=ANA).entities
        assert [each.name for each in everybody] == ["Ana", "Bo", "Dee"]

    @pytest.mark.parametrize("view", VIEWS, ids=("any", "now", "before", "history"))
    def test_relations_are_the_facts_about_each_entity(
        self, graph_store: GraphStore, world: World, view: View | None
    ) -> None:
        probe = Probe(entity_keys=("ana", "bo"), predicates=("KNOWS", "WAS"), view=view)
        for spaces in (ANA, ALL):
            found = graph_store.probe(probe, spaces=spaces)
            assert set(found.relations) == {each.ref for each in found.entities}
            for each in found.entities:
                query = FactQuery(about_ids=(each.id,), predicates=probe.predicates, view=view)
                assert found.relations[each.ref].tolist() == graph_store.select(query, spaces=spaces).tolist()
                assert len(found.relations[each.ref])

    def test_an_entity_without_such_facts_has_an_empty_list(self, graph_store: GraphStore, world: World) -> None:
        found = graph_store.probe(Probe(entity_keys=("ana",), predicates=("NEVER",), view=PRESENT), spaces=ANA)
        assert {ref: refs.tolist() for ref, refs in found.relations.items()} == {found.entities[0].ref: []}

    def test_selections_are_those_of_select(self, graph_store: GraphStore, world: World) -> None:
        queries = (
            FactQuery(view=PRESENT, predicates=("KNOWS",)),
            EpisodeQuery(labels=Labels(agent_id="agent 1")),
            EpisodeQuery(since=minutes(3), until=minutes(7), statuses=(Status.PENDING,)),
            FactQuery(labels=Labels(agent_id="agent 0"), since=days(-1)),
            EpisodeQuery(labels=Labels(agent_id="nobody")),
        )
        for spaces in (ANA, BOTH, ALL, NONE):
            found = graph_store.probe(Probe(selections=queries), spaces=spaces).selections
            assert [each.tolist() for each in found] == [
                graph_store.select(query, spaces=spaces).tolist() for query in queries
            ]
            assert [bool(len(each)) for each in found] == [spaces != NONE] * 4 + [False]

    def test_sequences_are_those_of_the_change_feed(self, graph_store: GraphStore, world: World) -> None:
        assert graph_store.probe(Probe(), spaces=ALL).sequences == {}
        if not isinstance(graph_store, ChangeFeed):
            pytest.skip("this store has no change feed")
        first = next(each for each in world.episodes if each.space == HOME)
        for _ in range(2):
            entry = IndexEntry("episode", first.id, None, [[1.0, 0.0]])  # type: ignore[arg-type]
            graph_store.write(lambda tx, entry=entry: tx.put_index([entry], embedder="e"))  # type: ignore[misc]
        number = graph_store.sequence(HOME)
        assert number > 0
        for spaces in (ANA, BOTH, ALL):
            assert graph_store.probe(Probe(), spaces=spaces).sequences == {HOME: number}
        for spaces in (BO, NONE):
            assert graph_store.probe(Probe(), spaces=spaces).sequences == {}

    def test_everything_at_once_is_what_the_parts_are(self, graph_store: GraphStore, world: World) -> None:
        parts = (
            Probe(terms=(TermQuery("episode", WORDS, 9), TermQuery("fact", WORDS, 9))),
            Probe(entity_keys=("ana", "cy"), predicates=("KNOWS",), view=PRESENT),
            Probe(selections=(EpisodeQuery(), FactQuery(view=PRESENT))),
        )
        whole = Probe(parts[0].terms, parts[1].entity_keys, 100, ("KNOWS",), PRESENT, parts[2].selections)
        for spaces in (ANA, BOTH, ALL, NONE):
            terms, named, selected = (graph_store.probe(part, spaces=spaces) for part in parts)
            found = graph_store.probe(whole, spaces=spaces)
            assert list(map(plain, found.terms)) == list(map(plain, terms.terms))
            assert found.entities == named.entities
            assert relations(found) == relations(named)
            assert [each.tolist() for each in found.selections] == [each.tolist() for each in selected.selections]
            assert found.sequences == terms.sequences

    def test_an_unknown_kind_is_refused(self, graph_store: GraphStore) -> None:
        with pytest.raises(InvalidInputError, match="message"):
            graph_store.probe(Probe(terms=(TermQuery("message", ("cat",), 9),)), spaces=ANA)

    def test_a_transaction_sees_its_own_writes(self, graph_store: GraphStore, world: World) -> None:
        probe = Probe((TermQuery("episode", ("fresh", "cat"), 100),), ("eve",), 100, ("KNOWS",), PRESENT)

        def work(tx) -> tuple[Probed, int, int]:  # type: ignore[no-untyped-def]
            (said,) = tx.add_episodes([episode("new")])
            (eve,) = tx.put_entities([entity("Eve")])
            (known,) = tx.put_facts([fact(eve, eve, "KNOWS")])
            tx.put_index([IndexEntry("episode", said.id, ["fresh", "cat", "cat"], None)], embedder=None)
            return tx.probe(probe, spaces=ANA), said.ref, known.ref

        before = graph_store.probe(probe, spaces=ANA)
        found, said, known = graph_store.write(work)
        assert "fresh" not in before.terms[0].postings
        assert found.terms[0].postings["fresh"].refs.tolist() == [said]
        assert found.terms[0].postings["cat"].documents == before.terms[0].postings["cat"].documents + 1
        assert found.terms[0].postings["cat"].counts[-1] == 2
        assert [each.name for each in found.entities] == ["Eve"]
        assert found.relations[found.entities[0].ref].tolist() == [known]
        assert plain(graph_store.probe(probe, spaces=ANA).terms[0]) == plain(found.terms[0])


def relations(found: Probed) -> dict[int, list[int]]:
    return {ref: refs.tolist() for ref, refs in found.relations.items()}


class TestRecords:
    def test_each_kind_is_as_its_own_method_gives_it(self, graph_store: GraphStore, world: World) -> None:
        rng = random.Random(3)
        for spaces in (ANA, BO, BOTH, ALL, NONE):
            episodes, facts, entities = (
                [*(each.ref for each in rng.sample(records, len(records))), 999_999, records[0].ref]
                for records in (world.episodes, world.facts, world.entities)
            )
            found = graph_store.records(spaces=spaces, episodes=episodes, facts=facts, entities=entities)
            assert found.episodes == graph_store.episodes(episodes, spaces=spaces)
            assert found.facts == graph_store.facts(facts, spaces=spaces)
            assert found.entities == graph_store.entities(entities, spaces=spaces)
            seen = {each.space for records in found for each in records}  # type: ignore[attr-defined]
            assert seen == {None: {HOME, OTHER}, ANA: {HOME}, BO: {OTHER}, NONE: set()}.get(spaces, {HOME, OTHER})
        assert graph_store.records(spaces=ANA) == ([], [], [])

    def test_kinds_are_not_mixed_up(self, graph_store: GraphStore, world: World) -> None:
        everything = [each.ref for each in (*world.episodes, *world.facts, *world.entities)]
        found = graph_store.records(spaces=ALL, episodes=everything, facts=everything, entities=everything)
        assert found == (world.episodes, world.facts, world.entities)

    @pytest.mark.parametrize("sources", [1, 2, 50])
    def test_the_newest_episodes_of_facts_follow_those_given(
        self, graph_store: GraphStore, world: World, sources: int
    ) -> None:
        mine = [each for each in world.facts if each.space == HOME]
        given = [each for each in world.episodes if each.space == HOME][:3]
        found = graph_store.records(
            spaces=ANA, episodes=[each.ref for each in given], facts=[each.ref for each in mine], sources=sources
        )
        newest = [id_ for each in mine for id_ in each.episode_ids[::-1][:sources]]
        expected = list(dict.fromkeys([*(each.id for each in given), *newest]))
        assert [each.id for each in found.episodes] == expected
        assert found.facts == mine
        assert len(expected) > 3

    def test_sources_stay_within_the_spaces(self, graph_store: GraphStore, world: World) -> None:
        refs = [each.ref for each in world.facts]
        for spaces, visible in ((ANA, {HOME}), (BO, {OTHER}), (ALL, {HOME, OTHER}), (NONE, set())):
            found = graph_store.records(spaces=spaces, facts=refs, sources=2)
            assert {each.space for each in found.episodes} == visible
        nobody = SpaceSet.of("user/nobody")
        assert graph_store.records(spaces=nobody, facts=refs, sources=2) == ([], [], [])

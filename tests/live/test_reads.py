"""Reads of a real server beyond what every store does: trips, hostile words and names, many spaces, known postings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import neo4j
import pytest
from tests.conformance.graph_records import (
    ALL,
    ANA,
    HOME,
    NOW,
    PRESENT,
    add_episodes,
    entity,
    episode,
    fact,
    minutes,
    put_entities,
    put_facts,
)

from factloom import Memory, load_settings
from factloom.graph.neo4j_store import Neo4jGraphStore
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.ports import GraphStore, IndexEntry, Probe, TermQuery
from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery
from factloom.schemas.records import Episode
from factloom.schemas.spaces import SpaceSet

from .stores import Neo4jStores

HOSTILE_TERMS = (
    *("AND", "OR", "NOT", "&&", "||", "!", "(", ")", "{", "}", "[", "]", "^", '"', "~", "*", "?", ":", "\\", "/", "+"),
    *("-", "_terms:*", '" OR _space_token:*', "a b", "\t", "\u2028", "x" * 254, "x" * 255, "x" * 256, "y" * 40_000),
    *("日本", "\U0001f600", "é", "e\u0301", "İ", "ß", "Lisbon", "lisbon", "lisbon ", "wlisbon", "x6c6973626f6e"),
)
HOSTILE_SPACES = (
    *("user@example.com", "user/7", "team/user/7/x", "user/7/x", "USER/7", "a b", "a  b", "a", "b", '"', "\\", "*"),
    *("+_space_token:*", "user/7) OR (a", "日本/空", "x" * 256, "$w.spaces", "AND", "user/7~", "ａ"),
)


@pytest.fixture
def store(neo4j_stores: Neo4jStores) -> Neo4jGraphStore:
    return neo4j_stores.new(clock=lambda: NOW)


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were sent since it was emptied."""
    sent: list[str] = []

    def counted(run: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(self: Any, query: Any, *args: Any, **more: Any) -> Any:
            sent.append(str(query))
            return run(self, query, *args, **more)

        return wrapper

    monkeypatch.setattr(neo4j.Session, "run", counted(neo4j.Session.run))
    monkeypatch.setattr(neo4j.Transaction, "run", counted(neo4j.Transaction.run))
    monkeypatch.setattr(neo4j.ManagedTransaction, "run", counted(neo4j.ManagedTransaction.run))
    return sent


def index(store: GraphStore, said: Episode, *terms: str) -> None:
    store.write(lambda tx: tx.put_index([IndexEntry("episode", said.id, terms, None)], embedder=None))


def found(store: GraphStore, term: str, spaces: SpaceSet = ANA) -> list[int]:
    matches = store.match_terms([term], kind="episode", spaces=spaces, max_documents=1000)
    return matches.postings[term].refs.tolist() if term in matches.postings else []


class TestAccessMode:
    """In a cluster, reads go to followers and writes to the leader: the driver goes by the mode of each session."""

    @pytest.fixture
    def modes(self, store: Neo4jGraphStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The modes of the sessions that were opened since it was emptied."""
        opened: list[str] = []
        driver = type(store._connection.driver())
        session = driver.session

        def noted(self: Any, **config: Any) -> Any:
            opened.append(config["default_access_mode"])
            return session(self, **config)

        monkeypatch.setattr(driver, "session", noted)
        return opened

    def test_every_read_is_told_as_one(self, store: Neo4jGraphStore, modes: list[str]) -> None:
        (said,) = add_episodes(store, episode("I live in Lisbon."))
        index(store, said, "lisbon")
        modes.clear()
        store.locate([said.id], spaces=ANA)
        store.find_episodes(EpisodeQuery(), spaces=ANA)
        store.find_entities(EntityQuery(), spaces=ANA)
        store.select(FactQuery(view=PRESENT), spaces=ANA)
        store.records(spaces=ANA, episodes=[said.ref])
        store.probe(Probe(terms=(TermQuery("episode", ("lisbon",), 10),)), spaces=ANA)
        store.expand([said.ref], spaces=ANA, view=PRESENT, limits=ExpandLimits())
        store.statistics(spaces=ANA)
        store.run_cypher("MATCH (n) RETURN count(n)", {}, timeout=10, limit=1)
        assert set(modes) == {neo4j.READ_ACCESS}

    def test_a_write_is_told_as_one(self, store: Neo4jGraphStore, modes: list[str]) -> None:
        add_episodes(store, episode("I live in Lisbon."))
        assert neo4j.WRITE_ACCESS in modes


class TestTrips:
    @pytest.fixture
    def memory(self, neo4j_stores: Neo4jStores) -> Iterator[Memory]:
        settings = load_settings(extractor={"kind": "none"})
        given = {"settings": settings, "embedder": HashingEmbedder(64), "clock": lambda: NOW}
        with Memory(neo4j_stores.new(clock=lambda: NOW), **given) as memory:  # type: ignore[arg-type]
            lines = [{"role": "user", "name": "Ana", "content": f"I moved to Lisbon on day {i}"} for i in range(40)]
            memory.add([{**line, "time": NOW + timedelta(minutes=i)} for i, line in enumerate(lines)], space=HOME)
            memory.add_facts([("Ana", "LIVES_IN", "Lisbon"), ("Ana", "KNOWS", "Bo")], space=HOME)
            yield memory

    @pytest.mark.parametrize(
        "question", ["Where does Ana live?", "When did Ana move to Lisbon?", "Who knows Bo?", "yesterday", "?!"]
    )
    def test_a_search_makes_no_more_than_three(self, memory: Memory, trips: list[str], question: str) -> None:
        memory.search("Ana", space=HOME)
        trips.clear()
        hits = memory.search(question, space=HOME)
        assert hits or question in {"?!", "yesterday"}
        assert 0 < len(trips) <= 3

    def test_filters_make_no_more(self, memory: Memory, trips: list[str]) -> None:
        memory.search("Ana", space=HOME)
        trips.clear()
        assert memory.search("Where does Ana live?", space=HOME, since=NOW - timedelta(days=1))
        assert len(trips) <= 3

    def test_what_is_known_is_not_asked_for_again_until_somebody_writes(self, memory: Memory, trips: list[str]) -> None:
        first = memory.search("Who knows Bo?", space=HOME)
        trips.clear()
        again = memory.search("Who knows Bo?", space=HOME)
        assert [hit.id for hit in again] == [hit.id for hit in first]
        assert len(trips) == 2
        memory.add_facts([("Ana", "KNOWS", "Cleo")], space=HOME)
        trips.clear()
        memory.search("Who knows Bo?", space=HOME)
        assert sum("episode_nodes" in text for text in trips) == 1

    def test_each_read_makes_one(self, store: Neo4jGraphStore, trips: list[str]) -> None:
        (said,) = add_episodes(store, episode())
        ana, bo = put_entities(store, entity("Ana"), entity("Bo"))
        (known,) = put_facts(store, fact(ana, bo, episode_ids=(said.id,)))
        index(store, said, "cat")
        whole = Probe((TermQuery("episode", ("cat",), 9),), ("ana",), 9, ("LIVES_IN",), PRESENT, (EpisodeQuery(),))
        reads: list[Callable[[], Any]] = [
            lambda: store.probe(whole, spaces=ANA).terms[0].postings,
            lambda: store.expand([said.ref], spaces=ANA, view=PRESENT, limits=ExpandLimits(hops=4)).facts,
            lambda: store.records(spaces=ANA, episodes=[said.ref], facts=[known.ref], sources=2).facts,
            lambda: store.episodes([said.ref], spaces=ANA),
            lambda: store.find_facts(FactQuery(about_ids=(ana.id,)), spaces=ALL),
            lambda: store.find_entities(EntityQuery(keys=("bo",)), spaces=ALL),
            lambda: store.match_terms(["cat"], kind="episode", spaces=ANA, max_documents=9).postings,
            lambda: store.locate([said.id, ana.id, known.id], spaces=ANA),
            lambda: store.statistics(spaces=ANA),
        ]
        for number, read in enumerate(reads):
            trips.clear()
            assert read(), number
            assert len(trips) == 1, number

    def test_where_nothing_may_be_read_nothing_is_asked(self, store: Neo4jGraphStore, trips: list[str]) -> None:
        (said,) = add_episodes(store, episode())
        trips.clear()
        nobody = SpaceSet(())
        assert store.records(spaces=nobody, episodes=[said.ref]).episodes == []
        assert store.expand([said.ref], spaces=nobody, view=PRESENT, limits=ExpandLimits()).episodes == {}
        assert store.find_episodes(EpisodeQuery(), spaces=nobody) == []
        assert trips == []


class TestWords:
    def test_each_hostile_term_is_found_by_itself_alone(self, store: Neo4jGraphStore) -> None:
        said = add_episodes(store, *(episode(str(i), at=minutes(i)) for i in range(len(HOSTILE_TERMS))))
        entries = [IndexEntry("episode", each.id, [term], None) for each, term in zip(said, HOSTILE_TERMS, strict=True)]
        store.write(lambda tx: tx.put_index(entries, embedder=None))
        matches = store.match_terms(HOSTILE_TERMS, kind="episode", spaces=ANA, max_documents=9)
        assert {term: each.refs.tolist() for term, each in matches.postings.items()} == {
            term: [each.ref] for term, each in zip(HOSTILE_TERMS, said, strict=True)
        }
        everything = store.match_terms(HOSTILE_TERMS, kind="episode", spaces=ALL, max_documents=9)
        assert {term: each.refs.tolist() for term, each in everything.postings.items()} == {
            term: each.refs.tolist() for term, each in matches.postings.items()
        }

    def test_a_question_of_127_words_or_of_punctuation_only(self, neo4j_stores: Neo4jStores) -> None:
        settings = load_settings(extractor={"kind": "none"})
        given = {"settings": settings, "embedder": HashingEmbedder(64), "clock": lambda: NOW}
        with Memory(neo4j_stores.new(clock=lambda: NOW), **given) as memory:  # type: ignore[arg-type]
            memory.add("The accordion cost fifty euros.", space=HOME)
            memory.add("Accordions of another person.", space="user/bo")
            long = " ".join(["accordion", *(f"word{i}" for i in range(126))])
            for question in (long, '"', "*", "?!...", "AND OR NOT", "+ - && || ! ( ) { } [ ] ^ ~ * ? : \\ /"):
                hits = memory.search(question, space=HOME)
                assert all(hit.text == "The accordion cost fifty euros." for hit in hits), question
            assert len(memory.search(long, space=HOME)) == 1

    def test_more_documents_than_any_limit_of_the_index(self, store: Neo4jGraphStore) -> None:
        said = add_episodes(store, *(episode(str(i), at=minutes(i)) for i in range(1500)))
        entries = [IndexEntry("episode", each.id, ["cat", *["dog"] * (i % 3)], None) for i, each in enumerate(said)]
        store.write(lambda tx: tx.put_index(entries, embedder=None))
        postings = store.match_terms(["cat", "dog"], kind="episode", spaces=ANA, max_documents=2000).postings
        assert postings["cat"].refs.tolist() == [each.ref for each in said]
        assert postings["dog"].refs.tolist() == [each.ref for i, each in enumerate(said) if i % 3]
        assert postings["dog"].counts.tolist() == [i % 3 for i in range(1500) if i % 3]


class TestSpaces:
    def test_hostile_names_are_apart(self, store: Neo4jGraphStore) -> None:
        said = {}
        for space in HOSTILE_SPACES:
            (said[space],) = add_episodes(store, episode(space, space=space))
            index(store, said[space], "cat")
            put_entities(store, entity("Ana", space=space))
        for space in HOSTILE_SPACES:
            only = SpaceSet.of(space)
            assert found(store, "cat", only) == [said[space].ref]
            assert [each.content for each in store.find_episodes(EpisodeQuery(), spaces=only)] == [space]
            assert [each.space for each in store.probe(Probe(entity_keys=("ana",)), spaces=only).entities] == [space]
            everything = [each.ref for each in said.values()]
            assert list(store.expand(everything, spaces=only, view=PRESENT, limits=ExpandLimits()).episodes) == [
                said[space].ref
            ]
        assert found(store, "cat", SpaceSet(HOSTILE_SPACES)) == [each.ref for each in said.values()]

    def test_more_spaces_than_the_index_takes_at_once(self, store: Neo4jGraphStore) -> None:
        names = [f"user/{i}" for i in range(1300)]
        said = add_episodes(store, *(episode(space=name) for name in names[::100]))
        entries = [IndexEntry("episode", each.id, ["cat"], None) for each in said]
        store.write(lambda tx: tx.put_index(entries, embedder=None))
        assert found(store, "cat", SpaceSet(names)) == [each.ref for each in said]
        assert found(store, "cat", SpaceSet(names[:50])) == [said[0].ref]

    def test_a_small_space_is_not_starved_by_others(self, store: Neo4jGraphStore) -> None:
        (mine,) = add_episodes(store, episode("mine"))
        index(store, mine, "cat")
        others = add_episodes(store, *(episode(f"{i}", space="user/loud") for i in range(300)))
        entries = [IndexEntry("episode", each.id, ["cat"] * 9, None) for each in others]
        store.write(lambda tx: tx.put_index(entries, embedder=None))
        assert found(store, "cat") == [mine.ref]
        assert len(found(store, "cat", SpaceSet.of("user/loud"))) == 300


class TestWhatIsRemembered:
    """Postings are kept between reads, but never beyond a write to their space, by whomever."""

    def test_a_second_look_reads_no_posting(self, store: Neo4jGraphStore) -> None:
        (said,) = add_episodes(store, episode())
        index(store, said, "cat", "cat")
        first = store.match_terms(["cat"], kind="episode", spaces=ANA, max_documents=9)
        second = store.match_terms(["cat"], kind="episode", spaces=ANA, max_documents=9)
        assert second.postings["cat"] is first.postings["cat"]
        assert second.postings["cat"].counts.tolist() == [2]

    def test_a_write_of_another_process_is_seen_at_once(self, neo4j_stores: Neo4jStores) -> None:
        prefix = neo4j_stores.take_prefix()
        stores = [Neo4jGraphStore(neo4j_stores.access(), label_prefix=prefix, clock=lambda: NOW) for _ in range(2)]
        here, there = stores
        first, second = add_episodes(here, episode("1"), episode("2", at=minutes(1)))
        for said in (first, second):
            index(there, said, "cat")
            assert found(here, "cat") == sorted({first.ref, said.ref})
            assert found(here, "cat") == sorted({first.ref, said.ref})
        there.write(lambda tx: tx.delete([first.id]))
        assert found(here, "cat") == [second.ref]
        index(there, second, "dog")
        assert (found(here, "cat"), found(here, "dog")) == ([], [second.ref])
        for each in stores:
            each.close()
        neo4j_stores.give_back(prefix)

    def test_a_bound_on_documents_counts_for_what_is_known_too(self, store: Neo4jGraphStore) -> None:
        for said in add_episodes(store, *(episode(str(i)) for i in range(3))):
            index(store, said, "cat")
        for most, refs in ((9, 3), (2, 0), (3, 3), (0, 0)):
            posting = store.match_terms(["cat"], kind="episode", spaces=ANA, max_documents=most).postings["cat"]
            assert (posting.documents, len(posting.refs)) == (3, refs)

    def test_a_transaction_sees_its_own_writes_and_leaves_nothing_behind(self, store: Neo4jGraphStore) -> None:
        one, two = add_episodes(store, episode("1"), episode("2", at=minutes(1)))
        index(store, one, "cat")
        assert found(store, "cat") == [one.ref]

        def work(tx: Any) -> None:
            tx.put_index([IndexEntry("episode", two.id, ["cat"], None)], embedder=None)
            assert found(tx, "cat") == [one.ref, two.ref]
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.write(work)
        assert found(store, "cat") == [one.ref]


class TestWhileOthersWrite:
    def test_what_goes_while_it_is_read_is_left_out(self, store: Neo4jGraphStore) -> None:
        said = add_episodes(store, *(episode(str(i), at=minutes(i)) for i in range(200)))
        entries = [IndexEntry("episode", each.id, ["cat", "cat", f"w{i}"], None) for i, each in enumerate(said)]
        store.write(lambda tx: tx.put_index(entries, embedder=None))
        named = put_entities(store, *(entity(f"e{i}") for i in range(40)))
        facts = [
            fact(named[i % 40], named[(7 * i + 1) % 40], f"P{i}", episode_ids=(said[i].id, said[-i].id))
            for i in range(1, 200)
        ]
        put_facts(store, *facts)
        refs = [each.ref for each in (*said, *named)]
        problems: list[Exception] = []
        done = Event()

        def read() -> None:
            asked = (TermQuery("episode", ("cat", "w1"), 1000),)
            whole = Probe(asked, tuple(each.key for each in named), 100, ("P1", "P2"), PRESENT, (EpisodeQuery(),))
            try:
                while not done.is_set():
                    posting = store.probe(whole, spaces=ANA).terms[0].postings.get("cat")
                    assert posting is None or len(posting.refs) == len(posting.counts) == len(posting.lengths)
                    around = store.expand(refs, spaces=ANA, view=PRESENT, limits=ExpandLimits(hops=1))
                    assert all(node.ref == ref for ref, node in around.facts.items())
                    store.records(spaces=ANA, episodes=refs, entities=refs, facts=list(around.facts), sources=3)
                    store.find_facts(FactQuery(about_ids=tuple(each.id for each in named)), spaces=ANA)
                    store.locate([each.id for each in said], spaces=ANA)
            except Exception as error:  # noqa: BLE001
                problems.append(error)

        readers = [Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        gone = [each.id for pair in zip(said, facts, strict=False) for each in pair] + [each.id for each in named]
        for i in range(0, len(gone), 8):
            store.write(lambda tx, some=gone[i : i + 8]: tx.delete(some))  # type: ignore[misc]
        done.set()
        for reader in readers:
            reader.join()
        assert not problems, problems[0]
        assert found(store, "cat") == [said[-1].ref]

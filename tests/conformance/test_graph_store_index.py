"""What every graph store keeps for search: terms and their counts, vectors, and the feed of their changes."""

from __future__ import annotations

import numpy as np
import pytest

from factloom.schemas.errors import EmbedderMismatchError, InvalidInputError, NotFoundError
from factloom.schemas.ports import ChangeFeed, GraphStore, IndexEntry, Posting, VectorChanges
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import Episode

from .graph_records import ALL, ANA, BO, BOTH, HOME, LIMITS, NONE, OTHER, PRESENT, add_episodes, episode


def put_terms(store: GraphStore, **terms: list[str]) -> dict[str, Episode]:
    """Store one episode per keyword, named by it, with these terms. ``bo_…`` go to the other space."""
    named = {name: episode(name, space=OTHER if name.startswith("bo_") else HOME, session=name) for name in terms}
    stored = dict(zip(named, add_episodes(store, *named.values()), strict=True))
    entries = [IndexEntry("episode", stored[name].id, words, None) for name, words in terms.items()]
    store.write(lambda tx: tx.put_index(entries, embedder=None))
    return stored


def rows(posting: Posting) -> list[tuple[int, int, int]]:
    return list(zip(posting.refs.tolist(), posting.counts.tolist(), posting.lengths.tolist(), strict=True))


def vector(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float32)


class TestMatchTerms:
    def test_refs_counts_and_lengths(self, graph_store: GraphStore) -> None:
        stored = put_terms(graph_store, a=["lisbon", "move", "lisbon"], b=["move"], c=[])
        found = graph_store.match_terms(["lisbon", "move", "porto"], kind="episode", spaces=ANA, max_documents=9)
        assert (found.documents, found.terms) == (2, 4)
        assert set(found.postings) == {"lisbon", "move"}
        assert rows(found.postings["lisbon"]) == [(stored["a"].ref, 2, 3)]
        assert rows(found.postings["move"]) == [(stored["a"].ref, 1, 3), (stored["b"].ref, 1, 1)]
        assert found.postings["move"].refs.dtype == np.int64
        nodes = graph_store.expand([stored["a"].ref], spaces=ANA, view=PRESENT, limits=LIMITS).episodes
        assert nodes[stored["a"].ref].length == 3

    def test_a_common_term_is_counted_and_not_read(self, graph_store: GraphStore) -> None:
        put_terms(graph_store, a=["the", "cat"], b=["the"], c=["the"])
        found = graph_store.match_terms(["the", "cat"], kind="episode", spaces=ANA, max_documents=2).postings
        assert (found["the"].documents, rows(found["the"])) == (3, [])
        assert len(rows(found["cat"])) == 1

    def test_counts_are_those_of_the_readable_spaces(self, graph_store: GraphStore) -> None:
        stored = put_terms(graph_store, bo_a=["cat", "dog"], a=["cat"], bo_b=["cat"], b=["cat", "cat", "dog"])
        asked = {"kind": "episode", "max_documents": 9}
        own = graph_store.match_terms(["cat"], spaces=ANA, **asked)
        assert (own.documents, own.terms, own.postings["cat"].documents) == (2, 4, 2)
        assert rows(own.postings["cat"]) == [(stored["a"].ref, 1, 1), (stored["b"].ref, 2, 3)]
        theirs = graph_store.match_terms(["cat"], spaces=BO, **asked)
        assert (theirs.documents, theirs.terms, theirs.postings["cat"].documents) == (2, 3, 2)
        for spaces in (BOTH, ALL):
            both = graph_store.match_terms(["cat"], spaces=spaces, **asked)
            assert (both.documents, both.terms, both.postings["cat"].documents) == (4, 7, 4)
            assert both.postings["cat"].refs.tolist() == sorted(each.ref for each in stored.values())
        nobody = graph_store.match_terms(["cat"], spaces=NONE, **asked)
        assert (nobody.documents, nobody.terms, dict(nobody.postings)) == (0, 0, {})

    def test_the_bound_is_on_the_readable_spaces_together(self, graph_store: GraphStore) -> None:
        put_terms(graph_store, bo_a=["cat"], a=["cat"])
        assert len(graph_store.match_terms(["cat"], kind="episode", spaces=ANA, max_documents=1).postings["cat"].refs)
        both = graph_store.match_terms(["cat"], kind="episode", spaces=BOTH, max_documents=1).postings["cat"]
        assert (both.documents, len(both.refs)) == (2, 0)

    def test_kinds_are_apart(self, graph_store: GraphStore) -> None:
        put_terms(graph_store, a=["cat"])
        found = graph_store.match_terms(["cat"], kind="fact", spaces=ANA, max_documents=9)
        assert (found.documents, dict(found.postings)) == (0, {})

    def test_new_terms_take_the_place_of_old_ones(self, graph_store: GraphStore) -> None:
        stored = put_terms(graph_store, a=["cat", "dog"], b=["cat"])

        def put(words: list[str] | None) -> None:
            entry = IndexEntry("episode", stored["a"].id, words, None)
            graph_store.write(lambda tx: tx.put_index([entry], embedder=None))

        def found() -> tuple[int, int, dict[str, int]]:
            got = graph_store.match_terms(["cat", "dog", "bird"], kind="episode", spaces=ANA, max_documents=9)
            return got.documents, got.terms, {term: posting.documents for term, posting in got.postings.items()}

        put(["bird", "bird", "cat"])
        assert found() == (2, 4, {"bird": 1, "cat": 2})
        put(None)
        assert found() == (2, 4, {"bird": 1, "cat": 2})
        put([])
        assert found() == (1, 1, {"cat": 1})
        graph_store.write(lambda tx: tx.delete([stored["b"].id]))
        assert found() == (0, 0, {})

    def test_an_unknown_kind_is_refused(self, graph_store: GraphStore) -> None:
        with pytest.raises(InvalidInputError, match="message"):
            graph_store.match_terms(["cat"], kind="message", spaces=ANA, max_documents=9)


class TestPutIndex:
    def test_what_is_not_stored_cannot_be_found(self, graph_store: GraphStore) -> None:
        stored = put_terms(graph_store, a=["cat"])
        for kind, id_ in (("episode", "nobody"), ("fact", stored["a"].id)):
            entries = [IndexEntry("episode", stored["a"].id, ["dog"], None), IndexEntry(kind, id_, ["x"], None)]
            with pytest.raises(NotFoundError, match=id_):
                graph_store.write(lambda tx, entries=entries: tx.put_index(entries, embedder=None))  # type: ignore[misc]
        assert graph_store.match_terms(["dog"], kind="episode", spaces=ANA, max_documents=9).postings == {}

    def test_the_first_vectors_fix_the_embedder(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())

        def put(values: np.ndarray, embedder: str | None) -> None:
            graph_store.write(
                lambda tx: tx.put_index([IndexEntry("episode", said.id, None, values)], embedder=embedder)
            )

        assert graph_store.embedder() is None
        put(vector(1, 0), "one/int8")
        assert graph_store.embedder() == ("one/int8", 2)
        for values, name in ((vector(1, 0), "two"), (vector(1, 0, 0), "one/int8")):
            with pytest.raises(EmbedderMismatchError, match=r"one/int8.*factloom reembed") as raised:
                put(values, name)
            assert name in str(raised.value)
        with pytest.raises(InvalidInputError, match="embedder"):
            put(vector(1, 0), None)
        for broken in (np.ones(2, dtype=np.float32), vector(np.nan, 0)):
            with pytest.raises(InvalidInputError, match=said.id):
                put(broken, "one/int8")
        assert graph_store.embedder() == ("one/int8", 2)

    def test_after_clearing_another_embedder_may_begin(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two", space=OTHER))
        old = [IndexEntry("episode", each.id, ["word"], vector(1, 0)) for each in (one, two)]
        new = [IndexEntry("episode", each.id, None, vector(0, 1, 0)) for each in (one, two)]
        graph_store.write(lambda tx: tx.put_index(old, embedder="old"))

        def again(tx) -> None:  # type: ignore[no-untyped-def]
            tx.clear_vectors()
            tx.put_index(new, embedder="new")

        graph_store.write(again)
        assert graph_store.embedder() == ("new", 3)
        assert [each.vectors for each in graph_store.statistics(spaces=ALL)] == [1, 1]
        assert len(graph_store.match_terms(["word"], kind="episode", spaces=ANA, max_documents=9).postings) == 1
        graph_store.write(lambda tx: tx.clear_vectors())
        assert graph_store.embedder() is None


class TestChangeFeed:
    @pytest.fixture
    def feed(self, graph_store: GraphStore) -> ChangeFeed:
        if not isinstance(graph_store, ChangeFeed):
            pytest.skip("this store has no change feed")
        return graph_store

    @staticmethod
    def put(store: GraphStore, *pairs: tuple[Episode, np.ndarray]) -> None:
        entries = [IndexEntry("episode", each.id, None, values) for each, values in pairs]
        store.write(lambda tx: tx.put_index(entries, embedder="e"))

    @staticmethod
    def told(changes: VectorChanges) -> tuple[list[int], list[tuple[int, int, str, list[float]]]]:
        added = changes.added
        columns = (added.refs.tolist(), added.parts.tolist(), list(added.kinds), added.vectors.tolist())
        return changes.removed.tolist(), list(zip(*columns, strict=True))

    def test_an_empty_space(self, feed: ChangeFeed) -> None:
        assert feed.sequence("user/nobody") == 0
        changes = feed.vector_changes("user/nobody", after=0)
        assert (self.told(changes), changes.sequence, changes.complete) == (([], []), 0, True)

    def test_what_was_put_arrives_in_order_with_its_parts(self, graph_store: GraphStore, feed: ChangeFeed) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two"))
        self.put(graph_store, (two, vector(0, 1)))
        self.put(graph_store, (one, np.array([[1, 0], [0, -1]], dtype=np.float64)))
        changes = feed.vector_changes(HOME, after=0)
        assert self.told(changes) == (
            [],
            [
                (two.ref, 0, "episode", [0.0, 1.0]),
                (one.ref, 0, "episode", [1.0, 0.0]),
                (one.ref, 1, "episode", [0.0, -1.0]),
            ],
        )
        assert changes.added.vectors.dtype == np.float32
        assert changes.complete
        assert changes.sequence == feed.sequence(HOME)

    def test_only_writes_to_the_spaces_vectors_count(self, graph_store: GraphStore, feed: ChangeFeed) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two", space=OTHER))
        self.put(graph_store, (one, vector(1, 0)))
        before = feed.sequence(HOME)
        self.put(graph_store, (two, vector(1, 0)))
        add_episodes(graph_store, episode("three"))
        graph_store.write(lambda tx: tx.put_index([IndexEntry("episode", one.id, ["word"], None)], embedder=None))
        assert feed.sequence(HOME) == before
        assert feed.vector_changes(HOME, after=before).complete
        self.put(graph_store, (one, vector(0, 1)))
        assert feed.sequence(HOME) > before

    def test_replacing_and_removing(self, graph_store: GraphStore, feed: ChangeFeed) -> None:
        one, two, three = add_episodes(graph_store, *(episode(name) for name in ("one", "two", "three")))
        self.put(graph_store, *((each, vector(1, 0)) for each in (one, two, three)))
        seen = feed.sequence(HOME)
        self.put(graph_store, (one, vector(0, 1)), (two, np.empty((0, 2), dtype=np.float32)))
        graph_store.write(lambda tx: tx.delete([three.id]))
        removed, added = self.told(feed.vector_changes(HOME, after=seen))
        assert {two.ref, three.ref} <= set(removed)
        assert added == [(one.ref, 0, "episode", [0.0, 1.0])]
        fresh = self.told(feed.vector_changes(HOME, after=0))[1]
        assert fresh == added

    def test_following_in_small_steps_gives_the_same_as_reading_at_once(
        self, graph_store: GraphStore, feed: ChangeFeed
    ) -> None:
        stored = add_episodes(graph_store, *(episode(str(i)) for i in range(12)))
        held: dict[int, list[list[float]]] = {}
        reached = 0

        def follow(limit: int, most: int) -> None:
            nonlocal reached
            for _ in range(most):
                changes = feed.vector_changes(HOME, after=reached, limit=limit)
                removed, added = self.told(changes)
                for ref in removed:
                    held.pop(ref, None)
                for ref, part, _, values in added:
                    if part == 0:
                        held[ref] = []
                    held[ref].append(values)
                assert changes.sequence >= reached
                reached = changes.sequence
                if changes.complete:
                    return

        for i in range(0, 12, 3):
            self.put(graph_store, *((each, vector(1, i)) for each in stored[i : i + 3]))
        follow(limit=4, most=2)
        self.put(graph_store, (stored[0], np.array([[5, 5], [6, 6]])), (stored[7], vector(7, 7)))
        follow(limit=1, most=1)
        graph_store.write(lambda tx: tx.delete([stored[1].id, stored[0].id]))
        self.put(graph_store, (stored[11], vector(9, 9)))
        follow(limit=1, most=50)
        at_once: dict[int, list[list[float]]] = {}
        for ref, _, _, values in self.told(feed.vector_changes(HOME, after=0))[1]:
            at_once.setdefault(ref, []).append(values)
        assert held == at_once
        assert set(held) == {each.ref for each in stored[2:]}

    def test_whole_writes_within_the_limit(self, graph_store: GraphStore, feed: ChangeFeed) -> None:
        stored = add_episodes(graph_store, *(episode(str(i)) for i in range(9)))
        for i in range(0, 9, 3):
            self.put(graph_store, *((each, vector(1, 0)) for each in stored[i : i + 3]))
        assert len(feed.vector_changes(HOME, after=0, limit=7).added.refs) == 6
        assert len(feed.vector_changes(HOME, after=0, limit=2).added.refs) == 3
        assert feed.vector_changes(HOME, after=0, limit=9).complete
        assert not feed.vector_changes(HOME, after=0, limit=8).complete

    def test_a_failed_write_is_not_heard_of(self, graph_store: GraphStore, feed: ChangeFeed) -> None:
        (one,) = add_episodes(graph_store, episode())
        self.put(graph_store, (one, vector(1, 0)))
        before = feed.sequence(HOME)

        def work(tx) -> None:  # type: ignore[no-untyped-def]
            tx.put_index([IndexEntry("episode", one.id, None, vector(0, 1))], embedder="e")
            raise KeyError

        with pytest.raises(KeyError):
            graph_store.write(work)
        assert feed.sequence(HOME) == before
        assert self.told(feed.vector_changes(HOME, after=0))[1] == [(one.ref, 0, "episode", [1.0, 0.0])]

    def test_a_refused_call_inside_a_write_does_not_disturb_the_numbers(
        self, graph_store: GraphStore, feed: ChangeFeed
    ) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two"))

        def work(tx) -> None:  # type: ignore[no-untyped-def]
            entries = [IndexEntry("episode", one.id, None, vector(1, 0)), IndexEntry("fact", "nobody", ["x"], None)]
            with pytest.raises(NotFoundError):
                tx.put_index(entries, embedder="e")
            tx.put_index([IndexEntry("episode", two.id, None, vector(0, 1))], embedder="e")

        graph_store.write(work)
        assert feed.sequence(HOME) > 0
        assert self.told(feed.vector_changes(HOME, after=0))[1] == [(two.ref, 0, "episode", [0.0, 1.0])]
        assert len(graph_store.find_episodes(EpisodeQuery(), spaces=ANA)) == 2

    def test_every_store_has_an_id_of_its_own(self, new_graph_store) -> None:  # type: ignore[no-untyped-def]
        one, two = new_graph_store(), new_graph_store()
        if not isinstance(one, ChangeFeed):
            pytest.skip("this store has no change feed")
        assert one.store_id() == one.store_id() != two.store_id()

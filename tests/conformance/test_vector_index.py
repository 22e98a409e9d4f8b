"""What every VectorIndex promises, whatever is behind it. An adapter joins by an entry in ``vector_stores.STORES``.

Vectors are mostly signed halves and ones, whose products are exact in float32: then answers can be compared for
equality with a plain numpy model, and ties are frequent.

Not shared: snapshots, memory bounds and comparison with the store, which only derived indexes have.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factloom.schemas.errors import FactloomError, InvalidInputError
from factloom.schemas.ports import VectorIndex
from factloom.schemas.spaces import SpaceSet

from .vector_stores import STORES, VectorStore, units

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

DIMENSION = 8
ANA, BEN = SpaceSet.of("user/ana"), SpaceSet.of("user/ben")


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    made = STORES[request.param](tmp_path, request)
    yield made
    made.close()


@pytest.fixture
def index(store: VectorStore) -> Iterator[VectorIndex]:
    made = store.open_index()
    yield made
    made.close()


def axis(*numbers: int) -> Vectors:
    """One vector along each of these axes; axis -1-i points the other way."""
    made = np.zeros((len(numbers), DIMENSION), np.float32)
    for row, number in enumerate(numbers):
        made[row, number if number >= 0 else -1 - number] = 1.0 if number >= 0 else -1.0
    return made


def halves(*signs: Sequence[int]) -> Vectors:
    """Vectors of four halves with these signs, then zeros."""
    made = np.zeros((len(signs), DIMENSION), np.float32)
    for row, four in enumerate(signs):
        made[row, :4] = np.array(four) / 2
    return made


class TestSearch:
    def test_best_first_with_cosines(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(1), halves((1, 1, 1, 1)), axis(0), axis(-1)])
        (hits,) = index.search(axis(0), kind="fact", spaces=ANA, limit=10)
        assert hits.refs.tolist() == [refs[2], refs[1], refs[0], refs[3]]
        assert hits.scores.tolist() == [1.0, 0.5, 0.0, -1.0]

    def test_several_queries_are_answered_in_order(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(0), axis(1), axis(2)])
        answers = index.search(axis(2, 0, 1), kind="fact", spaces=ANA, limit=1)
        assert [hits.refs.tolist() for hits in answers] == [[refs[2]], [refs[0]], [refs[1]]]

    def test_no_queries_no_answers(self, store: VectorStore, index: VectorIndex) -> None:
        store.put("user/ana", "fact", [axis(0)])
        assert index.search(np.empty((0, DIMENSION), np.float32), kind="fact", spaces=ANA, limit=5) == []

    def test_unknown_and_no_spaces_have_no_hits(self, store: VectorStore, index: VectorIndex) -> None:
        store.put("user/ana", "fact", [axis(0)])
        for spaces in (SpaceSet.of("user/nobody"), SpaceSet(())):
            (hits,) = index.search(axis(0), kind="fact", spaces=spaces, limit=5)
            assert (len(hits.refs), len(hits.scores)) == (0, 0)

    def test_a_kind_never_sees_another(self, store: VectorStore, index: VectorIndex) -> None:
        refs = {kind: store.put("user/ana", kind, [axis(0)]) for kind in ("episode", "fact", "entity")}
        for kind, expected in refs.items():
            assert index.search(axis(0), kind=kind, spaces=ANA, limit=5)[0].refs.tolist() == expected

    def test_spaces_are_isolated_and_merged(self, store: VectorStore, index: VectorIndex) -> None:
        ana = store.put("user/ana", "fact", [halves((1, 1, 1, 1)), axis(1)])
        ben = store.put("user/ben", "fact", [axis(0), halves((1, 1, -1, -1))])
        assert index.search(axis(0), kind="fact", spaces=ANA, limit=5)[0].refs.tolist() == ana
        (both,) = index.search(axis(0), kind="fact", spaces=SpaceSet.of("user/ana", "user/ben"), limit=3)
        assert both.refs.tolist() == [ben[0], ana[0], ben[1]]
        (everything,) = index.search(axis(0), kind="fact", spaces=SpaceSet.everything(), limit=9)
        assert everything.refs.tolist() == [ben[0], ana[0], ben[1], ana[1]]

    def test_ties_go_to_the_smaller_ref_even_at_the_cut(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(1)] * 40 + [axis(0)] * 300)
        index.search(axis(0), kind="fact", spaces=ANA, limit=1)
        store.remove("user/ana", refs[45:85])
        alive = refs[40:45] + refs[85:]
        for limit in (1, 7, 120):
            (hits,) = index.search(axis(0), kind="fact", spaces=ANA, limit=limit)
            assert hits.refs.tolist() == alive[:limit]

    def test_a_record_counts_once_with_its_best_part(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "episode", [axis(1, 0, 0, 2), halves((1, 1, 1, 1)), axis(3, 4)])
        (hits,) = index.search(axis(0), kind="episode", spaces=ANA, limit=2)
        assert hits.refs.tolist() == refs[:2]
        assert hits.scores.tolist() == [1.0, 0.5]

    def test_many_parts_do_not_crowd_others_out(self, store: VectorStore, index: VectorIndex) -> None:
        long = store.put("user/ana", "episode", [np.repeat(axis(0), 500, axis=0)])
        others = store.put("user/ana", "episode", [halves((1, 1, 1, 1))] * 30 + [axis(1)] * 400)
        (hits,) = index.search(axis(0), kind="episode", spaces=ANA, limit=20)
        assert hits.refs.tolist() == long + others[:19]

    def test_limit_beyond_the_records_gives_all(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(i % 8) for i in range(30)])
        assert sorted(index.search(axis(3), kind="fact", spaces=ANA, limit=1000)[0].refs.tolist()) == refs

    def test_large_random_sets_agree_with_numpy(self, store: VectorStore, index: VectorIndex) -> None:
        rng = np.random.default_rng(7)
        vectors = units(rng, 3000, 48)
        refs = np.array(store.put("user/ana", "fact", list(vectors[:, np.newaxis])))
        queries = units(rng, 70, 48)
        true = queries.astype(np.float64) @ vectors.T.astype(np.float64)
        for hits, cosines in zip(index.search(queries, kind="fact", spaces=ANA, limit=25), true, strict=True):
            order = np.argsort(-cosines)
            assert hits.refs.tolist() == refs[order[:25]].tolist()
            assert np.allclose(hits.scores, cosines[order[:25]], atol=1e-6)


class TestAmong:
    def test_restricts_before_ranking(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(0)] * 50 + [halves((1, 1, 1, 1))] * 3 + [axis(1)] * 50)
        (hits,) = index.search(axis(0), kind="fact", spaces=ANA, limit=3, among=np.array(refs[50:]))
        assert hits.refs.tolist() == refs[50:53]

    def test_refs_of_other_spaces_and_kinds_and_unknown_ones_are_ignored(
        self, store: VectorStore, index: VectorIndex
    ) -> None:
        (ana,) = store.put("user/ana", "fact", [axis(0)])
        (ben,) = store.put("user/ben", "fact", [axis(0)])
        (episode,) = store.put("user/ana", "episode", [axis(0)])
        among = np.array([ana, ben, episode, 10**9])
        assert index.search(axis(0), kind="fact", spaces=ANA, limit=9, among=among)[0].refs.tolist() == [ana]

    def test_an_empty_one_has_no_hits(self, store: VectorStore, index: VectorIndex) -> None:
        store.put("user/ana", "fact", [axis(0)])
        hits = index.search(axis(0), kind="fact", spaces=ANA, limit=9, among=np.empty(0, np.int64))
        assert [len(h.refs) for h in hits] == [0]

    @pytest.mark.parametrize("size", [3, 60, 400])
    def test_few_or_many_agree_with_the_unrestricted_order(
        self, store: VectorStore, index: VectorIndex, size: int
    ) -> None:
        rng = np.random.default_rng(size)
        refs = np.array(store.put("user/ana", "episode", [units(rng, 2, DIMENSION) for _ in range(400)]))
        among = np.sort(rng.choice(refs, size, replace=False))
        query = units(rng, 1, DIMENSION)
        (everything,) = index.search(query, kind="episode", spaces=ANA, limit=400)
        (some,) = index.search(query, kind="episode", spaces=ANA, limit=10, among=among)
        expected = np.isin(everything.refs, among)
        assert some.refs.tolist() == everything.refs[expected][:10].tolist()
        assert some.scores.tolist() == everything.scores[expected][:10].tolist()


class TestSimilarity:
    def test_whole_and_best_in_the_order_asked(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "episode", [axis(1, 0), axis(0), halves((1, 1, 1, 1))])
        asked = np.array([refs[2], refs[0], refs[1], refs[0]])
        whole = index.similarity(axis(0, 1), asked, kind="episode", spaces=ANA)
        assert whole.tolist() == [[0.5, 0.0, 1.0, 0.0], [0.5, 1.0, 0.0, 1.0]]
        best = index.similarity(axis(0, 1), asked, kind="episode", spaces=ANA, parts="best")
        assert best.tolist() == [[0.5, 1.0, 1.0, 1.0], [0.5, 1.0, 0.0, 1.0]]

    @pytest.mark.parametrize("parts", ["whole", "best"])
    def test_nan_for_what_is_not_there(self, store: VectorStore, index: VectorIndex, parts: str) -> None:
        (ana,) = store.put("user/ana", "fact", [axis(0, 1)])
        (ben,) = store.put("user/ben", "fact", [axis(0)])
        (episode,) = store.put("user/ana", "episode", [axis(0)])
        made = index.similarity(axis(0), np.array([ben, ana, episode, 10**9]), kind="fact", spaces=ANA, parts=parts)
        assert np.isnan(made[0]).tolist() == [True, False, True, True]
        both = SpaceSet.of("user/ana", "user/ben", "user/nobody")
        made = index.similarity(axis(0), np.array([ben, ana]), kind="fact", spaces=both, parts=parts)
        assert made.tolist() == [[1.0, 1.0]]

    def test_shapes_without_queries_or_refs(self, store: VectorStore, index: VectorIndex) -> None:
        refs = np.array(store.put("user/ana", "fact", [axis(0)]))
        nothing = np.empty(0, np.int64)
        assert index.similarity(axis(0, 1), nothing, kind="fact", spaces=ANA).shape == (2, 0)
        assert index.similarity(axis(), refs, kind="fact", spaces=ANA).shape == (0, 1)
        assert index.similarity(axis(0), refs, kind="fact", spaces=SpaceSet(())).shape == (1, 1)

    def test_equals_the_scores_of_search(self, store: VectorStore, index: VectorIndex) -> None:
        rng = np.random.default_rng(3)
        store.put("user/ana", "fact", list(units(rng, 1000, 100)[:, np.newaxis]))
        query = units(rng, 1, 100)
        (hits,) = index.search(query, kind="fact", spaces=ANA, limit=50)
        again = index.similarity(query, hits.refs, kind="fact", spaces=ANA)
        assert again[0].tolist() == hits.scores.tolist()


class TestVectors:
    def test_of_whole_texts_in_the_order_asked(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "entity", [axis(1, 0), axis(0), halves((1, -1, 1, 1))])
        asked = np.array([refs[2], refs[0], refs[1], refs[0]])
        made = index.vectors(asked, kind="entity", spaces=ANA)
        assert made.tolist() == np.concatenate((halves((1, -1, 1, 1)), axis(1, 0, 1))).tolist()

    def test_nan_for_what_is_not_there(self, store: VectorStore, index: VectorIndex) -> None:
        (ana,) = store.put("user/ana", "entity", [axis(0)])
        (ben,) = store.put("user/ben", "entity", [axis(1)])
        (fact,) = store.put("user/ana", "fact", [axis(0)])
        asked = np.array([ben, ana, fact, 10**9])
        assert np.isnan(index.vectors(asked, kind="entity", spaces=ANA)).all(axis=1).tolist() == [
            True,
            False,
            True,
            True,
        ]
        both = SpaceSet.of("user/ana", "user/nobody", "user/ben")
        assert index.vectors(asked[:2], kind="entity", spaces=both).tolist() == axis(1, 0).tolist()
        store.remove("user/ana", [ana])
        assert np.isnan(index.vectors(asked, kind="entity", spaces=ANA)).all()

    def test_a_vector_of_zeros_is_one(self, store: VectorStore, index: VectorIndex) -> None:
        refs = np.array(store.put("user/ana", "entity", [np.zeros((1, DIMENSION), np.float32)]))
        assert index.vectors(refs, kind="entity", spaces=ANA).tolist() == [[0.0] * DIMENSION]

    def test_shapes_where_there_is_nothing(self, store: VectorStore, index: VectorIndex) -> None:
        assert len(index.vectors(np.array([1, 2]), kind="entity", spaces=ANA)) == 2
        assert len(index.vectors(np.empty(0, np.int64), kind="entity", spaces=ANA)) == 0
        store.put("user/ana", "entity", [axis(0)])
        assert len(index.vectors(np.array([1, 2]), kind="entity", spaces=SpaceSet(()))) == 2
        with pytest.raises(InvalidInputError, match="kind"):
            index.vectors(np.array([1]), kind="thing", spaces=ANA)


class TestFollowing:
    def test_new_replaced_and_deleted_records_are_seen_at_once(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "episode", [axis(0, 1), axis(2)])
        assert index.search(axis(0), kind="episode", spaces=ANA, limit=1)[0].refs.tolist() == [refs[0]]
        refs += store.put("user/ana", "episode", [halves((1, 1, 1, 1))])
        store.replace("user/ana", "episode", refs[0], axis(3))
        (hits,) = index.search(axis(0), kind="episode", spaces=ANA, limit=5)
        assert hits.refs.tolist() == [refs[2], refs[0], refs[1]]
        store.remove("user/ana", [refs[2]])
        (hits,) = index.search(axis(0), kind="episode", spaces=ANA, limit=5)
        assert hits.refs.tolist() == refs[:2]
        assert np.isnan(index.similarity(axis(0), np.array(refs[2:]), kind="episode", spaces=ANA)).all()

    def test_deleted_records_take_no_place_among_the_best(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(0)] * 200 + [halves((1, 1, 1, 1))] * 20 + [axis(1)] * 100)
        index.search(axis(0), kind="fact", spaces=ANA, limit=1)
        store.remove("user/ana", refs[:200])
        assert index.search(axis(0), kind="fact", spaces=ANA, limit=20)[0].refs.tolist() == refs[200:220]

    def test_a_space_that_was_emptied_has_no_hits_and_fills_again(self, store: VectorStore, index: VectorIndex) -> None:
        refs = store.put("user/ana", "fact", [axis(0), axis(1)])
        index.search(axis(0), kind="fact", spaces=ANA, limit=5)
        store.remove("user/ana", refs)
        assert index.search(axis(0), kind="fact", spaces=ANA, limit=5)[0].refs.tolist() == []
        again = store.put("user/ana", "fact", [axis(2)])
        assert index.search(axis(0), kind="fact", spaces=ANA, limit=5)[0].refs.tolist() == again

    def test_forget_and_rebuild_lose_nothing(self, store: VectorStore, index: VectorIndex) -> None:
        ana = store.put("user/ana", "episode", [axis(0, 1), axis(2)])
        ben = store.put("user/ben", "episode", [axis(0)])
        for spaces in (ANA, SpaceSet.everything()):
            index.forget(spaces)
            assert index.search(axis(0), kind="episode", spaces=ANA, limit=5)[0].refs.tolist() == ana
            assert index.search(axis(0), kind="episode", spaces=BEN, limit=5)[0].refs.tolist() == ben
        assert index.rebuild(spaces=ANA) == 3
        assert index.rebuild(spaces=SpaceSet.everything()) == 4
        assert index.rebuild(spaces=SpaceSet.of("user/nobody")) == 0
        assert index.search(axis(0), kind="episode", spaces=ANA, limit=5)[0].refs.tolist() == ana

    def test_searches_run_while_records_come_and_go(self, store: VectorStore, index: VectorIndex) -> None:
        """A record that is always there is always found, best and once; one that comes is found after its write."""
        (anchor,) = store.put("user/ana", "fact", [axis(0)])
        coming = store.put("user/ana", "fact", [axis(1)] * 100)
        failures: list[str] = []
        done = threading.Event()

        def search() -> None:
            while not done.is_set():
                (hits,) = index.search(axis(0), kind="fact", spaces=ANA, limit=3)
                refs = hits.refs.tolist()
                if refs[0] != anchor or len(set(refs)) != 3 or hits.scores[0] != 1.0:
                    failures.append(str(hits))

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(40):
            store.remove("user/ana", coming[:20])
            store.replace("user/ana", "fact", coming[30], halves((-1, 1, 1, 1)))
            coming = coming[20:] + store.put("user/ana", "fact", [axis(1)] * 20)
            found = index.similarity(axis(1), np.array(coming), kind="fact", spaces=ANA)
            if np.isnan(found).any():
                failures.append("a stored record was not found")
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []


class TestBadInput:
    def test_wrong_dimension_names_both(self, store: VectorStore, index: VectorIndex) -> None:
        store.put("user/ana", "fact", [axis(0)])
        wrong = np.ones((1, DIMENSION + 1), np.float32)
        with pytest.raises(FactloomError, match=rf"{DIMENSION + 1}.*{DIMENSION}"):
            index.search(wrong, kind="fact", spaces=ANA, limit=5)
        with pytest.raises(FactloomError, match=rf"{DIMENSION + 1}.*{DIMENSION}"):
            index.similarity(wrong, np.array([1]), kind="fact", spaces=ANA)

    def test_what_cannot_be_asked(self, store: VectorStore, index: VectorIndex) -> None:
        store.put("user/ana", "fact", [axis(0)])
        with pytest.raises(InvalidInputError, match="shape"):
            index.search(axis(0)[0], kind="fact", spaces=ANA, limit=5)
        with pytest.raises(InvalidInputError, match="finite"):
            index.search(np.full((1, DIMENSION), np.nan, np.float32), kind="fact", spaces=ANA, limit=5)
        with pytest.raises(InvalidInputError, match="limit"):
            index.search(axis(0), kind="fact", spaces=ANA, limit=0)
        with pytest.raises(InvalidInputError, match="kind"):
            index.search(axis(0), kind="facts", spaces=ANA, limit=5)
        with pytest.raises(InvalidInputError, match="parts"):
            index.similarity(axis(0), np.array([1]), kind="fact", spaces=ANA, parts="all")

    def test_a_closed_index_says_so(self, store: VectorStore) -> None:
        index = store.open_index()
        index.close()
        index.close()
        with pytest.raises(FactloomError, match="closed"):
            index.search(axis(0), kind="fact", spaces=ANA, limit=5)


# --- random histories against a plain model ---

_vector = st.one_of(
    st.integers(-DIMENSION, DIMENSION - 1).map(lambda i: axis(i)[0]),
    st.tuples(*[st.sampled_from((-1, 1))] * 4).map(lambda signs: halves(signs)[0]),
)
_vectors = st.lists(_vector, min_size=1, max_size=3).map(np.stack)
_space = st.sampled_from(("user/ana", "user/ben"))
_kind = st.sampled_from(("episode", "fact"))
_step = st.one_of(
    st.tuples(st.just("put"), _space, _kind, st.lists(_vectors, min_size=1, max_size=12)),
    st.tuples(st.just("replace"), st.integers(0, 10**6), _vectors),
    st.tuples(st.just("remove"), st.lists(st.integers(0, 10**6), min_size=1, max_size=6)),
    st.tuples(st.just("search"), _vectors, _kind, st.sets(_space), st.integers(1, 12), st.booleans()),
)
_Model = dict[int, tuple[str, str, Any]]


def _expected(model: _Model, query: Vectors, kind: str, spaces: set[str], limit: int) -> list[tuple[int, float]]:
    scored = [
        (ref, float((vectors @ query).max()))
        for ref, (space, of_kind, vectors) in model.items()
        if space in spaces and of_kind == kind
    ]
    return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[:limit]


def _check(index: VectorIndex, model: _Model, step: tuple[Vectors, str, set[str], int, bool]) -> None:
    queries, kind, spaces, limit, restrict = step
    among = np.array(sorted(model)[::2], np.int64) if restrict else None
    seen = {ref: model[ref] for ref in among.tolist()} if among is not None else model
    answers = index.search(queries, kind=kind, spaces=SpaceSet(spaces), limit=limit, among=among)
    for query, hits in zip(queries, answers, strict=True):
        found = list(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True))
        assert found == _expected(seen, query, kind, spaces, limit)
    refs = sorted(model)
    whole = index.similarity(queries, np.array(refs, np.int64), kind=kind, spaces=SpaceSet(spaces))
    for column, ref in enumerate(refs):
        space, of_kind, vectors = model[ref]
        if space in spaces and of_kind == kind:
            assert whole[:, column].tolist() == (queries @ vectors[0]).tolist()
        else:
            assert np.isnan(whole[:, column]).all()


@pytest.mark.parametrize("name", sorted(STORES))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(_step, max_size=25))
def test_any_history_equals_a_plain_model(
    request: pytest.FixtureRequest, name: str, steps: list[tuple[object, ...]]
) -> None:
    model: _Model = {}
    with tempfile.TemporaryDirectory() as folder:
        store = STORES[name](Path(folder), request)
        index = store.open_index()
        for action, *rest in [*steps, ("search", axis(0, 1), "fact", {"user/ana", "user/ben"}, 50, False)]:
            _take_step(store, index, model, str(action), rest)
        index.close()
        store.close()


def _take_step(store: VectorStore, index: VectorIndex, model: _Model, action: str, rest: list[object]) -> None:
    refs = sorted(model)
    match action, rest:
        case "put", [str(space), str(kind), list(records)]:
            for ref, vectors in zip(store.put(space, kind, records), records, strict=True):
                model[ref] = (space, kind, vectors)
        case "replace", [int(which), np.ndarray() as vectors] if refs:
            space, kind, _ = model[refs[which % len(refs)]]
            model[refs[which % len(refs)]] = (space, kind, vectors)
            store.replace(space, kind, refs[which % len(refs)], vectors)
        case "remove", [list(which)] if refs:
            chosen = {refs[i % len(refs)] for i in which}
            for space in ("user/ana", "user/ben"):
                if here := sorted(ref for ref in chosen if model[ref][0] == space):
                    store.remove(space, here)
            for ref in chosen:
                del model[ref]
        case "search", [queries, kind, spaces, limit, restrict]:
            _check(index, model, (queries, kind, spaces, limit, restrict))  # type: ignore[arg-type]

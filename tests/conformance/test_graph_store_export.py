"""What every graph store must give out so that it can be copied: all of a space, in the order of storing."""

from __future__ import annotations

import numpy as np
import pytest

from factloom.schemas.errors import InvalidInputError, NotFoundError
from factloom.schemas.ports import Exportable, GraphStore, IndexEntry, WriteTransaction

from .graph_records import (
    HOME,
    OTHER,
    add_episodes,
    change,
    days,
    entity,
    episode,
    fact,
    put_entities,
    put_facts,
)

VECTORS = np.linspace(0.1, 1.3, 6, dtype=np.float32).reshape(2, 3)


def exportable(store: GraphStore) -> Exportable:
    assert isinstance(store, Exportable)
    return store


def put_index(store: GraphStore, *entries: IndexEntry) -> None:
    store.write(lambda tx: tx.put_index(entries, embedder="e"))


class TestStoredRefs:
    def test_each_kind_of_one_space_in_the_order_of_storing(self, graph_store: GraphStore) -> None:
        late, early, _ = add_episodes(graph_store, episode("late", at=days(9)), episode("early"), episode(space=OTHER))
        zoe, ana = put_entities(graph_store, entity("Zoe"), entity("Ana"))
        newer, older = put_facts(graph_store, fact(zoe, ana, created_at=days(9)), fact(ana, zoe, expired_at=days(1)))
        put_entities(graph_store, zoe.model_copy(update={"name": "Zoë"}))
        store = exportable(graph_store)
        assert store.stored_refs("episode", space=HOME).tolist() == [late.ref, early.ref]
        assert store.stored_refs("entity", space=HOME).tolist() == [zoe.ref, ana.ref]
        assert store.stored_refs("fact", space=HOME).tolist() == [newer.ref, older.ref]
        assert store.stored_refs("fact", space=OTHER).tolist() == []
        assert store.stored_refs("fact", space="user/nobody").tolist() == []
        with pytest.raises(InvalidInputError, match="edge"):
            store.stored_refs("edge", space=HOME)


class TestIndexEntries:
    def test_what_was_put_comes_back(self, graph_store: GraphStore) -> None:
        one, two, bare = add_episodes(graph_store, episode("one"), episode("two"), episode("bare"))
        put_index(
            graph_store,
            IndexEntry("episode", one.id, ["b", "a", "b", "#when"], VECTORS),
            IndexEntry("episode", two.id, ["b"], None),
        )
        store = exportable(graph_store)
        entries = store.index_entries("episode", [two.ref, 999, bare.ref, one.ref], space=HOME)
        assert [entry.id for entry in entries] == [two.id, bare.id, one.id]
        assert [list(entry.terms or ()) for entry in entries] == [["b"], [], ["#when", "a", "b", "b"]]
        assert [len(entry.vectors) for entry in entries if entry.vectors is not None] == [0, 0, 2]
        assert np.array_equal(entries[2].vectors, VECTORS)  # type: ignore[arg-type]
        assert store.index_entries("fact", [one.ref], space=HOME) == []
        assert store.index_entries("episode", [one.ref], space=OTHER) == []

    def test_put_again_they_change_nothing_and_elsewhere_they_make_it_so(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two"))
        put_index(graph_store, IndexEntry("episode", one.id, ["a", "a"], VECTORS))
        store = exportable(graph_store)
        refs = [one.ref, two.ref]
        before = store.index_entries("episode", refs, space=HOME)
        put_index(graph_store, *before)
        again = store.index_entries("episode", refs, space=HOME)
        assert [list(entry.terms or ()) for entry in again] == [["a", "a"], []]
        assert np.array_equal(again[0].vectors, VECTORS)  # type: ignore[arg-type]
        put_index(graph_store, before[1]._replace(id=one.id))
        (emptied,) = store.index_entries("episode", [one.ref], space=HOME)
        assert emptied.vectors is not None
        assert (list(emptied.terms or ()), len(emptied.vectors)) == ([], 0)


class TestRecorded:
    def test_in_the_order_of_recording_and_in_pages(self, graph_store: GraphStore) -> None:
        (place,) = put_entities(graph_store, entity())
        made = [change(place, at=days(9 - n), reason=str(n)) for n in range(5)]
        gone = change(place).model_copy(update={"target_id": "gone"})
        theirs = change(place).model_copy(update={"space": OTHER})
        for each in (*made[:3], theirs, *made[3:], gone):
            graph_store.write(lambda tx, each=each: tx.record([each]))  # type: ignore[misc]
        store = exportable(graph_store)
        assert store.recorded(HOME).changes == [*made, gone]
        first = store.recorded(HOME, limit=4)
        rest = store.recorded(HOME, after=first.position, limit=4)
        end = store.recorded(HOME, after=rest.position, limit=4)
        assert (first.changes, rest.changes, end) == (made[:4], [made[4], gone], ([], rest.position))
        assert store.recorded("user/nobody").changes == []

    def test_a_space_with_history_alone_is_one_that_holds_something(self, graph_store: GraphStore) -> None:
        (place,) = put_entities(graph_store, entity(space=OTHER))
        graph_store.write(lambda tx: tx.record([change(place).model_copy(update={"target_id": "gone"})]))
        graph_store.write(lambda tx: tx.delete([place.id]))
        store = exportable(graph_store)
        assert store.spaces() == [OTHER]
        put_entities(graph_store, entity())
        assert store.spaces() == sorted([OTHER, HOME])


class TestOrigin:
    def test_it_lasts_until_the_space_is_written_without_it(self, graph_store: GraphStore) -> None:
        def put(tx: WriteTransaction, name: str, origin: str | None = None, space: str = HOME) -> str | None:
            before = tx.origin(space)
            tx.put_entities([entity(name, space=space)])
            if origin is not None:
                tx.set_origin(space, origin)
            return before

        store = exportable(graph_store)
        assert store.origin(HOME) is None
        assert graph_store.write(lambda tx: put(tx, "one", "from there: é\n")) is None
        assert store.origin(HOME) == "from there: é\n"
        assert graph_store.write(lambda tx: put(tx, "two", "further")) == "from there: é\n"
        graph_store.write(lambda tx: put(tx, "three", space=OTHER))
        graph_store.write(lambda tx: None)
        assert (store.origin(HOME), store.origin(OTHER)) == ("further", None)
        assert graph_store.write(lambda tx: put(tx, "four")) == "further"
        assert store.origin(HOME) is None

    def test_a_write_that_fails_leaves_the_note_as_it_was(self, graph_store: GraphStore) -> None:
        def fail(tx: WriteTransaction) -> None:
            tx.set_origin(HOME, "new")
            raise KeyError("stop")

        graph_store.write(lambda tx: tx.set_origin(HOME, "old"))
        with pytest.raises(KeyError, match="stop"):
            graph_store.write(fail)
        assert exportable(graph_store).origin(HOME) == "old"

    def test_it_goes_with_the_name_of_a_space_that_is_emptied(self, graph_store: GraphStore) -> None:
        """A later call that names the space, and fails, brings nothing back."""
        (gone,) = put_entities(graph_store, entity("Ana"))

        def empty(tx: WriteTransaction) -> None:
            tx.set_origin(HOME, "from there")
            tx.delete([gone.id])

        def fail(tx: WriteTransaction) -> None:
            with pytest.raises(NotFoundError):
                tx.put_facts([fact(gone, gone)])

        graph_store.write(empty)
        graph_store.write(fail)
        assert exportable(graph_store).origin(HOME) is None

"""What every graph store must do: writing, reading, finding, deleting. One class per operation.

Expansion, keywords and the change feed have suites of their own beside this one.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from factloom.schemas.errors import (
    InvalidInputError,
    NotFoundError,
    StoreError,
    StoreUnavailableError,
)
from factloom.schemas.ports import GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Action, Category, Episode, Role, Status
from factloom.schemas.spaces import SpaceSet

from .graph_records import (
    ALL,
    ANA,
    BOTH,
    FULL_LABELS,
    HOME,
    METADATA,
    OTHER,
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


class TestAddEpisodes:
    def test_what_was_stored_comes_back_equal(self, graph_store: GraphStore) -> None:
        given = episode(
            "Ça va? 🙂\n\ttab",
            labels=FULL_LABELS,
            metadata=METADATA,
            role=Role.ASSISTANT,
            infer=False,
            status=Status.DONE,
        )
        (stored,) = add_episodes(graph_store, given)
        assert stored.ref > 0
        assert stored == given.model_copy(update={"ref": stored.ref})
        assert graph_store.episodes([stored.ref], spaces=ANA) == [stored]
        assert graph_store.find_episodes(EpisodeQuery(), spaces=ANA) == [stored]

    def test_a_read_record_equals_a_validated_one_in_every_type(self, graph_store: GraphStore) -> None:
        (stored,) = add_episodes(graph_store, episode(labels=FULL_LABELS))
        (read,) = graph_store.episodes([stored.ref], spaces=ANA)
        assert type(read).model_validate({**read.model_dump(), "ref": read.ref}) == read
        assert isinstance(read.role, Role)
        assert isinstance(read.status, Status)
        assert isinstance(read.infer, bool)
        assert read.occurred_at.tzinfo is UTC

    def test_the_same_again_changes_nothing_and_answers_with_the_first(self, graph_store: GraphStore) -> None:
        first = episode()
        (stored,) = add_episodes(graph_store, first)
        again = add_episodes(graph_store, first, episode(), episode(session="two"))
        assert again == [stored, stored, stored]
        assert graph_store.find_episodes(EpisodeQuery(), spaces=ALL) == [stored]

    def test_the_same_twice_in_one_call_is_stored_once(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(graph_store, episode(), episode())
        assert one == two

    @pytest.mark.parametrize(
        "difference",
        [
            {"content": "I moved to Porto."},
            {"at": minutes(1)},
            {"role": "assistant"},
            {"space": OTHER},
            {"speaker": "Bo"},
        ],
    )
    def test_one_difference_makes_another_episode(self, graph_store: GraphStore, difference: dict) -> None:
        stored = add_episodes(graph_store, episode(), episode(**difference))
        assert len({each.ref for each in stored}) == 2

    def test_an_id_is_never_used_twice(self, graph_store: GraphStore) -> None:
        (stored,) = add_episodes(graph_store, episode())
        with pytest.raises(StoreError, match=stored.id):
            add_episodes(graph_store, episode("fine"), episode("other words", id=stored.id))
        assert graph_store.find_episodes(EpisodeQuery(), spaces=ALL) == [stored]

    @pytest.mark.parametrize(
        "time",
        [
            datetime.min.replace(tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
            datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            datetime(2025, 3, 30, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        ],
    )
    def test_any_time_comes_back_to_the_microsecond(self, graph_store: GraphStore, time: datetime) -> None:
        (stored,) = add_episodes(graph_store, episode(at=time))
        (read,) = graph_store.episodes([stored.ref], spaces=ANA)
        assert read.occurred_at == time
        assert read.occurred_at.utcoffset() == timedelta(0)

    @pytest.mark.parametrize("text", ["nul \x00 inside", "surrogate \ud800 inside"])
    def test_text_that_cannot_be_kept_is_refused(self, graph_store: GraphStore, text: str) -> None:
        # Built past validation, as it would be by a bug further up.
        broken = episode().model_copy(update={"speaker": text})
        with pytest.raises(InvalidInputError):
            graph_store.write(lambda tx: tx.add_episodes([broken]))
        assert graph_store.find_episodes(EpisodeQuery(), spaces=ALL) == []

    def test_a_megabyte_comes_back_whole(self, graph_store: GraphStore) -> None:
        (stored,) = add_episodes(graph_store, episode("é" * 1_000_000))
        assert graph_store.episodes([stored.ref], spaces=ANA)[0].content == "é" * 1_000_000

    def test_nothing_is_fine(self, graph_store: GraphStore) -> None:
        assert add_episodes(graph_store) == []


class TestSetStatus:
    def test_attempts_count_with_an_error_only(self, graph_store: GraphStore) -> None:
        (stored,) = add_episodes(graph_store, episode())

        def now(status: Status, error: str | None) -> tuple[Status, str | None, int]:
            graph_store.write(lambda tx: tx.set_status([stored.id], status, error=error))
            (read,) = graph_store.episodes([stored.ref], spaces=ANA)
            return read.status, read.error, read.attempts

        assert now(Status.PENDING, "no answer") == (Status.PENDING, "no answer", 1)
        assert now(Status.FAILED, "no answer again") == (Status.FAILED, "no answer again", 2)
        assert now(Status.DONE, None) == (Status.DONE, None, 2)

    def test_unknown_ids_change_nothing(self, graph_store: GraphStore) -> None:
        (stored,) = add_episodes(graph_store, episode())
        graph_store.write(lambda tx: tx.set_status(["nobody"], Status.DONE))
        assert graph_store.episodes([stored.ref], spaces=ANA) == [stored]


class TestSetEpisodeMetadata:
    def test_it_takes_the_place_of_what_was_there_and_leaves_the_rest(self, graph_store: GraphStore) -> None:
        first, second = add_episodes(graph_store, episode("one", metadata=METADATA), episode("two", metadata={"a": 1}))
        told = {"a": 2, "cost": {"tokens": 12}}
        graph_store.write(lambda tx: tx.set_episode_metadata({first.id: told, "nobody": {"a": 3}}))
        assert graph_store.episodes([first.ref, second.ref], spaces=ANA) == [
            first.model_copy(update={"metadata": told}),
            second,
        ]
        assert graph_store.find_episodes(EpisodeQuery(metadata={"a": 2}), spaces=ANA)[0].id == first.id
        assert graph_store.find_episodes(EpisodeQuery(metadata=METADATA), spaces=ANA) == []

    def test_an_episode_of_the_same_transaction_takes_it(self, graph_store: GraphStore) -> None:
        def work(tx: WriteTransaction) -> Episode:
            (stored,) = tx.add_episodes([episode("one", metadata={"a": 1})])
            tx.set_episode_metadata({stored.id: {"a": 2}})
            tx.set_episode_metadata({stored.id: {}})
            return stored

        stored = graph_store.write(work)
        assert graph_store.episodes([stored.ref], spaces=ANA)[0].metadata == {}

    def test_what_is_no_json_is_refused(self, graph_store: GraphStore) -> None:
        (stored,) = add_episodes(graph_store, episode())
        with pytest.raises(InvalidInputError):
            graph_store.write(lambda tx: tx.set_episode_metadata({stored.id: {"a": object()}}))
        assert graph_store.episodes([stored.ref], spaces=ANA) == [stored]


class TestPutEntities:
    def test_what_was_stored_comes_back_equal(self, graph_store: GraphStore) -> None:
        given = entity("São Paulo", type="place", aliases=("Sampa", "the City"), attributes=METADATA)
        (stored,) = put_entities(graph_store, given)
        assert stored == given.model_copy(update={"ref": stored.ref})
        assert graph_store.entities([stored.ref], spaces=ANA) == [stored]

    def test_replacing_keeps_ref_and_created_at(self, graph_store: GraphStore) -> None:
        (first,) = put_entities(graph_store, entity(aliases=("Lisboa",)))
        newer = first.model_copy(
            update={"ref": 0, "name": "LISBON", "aliases": ("Lx",), "created_at": days(9), "updated_at": days(9)}
        )
        (second,) = put_entities(graph_store, newer)
        assert second == newer.model_copy(update={"ref": first.ref, "created_at": first.created_at})
        assert graph_store.find_entities(EntityQuery(), spaces=ANA) == [second]
        assert graph_store.find_entities(EntityQuery(keys=("lisboa",)), spaces=ANA) == []
        assert graph_store.find_entities(EntityQuery(keys=("lx",)), spaces=ANA) == [second]

    def test_space_key_and_type_are_unique(self, graph_store: GraphStore) -> None:
        put_entities(graph_store, entity(type="place"))
        with pytest.raises(StoreError, match="lisbon"):
            put_entities(graph_store, entity("Porto"), entity("LISBON", type="place"))
        put_entities(graph_store, entity(type="band"), entity(type="place", space=OTHER))
        assert len(graph_store.find_entities(EntityQuery(), spaces=ALL)) == 3

    def test_a_refused_call_leaves_nothing_even_if_the_error_is_caught(self, graph_store: GraphStore) -> None:
        def work(tx: WriteTransaction) -> None:
            tx.put_entities([entity()])
            with pytest.raises(StoreError):
                tx.put_entities([entity("Porto"), entity()])
            tx.put_entities([entity("Braga")])

        graph_store.write(work)
        assert [each.name for each in graph_store.find_entities(EntityQuery(), spaces=ALL)] == ["Braga", "Lisbon"]

    def test_an_entity_cannot_change_its_space(self, graph_store: GraphStore) -> None:
        (stored,) = put_entities(graph_store, entity())
        with pytest.raises(StoreError, match=OTHER):
            put_entities(graph_store, stored.model_copy(update={"space": OTHER}))
        assert graph_store.entities([stored.ref], spaces=ALL) == [stored]

    def test_the_same_twice_in_one_call_is_one(self, graph_store: GraphStore) -> None:
        given = entity(aliases=("Lx",))
        one, two = put_entities(graph_store, given, given)
        assert one == two
        assert graph_store.find_entities(EntityQuery(), spaces=ANA) == [one]

    def test_an_entity_of_another_space_is_told_before_what_goes_wrong_later(self, graph_store: GraphStore) -> None:
        (stored,) = put_entities(graph_store, entity("Ana"))
        elsewhere = entity("Ana", id=stored.id, space=OTHER)

        def work(tx: WriteTransaction) -> None:
            tx.put_entities([elsewhere])
            raise ZeroDivisionError

        with pytest.raises(StoreError, match=OTHER):
            graph_store.write(work)
        with pytest.raises(ZeroDivisionError):
            graph_store.write(lambda tx: (tx.put_entities([entity("Bea")]), 1 / 0))


class TestPutFacts:
    def test_what_was_stored_comes_back_equal(self, graph_store: GraphStore) -> None:
        said = add_episodes(graph_store, episode(), episode("again", at=minutes(5)))
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        given = fact(
            ana,
            lisbon,
            labels=FULL_LABELS,
            category=Category.PREFERENCE,
            valid_at=days(-30),
            invalid_at=days(30),
            expired_at=days(1),
            expires_at=days(60),
            confidence=0.25,
            support=2,
            episode_ids=tuple(each.id for each in said),
            superseded_by="another",
            metadata=METADATA,
        )
        (stored,) = put_facts(graph_store, given)
        assert stored == given.model_copy(update={"ref": stored.ref})
        assert graph_store.facts([stored.ref], spaces=ANA) == [stored]
        (read,) = graph_store.find_facts(FactQuery(), spaces=ANA)
        assert type(read).model_validate({**read.model_dump(), "ref": read.ref}) == read
        assert isinstance(read.category, Category)

    def test_episodes_come_oldest_first(self, graph_store: GraphStore) -> None:
        late, early = add_episodes(graph_store, episode("late", at=minutes(9)), episode("early"))
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        (stored,) = put_facts(graph_store, fact(ana, lisbon, episode_ids=(late.id, early.id, late.id)))
        assert stored.episode_ids == (early.id, late.id)
        assert graph_store.facts([stored.ref], spaces=ANA) == [stored]

    def test_replacing_links_anew_and_keeps_ref_and_created_at(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two", at=minutes(1)))
        ana, lisbon, porto = put_entities(graph_store, entity("Ana"), entity("Lisbon"), entity("Porto"))
        (first,) = put_facts(graph_store, fact(ana, lisbon, episode_ids=(one.id,)))
        newer = first.model_copy(
            update={"object_id": porto.id, "episode_ids": (two.id,), "support": 5, "created_at": days(3), "ref": 0}
        )
        (second,) = put_facts(graph_store, newer)
        assert second == newer.model_copy(update={"ref": first.ref, "created_at": first.created_at})
        assert graph_store.find_facts(FactQuery(episode_ids=(one.id,)), spaces=ANA) == []
        assert graph_store.find_facts(FactQuery(episode_ids=(two.id,)), spaces=ANA) == [second]
        assert graph_store.find_facts(FactQuery(object_ids=(lisbon.id,)), spaces=ANA) == []

    @pytest.mark.parametrize("part", ["subject_id", "object_id", "episode_ids"])
    @pytest.mark.parametrize("elsewhere", [True, False])
    def test_what_it_links_must_be_in_its_space(self, graph_store: GraphStore, part: str, elsewhere: bool) -> None:
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        (theirs,) = put_entities(graph_store, entity("Ana", space=OTHER))
        (said,) = add_episodes(graph_store, episode(space=OTHER))
        missing = (said.id if part == "episode_ids" else theirs.id) if elsewhere else "nobody"
        value = (missing,) if part == "episode_ids" else missing
        with pytest.raises(NotFoundError, match=missing):
            put_facts(graph_store, fact(ana, lisbon), fact(ana, lisbon, **{part: value}))
        assert graph_store.find_facts(FactQuery(), spaces=ALL) == []


class TestWrite:
    def test_an_exception_keeps_nothing(self, graph_store: GraphStore) -> None:
        (kept,) = add_episodes(graph_store, episode())

        def work(tx: WriteTransaction) -> None:
            tx.add_episodes([episode("lost", space="user/new", at=minutes(1))])
            tx.put_index([IndexEntry("episode", kept.id, ["a"], np.eye(2, dtype=np.float32)[:1])], embedder="e")
            tx.delete([kept.id])
            raise KeyError("stop")

        with pytest.raises(KeyError, match="stop"):
            graph_store.write(work)
        assert graph_store.find_episodes(EpisodeQuery(), spaces=ALL) == [kept]
        assert graph_store.embedder() is None
        assert [each.space for each in graph_store.statistics(spaces=ALL)] == [HOME]

    def test_reads_inside_see_the_writes_before_them(self, graph_store: GraphStore) -> None:
        def work(tx: WriteTransaction) -> list[str]:
            tx.put_entities([entity()])
            return [each.name for each in tx.find_entities(EntityQuery(), spaces=ANA)]

        assert graph_store.write(work) == ["Lisbon"]

    def test_a_write_inside_a_write_is_refused(self, graph_store: GraphStore) -> None:
        with pytest.raises(InvalidInputError, match="write"):
            graph_store.write(lambda tx: add_episodes(graph_store, episode()))
        assert add_episodes(graph_store, episode())[0].ref

    def test_refs_are_never_used_again(self, graph_store: GraphStore) -> None:
        (gone,) = add_episodes(graph_store, episode())
        graph_store.write(lambda tx: tx.delete([gone.id]))
        (back,) = add_episodes(graph_store, gone)
        (other,) = put_entities(graph_store, entity())
        assert len({gone.ref, back.ref, other.ref}) == 3
        assert graph_store.episodes([gone.ref], spaces=ANA) == []

    def test_threads_exclude_each_other_for_the_whole_of_a_write(self, graph_store: GraphStore) -> None:
        put_entities(graph_store, entity("counter", attributes={"n": 0}))

        def count(tx: WriteTransaction) -> None:
            (counter,) = tx.find_entities(EntityQuery(keys=("counter",)), spaces=ANA)
            tx.put_entities([counter.model_copy(update={"attributes": {"n": counter.attributes["n"] + 1}})])

        threads = [threading.Thread(target=lambda: [graph_store.write(count) for _ in range(25)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert graph_store.find_entities(EntityQuery(), spaces=ANA)[0].attributes == {"n": 100}


class TestByRef:
    def test_order_is_the_callers_and_unknown_ones_are_left_out(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two"))
        (place,) = put_entities(graph_store, entity())
        assert graph_store.episodes([two.ref, 999, place.ref, one.ref], spaces=ANA) == [two, one]
        assert graph_store.episodes(np.array([one.ref]), spaces=ANA) == [one]
        assert graph_store.entities([one.ref, place.ref], spaces=ANA) == [place]
        assert graph_store.facts([one.ref], spaces=ANA) == []
        assert graph_store.episodes([], spaces=ANA) == []

    def test_thousands_at_once(self, graph_store: GraphStore) -> None:
        stored = add_episodes(graph_store, *(episode(str(i), at=minutes(i)) for i in range(3000)))
        backwards = stored[::-1]
        assert graph_store.episodes([each.ref for each in backwards], spaces=BOTH) == backwards
        assert len(graph_store.locate([each.id for each in stored], spaces=ANA)) == 3000


class TestLocate:
    def test_kinds_and_unknown_ids(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        (known,) = put_facts(graph_store, fact(ana, lisbon))
        found = graph_store.locate([said.id, ana.id, known.id, "nobody", "\ud800", "\x00"], spaces=ANA)
        assert found == {
            said.id: ("episode", said.ref, HOME),
            ana.id: ("entity", ana.ref, HOME),
            known.id: ("fact", known.ref, HOME),
        }


class TestHistory:
    def test_oldest_first_and_equal(self, graph_store: GraphStore) -> None:
        (place,) = put_entities(graph_store, entity())
        late = change(place, at=minutes(5), action=Action.UPDATED, reason="renamed", before={"a": 1}, after={"a": [2]})
        early = change(place, episode_id="said")
        graph_store.write(lambda tx: tx.record([late, early]))
        assert graph_store.history([place.id, "nobody"], spaces=ANA) == [early, late]
        assert graph_store.history([], spaces=ANA) == []

    def test_by_id_inside_the_spaces(self, graph_store: GraphStore) -> None:
        (place,) = put_entities(graph_store, entity())
        late, early = change(place, at=minutes(5)), change(place)
        graph_store.write(lambda tx: tx.record([late, early]))
        assert graph_store.changes([late.id, "nobody", early.id], spaces=ANA) == [early, late]
        assert graph_store.changes([late.id], spaces=SpaceSet.of("user/nobody")) == []

    def test_recorded_again_it_takes_the_place_of_the_first(self, graph_store: GraphStore) -> None:
        here, there = put_entities(graph_store, entity("Lisbon"), entity("Porto"))
        first, second = change(here, reason="secret"), change(here)
        graph_store.write(lambda tx: tx.record([first, second]))
        moved = first.model_copy(update={"target_id": there.id, "reason": ""})
        new = change(there, at=minutes(5))
        graph_store.write(lambda tx: tx.record_again([moved, new]))
        graph_store.write(lambda tx: tx.record_again([]))
        assert graph_store.history([here.id], spaces=ANA) == [second]
        assert graph_store.history([there.id], spaces=ANA) == [moved, new]
        assert graph_store.changes([first.id], spaces=ANA) == [moved]

    def test_recorded_again_in_the_same_transaction(self, graph_store: GraphStore) -> None:
        (place,) = put_entities(graph_store, entity())
        first, second = change(place), change(place)

        def work(tx: WriteTransaction) -> None:
            tx.record([first, second])
            tx.record_again([first.model_copy(update={"reason": "told again"})])

        graph_store.write(work)
        assert [row.reason for row in graph_store.history([place.id], spaces=ANA)] == [second.reason, "told again"]


class TestDelete:
    def test_everything_about_a_record_goes(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())
        ana, lisbon = put_entities(graph_store, entity("Ana", aliases=("Annie",)), entity("Lisbon"))
        (known,) = put_facts(graph_store, fact(ana, lisbon, episode_ids=(said.id,)))
        vector = np.eye(2, dtype=np.float32)[:1]

        def describe(tx: WriteTransaction) -> None:
            kinds = (("episode", said.id), ("entity", ana.id), ("fact", known.id))
            tx.put_index([IndexEntry(kind, id_, ["word", kind], vector) for kind, id_ in kinds], embedder="e")
            tx.record([change(said), change(ana), change(known)])

        graph_store.write(describe)
        gone = graph_store.write(lambda tx: tx.delete([known.id, "nobody", said.id, ana.id, lisbon.id]))
        assert gone == [known.id, said.id, ana.id, lisbon.id]
        ids = [said.id, ana.id, lisbon.id, known.id]
        assert graph_store.locate(ids, spaces=ALL) == {}
        assert graph_store.history(ids, spaces=ALL) == []
        assert graph_store.find_entities(EntityQuery(keys=("annie",)), spaces=ALL) == []
        for kind in ("episode", "entity", "fact"):
            matches = graph_store.match_terms(["word", kind], kind=kind, spaces=ALL, max_documents=9)
            assert (matches.documents, matches.terms, dict(matches.postings)) == (0, 0, {})
        assert graph_store.statistics(spaces=ALL) == []
        assert graph_store.write(lambda tx: tx.delete(ids)) == []

    def test_an_entity_takes_its_facts_along(self, graph_store: GraphStore) -> None:
        ana, lisbon, bea = put_entities(graph_store, entity("Ana"), entity("Lisbon"), entity("Bea"))
        one, two, three = put_facts(graph_store, fact(ana, lisbon), fact(bea, ana, "KNOWS"), fact(bea, lisbon))
        gone = graph_store.write(lambda tx: tx.delete([ana.id]))
        assert gone == [ana.id, one.id, two.id]
        assert graph_store.find_facts(FactQuery(), spaces=ALL) == [three]

    def test_a_fact_outlives_its_episodes(self, graph_store: GraphStore) -> None:
        one, two = add_episodes(graph_store, episode("one"), episode("two", at=minutes(1)))
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        (known,) = put_facts(graph_store, fact(ana, lisbon, episode_ids=(one.id, two.id), support=2))
        graph_store.write(lambda tx: tx.delete([one.id]))
        (read,) = graph_store.facts([known.ref], spaces=ANA)
        assert (read.episode_ids, read.support) == ((two.id,), 2)
        graph_store.write(lambda tx: tx.delete([two.id]))
        assert graph_store.facts([known.ref], spaces=ANA)[0].episode_ids == ()

    def test_nothing_points_to_a_deleted_fact(self, graph_store: GraphStore) -> None:
        ana, lisbon, porto = put_entities(graph_store, entity("Ana"), entity("Lisbon"), entity("Porto"))
        newer = fact(ana, porto)
        (old, _) = put_facts(graph_store, fact(ana, lisbon, superseded_by=newer.id), newer)
        graph_store.write(lambda tx: tx.delete([newer.id]))
        assert graph_store.facts([old.ref], spaces=ANA)[0].superseded_by is None

    def test_what_a_forgotten_episode_changed_is_told_without_its_words(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())
        (place,) = put_entities(graph_store, entity())
        told = change(place, episode_id=said.id, reason="secret", before={"a": "secret"}, after={"a": "secret"})
        graph_store.write(lambda tx: tx.record([told]))
        graph_store.write(lambda tx: tx.delete([said.id]))
        (left,) = graph_store.history([place.id], spaces=ANA)
        assert (left.id, left.at, left.actor) == (told.id, told.at, told.actor)
        assert "secret" not in repr(left)
        assert left.episode_id is None

    def test_a_deleted_episode_can_be_told_again(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())
        graph_store.write(lambda tx: tx.delete([said.id]))
        (again,) = add_episodes(graph_store, episode())
        assert graph_store.find_episodes(EpisodeQuery(), spaces=ALL) == [again]


class TestStatistics:
    def test_counts_follow_every_write(self, graph_store: GraphStore) -> None:
        one, two, three = add_episodes(graph_store, *(episode(str(i)) for i in range(3)))
        ana, lisbon = put_entities(graph_store, entity("Ana"), entity("Lisbon"))
        put_facts(graph_store, fact(ana, lisbon), fact(ana, lisbon, "LEFT", invalid_at=days(-1)))

        def work(tx: WriteTransaction) -> None:
            tx.set_status([one.id], Status.DONE)
            tx.set_status([two.id], Status.FAILED, error="no")
            tx.put_index([IndexEntry("episode", one.id, None, np.eye(3, dtype=np.float32))], embedder="e")

        graph_store.write(work)
        (counts,) = graph_store.statistics(spaces=ANA)
        assert counts[:-1] == (HOME, 3, 1, 1, 2, 2, 1, 3)
        graph_store.write(lambda tx: tx.delete([two.id, three.id, one.id]))
        (after,) = graph_store.statistics(spaces=ANA)
        assert after[:-1] == (HOME, 0, 0, 0, 2, 2, 1, 0)
        assert after.sequence > counts.sequence


class TestClose:
    def test_later_calls_say_so(self, graph_store: GraphStore) -> None:
        graph_store.close()
        graph_store.close()
        for call in (
            lambda: graph_store.find_facts(FactQuery(), spaces=ALL),
            lambda: graph_store.write(lambda tx: None),
            graph_store.embedder,
            graph_store.vacuum,
        ):
            with pytest.raises(StoreUnavailableError, match="closed"):
                call()

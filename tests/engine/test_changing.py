"""Updating, deleting, history: who changed what, and what is left."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factloom import Action, Memory
from factloom.schemas.errors import EmbedderMismatchError, InvalidInputError, NotFoundError
from factloom.schemas.records import Fact

PAST = datetime(2025, 5, 1, tzinfo=UTC)


def texts(memory: Memory, **options: Any) -> list[str]:
    return sorted(fact.text for fact in memory.get_all(user_id="ana", **options))


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@pytest.fixture
def fact(memory: Memory) -> Fact:
    return memory.add("I | LIVES_IN | Lisbon", user_id="ana", time=PAST).added[0]


class TestUpdate:
    def test_a_new_version_takes_the_place_of_the_old(self, memory: Memory, fact: Fact) -> None:
        new = memory.update(fact.id, object="Porto", reason="misheard", actor="bea")
        assert new.text == "Ana lives in Porto."
        assert texts(memory) == ["Ana lives in Porto."]
        assert memory.entity(new.object_id).entity.name == "Porto"

    def test_history_shows_who_changed_what_when_and_why(self, memory: Memory, fact: Fact, clock: Any) -> None:
        clock.pass_(days=2)
        new = memory.update(fact.id, object="Porto", reason="misheard", actor="bea")
        for id_ in (fact.id, new.id):
            added, was, became = memory.history(id_)
            assert (added.action, added.actor) == (Action.ADDED, "memory")
            assert (was.actor, was.reason, was.at) == ("bea", "misheard", clock.now)
            assert was.before is not None
            assert was.before["text"] == "Ana lives in Lisbon."
            assert became.after is not None
            assert became.after["text"] == "Ana lives in Porto."

    def test_a_new_text_is_read_again(self, memory: Memory, fact: Fact) -> None:
        new = memory.update(fact.id, "ana | WORKS_FOR | Corvina")
        assert (new.predicate, memory.entity(new.object_id).entity.name) == ("WORKS_FOR", "Corvina")

    def test_a_text_that_cannot_be_read_becomes_a_note(self, memory: Memory, fact: Fact) -> None:
        new = memory.update(fact.id, "Lisbon, but only in winter")
        assert (new.predicate, new.text) == ("NOTED", "Lisbon, but only in winter")
        assert new.subject_id == fact.subject_id

    def test_the_old_version_cannot_be_updated_again(self, memory: Memory, fact: Fact) -> None:
        new = memory.update(fact.id, object="Porto")
        with pytest.raises(InvalidInputError, match=new.id):
            memory.update(fact.id, object="Faro")

    @pytest.mark.parametrize(
        "change", [{}, {"text": " "}, {"object": "a\x00"}, {"valid_at": "yesterday"}, {"confidence": 3.0}]
    )
    def test_what_cannot_be_used_changes_nothing(self, memory: Memory, fact: Fact, change: dict[str, Any]) -> None:
        with pytest.raises(InvalidInputError):
            memory.update(fact.id, **change)
        assert memory.get(fact.id) == fact

    def test_a_fact_does_not_join_its_subject_to_itself(self, memory: Memory) -> None:
        (likes,) = memory.add_facts([("Zoe", "LIKES", "zed")], user_id="ana").added
        with pytest.raises(InvalidInputError, match="joins two entities"):
            memory.update(likes.id, object="Zoe")
        assert memory.get(likes.id) == likes

    @pytest.mark.parametrize(
        "call",
        [
            lambda memory, id_: memory.update(id_, confidence="a"),
            lambda memory, id_: memory.update(id_, confidence=float("nan")),
            lambda memory, _: memory.update(None, object="x"),
            lambda memory, _: memory.delete(None),
            lambda memory, _: memory.get(5),
            lambda memory, _: memory.history(None),
            lambda memory, _: memory.pending(limit=0),
            lambda memory, _: memory.retry(limit=0),
            lambda memory, _: memory.get_all(user_id="ana", limit="a"),
            lambda memory, id_: memory.get_all(user_id="ana", episode_ids=id_),
            lambda memory, _: memory.entities(user_id="ana", types="person"),
            lambda memory, _: memory.search("x", user_id="ana", predicates=[None]),
            lambda memory, _: memory.context("x", user_id="ana", max_tokens="5"),
            lambda memory, _: memory.context("x", user_id="ana", max_tokens=float("inf")),
        ],
    )
    def test_arguments_of_a_wrong_kind_are_refused(
        self, memory: Memory, fact: Fact, call: Callable[[Any, str], Any]
    ) -> None:
        with pytest.raises(InvalidInputError):
            call(memory, fact.id)
        assert memory.get(fact.id) == fact

    def test_unknown_ids(self, memory: Memory, fact: Fact) -> None:
        for id_ in ("nothing", "", fact.episode_ids[0]):
            with pytest.raises(NotFoundError):
                memory.update(id_, object="Porto")


class TestDelete:
    def test_a_fact_goes_with_what_only_it_needs(self, memory: Memory, fact: Fact) -> None:
        receipt = memory.delete(fact.id)
        assert receipt.fact_ids == (fact.id,)
        assert receipt.episode_ids == fact.episode_ids
        assert len(receipt.entity_ids) == 2
        assert memory.stats().episodes == memory.stats().entities == memory.stats().vectors == 0
        for id_ in (fact.id, fact.episode_ids[0], fact.subject_id):
            with pytest.raises(NotFoundError):
                memory.get(id_)

    def test_an_episode_that_states_more_is_kept_and_named(self, memory: Memory) -> None:
        result = memory.add("I | LIKES | tea\nI | LIKES | jazz", user_id="ana")
        receipt = memory.delete(result.added[0].id)
        assert receipt.kept_episode_ids == (result.episodes[0].id,)
        assert texts(memory) == ["Ana likes jazz."]

    def test_an_episode_takes_what_only_it_supports(self, memory: Memory) -> None:
        first = memory.add("I | LIKES | tea\nI | LIKES | jazz", user_id="ana", time=PAST).episodes[0]
        memory.add("I | LIKES | jazz", user_id="ana", time=PAST + timedelta(days=1))
        receipt = memory.delete(first.id)
        (jazz,) = memory.get_all(user_id="ana")
        assert receipt.weakened_fact_ids == (jazz.id,)
        assert (jazz.text, jazz.support) == ("Ana likes jazz.", 1)
        assert first.id not in jazz.episode_ids

    def test_an_entity_goes_with_all_facts_about_it(self, memory: Memory) -> None:
        memory.add(["Tom | LIKES | tea", "I | HAS_FRIEND | Tom", "I | LIKES | tea"], user_id="ana")
        memory.delete(memory.entity("Tom", user_id="ana").entity.id)
        assert texts(memory) == ["Ana likes tea."]

    def test_what_it_had_ended_is_open_again(self, memory: Memory, fact: Fact) -> None:
        newer = memory.add("I | LIVES_IN | Rome", user_id="ana").added[0]
        memory.delete(newer.id)
        assert texts(memory) == ["Ana lives in Lisbon."]

    def test_all_versions_of_an_edited_fact_go(self, memory: Memory, fact: Fact) -> None:
        new = memory.update(fact.id, object="Porto")
        newest = memory.update(new.id, object="Faro")
        receipt = memory.delete(fact.id)
        assert set(receipt.fact_ids) == {fact.id, new.id, newest.id}
        assert memory.stats().facts == memory.stats().episodes == 0

    def test_unknown_ids(self, memory: Memory) -> None:
        with pytest.raises(NotFoundError, match="nothing"):
            memory.delete("nothing")

    def test_no_byte_of_it_is_left(self, memory: Memory, tmp_path: Path) -> None:
        result = memory.add("I | LIKES | zyzzogeton leafhoppers", user_id="ana")
        memory.add("I | LIKES | tea", user_id="ana")
        memory.search("zyzzogeton", user_id="ana")
        assert b"zyzzogeton" in bytes_of(tmp_path)
        memory.delete(result.added[0].id)
        left = bytes_of(tmp_path).lower()
        assert b"zyzzogeton" not in left
        assert b"leafhopp" not in left
        memory.close()
        assert b"zyzzogeton" not in bytes_of(tmp_path).lower()

    def test_its_vector_is_gone_from_every_file(self, memory: Memory, tmp_path: Path, open_memory: Any) -> None:
        from factloom.retrieval.embedders import HashingEmbedder

        result = memory.add("I | LIKES | zyzzogeton leafhoppers", user_id="ana")
        memory.add([f"I | LIKES | tea number {n}" for n in range(40)], user_id="ana")
        memory.close()
        again = open_memory()
        again.search("zyzzogeton", user_id="ana")
        vector = HashingEmbedder(64).embed_documents([result.added[0].text])[0].tobytes()
        assert vector in bytes_of(tmp_path)
        again.delete(result.added[0].id)
        again.close()
        assert vector not in bytes_of(tmp_path)

    def test_delete_all_is_for_one_space(self, memory: Memory) -> None:
        memory.add("I | LIKES | tea", user_id="ana")
        memory.add("I | LIKES | tea", user_id="bea")
        memory.delete_all(user_id="ana")
        assert texts(memory) == []
        assert len(memory.get_all(user_id="bea")) == 1

    def test_delete_all_with_a_further_label(self, memory: Memory) -> None:
        memory.add("I | LIKES | tea", user_id="ana", agent_id="juno")
        memory.add("I | LIKES | jazz", user_id="ana", agent_id="kepler")
        memory.delete_all(user_id="ana", agent_id="juno")
        assert texts(memory) == ["Ana likes jazz."]

    def test_reset_leaves_nothing(self, memory: Memory, tmp_path: Path) -> None:
        memory.add("I | LIKES | zyzzogetons", user_id="ana")
        memory.update(memory.get_all(user_id="ana")[0].id, object="quokkas")
        memory.reset()
        assert memory.stats().spaces == 0
        left = bytes_of(tmp_path).lower()
        assert b"zyzzogeton" not in left
        assert b"quokka" not in left
        assert b"user/ana" not in left


class TestHandles:
    def test_a_handle_sees_only_its_spaces(self, memory: Memory, open_memory: Callable[..., Memory]) -> None:
        mine = memory.add("I | LIKES | tea", user_id="ana")
        theirs = memory.add("I | LIKES | jazz", user_id="bea")
        narrow = open_memory(spaces=["user/ana"])
        assert narrow.get(mine.added[0].id).id == mine.added[0].id
        assert narrow.get_all(user_id="bea") == []
        assert [hit.text for hit in narrow.search("jazz", user_id="bea")] == []
        assert narrow.stats().spaces == 1
        for call in (narrow.get, narrow.delete, narrow.history):
            with pytest.raises(NotFoundError):
                call(theirs.added[0].id)
        with pytest.raises(InvalidInputError, match="may not use"):
            narrow.add("x", user_id="bea")
        narrow.reset()
        assert len(memory.get_all(user_id="bea")) == 1

    def test_a_handle_for_no_space_sees_nothing(self, memory: Memory, open_memory: Callable[..., Memory]) -> None:
        memory.add("I | LIKES | tea", user_id="ana")
        assert open_memory(spaces=[]).stats().spaces == 0

    def test_a_second_handle_sees_what_the_first_adds_and_deletes(
        self, memory: Memory, open_memory: Callable[..., Memory]
    ) -> None:
        other = open_memory()
        assert len(other.search("tea", user_id="ana")) == 0
        added = memory.add("I | LIKES | tea", user_id="ana").added[0]
        assert added.id in {hit.id for hit in other.search("tea", user_id="ana")}
        memory.delete(added.id)
        assert len(other.search("tea", user_id="ana")) == 0

    def test_a_space_that_was_emptied_and_filled_again_shows_only_what_is_new(
        self, memory: Memory, open_memory: Callable[..., Memory]
    ) -> None:
        other = open_memory()
        memory.add("I | LIKES | tea", user_id="ana", time=PAST)
        assert len(other.search("tea", user_id="ana")) == 2
        memory.delete_all(user_id="ana")
        memory.add("I | LIKES | green tea", user_id="ana", time=PAST)
        assert {hit.text for hit in other.search("tea", user_id="ana")} == {
            "Ana likes green tea.",
            "I | LIKES | green tea",
        }

    def test_closing_twice_is_fine(self, memory: Memory) -> None:
        memory.close()
        memory.close()


class TestEmbedders:
    def test_another_embedder_is_refused_with_the_command_that_helps(
        self, memory: Memory, fact: Fact, open_memory: Callable[..., Memory]
    ) -> None:
        from factloom.retrieval.embedders import HashingEmbedder

        with pytest.raises(EmbedderMismatchError, match="factloom reembed"):
            open_memory(embedder=HashingEmbedder(128))

    def test_reembedding_makes_it_usable(
        self, memory: Memory, fact: Fact, open_memory: Callable[..., Memory], tmp_path: Path
    ) -> None:
        from factloom.retrieval.embedders import HashingEmbedder

        memory.close()
        steps: list[tuple[int, int]] = []
        embedder = HashingEmbedder(128)
        done = Memory.reembed(
            tmp_path / "memory.db", embedder=embedder, on_progress=lambda n, of: steps.append((n, of))
        )
        assert steps[-1] == (done, done)
        again = open_memory(embedder=embedder)
        assert again.stats().dimension == 128
        assert fact.id in {hit.id for hit in again.search("where does ana live", user_id="ana")}

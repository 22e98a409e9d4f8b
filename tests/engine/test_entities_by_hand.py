"""Entities that a user merges and splits, and what undoing that brings back."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factloom import Action, Memory
from factloom.schemas.errors import InvalidInputError, NotFoundError
from factloom.schemas.ports import Exportable
from factloom.schemas.records import Entity, Fact

PAST = datetime(2025, 1, 1, tzinfo=UTC)
Ana = {"user_id": "ana"}


def at(month: int) -> datetime:
    return PAST + timedelta(days=20 * month)


def say(memory: Memory, text: str, month: int = 0) -> str:
    return memory.add(text, time=at(month), **Ana).episodes[0].id


def person(memory: Memory, name: str) -> Entity:
    return memory.entity(name, **Ana).entity


def current(memory: Memory, name: str) -> list[str]:
    return sorted(fact.text for fact in memory.entity(person(memory, name).id).facts)


def facts(memory: Memory, predicate: str) -> list[Fact]:
    return [f for f in memory.get_all(include_history=True, **Ana)[::-1] if f.predicate == predicate]


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()).lower()


def state(memory: Memory) -> dict[str, Any]:
    """All that a memory holds but history, the times of changes and the stores' own numbers."""
    store = memory._parts.store
    assert isinstance(store, Exportable)
    held: dict[str, Any] = {}
    for kind in ("entity", "fact"):
        refs = store.stored_refs(kind, space="user/ana")
        for entry in store.index_entries(kind, refs.tolist(), space="user/ana"):
            vectors = entry.vectors.tobytes() if entry.vectors is not None else b""
            held[f"index of {entry.id}"] = (sorted(entry.terms or ()), vectors)
    for entity in memory.entities(limit=1000, **Ana):
        held[entity.id] = entity.model_dump(exclude={"updated_at"})
    for fact in memory.get_all(limit=1000, include_history=True, **Ana):
        held[fact.id] = fact.model_dump()
    return held


class TestMerging:
    def test_all_that_was_known_of_both_is_known_of_one(self, memory: Memory) -> None:
        say(memory, "Odile | LIKES | tea")
        say(memory, "Beatriz | LIKES | jazz")
        done = memory.merge_entities("Beatriz", "Odile", reason="a nickname", actor="ana", **Ana)
        assert (done.action, done.entity.name, done.entity.aliases) == (Action.MERGED, "Beatriz", ("Odile",))
        assert current(memory, "Odile") == ["Beatriz likes jazz.", "Odile likes tea."]
        assert done.other_id not in {entity.id for entity in memory.entities(**Ana)}
        (told,) = memory.history(done.entity.id)
        assert (told.id, told.actor, told.reason) == (done.change_id, "ana", "a nickname")
        (moved,) = done.fact_ids
        assert [(row.action, row.reason) for row in memory.history(moved)][-1] == (Action.MERGED, "a nickname")
        say(memory, "Odile | LIKES | chess", 1)
        assert "Odile likes chess." in current(memory, "Beatriz")

    def test_what_both_said_is_one_fact_with_the_episodes_of_both(self, memory: Memory) -> None:
        say(memory, "Odile | LIKES | tea")
        say(memory, "Beatriz | LIKES | tea", 1)
        memory.merge_entities("Beatriz", "Odile", **Ana)
        (likes,) = facts(memory, "LIKES")
        assert likes.support == 2
        assert [row.action for row in memory.history(likes.id)] == [Action.ADDED, Action.ADDED, Action.MERGED]

    def test_an_end_that_it_brings_about_is_told(self, memory: Memory) -> None:
        say(memory, "Odile | LIVES_IN | Rome")
        say(memory, "Beatriz | LIVES_IN | Oslo", 1)
        memory.merge_entities("Beatriz", "Odile", **Ana)
        rome, oslo = facts(memory, "LIVES_IN")
        assert (rome.invalid_at, rome.superseded_by) == (at(1), oslo.id)
        assert memory.history(rome.id)[-1].reason == "ended by a newer statement (LIVES_IN)"

    def test_types_that_conflict_need_a_word(self, memory: Memory) -> None:
        memory.add_facts([("Ana", "LIVES_IN", "Corvina"), ("Bea", "WORKS_FOR", "Corvina Ltd")], **Ana)
        with pytest.raises(InvalidInputError, match="of the type place, 'Corvina Ltd' of the type organisation; say"):
            memory.merge_entities("Corvina", "Corvina Ltd", **Ana)
        done = memory.merge_entities("Corvina", "Corvina Ltd", type="organisation", **Ana)
        assert (done.entity.name, done.entity.type) == ("Corvina", "organisation")
        before = memory.undo(done.change_id)
        assert (before.entity.type, before.other and before.other.type) == ("place", "organisation")

    @pytest.mark.parametrize(
        ("keep", "gone", "error"),
        [
            ("Odile", "odile ", "both are the same entity"),
            ("Odile", "Nobody", "there is no entity 'Nobody'"),
            ("", "Odile", "keep is empty"),
            ("Odile", "tea", "of the type person, 'tea' of the type food"),
        ],
    )
    def test_what_cannot_be_merged(self, memory: Memory, keep: str, gone: str, error: str) -> None:
        say(memory, "Odile | EATS | tea")
        with pytest.raises((InvalidInputError, NotFoundError), match=error):
            memory.merge_entities(keep, gone, **Ana)

    def test_only_inside_a_space_and_only_where_the_handle_may(
        self, memory: Memory, open_memory: Callable[..., Memory]
    ) -> None:
        say(memory, "Odile | LIKES | tea")
        memory.add("Bea | LIKES | tea", user_id="rui")
        mine, theirs = person(memory, "Odile").id, memory.entity("Bea", user_id="rui").entity.id
        with pytest.raises(InvalidInputError, match="is in user/ana, 'Bea' in user/rui"):
            memory.merge_entities(mine, theirs)
        with pytest.raises(NotFoundError):
            open_memory(spaces=["user/rui"]).merge_entities(theirs, mine)

    def test_what_a_message_shows_to_be_one_is_reported_and_undone(self, memory: Memory) -> None:
        say(memory, "Ana's sister | LIKES | tea")
        say(memory, "Bea | LIKES | jazz", 1)
        before = state(memory)
        result = memory.add("Bea (Ana's sister) | LIKES | chess", time=at(2), **Ana)
        (merge,) = result.merges
        assert (merge.action, merge.entity.name, merge.episode_id) == (Action.MERGED, "Bea", result.episodes[0].id)
        assert merge.reason == "one message calls it by the names of both"
        undone = memory.undo(merge.change_id, reason="another Bea")
        assert undone.other is not None
        assert (undone.action, undone.other.name) == (Action.UNDONE, "Ana's sister")
        assert current(memory, "Bea") == ["Bea likes chess.", "Bea likes jazz."]
        assert current(memory, "Ana's sister") == ["Ana's sister likes tea."]
        assert {key: value for key, value in state(memory).items() if key in before} == before
        say(memory, "Bea (Ana's sister) | LIKES | golf", 3)
        assert person(memory, "Bea").id != undone.other.id, "what a user told apart is not made one again"
        assert memory.entity(undone.other.id).entity.name == "Ana's sister"


class TestUndoingMerges:
    def test_it_is_as_before(self, memory: Memory) -> None:
        for month, text in enumerate(
            (
                "Odile | LIKES | tea",
                "Beatriz (Bee) | LIKES | tea",
                "Odile (Bibi) | LIVES_IN | Rome",
                "Beatriz | LIVES_IN | Oslo",
                "Odile | MOVED_TO | Faro",
                "Odile | HAS_FRIEND | Beatriz",
                "Rui | HAS_FRIEND | Odile",
            )
        ):
            say(memory, text, month)
        before = state(memory)
        history = {key: memory.history(key) for key in before if not key.startswith("index")}
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        assert state(memory) != before
        memory.undo(done.change_id)
        assert state(memory) == before
        for key, rows in history.items():
            own = [r for r in memory.history(key) if r.action not in (Action.MERGED, Action.UNDONE, Action.SUPERSEDED)]
            assert own == [row for row in rows if row.action is not Action.SUPERSEDED], key

    def test_what_was_learned_since_stays(self, memory: Memory) -> None:
        say(memory, "Odile | LIKES | tea")
        say(memory, "Beatriz | LIKES | tea", 1)
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        say(memory, "Beatriz | LIKES | tea", 2)
        say(memory, "Odile | LIKES | chess", 3)
        memory.undo(done.change_id)
        kept, gone = (memory.entity(name, **Ana).facts for name in ("Beatriz", "Odile"))
        assert sorted((fact.text, fact.support) for fact in kept) == [
            ("Beatriz likes tea.", 2),
            ("Odile likes chess.", 1),
        ]
        assert [(fact.text, fact.support) for fact in gone] == [("Odile likes tea.", 1)]

    def test_what_the_other_ended_holds_again(self, memory: Memory) -> None:
        say(memory, "Odile | LIVES_IN | Rome")
        say(memory, "Beatriz | LIKES | tea")
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        say(memory, "Beatriz | LIVES_IN | Oslo", 2)
        assert [fact.invalid_at for fact in facts(memory, "LIVES_IN")] == [at(2), None]
        memory.undo(done.change_id)
        assert current(memory, "Odile") == ["Odile lives in Rome."]
        rome = facts(memory, "LIVES_IN")[0]
        assert rome.superseded_by is None
        assert memory.history(rome.id)[-1].reason == "what had ended it is about another entity"

    def test_several_are_undone_from_the_last_on(self, memory: Memory) -> None:
        for name in ("Odile", "Bee", "Beatriz"):
            say(memory, f"{name} | LIKES | tea")
        before = state(memory)
        first = memory.merge_entities("Bee", "Odile", **Ana)
        second = memory.merge_entities("Beatriz", "Bee", **Ana)
        with pytest.raises(InvalidInputError, match=f"undo that first: {second.change_id}"):
            memory.undo(first.change_id)
        memory.undo(second.change_id)
        memory.undo(first.change_id)
        assert state(memory) == before

    def test_only_once_and_only_what_can_be(self, memory: Memory) -> None:
        say(memory, "Odile | LIKES | tea")
        say(memory, "Beatriz | LIKES | jazz")
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        memory.undo(done.change_id)
        with pytest.raises(InvalidInputError, match="was undone already"):
            memory.undo(done.change_id)
        (added,) = memory.history(facts(memory, "LIKES")[0].id)[:1]
        with pytest.raises(InvalidInputError, match=r"\(added fact\) is neither a merge nor a split"):
            memory.undo(added.id)
        with pytest.raises(NotFoundError, match="there is no change nothing"):
            memory.undo("nothing")

    def test_a_name_that_was_taken_since(self, memory: Memory) -> None:
        say(memory, "Odile | LIKES | tea")
        say(memory, "Beatriz | LIKES | jazz")
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        split = memory.split_entity("Beatriz", "Odile", fact_ids=[facts(memory, "LIKES")[1].id], **Ana)
        with pytest.raises(
            InvalidInputError, match=rf"'Odile' \(person\) is the name of another entity, {split.other_id}"
        ):
            memory.undo(done.change_id)

    def test_any_memory_is_as_before(self, memory: Memory) -> None:
        """Random statements about two people and their merge; the seeds are fixed."""
        for seed in range(20):
            chance = random.Random(seed)
            memory.delete_all(**Ana)
            for month in range(chance.randint(2, 9)):
                subject = chance.choice(["Odile", "Odile (Bibi)", "Beatriz", "Beatriz (Bee)", "Rui"])
                predicate = chance.choice(["LIVES_IN", "MOVED_TO", "LIKES", "HAS_FRIEND", "MARRIED_TO", "VISITED"])
                people = predicate in ("HAS_FRIEND", "MARRIED_TO")
                object_ = chance.choice(["Odile", "Beatriz", "Rui", "Eva"] if people else ["Rome", "Oslo"])
                said = f"{chance.choice(['', '', '', 'not '])}{subject} | {predicate} | {object_}"
                say(memory, said, chance.choice([month % 7, month % 7, 0]))
            try:
                kept, gone = person(memory, "Beatriz").id, person(memory, "Odile").id
            except NotFoundError:
                continue
            before = state(memory)
            done = memory.merge_entities(kept, gone)
            memory.undo(done.change_id)
            assert state(memory) == before, seed


class TestSplitting:
    def test_facts_are_moved_to_a_new_one_and_back(self, memory: Memory) -> None:
        say(memory, "John (Ana's neighbour) | LIKES | tea")
        say(memory, "John (Ana's boss) | LIKES | golf", 1)
        say(memory, "John | LIVES_IN | Rome", 2)
        before = state(memory)
        golf = facts(memory, "LIKES")[1]
        done = memory.split_entity("John", "John Baker", fact_ids=[golf.id], reason="two men", actor="ana", **Ana)
        assert done.other is not None
        assert (done.action, done.entity.aliases, done.fact_ids) == (Action.SPLIT, ("Ana's neighbour",), (golf.id,))
        assert (done.other.name, done.other.type) == ("John Baker", "person")
        assert set(done.other.aliases) == {"John", "Ana's boss"}
        assert current(memory, "John Baker") == ["John likes golf."]
        assert person(memory, "Ana's boss").id == done.other_id
        assert [(row.action, row.reason, row.actor) for row in memory.history(done.other_id)] == [
            (Action.SPLIT, "two men", "ana")
        ]
        say(memory, "John Baker | LIKES | chess", 3)
        undone = memory.undo(done.change_id)
        assert undone.action is Action.UNDONE
        assert current(memory, "John") == [
            "John Baker likes chess.",
            "John likes golf.",
            "John likes tea.",
            "John lives in Rome.",
        ]
        after = state(memory)
        assert {key: value for key, value in after.items() if key in before and key != done.entity.id} == {
            key: value for key, value in before.items() if key != done.entity.id
        }
        assert set(after[done.entity.id]["aliases"]) == {"Ana's neighbour", "Ana's boss", "John Baker"}

    def test_by_messages_what_others_state_too_is_taken_apart(self, memory: Memory) -> None:
        say(memory, "John | LIKES | tea")
        other = say(memory, "John | LIKES | tea", 1)
        say(memory, "John | LIVES_IN | Rome", 2)
        before = state(memory)
        done = memory.split_entity("John", "John Baker", episode_ids=[other], **Ana)
        assert [(f.text, f.support, f.valid_at) for f in memory.entity(done.other_id).facts] == [
            ("John likes tea.", 1, at(1))
        ]
        (kept,) = (fact for fact in memory.entity(done.entity.id).facts if fact.predicate == "LIKES")
        assert (kept.support, kept.valid_at, kept.confidence) == (1, at(0), 0.8)
        memory.undo(done.change_id)
        (joined,) = facts(memory, "LIKES")
        assert (joined.support, joined.valid_at) == (2, at(0))
        assert state(memory)[done.entity.id] == before[done.entity.id]

    def test_each_keeps_its_own_home(self, memory: Memory) -> None:
        say(memory, "John | LIVES_IN | Rome")
        oslo = say(memory, "John | LIVES_IN | Oslo", 1)
        say(memory, "John | LIKES | tea", 2)
        memory.split_entity("John", "John Baker", episode_ids=[oslo], **Ana)
        assert current(memory, "John Baker") == ["John lives in Oslo."]
        assert "John lives in Rome." in [f.text for f in facts(memory, "LIVES_IN") if f.invalid_at is None]

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({}, "no fact about 'John' is named"),
            ({"episode_ids": ["nobody"]}, "there is no episode nobody"),
            ({"fact_ids": ["nothing"]}, "not about 'John': nothing"),
            ({"fact_ids": "nothing"}, "fact_ids must be a list"),
        ],
    )
    def test_what_cannot_be_split(self, memory: Memory, arguments: Any, error: str) -> None:
        say(memory, "John | LIKES | tea")
        say(memory, "John | LIKES | golf")
        with pytest.raises((InvalidInputError, NotFoundError), match=error):
            memory.split_entity("John", "John Baker", **arguments, **Ana)

    def test_not_everything_and_not_by_a_name_that_is_taken(self, memory: Memory) -> None:
        say(memory, "John | LIKES | tea")
        say(memory, "John | LIKES | golf")
        ids = [fact.id for fact in facts(memory, "LIKES")]
        with pytest.raises(InvalidInputError, match="leave some with it"):
            memory.split_entity("John", "John Baker", fact_ids=ids, **Ana)
        with pytest.raises(InvalidInputError, match=r"'John' \(person\) is the name of"):
            memory.split_entity("John", "John", fact_ids=ids[:1], **Ana)


class TestForgetting:
    def test_undoing_brings_nothing_back_that_was_forgotten(self, memory: Memory, tmp_path: Path) -> None:
        secret = say(memory, "Odile (Zyzzogeton) | LIKES | tea")
        say(memory, "Odile | LIVES_IN | Rome", 1)
        say(memory, "Beatriz | LIKES | tea", 2)
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        assert b"zyzzogeton" in bytes_of(tmp_path)
        memory.delete(secret)
        assert b"zyzzogeton" not in bytes_of(tmp_path)
        undone = memory.undo(done.change_id)
        assert undone.other is not None
        assert (undone.other.name, undone.other.aliases) == ("Odile", ())
        assert current(memory, "Odile") == ["Odile lives in Rome."]
        assert [(f.text, f.support) for f in memory.entity("Beatriz", **Ana).facts] == [("Beatriz likes tea.", 1)]

    def test_nor_the_words_of_a_fact_that_was_joined_or_dropped(self, memory: Memory, tmp_path: Path) -> None:
        say(memory, "Odile | LIKES | jazz")
        joined = say(memory, "Odile | VISITED | Zyzzo", 1)
        say(memory, "Beatriz | VISITED | Zyzzo", 1)
        dropped = say(memory, "Odile | HAS_FRIEND | Beatriz", 2)
        say(memory, "Beatriz | LIKES | tea", 2)
        done = memory.merge_entities("Beatriz", "Odile", **Ana)
        visit = facts(memory, "VISITED")[0]
        assert visit.support == 2
        memory.delete(visit.id)
        memory.delete(dropped)
        assert joined not in [episode for fact in facts(memory, "LIKES") for episode in fact.episode_ids]
        for word in (b"zyzzo", b"friend"):
            assert word not in bytes_of(tmp_path)
        memory.undo(done.change_id)
        assert current(memory, "Odile") == ["Odile likes jazz."]

    def test_nor_after_a_split_has_carried_the_fact_away(self, memory: Memory, tmp_path: Path) -> None:
        secret = say(memory, "Odile | LIKES | zyzzo")
        say(memory, "Beatriz | LIKES | zyzzo", 1)
        say(memory, "Beatriz | LIKES | tea", 1)
        say(memory, "Odile | LIKES | jazz", 1)
        memory.merge_entities("Beatriz", "Odile", **Ana)
        fact = next(fact for fact in facts(memory, "LIKES") if "zyzzo" in fact.text)
        memory.split_entity("Beatriz", "Eva", fact_ids=[fact.id], **Ana)
        memory.delete(fact.id)
        assert secret not in {episode.id for episode in memory.pending(**Ana)}
        assert b"zyzzo" not in bytes_of(tmp_path)

    def test_a_name_that_nothing_gives_any_more_is_not_undone(self, memory: Memory, tmp_path: Path) -> None:
        secret = say(memory, "Zyzzo | LIKES | tea")
        say(memory, "Beatriz | LIKES | tea", 2)
        done = memory.merge_entities("Beatriz", "Zyzzo", **Ana)
        memory.delete(secret)
        assert b"zyzzo" not in bytes_of(tmp_path)
        with pytest.raises(InvalidInputError, match="cannot be undone any more"):
            memory.undo(done.change_id)
        assert current(memory, "Beatriz") == ["Beatriz likes tea."]

    def test_whatever_is_forgotten_is_nowhere(self, memory: Memory) -> None:
        """Every message has a name of its own for whom it speaks of; the seeds are fixed."""
        for seed in range(20):
            chance = random.Random(seed)
            memory.delete_all(**Ana)
            told = {}
            for month in range(chance.randint(3, 8)):
                who, word = chance.choice(["Odile", "Beatriz", "Beatriz (Odile;"]), f"zq{seed}x{month}"
                names = f"{who} {word})" if "(" in who else f"{who} ({word})"
                predicate = chance.choice(["LIVES_IN", "MOVED_TO", "LIKES", "VISITED"])
                told[say(memory, f"{names} | {predicate} | {chance.choice(['Rome', 'Oslo'])}", month % 7)] = word
            changes = []
            for _ in range(4):
                step = chance.choice(["merge", "split", "undo", "delete", "delete"])
                try:
                    if step == "merge":
                        changes.append(memory.merge_entities("Beatriz", "Odile", **Ana).change_id)
                    elif step == "split" and told:
                        episode = chance.choice(list(told))
                        name = f"Eva {len(changes)}"
                        changes.append(memory.split_entity("Beatriz", name, episode_ids=[episode], **Ana).change_id)
                    elif step == "undo" and changes:
                        memory.undo(chance.choice(changes))
                    elif step == "delete" and told:
                        episode = chance.choice(list(told))
                        memory.delete(episode)
                        word = told.pop(episode)
                        assert word not in everything(memory), (seed, word)
                except (InvalidInputError, NotFoundError):
                    continue
            for episode, word in told.items():
                memory.delete(episode)
                assert word not in everything(memory), (seed, word)
            assert memory.entities(**Ana) == [], seed


def everything(memory: Memory) -> str:
    """Every record and every change of the space, as text."""
    store = memory._parts.store
    assert isinstance(store, Exportable)
    return f"{list(state(memory).items())} {store.recorded('user/ana', limit=10_000).changes}"

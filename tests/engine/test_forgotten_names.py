"""Forgetting one of several episodes: names, texts, metadata and times that only it gave go with it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factloom import Action, Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import ModelUnavailableError, NotFoundError
from factloom.schemas.records import Entity

PAST = datetime(2025, 1, 1, tzinfo=UTC)


def at(month: int) -> datetime:
    return PAST + timedelta(days=30 * month)


def say(memory: Memory, text: str, month: int, **more: Any) -> str:
    return memory.add(text, user_id="ana", time=at(month), **more).episodes[0].id


def person(memory: Memory, name: str) -> Entity:
    return memory.entity(name, user_id="ana").entity


def current(memory: Memory) -> list[str]:
    return sorted(fact.text for fact in memory.get_all(user_id="ana"))


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()).lower()


class TestNames:
    def test_an_alias_goes_with_the_last_episode_that_gives_it(self, memory: Memory, tmp_path: Path) -> None:
        first = say(memory, "Bea (Zyzzogeton; Bee) | LIKES | tea", 0)
        second = say(memory, "Bea (Bee) | LIKES | tea", 1)
        say(memory, "Bea | LIKES | tea", 2)
        memory.delete(first)
        assert person(memory, "Bea").aliases == ("Bee",)
        with pytest.raises(NotFoundError):
            person(memory, "Zyzzogeton")
        assert b"zyzzogeton" not in bytes_of(tmp_path)
        memory.delete(second)
        assert person(memory, "Bea").aliases == ()

    def test_a_fuller_name_goes_too_and_what_was_said_by_it(self, memory: Memory, tmp_path: Path) -> None:
        say(memory, "Rui | LIKES | tea", 0, session="one")
        fuller = say(memory, "Rui Zyzzogeton | LIKES | jazz", 1, session="one")
        say(memory, "Rui | MOVED_TO | Rome", 2)
        assert "Rui Zyzzogeton lives in Rome." in current(memory)
        memory.delete(fuller)
        assert (person(memory, "Rui").name, person(memory, "Rui").aliases) == ("Rui", ())
        assert current(memory) == ["Rui likes tea.", "Rui lives in Rome.", "Rui moved to Rome."]
        assert b"zyzzogeton" not in bytes_of(tmp_path)
        assert memory.search("Rui lives in Rome", user_id="ana")[0].text == "Rui lives in Rome."

    def test_the_first_name_that_was_made_of_it_goes_with_it(self, memory: Memory) -> None:
        full = say(memory, "Rui Sousa (The Baker) | LIKES | tea", 0)
        say(memory, "The Baker | LIKES | jazz", 1)
        memory.delete(full)
        assert (person(memory, "The Baker").name, person(memory, "The Baker").aliases) == ("The Baker", ())
        with pytest.raises(NotFoundError):
            person(memory, "Rui")

    def test_a_name_that_others_give_stays_however_many_facts_there_are(self, memory: Memory) -> None:
        say(memory, "Rui (Ruca) | LIKES | tea", 0)
        memory.add_facts([("Rui", "LIKES", f"thing {n}") for n in range(250)], user_id="ana", time=at(1))
        again = say(memory, "Ruca | LIKES | jazz", 2)
        memory.delete(again)
        assert (person(memory, "Rui").name, person(memory, "Rui").aliases) == ("Rui", ("Ruca",))

    def test_a_name_is_still_known_to_be_an_episodes_when_its_fact_was_deleted_before(self, memory: Memory) -> None:
        said = say(memory, "Rui (Zyzzogeton) | LIKES | tea\nRui | LIKES | jazz", 0)
        say(memory, "Rui | LIKES | jazz", 1)
        (tea,) = (fact for fact in memory.get_all(user_id="ana") if fact.text == "Rui likes tea.")
        assert memory.delete(tea.id).kept_episode_ids == (said,)
        assert person(memory, "Rui").aliases == ("Zyzzogeton",), "the episode, which still says so, is kept"
        memory.delete(said)
        assert person(memory, "Rui").aliases == ()

    def test_a_name_in_a_statement_that_says_nothing_new(self, memory: Memory) -> None:
        said = say(memory, "Rui | LIKES | tea\nRui (Zyzzogeton) | LIKES | tea", 0)
        say(memory, "Rui | LIKES | tea", 1)
        assert person(memory, "Zyzzogeton").name == "Rui"
        memory.delete(said)
        assert person(memory, "Rui").aliases == ()

    def test_what_is_left_is_kept_without_a_vector_if_the_model_is_away(
        self, open_memory: Callable[..., Memory], tmp_path: Path
    ) -> None:
        class Away(HashingEmbedder):
            away = False

            def embed_documents(self, texts: Any) -> Any:
                if self.away:
                    raise ModelUnavailableError("the service does not answer")
                return super().embed_documents(texts)

        embedder = Away(64)
        memory = open_memory(embedder=embedder)
        first = say(memory, "Rui Zyzzogeton | LIVES_IN | Rome", 0)
        say(memory, "Rui | LIVES_IN | Rome", 1)
        embedder.away = True
        assert not memory.delete(first).residue
        assert current(memory) == ["Rui lives in Rome."]
        assert b"zyzzogeton" not in bytes_of(tmp_path)


class TestRelations:
    def test_who_was_called_so_before_is_called_so_again(self, memory: Memory) -> None:
        say(memory, "Tom (Ana's boyfriend) | LIKES | tea", 0)
        other = say(memory, "Rui (Ana's boyfriend) | LIKES | jazz", 1)
        say(memory, "Rui | LIKES | tea", 2)
        assert person(memory, "Ana's boyfriend").name == "Rui"
        memory.delete(other)
        assert person(memory, "Ana's boyfriend").name == "Tom"
        assert person(memory, "Rui").aliases == ()

    def test_not_if_another_episode_still_calls_another_one_so(self, memory: Memory) -> None:
        say(memory, "Tom (Ana's boyfriend) | LIKES | tea", 0)
        other = say(memory, "Rui (Ana's boyfriend) | LIKES | jazz", 1)
        say(memory, "Rui (Ana's boyfriend) | LIKES | tea", 2)
        memory.delete(other)
        assert person(memory, "Ana's boyfriend").name == "Rui"

    def test_nor_if_the_one_who_was_is_forgotten_as_well(self, memory: Memory) -> None:
        first = say(memory, "Tom (Ana's boyfriend) | LIKES | tea", 0)
        say(memory, "Tom | LIKES | tea", 1)
        other = say(memory, "Rui (Ana's boyfriend) | LIKES | jazz", 2)
        memory.delete(first)
        memory.delete(other)
        assert person(memory, "Tom").aliases == ()


class TestFacts:
    def test_a_text_is_one_of_those_that_are_left(self, memory: Memory, tmp_path: Path) -> None:
        facts = [{"subject": "Rui", "predicate": "LIVES_IN", "object": "Rome", "text": text} for text in ("A zyz", "B")]
        for month, fact in enumerate(facts):
            memory.add_facts([fact], user_id="ana", time=at(month))
        (fact,) = memory.get_all(user_id="ana")
        memory.delete(fact.episode_ids[0])
        (fact,) = memory.get_all(user_id="ana")
        assert (fact.text, fact.support, fact.confidence) == ("B", 1, 1.0)
        assert b"zyz" not in bytes_of(tmp_path)
        assert [hit.text for hit in memory.search("B", user_id="ana", kinds=["fact"])] == ["B"]

    def test_a_text_of_our_own_takes_the_place_of_one_that_was_said(self, memory: Memory, tmp_path: Path) -> None:
        said = {"subject": "Rui Zyz", "predicate": "LIVES_IN", "object": "Rome", "text": "Rui Zyz is a Roman now."}
        memory.add_facts([said], user_id="ana", time=at(0))
        say(memory, "Rui | MOVED_TO | Rome", 0)
        (home,) = (f for f in memory.get_all(user_id="ana") if f.predicate == "LIVES_IN")
        assert home.support == 2
        first = next(id_ for id_ in home.episode_ids if memory.get(id_).content == said["text"])  # type: ignore[union-attr]
        memory.delete(first)
        assert current(memory) == ["Rui lives in Rome.", "Rui moved to Rome."]
        assert b"zyz" not in bytes_of(tmp_path)

    def test_metadata_is_that_of_an_episode_that_is_left(self, memory: Memory, tmp_path: Path) -> None:
        first = say(memory, "I | LIVES_IN | Rome", 0, metadata={"source": "zyzzogeton"})
        say(memory, "I | LIVES_IN | Rome", 1, metadata={"source": "mail"})
        memory.delete(first)
        (fact,) = memory.get_all(user_id="ana", metadata={"source": "mail"})
        assert "zyzzogeton" not in str(fact.metadata)
        assert b"zyzzogeton" not in bytes_of(tmp_path)

    def test_a_beginning_and_a_surer_belief_go_too(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0)
        first = say(memory, "I | LIVES_IN | Rome", 1)
        say(memory, "I | LIVES_IN | Rome", 2)
        memory.delete(first)
        (rome,) = memory.get_all(user_id="ana")
        assert (rome.valid_at, rome.confidence) == (at(2), pytest.approx(0.8))
        assert [f.text for f in memory.search("Ana lives", user_id="ana", as_of=at(1), kinds=["fact"])] == [
            "Ana lives in Lisbon."
        ]

    def test_a_retention_that_another_episode_had_lifted_counts_again(self, memory: Memory, clock: Any) -> None:
        fact = {"subject": "Ana", "predicate": "LIVES_IN", "object": "Rome"}
        until = clock.now + timedelta(days=9)
        memory.add_facts([{**fact, "expires_at": until}], user_id="ana", time=at(0))
        lifted = memory.add_facts([fact], user_id="ana", time=at(1)).episodes[0]
        assert [one.expires_at for one in memory.get_all(user_id="ana")] == [None]
        memory.delete(lifted.id)
        assert [one.expires_at for one in memory.get_all(user_id="ana")] == [until]

    def test_an_end_that_only_it_told_goes(self, memory: Memory) -> None:
        fact = {"subject": "Ana", "predicate": "LIVES_IN", "object": "Rome", "valid_at": at(0)}
        memory.add_facts([fact], user_id="ana", time=at(0))
        over = memory.add_facts([{**fact, "invalid_at": at(3)}], user_id="ana", time=at(4)).episodes[0]
        assert current(memory) == []
        memory.delete(over.id)
        assert current(memory) == ["Ana lives in Rome."]


class TestMerges:
    def test_two_homes_of_one_person_end_each_other_in_order(self, memory: Memory) -> None:
        say(memory, "Ana's sister | LIVES_IN | Faro", 0)
        say(memory, "Bea | LIVES_IN | Rome", 2)
        assert len(current(memory)) == 2
        say(memory, "Bea (Ana's sister) | LIKES | tea", 4)
        assert current(memory) == ["Bea likes tea.", "Bea lives in Rome."]
        rome, faro = (f for f in memory.get_all(user_id="ana", include_history=True) if f.predicate == "LIVES_IN")
        assert (faro.invalid_at, faro.superseded_by) == (at(2), rome.id)
        last = memory.history(faro.id)[-1]
        assert (last.action, last.reason) == (Action.SUPERSEDED, "ended by a newer statement (LIVES_IN)")

    def test_the_newer_may_be_the_one_that_is_taken_over(self, memory: Memory) -> None:
        say(memory, "Bea | LIVES_IN | Rome", 0)
        say(memory, "Ana's sister | LIVES_IN | Faro", 2)
        say(memory, "Bea | LIVES_IN | Oslo", 3)
        say(memory, "Bea (Ana's sister) | LIKES | tea", 4)
        homes = [f for f in memory.get_all(user_id="ana", include_history=True) if f.predicate == "LIVES_IN"]
        assert [(f.text.split()[-1], f.valid_at, f.invalid_at) for f in homes[::-1]] == [
            ("Rome.", at(0), at(2)),
            ("Faro.", at(2), at(3)),
            ("Oslo.", at(3), None),
        ]

    def test_names_are_forgotten_after_a_merge_as_before(self, memory: Memory, tmp_path: Path) -> None:
        first = say(memory, "Zyzzo's sister | LIVES_IN | Faro", 0)
        say(memory, "Bea | LIVES_IN | Faro", 1)
        merging = say(memory, "Bea (Zyzzo's sister) | LIKES | tea", 2)
        (home,) = (f for f in memory.get_all(user_id="ana") if f.predicate == "LIVES_IN")
        assert home.support == 2
        again = say(memory, "Bea (Zyzzo's sister) | LIKES | tea", 3)
        memory.delete(merging)
        assert person(memory, "Bea").aliases == ("Zyzzo's sister",), "another message says so, too"
        memory.delete(first)
        assert person(memory, "Bea").aliases == ("Zyzzo's sister",)
        memory.delete(again)
        assert person(memory, "Bea").aliases == ()
        assert current(memory) == ["Bea lives in Faro."]
        assert b"zyzzo" not in bytes_of(tmp_path)

    def test_two_are_two_again_without_the_message_that_made_them_one(self, memory: Memory) -> None:
        say(memory, "Zyzzo's sister | LIVES_IN | Faro", 0)
        say(memory, "Bea | LIVES_IN | Faro", 1)
        merging = say(memory, "Bea (Zyzzo's sister) | LIKES | tea", 2)
        memory.delete(merging)
        assert person(memory, "Bea").id != person(memory, "Zyzzo's sister").id
        assert [(fact.text, fact.support) for fact in memory.get_all(user_id="ana")] == [
            ("Bea lives in Faro.", 1),
            ("Zyzzo's sister lives in Faro.", 1),
        ]
        say(memory, "Bea (Zyzzo's sister) | LIKES | tea", 4)
        assert person(memory, "Bea").id == person(memory, "Zyzzo's sister").id


def test_a_space_that_is_emptied_begins_anew(memory: Memory, tmp_path: Path) -> None:
    say(memory, "Rui (Zyzzogeton) | LIKES | tea", 0)
    memory.delete_all(user_id="ana")
    assert memory.entities(user_id="ana") == []
    said = say(memory, "Rui | LIKES | tea", 1)
    assert (person(memory, "Rui").aliases, current(memory)) == ((), ["Rui likes tea."])
    assert [change.action for change in memory.history(memory.get_all(user_id="ana")[0].id)] == [Action.ADDED]
    memory.delete(said)
    assert memory.stats().entities == 0


def test_the_source_of_an_edited_fact_goes_without_the_edit(memory: Memory) -> None:
    source = say(memory, "Rui | LIVES_IN | Rome\nRui | LIKES | tea", 0)
    (home,) = (f for f in memory.get_all(user_id="ana") if f.predicate == "LIVES_IN")
    memory.update(home.id, object="Faro")
    memory.delete(source)
    assert current(memory) == []
    assert memory.entities(user_id="ana") == []

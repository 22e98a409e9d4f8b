"""Who is meant by a name: told together and apart by titles, initials, nicknames, relations and the conversation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factloom import Action, Memory
from factloom.schemas.errors import NotFoundError
from factloom.schemas.records import Entity

PAST = datetime(2025, 1, 1, tzinfo=UTC)


def say(memory: Memory, *texts: str, by: str = "Rui", session: str | None = None, day: int = 0) -> str:
    last = ""
    for minute, text in enumerate(texts):
        time = PAST + timedelta(days=day, minutes=minute)
        last = memory.add(text, user_id="rui", name=by, session=session, time=time).episodes[0].id
    return last


def people(memory: Memory) -> list[str]:
    return [entity.name for entity in memory.entities(user_id="rui", types=["person"]) if entity.name != "Rui"]


def called(memory: Memory, name: str) -> Entity:
    return memory.entity(name, user_id="rui").entity


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (("Ana Silva | LIKES | tea", "Dr. Silva | LIKES | jazz"), ["Ana Silva"]),
        (("Dr. Silva | LIKES | jazz", "Ana Silva | LIKES | tea"), ["Ana Silva"]),
        (("Dr. Ana Silva | LIKES | tea", "Ana Silva | LIKES | jazz"), ["Dr. Ana Silva"]),
        (("Ana Silva | LIKES | tea", "A. Silva | LIKES | jazz", "Dr. Silva | LIKES | golf"), ["Ana Silva"]),
        (("A. Silva | LIKES | tea", "Ana Silva | LIKES | jazz"), ["Ana Silva"]),
        (("A. Silva | LIKES | tea", "Bea Silva | LIKES | jazz"), ["A. Silva", "Bea Silva"]),
        (("Ana Silva | LIKES | tea", "Bea Silva | LIKES | tea", "Dr. Silva | LIKES | jazz"), 3),
        (("Ana Silva | LIKES | tea", "Mr. Silva | LIKES | jazz", "Mrs. Silva | LIKES | golf"), 2),
        (("Robert Miller | LIKES | tea", "Bob Miller | LIKES | jazz", "Bob | LIKES | golf"), ["Robert Miller"]),
        (("Robert Miller | LIKES | tea", "Bob | LIKES | golf"), ["Robert Miller"]),
        (("Bob | LIKES | golf", "Robert Miller | LIKES | tea"), ["Bob", "Robert Miller"]),  # nothing else in common
        (("Bob (Rui's boss) | LIKES | golf", "Robert Miller (Rui's boss) | LIKES | tea"), ["Robert Miller"]),
        (("Bob | HAS_FRIEND | Robert",), ["Bob", "Robert"]),
        (("Ana | LIKES | tea", "Ana Silva | LIKES | jazz", "Ana Costa | LIKES | golf"), ["Ana Costa", "Ana Silva"]),
        (("John (Rui's brother) | LIKES | tea", "John (Rui's boss) | LIKES | golf"), ["John", "John (Rui's boss)"]),
        (("John (Rui's friend) | LIKES | tea", "John (Rui's boss) | LIKES | golf"), ["John"]),
        (("Eva (Rui's friend) | LIKES | tea", "Eva (Rui's girlfriend) | LIKES | golf"), ["Eva"]),
        (("John (Rui's brother) | LIKES | tea", "John (Eva's brother) | LIKES | golf"), 2),
    ],
)
def test_how_many_they_are(memory: Memory, said: tuple[str, ...], names: list[str] | int) -> None:
    say(memory, *said)
    assert people(memory) == names if isinstance(names, list) else len(people(memory)) == names


def test_siblings_have_one_brother(memory: Memory) -> None:
    say(memory, "Eva | HAS_SISTER | Ana", "John (Ana's brother) | LIKES | tea", "John (Eva's brother) | LIKES | golf")
    assert people(memory) == ["Ana", "Eva", "John"]


def test_who_is_told_apart_is_found_by_relation_and_gets_a_name_later(memory: Memory) -> None:
    say(memory, "John (Rui's brother) | LIKES | tea", "John (Rui's boss) | LIKES | golf")
    say(memory, "John (Rui's boss) | LIKES | chess", "John Baker (Rui's boss) | LIKES | jazz", day=1)
    boss = called(memory, "Rui's boss")
    assert (boss.name, set(boss.aliases)) == ("John Baker", {"John", "Rui's boss"})
    liked = sorted(fact.text for fact in memory.entity(boss.id).facts)
    assert liked == ["John Baker likes jazz.", "John likes chess.", "John likes golf."]


def test_a_name_that_two_bear_means_whom_the_session_spoke_of(memory: Memory) -> None:
    say(memory, "John Smith | LIKES | tea", session="one")
    say(memory, "John Baker | LIKES | golf", session="two", day=1)
    say(memory, "John | LIVES_IN | Rome", session="two", day=1)
    say(memory, "John | LIVES_IN | Oslo", session="one", day=2)
    homes = {e.name: [f.text for f in memory.entity(e.id).facts] for e in memory.entities(user_id="rui")}
    assert "John lives in Rome." in homes["John Baker"]
    assert "John lives in Oslo." in homes["John Smith"]


def test_nobody_speaks_of_himself_by_name(memory: Memory) -> None:
    say(memory, "I | LIKES | tea", "Rui Silva | LIKES | golf", "Dr. Silva | LIKES | jazz")
    assert [fact.text for fact in memory.entity(called(memory, "Rui").id).facts] == ["Rui likes tea."]
    assert people(memory) == ["Rui Silva"]


def test_why_somebody_is_meant_is_told_and_forgotten_with_the_message(memory: Memory, tmp_path: Path) -> None:
    say(memory, "Robert Zyzzo | LIKES | tea")
    nickname = say(memory, "Bobby Zyzzo | LIKES | golf", day=1)
    who = called(memory, "Robert Zyzzo")
    assert who.aliases == ("Robert", "Bobby Zyzzo")
    (told,) = memory.history(who.id)
    assert (told.action, told.reason, told.episode_id) == (Action.UPDATED, "called by a nickname", nickname)
    memory.delete(nickname)
    assert called(memory, "Robert Zyzzo").aliases == ("Robert",)
    with pytest.raises(NotFoundError):
        called(memory, "Bobby Zyzzo")
    held = b"".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())
    assert b"bobby" not in held.lower()


def test_the_wrong_person_is_taken_out_by_the_message(memory: Memory) -> None:
    say(memory, "Robert Miller | LIKES | tea")
    other = say(memory, "Bob Miller | LIKES | golf", day=1)
    memory.split_entity("Robert Miller", "Bob Miller", episode_ids=[other], user_id="rui")
    say(memory, "Bob Miller | LIKES | jazz", day=2)
    assert sorted(f.text for f in memory.entity("Bob Miller", user_id="rui").facts) == [
        "Bob Miller likes golf.",
        "Bob Miller likes jazz.",
    ]


@pytest.mark.parametrize(
    "turns",
    [
        ["I'm seeing someone new, his name is Max."],
        ["I'm seeing someone new.", "His name is Max."],
        ["I met a guy yesterday. His name is Max and he lives in Rome."],
    ],
)
def test_somebody_new_is_nobody_named_before(turns: list[str]) -> None:
    with Memory(":memory:") as memory:
        for text in ["My boyfriend is called Tim.", "Tim and I broke up three weeks ago.", *turns]:
            memory.add([{"role": "user", "name": "Zoe", "content": text}], user_id="zoe")
        facts = memory.get_all(user_id="zoe", include_history=True)
    assert not [fact.text for fact in facts if "Tim" in fact.text and ("Max" in fact.text or "Rome" in fact.text)]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (("John (Rui's brother) | LIKES | tea", "John Smith | LIKES | golf"), ["John", "John Smith"]),
        (("John (Rui Smith's brother) | LIKES | tea", "John Smith | LIKES | golf"), ["John Smith"]),
        (("John (Rui's boss) | LIKES | tea", "John Smith | LIKES | golf"), ["John Smith"]),
        (("John | LIKES | tea", "John Smith | LIKES | golf"), ["John Smith"]),
    ],
)
def test_whose_first_name_a_full_name_begins_with(memory: Memory, said: tuple[str, ...], names: list[str]) -> None:
    say(memory, *said)
    assert [name for name in people(memory) if not name.startswith("Rui")] == names


def test_a_first_name_alone_joins_nobody_out_of_another_session(memory: Memory) -> None:
    say(memory, "John | LIKES | tea", session="one")
    say(memory, "John Smith | LIKES | golf", session="two", day=30)
    assert people(memory) == ["John", "John Smith"]

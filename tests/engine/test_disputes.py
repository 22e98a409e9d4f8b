"""What different people say of one thing: both are kept with their sources, and it is said that they disagree."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from factloom import Action, Memory
from factloom.schemas.results import AddResult

PAST = datetime(2024, 1, 1, tzinfo=UTC)
ALL = {"user_id": "team"}


def say(memory: Memory, who: str, text: str, day: int) -> AddResult:
    return memory.add(text, name=who, time=PAST + timedelta(days=day), **ALL)


def current(memory: Memory) -> list[str]:
    return sorted(fact.text for fact in memory.get_all(**ALL))


def test_both_are_kept_and_each_says_so(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    result = say(memory, "Rui", "Tom | LIVES_IN | Lisbon", 5)
    (told,) = result.disputed
    assert told.previous is not None
    assert told.reason == "somebody else says: Tom lives in Porto."
    assert result.added == (told.fact,)
    assert current(memory) == ["Tom lives in Lisbon.", "Tom lives in Porto."]
    for fact in memory.get_all(**ALL):
        (row,) = (row for row in memory.history(fact.id) if row.action is Action.DISPUTED)
        assert row.reason == "another speaker says otherwise; both are kept"
    hits = memory.search("Where does Tom live?", kinds=["fact"], **ALL)
    assert {(hit.text, hit.note, hit.sources[0].speaker) for hit in hits} == {
        ("Tom lives in Porto.", "others say otherwise", "Ana"),
        ("Tom lives in Lisbon.", "others say otherwise", "Rui"),
    }
    block = memory.context("Where does Tom live?", **ALL).text
    assert "Tom lives in Porto. (others say otherwise; Ana, 2024-01-01)" in block


def test_whoever_agrees_ends_the_dispute(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    say(memory, "Rui", "Tom | LIVES_IN | Lisbon", 5)
    say(memory, "Rui", "Tom | LIVES_IN | Porto", 6)
    assert current(memory) == ["Tom lives in Porto."]
    (lisbon,) = (f for f in memory.get_all(include_history=True, **ALL) if "Lisbon" in f.text)
    assert lisbon.invalid_at == PAST + timedelta(days=6)
    assert memory.history(lisbon.id)[-1].reason == "nobody says so any more, or who it is about says otherwise"
    assert memory.search("Where does Tom live?", kinds=["fact"], **ALL)[0].note == ""


def test_whom_it_is_about_knows(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    say(memory, "Tom", "Tom | LIVES_IN | Faro", 5)
    assert current(memory) == ["Tom lives in Faro."]
    say(memory, "Rui", "Tom | LIVES_IN | Lisbon", 400)
    assert current(memory) == ["Tom lives in Faro.", "Tom lives in Lisbon."], "he said so himself"
    say(memory, "Tom", "Tom | LIVES_IN | Lisbon", 401)
    assert current(memory) == ["Tom lives in Lisbon."]


@pytest.mark.parametrize(
    ("second", "day", "left"),
    [
        ("Tom | LIVES_IN | Lisbon ## he lives there now", 5, ["Tom lives in Lisbon."]),
        ("Tom | MOVED_TO | Lisbon", 5, ["Tom lives in Lisbon.", "Tom moved to Lisbon."]),
        ("Tom | LIVES_IN | Lisbon", 200, ["Tom lives in Lisbon."]),
        ("not Tom | LIVES_IN | Porto ## he no longer does", 5, []),
        ("no, Tom | LIVES_IN | Lisbon", 5, ["Tom lives in Lisbon."]),
    ],
)
def test_news_is_no_contradiction(memory: Memory, second: str, day: int, left: list[str]) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    say(memory, "Rui", second, day)
    assert current(memory) == left


def test_what_never_changes_is_disputed_however_late_and_corrected_by_who_said_it(memory: Memory) -> None:
    say(memory, "Ana", "Tom | BORN_IN | Porto", 0)
    say(memory, "Rui", "Tom | BORN_IN | Faro", 500)
    assert current(memory) == ["Tom was born in Faro.", "Tom was born in Porto."]
    say(memory, "Rui", "Tom | BORN_IN | Braga", 501)
    assert current(memory) == ["Tom was born in Braga.", "Tom was born in Porto."]
    (faro,) = (f for f in memory.get_all(include_history=True, **ALL) if "Faro" in f.text)
    assert faro.expired_at is not None


def test_the_order_of_arrival_does_not_matter(memory: Memory) -> None:
    say(memory, "Rui", "Tom | LIVES_IN | Lisbon", 5)
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    assert current(memory) == ["Tom lives in Lisbon.", "Tom lives in Porto."]
    assert all(fact.invalid_at is None for fact in memory.get_all(**ALL))


def test_a_denial_by_somebody_else_stands_beside_it(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIKES | jazz", 0)
    result = say(memory, "Rui", "not Tom | LIKES | jazz", 1)
    assert [change.action for change in result.changes] == [Action.DISPUTED]
    assert [fact.predicate for fact in memory.get_all(**ALL)] == ["NOT_LIKES", "LIKES"]
    say(memory, "Ana", "not Tom | LIKES | jazz", 2)
    assert [fact.predicate for fact in memory.get_all(**ALL)] == ["NOT_LIKES"]


def test_what_one_person_says_and_what_is_stated_outright_is_as_before(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    say(memory, "Ana", "Tom | LIVES_IN | Faro", 5)
    assert current(memory) == ["Tom lives in Faro."]
    memory.add_facts([("Tom", "LIVES_IN", "Lisbon")], time=PAST + timedelta(days=6), **ALL)
    assert current(memory) == ["Tom lives in Lisbon."]


def test_without_the_other_message_nobody_disagrees(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    other: Any = say(memory, "Rui", "Tom | LIVES_IN | Lisbon", 5)
    third = say(memory, "Ana", "Tom | LIVES_IN | Faro ## now", 6)
    memory.delete(third.episodes[0].id)
    assert current(memory) == ["Tom lives in Lisbon.", "Tom lives in Porto."], "they stood side by side before"
    memory.delete(other.episodes[0].id)
    assert [(hit.text, hit.note) for hit in memory.search("Where does Tom live?", kinds=["fact"], **ALL)] == [
        ("Tom lives in Porto.", "")
    ]


def test_a_merge_leaves_them_side_by_side(memory: Memory) -> None:
    say(memory, "Ana", "Tom | LIVES_IN | Porto", 0)
    say(memory, "Rui", "Tom | LIVES_IN | Lisbon", 5)
    say(memory, "Rui", "Big Tom | LIKES | tea", 6)
    memory.merge_entities("Tom", "Big Tom", **ALL)
    assert current(memory) == ["Big Tom likes tea.", "Tom lives in Lisbon.", "Tom lives in Porto."]

"""Names and relations of people: which can be one person's."""

import pytest

from factloom.graph.people import PersonName, completes, first_name, relations_conflict, same_person


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Ana Silva", "Dr. Silva", "a title and a surname"),
        ("Ana Silva", "Dr Ana Silva", "a title"),
        ("Ana Silva", "A. Silva", "an initial and a surname"),
        ("Dr. Silva", "A. Silva", "a title and a surname"),
        ("Ana Silva", "B. Silva", None),
        ("Ana Silva", "Bea Silva", None),
        ("Ana Silva", "Ana Costa", None),
        ("Ana Silva", "Ana Maria Silva", "a middle name"),
        ("Ana M. Silva", "Ana Maria Silva", "a middle name"),
        ("Ana Rita Silva", "Ana Maria Silva", None),
        ("Mr. Silva", "Mrs. Silva", None),
        ("Mr. Silva", "Prof. Silva", "a title and a surname"),
        ("Bob Miller", "Robert Miller", "a nickname"),
        ("Bob Miller", "Robert Baker", None),
        ("Bob", "Robert Miller", "a nickname"),
        ("Bob", "Rob", "a nickname"),
        ("Bob", "Bill", None),
        ("Ana", "Ana Silva", "a first name"),
        ("Silva", "Ana Silva", None),
        ("John Smith Jr.", "John Smith", None),
        ("John (Ana's boss)", "John Baker", "a first name"),
    ],
)
def test_why_two_names_can_be_one_persons(one: str, other: str, why: str | None) -> None:
    names = [PersonName.read(name) for name in (one, other)]
    assert names[0] is not None
    assert names[1] is not None
    assert same_person(names[0], names[1]) == same_person(names[1], names[0]) == why


def test_what_is_no_name_of_a_person() -> None:
    assert PersonName.read("Ana's sister") is None
    assert PersonName.read("Dr.") is None
    assert PersonName.read("Dr. Silva") == PersonName(title="dr", surname="silva")


def test_a_name_is_completed_by_one_with_more_parts() -> None:
    assert completes("Ana Silva", "Dr. Silva")
    assert completes("Ana Silva", "A. Silva")
    assert completes("Robert Miller", "Bob")
    assert not completes("Ana Silva", "Ana Maria Silva")
    assert not completes("Bea", "Dr. Silva")


def test_first_names() -> None:
    assert first_name("Dr. Ana Silva") == "Ana"
    assert [first_name(name) for name in ("Ana", "Dr. Silva", "A. Silva", "Ana's sister")] == [None] * 4


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ("Ana's brother", "Ana's boss", True),
        ("Ana's brother", "Ana's cousin", True),
        ("Ana's brother", "Ana's bro", False),
        ("Ana's mum", "Ana’s mother", False),
        ("Ana's boss", "Ana's friend", False),
        ("Ana's friend", "Ana's girlfriend", False),
        ("Ana's girlfriend", "Ana's wife", False),
        ("Ana's wife", "Ana's sister", True),
        ("Ana's twin", "Ana's sister", False),
        ("Ana's brother", "Rui's boss", False),
        ("Johnny", "Ana's boss", False),
    ],
)
def test_what_relations_tell(one: str, other: str, conflict: bool) -> None:
    assert relations_conflict([one], [other]) is relations_conflict([other], [one]) is conflict

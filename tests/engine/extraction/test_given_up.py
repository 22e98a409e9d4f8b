"""What is over beside what a clause tells."""

from __future__ import annotations

import pytest

from .told_to_memory import learned


@pytest.mark.parametrize(
    ("held", "over", "predicate"),
    [
        ("We have a cat called Mia.", "We gave Mia away to my sister.", "HAS_PET"),
        ("We have a cat called Mia.", "We had to rehome Mia.", "HAS_PET"),
        ("I play in a band.", "I left the band.", "MEMBER_OF"),
        ("I'm a member of the chess club.", "I left the chess club.", "MEMBER_OF"),
        ("I'm engaged to Tom.", "We called off the wedding.", "ENGAGED_TO"),
        ("I take ibuprofen.", "I stopped taking ibuprofen.", "TAKES"),
        ("I'm in hospital.", "I'm out of hospital now.", "IS_IN"),
        ("I study law at Leeds.", "I dropped out.", "STUDIES"),
        ("I study law at Leeds.", "I dropped out last month.", "STUDIES_AT"),
        ("My mum works at Bosch.", "My mum retired.", "WORKS_FOR"),
        ("I have a Netflix subscription.", "I cancelled my Netflix subscription.", "HAS"),
    ],
)
def test_it_is_over(held: str, over: str, predicate: str) -> None:
    facts = [fact for fact in learned(held, over) if fact.predicate == predicate]
    assert len(facts) == 1
    assert facts[0].invalid_at is not None


@pytest.mark.parametrize(
    ("held", "said", "predicate"),
    [
        ("We have a cat called Mia.", "I gave Mia a bath.", "HAS_PET"),
        ("We have a cat called Mia.", "We never gave Mia away.", "HAS_PET"),
        ("I'm a member of the chess club.", "I left the house.", "MEMBER_OF"),
        ("I'm engaged to Tom.", "We called off the party.", "ENGAGED_TO"),
        ("I take ibuprofen.", "I stopped taking the bus.", "TAKES"),
        ("My mum works at Bosch.", "My dad retired.", "WORKS_FOR"),
        ("My mum works at Bosch.", "My mum will retire next year.", "WORKS_FOR"),
    ],
)
def test_it_goes_on(held: str, said: str, predicate: str) -> None:
    facts = [fact for fact in learned(held, said) if fact.predicate == predicate]
    assert facts
    assert all(fact.invalid_at is None for fact in facts)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I have to finish my thesis by next Friday.", "Zoe plans to finish their thesis by 6 June 2025."),
        ("I have to finish my thesis by the end of May.", "Zoe plans to finish their thesis by the end of May 2026."),
    ],
)
def test_a_deadline_is_told_once(text: str, told: str) -> None:
    assert not any(" by on " in fact.text or " by in " in fact.text for fact in learned(text)), told

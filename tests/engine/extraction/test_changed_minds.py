"""Tastes, studies and plans that are told to be over, or to be others by now."""

from __future__ import annotations

import pytest

from .told_to_memory import learned


@pytest.mark.parametrize(
    ("held", "over", "predicate"),
    [
        ("I love coffee.", "I don't really do coffee anymore", "LIKES"),
        ("I drink coffee every morning.", "I don't do coffee any more.", "DRINKS"),
        ("I love coffee.", "I'm off coffee", "LIKES"),
        ("I drink coffee every morning.", "I'm done with coffee.", "DRINKS"),
        ("I love coffee.", "I've gone off coffee.", "LIKES"),
        ("I love Instagram.", "I'm done with Instagram.", "LIKES"),
        ("I play football.", "I'm done with football.", "PLAYS"),
        ("I'm learning Dutch.", "I gave up on Dutch.", "LEARNS"),
        ("I'm learning the guitar.", "I've given up on the guitar.", "LEARNS"),
        ("I drink coffee every day.", "I've switched from coffee to tea.", "DRINKS"),
        ("I drink coffee every day.", "I swapped coffee for tea.", "DRINKS"),
    ],
)
def test_it_is_over(held: str, over: str, predicate: str) -> None:
    facts = [fact for fact in learned(held, over) if fact.predicate == predicate]
    assert len(facts) == 1
    assert facts[0].invalid_at is not None


@pytest.mark.parametrize(
    "said",
    [
        "I'm off work today.",
        "I'm done with work.",
        "I don't do coffee in the evening.",
        "I'm not done with coffee.",
        "My sister is off coffee.",
        "I'm done with the coffee machine.",
        "The alarm went off.",
    ],
)
def test_the_taste_stays(said: str) -> None:
    [likes] = [f for f in learned("I love coffee.", said) if f.predicate == "LIKES" and f.text == "Zoe likes coffee."]
    assert likes.invalid_at is None


@pytest.mark.parametrize(
    "said",
    ["I switched to medicine.", "I switched from law to medicine.", "I've changed my degree to medicine."],
)
def test_the_new_subject_takes_the_place_of_the_old(said: str) -> None:
    held = {fact.text: fact.invalid_at for fact in learned("I study law.", said) if fact.predicate == "STUDIES"}
    assert held["Zoe studies law."] is not None
    assert held["Zoe studies medicine."] is None


@pytest.mark.parametrize("said", ["I switched to Vodafone.", "I'd switch to medicine.", "I didn't switch to medicine."])
def test_other_switches_leave_the_subject(said: str) -> None:
    [studies] = [fact for fact in learned("I study law.", said) if fact.predicate == "STUDIES"]
    assert studies.invalid_at is None


@pytest.mark.parametrize(
    "said",
    [
        "Tom and I are back together.",
        "I'm back together with Tom.",
        "Tom and I got back together.",
        "I'm back with Tom.",
    ],
)
def test_a_couple_is_one_again(said: str) -> None:
    bonds = [f for f in learned("Tom is my boyfriend.", "Tom and I broke up.", said) if f.predicate == "HAS_PARTNER"]
    assert sorted(bond.invalid_at is None for bond in bonds) == [False, True]


@pytest.mark.parametrize("said", ["I'm back with Tom in the office.", "Tom and I are back in Rome.", "Tom is back."])
def test_who_is_back_is_no_partner(said: str) -> None:
    bonds = [f for f in learned("Tom is my boyfriend.", "Tom and I broke up.", said) if f.predicate == "HAS_PARTNER"]
    assert [bond.invalid_at is None for bond in bonds] == [False]


@pytest.mark.parametrize(
    ("held", "over", "predicate"),
    [
        ("Eva is my friend.", "Eva and I aren't friends anymore.", "HAS_FRIEND"),
        ("Eva is my friend.", "I'm not friends with Eva any more.", "HAS_FRIEND"),
        ("Eva is my friend.", "Me and Eva are no longer friends", "HAS_FRIEND"),
        ("Eva is my friend.", "Eva is no longer my friend.", "HAS_FRIEND"),
        ("My girlfriend is Ana.", "Ana and I aren't together anymore.", "HAS_PARTNER"),
        ("My girlfriend is Ana.", "My girlfriend isn't Ana any more.", "HAS_PARTNER"),
        ("My boss is Rita.", "My boss isn't Rita anymore.", "HAS_BOSS"),
        ("My boss is Rita.", "My boss used to be Rita.", "HAS_BOSS"),
        ("My boss is Rita.", "Rita used to be my boss.", "HAS_BOSS"),
        ("Tom is a nurse.", "Tom used to be a nurse.", "HAS_JOB"),
    ],
)
def test_the_bond_is_over(held: str, over: str, predicate: str) -> None:
    facts = [fact for fact in learned(held, over) if fact.predicate == predicate]
    assert [fact.invalid_at is None for fact in facts] == [False]


@pytest.mark.parametrize(
    "said", ["Ana and I aren't together this weekend.", "Ana isn't my friend.", "Ana and I aren't tired any more."]
)
def test_the_bond_holds(said: str) -> None:
    facts = [fact for fact in learned("My girlfriend is Ana.", said) if fact.predicate == "HAS_PARTNER"]
    assert [fact.invalid_at is None for fact in facts] == [True]


@pytest.mark.parametrize("said", ["Leo was demoted to assistant manager.", "Leo got demoted to clerk."])
def test_who_is_demoted_has_another_job(said: str) -> None:
    jobs = {f.text: f.invalid_at is None for f in learned("Leo is a manager.", said) if f.predicate == "HAS_JOB"}
    assert jobs.pop("Leo works as a manager.") is False
    assert list(jobs.values()) == [True]


@pytest.mark.parametrize("said", ["Sorry, not Tom, Tim.", "No wait, not Tom, Tim.", "Oops, not Tom, but Tim"])
def test_the_wrong_name_may_come_first(said: str) -> None:
    told = {fact.text: fact.expired_at is None for fact in learned("My brother is called Tom.", said)}
    assert told == {"Zoe's brother is called Tom.": False, "Zoe's brother is called Tim.": True}


@pytest.mark.parametrize(
    ("held", "moved", "told"),
    [
        ("I have an exam on 5 July.", "The exam got postponed to 12 July.", "The exam is planned for 12 July."),
        (
            "My wedding is on 5 September.",
            "The wedding's been moved to October.",
            "The wedding is planned for October 2025.",
        ),
        (
            "My wedding is on 5 September.",
            "We had to push back the wedding to October.",
            "Zoe's wedding is in October 2025.",
        ),
        (
            "I have a dentist appointment on Tuesday.",
            "I moved my dentist appointment to Thursday.",
            "Zoe's dentist appointment is on 5 June 2025.",
        ),
        ("The demo is on the 24th.", "They moved the demo to the 29th", "The demo is planned for 29 June."),
        ("I have an exam on 5 July.", "My exam was postponed.", ""),
    ],
)
def test_a_plan_is_moved_to_another_day(held: str, moved: str, told: str) -> None:
    plans = {f.text: f.invalid_at is None for f in learned(held, moved) if f.predicate in ("PLANS", "PLANNED_FOR")}
    assert [text for text, open_ in plans.items() if open_] == ([told] if told else [])


@pytest.mark.parametrize(
    ("held", "off"),
    [
        ("I plan to fly to Rome in August.", "The trip to Rome is cancelled."),
        ("We're flying to Rome in August.", "We're not going to Rome after all."),
        ("We're flying to Rome in August.", "We decided not to go to Rome."),
        ("We're flying to Rome in August.", "I won't be going to Rome after all"),
        ("We're flying to Rome in August.", "We called off the trip to Rome"),
        ("We're flying to Rome in August.", "I'm no longer going to Rome."),
        ("I'm moving to Porto in May.", "I'm not moving to Porto after all."),
        ("I'm moving to Porto in May.", "I'm not moving to Porto anymore."),
        ("I'm running a marathon in May.", "I'm not doing the marathon after all."),
    ],
)
def test_a_plan_is_called_off(held: str, off: str) -> None:
    plans = [fact for fact in learned(held, off) if fact.predicate == "PLANS_TO"]
    assert [plan.invalid_at is None for plan in plans] == [False]


@pytest.mark.parametrize(
    "said",
    [
        "We're not going to Paris after all.",
        "We moved the sofa to the kitchen.",
        "The concert was postponed to 12 July.",
        "I decided to go to Rome.",
        "We're not going to Rome tonight.",
        "The exam wasn't postponed.",
    ],
)
def test_other_plans_stand(said: str) -> None:
    facts = learned("We're flying to Rome in August.", "I have an exam on 5 July.", said)
    plans = [
        f for f in facts if f.text in ("Zoe plans to fly to Rome in August 2025.", "Zoe has an exam on 5 July 2025.")
    ]
    assert [plan.invalid_at is None for plan in plans] == [True, True]


@pytest.mark.parametrize(
    ("held", "said", "predicate", "over"),
    [
        ("I work for Bosch.", "Bosch let me go.", "WORKS_FOR", True),
        ("I work for Bosch.", "Today was my last day at Bosch.", "WORKS_FOR", True),
        ("I work for Bosch.", "Tom let me go.", "WORKS_FOR", False),
        ("I work for Bosch.", "Bosch let me go home early.", "WORKS_FOR", False),
        ("I live with Eva.", "I live alone now.", "LIVES_WITH", True),
        ("I live with Eva.", "I don't live alone now.", "LIVES_WITH", False),
        ("My favourite food is sushi.", "I've gone off sushi.", "FAVOURITE_FOOD", True),
        ("I have asthma.", "I don't have asthma any more.", "HAS_CONDITION", True),
        ("I study law at Leeds.", "I graduated from Leeds.", "STUDIES", True),
        ("I want to become a doctor.", "I don't want to be a doctor anymore.", "WANTS_TO", True),
        ("I want to become a doctor.", "I don't want to be a nurse anymore.", "WANTS_TO", False),
        ("I'm a member of the chess club.", "I'm not in the chess club anymore.", "MEMBER_OF", True),
        ("I'm a member of the chess club.", "I'm not in the mood anymore.", "MEMBER_OF", False),
    ],
)
def test_what_is_told_otherwise_is_over(held: str, said: str, predicate: str, over: bool) -> None:
    [fact] = [fact for fact in learned(held, said) if fact.predicate == predicate]
    assert (fact.invalid_at is not None) is over

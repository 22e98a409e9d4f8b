"""Roles and homes that are given up."""

from __future__ import annotations

import pytest

from .told_to_memory import learned_by_text


@pytest.mark.parametrize(
    ("held", "over"),
    [
        ("They promoted Nina to CFO.", "Nina is no longer the CFO."),
        ("Nina is the CFO at Bosch.", "Nina is no longer CFO."),
        ("Nina is a CFO.", "Nina isn't the CFO any more."),
        ("Nina works as a CFO.", "Nina resigned as CFO."),
        ("Nina is the CFO.", "Nina stepped down as CFO."),
        ("Nina is a CFO.", "Nina was fired as CFO."),
        ("Nina is a manager.", "Nina was demoted."),
        ("I'm a nurse at Elm Hospital.", "I'm no longer a nurse."),
        ("I work as a teacher at Elm School.", "I quit my job as a teacher."),
        ("Nina is a teacher.", "Nina retired as a teacher."),
    ],
)
def test_a_role_given_up_is_over(held: str, over: str) -> None:
    jobs = [fact for fact in learned_by_text(held, over).values() if fact.predicate == "HAS_JOB"]
    assert jobs
    assert all(fact.invalid_at is not None for fact in jobs)


@pytest.mark.parametrize(
    "said",
    [
        "Nina was not demoted.",
        "Nina quit smoking as a result.",
        "Nina left as soon as she could.",
        "Nina is no longer tired.",
        "Nina is no longer a vegetarian.",
        "Nina might step down as CFO.",
        "Tom resigned as CFO.",
    ],
)
def test_other_words_leave_it(said: str) -> None:
    found = learned_by_text("Nina is the CFO.", said)
    assert found["Nina works as a CFO."].invalid_at is None


@pytest.mark.parametrize(
    ("held", "moved"),
    [
        ("My dad lives in Oslo.", "My dad moved in with us."),
        ("I live in Oslo.", "I moved back in with my parents."),
        ("I live in Oslo.", "I moved back home."),
        ("I live in Oslo.", "I moved out of Oslo."),
        ("Bea lives in Oslo.", "Bea moved away."),
        ("I live with Tom.", "I moved out."),
        ("I live with Tom.", "Tom moved out."),
        ("I live with Tom.", "I moved out of Tom's place."),
        ("I live with my parents.", "I moved out of my parents' house."),
    ],
)
def test_a_move_without_a_place_ends_the_home(held: str, moved: str) -> None:
    homes = [f for f in learned_by_text(held, moved).values() if f.predicate in ("LIVES_IN", "LIVES_WITH")]
    assert any(home.invalid_at is not None for home in homes)
    assert all(home.invalid_at is not None for home in homes if home.predicate == "LIVES_IN")


@pytest.mark.parametrize(
    ("held", "moved"),
    [
        ("I live in Oslo.", "I moved in with my boyfriend."),
        ("I live in Oslo.", "I'm moving out of Oslo next month."),
        ("I live in Oslo.", "I moved my desk out."),
        ("I live in Oslo.", "I never moved back home."),
        ("I live in Oslo. My dad lives in Oslo.", "My dad moved in with me."),
    ],
)
def test_a_move_that_leaves_the_home(held: str, moved: str) -> None:
    homes = [f for f in learned_by_text(held, moved).values() if f.predicate == "LIVES_IN"]
    assert all(home.invalid_at is None for home in homes)


def test_who_moved_in_lives_there() -> None:
    assert learned_by_text("My dad moved in with us.")["Zoe's dad lives with Zoe."].invalid_at is None

"""Times of explicit facts: what cannot be meant is refused before anything is stored."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from factloom.engine.explicit import FactInput, read_facts
from factloom.schemas.errors import InvalidInputError

TRIPLE = {"subject": "Ana", "predicate": "LIVES_IN", "object": "Porto"}


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            {"valid_at": datetime(2024, 1, 1, tzinfo=UTC), "invalid_at": datetime(2020, 1, 1, tzinfo=UTC)},
            "before valid_at",
        ),
        ({"valid_at": datetime(1, 1, 2, tzinfo=UTC)}, "the year 1;"),
        ({"valid_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "cannot be"),
    ],
)
def test_times_that_cannot_be_meant_are_refused(times: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"fact 1.*{message}"):
        read_facts([TRIPLE, {**TRIPLE, **times}])


def test_a_ready_made_input_is_checked_too() -> None:
    backwards = FactInput(
        **TRIPLE, valid_at=datetime(2024, 1, 1, tzinfo=UTC), invalid_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(InvalidInputError, match="before valid_at"):
        read_facts([backwards])


def test_an_end_alone_is_fine() -> None:
    (fact,) = read_facts([{**TRIPLE, "invalid_at": datetime(2020, 1, 1, tzinfo=UTC)}])
    assert fact.valid_at is None

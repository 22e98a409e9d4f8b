from __future__ import annotations

import pytest
from pydantic import ValidationError

from factloom.schemas.search import PathStep
from factloom.schemas.spaces import Labels
from factloom.schemas.trusted import trusted


def test_it_is_the_record_that_a_check_would_have_let_through() -> None:
    values = {"edge": None, "kind": "fact", "id": "f", "label": "Ana lives in Lisbon.", "found_by": "vector"}
    made, checked = trusted(PathStep, **values), PathStep(**values)
    assert made == checked
    assert hash(made) == hash(checked)
    assert made.model_dump_json() == checked.model_dump_json()
    assert made.model_copy(update={"label": "?"}).label == "?"
    assert made.model_fields_set == checked.model_fields_set


def test_it_cannot_be_changed_either() -> None:
    made = trusted(Labels, user_id="ana", agent_id=None, run_id=None)
    with pytest.raises(ValidationError):
        made.user_id = "bea"  # type: ignore[misc]

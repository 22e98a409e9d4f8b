import pytest
from hypothesis import given
from hypothesis import strategies as st

from factloom.schemas.naming import normalise_name, to_predicate


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ana", "ana"),
        ("  The   Blue Bottle  ", "blue bottle"),
        ("Ana's", "ana"),
        ("Café!", "café"),
        ("ＡＮＡ", "ana"),
        ("C#", "c#"),
        ("!?", "!?"),
        ("an", "an"),
    ],
)
def test_keys(name: str, key: str) -> None:
    assert normalise_name(name) == key


@given(st.text(min_size=1))
def test_a_key_is_stable_and_not_empty(name: str) -> None:
    key = normalise_name(name)
    assert normalise_name(key) == key
    assert key or not name.strip()


@pytest.mark.parametrize(
    ("relation", "predicate"),
    [
        ("lives in", "LIVES_IN"),
        ("was published by", "WAS_PUBLISHED_BY"),
        ("LIVES_IN", "LIVES_IN"),
        ("né à", "NE_A"),
        ("住む", "RELATED_TO"),
        ("2nd of", "ND_OF"),
        ("x" * 100, "X" * 64),
    ],
)
def test_predicates(relation: str, predicate: str) -> None:
    assert to_predicate(relation) == predicate


@given(st.text())
def test_any_relation_gives_a_valid_predicate(relation: str) -> None:
    predicate = to_predicate(relation)
    assert predicate[0].isupper()
    assert len(predicate) <= 64
    assert predicate.isascii()
    assert to_predicate(predicate) == predicate

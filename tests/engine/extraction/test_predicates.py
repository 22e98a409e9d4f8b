"""The extractor's table of predicates beside the core ontology, read without a language model."""

import pytest

from factloom.engine.extraction.predicates import TABLE, predicate_table, read_table
from factloom.schemas.errors import ConfigurationError
from factloom.schemas.ontology import PredicateSpec, core_ontology
from factloom.schemas.records import Category

MEANING = set(PredicateSpec.model_fields) - {"name"} | {"subject", "object", "excludes"}


def test_every_predicate_that_is_said_is_one_of_the_core() -> None:
    table, core = predicate_table(), core_ontology()
    said = {
        *table.predicates,
        *(pattern.predicate for pattern in table.verbs.values()),
        *(relation.predicate for relation in table.relations.values()),
        *table.adjectives.values(),
        *(predicate.denied for predicate in table.predicates.values() if predicate.denied),
    }
    assert sorted(name for name in said if name not in core) == []


def test_no_meaning_stands_in_the_extraction_table() -> None:
    columns = {line.partition(" =")[0] for line in TABLE.read_text(encoding="utf-8").splitlines() if " = " in line}
    assert columns & MEANING == set()


def test_what_a_predicate_means_comes_from_the_core() -> None:
    table = predicate_table()
    assert table.get("MOVED_TO").category is Category.EPISODIC
    assert table.get("MOVED_TO").object == "place"
    assert table.relations["cat"].object == "animal"
    assert table.get("FAVOURITE_COLOUR").category is Category.PREFERENCE
    assert table.get("BORROW_FROM").text is None


def test_what_is_denied_is_ended() -> None:
    """Saying the opposite and stating a thing afterwards must not leave both standing."""
    core = core_ontology()
    for predicate in predicate_table().predicates.values():
        if predicate.denied:
            assert predicate.denied in core[predicate.name].ends


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('relation = []\n[[predicate]]\nname = "LIVES_IN"\ncardinality = "one"', "cardinality"),
        ('relation = []\n[[predicate]]\nname = "NO_SUCH"', "NO_SUCH"),
        ('predicate = []\n[[relation]]\nname = "HAS_SHADOW"\nnouns = ["shadow"]', "HAS_SHADOW"),
        ("predicate = ", "cannot be used"),
    ],
)
def test_a_table_that_means_or_names_more_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_table(text, core_ontology())

import pytest

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.ontology import Ontology, PredicateSpec, core_ontology
from factloom.schemas.records import Category


def test_the_core_is_consistent() -> None:
    ontology = core_ontology()
    for name in ontology.names():
        spec = ontology[name]
        assert spec.phrase, f"{name} has no words"
        if spec.inverse:
            assert ontology[spec.inverse].inverse == name
            assert spec.canonical != ontology[spec.inverse].canonical


def test_functional_predicates() -> None:
    ontology = core_ontology()
    assert ontology["LIVES_IN"].cardinality == "one"
    assert ontology["LIKES"].cardinality == "many"
    assert ontology["MOVED_TO"].implies == ("LIVES_IN",)


def test_favourites_are_one_of_a_kind() -> None:
    spec = core_ontology()["FAVOURITE_COLOUR"]
    assert spec.cardinality == "one"
    assert spec.category is Category.PREFERENCE
    assert spec.sentence("Ana", "green") == "Ana has the favourite colour green."


@pytest.mark.parametrize("name", ["HAS_PARTNER", "HAS_BOSS", "HAS_AGE", "FOLLOWS_DIET", "KIND_OF_ANIMAL", "HAS_WIFE"])
def test_what_extraction_says_of_one_thing_at_a_time_is_functional(name: str) -> None:
    assert core_ontology()[name].cardinality == "one"


def test_a_predicate_does_not_end_what_it_states() -> None:
    ontology = core_ontology()
    for name in ontology.names():
        spec = ontology[name]
        assert name not in spec.ends
        assert not set(spec.implies) & set(spec.ends)
        for implied in spec.implies:
            assert name not in ontology[implied].ends


def test_an_unknown_predicate_holds_many_objects() -> None:
    assert core_ontology()["ADMIRES"] == PredicateSpec(name="ADMIRES")


def test_a_negated_predicate_takes_after_its_positive() -> None:
    assert core_ontology()["NOT_LIKES"].category is Category.PREFERENCE
    assert Ontology.opposite("NOT_LIKES") == "LIKES"
    assert Ontology.opposite("LIKES") == "NOT_LIKES"


def test_a_reference_to_nowhere_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="NO_SUCH"):
        Ontology([PredicateSpec(name="MOVED_TO", implies=("NO_SUCH",))])


def test_sentences() -> None:
    assert core_ontology()["LIVES_IN"].sentence("Ana", "Porto") == "Ana lives in Porto."
    assert core_ontology()["ADMIRES_MUCH"].sentence("Ana", "Bea") == "Ana admires much Bea."

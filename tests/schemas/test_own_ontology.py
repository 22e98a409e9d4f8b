"""Types and predicates of users' own: what is taken, and what is refused in which words."""

from pathlib import Path
from typing import Any

import pytest

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.ontology import EntityType, PredicateSpec, Said, core_ontology
from factloom.schemas.own_ontology import OntologySettings, build_ontology, own_names
from factloom.schemas.settings import load_settings

SHIPS = """
[type.ship]
description = "a vessel with a name"
kind_of = "product"

[predicate.SKIPPER_OF]
subject_type = "person"
object_type = "ship"
cardinality = "one"
inverse = "HAS_SKIPPER"
said.verbs = ["skipper", "take+over"]
"""


def test_without_any_it_is_the_core() -> None:
    assert build_ontology(OntologySettings()) is core_ontology()
    assert own_names(core_ontology()) == ([], [])


def test_a_file_and_models_say_the_same(tmp_path: Path) -> None:
    file = tmp_path / "ships.toml"
    file.write_text(SHIPS)
    read = build_ontology(OntologySettings(file=file))
    models: dict[str, Any] = {
        "type": [EntityType(name="ship", description="a vessel with a name", kind_of="product")],
        "predicate": [
            PredicateSpec(
                name="SKIPPER_OF",
                subject_type="person",
                object_type="ship",
                cardinality="one",
                inverse="HAS_SKIPPER",
                said=Said(verbs=("skipper", "take+over")),
            )
        ],
    }
    made = build_ontology(OntologySettings(**models))
    assert [read[name] for name in read.names()] == [made[name] for name in made.names()]
    assert dict(read.types) == dict(made.types)
    assert own_names(read) == (["ship"], ["HAS_SKIPPER", "SKIPPER_OF"])


def test_settings_are_over_the_file_and_the_core(tmp_path: Path) -> None:
    (tmp_path / "ships.toml").write_text(SHIPS)
    settings = load_settings(
        ontology={
            "file": str(tmp_path / "ships.toml"),
            "predicate": {"SKIPPER_OF": {"cardinality": "many"}, "WORKS_FOR": {"cardinality": "many"}},
        }
    )
    ontology = build_ontology(settings.ontology)
    assert ontology["SKIPPER_OF"].cardinality == ontology["WORKS_FOR"].cardinality == "many"
    assert ontology["SKIPPER_OF"].object_type == "ship"
    assert ontology["WORKS_FOR"].phrase == core_ontology()["WORKS_FOR"].phrase
    assert core_ontology()["WORKS_FOR"].cardinality == "one"


def test_the_inverse_is_made_where_it_is_not_defined() -> None:
    ontology = build_ontology(
        OntologySettings(predicate={"SKIPPER_OF": {"inverse": "HAS_SKIPPER", "object_type": "work"}})
    )
    inverse = ontology["HAS_SKIPPER"]
    assert (inverse.inverse, inverse.canonical, inverse.subject_type) == ("SKIPPER_OF", False, "work")


def test_kinds_of_types_agree() -> None:
    ontology = build_ontology(OntologySettings(type={"yacht": {"kind_of": "ship"}, "ship": {"kind_of": "product"}}))
    assert ontology.wider("yacht") == ("yacht", "ship", "product")
    assert ontology.types_agree("yacht", "product")
    assert ontology.types_agree("yacht", "thing")
    assert not ontology.types_agree("yacht", "place")
    assert ontology.narrower("product", "yacht") == ontology.narrower("yacht", "product") == "yacht"
    assert ontology.narrower("thing", "ship") == "ship"


@pytest.mark.parametrize(
    ("predicate", "error"),
    [
        ({"sails": {}}, "predicate sails: name: must be in UPPER_SNAKE_CASE"),
        ({"SAILS": {"cardinality": "two"}}, "predicate SAILS: cardinality: Input should be 'one' or 'many'"),
        ({"SAILS": {"colour": "red"}}, "predicate SAILS: colour: there is no such field"),
        ({"SAILS": {"category": "salty"}}, "predicate SAILS: category: Input should be 'semantic'"),
        ({"SAILS": {"object_type": "ship"}}, r"object_type 'ship' is not defined; define it with \[type.ship\]"),
        ({"SAILS": {"implies": ["OWNED"]}}, "predicate SAILS: implies OWNED, which is not defined"),
        ({"SAILS": {"ends": ["SAILS"]}}, "predicate SAILS: it ends itself"),
        ({"SAILS": {"implies": ["FLOATS"]}, "FLOATS": {"implies": ["SAILS"]}}, "it implies itself, by way of FLOATS"),
        ({"SAILS": {"symmetric": True, "inverse": "SAILED_BY"}}, "it is symmetric, so it is its own inverse"),
        ({"SAILS": {"symmetric": True, "object_type": "place"}}, "symmetric, but subject and object are of different"),
        ({"SAILS": {"inverse": "LIKES"}}, r"its inverse LIKES has the inverse \(none\); each must name the other"),
        ({"SAILS": {"inverse": "SAILED"}, "SAILED": {"inverse": "SAILS"}}, "both are canonical, of it and SAILED"),
        ({"SAILS": {"canonical": False}}, "canonical = false says that its inverse is stored; name the inverse"),
        ({"NOT_SAILS": {}}, "names that begin with NOT_ or FAVOURITE_ have a meaning of their own"),
        ({"SAILS": {"said": {"verbs": ["Sail On!"]}}}, r"said.verbs 'Sail On!' must be \"lemma\""),
        ({"SAILS": {"said": {"adjectives": ["keen"]}}}, "said.adjectives 'keen' must be \"adjective preposition\""),
        ({"SAILS": {"said": {"nouns": ["Skipper"]}}}, "said.nouns 'Skipper' must be a noun in the singular"),
        ({"SAILS": {"said": {"text": "{s} sails."}}}, "said.text must hold {s} and {o}"),
        ({"SAILS": {"said": {"text": "{s} sails {o} {x}."}}}, "and besides them only {a} and {when}"),
        ({"SAILS": {"said": {"denied": "SINKS"}}}, "said.denied SINKS is not defined"),
        ({"SAILS": {"said": {"past": "long ago"}}}, "predicate SAILS: said.past: Input should be 'closed', 'same'"),
    ],
)
def test_what_is_wrong_with_a_predicate_is_said(predicate: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigurationError, match=error):
        build_ontology(OntologySettings(predicate=predicate))


@pytest.mark.parametrize(
    ("type_", "error"),
    [
        ({"Ship": {}}, "type Ship: name: must be in small letters"),
        ({"ship": {"kind_of": "vessel"}}, "type ship: it is a kind of vessel, which is not defined"),
        ({"a": {"kind_of": "b"}, "b": {"kind_of": "a"}}, "it is a kind of itself"),
        ({"ship": {"colour": "red"}}, "type ship: colour: there is no such field"),
    ],
)
def test_what_is_wrong_with_a_type_is_said(type_: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigurationError, match=error):
        build_ontology(OntologySettings(type=type_))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[predicates.SAILS]", r"has predicates; write \[type.NAME\] and \[predicate.NAME\] tables"),
        ("predicate = 5", r"predicate must be tables, \[predicate.NAME\]"),
        ("[predicate", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=error):
        build_ontology(OntologySettings(file=file))
    with pytest.raises(ConfigurationError, match="cannot read the ontology file"):
        build_ontology(OntologySettings(file=tmp_path / "missing.toml"))


def test_settings_refuse_what_is_no_table() -> None:
    with pytest.raises(ConfigurationError, match=r"ontology\.predicate"):
        load_settings(ontology={"predicate": 5})
    with pytest.raises(ConfigurationError, match="each of the list must be a model, or a table with a name"):
        load_settings(ontology={"predicate": [{"cardinality": "one"}]})
    with pytest.raises(ConfigurationError, match=r"ontology\.words"):
        load_settings(ontology={"words": {}})

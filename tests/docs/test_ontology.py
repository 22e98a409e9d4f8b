"""docs/ontology.md: its tables hold what the core has, and what it shows can be used."""

import re
import tomllib
from pathlib import Path

from factloom.schemas.ontology import PredicateSpec, Said, core_ontology
from factloom.schemas.own_ontology import OntologySettings, build_ontology

TEXT = (Path(__file__).parents[2] / "docs" / "ontology.md").read_text(encoding="utf-8")


def test_every_type_is_in_the_table() -> None:
    core = core_ontology()
    rows = re.findall(r"^\| `([a-z]+)` \| (.+?) \| (.*?) \|$", TEXT, re.MULTILINE)
    listed = {name: (means, wider or None) for name, means, wider in rows if name in core.types}
    assert listed == {name: (each.description, each.kind_of) for name, each in core.types.items()}
    assert f"predicates and {len(core.types)} types" in TEXT


def test_every_type_that_a_predicate_has_is_described() -> None:
    core = core_ontology()
    named = {type_ for name in core.names() for type_ in (core[name].subject_type, core[name].object_type)}
    assert named <= core.types.keys()


def test_every_field_is_described() -> None:
    told = set(re.findall(r"`((?:said\.)?[a-z_]+)`", TEXT))
    assert set(PredicateSpec.model_fields) - {"name", "said"} <= told
    assert {f"said.{field}" for field in Said.model_fields} <= told


def test_the_file_that_is_shown_can_be_used() -> None:
    (shown,) = (block for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL) if "# ships.toml" in block)
    ontology = build_ontology(OntologySettings(**tomllib.loads(shown)))
    assert ontology["SKIPPER_OF"].inverse == "HAS_SKIPPER"
    assert ontology["LEFT_SHIP"].ends == ("SKIPPER_OF",)

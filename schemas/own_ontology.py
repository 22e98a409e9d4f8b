"""Types and predicates of users' own, added to the core ontology: from settings, a TOML file, or pydantic models.

What is wrong is told by name: which predicate, which field, and what to do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.ontology import EntityType, Ontology, PredicateSpec, Said, core_ontology

_VERB = re.compile(r"(?:not )?[a-z][a-z'-]*(?:\+[a-z-]+)*(?: (?:~|[a-z]+(?:\|[a-z]+)*))?")
_ADJECTIVE = re.compile(r"[a-z][a-z-]* [a-z]+")
_NOUN = re.compile(r"[a-z][a-z '-]*")
_RESERVED = ("NOT_", "FAVOURITE_")
_SLOTS = {"s", "o", "a", "when"}

T = TypeVar("T", EntityType, PredicateSpec)


class OntologySettings(BaseModel):
    """Types and predicates beside those of the core.

    Each is a table by name, or a list of models: ``predicate={"CAPTAIN_OF": {"subject_type": "person", …}}`` or
    ``predicate=[PredicateSpec(name="CAPTAIN_OF", …)]``. One that the core has already is changed in the fields given.
    ``file``: a TOML file with such tables, ``[type.ship]`` and ``[predicate.CAPTAIN_OF]``; what stands here wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = Field(None, description="TOML file with [type.…] and [predicate.…] tables")
    type: dict[str, dict[str, Any]] = Field(default_factory=dict, description="entity types, by name")
    predicate: dict[str, dict[str, Any]] = Field(default_factory=dict, description="predicates, by name")

    @field_validator("type", "predicate", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        if not isinstance(value, (list, tuple)):
            return value
        tables = [one.model_dump(exclude_unset=True) if isinstance(one, BaseModel) else one for one in value]
        if not all(isinstance(table, Mapping) and isinstance(table.get("name"), str) for table in tables):
            raise ValueError("each of the list must be a model, or a table with a name")
        return {table["name"]: {field: table[field] for field in table if field != "name"} for table in tables}


def build_ontology(own: OntologySettings) -> Ontology:
    """The core ontology with the user's own types and predicates.

    Raises:
        ConfigurationError: one of them cannot be used; the message says which and why.
    """
    types, predicates = _read(own.file) if own.file is not None else ({}, {})
    types, predicates = _joined(types, own.type), _joined(predicates, own.predicate)
    core = core_ontology()
    if not types and not predicates:
        return core
    known = {name: core.types[name] for name in core.types}
    for name, fields in types.items():
        known[name] = _made(EntityType, "type", name, fields, known.get(name))
    specs = {name: core[name] for name in core.names()}
    for name, fields in predicates.items():
        specs[name] = _made(PredicateSpec, "predicate", name, fields, specs.get(name))
    for name in predicates:
        for inverse in _inverse_made(specs[name], specs):
            specs[inverse.name] = inverse
    problems = [
        *(f"type {name}: {problem}" for name in types for problem in _problems_of_type(known[name], known)),
        *(f"predicate {name}: {p}" for name in predicates for p in _problems(specs[name], specs, known)),
    ]
    if problems:
        raise ConfigurationError(f"the ontology cannot be used: {'; '.join(problems)}")
    return Ontology(specs.values(), known.values())


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of types and of predicates in a file."""
    try:
        tables = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the ontology file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the ontology file {path} is not valid TOML: {error}") from error
    unknown = sorted(tables.keys() - {"type", "predicate"})
    if unknown:
        raise ConfigurationError(
            f"the ontology file {path} has {', '.join(unknown)}; write [type.NAME] and [predicate.NAME] tables"
        )
    for kind in ("type", "predicate"):
        table = tables.get(kind, {})
        if not isinstance(table, dict) or not all(isinstance(fields, dict) for fields in table.values()):
            raise ConfigurationError(f"the ontology file {path}: {kind} must be tables, [{kind}.NAME]")
    return tables.get("type", {}), tables.get("predicate", {})


def _joined(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {**weaker.get(name, {}), **stronger.get(name, {})} for name in (*weaker, *stronger)}


def _made(model: type[T], kind: str, name: str, fields: Mapping[str, Any], core: T | None) -> T:
    """The model of one table, over what the core has of this name."""
    given = dict(core.model_dump(exclude_unset=True)) if core is not None else {}
    try:
        return model(**{**given, **fields, "name": name})
    except ValidationError as error:
        problems = "; ".join(_problem(problem["loc"], problem["msg"]) for problem in error.errors())
        raise ConfigurationError(f"the ontology cannot be used: {kind} {name}: {problems}") from error
    except TypeError as error:
        raise ConfigurationError(f"the ontology cannot be used: {kind} {name}: its fields must be a table") from error


def _problem(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(map(str, place))
    if message.startswith("String should match pattern '^[A-Z]"):
        message = "must be in UPPER_SNAKE_CASE, at most 64 characters"
    elif message.startswith("String should match pattern '^[a-z]"):
        message = "must be in small letters, digits, blanks, _ or -, at most 64 characters"
    elif message.startswith("Extra inputs"):
        message = "there is no such field"
    return f"{where}: {message}"


def _inverse_made(spec: PredicateSpec, specs: Mapping[str, PredicateSpec]) -> Iterator[PredicateSpec]:
    """The inverse of a predicate that names one without defining it."""
    if spec.inverse is not None and spec.inverse not in specs:
        yield PredicateSpec(
            name=spec.inverse,
            category=spec.category,
            inverse=spec.name,
            canonical=not spec.canonical,
            subject_type=spec.object_type,
            object_type=spec.subject_type,
        )


def _problems_of_type(type_: EntityType, known: Mapping[str, EntityType]) -> Iterator[str]:
    if type_.kind_of is not None and type_.kind_of not in known:
        yield f"it is a kind of {type_.kind_of}, which is not defined; define it with [type.{type_.kind_of}]"
    wider, seen = type_.kind_of, {type_.name}
    while wider is not None and wider in known:
        if wider in seen:
            yield f"it is a kind of itself ({' → '.join([*seen, wider])})"
            return
        seen.add(wider)
        wider = known[wider].kind_of


def _problems(
    spec: PredicateSpec, specs: Mapping[str, PredicateSpec], types: Mapping[str, EntityType]
) -> Iterator[str]:
    """What is wrong with one predicate."""
    if spec.name.startswith(_RESERVED):
        yield f"names that begin with {' or '.join(_RESERVED)} have a meaning of their own; choose another one"
    for field in ("subject_type", "object_type"):
        if getattr(spec, field) not in types:
            yield f"{field} {getattr(spec, field)!r} is not defined; define it with [type.{getattr(spec, field)}]"
    for field in ("implies", "ends"):
        for other in getattr(spec, field):
            if other not in specs:
                yield f"{field} {other}, which is not defined; define it with [predicate.{other}]"
    if spec.name in spec.ends:
        yield "it ends itself; take it out of ends"
    yield from _problems_of_direction(spec, specs)
    implied: set[str] = set()
    waiting = list(spec.implies)
    while waiting:
        name = waiting.pop()
        if name == spec.name:
            yield f"it implies itself, by way of {' and '.join(sorted(implied)) or 'itself'}"
            return
        if name in specs and name not in implied:
            implied.add(name)
            waiting += specs[name].implies
    if spec.said is not None:
        yield from _problems_of_said(spec.said, specs)


def _problems_of_direction(spec: PredicateSpec, specs: Mapping[str, PredicateSpec]) -> Iterator[str]:
    if spec.symmetric and spec.inverse:
        yield "it is symmetric, so it is its own inverse; leave out inverse"
    if spec.symmetric and spec.subject_type != spec.object_type:
        types = f"{spec.subject_type}, {spec.object_type}"
        yield f"it is symmetric, but subject and object are of different types ({types})"
    other = specs.get(spec.inverse) if spec.inverse is not None else None
    if other is None or spec.symmetric:
        if not spec.canonical and spec.inverse is None:
            yield "canonical = false says that its inverse is stored; name the inverse"
        return
    if other.inverse != spec.name:
        yield f"its inverse {other.name} has the inverse {other.inverse or '(none)'}; each must name the other"
    elif other.canonical == spec.canonical:
        both = "both are" if spec.canonical else "neither is"
        yield f"{both} canonical, of it and {other.name}; set canonical = false on the one that is not to be stored"


def _problems_of_said(said: Said, specs: Mapping[str, PredicateSpec]) -> Iterator[str]:
    for field, pattern, form in (
        ("verbs", _VERB, '"lemma", "lemma+particle", "lemma prep|prep" or "lemma ~", in small letters'),
        ("adjectives", _ADJECTIVE, '"adjective preposition", in small letters'),
        ("nouns", _NOUN, "a noun in the singular, in small letters"),
    ):
        for words in getattr(said, field):
            if not pattern.fullmatch(words):
                yield f"said.{field} {words!r} must be {form}"
    if said.text is not None:
        try:
            slots = {name for _, name, _, _ in Formatter().parse(said.text) if name is not None}
        except ValueError:
            slots = {"?"}
        if not {"s", "o"} <= slots <= _SLOTS:
            yield 'said.text must hold {s} and {o}, and besides them only {a} and {when}, as in "{s} sails {o}{when}."'
    if said.denied is not None and said.denied not in specs:
        yield f"said.denied {said.denied} is not defined; define it with [predicate.{said.denied}]"


def own_names(ontology: Ontology) -> tuple[Iterable[str], Iterable[str]]:
    """The types and the predicates of an ontology that are not, or not so, in the core."""
    core = core_ontology()
    types = [name for name, each in ontology.types.items() if core.types.get(name) != each]
    return types, [name for name in ontology.names() if name not in core or core[name] != ontology[name]]

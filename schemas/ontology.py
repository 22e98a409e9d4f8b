"""The core ontology: what factloom knows of predicates, as data (``predicates.toml`` beside this file).

Reconciliation asks it how many objects a predicate may have at a time, what a new fact ends, and which facts mean
the same; extraction asks it for categories and types, and holds only how predicates are said. Predicates that it does
not know are allowed: they hold many objects, but for favourites (FAVOURITE_COLOUR), of which there is one of a kind.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import Field, ValidationError

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.records import Category, Predicate, Record

_FAVOURITE = "FAVOURITE_"
"""Begins the predicates of favourites, one for each kind of thing; there is no list of kinds."""


class PredicateSpec(Record):
    """One predicate.

    ``cardinality`` one: a newer object closes the older fact at the newer's ``valid_at``. ``ends``: other predicates
    whose facts between the same two a new fact of this one closes (MARRIED_TO ends ENGAGED_TO; LEFT_JOB_AT does not
    end the work for another employer). ``implies``: states the fact of another predicate with the same subject and
    object as well (MOVED_TO implies LIVES_IN). ``inverse``: the same fact said the other way round; the one of the two
    that is ``canonical`` is stored. ``symmetric``: subject and object may change places. ``phrase``: how to say it,
    between subject and object. ``asked_by``: further words with which a question asks for it.
    """

    name: Predicate
    category: Category = Category.SEMANTIC
    cardinality: Literal["one", "many"] = "many"
    symmetric: bool = False
    inverse: Predicate | None = None
    canonical: bool = True
    implies: tuple[Predicate, ...] = ()
    ends: tuple[Predicate, ...] = ()
    subject_type: str = "thing"
    object_type: str = "thing"
    phrase: str = ""
    asked_by: tuple[str, ...] = ()

    def sentence(self, subject: str, object: str) -> str:
        """The fact in words, for one that comes without a sentence: subject, phrase, object."""
        return f"{subject} {self.phrase or self.name.lower().replace('_', ' ')} {object}."


class Ontology:
    """Predicates by name."""

    def __init__(self, predicates: Iterable[PredicateSpec]) -> None:
        self._by_name: Mapping[str, PredicateSpec] = {spec.name: spec for spec in predicates}
        for spec in self._by_name.values():
            for other in (*spec.implies, *spec.ends, *((spec.inverse,) if spec.inverse else ())):
                if other not in self._by_name:
                    raise ConfigurationError(f"predicate {spec.name} refers to {other}, which is not defined")

    def __getitem__(self, name: str) -> PredicateSpec:
        """The predicate's description; an unknown one holds many objects (a favourite: one) and implies nothing."""
        known = self._by_name.get(name)
        if known is None and name.startswith("NOT_"):
            positive = self[name.removeprefix("NOT_")]
            return PredicateSpec(name=name, category=positive.category, symmetric=positive.symmetric)
        if known is None and name.startswith(_FAVOURITE):
            kind = name.removeprefix(_FAVOURITE).replace("_", " ").lower()
            phrase = f"has the favourite {kind}"
            return PredicateSpec(name=name, category=Category.PREFERENCE, cardinality="one", phrase=phrase)
        return known or PredicateSpec(name=name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @staticmethod
    def opposite(name: str) -> str:
        """The predicate that says the contrary: NOT_EATS of EATS, and the other way round."""
        return name.removeprefix("NOT_") if name.startswith("NOT_") else f"NOT_{name}"[:64]

    def names(self) -> tuple[str, ...]:
        """All known predicates, sorted."""
        return tuple(sorted(self._by_name))


class _File(Record):
    predicate: dict[str, dict[str, object]] = Field(default_factory=dict)


@cache
def core_ontology() -> Ontology:
    """The ontology that ships with factloom."""
    text = resources.files("factloom.schemas").joinpath("predicates.toml").read_text(encoding="utf-8")
    try:
        tables = _File(**tomllib.loads(text)).predicate
        return Ontology(PredicateSpec(name=name, **fields) for name, fields in tables.items())
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"predicates.toml cannot be used: {error}") from error

"""The table of predicates: what each means, how many a subject can have, and which verbs and nouns say it.

Held as data in ``predicates.toml``, whose head describes the columns. Ingest reads cardinalities and
exclusions from here, the extractor the verb patterns and relation nouns. Needs no spaCy.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from factloom.schemas.records import Category

TABLE: Final = Path(__file__).parent / "predicates.toml"


@dataclass(frozen=True, slots=True)
class Predicate:
    """What a predicate means; see the head of ``predicates.toml``."""

    name: str
    category: Category = Category.SEMANTIC
    one: bool = False
    inverse: str | None = None
    symmetric: bool = False
    implies: str | None = None
    excludes: tuple[str, ...] = ()
    denied: str | None = None
    subject: str = "thing"
    object: str = "thing"
    text: str | None = None
    past: str = "event"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that a noun names ("sister"): the predicate, the other one's type, and gender if it tells."""

    noun: str
    predicate: str
    object: str = "person"
    gender: str | None = None
    vague: bool = False  # people have several: without a name, "my friend" is nobody in particular


@dataclass(frozen=True, slots=True)
class VerbPattern:
    """One way to say a predicate: verb, preposition (None: direct object, "~": a clause), and its polarity."""

    predicate: str
    lemma: str
    preposition: str | None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class PredicateTable:
    """All predicates, with look-ups by name, verb and noun."""

    predicates: dict[str, Predicate]
    relations: dict[str, Relation]
    verbs: dict[tuple[str, str | None], VerbPattern] = field(default_factory=dict)
    adjectives: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, name: str) -> Predicate:
        """The predicate of this name; one that the table does not hold is semantic and many."""
        found = self.predicates.get(name)
        if found is None:
            # "Ana's favourite colour is green": one per kind of thing, and there is no list of kinds.
            found = Predicate(name, category=Category.PREFERENCE, one=True) if name.startswith("FAVOURITE_") else None
        return found or Predicate(name)

    def is_functional(self, name: str) -> bool:
        """Whether a subject has at most one current object for this predicate."""
        return self.get(name).one

    def excluded_by(self, name: str) -> tuple[str, ...]:
        """Predicates that end between the same subject and object when this one begins."""
        return self.get(name).excludes


@lru_cache(maxsize=1)
def predicate_table() -> PredicateTable:
    """The shipped table, read once."""
    document = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    predicates: dict[str, Predicate] = {}
    relations: dict[str, Relation] = {}
    verbs: dict[tuple[str, str | None], VerbPattern] = {}
    adjectives: dict[tuple[str, str], str] = {}
    for row in document["predicate"]:
        predicate = _predicate(row)
        predicates[predicate.name] = predicate
        for pattern in row.get("verbs", ()):
            for verb in _patterns(predicate.name, pattern):
                verbs[(verb.lemma, verb.preposition)] = verb
        for pattern in row.get("adjectives", ()):
            adjective, _, preposition = pattern.partition(" ")
            adjectives[(adjective, preposition)] = predicate.name
    for row in document["relation"]:
        name = row["name"]
        for noun in row["nouns"]:
            relations[noun] = Relation(
                noun, name, row.get("object", "person"), row.get("gender"), row.get("vague", False)
            )
        if name not in predicates:
            predicates[name] = _predicate({"subject": "person", "object": "person", **row})
    return PredicateTable(predicates, relations, verbs, adjectives)


def _predicate(row: dict[str, Any]) -> Predicate:
    return Predicate(
        name=row["name"],
        category=Category(row.get("category", "semantic")),
        one=row.get("cardinality", "many") == "one",
        inverse=row.get("inverse"),
        symmetric=row.get("symmetric", False),
        implies=row.get("implies"),
        excludes=tuple(row.get("excludes", ())),
        denied=row.get("denied"),
        subject=row.get("subject", "thing"),
        object=row.get("object", "thing"),
        text=row.get("text"),
        past=row.get("past", "same" if row.get("category") == "episodic" else "event"),
    )


def _patterns(predicate: str, text: str) -> list[VerbPattern]:
    negated = text.startswith("not ")
    lemma, _, prepositions = text.removeprefix("not ").partition(" ")
    return [
        VerbPattern(predicate, lemma.replace("+", " "), preposition or None, negated)
        for preposition in prepositions.split("|")
    ]

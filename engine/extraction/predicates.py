"""How predicates are said: which verbs, adjectives and nouns say each, and the sentence it makes.

Held as data in ``predicates.toml``, whose head describes the columns. What a predicate means (category, how many
objects, entity types) comes from the core ontology, so that extraction and reconciliation cannot disagree. Needs no
spaCy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.ontology import Ontology, Said, ontology_in_use
from factloom.schemas.records import Category, Record

TABLE: Final = Path(__file__).parent / "predicates.toml"

_Words = Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate as the extractor sees it: its meaning from the core, its words from the head of the table."""

    name: str
    category: Category = Category.SEMANTIC
    denied: str | None = None
    subject: str = "thing"
    object: str = "thing"
    text: str | None = None
    past: str = "event"
    own: bool = False  # of the user's own, whose types are told by whoever added it


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that a noun names ("sister"): the predicate, the other one's type, and gender if it tells."""

    noun: str
    predicate: str
    object: str = "person"
    gender: str | None = None
    vague: bool = False  # people have several: without a name, "my friend" is nobody in particular
    presupposed: bool = False  # to mention one is to say that there is one: "my wife", not "my mother" or "my boss"


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
        """The predicate of this name; one that the table has no words for is told in the speaker's own."""
        return self.predicates.get(name) or _predicate(_Saying(name=name), ontology_in_use())


class _Saying(Record):
    """A row of the table; a column that says what a predicate means is refused."""

    name: str
    denied: str | None = None
    text: str | None = None
    past: Literal["closed", "same", "event"] | None = None
    adjectives: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


class _Noun(Record):
    """A row of relation nouns."""

    name: str
    nouns: _Words
    gender: Literal["f", "m"] | None = None
    vague: bool = False
    presupposed: bool = False


class _File(Record):
    predicate: tuple[_Saying, ...]
    relation: tuple[_Noun, ...]


def predicate_table() -> PredicateTable:
    """The shipped table with what the ontology in use says of its own predicates; read once for each."""
    return _table_for(ontology_in_use())


@lru_cache(maxsize=8)
def _table_for(ontology: Ontology) -> PredicateTable:
    return read_table(TABLE.read_text(encoding="utf-8"), ontology)


def read_table(text: str, ontology: Ontology) -> PredicateTable:
    """The table that a TOML text holds, and what the ontology itself says of how its predicates are said.

    Raises:
        ConfigurationError: it is not such a table, says what a predicate means, or names one that the core lacks.
    """
    try:
        file = _File(**tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"the extractor's predicates.toml cannot be used: {error}") from error
    named = {*(row.name for row in file.predicate), *(row.name for row in file.relation)}
    named |= {row.denied for row in file.predicate if row.denied}
    unknown = sorted(name for name in named if name not in ontology)
    if unknown:
        raise ConfigurationError(
            f"the extractor's predicates.toml says {', '.join(unknown)}, which schemas/predicates.toml does not define"
        )
    own = [(spec.name, spec.said) for name in ontology.names() if (spec := ontology[name]).said is not None]
    file = _with_own(file, own)
    predicates = {row.name: _predicate(row, ontology) for row in file.predicate}
    relations: dict[str, Relation] = {}
    verbs: dict[tuple[str, str | None], VerbPattern] = {}
    adjectives: dict[tuple[str, str], str] = {}
    for row in file.predicate:
        for verb in [verb for pattern in row.verbs for verb in _patterns(row.name, pattern)]:
            verbs[(verb.lemma, verb.preposition)] = verb
        for pattern in row.adjectives:
            adjective, _, preposition = pattern.partition(" ")
            adjectives[(adjective, preposition)] = row.name
    for kind in file.relation:
        predicates.setdefault(kind.name, _predicate(_Saying(name=kind.name), ontology))
        other = ontology[kind.name].object_type
        relations |= {
            noun: Relation(noun, kind.name, other, kind.gender, kind.vague, kind.presupposed) for noun in kind.nouns
        }
    return PredicateTable(predicates, relations, verbs, adjectives)


def _with_own(file: _File, own: Sequence[tuple[str, Said | None]]) -> _File:
    """The rows with those of users behind them: of two that say the same, the last counts."""
    rows, kinds = list(file.predicate), list(file.relation)
    for name, said in own:
        if said is None:
            continue
        shipped = next((row for row in rows if row.name == name), _Saying(name=name))
        given = said.model_dump(include={"denied", "text", "past"}, exclude_none=True)
        words = {"adjectives": (*shipped.adjectives, *said.adjectives), "verbs": (*shipped.verbs, *said.verbs)}
        rows = [row for row in rows if row.name != name] + [shipped.model_copy(update={**given, **words})]
        kinds += [_Noun(name=name, nouns=said.nouns, gender=said.gender)] if said.nouns else []
    return _File(predicate=tuple(rows), relation=tuple(kinds))


def _predicate(row: _Saying, ontology: Ontology) -> Predicate:
    meaning = ontology[row.name]
    return Predicate(
        name=row.name,
        category=meaning.category,
        denied=row.denied,
        subject=meaning.subject_type,
        object=meaning.object_type,
        text=row.text,
        own=meaning.said is not None,
        past=row.past or ("same" if meaning.category is Category.EPISODIC else "event"),
    )


def _patterns(predicate: str, text: str) -> list[VerbPattern]:
    negated = text.startswith("not ")
    lemma, _, prepositions = text.removeprefix("not ").partition(" ")
    return [
        VerbPattern(predicate, lemma.replace("+", " "), preposition or None, negated)
        for preposition in prepositions.split("|")
    ]

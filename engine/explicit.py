"""Explicit facts: triples that a caller states outright, with no extractor in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from factloom.schemas.errors import InvalidInputError
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.naming import to_predicate
from factloom.schemas.ontology import Ontology
from factloom.schemas.records import Category, Metadata, Probability, Record, Time


class FactInput(Record):
    """A fact to add as it is. ``predicate`` may be in words ("lives in") and is turned into UPPER_SNAKE.

    ``episode_id`` names the stored episode that states it; without one, an episode with the fact's sentence is made,
    so that every fact can be traced. ``text`` defaults to a sentence made from the triple.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    subject: str = Field(min_length=1, max_length=200)
    predicate: str = Field(min_length=1, max_length=200)
    object: str = Field(min_length=1, max_length=200)
    text: str | None = Field(None, min_length=1)
    subject_type: str = "thing"
    object_type: str = "thing"
    category: Category | None = None
    valid_at: Time | None = None
    invalid_at: Time | None = None
    expires_at: Time | None = None
    confidence: Probability = 1.0
    metadata: Metadata = Field(default_factory=dict)
    episode_id: str | None = None


EARLIEST_YEAR = 1000
"""Times of explicit facts begin here: an earlier year is a slip, such as 25 for 2025 or a default that was left in."""

FactLike = FactInput | Mapping[str, Any] | Sequence[str]
"""A FactInput, a dict of its fields, or a triple (subject, predicate, object)."""


def read_facts(facts: Sequence[FactLike]) -> list[FactInput]:
    """The facts that a caller gave, checked; all of them or none.

    Raises:
        InvalidInputError: one of them cannot be used; the message says which and why.
    """
    if isinstance(facts, (str, Mapping, FactInput)) or not isinstance(facts, Sequence):
        raise InvalidInputError("facts must be a list, e.g. [('Ana', 'LIVES_IN', 'Lisbon')]")
    read = [_read_fact(fact, position) for position, fact in enumerate(facts)]
    for position, fact in enumerate(read):
        _check_times(fact, position)
    return read


def _check_times(fact: FactInput, position: int) -> None:
    """Refuse an interval that ends before it begins, and years that can only be a slip."""
    for what in ("valid_at", "invalid_at", "expires_at"):
        time = getattr(fact, what)
        if time is not None and time.year < EARLIEST_YEAR:
            raise InvalidInputError(
                f"fact {position}: {what} lies in the year {time.year}; give {EARLIEST_YEAR} or later"
            )
    if fact.valid_at is not None and fact.invalid_at is not None and fact.invalid_at < fact.valid_at:
        raise InvalidInputError(
            f"fact {position}: invalid_at ({fact.invalid_at}) lies before valid_at ({fact.valid_at}); change them over"
        )


def _read_fact(fact: FactLike, position: int) -> FactInput:
    if isinstance(fact, FactInput):
        return fact
    if isinstance(fact, Sequence) and not isinstance(fact, str):
        if len(fact) != 3:
            raise InvalidInputError(f"fact {position}: a triple has a subject, a predicate and an object, got {fact!r}")
        fact = dict(zip(("subject", "predicate", "object"), fact, strict=True))
    if not isinstance(fact, Mapping):
        raise InvalidInputError(f"fact {position} must be a triple or a dict, got {type(fact).__name__}")
    try:
        return FactInput(**fact)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise InvalidInputError(f"fact {position} cannot be used: {problems}") from error
    except OverflowError as error:
        raise InvalidInputError(f"fact {position} has a time that cannot be told in UTC; give a later year") from error
    except TypeError as error:
        raise InvalidInputError(f"fact {position} has field names that are not strings") from error


def to_candidate(fact: FactInput, ontology: Ontology) -> Candidate:
    """The candidate that an explicit fact makes; its types come from the ontology where the caller gave none."""
    predicate = to_predicate(fact.predicate)
    spec = ontology[predicate]
    types = tuple(
        given if given != "thing" else expected
        for given, expected in ((fact.subject_type, spec.subject_type), (fact.object_type, spec.object_type))
    )
    known = predicate in ontology
    text = fact.text or (
        spec.sentence(fact.subject, fact.object) if known else f"{fact.subject} {_words(fact.predicate)} {fact.object}."
    )
    return Candidate(
        subject=Mention(name=fact.subject, type=types[0]),
        predicate=predicate,
        object=Mention(name=fact.object, type=types[1]),
        text=text,
        sentence=text,
        category=fact.category or spec.category,
        valid_at=fact.valid_at,
        invalid_at=fact.invalid_at,
        expires_at=fact.expires_at,
        confidence=fact.confidence,
        metadata=fact.metadata,
    )


def _words(predicate: str) -> str:
    return predicate.replace("_", " ").lower() if predicate.isupper() else predicate

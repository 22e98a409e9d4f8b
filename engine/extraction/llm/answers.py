"""The shape of an answer: pydantic models, the JSON schema that a service is given, and finding JSON in text."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from factloom.schemas.records import Category

_LONGEST_QUOTE: Final = 2000
_MOST_OPENINGS: Final = 2000
_SCHEMA_KEYS: Final = frozenset({"type", "properties", "required", "items", "enum", "anyOf", "description"})
"""What every service's structured output knows of JSON schema; bounds are checked here instead."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Date = Annotated[str, Field(max_length=40)]


class StatedEntity(_Part):
    """One end of a fact, as the model names it."""

    name: _Name
    type: Annotated[str, Field(max_length=40)] = "thing"
    aliases: Annotated[list[_Name], Field(max_length=8)] = Field(default_factory=list)


class StatedFact(_Part):
    """One fact of an answer. ``message`` and ``evidence`` say where it comes from; prompts/extract.md says the rest."""

    message: Annotated[str, Field(min_length=1, max_length=20)]
    evidence: Annotated[str, Field(min_length=1, max_length=_LONGEST_QUOTE)]
    subject: StatedEntity
    predicate: Annotated[str, Field(min_length=1, max_length=100)]
    object: StatedEntity | None = None
    text: Annotated[str, Field(max_length=600)] = ""
    category: Category = Category.SEMANTIC
    state: Literal["holds", "over", "denied"] = "holds"
    certainty: Literal["stated", "implied", "reported"] = "stated"
    correction: bool = False
    time_words: Annotated[str, Field(max_length=200)] | None = None
    valid_from: _Date | None = None
    valid_until: _Date | None = None
    planned_for: _Date | None = None


class _Answer(_Part):
    facts: list[StatedFact]


class UnusableAnswerError(Exception):
    """The text holds no answer."""


@cache
def answer_schema() -> dict[str, Any]:
    """The JSON schema of an answer in the subset of strict structured output: closed objects, every field required."""
    whole = _Answer.model_json_schema()
    schema: dict[str, Any] = _strict(whole, whole.get("$defs", {}))
    return schema


def _strict(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]]
    kept = {key: value for key, value in node.items() if key in _SCHEMA_KEYS and key != "description"}
    if "properties" in kept:
        kept["properties"] = {name: _strict(part, definitions) for name, part in kept["properties"].items()}
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    if "items" in kept:
        kept["items"] = _strict(kept["items"], definitions)
    if "anyOf" in kept:
        kept["anyOf"] = [_strict(part, definitions) for part in kept["anyOf"]]
    return kept


def read_answer(text: str) -> tuple[list[StatedFact], list[str]]:
    """The facts of an answer that have the right shape, and a note for each that has not.

    The answer is the last JSON object with a ``facts`` list in ``text``: models put fences and thoughts around it.

    Raises:
        UnusableAnswerError: there is no such object, it has other fields, or every fact of it lacks some.
    """
    answer = _last_answer(text)
    if answer is None:
        raise UnusableAnswerError("it holds no JSON object with a list of facts")
    if set(answer) != {"facts"}:
        raise UnusableAnswerError("it has fields beside facts")
    facts, notes, empty = [], [], 0
    for position, item in enumerate(answer["facts"], 1):
        try:
            facts.append(StatedFact.model_validate(item))
        except ValidationError as error:
            errors = error.errors(include_input=False, include_url=False)
            empty += any(not each["loc"] or (each["type"] == "missing" and len(each["loc"]) == 1) for each in errors)
            first = errors[0]
            where = ".".join(str(part) for part in first["loc"] if part in _FIELDS or isinstance(part, int))
            notes.append(f"fact {position} was left out: {where or 'a field'}: {first['type']}")
    if empty and empty == len(answer["facts"]):  # in another shape than was asked for, rather than with one bad field
        raise UnusableAnswerError(f"none of its facts has the fields that were asked for: {notes[0]}")
    return facts, notes


_FIELDS: Final = frozenset(StatedFact.model_fields) | frozenset(StatedEntity.model_fields)


def _last_answer(text: str) -> dict[str, Any] | None:
    decoder = json.JSONDecoder()
    found: dict[str, Any] | None = None
    position = text.find("{")
    for _ in range(_MOST_OPENINGS):
        if position < 0:
            break
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if isinstance(value, dict) and isinstance(value.get("facts"), list):
                found = value
        position = text.find("{", end)
    return found

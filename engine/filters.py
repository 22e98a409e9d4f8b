"""Filters as callers give them, checked and typed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from math import inf
from typing import Any

from factloom.engine.messages import check_metadata
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.naming import to_predicate
from factloom.schemas.records import Category
from factloom.schemas.search import SearchFilter
from factloom.schemas.spaces import Labels


def make_filter(
    *,
    labels: Labels,
    categories: Sequence[Category | str] | None = None,
    predicates: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> SearchFilter:
    """A typed filter; predicates may be in words ("lives in").

    Raises:
        InvalidInputError: an unknown category, a string where a list is meant, or a range that is empty.
    """
    check_list(categories, "categories")
    check_list(predicates, "predicates")
    if since is not None and until is not None and since >= until:
        raise InvalidInputError(f"since ({since.isoformat()}) must lie before until ({until.isoformat()})")
    try:
        kinds = None if categories is None else tuple(Category(category) for category in categories)
    except ValueError as error:
        known = ", ".join(category.value for category in Category)
        raise InvalidInputError(f"{error}; known categories are {known}") from error
    return SearchFilter(
        labels=labels,
        categories=kinds,
        predicates=None if predicates is None else tuple(to_predicate(predicate) for predicate in predicates),
        metadata=check_metadata(metadata),
        since=since,
        until=until,
    )


def check_list(values: object, what: str) -> None:
    """Check a filter that is a list of strings, or None.

    Raises:
        InvalidInputError: it is a string, or not a list of strings.
    """
    if isinstance(values, str):
        raise InvalidInputError(f"{what} must be a list, e.g. [{values!r}]")
    if values is None:
        return
    if not isinstance(values, Collection) or not all(isinstance(value, str) for value in values):
        raise InvalidInputError(f"{what} must be a list of strings, got {values!r}")


def check_id(id_: object) -> str:
    """Return ``id_`` if it is a string, as ids are.

    Raises:
        InvalidInputError: it is none.
    """
    if not isinstance(id_, str):
        raise InvalidInputError(f"an id must be a string, got {id_!r}")
    return id_


def check_number(value: object, what: str, *, least: float, most: float | None = None) -> None:
    """Check a number that an argument gives; a bool is none.

    Raises:
        InvalidInputError: not a number, or out of bounds.
    """
    bounds = f"at least {least}" if most is None else f"between {least} and {most}"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidInputError(f"{what} must be a number {bounds}, got {value!r}")
    if not (value >= least and (value < inf if most is None else value <= most)):
        raise InvalidInputError(f"{what} must be {bounds}, got {value}")


def check_page(limit: int, offset: int = 0) -> None:
    """Check the bounds of a page.

    Raises:
        InvalidInputError: one is not a whole number, ``limit`` is below 1 or ``offset`` below 0.
    """
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (limit, offset))
    if not whole or limit < 1 or offset < 0:
        raise InvalidInputError(f"limit must be at least 1 and offset at least 0, got {limit!r} and {offset!r}")

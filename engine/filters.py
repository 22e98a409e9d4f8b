"""Filters as callers give them, checked and typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from factloom.engine.arguments import check_list
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

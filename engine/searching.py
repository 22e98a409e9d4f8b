"""Arguments of a search, checked and made ready for the searcher."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from factloom.engine.arguments import check_flag, check_list, check_name, check_page, check_text
from factloom.engine.filters import make_filter
from factloom.engine.messages import parse_time
from factloom.engine.scope import spaces_to_read
from factloom.retrieval.searcher import SearchOptions
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.records import Category
from factloom.schemas.search import HitKind
from factloom.schemas.settings import Settings
from factloom.schemas.spaces import SpaceSet


def search_arguments(
    visible: SpaceSet,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    space: str | None = None,
    spaces: SpaceSet | list[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    kinds: Sequence[HitKind] = ("fact", "episode"),
    categories: Sequence[Category | str] | None = None,
    predicates: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    as_of: datetime | str | None = None,
    include_history: bool = False,
    asker: str | None = None,
    now: datetime | str | None = None,
    rerank: bool = True,
    time_limit: float | None = None,
) -> tuple[SpaceSet, SearchOptions]:
    """The spaces to search, and how: the arguments of `Memory.search`, with what they raise."""
    readable, labels = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=visible)
    present = clock() if now is None else parse_time(now, "now", now=clock(), past_only=False)
    times = {
        what: None if value is None else parse_time(value, what, now=present, past_only=False)
        for what, value in (("since", since), ("until", until), ("as_of", as_of))
    }
    at = times.pop("as_of")
    limit = settings.search.limit if limit is None else limit
    check_page(limit, offset)
    check_list(kinds, "kinds", optional=False)
    check_flag(include_history, "include_history")
    check_flag(rerank, "rerank")
    options: SearchOptions = {
        "limit": limit,
        "offset": offset,
        "kinds": tuple(kinds),
        "filters": make_filter(labels=labels, categories=categories, predicates=predicates, metadata=metadata, **times),
        "as_of": at,
        "include_history": include_history,
        "asker": check_name(asker, "asker") or user_id,
        "now": present,
        "rerank": rerank,
        "time_limit": time_limit,
    }
    return readable, options


def checked_query(query: object, settings: Settings, what: str = "the query") -> str:
    """The text of a question.

    Raises:
        InvalidInputError: it is none, or blank, or too long.
    """
    return check_text(query, what, longest=settings.ingest.max_characters, if_empty="ask something")


def checked_queries(queries: object, settings: Settings) -> list[str]:
    """The texts of several questions.

    Raises:
        InvalidInputError: it is no list of them; the message names the one that cannot be asked.
    """
    if isinstance(queries, (str, bytes)) or not isinstance(queries, Collection):
        raise InvalidInputError(f"queries must be a list of questions, e.g. [{queries!r}]")
    return [checked_query(query, settings, f"queries[{number}]") for number, query in enumerate(queries)]

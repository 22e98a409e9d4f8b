"""Options that several commands share, with their help."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from factloom.engine.app.cli.running import SCOPE
from factloom.schemas.errors import InvalidInputError

User = Annotated[
    str | None,
    typer.Option("--user", "-u", metavar="ID", help="Whose memory: the user's id.", rich_help_panel=SCOPE),
]
Agent = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="Whose memory: the agent's id.", rich_help_panel=SCOPE)
]
RunId = Annotated[
    str | None, typer.Option("--run", metavar="ID", help="Whose memory: the run's id.", rich_help_panel=SCOPE)
]
Space = Annotated[
    str | None,
    typer.Option("--space", metavar="NAME", help="A space by its name, such as team/billing.", rich_help_panel=SCOPE),
]
Spaces = Annotated[
    list[str] | None,
    typer.Option(
        "--space",
        metavar="NAME",
        help="A space by its name, such as team/billing; several together if repeated.",
        rich_help_panel=SCOPE,
    ),
]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option("--metadata", metavar="KEY=VALUE", help="Metadata; the value is JSON or text. Repeat for more."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", help="How many at most.")]
Offset = Annotated[int, typer.Option("--offset", help="How many to pass over.")]
History = Annotated[bool, typer.Option("--history", help="Also what is no longer so.")]
Predicates = Annotated[
    list[str] | None,
    typer.Option("--predicate", metavar="NAME", help="Only facts with this predicate, such as LIVES_IN. Repeatable."),
]
Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who changes things, as history will name them.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class CategoryName(StrEnum):
    """Names of the categories of facts, as options take them."""

    semantic = "semantic"
    episodic = "episodic"
    procedural = "procedural"
    preference = "preference"


Categories = Annotated[
    list[CategoryName] | None,
    typer.Option(
        "--category",
        metavar="NAME",
        help="Only facts of this category: semantic, episodic, procedural or preference. Repeatable.",
    ),
]


def scope(user: str | None, agent: str | None, run_id: str | None, space: str | None) -> dict[str, Any]:
    """The arguments of a call that is about one space."""
    return {"user_id": user, "agent_id": agent, "run_id": run_id, "space": space}


def wide_scope(user: str | None, agent: str | None, run_id: str | None, spaces: list[str] | None) -> dict[str, Any]:
    """The arguments of a call that may read several spaces."""
    return {"user_id": user, "agent_id": agent, "run_id": run_id, "spaces": spaces or None}


def parse_metadata(pairs: list[str] | None) -> dict[str, Any] | None:
    """Metadata from ``KEY=VALUE`` options; None without any.

    Raises:
        InvalidInputError: one has no equals sign or no key.
    """
    if not pairs:
        return None
    parsed: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise InvalidInputError(f"--metadata {pair!r} is not of the form KEY=VALUE")
        try:
            parsed[key.strip()] = json.loads(value)
        except json.JSONDecodeError:
            parsed[key.strip()] = value
    return parsed

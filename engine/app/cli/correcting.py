"""Commands that correct who is who: merge, split and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from factloom.engine.app.cli.options import Actor, Agent, RunId, Space, User, scope
from factloom.engine.app.cli.running import Run, command

if TYPE_CHECKING:
    from factloom.schemas.results import EntityChange

PANEL = "Correct"

Reason = Annotated[str, typer.Option("--reason", help="Why, for history.")]
Type = Annotated[str | None, typer.Option("--type", metavar="NAME", help="What it is, such as person.")]


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example="factloom merge Beatriz Bibs --user ana", panel=PANEL)(merge)
    command(app, example='factloom split John "John Baker" --episode 0198c0de-… --user ana', panel=PANEL)(split)
    command(app, example="factloom undo 0198c0de-…", panel=PANEL)(undo)


def merge(
    run: Run,
    keep: Annotated[str, typer.Argument(help="Id or name of the entity that stays.", show_default=False)],
    gone: Annotated[str, typer.Argument(help="Id or name of the one that is the same.", show_default=False)],
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    type_: Type = None,
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Say that two entities are one; it can be undone."""
    done = run.memory.merge_entities(
        keep, gone, **scope(user, agent, run_id, space), type=type_, reason=reason, actor=actor
    )
    _report(run, done)


def split(
    run: Run,
    entity: Annotated[str, typer.Argument(help="Id or name of the entity that is two.", show_default=False)],
    name: Annotated[str, typer.Argument(help="What the new one is called.", show_default=False)],
    fact: Annotated[
        list[str] | None, typer.Option("--fact", metavar="ID", help="A fact about the new one. Repeatable.")
    ] = None,
    episode: Annotated[
        list[str] | None, typer.Option("--episode", metavar="ID", help="A message that means it. Repeatable.")
    ] = None,
    alias: Annotated[
        list[str] | None, typer.Option("--alias", metavar="NAME", help="What else it is called. Repeatable.")
    ] = None,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    type_: Type = None,
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Say that an entity is two: some of its facts are about a new one; it can be undone."""
    done = run.memory.split_entity(
        entity,
        name,
        fact_ids=fact or (),
        episode_ids=episode or (),
        aliases=alias or (),
        **scope(user, agent, run_id, space),
        type=type_,
        reason=reason,
        actor=actor,
    )
    _report(run, done)


def undo(
    run: Run,
    change_id: Annotated[
        str, typer.Argument(metavar="CHANGE", help="Id of a merge or a split; history shows it.", show_default=False)
    ],
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Take back a merge or a split of entities, also one that was learned."""
    _report(run, run.memory.undo(change_id, reason=reason, actor=actor))


def _report(run: Run, done: EntityChange) -> None:
    from factloom.engine.app.cli.tables import entity_change_report

    run.show(lambda: done.model_dump(mode="json"), lambda: entity_change_report(done))

"""Commands that put something in: add, add-fact and update."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from factloom.engine.app.cli.options import (
    Actor,
    Agent,
    CategoryName,
    MetadataOption,
    RunId,
    Space,
    User,
    parse_metadata,
    scope,
)
from factloom.engine.app.cli.running import ExitCode, Run, command
from factloom.schemas.errors import InvalidInputError

PANEL = "Remember"

Time = Annotated[
    str | None,
    typer.Option("--time", metavar="TIME", help="When it was said: ISO 8601 with a time zone. Default: now."),
]
ValidAt = Annotated[str | None, typer.Option("--valid-at", metavar="TIME", help="From when the fact holds.")]
InvalidAt = Annotated[str | None, typer.Option("--invalid-at", metavar="TIME", help="Until when the fact holds.")]
Confidence = Annotated[float | None, typer.Option("--confidence", help="How sure it is, 0 to 1.")]


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example='factloom add "I moved to Lisbon" --user ana', panel=PANEL)(add)
    command(app, name="add-fact", example="factloom add-fact Ana LIVES_IN Lisbon --user ana", panel=PANEL)(add_fact)
    command(app, example='factloom update 0198c0de-… "Ana lives in Porto."', panel=PANEL)(update)


def add(
    run: Run,
    text: Annotated[str, typer.Argument(help="What was said; - reads it from standard input.", show_default=False)],
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    name: Annotated[str | None, typer.Option("--name", help="Who said it. Default: the user.")] = None,
    role: Annotated[str, typer.Option("--role", help="user, assistant, system, tool or document.")] = "user",
    time: Time = None,
    session: Annotated[str | None, typer.Option("--session", help="The sitting that it belongs to.")] = None,
    metadata: MetadataOption = None,
    infer: Annotated[bool, typer.Option("--infer/--no-infer", help="Learn from it, or only store it.")] = True,
    actor: Actor = None,
) -> None:
    """Remember something that was said, and learn from it.

    Ends with exit code 1 if the message was stored but could not be learned from yet.
    """
    result = run.memory_to_fill.add(
        standard_input() if text == "-" else text,
        **scope(user, agent, run_id, space),
        name=name,
        role=role,
        time=time,
        session=session,
        metadata=parse_metadata(metadata),
        infer=infer,
        actor=actor,
    )
    from factloom.engine.app.cli.tables import add_report

    run.show(lambda: result.model_dump(mode="json"), lambda: add_report(result))
    for change in result.pending:
        run.note(f"stored, but not learned from yet: {change.reason}; see factloom pending, then factloom retry")
        run.exit_code = ExitCode.PROBLEMS


def standard_input() -> str:
    """What standard input holds, without the end of its last line.

    Raises:
        InvalidInputError: it is not UTF-8.
    """
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"standard input is not UTF-8 at byte {error.start + 1}") from error


def add_fact(
    run: Run,
    subject: Annotated[str, typer.Argument(help="What the fact is about.", show_default=False)],
    predicate: Annotated[str, typer.Argument(help="The relation: LIVES_IN, or in words.", show_default=False)],
    object_: Annotated[str, typer.Argument(metavar="OBJECT", help="What it is related to.", show_default=False)],
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    text: Annotated[str | None, typer.Option("--text", help="The fact as a sentence. Default: made from it.")] = None,
    category: Annotated[CategoryName | None, typer.Option("--category", help="Default: by the predicate.")] = None,
    time: Time = None,
    valid_at: ValidAt = None,
    invalid_at: InvalidAt = None,
    confidence: Confidence = None,
    metadata: MetadataOption = None,
    actor: Actor = None,
) -> None:
    """Remember a fact outright; nothing is extracted."""
    given = {
        "subject": subject,
        "predicate": predicate,
        "object": object_,
        "text": text,
        "category": category.value if category else None,
        "valid_at": valid_at,
        "invalid_at": invalid_at,
        "confidence": confidence,
        "metadata": parse_metadata(metadata),
    }
    fact = {field: value for field, value in given.items() if value is not None}
    result = run.memory_to_fill.add_facts([fact], **scope(user, agent, run_id, space), time=time, actor=actor)
    from factloom.engine.app.cli.tables import add_report

    run.show(lambda: result.model_dump(mode="json"), lambda: add_report(result))


def update(
    run: Run,
    fact_id: Annotated[str, typer.Argument(metavar="ID", help="The fact's id.", show_default=False)],
    text: Annotated[str | None, typer.Argument(help="Its new sentence.", show_default=False)] = None,
    predicate: Annotated[str | None, typer.Option("--predicate", metavar="NAME", help="Its new predicate.")] = None,
    object_: Annotated[str | None, typer.Option("--object", metavar="NAME", help="Its new object.")] = None,
    valid_at: ValidAt = None,
    invalid_at: InvalidAt = None,
    confidence: Confidence = None,
    metadata: MetadataOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for history.")] = "",
    actor: Actor = None,
) -> None:
    """Write a new version of a fact; the old one stays in history."""
    fact = run.memory.update(
        fact_id,
        text,
        predicate=predicate,
        object=object_,
        valid_at=valid_at,
        invalid_at=invalid_at,
        confidence=confidence,
        metadata=parse_metadata(metadata),
        reason=reason,
        actor=actor,
    )
    from factloom.engine.app.cli.tables import facts_table

    run.show(lambda: fact.model_dump(mode="json"), lambda: facts_table([fact]))

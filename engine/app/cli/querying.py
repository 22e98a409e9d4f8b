"""The command that runs a read-only Cypher query: cypher."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factloom.engine.app.cli.options import Agent, RunId, Spaces, User, wide_scope
from factloom.engine.app.cli.running import Run, command
from factloom.engine.app.cli.writing import standard_input
from factloom.schemas.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from factloom.schemas.cypher import CypherResult

PANEL = "Look"


class Format(StrEnum):
    """Ways to write rows, as the option takes them."""

    table = "table"
    json = "json"
    csv = "csv"


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    example = 'factloom cypher "MATCH (p:Person)-[:LIVES_IN]->(x) RETURN p.name, x.name" --user ana'
    command(app, example=example, panel=PANEL)(cypher)


def cypher(
    run: Run,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="The query; - reads it from standard input.", show_default=False)
    ],
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    spaces: Spaces = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="A parameter; the value is JSON or text. Repeat for more."),
    ] = None,
    format_: Annotated[Format | None, typer.Option("--format", help="How to write the rows. Default: table.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", help="How many rows at most. Default: cypher.limit (1000).")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="Default: cypher.timeout (30).")
    ] = None,
) -> None:
    """Run a Cypher query over the memory, read-only; without a scope over all of it."""
    if run.wants_json and format_ not in (None, Format.json):
        raise InvalidInputError(f"--json and --format {format_} contradict each other; give one")
    result = run.memory.cypher(
        standard_input() if query == "-" else query,
        _parameters(param),
        **wide_scope(user, agent, run_id, spaces),
        limit=limit,
        timeout=timeout,
    )
    for warning in result.warnings:
        run.note(f"warning: {warning}")
    if result.truncated:
        run.note(f"only the first {len(result.rows):,} rows are shown; more with --limit")
    if run.wants_json or format_ is Format.json:
        run.write_json(result_document(result))
    elif format_ is Format.csv:
        typer.echo(_csv(result), nl=False)
    else:
        run.out.print(_table(result))


def _parameters(pairs: list[str] | None) -> dict[str, Any]:
    """Parameters from ``NAME=VALUE`` options.

    Raises:
        InvalidInputError: one has no equals sign or no name, or a name is given twice.
    """
    parsed: dict[str, Any] = {}
    for pair in pairs or ():
        name, sign, value = pair.partition("=")
        name = name.strip().removeprefix("$")
        if not sign or not name:
            raise InvalidInputError(f"--param {pair!r} is not of the form NAME=VALUE")
        if name in parsed:
            raise InvalidInputError(
                f"--param {name} is given twice; give it once, as JSON list if it has several values"
            )
        try:
            parsed[name] = json.loads(value)
        except json.JSONDecodeError:
            parsed[name] = value
    return parsed


def result_document(result: CypherResult) -> dict[str, Any]:
    """A result as JSON: columns, rows as lists, whether there were more, warnings, milliseconds, where it ran."""
    return {
        "columns": list(result.columns),
        "rows": [[_jsonable(value) for value in row] for row in result.rows],
        "truncated": result.truncated,
        "warnings": list(result.warnings),
        "milliseconds": round(result.milliseconds, 3),
        "engine": result.engine,
    }


def _jsonable(value: Any) -> Any:
    from factloom.schemas.records import Record

    if isinstance(value, Record):
        return _jsonable(dict(value))
    if isinstance(value, dict):
        return {name: _jsonable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, float) and value - value != 0 else value  # JSON knows no NaN and infinity


def _cell(value: Any) -> str:
    """A value in a table or a CSV file: text as it is, times in ISO 8601, all else as JSON; nothing for null."""
    plain = _jsonable(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _csv(result: CypherResult) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([_cell(value) for value in row] for row in result.rows)
    return text.getvalue()


def _table(result: CypherResult) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from factloom.engine.app.cli.tables import counted, plain, table

    made = table()
    for name in result.columns:
        made.add_column(plain(name), overflow="fold")
    for row in result.rows:
        made.add_row(*(Text(plain(_cell(value))) for value in row))
    said = f"{counted(len(result.rows), 'row')} in {result.milliseconds:.0f} ms"
    return Group(made, Text(said)) if result.columns else Text(said)

"""The command that copies a memory from one store to another."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from factloom.engine.app.cli.options import Spaces
from factloom.engine.app.cli.progress import progress_bar
from factloom.engine.app.cli.running import ExitCode, Run, command
from factloom.engine.app.cli.upkeep import PANEL
from factloom.schemas.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from factloom.engine.copying import CopyProgress, CopyReport, SpaceCopy
    from factloom.schemas.ports import GraphStore

_MOST_SPACES = 20
_SHOWN = 12
"""Hex digits of a checksum that are shown; ``--json`` has them all."""


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example="factloom copy memory.db neo4j://localhost:7687", panel=PANEL)(copy)


def copy(
    run: Run,
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="Store to copy from: the path of a file, or a URL.", show_default=False)
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="Store to copy to; a file is made if missing.", show_default=False)
    ],
    spaces: Spaces = None,
) -> None:
    """Copy a memory, or some of its spaces, to another store, and compare both by counts and checksums.

    Interrupted or killed, the same command goes on where it was; run again later, it brings the copy up to date.
    A space of the destination that holds other data is refused. Exit code 1 if the stores differ at the end.
    """
    from factloom.engine.copying import copy_store
    from factloom.schemas.spaces import SpaceSet

    with ExitStack() as stack, progress_bar(run, "Copying") as advance:

        def progressed(state: CopyProgress) -> None:
            from factloom.engine.app.cli.tables import plain

            advance(state.done, state.total, f"{plain(state.space, longest=40)}: {state.doing}")

        stores = []
        for name, must_exist in ((source, True), (destination, False)):
            stores.append(_open(run, name, must_exist=must_exist))
            stack.callback(stores[-1].close)
        try:
            report = copy_store(*stores, spaces=SpaceSet(spaces) if spaces else None, on_progress=progressed)
        except KeyboardInterrupt:
            run.note("stopped before the end; run the same command again to go on from here")
            raise
    run.show(lambda: {**report.model_dump(mode="json"), "same": report.same}, lambda: _report(report))
    _say_what_next(run, report)


def _open(run: Run, name: str, *, must_exist: bool) -> GraphStore:
    """The store with this path or URL.

    Raises:
        InvalidInputError: it is one in memory, which ends with the command.
        ConfigurationError: there is no such store.
    """
    from factloom.engine.readable_memory import settings_for
    from factloom.engine.wiring import open_store, store_file
    from factloom.schemas.records import utc_now

    settings = settings_for(name, run.settings, None, {})
    file = store_file(settings)
    if settings.store == ":memory:":
        raise InvalidInputError("a store in memory ends with the command; give the path of a file, or a URL")
    if must_exist and file is not None and not file.exists():
        raise ConfigurationError(f"there is no store {file} to copy from")
    return open_store(settings, clock=utc_now)


def _report(report: CopyReport) -> RenderableType:
    from rich.console import Group

    from factloom.engine.app.cli.tables import fields_table, plain, table

    made = table("space", "what", "source>", "destination>", "checksum!")
    shown = [s for s in report.spaces if s.differences] if len(report.spaces) > _MOST_SPACES else report.spaces
    for space in shown:
        for number, part in enumerate(space.source):
            made.add_row("" if number else plain(space.space), part, *_row(space, part))
        made.add_section()
    if len(report.spaces) != 1:
        for part in report.spaces[0].source if report.spaces else ():
            sums = (sum(getattr(s, side)[part].count for s in report.spaces) for side in ("source", "destination"))
            equal = not any(part in space.differences for space in report.spaces)
            made.add_row(
                "all" if part == "episodes" else "", part, *(f"{n:,}" for n in sums), "same" if equal else "differ"
            )
    head = [
        ("spaces", f"{len(report.spaces):,}"),
        ("embedder", report.embedder or "none yet"),
        ("stored", f"{report.written:,} records"),
        ("deleted", f"{report.deleted:,} records" if report.deleted else ""),
    ]
    return Group(fields_table(head), made)


def _row(space: SpaceCopy, part: str) -> tuple[str, str, str]:
    ours, theirs = space.source[part], space.destination[part]
    same = ours.checksum[:_SHOWN]
    checksum = same if part not in space.differences else f"{same} is not {theirs.checksum[:_SHOWN]}"
    return f"{ours.count:,}", f"{theirs.count:,}", checksum


def _say_what_next(run: Run, report: CopyReport) -> None:
    from factloom.engine.app.cli.tables import plain

    for space in report.spaces:
        for part, first in space.differences.items():
            run.note(f"{plain(space.space)}: {part} differ{f', first in {plain(first)}' if first else ''}")
    if any(space.written_meanwhile for space in report.spaces):
        run.note("the source was written while it was copied; run the same command again to bring the copy up to date")
    if report.same:
        return
    if not any(space.written_meanwhile for space in report.spaces):
        run.note("the copy is not complete; run the same command again, or copy into another store")
    run.exit_code = ExitCode.PROBLEMS

"""The command that imports files of conversations."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from factloom.engine.app.cli.options import Agent, RunId, Space, User, scope
from factloom.engine.app.cli.progress import progress_bar
from factloom.engine.app.cli.running import ExitCode, Run, command
from factloom.schemas.errors import InvalidInputError

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from rich.console import RenderableType

    from factloom.engine.importing import ImportProblem, ImportProgress, ImportSummary

PANEL = "Remember"


class FormatName(StrEnum):
    """Formats, as the option takes them."""

    jsonl = "jsonl"
    locomo = "locomo"
    openai = "openai"
    chatgpt = "chatgpt"


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, name="import", example="factloom import conversations.json --user ana", panel=PANEL)(import_files)


def import_files(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Files to import; - is standard input.", show_default=False)],
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    format_: Annotated[
        FormatName | None, typer.Option("--format", help="Their format. Default: told from each file.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="TIME", help="Date of messages without one. Default: the file's own date."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="NAME", help="Time zone of times that name none, such as Europe/Lisbon."),
    ] = None,
    infer: Annotated[
        bool, typer.Option("--infer/--no-infer", help="Learn from the messages, or only store them.")
    ] = True,
) -> None:
    """Import conversations: JSONL, LoCoMo, OpenAI-style message lists, or ChatGPT's conversations.json.

    What cannot be read is reported by file and line, and the rest goes on; exit code 1 then. An import that was
    stopped or killed goes on where it was when the same command is run again. Standard input needs --format.
    """
    from factloom.engine.importing import Importer, formats_of

    begin, zone = _time(start), _zone(timezone)
    formats_of(files, format_.value if format_ is not None else None)  # before a store is made for nothing
    with progress_bar(run, "Importing") as advance, _stop_on_interrupt(run) as should_stop:

        def report(problem: ImportProblem) -> None:
            from factloom.engine.app.cli.tables import plain

            run.err.print(plain(str(problem), longest=1000), soft_wrap=True)

        def progressed(state: ImportProgress) -> None:
            advance(state.bytes_done, state.bytes_total or None, f"{state.messages:,} messages, {state.facts:,} facts")

        importer = Importer(
            run.memory_to_fill,
            **scope(user, agent, run_id, space),
            format=format_.value if format_ is not None else None,
            start=begin,
            zone=zone,
            infer=infer,
            on_problem=report,
            on_progress=progressed,
            should_stop=should_stop,
        )
        try:
            summary = importer.run(files)
        except KeyboardInterrupt:
            run.note(f"stopped within a batch; {_how_to_go_on(files)}")
            raise
    run.show(lambda: summary.model_dump(mode="json"), lambda: _summary_report(summary))
    _say_what_next(run, summary, files)


@contextmanager
def _stop_on_interrupt(run: Run) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether Ctrl-C was pressed; pressed a second time, it interrupts at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        yield asked.is_set
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        run.note("stopping after this batch; press Ctrl-C again to stop at once")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    from factloom.engine.messages import parse_time
    from factloom.schemas.records import utc_now

    return parse_time(text, "--start", now=utc_now())


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError(f"there is no time zone {name!r}; they are named like Europe/Lisbon or UTC") from error


def _summary_report(summary: ImportSummary) -> RenderableType:
    from factloom.engine.app.cli.tables import counted, fields_table

    return fields_table(
        [
            ("read", counted(summary.read, "message")),
            ("added", f"{summary.added:,}"),
            ("already there", f"{summary.known:,}"),
            *((f"left out: {reason}", f"{count:,}") for reason, count in summary.left_out.items()),
            ("problems", f"{summary.problems:,}"),
            ("facts", f"{summary.facts:,} new, {summary.supported:,} stated again, {summary.ended:,} ended"),
            ("pending", f"{summary.pending:,}" if summary.pending else ""),
            ("spaces", _some(summary.spaces)),
        ]
    )


def _some(names: tuple[str, ...], most: int = 10) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _how_to_go_on(files: list[Path]) -> str:
    from factloom.engine.importing.sources import STANDARD_INPUT

    if STANDARD_INPUT in files:  # what was read of it is gone
        return "to go on, run the same command again with the whole input; what is there already is not added twice"
    return "run the same command again to go on from here"


def _say_what_next(run: Run, summary: ImportSummary, files: list[Path]) -> None:
    if summary.dated_from is not None:
        run.note(
            f"messages without a time were dated from {summary.dated_from.isoformat()}; to import a later version of "
            f"the file without doubles, add --start {summary.dated_from.isoformat()}"
        )
    if summary.problems:
        run.note(f"{summary.problems:,} could not be imported: mend them and run the same command again")
        run.exit_code = ExitCode.PROBLEMS
    if summary.pending:
        run.note(f"{summary.pending:,} are stored but not learned from yet: see factloom pending, then factloom retry")
        run.exit_code = ExitCode.PROBLEMS
    if summary.stopped:
        run.note(f"stopped before the end; {_how_to_go_on(files)}")
        run.exit_code = ExitCode.INTERRUPTED

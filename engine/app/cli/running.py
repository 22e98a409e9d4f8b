"""Running a command: options that all commands share, opening the memory, errors and exit codes.

A command is a function whose first parameter is its ``Run``; ``command`` registers it with typer and adds the shared
options to its own. It writes what it found to standard output, as tables or as JSON, and all else to standard error.
"""

from __future__ import annotations

import errno
import functools
import inspect
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from factloom.schemas.errors import (
    ConfigurationError,
    FactloomError,
    InvalidInputError,
    MissingScopeError,
    ModelError,
    StoreError,
    VectorIndexError,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from factloom.engine.memory import Memory
    from factloom.schemas.settings import Settings

EVERYWHERE = "Every command"
SCOPE = "Whose memory"

StorePath = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Store to use. Default: FACTLOOM_STORE, the settings file, else the user's data folder.",
        rich_help_panel=EVERYWHERE,
        show_default=False,
    ),
]
ConfigPath = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="TOML file of settings. Default: FACTLOOM_CONFIG, else factloom.toml here.",
        rich_help_panel=EVERYWHERE,
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.", rich_help_panel=EVERYWHERE)]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log what is done to standard error.", rich_help_panel=EVERYWHERE)
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="Log everything, texts too, and show tracebacks of errors.", rich_help_panel=EVERYWHERE
    ),
]


class ExitCode(IntEnum):
    """What the process says when it ends. An error that nobody foresaw ends in a traceback and 1."""

    OK = 0
    PROBLEMS = 1
    BAD_INPUT = 2
    STORE = 3
    MODEL = 4
    INTERRUPTED = 130


def error_line(message: str) -> str:
    """How an error is said: one line, whatever is in it."""
    return f"error: {' '.join(message.split())}"


def exit_code_of(error: FactloomError) -> ExitCode:
    """The exit code for an error."""
    if isinstance(error, (StoreError, VectorIndexError)):
        return ExitCode.STORE
    return ExitCode.MODEL if isinstance(error, ModelError) else ExitCode.BAD_INPUT


@dataclass(frozen=True)
class Shared:
    """The options that every command has; those before the command's name are defaults for those after it."""

    store: str | None = None
    config: Path | None = None
    json: bool = False
    verbose: bool = False
    debug: bool = False

    def over(self, weaker: Shared) -> Shared:
        """These options, with those of ``weaker`` where these are not set."""
        pairs = ((getattr(self, name), getattr(weaker, name)) for name in self.__dataclass_fields__)
        return Shared(*(theirs if ours is None or ours is False else ours for ours, theirs in pairs))


class Run:
    """One run of one command: its shared options, its memory, and where it writes."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.exit_code = ExitCode.OK
        self._memory: Memory | None = None

    @property
    def wants_json(self) -> bool:
        """Whether standard output is for JSON alone."""
        return self.shared.json

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings in force.

        Raises:
            ConfigurationError: a setting cannot be used.
            InvalidInputError: ``--store`` is there, but names nothing.
        """
        from factloom.engine.readable_memory import settings_for

        return settings_for(self.shared.store, None, self.shared.config, {})

    @property
    def memory(self) -> Memory:
        """The memory of a store that exists, opened when it is first asked for and closed when the command ends.

        Raises:
            ConfigurationError: there is no store where the settings say.
        """
        self.require_store()
        return self.memory_to_fill

    @property
    def memory_to_fill(self) -> Memory:
        """As ``memory``, for a command that puts something in: a store that is missing is made."""
        if self._memory is None:
            from factloom.engine.memory import Memory

            self._memory = Memory(settings=self.settings)
        return self._memory

    def require_store(self) -> None:
        """Refuse to go on without a store, rather than make one that answers "nothing": its path may be mistyped.

        Raises:
            ConfigurationError: there is none where the settings say.
        """
        from factloom.engine.wiring import store_file

        file = store_file(self.settings)
        if self._memory is None and file is not None and _nothing_at(file):
            raise ConfigurationError(
                f"there is no store {file}; see that --store, FACTLOOM_STORE or the settings file names the right one "
                "(factloom add and factloom import make a new one)"
            )

    def close(self) -> None:
        """Close the memory if it was opened."""
        if self._memory is not None:
            self._memory.close()

    @functools.cached_property
    def out(self) -> Console:
        """Standard output; text that is not for a terminal is not wrapped at 80 columns."""
        return _console(sys.stdout is not None and sys.stdout.isatty(), stderr=False)

    @functools.cached_property
    def err(self) -> Console:
        """Standard error, for messages and progress."""
        return _console(sys.stderr is not None and sys.stderr.isatty(), stderr=True)

    def show(self, as_json: Callable[[], object], as_text: Callable[[], RenderableType]) -> None:
        """Write the result, in the form that was asked for."""
        if self.wants_json:
            self.write_json(as_json())
        else:
            self.print(as_text())

    def print(self, text: RenderableType) -> None:
        """Write to standard output; in a file or a pipe, lines have no white space at their ends.

        Raises:
            InvalidInputError: as ``write``.
        """
        with _writing_out():
            if self.out.is_terminal:
                self.out.print(text)
                return
            with self.out.capture() as captured:
                self.out.print(text)
            typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))

    def write(self, text: str) -> None:
        """Write lines to standard output as they are.

        Raises:
            InvalidInputError: standard output cannot be written to.
        """
        with _writing_out():
            typer.echo(text)

    def write_json(self, value: object) -> None:
        """Write one JSON document to standard output."""
        import json

        plain = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
        self.write(json.dumps(value, ensure_ascii=plain, indent=2))

    def note(self, message: str) -> None:
        """Say something to the person at the terminal."""
        typer.echo(message, err=True)

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask before something that cannot be undone.

        Raises:
            InvalidInputError: there is nobody to ask, and ``--yes`` was not given.
        """
        if yes:
            return True
        if sys.stdin is None or not sys.stdin.isatty():
            raise InvalidInputError(f"{question} There is no terminal to ask at: say --yes if that is meant")
        return typer.confirm(question, err=True)


@contextmanager
def _writing_out() -> Iterator[None]:
    """Say so where standard output cannot be written; who closes a pipe early, as head does, is let go in peace."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what still waits in its buffer
        raise InvalidInputError(f"cannot write to standard output: {error.strerror}") from error


def _nothing_at(file: Path) -> bool:
    """Whether there is no such file, or an empty one; one that may not be looked at is for the store to refuse."""
    try:
        return file.is_file() and file.stat().st_size == 0 if file.exists() else True
    except OSError:
        return False


def _console(terminal: bool, *, stderr: bool) -> Console:
    from rich.console import Console

    width = None if terminal or "COLUMNS" in os.environ else 160
    # What users wrote is never markup, emoji codes or something to colour.
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def command(
    app: typer.Typer, *, example: str, panel: str, name: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command: its docstring is its help, ``example`` a line that shows its use."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run_it(
            ctx: typer.Context,
            store: str | None,
            config: Path | None,
            json: bool,
            verbose: bool,
            debug: bool,
            **own: Any,
        ) -> None:
            shared = Shared(store, config, json, verbose, debug)
            _run(function, Run(shared.over(ctx.obj) if isinstance(ctx.obj, Shared) else shared), own)

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        parameters += [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        parameters += _shared_parameters()
        run_it.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run_it.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(
            name,
            help=inspect.getdoc(function),
            epilog=f"Example: {example}",
            rich_help_panel=panel,
            no_args_is_help=False,
        )(run_it)
        return function

    return register


def _shared_parameters() -> list[inspect.Parameter]:
    annotations = {"store": StorePath, "config": ConfigPath, "json": Json, "verbose": Verbose, "debug": Debug}
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=None if name in ("store", "config") else False,
        )
        for name, annotation in annotations.items()
    ]


def _run(function: Callable[..., None], run: Run, own: dict[str, Any]) -> NoReturn:
    _log_to_stderr(run.shared)
    try:
        try:
            function(run, **own)
        finally:
            run.close()
    except FactloomError as error:
        if run.shared.debug:
            logging.getLogger("factloom").debug("the command failed", exc_info=error)
        run.note(error_line(_in_words_of_the_command_line(error)))
        raise typer.Exit(exit_code_of(error)) from None
    except (KeyboardInterrupt, typer.Abort):  # the second: Ctrl-C or Ctrl-D where a question was asked
        run.note("interrupted")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    raise typer.Exit(run.exit_code)


def _in_words_of_the_command_line(error: FactloomError) -> str:
    if isinstance(error, MissingScopeError):
        return f"say whose memory this is: give --user, --agent, --run or --space{_place_of(error)}"
    message = str(error)
    if not isinstance(error, InvalidInputError):
        return message
    if message.startswith("fact 0"):
        message = f"the fact{message.removeprefix('fact 0')}"
    named = _ARGUMENT.match(message)
    return f"{_option(named['argument'])}{message[named.end() :]}" if named else message


_ARGUMENT = re.compile(
    r"(?:the (?:message|fact): )?(?P<argument>user_id|agent_id|run_id|limit|offset|max_tokens|since|until|as_of|now"
    r"|asker|time|session|name|metadata|valid_at|invalid_at|confidence|predicate|object|reason|actor)(?= )"
)
"""Arguments of ``Memory`` that are options here, where a message begins with one."""


def _option(argument: str) -> str:
    return f"--{argument.removesuffix('_id').replace('_', '-')}"


def _place_of(error: MissingScopeError) -> str:
    """Where in a file the scope was missing, if it was in one."""
    _, found, place = str(error).partition(" for messages such as ")
    return f" ({place} names none)" if found else ""


class _StandardError(logging.Handler):
    """Writes to whatever standard error is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(self.format(record), err=True)


def _log_to_stderr(shared: Shared) -> None:
    log = logging.getLogger("factloom")
    log.setLevel(logging.DEBUG if shared.debug else logging.INFO if shared.verbose else logging.WARNING)
    if not any(isinstance(handler, _StandardError) for handler in log.handlers):
        handler = _StandardError()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        log.addHandler(handler)
        log.propagate = False

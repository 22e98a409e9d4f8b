"""The typer application: all commands, and the options that may stand before their names."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from factloom.engine.app.cli import (
    asking,
    copying,
    correcting,
    demonstrating,
    forgetting,
    importing_files,
    looking,
    querying,
    upkeep,
    writing,
)
from factloom.engine.app.cli.running import ConfigPath, Debug, Json, Shared, StorePath, Verbose, error_line


class _Commands(TyperGroup):
    """The commands; what is wrong with a command line is said in one line, as all errors are."""

    def main(self, *args: Any, **options: Any) -> NoReturn:
        try:
            sys.exit(super().main(*args, **{**options, "standalone_mode": False}))
        except typer.TyperException as error:
            message = error.format_message().replace("Value error, ", "").rstrip(".")
            if message:  # without any, help was shown instead
                context = getattr(error, "ctx", None)
                command = context.command_path if context is not None else self.name
                typer.echo(error_line(f"{message[0].lower()}{message[1:]}; see: {command} --help"), err=True)
            sys.exit(error.exit_code)


app = typer.Typer(
    name="factloom",
    cls=_Commands,
    help="A graph-plus-vector memory: conversations go in, ranked and explained answers come out.",
    epilog="Exit codes: 0 done, 1 done but with problems, 2 bad input, 3 store, 4 model, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would print local variables, and with them what users said
    context_settings={"help_option_names": ["--help", "-h"]},
)

_REMEMBER, _LOOK, _CHANGE = (writing, importing_files), (asking, looking, querying), (correcting, forgetting)
for group in (*_REMEMBER, *_LOOK, *_CHANGE, upkeep, copying, demonstrating):
    group.add_commands(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        import factloom

        typer.echo(f"factloom {factloom.__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    store: StorePath = None,
    config: ConfigPath = None,
    json: Json = False,
    verbose: Verbose = False,
    debug: Debug = False,
    show_version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command's name."""
    ctx.obj = Shared(store, config, json, verbose, debug)

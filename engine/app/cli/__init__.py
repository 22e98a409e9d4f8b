"""The command line, ``factloom``: one module per group of commands, rendering apart, all through ``Memory``.

Nothing heavy is imported before a command runs, so that ``factloom --help`` and completion are quick.
"""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``factloom`` command; exits with one of the codes of ``running.ExitCode``."""
    from factloom.engine.app.cli.application import app

    app(prog_name="factloom")

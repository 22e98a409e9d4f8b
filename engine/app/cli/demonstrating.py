"""The demo command."""

from __future__ import annotations

import typer


def add_commands(app: typer.Typer) -> None:
    """Register this group."""

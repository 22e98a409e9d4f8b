"""Running the command line: in this process for details, and through its real entry point."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from factloom.engine.app.cli.application import app


class Outcome(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


Cli = Callable[..., Outcome]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """No settings but a store in a fresh folder and an embedder that is quick."""
    for name in list(os.environ):
        if name.startswith("FACTLOOM_"):
            monkeypatch.delenv(name)
    chosen = {
        "FACTLOOM_STORE": str(tmp_path / "memory.db"),
        "FACTLOOM_EMBEDDER__KIND": "hashing",
        "COLUMNS": "200",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return chosen


@pytest.fixture
def cli(environment: dict[str, str]) -> Cli:
    """Run a command in this process."""

    def run(*arguments: str, stdin: str | bytes | None = None, environment: dict[str, str] | None = None) -> Outcome:
        result = CliRunner().invoke(app, list(arguments), input=stdin, env=environment, prog_name="factloom")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def entry_point(environment: dict[str, str]) -> Cli:
    """Run a command as a user does: the installed script in a process of its own."""
    script = Path(sys.executable).with_name("factloom")

    def run(*arguments: str, stdin: str = "", environment: dict[str, str] | None = None) -> Outcome:
        done = subprocess.run(
            [str(script), *arguments],
            input=stdin,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run

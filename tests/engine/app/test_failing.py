"""What goes wrong: one clear line on standard error, the documented exit code, nothing on standard output."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]  # what the fixture cli is: its outcome has code, out, err and document


ADD = ("add", "I live in Lisbon.", "--user", "ana")


def check(outcome: Any, code: int, *words: str) -> None:
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert "Traceback" not in outcome.err
    for word in words:
        assert word in outcome.err


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_bad_input(cli: Cli, json: tuple[str, ...]) -> None:
    cli("add", "I like tea.", "--user", "bea")
    check(cli("search", "x", *json), 2, "give --user, --agent, --run or --space")
    check(cli("add", "x", *json), 2, "give --user, --agent, --run or --space")
    check(cli("add", "  ", "--user", "ana", *json), 2, "is empty")
    check(cli("add", "x", "--user", "ana", "--role", "king", *json), 2, "unknown role 'king'")
    check(cli("add", "x", "--user", "ana", "--time", "2025-01-01T10:00:00", *json), 2, "has no time zone")
    check(cli("add", "x", "--user", "ana", "--time", "1066-01-01T10:00:00+00:00", *json), 2, "cannot be right")
    check(cli("add", "x", "--user", "ana", "--metadata", "novalue", *json), 2, "KEY=VALUE")
    check(cli("add", "a\x00b", "--user", "ana", *json), 2, "NUL character at position 1")
    check(cli("add", "x" * 300_000, "--user", "ana", *json), 2, "300,000 characters")
    check(cli("add", "-", "--user", "ana", *json, stdin=b"caf\xe9"), 2, "standard input is not UTF-8 at byte 4")
    check(cli("search", "x", "--user", "ana", "--limit", "0", *json), 2, "limit must be")
    check(cli("facts", "--user", "ana", "--limit", "0", *json), 2, "limit must be")
    check(cli("search", "x", "--user", "ana", "--as-of", "2025-01-01", *json), 2, "has no time zone", "+00:00")
    check(cli("show", "nothing", *json), 2, "there is no record 'nothing'")
    check(cli("history", "nothing", *json), 2, "there is no record")
    check(cli("delete", "nothing", "--yes", *json), 2, "there is no record")
    check(cli("update", "nothing", "text", *json), 2, "nothing")
    check(cli("import", "missing.jsonl", "--user", "ana", *json), 2, "No such file")
    check(cli("import", ".", "--user", "ana", *json), 2, "is a folder")
    check(cli("demo", "missing.jsonl", *json), 2, "No such file")
    check(cli("import", __file__, "--user", "ana", "--timezone", "Mars/Base", *json), 2, "no time zone 'Mars/Base'")


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_usage_errors_are_one_line_too(cli: Cli, json: tuple[str, ...]) -> None:
    check(cli(*json, "find", "x"), 2, "no such command 'find'", "see: factloom --help")
    check(cli(*json, "serch", "x"), 2, "Did you mean 'search'?")
    check(cli(*json, "model", "wat"), 2, "no such command 'wat'", "see: factloom model --help")
    check(cli("search", *json), 2, "missing argument 'QUESTION'", "--questions FILE")
    check(cli("search", "x", "--questions", "y", *json), 2, "QUESTION and --questions together")
    check(cli("search", "--questions", "missing.txt", *json), 2, "cannot read the questions of missing.txt")
    check(cli("context", *json), 2, "missing argument 'QUESTION'", "see: factloom context --help")
    check(cli("search", "x", "--wat", *json), 2, "no such option: --wat")
    check(cli("search", "x", "--category", "odd", *json), 2, "'--category': 'odd' is not one of 'semantic', ")
    check(cli("search", "x", "--limit", "many", *json), 2, "'--limit'", "integer")
    check(cli("search", "x", "and", "more", *json), 2, "extra argument")


def test_without_a_command_it_shows_its_help(cli: Cli) -> None:
    outcome = cli()
    assert outcome.code == 2
    assert "Usage: factloom" in outcome.out
    assert outcome.err == ""


READING = [
    ("search", "x", "--user", "ana"),
    ("context", "x", "--user", "ana"),
    ("facts", "--user", "ana"),
    ("entities", "--user", "ana"),
    ("show", "x"),
    ("history", "x"),
    ("update", "x", "text"),
    ("delete", "x", "--yes"),
    ("delete", "--all", "--user", "ana", "--yes"),
    ("reset", "--yes"),
    ("pending",),
    ("retry",),
    ("stats",),
    ("reembed",),
    ("rebuild-index",),
]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_only_what_puts_something_in_makes_a_store(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    check(cli(*arguments, "--store", "mistyped.db"), 2, "there is no store mistyped.db", "--store", "factloom import")
    (tmp_path / "empty.db").write_bytes(b"")
    check(cli(*arguments, environment={"FACTLOOM_STORE": "empty.db"}), 2, "there is no store empty.db")

    assert [path.name for path in tmp_path.iterdir()] == ["empty.db"]
    assert (tmp_path / "empty.db").read_bytes() == b""


def test_a_store_named_by_nothing(cli: Cli, tmp_path: Path) -> None:
    for arguments in (ADD, ("stats",), ("demo",)):
        check(cli(*arguments, "--store", ""), 2, "store is empty; give the path")
        check(cli("--store", " ", *arguments), 2, "store is empty")
    assert list(tmp_path.iterdir()) == []

    home = {"FACTLOOM_STORE": "", "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    assert cli(*ADD, environment=home).code == 0
    assert cli("stats", "--json", environment=home).document["store"].startswith(str(tmp_path))


def test_settings_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    check(cli("stats", environment={"FACTLOOM_EMBEDDER__KIND": "magic"}), 2, "embedder.kind")
    check(cli("stats", "--config", "missing.toml"), 2, "missing.toml")
    (tmp_path / "bad.toml").write_text("store = ")
    check(cli("stats", "--config", "bad.toml"), 2, "not valid TOML")
    check(cli("stats", "--store", "redis://localhost"), 2, "redis://")


def test_stores_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, but long enough to be taken for one" * 100)
    check(cli(*ADD, "--store", "text.db"), 3, "text.db")
    with sqlite3.connect(tmp_path / "foreign.db") as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    check(cli(*ADD, "--store", "foreign.db"), 3, "foreign.db")
    check(cli(*ADD, "--store", str(tmp_path)), 2, "is a folder")
    (tmp_path / "file").write_text("")
    check(cli(*ADD, "--store", str(tmp_path / "file" / "memory.db")), 3)


def test_a_model_that_is_missing(cli: Cli, tmp_path: Path) -> None:
    missing = {"FACTLOOM_EMBEDDER__KIND": "onnx", "FACTLOOM_EMBEDDER__PATH": str(tmp_path / "nothing")}
    cli(*ADD, environment=missing)
    outcome = cli("search", "x", "--user", "ana", environment=missing)
    assert outcome.code == 4
    assert outcome.err.startswith("error: ")
    outcome = cli("model", "info", environment=missing)
    assert outcome.code == 4
    outcome = cli("model", "fetch", "someone/model", environment=missing)
    assert (outcome.code, "40 digits" in outcome.err) == (2, True)


def test_arguments_have_the_names_of_their_options(cli: Cli) -> None:
    cli(*ADD)
    id_ = cli("facts", "--user", "ana", "--json").document["facts"][0]["id"]

    check(cli("search", " ", "--user", "ana"), 2, "error: the query is empty; ask something")
    check(cli("search", "x" * 300_000, "--user", "ana"), 2, "error: the query has 300,000 characters", "; shorten it")
    check(cli("search", "x", "--user", ""), 2, "error: --user is empty; give the id itself")
    check(cli("search", "x", "--user", "ana", "--run", "a\tb"), 2, "error: --run 'a\\tb' has control characters")
    check(cli("search", "x", "--user", "ana", "--asker", ""), 2, "error: --asker is empty")
    check(cli("search", "x", "--user", "ana", "--offset", "-1"), 2, "error: --offset must be a whole number")
    check(cli("search", "x", "--user", "ana", "--as-of", "x"), 2, "error: --as-of 'x' is not a time")
    check(cli("context", "x", "--user", "ana", "--max-tokens", "3"), 2, "error: --max-tokens must be at least 40")
    check(cli("add", "x", "--user", "ana", "--time", "x"), 2, "error: --time 'x' is not a time")
    check(cli("add", "x", "--user", "ana", "--name", " "), 2, "error: --name is empty")
    check(cli("add", "x" * 300_000, "--user", "ana"), 2, "split it into several messages")
    check(
        cli("add-fact", "Ana", "LIKES", "tea", "--user", "ana", "--confidence", "7"),
        2,
        "error: the fact cannot be used",
    )
    check(cli("update", id_, "--valid-at", "x"), 2, "error: --valid-at 'x' is not a time")
    check(cli("update", id_, "--object", " "), 2, "error: --object is empty")
    check(cli("update", id_), 2, "nothing to update")


def test_what_is_piped_has_no_white_space_at_its_ends(cli: Cli) -> None:
    cli(*ADD)
    for arguments in (
        ("search", "Ana", "--user", "ana"),
        ("facts", "--user", "ana"),
        ("stats",),
        ("stats", "--verbose"),
    ):
        for line in cli(*arguments).out.splitlines():
            assert line == line.rstrip()


def test_debug_shows_the_traceback_and_verbose_no_texts(cli: Cli) -> None:
    assert "Traceback" in cli("show", "nothing", "--debug").err
    outcome = cli(*ADD, "--verbose")
    assert outcome.code == 0
    assert "Lisbon" not in outcome.err
    assert logging.getLogger("factloom").level == logging.INFO


def test_control_c_ends_with_130(environment: dict[str, str], tmp_path: Path) -> None:
    """While it waits for standard input."""
    arguments = [sys.executable, "-m", "factloom.engine.app.cli", "add", "-", "--user", "ana"]
    running = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not Path(environment["FACTLOOM_STORE"]).exists():
        time.sleep(0.02)
    for _ in range(20):  # again if it was lost: Python drops an interrupt that comes inside a finalizer
        running.send_signal(signal.SIGINT)
        try:
            running.wait(timeout=3)
            break
        except subprocess.TimeoutExpired:
            continue
    _, err = running.communicate(timeout=60)

    # CPython ends by the signal itself when it came inside exec(), as dataclasses use; a shell shows 130 for both.
    assert running.returncode in (130, -signal.SIGINT)
    assert err.strip() == "interrupted"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("json", ["", "--json"])
def test_output_that_cannot_be_written(cli: Cli, json: str) -> None:
    cli(*ADD)
    for command in ("stats", "context Lisbon --user ana"):
        line = f'"{sys.executable}" -m factloom.engine.app.cli {command} {json} > /dev/full'
        done = subprocess.run(["sh", "-c", line], env=os.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr == "error: cannot write to standard output: No space left on device\n"
        closed = line.replace("> /dev/full", ">&-")
        done = subprocess.run(["sh", "-c", closed], env=os.environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_an_entity_by_its_name_alone(cli: Cli) -> None:
    cli(*ADD)
    check(cli("show", "Lisbon"), 2, "there is no record 'Lisbon'", "found by its name too", "--user")


def test_a_closed_pipe_is_no_traceback(environment: dict[str, str], cli: Cli) -> None:
    for number in range(40):
        cli("add-fact", "Ana", "LIKES", f"thing {number} {'x' * 100}", "--user", "ana")
    command = f'"{sys.executable}" -m factloom.engine.app.cli facts --user ana --json | head -n 1'
    done = subprocess.run(["sh", "-c", command], env=os.environ, capture_output=True, text=True, check=False)

    assert done.stdout == "{\n"
    assert done.stderr == ""

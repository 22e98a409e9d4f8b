"""The import command: what it says and how it ends. Formats and resuming have tests of their own."""

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]  # what the fixture cli is: its outcome has code, out, err and document


GOOD = {"content": "I live in Lisbon.", "name": "Ana", "time": "2025-01-01T10:00:00+00:00"}


def test_the_summary_and_problems_by_file_and_line(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\nnot json\n{json.dumps(GOOD)}\n")

    done = cli("import", "chat.jsonl", "--user", "ana")

    assert done.code == 1
    rows = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in done.out.splitlines())
    assert rows["read"] == "3 messages"
    assert (rows["added"], rows["already there"], rows["problems"]) == ("1", "1", "1")
    assert rows["facts"].startswith("1 new")
    assert rows["spaces"] == "user/ana"
    assert "chat.jsonl:2: not JSON: Expecting value at column 1" in done.err
    assert "1 could not be imported: mend them and run the same command again" in done.err

    path.write_text(path.read_text().replace("not json", json.dumps({**GOOD, "content": "I like tea."})))
    mended = cli("import", "chat.jsonl", "--user", "ana")
    assert mended.code == 0
    assert mended.err == ""
    assert "1 new" in mended.out


@pytest.mark.parametrize("arguments", [("x.txt",), ("nowhere.jsonl", "--format", "jsonl")])
def test_a_file_that_cannot_be_used_leaves_no_store(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "x.txt").write_text("just some text")
    done = cli("import", *arguments, "--user", "ana", "--store", str(tmp_path / "new.db"))
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert not (tmp_path / "new.db").exists()


def test_json_goes_to_standard_output_and_problems_to_standard_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "chat.jsonl").write_text(f"{json.dumps(GOOD)}\n{{\n")

    done = cli("import", "chat.jsonl", "--user", "ana", "--json")

    assert done.code == 1
    assert done.document["listed"][0]["where"] == "line 2"
    assert "chat.jsonl:2:" in done.err


def test_messages_without_times_come_with_the_advice_that_makes_them_repeatable(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text('{"content": "one"}\n')
    first = cli("import", "chat.jsonl", "--user", "ana")
    assert first.code == 0
    advice = first.err.rsplit("add ", 1)[1].split()
    assert advice[0] == "--start"

    path.write_text('{"content": "one"}\n{"content": "two"}\n')
    again = cli("import", "chat.jsonl", "--user", "ana", *advice, "--json").document
    assert (again["known"], again["added"]) == (1, 1)


def test_storing_without_learning_and_a_named_format(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(json.dumps(GOOD))

    done = cli("import", "chat.txt", "--user", "ana", "--no-infer", "--format", "jsonl", "--json").document

    assert (done["added"], done["facts"]) == (1, 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("jsonl", f"{json.dumps(GOOD)}\nnot json\n"),
        ("openai", json.dumps([{"role": "user", **GOOD}, 5])),
        ("jsonl", gzip.compress(f"{json.dumps(GOOD)}\n5\n".encode())),
    ],
)
def test_standard_input_in_a_format_that_is_named(cli: Cli, tmp_path: Path, name: str, text: str | bytes) -> None:
    arguments = ("import", "-", "--format", name, "--user", "ana", "--json")

    done = cli(*arguments, stdin=text)
    assert done.code == 1
    assert (done.document["added"], done.document["problems"], done.document["files"]) == (1, 1, ["-"])
    assert done.err.startswith("-:2: ") or done.err.startswith("-: message 2: ")

    again = cli(*arguments, stdin=text)
    assert (again.document["added"], again.document["known"]) == (0, 1)
    assert [path.name for path in tmp_path.iterdir() if "memory.db" not in path.name] == []


def test_standard_input_without_a_format_or_anything_in_it(cli: Cli) -> None:
    unnamed = cli("import", "-", "--user", "ana", stdin=json.dumps(GOOD))
    assert (unnamed.code, unnamed.out) == (2, "")
    assert "say the format of standard input with --format: jsonl, " in unnamed.err
    empty = cli("import", "-", "--format", "jsonl", "--user", "ana", stdin="")
    assert (empty.code, empty.out) == (2, "")
    assert "holds no messages" in empty.err


def test_standard_input_that_was_stopped_cannot_go_on_where_it_was(environment: dict[str, str], tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "factloom.engine.app.cli", "import", "-", "--format", "jsonl", "--user", "ana"]
    running = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not (tmp_path / "memory.db").exists():
        time.sleep(0.02)
    time.sleep(1.0)  # until it waits for input
    running.send_signal(signal.SIGINT)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)

    assert running.returncode == 130
    assert "run the same command again with the whole input" in err
    assert err.rstrip().endswith("interrupted")

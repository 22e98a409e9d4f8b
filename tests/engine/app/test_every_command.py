"""Every command has help with an example, is documented, and works through the real entry point."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from factloom.engine.app.cli.application import app

Cli = Callable[..., Any]  # what the fixture cli is: its outcome has code, out, err and document

DOCS = Path(__file__).parents[3] / "docs" / "cli.md"
SHARED = {"store", "config", "json", "verbose", "debug"}


def commands(node: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Full name and object of every command in the tree."""
    node = node or get_command(app)
    for name, child in node.commands.items():
        if hasattr(child, "commands"):
            yield from commands(child, (*path, name))
        else:
            yield " ".join((*path, name)), child


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_help_describes_the_command_its_options_and_an_example(name: str) -> None:
    command = ALL[name]

    assert len(command.help or "") > 20
    assert (command.epilog or "").startswith("Example: ")
    assert f"factloom {name}" in command.epilog
    for parameter in command.params:
        if parameter.name != "help":
            assert getattr(parameter, "help", None), f"{name} {parameter.name} has no help"
    assert {parameter.name for parameter in command.params} >= SHARED


@pytest.mark.parametrize("name", ALL)
def test_the_documentation_has_the_command(name: str) -> None:
    assert f"### factloom {name}\n" in DOCS.read_text(encoding="utf-8")


def test_the_documentation_has_no_command_that_does_not_exist() -> None:
    titles = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("### factloom ")]
    assert sorted(title.removeprefix("### factloom ") for title in titles) == sorted(ALL)


def test_every_command_works_through_the_entry_point(entry_point: Cli, tmp_path: Path) -> None:
    """One story that uses all commands; each with --json, so that its document is checked too."""
    used: set[str] = set()

    def run(name: str, *arguments: str, code: int = 0, stdin: str = "") -> Any:
        used.add(name)
        done = entry_point(*name.split(), *arguments, "--json", stdin=stdin)
        assert done.code == code, done.err
        return json.loads(done.out)

    added = run("add", "I live in Lisbon.", "--user", "ana", "--time", "2025-01-01T10:00:00+00:00")
    first = added["changes"][0]["fact"]
    assert first["text"] == "Ana lives in Lisbon."
    run("add", "-", "--user", "ana", "--no-infer", stdin="just words\n")
    boss = run("add-fact", "Ana", "HAS_BOSS", "Ingrid", "--user", "ana")["changes"][0]["fact"]
    lines = [{"content": "I live in Porto now.", "time": "2025-05-01T10:00:00+00:00"}]
    (tmp_path / "chat.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert run("import", "chat.jsonl", "--user", "ana")["added"] == 1

    found = run("search", "Where does Ana live?", "--user", "ana", "--kind", "fact")
    assert found["hits"][0]["text"] == "Ana lives in Porto."
    assert "Porto" in run("context", "Where does Ana live?", "--user", "ana")["text"]
    assert "Ana lives in Porto." in [fact["text"] for fact in run("facts", "--user", "ana")["facts"]]
    assert "Porto" in [entity["name"] for entity in run("entities", "--user", "ana")["entities"]]
    assert run("cypher", "MATCH (:Person {name: 'Ana'})-[:LIVES_IN]->(x) RETURN x.name")["rows"] == [["Porto"]]
    assert run("show", first["id"])["sources"][0]["content"] == "I live in Lisbon."
    run("update", boss["id"], "--object", "Duarte", "--reason", "a mistake")
    assert "a mistake" in [change["reason"] for change in run("history", boss["id"])["changes"]]
    merged = run("merge", "Duarte", "Ingrid", "--user", "ana", "--reason", "one man")
    assert run("undo", merged["change_id"])["other"]["name"] == "Ingrid"
    split = run("split", "Ana", "Ana Silva", "--fact", first["id"], "--user", "ana")
    assert split["fact_ids"] == [first["id"]]
    assert run("undo", split["change_id"])["entity"]["name"] == "Ana"
    assert [spec["name"] for spec in run("ontology", "LIVES_IN")["predicates"]] == ["LIVES_IN"]
    assert run("pending")["episodes"] == []
    assert run("retry")["episodes"] == []
    assert run("stats")["episodes"] == 5
    assert run("rebuild-index")["vectors"] > 0
    assert run("reembed")["embedded"] > 0
    assert run("model info")["embedder"]["kind"] == "hashing"
    assert run("model fetch")["kind"] == "hashing"
    assert run("version")["python"] == sys.version.split()[0]
    assert first["id"] in run("delete", first["id"], "--yes")["fact_ids"]
    demo = run("demo", "chat.jsonl", "--store", "demo.db")
    assert demo["import"]["added"] == 1
    assert run("copy", "memory.db", "twin.db")["same"]
    assert run("reset", "--yes")["episode_ids"]
    assert run("stats")["episodes"] == 0

    assert used == set(ALL)


def test_the_module_runs_too_and_help_is_light(environment: dict[str, str]) -> None:
    import subprocess

    loaded = "import sys\nsys.argv[1:] = ['--help']\nfrom factloom.engine.app.cli import main\n"
    loaded += "try: main()\nexcept SystemExit: pass\n"
    heavy = ["numpy", "spacy", "faiss", "onnxruntime", "pydantic", "factloom.engine.memory"]
    script = f"{loaded}print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"

    module = [sys.executable, "-m", "factloom.engine.app.cli", "--version"]
    done = subprocess.run(module, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("factloom ")


def test_completion_can_be_had(entry_point: Cli) -> None:
    shown = entry_point("--show-completion", "bash")
    done = entry_point(
        environment={"_FACTLOOM_COMPLETE": "complete_bash", "COMP_WORDS": "factloom se", "COMP_CWORD": "1"}
    )

    assert "_FACTLOOM_COMPLETE=complete_bash" in shown.out
    assert done.out.split() == ["search"]

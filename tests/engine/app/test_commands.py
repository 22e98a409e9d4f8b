"""What single commands print and take."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factloom.engine.app.cli.explaining import PARTS
from factloom.retrieval.ranking import EPISODE_WEIGHTS, FACT_WEIGHTS

Cli = Callable[..., Any]  # what the fixture cli is: its outcome has code, out, err and document


LISBON = ("add", "I live in Lisbon.", "--user", "ana", "--time", "2025-01-01T10:00:00+00:00")
PORTO = ("add", "I live in Porto now.", "--user", "ana", "--time", "2025-05-01T10:00:00+00:00")


def facts(cli: Cli, *arguments: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = cli("facts", "--user", "ana", *arguments, "--json").document["facts"]
    return listed


def test_add_says_what_changed(cli: Cli) -> None:
    first = cli(*LISBON)
    assert "stored 1 message" in first.out
    assert "added: Ana lives in Lisbon." in first.out
    assert "1 known already" in cli(*LISBON).out
    moved = cli(*PORTO)
    assert "superseded: Ana lives in Porto." in moved.out
    assert "before: Ana lives in Lisbon." in moved.out
    assert "no new facts" in cli("add", "hello there", "--user", "ana").out


def test_add_reads_standard_input_and_keeps_what_it_is_told(cli: Cli) -> None:
    arguments = ("--space", "team/a", "--name", "Bea", "--role", "assistant", "--session", "s", "--metadata", "n=1")
    added = cli("add", "-", *arguments, "--metadata", "who=me", "--json", stdin="two\nlines\n").document

    episode = added["episodes"][0]
    assert (episode["content"], episode["speaker"], episode["session"]) == ("two\nlines", "Bea", "s")
    assert (episode["space"], episode["role"], episode["metadata"]) == ("team/a", "assistant", {"n": 1, "who": "me"})


def test_search_shows_rank_score_text_date_and_source(cli: Cli) -> None:
    cli(*LISBON)
    cli(*PORTO)

    now = cli("search", "Where does Ana live?", "--user", "ana", "--kind", "fact")
    header, _, first = (line for line in now.out.splitlines() if line.strip() and " ms" not in line)
    assert header.split() == ["#", "score", "text", "when", "source"]
    assert "Ana lives in Porto." in first
    assert "since 2025-05-01" in first
    assert "Ana, 2025-05-01 10:00: I live in Porto now." in first
    assert "Lisbon" not in now.out

    then = cli(
        "search", "Where does Ana live?", "--user", "ana", "--as-of", "2025-02-01T00:00:00+00:00", "--kind", "fact"
    )
    assert "Ana lives in Lisbon." in then.out
    assert "2025-01-01 to 2025-05-01" in then.out
    both = cli("search", "Where does Ana live?", "--user", "ana", "--history", "--kind", "fact")
    assert "Lisbon" in both.out
    assert "Porto" in both.out


def test_search_explains_filters_and_pages(cli: Cli) -> None:
    cli(*LISBON)
    cli("add", "I like tea.", "--user", "ana")
    everything = cli("search", "What about Ana?", "--user", "ana", "--json").document["hits"]

    explained = cli("search", "What about Ana?", "--user", "ana", "--explain").out
    assert everything[0]["id"] in explained.replace("\n", "")
    assert "SUBJECT_OF" in explained
    assert "█" in explained
    first = cli("search", "What about Ana?", "--user", "ana", "--limit", "1")
    assert "more with --offset 1" in first.out
    second = cli("search", "What about Ana?", "--user", "ana", "-n", "1", "--offset", "1", "--json").document
    assert (second["hits"][0]["id"], second["hits"][0]["rank"]) == (everything[1]["id"], 2)
    preferences = cli("search", "Ana", "--user", "ana", "--category", "preference", "--json").document["hits"]
    assert [hit["text"] for hit in preferences] == ["Ana likes tea."]
    by_predicate = cli("search", "Ana", "--user", "ana", "--predicate", "lives in", "--json").document["hits"]
    assert [hit["text"] for hit in by_predicate] == ["Ana lives in Lisbon."]
    later = cli("search", "Ana", "--user", "ana", "--since", "2025-02-01T00:00:00+00:00", "--json").document["hits"]
    assert later
    assert all("Lisbon" not in hit["text"] for hit in later)


def test_explain_draws_how_the_hits_were_found(cli: Cli) -> None:
    cli("add-fact", "Ana", "HAS_SISTER", "Bea", "--user", "ana")
    cli("add-fact", "Bea", "WORKS_FOR", "Corvina", "--user", "ana")
    asked = ("Where did my sister work last summer?", "--user", "ana", "--asker", "Ana", "--kind", "fact")
    asked = (*asked, "--now", "2025-11-20T12:00:00+00:00")
    drawn = cli("search", *asked, "--explain").out
    lines = [line.rstrip() for line in drawn.splitlines()]
    reading = {name.strip(): told.strip() for name, told in (line.split("  ", 1) for line in lines[:8] if "  " in line)}
    assert reading["asks for"] == "where, about the past"
    assert reading["names"] == "Ana"
    assert reading["means"] == "my sister: Bea"
    assert reading["time"] == '"last summer": 2025-06-01 up to 2025-09-01'
    assert "1 named" in reading["seeds"]
    assert "ms; without embedding" in reading["took"]
    best = drawn.index("Bea works for Corvina.")
    path = drawn[best : drawn.index("score ", best)]
    assert [part in path for part in ("entity Ana (named)", "└── HAS_SISTER → entity Bea", "└── WORKS_FOR → fact")] == [
        True, True, True
    ]  # fmt: skip
    (relation,) = [line for line in drawn[best:].split("\n\n")[0].splitlines() if " relation " in f" {line}"]
    assert "█" in relation
    assert "the question's relations lead to it" in relation
    document = cli("search", *asked, "--json").document
    assert document["reading"]["meant"] == {"my sister": ["Bea"]}
    assert document["seeds"]["entity"] == 1
    assert document["hits"][0]["path"][0]["found_by"] == "entity"
    part = document["hits"][0]["parts"]["relation"]
    assert f"{part:+.2f}" in relation


def test_every_part_of_a_score_is_told_in_words() -> None:
    assert {*EPISODE_WEIGHTS, *FACT_WEIGHTS, "stale", "said before"} == PARTS.keys()


def test_search_doubts_and_finds_nothing(cli: Cli) -> None:
    cli("add", "the kettle is on", "--user", "ana")
    assert cli("search", "anything?", "--user", "nobody").out.strip() == "Nothing found."
    doubtful = cli("search", "Which football team does Rui support?", "--user", "ana")
    assert "the answer may not be there" in doubtful.out
    assert not cli("search", "Which team?", "--user", "ana", "--json").document["answered"]


def test_several_spaces_are_searched_together(cli: Cli) -> None:
    cli("add", "I like tea.", "--space", "a", "--name", "Ana")
    cli("add", "I like coffee.", "--space", "b", "--name", "Bea")

    both = cli("facts", "--space", "a", "--space", "b", "--json").document["facts"]

    assert {fact["space"] for fact in both} == {"a", "b"}


def test_show_a_fact_an_episode_and_an_entity(cli: Cli) -> None:
    cli(*LISBON)
    fact = facts(cli)[0]

    shown = cli("show", fact["id"]).out
    assert "Ana – LIVES_IN – Lisbon" in shown
    assert "I live in Lisbon." in shown
    episode = cli("show", fact["episode_ids"][0], "--json").document
    assert episode["kind"] == "episode"
    assert [about["id"] for about in episode["facts"]] == [fact["id"]]
    entity = cli("show", "lisbon", "--user", "ana")
    assert "place" in entity.out
    assert "Ana lives in Lisbon." in entity.out


def test_history_shows_every_version_with_its_reason(cli: Cli) -> None:
    cli(*LISBON)
    id_ = facts(cli)[0]["id"]
    updated = cli("update", id_, "--object", "Sintra", "--reason", "mistyped", "--actor", "Bea").out
    assert "Sintra" in updated

    history = cli("history", id_).out

    assert "added" in history
    assert "updated" in history
    assert "mistyped" in history
    assert "Bea" in history


def test_facts_and_entities_can_be_narrowed_and_empty(cli: Cli) -> None:
    cli(*LISBON)
    cli(*PORTO)

    assert [fact["text"] for fact in facts(cli)] == ["Ana lives in Porto."]
    assert len(facts(cli, "--history")) == 2
    assert facts(cli, "--predicate", "LIKES") == []
    assert facts(cli, "--history", "--limit", "1", "--offset", "1")[0]["text"] == "Ana lives in Lisbon."
    assert cli("facts", "--user", "nobody").out.strip() == "No facts."
    assert cli("entities", "--user", "ana", "--type", "person", "--json").document["entities"][0]["name"] == "Ana"
    assert cli("entities", "--user", "nobody").out.strip() == "No entities."


def test_pending_messages_are_listed_and_retried(cli: Cli, tmp_path: Path) -> None:
    broken = {"FACTLOOM_EXTRACTOR__PIPELINE": str(tmp_path / "no-pipeline")}
    added = cli(*LISBON, environment=broken)
    assert added.code == 1
    assert "stored, but not learned from yet" in added.err

    listed = cli("pending")
    assert listed.code == 1
    assert "I live in Lisbon." in listed.out
    assert "ModelNotFoundError" in listed.out
    again = cli("retry", environment=broken)
    assert again.code == 1
    assert "1 are still pending" in again.err
    retried = cli("retry")
    assert (retried.code, retried.out.strip()) == (0, "learned from 1 message: 1 new fact")
    assert cli("pending").out.strip() == "Nothing is pending."
    assert facts(cli)[0]["text"] == "Ana lives in Lisbon."


def test_deleting_needs_a_yes(cli: Cli) -> None:
    cli(*LISBON)
    id_ = facts(cli)[0]["id"]

    refused = cli("delete", id_)
    assert refused.code == 2
    assert "say --yes" in refused.err
    assert "Ana lives in Lisbon." in refused.err
    assert facts(cli)
    done = cli("delete", id_, id_, "--yes")
    assert "deleted 1 fact, 1 episode, 2 entities" in done.out
    assert facts(cli) == []


def test_delete_takes_ids_that_go_together_and_whole_scopes(cli: Cli) -> None:
    cli(*LISBON)
    cli("add", "I like tea.", "--user", "bea")
    fact = facts(cli)[0]

    assert cli("delete", fact["id"], fact["episode_ids"][0], "--yes").code == 0
    assert cli("delete").code == 2
    assert cli("delete", "--all", "--yes").code == 2
    assert cli("delete", "x", "--user", "bea", "--yes").code == 2
    cli(*LISBON)
    assert cli("delete", "--all", "--user", "bea", "--yes").code == 0
    assert list(cli("stats", "--json").document["by_space"]) == ["user/ana"]


@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("y", 0)])
def test_at_a_terminal_it_asks(environment: dict[str, str], cli: Cli, answer: str, left: int) -> None:
    cli(*LISBON)
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "factloom.engine.app.cli", "reset"]
    running = subprocess.Popen(arguments, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(ours, f"{answer}\n".encode())
    _, err = running.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert "Delete everything, 1 episodes and 1 facts in 1 spaces, for good?" in err
    assert running.returncode == left
    assert cli("stats", "--json").document["episodes"] == left


def test_stats_show_sizes_by_space(cli: Cli, environment: dict[str, str]) -> None:
    cli(*LISBON)
    cli("add", "I like tea.", "--user", "bea")

    shown = cli("stats").out

    assert environment["FACTLOOM_STORE"] in shown
    assert "hashing-1/256, 256 dimensions" in shown
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert rows["user/ana"][0] == "1"
    assert rows["all"][0] == "2"
    assert " MB" in shown
    assert cli("stats", "--user", "ana", "--json").document["episodes"] == 1


def test_reembed_takes_a_store_to_another_embedder(cli: Cli) -> None:
    cli(*LISBON)
    other = {"FACTLOOM_EMBEDDER__DIMENSION": "64"}
    refused = cli("search", "Ana", "--user", "ana", environment=other)
    assert refused.code == 3
    assert "factloom reembed" in refused.err

    assert cli("reembed", environment=other).out.strip() == "embedded 4 records"
    assert "hashing-1/64, 64 dimensions" in cli("stats", environment=other).out


def test_model_info_describes_what_the_settings_name(cli: Cli) -> None:
    onnx = {"FACTLOOM_EMBEDDER__KIND": "onnx"}
    shown = cli("model", "info", "--json", environment=onnx)
    assert shown.document["embedder"]["model"] == "all-MiniLM-L6-v2"
    assert len(shown.document["embedder"]["sha256"]) == 64
    assert shown.document["extractor"]["pipeline"] == "factloom_en_chat"
    fetched = cli("model", "fetch", "--json", environment=onnx).document
    assert fetched["model"] == "all-MiniLM-L6-v2"
    openai = cli("model", "info", "--json", environment={"FACTLOOM_EMBEDDER__KIND": "openai"}).document
    assert openai["embedder"]["model"] == "text-embedding-3-small"
    none = cli("model", "info", "--json", environment={"FACTLOOM_EXTRACTOR__KIND": "none"}).document
    assert none["extractor"] == {"kind": "none"}


def test_what_users_wrote_cannot_drive_the_terminal(cli: Cli) -> None:
    cli("add", "\x1b[2Jcleared [bold]loud[/bold] :smile: \u202egnp.exe", "--user", "ana", "--name", "A\x1b[31m")

    shown = cli("search", "cleared", "--user", "ana").out

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]loud[/bold] :smile:" in shown


def test_options_may_stand_before_the_command(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    cli("--store", str(other), "add", "I like tea.", "--user", "ana")
    cli(*LISBON)
    cli(*PORTO)

    assert cli("--json", "stats").document["episodes"] == 2
    assert cli("--json", "--store", str(other), "stats").document["episodes"] == 1
    assert cli("--store", "wrong.db", "stats", "--store", str(other), "--json").document["store"] == str(other)


def test_a_settings_file_counts_unless_an_option_says_otherwise(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('store = "from-file.db"\n[search]\nlimit = 1\n')

    cli(*LISBON, "--config", "mine.toml")
    cli(*LISBON, "--store", "x.db")
    stats = cli("stats", "--config", "mine.toml", "--json").document
    assert stats["store"] == "from-file.db"
    assert cli("stats", "--config", "mine.toml", "--store", "x.db", "--json").document["store"] == "x.db"


def test_context_is_plain_text_within_its_budget(cli: Cli) -> None:
    cli(*LISBON)

    block = cli("context", "Where does Ana live?", "--user", "ana", "--max-tokens", "60")
    document = cli("context", "Where does Ana live?", "--user", "ana", "--max-tokens", "60", "--json").document

    assert "I live in Lisbon." in block.out
    assert block.out.rstrip("\n") == document["text"].rstrip("\n")
    assert document["tokens"] <= 60


def test_json_is_utf8_and_whole(cli: Cli) -> None:
    cli("add", "Olá, gosto de chá 🍵", "--user", "ana")

    outcome = cli("search", "chá", "--user", "ana", "--json")

    assert "🍵" in outcome.out
    assert json.loads(outcome.out)["hits"][0]["episode"]["content"] == "Olá, gosto de chá 🍵"


def test_several_questions_are_read_from_a_file_or_standard_input(cli: Cli, tmp_path: Path) -> None:
    cli("add", "I adopted a grey cat", "--user", "ana")
    file = tmp_path / "questions.txt"
    file.write_text("Which cat?\n\nWhat was adopted?\n", encoding="utf-8")
    document = cli("search", "--questions", str(file), "--user", "ana", "--json").document
    assert [one["query"] for one in document["results"]] == ["Which cat?", "What was adopted?"]
    assert all(one["hits"][0]["text"] == "I adopted a grey cat" for one in document["results"])
    shown = cli("search", "--questions", "-", "--user", "ana", stdin="Which cat?\n").out
    assert shown.startswith("Which cat?\n")
    assert "I adopted a grey cat" in shown
    empty = cli("search", "--questions", "-", "--user", "ana", stdin="\n")
    assert (empty.code, empty.out) == (2, "")
    assert "has no question in it" in empty.err


def test_a_limit_of_time_is_taken(cli: Cli) -> None:
    cli("add", "I adopted a grey cat", "--user", "ana")
    document = cli("search", "Which cat?", "--user", "ana", "--time-limit", "60", "--json").document
    assert (document["partial"], document["skipped"]) == (False, [])
    assert cli("search", "Which cat?", "--user", "ana", "--time-limit", "0").code == 2

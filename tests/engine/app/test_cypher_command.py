"""factloom cypher: parameters, formats, standard input, bounds, errors."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

Cli = Callable[..., Any]  # what the fixture cli is: its outcome has code, out, err and document

LIVES = "MATCH (p:Person)-[r:LIVES_IN]->(x) RETURN p.name AS who, x.name AS place, r.since AS since"


@pytest.fixture
def told(cli: Cli) -> Cli:
    cli("add", "I live in Lisbon.", "--user", "ana", "--time", "2025-01-01T10:00:00+00:00")
    cli("add", "I live in Porto.", "--user", "rui", "--time", "2025-02-01T10:00:00+00:00")
    return cli


def test_a_table_by_default_over_all_or_over_a_scope(told: Cli) -> None:
    everybody = told("cypher", f"{LIVES} ORDER BY who")
    assert everybody.code == 0
    lines = [line.split() for line in everybody.out.splitlines() if line.strip()]
    assert lines[0] == ["who", "place", "since"]
    assert lines[2:4] == [["Ana", "Lisbon", "2025-01-01T10:00:00+00:00"], ["Rui", "Porto", "2025-02-01T10:00:00+00:00"]]
    assert lines[4][:3] == ["2", "rows", "in"]

    assert "Rui" not in told("cypher", LIVES, "--user", "ana").out
    spaces = ("--space", "user/ana", "--space", "user/rui")
    assert told("cypher", "RETURN $spaces AS s", *spaces, "--json").document["rows"] == [[["user/ana", "user/rui"]]]


def test_csv_and_json_through_the_real_entry_point(told: Cli, entry_point: Cli) -> None:
    query = (
        "MATCH (p:Person {name: $who}) RETURN p.name AS who, p.created_at AS at, [1, null] AS l, null AS n, 1.5 AS f"
    )

    as_csv = entry_point("cypher", query, "--param", "who=Ana", "--format", "csv")
    header, row = csv.reader(io.StringIO(as_csv.out))
    assert header == ["who", "at", "l", "n", "f"]
    assert (row[0], row[2:]) == ("Ana", ["[1, null]", "", "1.5"])
    document = entry_point(
        "cypher", "-", "--param", "who=Ana", "--format", "json", stdin=f"// Ana\n{query};\n"
    ).document
    assert document["rows"] == [["Ana", row[1], [1, None], None, 1.5]]
    assert row[1].endswith("+00:00")
    assert (document["columns"], document["truncated"], document["engine"]) == (header, False, "embedded")
    assert document["milliseconds"] > 0


def test_nodes_and_paths_are_json_objects(told: Cli) -> None:
    document = told("cypher", "MATCH path = (p:Person)-[:LIVES_IN]->() RETURN p, path LIMIT 1", "--json").document
    person, path = document["rows"][0]

    assert person["labels"] == ["Entity", "Person"]
    assert path["nodes"][0] == person
    assert path["relationships"][0]["properties"]["since"].startswith("2025-")


def test_parameters_are_json_or_text(told: Cli) -> None:
    query = "RETURN $a AS a, $b AS b, $c AS c, $d AS d"
    arguments = ("--param", "a=3", "--param", "$b=three", "--param", 'c=["x", {"y": null}]', "--param", "d=a=b")

    assert told("cypher", query, *arguments, "--json").document["rows"] == [[3, "three", ["x", {"y": None}], "a=b"]]


def test_what_is_left_out_is_said(told: Cli) -> None:
    shown = told("cypher", "UNWIND range(1, 5) AS x RETURN x", "--limit", "2", "--format", "csv")
    assert (shown.out, shown.code) == ("x\n1\n2\n", 0)
    assert "first 2 rows" in shown.err
    warned = told("cypher", "MATCH (n:Persn) RETURN n", "--json")
    assert warned.document["rows"] == []
    assert "warning: " in warned.err
    assert "Persn" in warned.err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("MATCH (n) DETACH DELETE n",), 2, "would write"),
        (("MATCH (n RETURN n",), 2, "cannot be run"),
        (("",), 2, "empty"),
        (("RETURN $x AS x", "--param", "x"), 2, "NAME=VALUE"),
        (("RETURN $x AS x", "--param", "x=1", "--param", "x=2"), 2, "twice"),
        (("RETURN 1 AS x", "--json", "--format", "csv"), 2, "contradict"),
        (("RETURN 1 AS x", "--limit", "0"), 2, "limit"),
        (("RETURN 1 AS x", "--timeout", "-1"), 2, "timeout"),
        (
            ("UNWIND range(1, 999999) AS x UNWIND range(1, 999999) AS y RETURN max(x - y)", "--timeout", "0.1"),
            3,
            "0.1 s",
        ),
    ],
)
def test_errors_are_one_line_and_have_their_code(told: Cli, arguments: tuple[str, ...], code: int, reason: str) -> None:
    outcome = told("cypher", *arguments)

    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert reason in outcome.err


def test_what_users_wrote_cannot_steer_the_terminal(cli: Cli) -> None:
    cli("add", "x\x1b[2Jy", "--user", "ana", "--no-infer")
    shown = cli("cypher", "MATCH (e:Episode) RETURN e.content AS words").out
    assert "\x1b" not in shown
    assert "y" in shown

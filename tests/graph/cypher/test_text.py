"""What is refused before any engine sees it, and that nothing slips through to files."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factloom.graph.cypher.embedded import EmbeddedGraph
from factloom.graph.cypher.projection import Projection
from factloom.graph.cypher.text import check_query
from factloom.schemas.errors import FactloomError, QueryError


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("RETURN 1 AS x;", "RETURN 1 AS x"),
        ("RETURN 1 AS x ; ;\n", "RETURN 1 AS x"),
        ("// who\nRETURN 1 AS x", "RETURN 1 AS x"),
        ("RETURN /* one; */ 1 AS x", "RETURN   1 AS x"),
        ("RETURN 'a; b' AS x", "RETURN 'a; b' AS x"),
        ("RETURN 'it\\'s; http://x' AS x", "RETURN 'it\\'s; http://x' AS x"),
        ("RETURN 1 AS `odd; // name`", "RETURN 1 AS `odd; // name`"),
        ('RETURN "/* LOAD CSV */" AS x', 'RETURN "/* LOAD CSV */" AS x'),
    ],
)
def test_comments_and_a_last_semicolon_go_and_quotes_stay(query: str, expected: str) -> None:
    assert check_query(query) == expected


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "empty"),
        (" ; ", "empty"),
        ("// only a comment", "empty"),
        ("RETURN 1 AS x; MATCH (n) RETURN n", "several statements"),
        ("RETURN 1 AS x; // so\nDROP INDEX y", "several statements"),
        ("RETURN 'open", "not closed"),
        ("RETURN 1 /* open", "not closed"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line", "LOAD CSV"),
        ("load/**/csv FROM 'file:///etc/passwd' AS line RETURN line", "LOAD CSV"),
        ("RETURN 1 AS x UNION ALL Load\n// so\nCsv FROM 'x' AS l RETURN l[0] AS x", "LOAD CSV"),
        ("EXPLAIN MATCH (n) RETURN n", "EXPLAIN"),
        ("/**/ profile MATCH (n) RETURN n", "PROFILE"),
    ],
)
def test_what_is_refused_says_why(query: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        check_query(query)


def test_a_query_must_be_text() -> None:
    with pytest.raises(QueryError, match="must be a string"):
        check_query(None)  # type: ignore[arg-type]


FRAGMENTS = ["'", '"', "`", "\\", "//", "/*", "*/", "\n", "\r", ";", " ", "``", "\\'", "\\\\", "\u00a0", "\u2028", "x"]
LOADING = [
    "LOAD CSV FROM '{}' AS l RETURN l",
    "UNION ALL LOAD CSV FROM '{}' AS l RETURN l",
    "LOAD",
    "CSV",
    "RETURN 1 AS l",
]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from([*FRAGMENTS, *LOADING]), max_size=9))
def test_no_mixture_of_quotes_and_comments_reads_a_file(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    secret = Path(tmp_path_factory.getbasetemp()) / "secret.csv"
    secret.write_text("the-secret\n")
    query = "".join(parts).replace("{}", secret.as_uri())
    try:
        said = str(EMPTY.run_cypher(query, {}, timeout=5, limit=10).rows)
    except FactloomError as error:
        said = str(error)
    assert "the-secret" not in said
    assert "cannot open" not in said


EMPTY = EmbeddedGraph(Projection())

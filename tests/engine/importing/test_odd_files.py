"""Files that are damaged or strange: each gets a clear message, and what can be read is read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from factloom import Episode, Memory
from factloom.engine.importing import Importer, ImportProblem, ImportSummary
from factloom.schemas.errors import ImportFormatError, InvalidInputError, MissingScopeError

Load = Callable[..., ImportSummary]
Write = Callable[..., Path]
Stored = Callable[..., list[Episode]]


def line(content: str, second: int = 0) -> str:
    return json.dumps({"content": content, "time": f"2025-01-01T10:00:{second:02}+00:00"}) + "\n"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"content": "x"', "not JSON"),
        (b"[1, 2]", "this is a list"),
        (b'"words"', "this is a string"),
        (b"null", "this is null"),
        (b'{"content": "\xff"}', "not UTF-8 at byte 14"),
        (b'{"content": "a\\u0000b"}', "NUL character at position 1"),
        (b'{"content": "a\x00b"}', "not JSON: Invalid control character"),
        (b'{"content": "a\\ud800b"}', "broken surrogate at position 1"),
        (b'{"content": "  "}', "is empty"),
        (b'{"content": 7}', "content must be text"),
        (b'{"text": "x"}', "unknown fields 'text'"),
        (b'{"content": "x", "role": "king"}', "unknown role 'king'"),
        (b'{"content": "x", "time": "soon"}', "is not a time"),
        (b'{"content": "x", "time": "0001-01-01T00:00:00+00:00"}', "cannot be right"),
        (b'{"content": "x", "time": 99999999999999}', "is not a time"),
        (b'{"content": "x", "metadata": []}', "metadata must be"),
        (b'{"content": "x", "user_id": 7}', "user_id must be"),
        (b'{"content": "x", "space": "a\\u0007"}', "control characters"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(
    memory: Memory, write: Write, stored: Stored, bad: bytes, reason: str
) -> None:
    path = write(line("first").encode() + bad + b"\n" + line("last", 1).encode(), "chat.jsonl")
    told: list[ImportProblem] = []

    summary = Importer(memory, user_id="ana", on_problem=told.append).run([path])

    assert (summary.read, summary.added, summary.problems) == (3, 2, 1)
    assert [e.content for e in stored()] == ["first", "last"]
    assert reason in told[0].reason
    assert str(told[0]).startswith(f"{path}:2: ")
    assert summary.listed == tuple(told)
    assert not summary.clean


def test_byte_order_mark_windows_line_ends_and_blank_lines(load: Load, write: Write, stored: Stored) -> None:
    text = "\ufeff" + (line("olá") + "\n \n" + line("no end", 1).rstrip()).replace("\n", "\r\n")

    assert load(write(text, "chat.jsonl")).clean

    assert [e.content for e in stored()] == ["olá", "no end"]


def test_a_line_twice_is_one_message(load: Load, write: Write) -> None:
    summary = load(write(line("hi") * 3, "chat.jsonl"))

    assert (summary.read, summary.added, summary.known, summary.problems) == (3, 1, 2, 0)


def test_a_message_of_a_million_characters_is_refused_and_a_long_one_is_not(load: Load, write: Write) -> None:
    text = line("x " * 500_000) + line("word " * 30_000, 1)

    summary = load(write(text, "chat.jsonl"))

    assert (summary.added, summary.problems) == (1, 1)
    assert "1,000,000 characters" in summary.listed[0].reason


def test_an_endless_line_does_not_end_the_import(load: Load, write: Write) -> None:
    summary = load(write('{"content": "' + "x" * 40_000_000 + '"}\n' + line("after"), "chat.jsonl"), format="jsonl")

    assert (summary.added, summary.problems) == (1, 1)
    assert summary.listed[0].reason == "longer than 16 MB; split it"
    assert summary.listed[0].where == "line 1"


def test_truncated_json_keeps_what_came_before(load: Load, write: Write, stored: Stored) -> None:
    text = json.dumps([{"role": "user", "content": f"message {n}"} for n in range(5)])

    summary = load(write(text[:-30]))

    assert (summary.added, summary.problems) == (4, 1)
    assert "cannot be read further" in summary.listed[0].reason
    assert [e.content for e in stored()] == [f"message {n}" for n in range(4)]


def test_bytes_that_are_not_utf8_cost_only_their_message_in_an_array(load: Load, write: Write, stored: Stored) -> None:
    contents = (b"caf\xe9", b"caf\xc3\xa9", b"\\ud83d\\ude00")
    data = b"[" + b",".join(b'{"role":"user","content":"' + content + b'"}' for content in contents) + b"]"

    summary = load(write(data))

    assert (summary.added, summary.problems) == (2, 1)
    assert "not valid Unicode" in summary.listed[0].reason
    assert [e.content for e in stored()] == ["café", "😀"]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", ImportFormatError, "is empty"),
        (b" \n\t\n", ImportFormatError, "is empty"),
        (b"\xef\xbb\xbf", ImportFormatError, "is empty"),
        (line("x").encode("utf-16"), ImportFormatError, "UTF-16"),
        (line("x").encode("utf-16-le"), ImportFormatError, "UTF-16"),
        (b"PK\x03\x04\x00\x00", ImportFormatError, "none of the known formats"),
        (b'[{"role": ', ImportFormatError, "none of the known formats|cannot be read"),
    ],
)
def test_a_file_that_holds_no_messages(load: Load, write: Write, content: bytes, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        load(write(content))


def test_a_folder_and_a_missing_file(load: Load, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(InvalidInputError, match="No such file"):
        load(tmp_path / "missing.jsonl")


def test_all_files_are_looked_at_before_any_is_imported(memory: Memory, write: Write, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="No such file"):
        Importer(memory, user_id="ana").run([write(line("x"), "a.jsonl"), tmp_path / "b.jsonl"])

    assert memory.stats().episodes == 0


def test_nobody_is_told_at_the_first_message_not_at_each(memory: Memory, write: Write) -> None:
    path = write(line("x") * 1000, "chat.jsonl")

    with pytest.raises(MissingScopeError, match=r"chat\.jsonl: line 1"):
        Importer(memory).run([path])

    assert memory.stats().episodes == 0


def test_only_some_lines_say_whose_they_are(memory: Memory, write: Write) -> None:
    text = json.dumps({"content": "mine", "user_id": "ana"}) + "\n" + line("nobody's")

    summary = Importer(memory).run([write(text, "chat.jsonl")])

    assert (summary.added, summary.problems) == (1, 1)
    assert "say whose memory" in summary.listed[0].reason


def test_problems_are_counted_beyond_those_that_are_listed(load: Load, write: Write) -> None:
    summary = load(write(line("good") + "{\n" * 1500, "chat.jsonl"))

    assert (summary.problems, len(summary.listed)) == (1500, 1000)


@pytest.mark.parametrize(
    ("content", "odd"),
    [
        ('{"content": "cut off"', "its first line is not JSON: Expecting ',' delimiter at column"),
        ("just words", "its first line is not JSON: Expecting value at column 1"),
        ("[]", "it holds an empty list"),
    ],
)
def test_a_file_in_no_format_is_told_what_it_is_instead(load: Load, write: Write, content: str, odd: str) -> None:
    with pytest.raises(ImportFormatError, match="none of the known formats") as raised:
        load(write(content))
    assert odd in str(raised.value)

"""Each format: what becomes of its messages, and how it is told from the others."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factloom import Episode
from factloom.engine.importing import ImportSummary, detect_format
from factloom.schemas.errors import ImportFormatError, InvalidInputError

Load = Callable[..., ImportSummary]
Write = Callable[..., Path]
Stored = Callable[..., list[Episode]]

LINES = [
    {"session": "one", "time": "2025-02-03T19:12:00+00:00", "role": "user", "name": "Ana", "content": "hi"},
    {"session": "one", "time": "2025-02-03T19:13:00+01:00", "role": "assistant", "content": "Hello, Ana."},
    {"time": 1_738_700_000, "content": "bye", "metadata": {"n": 1}},
]
SAMPLE = {
    "qa": [{"question": "Who likes tea?", "answer": "Ann", "evidence": ["D1:1"], "category": 1}],
    "conversation": {
        "speaker_a": "Ann",
        "speaker_b": "Bob",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ann", "dia_id": "D1:1", "text": "I like tea."},
            {"speaker": "Bob", "dia_id": "D1:2", "text": "Look!", "blip_caption": "a photo of a cup"},
        ],
        "session_10_date_time": "12:05 am on 1 January, 2024",
        "session_10": [{"speaker": "Bob", "dia_id": "D10:1", "text": "Happy new year"}],
        "session_2_date_time": "9:00 am on 9 May, 2023",
        "session_2": [{"speaker": "Ann", "dia_id": "D2:1", "text": "Morning"}],
    },
    "sample_id": "conv-1",
}


def node(id_: str, parent: str | None, children: list[str], message: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": id_, "parent": parent, "children": children, "message": message}


def said(role: str, text: str, at: float | None, **content: Any) -> dict[str, Any]:
    return {
        "author": {"role": role},
        "create_time": at,
        "content": {"content_type": "text", "parts": [text]} | content,
    }


CHATGPT = {
    "title": "Lisbon",
    "create_time": 1_740_000_000.0,
    "conversation_id": "conv-a",
    "current_node": "answer-2",
    "mapping": {
        "root": node("root", None, ["system"], None),
        "system": node("system", "root", ["question"], said("system", "", None)),
        "question": node(
            "question", "system", ["answer-1", "answer-2"], said("user", "Where is Alfama?", 1_740_000_001)
        ),
        "answer-1": node("answer-1", "question", [], said("assistant", "In Porto.", 1_740_000_002)),
        "answer-2": node(
            "answer-2",
            "question",
            [],
            said(
                "assistant",
                "",
                1_740_000_009.5,
                content_type="multimodal_text",
                parts=[{"content_type": "image_asset_pointer", "asset_pointer": "x"}, "In Lisbon."],
            ),
        ),
    },
}


def test_lines_keep_who_when_session_and_metadata(load: Load, write: Write, stored: Stored) -> None:
    summary = load(write(LINES, "chat.jsonl", lines=True))

    assert (summary.read, summary.added, summary.problems) == (3, 3, 0)
    second, first, third = stored()
    assert (first.speaker, first.session, first.content) == ("Ana", "one", "hi")
    assert (second.role.value, second.occurred_at) == ("assistant", datetime(2025, 2, 3, 18, 13, tzinfo=UTC))
    assert ((third.speaker or "").lower(), third.metadata) == ("ana", {"n": 1})
    assert third.occurred_at == datetime.fromtimestamp(1_738_700_000, UTC)


def test_a_line_may_say_whose_it_is(load: Load, write: Write, stored: Stored) -> None:
    lines = [{"content": "mine"}, {"content": "yours", "user_id": "bea"}, {"content": "ours", "space": "team/a"}]

    summary = load(write(lines, "chat.jsonl", lines=True), start=datetime(2025, 1, 1, tzinfo=UTC))

    assert set(summary.spaces) == {"user/ana", "user/bea", "team/a"}
    assert [e.content for e in stored("user/ana")] == ["mine"]
    assert [(e.content, e.labels.user_id) for e in stored("user/bea")] == [("yours", "bea")]
    assert [(e.content, e.labels.user_id) for e in stored("team/a")] == [("ours", "ana")]


def test_locomo_samples_have_spaces_dates_captions_and_ids(load: Load, write: Write, stored: Stored) -> None:
    summary = load(write([SAMPLE]), user_id=None)

    assert summary.spaces == ("locomo/conv-1",)
    episodes = stored("locomo/conv-1")
    assert [e.metadata["dia_id"] for e in episodes] == ["D1:1", "D1:2", "D2:1", "D10:1"]
    assert [e.session for e in episodes][1:3] == ["conv-1/session_1", "conv-1/session_2"]
    assert episodes[0].occurred_at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert episodes[1].occurred_at > episodes[0].occurred_at
    assert episodes[1].content == "Look! [shares a photo: a photo of a cup]"
    assert episodes[3].occurred_at == datetime(2024, 1, 1, 0, 5, tzinfo=UTC)
    assert (episodes[0].speaker, episodes[0].role.value) == ("Ann", "user")


def test_locomo_goes_where_the_import_says_and_takes_its_time_zone(load: Load, write: Write, stored: Stored) -> None:
    summary = load(write(SAMPLE), space="mine", zone=ZoneInfo("America/New_York"))

    assert summary.spaces == ("mine",)
    assert stored("mine")[0].occurred_at == datetime(2023, 5, 8, 17, 56, tzinfo=UTC)


def test_a_locomo_session_without_a_date_is_reported_and_the_rest_goes_on(load: Load, write: Write) -> None:
    sample = json.loads(json.dumps(SAMPLE))
    sample["conversation"]["session_2_date_time"] = "some day"
    del sample["conversation"]["session_1"][0]["text"]

    summary = load(write([sample]))

    assert summary.added == 2
    reasons = {problem.where: problem.reason for problem in summary.listed}
    assert "'some day'" in reasons["conv-1, session 2"]
    assert "content must be text" in reasons["conv-1, session 1, turn 1"]


@pytest.mark.parametrize(
    ("content", "sessions"),
    [
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], ["chat.json", "chat.json"]),
        ([[{"role": "user", "content": "a"}], [{"role": "user", "content": "b"}]], ["chat.json#1", "chat.json#2"]),
        (
            [{"messages": [{"role": "user", "content": "a"}], "id": "x"}, {"messages": [{"content": "b"}]}],
            ["x", "chat.json#2"],
        ),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]},
            ["chat.json#1", "chat.json#1"],
        ),
    ],
)
def test_openai_lists_in_all_shapes(
    load: Load, write: Write, stored: Stored, content: Any, sessions: list[str]
) -> None:
    path = write(content)
    assert detect_format(path) == "openai"

    assert load(path).added == 2

    assert [(e.content, e.session) for e in stored()] == list(zip("ab", sessions, strict=True))


def test_openai_conversations_a_line_or_spread_over_lines(load: Load, write: Write, stored: Stored) -> None:
    conversation = {"messages": [{"role": "user", "content": "a"}]}
    assert load(write([conversation, {"messages": "no list"}], "tune.jsonl", lines=True)).problems == 1
    assert load(write(json.dumps(conversation, indent=1), "one.json")).added == 1

    assert [e.session for e in stored()] == ["tune.jsonl#1", "one.json#1"]


def test_openai_content_parts_tool_calls_and_names(load: Load, write: Write, stored: Stored) -> None:
    messages = [
        {"role": "user", "name": "Ana", "content": [{"type": "text", "text": "look"}, {"type": "image_url"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "find", "arguments": "{}"}}]},
        {"role": "tool", "content": "found", "tool_call_id": "call-1"},
    ]

    assert load(write(messages)).added == 3

    assert [(e.role.value, e.speaker, e.content) for e in stored()] == [
        ("user", "Ana", "look\n[image_url]"),
        ("assistant", "assistant", "[calls find({})]"),
        ("tool", None, "found"),
    ]


@pytest.mark.parametrize("alone", [True, False])
def test_chatgpt_follows_the_branch_that_is_shown(load: Load, write: Write, stored: Stored, alone: bool) -> None:
    path = write(CHATGPT if alone else [CHATGPT], "conversations.json")
    assert detect_format(path) == "chatgpt"

    summary = load(path)

    assert summary.left_out == {"on a branch that was edited away": 1, "system message without text (text)": 1}
    assert summary.read == summary.added + sum(summary.left_out.values())
    question, answer = stored()
    assert (question.labels.user_id, question.content, question.session) == ("ana", "Where is Alfama?", "conv-a")
    assert (answer.role.value, answer.content) == ("assistant", "[image_asset_pointer]\nIn Lisbon.")
    assert answer.occurred_at == datetime.fromtimestamp(1_740_000_009.5, UTC)
    assert answer.metadata == {"message_id": "answer-2", "title": "Lisbon"}


def test_chatgpt_without_current_node_with_a_loop_and_without_times(load: Load, write: Write, stored: Stored) -> None:
    broken = json.loads(json.dumps(CHATGPT))
    del broken["current_node"]
    broken["mapping"]["question"]["message"]["create_time"] = None
    broken["mapping"]["system"]["parent"] = "question"

    summary = load(write([broken, {"title": "no mapping", "mapping": None}, 7]))

    assert summary.problems == 2
    question, answer = stored()
    assert question.occurred_at == datetime.fromtimestamp(1_740_000_000, UTC)
    assert answer.content.endswith("In Lisbon.")


def test_chatgpt_whose_current_node_is_missing_is_read_to_the_last_node_there(
    load: Load, write: Write, stored: Stored
) -> None:
    cut = json.loads(json.dumps(CHATGPT))
    cut["current_node"] = "gone"
    for node in cut["mapping"].values():
        node["children"] = [*(node.get("children") or []), "gone"]

    summary = load(write([cut]))

    assert (summary.added, summary.problems) == (2, 0)
    assert [episode.content for episode in stored()] == ["Where is Alfama?", "[image_asset_pointer]\nIn Lisbon."]


def test_chatgpt_of_which_no_branch_can_be_shown_is_a_problem(load: Load, write: Write, stored: Stored) -> None:
    circle = json.loads(json.dumps(CHATGPT))
    circle["current_node"] = "gone"
    for node in circle["mapping"].values():
        node["children"] = ["question"]

    summary = load(write([circle]))

    assert (summary.added, summary.problems, summary.left_out) == (0, 1, {})
    assert "no branch" in summary.listed[0].reason


def test_formats_are_told_apart_by_content(write: Write) -> None:
    assert detect_format(write(LINES, "a.txt", lines=True)) == "jsonl"
    assert detect_format(write(LINES[:1], "b.txt", lines=True)) == "jsonl"
    assert detect_format(write('{"content": "half\n{"content": "whole"}\n', "c.txt")) == "jsonl"
    assert detect_format(write([SAMPLE], "d.txt")) == "locomo"
    assert detect_format(write(json.dumps(SAMPLE, indent=2), "e.txt")) == "locomo"
    assert detect_format(write([CHATGPT], "f.txt")) == "chatgpt"
    assert detect_format(write("\n  [\n [{}]]", "g.txt")) == "openai"


@pytest.mark.parametrize(
    "content", ["just some text", '{"a": 1}', '[{"a": 1}]', "[1, 2]", "[]", "{}", '{"a": [1\n,2]}']
)
def test_what_is_no_conversation_is_refused_with_the_way_out(write: Write, content: str) -> None:
    with pytest.raises(ImportFormatError, match="--format"):
        detect_format(write(content))


def test_a_format_that_is_named_but_wrong_is_said_to_be(load: Load, write: Write) -> None:
    with pytest.raises(ImportFormatError, match="not in the format chatgpt"):
        load(write("no json"), format="chatgpt")
    with pytest.raises(ImportFormatError, match="no messages in the format openai"):
        load(write("[]"), format="openai")
    with pytest.raises(InvalidInputError, match="unknown format 'csv'"):
        load(write("[]"), format="csv")


def test_gzip_is_unpacked(load: Load, write: Write) -> None:
    packed = gzip.compress(json.dumps(LINES[0]).encode())
    assert load(write(packed, "chat.jsonl.gz")).added == 1
    with pytest.raises(ImportFormatError, match="damaged gzip"):
        load(write(packed[:-12], "cut.jsonl.gz"))


def test_messages_without_times_follow_each_other_and_keep_their_times(
    load: Load, write: Write, stored: Stored
) -> None:
    start = datetime(2025, 6, 1, tzinfo=UTC)
    lines: list[dict[str, Any]] = [{"content": "a"}, {"content": "broken", "role": "king"}, {"content": "b"}]
    path = write(lines, "chat.jsonl", lines=True)

    summary = load(path, start=start)
    assert (summary.added, summary.problems, summary.dated_from) == (2, 1, start)
    before = {e.content: e.occurred_at for e in stored()}
    assert start <= before["a"] < before["b"] < start + timedelta(seconds=1)

    lines[1]["role"] = "user"  # mended: the others are not added once more
    summary = load(write(lines, "chat.jsonl", lines=True), start=start)
    assert (summary.added, summary.known) == (1, 2)
    assert [e.content for e in stored()] == ["a", "broken", "b"]


def test_the_time_of_the_message_before_is_the_anchor_within_a_session(
    load: Load, write: Write, stored: Stored
) -> None:
    lines = [
        {"session": "x", "content": "x1", "time": "2025-01-01T10:00:00+00:00"},
        {"session": "y", "content": "y1", "time": "2025-05-05T10:00:00+00:00"},
        {"session": "x", "content": "x2"},
    ]

    summary = load(write(lines, "chat.jsonl", lines=True))

    assert summary.dated_from is None
    times = {e.content: e.occurred_at for e in stored()}
    assert times["x1"] < times["x2"] < times["x1"] + timedelta(seconds=1)


def test_naive_times_are_refused_unless_a_zone_is_given(load: Load, write: Write, stored: Stored) -> None:
    path = write([{"content": "a", "time": "2025-01-01T10:00:00"}, LINES[0]], "chat.jsonl", lines=True)

    summary = load(path)
    assert summary.problems == 1
    assert "no time zone" in summary.listed[0].reason

    assert load(path, zone=ZoneInfo("Asia/Tokyo")).added == 1
    assert stored()[0].occurred_at == datetime(2025, 1, 1, 1, 0, tzinfo=UTC)

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from factloom.engine.messages import MessageReader, check_metadata, parse_time
from factloom.engine.scope import Scope
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.records import Episode, Role
from factloom.schemas.spaces import Labels

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SCOPE = Scope("user/ana", Labels(user_id="ana", agent_id="juno"))


def read(messages: Any, **options: Any) -> list[Episode]:
    reader = MessageReader(now=NOW, longest=1000)
    return reader.read(messages, SCOPE, **{"session": None, "time": None, "metadata": None, **options})


class TestShapes:
    def test_a_text_is_a_message_of_the_user_now(self) -> None:
        (episode,) = read("I moved to Lisbon")
        assert (episode.role, episode.speaker, episode.content) == (Role.USER, "Ana", "I moved to Lisbon")
        assert episode.occurred_at == NOW
        assert episode.space == "user/ana"
        assert episode.infer

    def test_openai_messages_with_names_and_times(self) -> None:
        first, second = read(
            [
                {"role": "user", "name": "Bea", "content": "hi", "time": "2025-05-01T10:00:00+02:00"},
                {"role": "assistant", "content": "hello"},
            ],
            time=NOW - timedelta(days=1),
        )
        assert (first.speaker, first.occurred_at) == ("Bea", datetime(2025, 5, 1, 8, tzinfo=UTC))
        assert (second.speaker, second.occurred_at) == ("juno", NOW - timedelta(days=1))

    def test_parts_are_joined_and_what_is_no_text_is_named(self) -> None:
        content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "x"}}]
        (episode,) = read({"role": "user", "content": content})
        assert episode.content == "look\n[image_url]"

    def test_a_tool_call_is_kept_as_text(self) -> None:
        call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Porto"}'}}
        (episode,) = read({"role": "assistant", "content": None, "tool_calls": [call]})
        assert episode.content == '[calls weather({"city": "Porto"})]'

    def test_a_call_of_a_tool_that_is_no_function_is_named(self) -> None:
        (episode,) = read({"role": "assistant", "content": "x", "tool_calls": [{"type": "custom", "function": None}]})
        assert episode.content == "x\n[calls custom()]"

    def test_system_and_tool_messages_are_stored_but_not_learned_from(self) -> None:
        system, tool = read([{"role": "system", "content": "be kind"}, {"role": "tool", "content": "17 degrees"}])
        assert not system.infer
        assert not tool.infer

    def test_infer_false_is_for_all(self) -> None:
        assert not any(episode.infer for episode in read(["a", "b"], infer=False))

    def test_metadata_is_merged(self) -> None:
        (episode,) = read({"content": "x", "metadata": {"b": 2}}, metadata={"a": 1, "b": 1})
        assert episode.metadata == {"a": 1, "b": 2}

    def test_an_episode_keeps_its_words_and_time(self) -> None:
        (made,) = read("x", time=NOW - timedelta(days=9))
        (again,) = read(made)
        assert (again.content, again.occurred_at) == (made.content, made.occurred_at)


class TestRefusals:
    @pytest.mark.parametrize(
        ("message", "what"),
        [
            ("", "is empty"),
            (" \n\t", "is empty"),
            ("x" * 1001, "1,001 characters.*split"),
            ("a\x00b", "NUL character at position 1"),
            ("a\ud83d", "broken surrogate at position 1"),
            ({"role": "wizard", "content": "x"}, "unknown role 'wizard'; known are assistant"),
            ({"role": "user"}, "must be text"),
            ({"role": "user", "content": 5}, "must be text, got int"),
            ({"role": "user", "content": ["x"]}, "a part of content"),
            ({"content": "x", "colour": "red"}, "unknown fields 'colour'"),
            ({"content": "x", "name": ""}, "name is empty"),
            ({"content": "x", "metadata": {"a": {1, 2}}}, "only what JSON can"),
            ({"content": "x", "metadata": {"a": float("nan")}}, "only what JSON can"),
            (42, "messages must be a text, a dict or a list"),
            ({"role": "assistant", "content": "x", "tool_calls": ["a"]}, "tool_calls must be a list of objects"),
            ({"role": "assistant", "content": "x", "tool_calls": 5}, "tool_calls must be a list of objects"),
            ({"role": "assistant", "content": "x", "tool_calls": [{"function": 5}]}, "function of a tool call"),
        ],
    )
    def test_each_says_what_was_wrong(self, message: Any, what: str) -> None:
        with pytest.raises(InvalidInputError, match=what):
            read(message)

    @pytest.mark.parametrize(
        ("field", "value"), [("id", ""), ("id", "\ud800"), ("session", "\ud800"), ("speaker", "a\x00")]
    )
    def test_an_episode_that_cannot_be_stored(self, field: str, value: str) -> None:
        (made,) = read("x")
        with pytest.raises(InvalidInputError, match=field):
            read(made.model_copy(update={field: value}))

    def test_the_position_is_named(self) -> None:
        with pytest.raises(InvalidInputError, match="message 2: content is empty"):
            read(["a", "b", ""])

    def test_no_messages(self) -> None:
        with pytest.raises(InvalidInputError, match="no messages"):
            read([])


class TestTimes:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("2025-05-01T10:00:00Z", datetime(2025, 5, 1, 10, tzinfo=UTC)),
            (datetime(2025, 5, 1, 10, tzinfo=timezone(timedelta(hours=-3))), datetime(2025, 5, 1, 13, tzinfo=UTC)),
            (1746093600, datetime(2025, 5, 1, 10, tzinfo=UTC)),
        ],
    )
    def test_accepted(self, value: Any, expected: datetime) -> None:
        assert parse_time(value, "time", now=NOW) == expected

    @pytest.mark.parametrize(
        ("value", "what"),
        [
            (datetime(2025, 5, 1), "no time zone"),
            ("2025-05-01T10:00:00", "no time zone"),
            ("yesterday", "is not a time"),
            ("", "is not a time"),
            (float("nan"), "is not a time"),
            (1e20, "is not a time"),
            (True, "must be a datetime"),
            (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "outside the calendar"),
            (datetime(1815, 1, 1, tzinfo=UTC), "cannot be right"),
            (NOW + timedelta(days=2), "cannot be right"),
            (datetime.max.replace(tzinfo=UTC), "cannot be right"),
        ],
    )
    def test_refused(self, value: Any, what: str) -> None:
        with pytest.raises(InvalidInputError, match=what):
            parse_time(value, "time", now=NOW)

    def test_the_future_is_accepted_where_it_makes_sense(self) -> None:
        later = NOW + timedelta(days=400)
        assert parse_time(later, "valid_at", now=NOW, past_only=False) == later


@pytest.mark.parametrize("bad", [[1], "x", {1: 2}, {"a": object()}, {"a": "\x00"}, {"a": "\ud800"}])
def test_metadata_that_json_cannot_hold(bad: Any) -> None:
    with pytest.raises(InvalidInputError):
        check_metadata(bad)


def test_metadata_with_an_emoji_is_fine() -> None:
    assert check_metadata({"mood": "🎉"}) == {"mood": "🎉"}

"""What is sent: the conversation as data, in batches, side by side, in the dialect that the service understands."""

import json
import threading
from typing import Any

import pytest

from factloom.engine.extraction.llm.accounting import Prices
from factloom.engine.extraction.llm.packing import estimated_tokens
from factloom.engine.extraction.llm.prompt import instructions
from factloom.schemas.extraction import ExtractionRequest, Mention
from factloom.schemas.ontology import core_ontology
from factloom.schemas.records import Role

from .chat_service import ChatStandIn, completion, fact
from .conftest import Reading, turn

TEA = fact("I like tea", "Ana", "LIKES", "tea")


def test_the_turn_and_those_before_it_are_data_with_time_role_and_speaker(reading: Reading) -> None:
    before = turn("Where do you live?", speaker="Juno", role=Role.ASSISTANT)
    reading.read("In Lisbon.", minute=1, previous=(before,))
    data = reading.service.data()
    assert data["read"] == ["m2"]
    assert data["conversation"] == [
        {
            "id": "m1",
            "time": "2025-04-14T09:00:00Z",
            "weekday": "Monday",
            "role": "assistant",
            "speaker": "Juno",
            "text": "Where do you live?",
        },
        {
            "id": "m2",
            "time": "2025-04-14T09:01:00Z",
            "weekday": "Monday",
            "role": "user",
            "speaker": "Ana",
            "text": "In Lisbon.",
        },
    ]


def test_the_instructions_name_every_stored_predicate_and_every_type() -> None:
    ontology = core_ontology()
    text = instructions(ontology)
    for name in ontology.names():
        spec = ontology[name]
        if spec.canonical:
            assert f"{spec.subject_type} {name} {spec.object_type}" in text
    assert "{predicates}" not in text
    assert estimated_tokens(text) < 4500, "the smallest request that settings allow"


def test_known_entities_are_told(reading: Reading) -> None:
    bea = Mention(name="Bea", type="person", aliases=("Ana's sister",))
    extractor = reading.extractor()
    extractor.extract([ExtractionRequest(episode=turn("My sister is here."), entities=(bea,))])
    assert reading.service.data()["known_entities"] == [{"name": "Bea", "type": "person", "aliases": ["Ana's sister"]}]
    assert extractor.known_entities == 40


def test_turns_of_one_session_share_requests_and_come_back_in_order(reading: Reading) -> None:
    texts = [f"I like tea number {n}" for n in range(5)]
    for text in texts:
        reading.service.knows[text] = [TEA | {"text": f"Ana likes {text}."}]
    extractions = reading.extract(*(turn(text, minute=n) for n, text in enumerate(texts)), batch=2, concurrency=1)
    assert [reading.service.data(n)["read"] for n in range(3)] == [["m1", "m2"], ["m1", "m2"], ["m1"]]
    assert [e.candidates[0].text for e in extractions] == [f"Ana likes {text}." for text in texts]


def test_sessions_and_spaces_never_share_a_request(reading: Reading) -> None:
    turns = [turn("one"), turn("two", session="s2"), turn("three", session="s2", space="user/bob")]
    reading.extract(*turns, previous=tuple(turns), concurrency=1)
    seen = [[row["text"] for row in reading.service.data(n)["conversation"]] for n in range(3)]
    assert seen == [["one"], ["two"], ["three"]]


def test_turns_between_those_that_are_read_stand_between_them(reading: Reading) -> None:
    first, between, last = (turn(text, minute=n) for n, text in enumerate(["one", "two", "three"]))
    extractor = reading.extractor()
    extractor.extract([ExtractionRequest(episode=first), ExtractionRequest(episode=last, previous=(first, between))])
    data = reading.service.data()
    assert [row["text"] for row in data["conversation"]] == ["one", "two", "three"]
    assert data["read"] == ["m1", "m3"]


def test_a_request_keeps_to_its_budget(reading: Reading) -> None:
    before = tuple(turn("word " * 2000, minute=n) for n in range(10))
    long = turn("word " * 12_000, minute=20)
    reading.extract(long, previous=before, max_prompt_tokens=6000, concurrency=1)
    assert len(reading.service.requests) > 4
    for request in reading.service.requests:
        assert sum(estimated_tokens(message["content"]) for message in request["messages"]) < 6500
    parts = [reading.service.data(n)["conversation"][-1]["text"] for n in range(len(reading.service.requests))]
    assert "".join(parts) == long.content


def test_a_part_of_a_long_turn_comes_with_the_end_of_the_part_before(reading: Reading) -> None:
    text = "My sister Bea is a painter. " * 400 + "She lives in Faro."
    stated = fact("She lives in Faro.", "Bea", "LIVES_IN", "Faro", text="Bea lives in Faro.")

    def says(body: dict[str, Any]) -> Any:
        data = json.loads(body["messages"][1]["content"])
        (id_,) = data["read"]
        return completion(
            json.dumps({"facts": [stated | {"message": id_}] if "Faro" in body["messages"][1]["content"] else []})
        )

    reading.service.says = says
    (extraction,) = reading.extract(turn(text), max_prompt_tokens=5000, concurrency=1)
    assert [candidate.text for candidate in extraction.candidates] == ["Bea lives in Faro."]
    before, asked = reading.service.data()["conversation"]
    assert reading.service.data()["read"] == [asked["id"]]
    assert before["text"].strip() in text
    assert len(before["text"]) == 400


def test_requests_run_side_by_side_within_the_limit(reading: Reading) -> None:
    running, most = 0, 0
    lock, together = threading.Lock(), threading.Barrier(3)

    def says(body: dict[str, Any]) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(30)  # passes only if three are here at once
        with lock:
            running -= 1
        return completion('{"facts": []}')

    reading.service.says = says
    extractions = reading.extract(*(turn(f"turn {n}", minute=n) for n in range(9)), batch=1, concurrency=3)
    assert [extraction.error for extraction in extractions] == [None] * 9
    assert most == 3


@pytest.mark.parametrize(
    ("formats", "tried"),
    [
        ({"json_schema", "json_object"}, ["json_schema"]),
        ({"json_object"}, ["json_schema", "json_object"]),
        (set(), ["json_schema", "json_object", None]),
    ],
)
def test_the_format_that_a_service_knows_is_found_once(reading: Reading, formats: set[str], tried: list[str]) -> None:
    reading.service.formats = formats
    reading.service.knows["I like tea"] = [TEA]
    extractor = reading.extractor()
    for minute in range(2):
        (extraction,) = extractor.extract([ExtractionRequest(episode=turn("I like tea", minute=minute))])
        assert len(extraction.candidates) == 1
    sent = [request.get("response_format", {}).get("type") for request in reading.service.requests]
    assert sent == [*tried, tried[-1]]


@pytest.mark.parametrize(
    "body",
    [
        b"{\"error\": \"'response_format.type' must be 'json_schema' or 'text'\"}",
        b'{"detail": [{"type": "literal_error", "loc": ["body", "response_format", "type"], "msg": "Bad"}]}',
        b'{"error": {"code": 400, "message": "failed to parse grammar", "type": "invalid_request_error"}}',
        b'{"object": "error", "message": "guided decoding with json_schema is unavailable", "code": 400}',
    ],
    ids=["LM Studio", "FastAPI", "llama.cpp", "vLLM"],
)
@pytest.mark.parametrize("status", [400, 422])
def test_other_services_words_for_an_unknown_format_are_understood(reading: Reading, status: int, body: bytes) -> None:
    reading.service.knows["I like tea"] = [TEA]
    reading.service.script = [(status, {}, body)]
    (extraction,) = reading.extract(turn("I like tea"))
    assert len(extraction.candidates) == 1
    assert reading.service.requests[1]["response_format"] == {"type": "json_object"}


def test_parameters_that_a_model_refuses_are_left_out_once(reading: Reading) -> None:
    reading.service.refused = {"max_tokens", "temperature"}
    extractor = reading.extractor()
    for minute in range(2):
        (extraction,) = extractor.extract([ExtractionRequest(episode=turn("I like tea", minute=minute))])
        assert extraction.error is None
    assert len(reading.service.requests) == 4
    assert reading.service.requests[0]["max_tokens"] == 900
    last = reading.service.requests[-1]
    assert last["max_completion_tokens"] == 900
    assert not {"temperature", "max_tokens"} & last.keys()
    assert last["response_format"]["type"] == "json_schema"


def test_a_model_without_system_messages_gets_the_instructions_before_the_data(reading: Reading) -> None:
    reading.service.script = [
        (400, {}, b'{"object": "error", "message": "System role not supported", "code": 400}'),
        completion(json.dumps({"facts": [TEA]})),
    ]
    (extraction,) = reading.extract(turn("I like tea"))
    assert len(extraction.candidates) == 1
    refused, taken = (request["messages"] for request in reading.service.requests)
    assert [message["role"] for message in taken] == ["user"]
    assert taken[0]["content"] == "\n\n".join(message["content"] for message in refused)


ANSWER = json.dumps({"facts": [TEA]})


@pytest.mark.parametrize(
    "said",
    [
        f"```json\n{ANSWER}\n```",
        f"Here are the facts:\n\n{ANSWER}\n\nLet me know if you need more!",
        f'<think>The user {{likes}} tea. Perhaps {{"facts": []}}?</think>\n{ANSWER}',
        json.dumps({"facts": [TEA]}, indent=2).replace("\n", "\r\n"),
        "{" * 50 + ANSWER,
    ],
    ids=["fence", "chat", "thought", "indented", "stray braces"],
)
def test_json_is_found_in_what_models_put_around_it(reading: Reading, said: str) -> None:
    reading.service.says = lambda body: completion(said)
    (extraction,) = reading.extract(turn("I like tea"))
    assert extraction.error is None
    assert len(extraction.candidates) == 1


def test_deep_nesting_is_an_unusable_answer_and_nothing_worse(reading: Reading) -> None:
    reading.service.says = lambda body: completion('{"facts": ' + "[" * 100_000)
    (extraction,) = reading.extract(turn("I like tea"))
    assert extraction.error is not None
    assert "no JSON object" in extraction.error


def test_what_a_request_used_is_shared_out_by_length_and_adds_up(reading: Reading) -> None:
    turns = [turn("I like tea", minute=0), turn("I like tea, " * 10, minute=1), turn("x", minute=2)]
    extractions = reading.extract(*turns, prices=Prices(2.5, 10.0))
    for name, whole in (("prompt_tokens", 1000), ("completion_tokens", 50)):
        assert sum(extraction.usage[name] for extraction in extractions) == whole
    assert extractions[1].usage["prompt_tokens"] > 10 * extractions[0].usage["prompt_tokens"]
    cost = sum(extraction.usage["cost"] for extraction in extractions)
    assert cost == pytest.approx((1000 * 2.5 + 50 * 10) / 1e6)


def test_a_service_that_tells_no_usage_costs_nothing(reading: Reading) -> None:
    reading.service.says = lambda body: completion('{"facts": []}', usage=None)
    (extraction,) = reading.extract(turn("I like tea"), prices=Prices(2.5, 10.0))
    assert extraction.usage == {}


def test_cached_tokens_are_told(reading: Reading) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 800}}
    reading.service.says = lambda body: completion('{"facts": []}', usage=usage)
    (extraction,) = reading.extract(turn("I like tea"))
    assert extraction.usage == {"prompt_tokens": 1000, "completion_tokens": 5, "cached_tokens": 800}


def test_broken_surrogates_can_be_sent(reading: Reading, service: ChatStandIn) -> None:
    (extraction,) = reading.extract(turn("I like \ud83d tea"))
    assert extraction.error is None
    assert service.data()["conversation"][0]["text"] == "I like ? tea"


def test_nothing_to_read_asks_nothing(reading: Reading) -> None:
    assert reading.extract() == []
    (extraction,) = reading.extract(turn("  \n"))
    assert extraction.error is None
    assert reading.service.requests == []

"""Every way in which a service can fail: what is told, what is tried again, and that the other turns are spared."""

import contextlib
import json
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from factloom.engine.extraction.llm.extractor import LlmExtractor
from factloom.engine.extraction.llm.service import ChatService
from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.records import Episode

from .chat_service import ChatStandIn, completion, error, fact
from .conftest import Reading, turn

TEA = fact("I like tea", "Ana", "LIKES", "tea")
SOON = {"retry-after-ms": "5"}


@pytest.fixture(autouse=True)
def _tea(service: ChatStandIn) -> None:
    service.knows["I like tea"] = [TEA]


def tea(count: int = 1) -> list[Episode]:
    return [turn("I like tea", minute=minute) for minute in range(count)]


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """End the connection with a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def die_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n" + b'{"id": "chat'
    )
    handler.wfile.flush()
    hang_up(handler)


class Drip:
    """An answer of which a byte comes now and then, until the client has had enough."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")
            while not self.stopped.wait(0.05):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        except OSError:
            self.stopped.set()


# --- tried again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        error(429, "Rate limit reached for reader", headers={"Retry-After": "0.01"}, code="rate_limit_exceeded"),
        error(429, "Rate limit reached for reader", code="rate_limit_exceeded"),
        error(500, "The server had an error while processing your request.", headers=SOON, type="server_error"),
        error(503, "The engine is currently overloaded", headers=SOON),
        (502, SOON, b"<html>Bad Gateway</html>"),
        hang_up,
        die_in_the_middle,
    ],
    ids=["429 with Retry-After", "429 without", "500", "503", "502 of a proxy", "reset", "died in the middle"],
)
def test_what_passes_is_tried_again(reading: Reading, first: Any) -> None:
    reading.service.script = [first]
    (extraction,) = reading.extract(*tea(), max_retries=1)
    assert extraction.error is None
    assert len(extraction.candidates) == 1
    assert len(reading.service.requests) == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            error(429, "You exceeded your current quota", headers=SOON, code="insufficient_quota"),
            "exceeded your current",
        ),
        (error(500, "The server had an error", headers=SOON), "500"),
        (error(503, "Overloaded", headers=SOON), "Overloaded"),
        (hang_up, "broke off"),
        (die_in_the_middle, "broke off"),
    ],
    ids=["429", "500", "503", "reset", "died in the middle"],
)
def test_what_does_not_pass_is_told_and_may_be_tried_later(reading: Reading, answer: Any, told: str) -> None:
    reading.service.script = [answer] * 2
    (extraction,) = reading.extract(*tea(), max_retries=1)
    assert extraction.error is not None
    assert extraction.error.startswith("ModelUnavailableError")
    assert told in extraction.error
    assert extraction.retryable
    assert extraction.candidates == ()
    assert len(reading.service.requests) == 2


def test_a_service_that_wants_to_be_left_alone_for_an_hour_is(reading: Reading) -> None:
    reading.service.script = [error(429, "Come back later", headers={"Retry-After": "3600"})]
    (extraction,) = reading.extract(*tea(), max_retries=5)
    assert extraction.error is not None
    assert "Come back later" in extraction.error
    assert len(reading.service.requests) == 1


# --- not tried again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (error(401, "Incorrect API key provided: sk-test.", code="invalid_api_key"), "ModelAuthError", "api_key"),
        (error(403, "Country, region, or territory not supported"), "ModelAuthError", "403"),
        (error(404, "The model `reader` does not exist", code="model_not_found"), "ModelNotFoundError", "reader"),
        (error(400, "Invalid value for 'user'", param="user"), "ModelResponseError", "Invalid value"),
        ((418, {}, b"I am a teapot"), "ModelResponseError", "refused the request"),
    ],
    ids=["401", "403", "404", "400", "418"],
)
def test_what_cannot_pass_is_asked_once(reading: Reading, answer: Any, kind: str, told: str) -> None:
    reading.service.script = [answer]
    (extraction,) = reading.extract(*tea(), max_retries=3)
    assert extraction.error is not None
    assert extraction.error.startswith(kind)
    assert told in extraction.error
    assert not extraction.retryable
    assert "sk-test" not in extraction.error
    assert len(reading.service.requests) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (completion(None, refusal="I can't help with that."), "refused"),
        (completion('{"facts": [{"subject": "ana"}]}'), "none of its facts has the fields"),
        (completion(None, finish="content_filter"), "refused"),
        (error(400, "The response was filtered", code="content_filter"), "filter"),
        (completion('{"facts": [', finish="length"), "max_answer_tokens"),
        (completion(""), "empty"),
        (completion(None), "empty"),
        (completion("I could not find any facts."), "no JSON object"),
        (completion('{"facts": [{"message": "m1"'), "no JSON object"),
        (completion('{"facts": "none"}'), "no JSON object"),
        (completion('["facts"]'), "no JSON object"),
        (completion('{"facts": [], "note": "x"}'), "fields beside facts"),
        (completion("{}", choices=[]), "no choices"),
        ((200, {"Content-Type": "text/html"}, b"<html>hello</html>"), "base_url"),
        ((200, {}, b'{"id": "chat'), "base_url"),
        ((200, {}, b"[]"), "base_url"),
    ],
)
def test_an_answer_that_is_none_is_told(reading: Reading, answer: Any, told: str) -> None:
    reading.service.script = [answer]
    (extraction,) = reading.extract(*tea())
    assert extraction.error is not None
    assert extraction.error.startswith("ModelResponseError")
    assert told in extraction.error
    assert extraction.candidates == ()


def test_a_failed_answer_is_paid_for_all_the_same(reading: Reading) -> None:
    reading.service.script = [completion("No facts.")]
    (extraction,) = reading.extract(*tea())
    assert extraction.usage == {"prompt_tokens": 1000, "completion_tokens": 50}


# --- time ------------------------------------------------------------------------------------------------------------


def test_a_service_that_says_nothing_is_given_up(reading: Reading) -> None:
    silent = Drip()
    reading.service.script = [lambda handler: silent.stopped.wait(30) and None]
    (extraction,) = reading.extract(*tea(), timeout=0.3)
    silent.stopped.set()
    assert extraction.error is not None
    assert "took more than 0.3 s" in extraction.error
    assert extraction.retryable


def test_an_answer_that_comes_in_drops_is_given_up(reading: Reading) -> None:
    drip = Drip()
    reading.service.script = [drip]
    (extraction,) = reading.extract(*tea(), timeout=0.4)
    assert extraction.error is not None
    assert "took more than 0.4 s" in extraction.error
    assert drip.stopped.wait(10)  # the connection was closed, not left open


def test_an_endless_answer_is_given_up(reading: Reading) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        try:
            for _ in range(64):
                handler.wfile.write(b" " * 2**20)
        except OSError:
            return

    reading.service.script = [pour]
    (extraction,) = reading.extract(*tea(), timeout=60.0)
    assert extraction.error is not None
    assert "broke off" in extraction.error


def test_nothing_listening_is_told_with_the_address() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/v1"
        service = ChatService("reader", base_url=url, api_key="x", timeout=5, max_retries=0, max_answer_tokens=100)
        extractor = LlmExtractor(service, batch=1, concurrency=1)
        first, second = extractor.extract([ExtractionRequest(episode=one) for one in tea(2)])
        extractor.close()
    assert first.error is not None
    assert url in first.error
    assert first.retryable
    assert second.error == first.error


def test_a_service_that_takes_no_connection_is_out_of_reach() -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # the queue is full from here on
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        service = ChatService("reader", base_url=url, api_key="x", timeout=0.3, max_retries=0, max_answer_tokens=100)
        extractor = LlmExtractor(service)
        (extraction,) = extractor.extract([ExtractionRequest(episode=turn("I like tea"))])
        extractor.close()
    assert extraction.error is not None
    assert "cannot be reached" in extraction.error


# --- several turns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        completion("nonsense"),
        completion(None, refusal="I can't help with that."),
        completion('{"facts": [', finish="length"),
        error(500, "The server had an error"),
        error(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
        die_in_the_middle,
    ],
    ids=["nonsense", "refusal", "cut", "500", "too long", "died"],
)
def test_a_request_that_fails_as_a_whole_is_asked_turn_by_turn(reading: Reading, answer: Any) -> None:
    reading.service.script = [answer]
    extractions = reading.extract(*tea(3))
    assert [len(reading.service.data(n)["read"]) for n in range(len(reading.service.requests))] == [3, 1, 1, 1]
    assert [extraction.error for extraction in extractions] == [None] * 3
    assert all(len(extraction.candidates) == 1 for extraction in extractions)


def test_one_turn_that_cannot_be_read_spares_the_others(reading: Reading) -> None:
    def says(body: dict[str, Any]) -> Any:
        data = json.loads(body["messages"][1]["content"])
        texts = {row["text"]: row["id"] for row in data["conversation"] if row["id"] in data["read"]}
        if "Something awful" in texts:
            return completion(None, refusal="I can't help with that.")
        return completion(json.dumps({"facts": [TEA | {"message": id_} for id_ in texts.values()]}))

    reading.service.says = says
    good, bad, fine = tea(3)
    bad = bad.model_copy(update={"content": "Something awful"})
    extractions = reading.extract(good, bad, fine)
    assert [extraction.error is None for extraction in extractions] == [True, False, True]
    assert [len(extraction.candidates) for extraction in extractions] == [1, 0, 1]
    assert extractions[1].error is not None
    assert "refused" in extractions[1].error


def test_a_long_turn_that_is_too_much_is_read_in_parts(reading: Reading) -> None:
    reading.service.longest = 1000
    text = "I like tea. " * 200

    def says(body: dict[str, Any]) -> Any:
        return completion(json.dumps({"facts": [TEA]}))

    reading.service.says = says
    (extraction,) = reading.extract(turn(text))
    assert extraction.error is None
    parts = [reading.service.data(n)["conversation"][-1]["text"] for n in range(len(reading.service.requests))]
    assert "".join(part for part in parts if len(part) <= 1000) == text


def test_a_part_that_fails_fails_the_turn_and_nothing_of_it_is_kept(reading: Reading) -> None:
    text = "I like tea. " * 200
    answers = [completion("", finish="length"), completion(json.dumps({"facts": [TEA]})), completion("nonsense")]
    reading.service.says = lambda body: answers[len(reading.service.requests) - 1]
    (extraction,) = reading.extract(turn(text))
    assert extraction.error is not None
    assert extraction.candidates == ()
    assert extraction.usage["prompt_tokens"] == 3000


@pytest.mark.parametrize(
    "answer",
    [error(401, "Incorrect API key"), error(404, "no such model"), error(429, "Limited"), error(503, "Overloaded")],
    ids=["401", "404", "429", "503"],
)
def test_when_nothing_can_be_had_no_more_is_asked(reading: Reading, answer: Any) -> None:
    reading.service.script = [answer] * 20
    extractions = reading.extract(*tea(12), batch=2, concurrency=1)
    assert len(reading.service.requests) == 1
    assert len({extraction.error for extraction in extractions}) == 1
    assert extractions[-1].error is not None


def test_a_service_that_keeps_failing_is_left_alone(reading: Reading) -> None:
    reading.service.script = [error(500, "The server had an error")] * 50
    extractions = reading.extract(*tea(12), batch=4, concurrency=1)
    assert all(extraction.error for extraction in extractions)
    assert len(reading.service.requests) == 3


# --- set up ----------------------------------------------------------------------------------------------------------


def test_without_the_package_the_extra_is_named(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    (extraction,) = reading.extract(*tea())
    assert extraction.error is not None
    assert "factloom[openai]" in extraction.error


def test_without_a_key_the_variable_is_named(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (extraction,) = reading.extract(*tea(), api_key=None)
    assert extraction.error is not None
    assert "OPENAI_API_KEY" in extraction.error

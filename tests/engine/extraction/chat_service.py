"""A stand-in for the chat completions API: strict about requests as OpenAI is, with its error bodies.

What the model behind it says is up to the test: ``knows`` maps a message's text to the facts that it finds there,
``says`` answers anything whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.http_service import Answer, HttpService

PARAMETERS = {"model", "messages", "response_format", "temperature", "max_tokens", "max_completion_tokens"}


def fact(evidence: str, subject: str, predicate: str, object_: str | None, **fields: Any) -> dict[str, Any]:
    """A fact as a model states it, every field filled."""
    types = fields.pop("types", ("thing", "thing"))
    aliases = fields.pop("aliases", ([], []))
    other = None if object_ is None else {"name": object_, "type": types[1], "aliases": aliases[1]}
    return {
        "message": fields.pop("message", "m1"),
        "evidence": evidence,
        "subject": {"name": subject, "type": types[0], "aliases": aliases[0]},
        "predicate": predicate,
        "object": other,
        "text": f"{subject} {predicate.lower().replace('_', ' ')} {object_}.",
        "category": "semantic",
        "state": "holds",
        "certainty": "stated",
        "correction": False,
        "time_words": None,
        "valid_from": None,
        "valid_until": None,
        "planned_for": None,
    } | fields


def error(status: int, message: str, *, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | fields}
    return status, headers or {}, json.dumps(body).encode()


def completion(text: str | None, *, finish: str = "stop", refusal: str | None = None, **fields: Any) -> Answer:
    """A completion as the API gives it."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1744621200,
        "model": "reader",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    }
    return 200, {}, json.dumps(body | fields).encode()


class ChatStandIn(HttpService):
    """``formats`` are those that it knows; ``refused`` parameters it does not."""

    def __init__(self) -> None:
        self.knows: dict[str, list[dict[str, Any]]] = {}
        self.says: Callable[[dict[str, Any]], Answer] | None = None
        self.formats = {"json_schema", "json_object"}
        self.refused: set[str] = set()
        self.longest = 10**9
        super().__init__()

    def data(self, position: int = -1) -> dict[str, Any]:
        """The conversation that a request held."""
        data: dict[str, Any] = json.loads(self.requests[position]["messages"][1]["content"])
        return data

    def answer(self, body: dict[str, Any]) -> Answer:
        complaint = self._complaint(body)
        if complaint is not None:
            return complaint
        if self.says is not None:
            return self.says(body)
        data = json.loads(body["messages"][1]["content"])
        rows = [row for row in data["conversation"] if row["id"] in data["read"]]
        found = [one | {"message": row["id"]} for row in rows for one in self.knows.get(row["text"], ())]
        return completion(json.dumps({"facts": found}))

    def _complaint(self, body: dict[str, Any]) -> Answer | None:
        sent = body.keys() - {"path", "key"}
        if body["path"] != "/v1/chat/completions":
            return error(404, f"Unknown request URL: POST {body['path']}.", code="unknown_url")
        if not (body["key"] or "").startswith("Bearer "):
            return error(401, "You didn't provide an API key.")
        for name in sorted(sent - PARAMETERS):
            return error(400, f"Unrecognized request argument supplied: {name}")
        for name in sorted(sent & self.refused):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            return error(400, message, param=name, code="unsupported_parameter")
        if {"max_tokens", "max_completion_tokens"} <= sent:
            return error(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
        return self._format_complaint(body) or self._length_complaint(body)

    def _format_complaint(self, body: dict[str, Any]) -> Answer | None:
        wanted = body.get("response_format")
        if wanted is None:
            return None
        if wanted["type"] not in self.formats:
            message = (
                f"Invalid parameter: 'response_format' of type '{wanted['type']}' is not supported with this model."
            )
            return error(400, message)
        if wanted["type"] == "json_object" and not any("json" in m["content"].lower() for m in body["messages"]):
            message = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            return error(400, message, param="messages")
        if wanted["type"] == "json_schema":
            problem = _strictness(wanted["json_schema"]["schema"])
            if not wanted["json_schema"].get("strict") or problem:
                message = f"Invalid schema for response_format 'facts': {problem}"
                return error(400, message, param="response_format", code="invalid_json_schema")
        return None

    def _length_complaint(self, body: dict[str, Any]) -> Answer | None:
        data = json.loads(body["messages"][1]["content"])
        asked = sum(len(row["text"]) for row in data["conversation"] if row["id"] in data["read"])
        if asked <= self.longest:
            return None
        message = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
        return error(400, message, param="messages", code="context_length_exceeded")


def _strictness(schema: dict[str, Any]) -> str | None:
    """What OpenAI's strict mode would not take: open objects, optional fields, unknown keywords."""
    unknown = schema.keys() - {"type", "properties", "required", "items", "enum", "anyOf", "additionalProperties"}
    if unknown:
        return f"{sorted(unknown)} is not permitted."
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *filter(None, [schema.get("items")])]
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if set(schema["required"]) != set(schema["properties"]):
            return "'required' is required to be supplied and to be an array including every key in properties."
    return next((problem for part in parts if (problem := _strictness(part))), None)

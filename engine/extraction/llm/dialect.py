"""Dialect: which parameters of the chat completions API a service understands, found out by what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from factloom.engine.extraction.llm.answers import answer_schema

Format = Literal["json_schema", "json_object", "text"]

_SIMPLER: Final[Mapping[Format, Format]] = {"json_schema": "json_object", "json_object": "text"}
_LENGTHS: Final = ("max_completion_tokens", "max_tokens")
_ABOUT_FORMAT: Final = re.compile(
    r"response_format|json_schema|json_object|structured output|grammar|schema", re.IGNORECASE
)
_ABOUT_SYSTEM: Final = re.compile(r"system (?:role|message|prompt)s?\b|roles must alternate", re.IGNORECASE)
_UNKNOWN: Final = re.compile(
    r"unsupported|not support|n't support|unknown|unrecogni[sz]ed|not permitted|not allowed|unexpected|extra inputs",
    re.IGNORECASE,
)


class AnswerForm(NamedTuple):
    """The shape that an answer is to have: a name, and a JSON schema as structured output takes it."""

    name: str
    schema: Callable[[], dict[str, Any]]


FACTS: Final = AnswerForm("facts", answer_schema)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What to send.

    OpenAI's newest models refuse ``max_tokens``, other services know nothing else. The templates of some open models
    have no place for a message from the ``system``.
    """

    format: Format = "json_schema"
    length: str | None = "max_completion_tokens"
    temperature: bool = True
    system: bool = True
    form: AnswerForm = FACTS
    tried: frozenset[str] = frozenset()

    def messages(self, instructions: str, data: str) -> list[dict[str, str]]:
        """Instructions from the system, data from the user; in one message where there is no system."""
        if not self.system:
            return [{"role": "user", "content": f"{instructions}\n\n{data}"}]
        return [{"role": "system", "content": instructions}, {"role": "user", "content": data}]

    def parameters(self, *, max_answer_tokens: int) -> dict[str, Any]:
        """The request's parameters beside model and messages."""
        sent: dict[str, Any] = {}
        if self.format == "json_schema":
            schema = {"name": self.form.name, "strict": True, "schema": self.form.schema()}
            sent["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.format == "json_object":
            sent["response_format"] = {"type": "json_object"}
        if self.length is not None:
            sent[self.length] = max_answer_tokens
        if self.temperature:
            sent["temperature"] = 0
        return sent

    def without(self, parameter: str | None, complaint: str) -> Dialect | None:
        """The dialect that leaves out what a service complains about; None if it is about something else.

        ``parameter`` is the one that the error names, ``complaint`` all that it says. Each step leaves out more, so
        that steps come to an end.
        """
        named = parameter or complaint
        if self.format in _SIMPLER and _ABOUT_FORMAT.search(named):
            return replace(self, format=_SIMPLER[self.format])
        if self.system and _ABOUT_SYSTEM.search(complaint):
            return replace(self, system=False)
        if not _UNKNOWN.search(complaint):
            return None
        if self.temperature and "temperature" in named:
            return replace(self, temperature=False)
        if self.length is not None and self.length in named:
            tried = self.tried | {self.length}
            return replace(self, length=next((name for name in _LENGTHS if name not in tried), None), tried=tried)
        return None

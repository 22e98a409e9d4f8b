"""A language model as reranker: one request with the question and all passages, one score for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from factloom.engine.extraction.llm.dialect import AnswerForm
from factloom.engine.extraction.llm.service import AskError
from factloom.schemas.errors import ModelResponseError

if TYPE_CHECKING:
    from factloom.engine.extraction.llm.service import ChatService

_LONGEST: Final = 1200
"""Characters of a passage that are sent: what fits the question mostly stands at its beginning, and thirty go along."""


class _Score(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=10)]
    score: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: list[_Score]


def _schema() -> dict[str, Any]:
    fields = {"id": {"type": "string"}, "score": {"type": "number"}}
    row = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    properties = {"scores": {"type": "array", "items": row}}
    return {"type": "object", "properties": properties, "required": ["scores"], "additionalProperties": False}


ANSWER_FORM: Final = AnswerForm("scores", _schema)


class ChatReranker:
    """Asks a model of any service that speaks OpenAI's chat completions. Safe to use from several threads.

    The model judges passages that users wrote. The worst that a passage can bring it to is a wrong order of those that
    were found anyway: scores are bound to ids that were sent, and nothing else of an answer is used.
    """

    def __init__(self, service: ChatService) -> None:
        self._service = service
        folder = resources.files("factloom.engine.reranking").joinpath("prompts")
        self._instructions = folder.joinpath("rerank.md").read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        """``openai/`` and the model's name."""
        return f"openai/{self._service.model}"

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text, 0 to 10.

        Raises:
            ModelUnavailableError: the service is out of reach, limited or failing.
            ModelResponseError: its answer cannot be used.
            ModelAuthError, ModelNotFoundError, ConfigurationError: the key, the model or a setting is wrong.
        """
        if not texts:
            return []
        ids = [f"p{number}" for number in range(1, len(texts) + 1)]
        passages = [{"id": id, "text": text[:_LONGEST]} for id, text in zip(ids, texts, strict=True)]
        data = json.dumps({"question": query, "passages": passages}, ensure_ascii=False)
        try:
            reply = self._service.ask(self._instructions, data)
        except AskError as error:
            raise error.error from error
        scores = self._scores(reply.text)
        if sorted(id for id, _ in scores) != sorted(ids):
            raise ModelResponseError(f"{self._service.model} did not score each of {len(ids)} passages once")
        by_id = dict(scores)
        return [by_id[id] for id in ids]

    def close(self) -> None:
        """Close the connections to the service."""
        self._service.close()

    def _scores(self, text: str) -> list[tuple[str, float]]:
        """The scores in an answer, which services without structured output may wrap in other text."""
        start, end = text.find("{"), text.rfind("}")
        try:
            answer = _Answer.model_validate_json(text[start : end + 1])
        except ValidationError as error:
            kind = error.errors()[0]["type"]
            raise ModelResponseError(f"the answer of {self._service.model} is no list of scores ({kind})") from error
        return [(row.id, row.score) for row in answer.scores]

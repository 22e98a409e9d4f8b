"""The service: one question to a model over the chat completions API, and every way in which it can fail."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

from factloom.engine.extraction.llm.accounting import Usage, usage_of
from factloom.engine.extraction.llm.dialect import FACTS, AnswerForm, Dialect
from factloom.schemas.errors import (
    ConfigurationError,
    FactloomError,
    ModelAuthError,
    ModelError,
    ModelNotFoundError,
    ModelResponseError,
    ModelUnavailableError,
)

if TYPE_CHECKING:
    import openai

_LARGEST_ANSWER: Final = 16 * 2**20
_CONNECT_SECONDS: Final = 5.0
_TOO_LONG: Final = ("context length", "context_length", "too long", "too large", "context size", "context window")
_BUSY: Final = frozenset({408, 409, 425, 429, 503, 529})


class Remedy(Enum):
    """What can help after a failure: ask for less, ask for each turn alone, ask later, or nothing before a repair."""

    SHORTEN = "shorten"
    ISOLATE = "isolate"
    WAIT = "wait"
    REPAIR = "repair"


class AskError(Exception):
    """A question got no usable answer; ``error`` is what to tell, ``usage`` what it cost all the same."""

    def __init__(self, error: FactloomError, remedy: Remedy, usage: Usage | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.remedy = remedy
        self.usage = usage or Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said, and what that used."""

    text: str
    usage: Usage


class ChatService:
    """Asks one model of one service. Making one does not connect. Safe to use from several threads.

    The openai package tries refused, limited (429) and failed (5xx) requests again, with exponential back-off and
    jitter or after what Retry-After names, up to two minutes: one question takes at most
    ``(max_retries + 1) * (2 * timeout + 125)`` seconds, and rarely more than ``timeout``. What the service does not
    understand of the API is found out once and remembered.

    ``form`` is the shape that answers have; ``section`` the settings that name the service, for messages.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None,
        api_key: str | None,
        timeout: float,
        max_retries: int,
        max_answer_tokens: int,
        form: AnswerForm = FACTS,
        section: Literal["extractor", "reranker"] = "extractor",
    ) -> None:
        self.model = model
        self._section = section
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._max_retries = max_retries
        self._max_answer_tokens = max_answer_tokens
        self._dialect = Dialect(form=form) if base_url is None else Dialect(form=form, length="max_tokens")
        self._lock = threading.Lock()
        self._client: openai.OpenAI | None = None

    def ask(self, instructions: str, data: str) -> Reply:
        """What the model answers to data, by instructions.

        Raises:
            AskError: nothing, or nothing that can be used.
        """
        client = self._connected()
        import httpx
        import openai

        while True:
            dialect = self._dialect
            try:
                completion = client.chat.completions.create(
                    model=self.model,
                    messages=dialect.messages(instructions, data),  # type: ignore[arg-type]
                    **dialect.parameters(max_answer_tokens=self._max_answer_tokens),
                )
            except openai.APIStatusError as error:
                refused = self._refused(error)
                simpler = dialect.without(*_complaint(error)) if refused.remedy is Remedy.ISOLATE else None
                if simpler is None:
                    raise refused from error
                with self._lock:
                    if self._dialect is dialect:
                        self._dialect = simpler
            except openai.APITimeoutError as error:
                if isinstance(error.__cause__, httpx.ConnectTimeout):
                    raise self._unreachable(error) from error
                problem = f"the service took more than {self._timeout:g} s to answer for {self.model}"
                raise AskError(ModelUnavailableError(problem), Remedy.ISOLATE) from error
            except openai.APIConnectionError as error:
                raise self._unreachable(error) from error
            except (openai.APIResponseValidationError, json.JSONDecodeError) as error:
                raise AskError(self._unusable("it is malformed; is base_url right?"), Remedy.ISOLATE) from error
            except openai.OpenAIError as error:
                raise AskError(
                    ModelError(f"asking {self.model} failed: {type(error).__name__}"), Remedy.WAIT
                ) from error
            else:
                return self._reply(completion)

    def close(self) -> None:
        """Close the connections; a later question opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _connected(self) -> openai.OpenAI:
        with self._lock:
            if self._client is None:
                try:
                    import httpx
                    import openai

                    from factloom.engine.extraction.llm.transport import BoundedClient
                except ImportError as error:
                    missing = (
                        f"the OpenAI {self._section} needs the openai package; run: pip install 'factloom[openai]'"
                    )
                    raise AskError(ConfigurationError(missing), Remedy.REPAIR) from error
                patience = httpx.Timeout(self._timeout, connect=min(self._timeout, _CONNECT_SECONDS))
                http_client = BoundedClient(seconds=self._timeout, size=_LARGEST_ANSWER)
                try:
                    self._client = openai.OpenAI(
                        base_url=self._base_url,
                        api_key=self._api_key,
                        timeout=patience,
                        max_retries=self._max_retries,
                        http_client=http_client,
                    )
                except openai.OpenAIError as error:
                    http_client.close()
                    missing = (
                        f"there is no key for the OpenAI {self._section}; set OPENAI_API_KEY or "
                        f"{self._section}.api_key (any text for services that need none)"
                    )
                    raise AskError(ConfigurationError(missing), Remedy.REPAIR) from error
            return self._client

    def _reply(self, completion: Any) -> Reply:
        """The text of the first choice, if it is a whole answer."""
        usage = usage_of(completion)
        choices = getattr(completion, "choices", None)
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = getattr(choice, "message", None)
        if message is None:
            raise AskError(self._unusable("it has no choices; is base_url right?"), Remedy.ISOLATE, usage)
        reason = getattr(choice, "finish_reason", None)
        if getattr(message, "refusal", None) or reason == "content_filter":
            raise AskError(ModelResponseError(f"{self.model} refused to read this"), Remedy.ISOLATE, usage)
        if reason == "length":
            problem = f"it was cut at {self._max_answer_tokens:,} tokens; raise {self._section}.max_answer_tokens"
            raise AskError(self._unusable(problem), Remedy.SHORTEN, usage)
        text = getattr(message, "content", None)
        if not isinstance(text, str) or not text.strip():
            raise AskError(self._unusable("it is empty"), Remedy.ISOLATE, usage)
        return Reply(text, usage)

    def _unusable(self, why: str) -> ModelResponseError:
        return ModelResponseError(f"the answer of {self.model} cannot be used: {why}")

    def _unreachable(self, error: openai.APIConnectionError) -> AskError:
        import httpx

        cause = error.__cause__
        if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol | httpx.ProxyError):
            problem = f"the service at {error.request.url} cannot be reached ({cause}); check {self._section}.base_url"
            return AskError(ModelUnavailableError(problem), Remedy.WAIT)
        problem = f"the service at {error.request.url} broke off ({type(cause or error).__name__}); try again later"
        return AskError(ModelUnavailableError(problem), Remedy.ISOLATE)

    def _refused(self, error: openai.APIStatusError) -> AskError:
        """What an answer with an error status means."""
        status, model = error.status_code, self.model
        code, said = _complaint(error)[1].casefold(), _reason(error)
        if status in (401, 403):
            problem = f"the service refused the key for {model} ({status}); check {self._section}.api_key"
            return AskError(ModelAuthError(problem), Remedy.REPAIR)
        if status == 404:
            problem = (
                f"the service at {error.request.url} does not know {model}; check {self._section}.model and base_url"
            )
            return AskError(ModelNotFoundError(problem), Remedy.REPAIR)
        if status == 413 or (status in (400, 422, 500) and any(words in code for words in _TOO_LONG)):
            less = "extractor.max_prompt_tokens or extractor.batch"
            less = less if self._section == "extractor" else "reranker.candidates"
            problem = f"the request is too long for {model}: {said}; lower {less}"
            return AskError(ModelResponseError(problem), Remedy.SHORTEN)
        if status in (400, 422) and ("content_filter" in code or "content management policy" in code):
            return AskError(
                ModelResponseError(f"the service's filter refused to let {model} read this"), Remedy.ISOLATE
            )
        if status in _BUSY:
            problem = f"{model} is limited or overloaded ({status}: {said}); try again later"
            return AskError(ModelUnavailableError(problem), Remedy.WAIT)
        if status >= 500:
            problem = f"the service failed ({status}) for {model}; try again later"
            return AskError(ModelUnavailableError(problem), Remedy.ISOLATE)
        return AskError(ModelResponseError(f"the service refused the request for {model}: {said}"), Remedy.ISOLATE)


def _complaint(error: openai.APIStatusError) -> tuple[str | None, str]:
    """The parameter that an error names, if it does, and everything that it says."""
    body = error.body
    parameter = body.get("param") if isinstance(body, dict) else None
    return parameter if isinstance(parameter, str) else None, f"{error.message} {json.dumps(body, default=str)}"


def _reason(error: openai.APIStatusError) -> str:
    """What the service says is wrong, without the rest of its answer, which can quote the text."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else body if isinstance(body, str) else None
    return " ".join(str(message).split())[:200] if message else f"status {error.status_code}"

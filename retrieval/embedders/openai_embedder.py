"""Embeds with the OpenAI embeddings API, or any service that speaks it."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from factloom.retrieval.embedders.text_input import checked_texts
from factloom.schemas.errors import (
    ConfigurationError,
    InvalidInputError,
    ModelAuthError,
    ModelError,
    ModelNotFoundError,
    ModelResponseError,
    ModelUnavailableError,
)

if TYPE_CHECKING:
    import openai

#: Native lengths, from OpenAI's embeddings guide.
_NATIVE = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
#: A request may hold 300,000 tokens; a token is hardly ever less than a character, whatever the language.
_CHARACTERS_PER_REQUEST = 200_000
#: The models read 8,191 tokens. Where even this many characters are more, the service says so and we halve.
_CHARACTERS_PER_TEXT = 32_000


class OpenAIEmbedder:
    """An `Embedder` over HTTP. Making one does not connect. Safe to use from several threads.

    The client retries refused, limited (429, honouring Retry-After) and failed (5xx) requests with back-off.
    Texts beyond the model's limit are cut: only their beginning counts. Blank texts are sent as one space,
    since the service refuses empty input.

    Args:
        model: name of the model at the service.
        dimension: length of the vectors. OpenAI's third-generation models shorten theirs to it; for a model not of
            OpenAI it says what to expect and is required.
        base_url: address of the service, ending in ``/v1`` as a rule; default: OpenAI's (or ``OPENAI_BASE_URL``).
        api_key: default: ``OPENAI_API_KEY``. Services that need none take any text.
        timeout: seconds for one request.
        max_retries: further attempts after the first.
        batch_size: most texts in one request, at most 2,048 for OpenAI.
        encoding_format: ``base64`` is a quarter of the traffic; some services know only ``float``.
    """

    def __init__(
        self,
        model: str = "text-embedding-3-small",
        *,
        dimension: int | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 4,
        batch_size: int = 256,
        encoding_format: Literal["base64", "float"] = "base64",
    ) -> None:
        native = _NATIVE.get(model)
        length = dimension or native
        if length is None:
            raise ConfigurationError(f"dimension is needed for the model {model!r}: how long are its vectors?")
        if length < 1 or batch_size < 1 or timeout <= 0 or max_retries < 0:
            raise InvalidInputError("dimension, batch_size and timeout must be positive, max_retries not negative")
        self._model = model
        self._dimension = length
        # Only these models can shorten; other services refuse a parameter that they do not know.
        self._shortens = model.startswith("text-embedding-3-") and length != native
        self._client_options: dict[str, Any] = {
            "base_url": base_url,
            "api_key": api_key,
            "timeout": timeout,
            "max_retries": max_retries,
        }
        self._batch_size = batch_size
        self._encoding_format: Literal["base64", "float"] = encoding_format
        self._lock = threading.Lock()
        self._client: openai.OpenAI | None = None

    @property
    def name(self) -> str:
        """Model and length, such as ``text-embedding-3-small/1536``."""
        return f"{self._model}/{self._dimension}"

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self._dimension

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), float32, rows of unit length, in order.

        Raises:
            InvalidInputError: ``texts`` is not a sequence of strings.
            ConfigurationError: the extra ``factloom[openai]`` is not installed, or there is no key.
            ModelAuthError: the key was refused. ModelNotFoundError: the service does not know the model.
            ModelUnavailableError: out of reach, limited or failing after all attempts; may be tried again.
            ModelResponseError: the answer cannot be used.
        """
        cleaned = [text[:_CHARACTERS_PER_TEXT] if text.strip() else " " for text in checked_texts(texts)]
        vectors = np.empty((len(cleaned), self._dimension), dtype=np.float32)
        for start, stop in _requests(cleaned, self._batch_size):
            vectors[start:stop] = self._embed(cleaned[start:stop])
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed_documents`: these models embed questions and documents alike."""
        return self.embed_documents(texts)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        while True:
            try:
                return self._request(texts)
            except _TooLongError as error:
                longest = max(len(text) for text in texts)
                if longest < 256:
                    raise ModelResponseError(f"the service finds {longest} characters too long: {error}") from error
                texts = [text[: longest // 2] for text in texts]

    def _request(self, texts: list[str]) -> NDArray[np.float32]:
        client = self._connected()
        extra: dict[str, Any] = {"dimensions": self._dimension} if self._shortens else {}
        with _openai_errors(self._model):
            response = client.embeddings.create(
                model=self._model, input=texts, encoding_format=self._encoding_format, **extra
            )
        return self._unit_rows(response, len(texts))

    def _unit_rows(self, response: object, count: int) -> NDArray[np.float32]:
        """The vectors in the order of their index, checked and normalised."""
        data = getattr(response, "data", None)
        if not isinstance(data, list):
            raise ModelResponseError(f"{self._model}: the answer is no list of embeddings; is base_url right?")
        by_index = {getattr(item, "index", None): getattr(item, "embedding", None) for item in data}
        if len(data) != count or set(by_index) != set(range(count)):
            raise ModelResponseError(f"{self._model}: {len(data)} vectors came back for {count} texts")
        rows = np.empty((count, self._dimension), dtype=np.float32)
        for index in range(count):
            row = _decoded(by_index[index], self._model)
            if row.shape != (self._dimension,):
                raise ModelResponseError(
                    f"{self._model} gives vectors of length {row.size}, not {self._dimension}; set dimension to "
                    "what the model gives"
                )
            rows[index] = row
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise ModelResponseError(f"{self._model}: a vector is zero or not finite")
        unit: NDArray[np.float32] = rows / norms
        return unit

    def _connected(self) -> openai.OpenAI:
        with self._lock:
            if self._client is None:
                try:
                    import openai
                except ImportError as error:
                    raise ConfigurationError(
                        "the OpenAI embedder needs the openai package; run: pip install 'factloom[openai]'"
                    ) from error
                try:
                    self._client = openai.OpenAI(**self._client_options)
                except openai.OpenAIError as error:
                    raise ConfigurationError(
                        "there is no key for the OpenAI embedder; set OPENAI_API_KEY or pass api_key (any text for "
                        "services that need none)"
                    ) from error
            return self._client


class _TooLongError(Exception):
    """The service found a text longer than the model reads."""


def _requests(texts: list[str], batch_size: int) -> Iterator[tuple[int, int]]:
    """Spans of texts that go into one request: few enough, and not too long together."""
    start = size = 0
    for position, text in enumerate(texts):
        if position > start and (position - start == batch_size or size + len(text) > _CHARACTERS_PER_REQUEST):
            yield start, position
            start, size = position, 0
        size += len(text)
    if start < len(texts):
        yield start, len(texts)


def _decoded(embedding: object, model: str) -> NDArray[np.float32]:
    """A vector from what services send: little-endian float32 in base64, or a list of numbers even so."""
    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
        return np.asarray(embedding, dtype=np.float32)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ModelResponseError(f"{model}: a vector cannot be read ({error})") from error


@contextmanager
def _openai_errors(model: str) -> Iterator[None]:
    """Turns what the openai client raises into our tree."""
    import openai

    try:
        yield
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise ModelAuthError(f"the service refused the key for {model} ({error.status_code}); check api_key") from error
    except openai.NotFoundError as error:
        raise ModelNotFoundError(f"the service at {error.request.url} does not know {model}; check both") from error
    except openai.BadRequestError as error:
        if "maximum context length" in str(error) or "too long" in str(error) or "too large" in str(error):
            raise _TooLongError(str(error)) from error
        raise ModelResponseError(f"the service refused the request for {model}: {_reason(error)}") from error
    except openai.APITimeoutError as error:
        raise ModelUnavailableError(f"the service took too long to embed with {model}; try again later") from error
    except openai.APIConnectionError as error:
        raise ModelUnavailableError(
            f"the service at {error.request.url} cannot be reached ({error.__cause__ or error}); check base_url"
        ) from error
    except openai.RateLimitError as error:
        raise ModelUnavailableError(f"{model} is limited (429: {_reason(error)}); try again later") from error
    except openai.InternalServerError as error:
        raise ModelUnavailableError(f"the service failed ({error.status_code}) for {model}; try again later") from error
    except (openai.APIResponseValidationError, json.JSONDecodeError) as error:
        raise ModelResponseError(f"the service's answer for {model} is malformed; is base_url right?") from error
    except openai.OpenAIError as error:
        raise ModelError(f"embedding with {model} failed: {error}") from error


def _reason(error: openai.APIStatusError) -> str:
    """What the service says is wrong, without the rest of its answer, which can quote the text."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return str(message)[:200] if message else f"status {error.status_code}"

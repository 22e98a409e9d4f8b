"""The LLM extractor: requests side by side within a limit, failed ones taken apart, costs shared out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from factloom.engine.extraction.completions import SILENT_ROLES
from factloom.engine.extraction.llm.accounting import Prices, Usage
from factloom.engine.extraction.llm.answers import UnusableAnswerError, read_answer
from factloom.engine.extraction.llm.packing import Pack, Piece, estimated_tokens, pack
from factloom.engine.extraction.llm.prompt import Prompt, instructions, write_prompt
from factloom.engine.extraction.llm.reading import Findings, read_facts
from factloom.engine.extraction.llm.service import AskError, ChatService, Remedy
from factloom.engine.extraction.retractions import taken_back
from factloom.schemas.errors import FactloomError, ModelResponseError
from factloom.schemas.extraction import Candidate, Extraction, ExtractionRequest
from factloom.schemas.ontology import Ontology, core_ontology

_CONTEXT_SHARE: Final = 3  # earlier turns and known names take at most a third of what a request has room for
_FAILURES_TO_STOP: Final = 3


class LlmExtractor:
    """An `Extractor` that asks a language model. Safe to use from several threads.

    Args:
        service: which model to ask, and how patiently.
        batch: most turns in one request.
        concurrency: most requests at a time.
        max_prompt_tokens: about the longest request, instructions included.
        known_entities: how many known names to tell with a request.
        prices: for the cost in ``Extraction.usage``.
        ontology: the predicates and types to tell the model; default: the core ontology.
    """

    def __init__(
        self,
        service: ChatService,
        *,
        batch: int = 8,
        concurrency: int = 4,
        max_prompt_tokens: int = 12_000,
        known_entities: int = 40,
        prices: Prices | None = None,
        ontology: Ontology | None = None,
    ) -> None:
        self._service = service
        self._batch = batch
        self._concurrency = concurrency
        self._max_prompt_tokens = max_prompt_tokens
        self._known_entities = known_entities
        self._prices = prices or Prices()
        self._ontology = ontology or core_ontology()
        self._instructions = instructions(self._ontology)

    @property
    def name(self) -> str:
        """``openai/`` and the model's name."""
        return f"openai/{self._service.model}"

    @property
    def known_entities(self) -> int:
        """How many known names it wants with each request."""
        return self._known_entities

    def extract(self, requests: Sequence[ExtractionRequest]) -> list[Extraction]:
        """One result per request, in order; what went wrong is told in the result.

        A request that fails as a whole is split and asked turn by turn where that can help. When the service refuses
        the key, does not know the model, is limited or out of reach, nothing further is sent.
        """
        readable = [r for r in requests if r.episode.role not in SILENT_ROLES and r.episode.content.strip()]
        room = self._max_prompt_tokens - estimated_tokens(self._instructions)
        context = room // _CONTEXT_SHARE
        call = _Call(self._service, self._ontology, self._instructions, context)
        packs = list(pack(readable, turns=self._batch, tokens=room - context))
        if len(packs) <= 1 or self._concurrency == 1:
            answered = [call.read(one) for one in packs]
        else:
            with ThreadPoolExecutor(min(self._concurrency, len(packs)), thread_name_prefix="factloom-llm") as pool:
                answered = list(pool.map(call.read, packs))
        results = [result for one in answered for result in one]
        by_episode = {
            position: self._extraction(request, [r for r in results if r.piece.position == position])
            for position, request in enumerate(readable)
        }
        found = iter(by_episode.values())
        read = {id(request) for request in readable}
        return [next(found) if id(r) in read else Extraction(episode_id=r.episode.id) for r in requests]

    def close(self) -> None:
        """Close the connections to the service."""
        self._service.close()

    def _extraction(self, request: ExtractionRequest, results: Sequence[_Result]) -> Extraction:
        """The results of an episode's pieces as one: all of them or none."""
        usage = sum((result.usage for result in results), Usage())
        error = next((result.error for result in results if result.error is not None), None)
        candidates: list[Candidate] = [c for result in results for c in result.findings.candidates]
        return Extraction(
            episode_id=request.episode.id,
            candidates=tuple(candidates) if error is None else (),
            error=None if error is None else f"{type(error).__name__}: {error}",
            retryable=error is None or error.retryable,
            usage=usage.as_dict(self._prices),
            notes=tuple(note for result in results for note in result.findings.notes),
            extractor=self.name,
            takes_back=taken_back(request) if error is None else None,
        )


@dataclass
class _Result:
    """What became of one piece."""

    piece: Piece
    findings: Findings = field(default_factory=Findings)
    error: FactloomError | None = None
    usage: Usage = field(default_factory=Usage)


class _Call:
    """The requests of one call of ``extract``; knows when it is no use to send more."""

    def __init__(self, service: ChatService, ontology: Ontology, instructions: str, context_tokens: int) -> None:
        self._service = service
        self._ontology = ontology
        self._instructions = instructions
        self._context_tokens = context_tokens
        self._lock = threading.Lock()
        self._stopped_by: FactloomError | None = None
        self._failures = 0

    def read(self, pieces: Pack) -> list[_Result]:
        """What each piece states; a pack that fails is read in smaller ones."""
        if self._stopped_by is not None:
            return [_Result(piece, error=self._stopped_by) for piece in pieces]
        prompt = write_prompt(pieces, self._instructions, context_tokens=self._context_tokens)
        try:
            results = self._ask(prompt)
        except AskError as failure:
            self._count(failure)
            return self._again(pieces, failure)
        self._count(None)
        return results

    def _ask(self, prompt: Prompt) -> list[_Result]:
        reply = self._service.ask(prompt.instructions, prompt.data)
        try:
            facts, malformed = read_answer(reply.text)
        except UnusableAnswerError as error:
            problem = ModelResponseError(f"the answer of {self._service.model} cannot be used: {error}")
            raise AskError(problem, Remedy.ISOLATE, reply.usage) from error
        findings, strays = read_facts(facts, prompt, self._ontology)
        pieces = list(prompt.asked.values())
        results = [
            _Result(piece, findings[id_], usage=share)
            for (id_, piece), share in zip(prompt.asked.items(), _shares(reply.usage, pieces), strict=True)
        ]
        # Nobody can say whose these are, so they are noted with the first.
        results[0].findings.notes += [*malformed, *strays]
        return results

    def _again(self, pieces: Pack, failure: AskError) -> list[_Result]:
        """The pieces one by one, or in halves, if that can help; else the failure for each."""
        smaller: Iterable[Pack] = ()
        if len(pieces) > 1 and failure.remedy in (Remedy.SHORTEN, Remedy.ISOLATE):
            smaller = [(piece,) for piece in pieces]
        elif failure.remedy is Remedy.SHORTEN:
            smaller = [(half,) for half in pieces[0].halves()]
        results = [result for one in smaller for result in self.read(one)]
        results = results or [_Result(piece, error=failure.error) for piece in pieces]
        for result, share in zip(results, _shares(failure.usage, [r.piece for r in results]), strict=True):
            result.usage += share
        return results

    def _count(self, failure: AskError | None) -> None:
        """Stop after what another request cannot help, or after several failures of the service in a row."""
        with self._lock:
            down = failure is not None and failure.error.retryable
            self._failures = self._failures + 1 if down else 0
            hopeless = failure is not None and failure.remedy in (Remedy.WAIT, Remedy.REPAIR)
            if failure is not None and (hopeless or self._failures >= _FAILURES_TO_STOP):
                self._stopped_by = failure.error


def _shares(usage: Usage, pieces: Sequence[Piece]) -> list[Usage]:
    return usage.shares([len(piece.text) for piece in pieces])

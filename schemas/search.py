"""What a search is asked and what it answers: filters, hits with their explanation, results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, overload

from pydantic import Field

from factloom.schemas.records import Category, Episode, Fact, Predicate, Record, Time
from factloom.schemas.spaces import Labels

CONTEXT_OPEN = "<factloom-memory>"
CONTEXT_CLOSE = "</factloom-memory>"
"""Marks around a context block, by which it is known again and never learned back."""

HitKind = Literal["fact", "episode"]

ANSWERING = 0.58
"""Score from which a hit is likely to answer; measured on the demo conversation: see ``SearchResult.answered``."""


FOUND_BY = {
    "vector": "near in meaning",
    "keyword": "with its words",
    "entity": "named",
    "relation": "of the relation asked for",
    "date": "of the time named",
}
"""In words how a search found a record at which it enters the graph (``PathStep.found_by``, ``SearchResult.seeds``)."""


class SearchFilter(Record):
    """Narrows a search; every field that is set must match. Applied before ranking, never after it.

    ``since``/``until`` bound when a fact became valid and when an episode was said. ``predicates`` and ``categories``
    leave only facts.
    """

    labels: Labels = Labels()
    categories: tuple[Category, ...] | None = None
    predicates: tuple[Predicate, ...] | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    since: Time | None = None
    until: Time | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == _NO_FILTER


_NO_FILTER = SearchFilter()


class PathStep(Record):
    """One step from a seed to a hit: the edge taken (None at the seed) and the node reached.

    ``found_by``: how the search found the seed: "vector", "keyword", "entity" (named), "relation" or "date".
    """

    edge: str | None
    kind: str
    id: str
    label: str
    found_by: str = ""


class Hit(Record):
    """A fact or an episode that answers, and why.

    ``parts`` are the weighted parts that add up to ``score`` (vector, keyword, graph, recency, support, …).
    ``path`` leads from where the search entered the graph to the hit. ``sources`` are the episodes it rests on, the
    best first; an episode rests on itself. ``note`` says in words when it is no longer true, or
    that others say otherwise.
    """

    kind: HitKind
    score: float
    parts: dict[str, float]
    path: tuple[PathStep, ...] = ()
    fact: Fact | None = None
    episode: Episode | None = None
    sources: tuple[Episode, ...] = ()
    note: str = ""

    @property
    def id(self) -> str:
        """The fact's or the episode's id."""
        return self.record.id

    @property
    def record(self) -> Fact | Episode:
        """The fact or the episode itself."""
        found = self.fact if self.kind == "fact" else self.episode
        if found is None:
            raise ValueError(f"a hit of kind {self.kind} without its record")
        return found

    @property
    def text(self) -> str:
        """The fact's sentence, or the episode's content."""
        return self.fact.text if self.fact is not None else self.sources[0].content if self.sources else ""

    @property
    def why(self) -> str:
        """The path and the parts of the score in one line."""
        steps = " ".join(
            f"-{step.edge}-> {step.label}"
            if step.edge
            else f"{step.label} ({FOUND_BY.get(step.found_by, step.found_by)})".removesuffix(" ()")
            for step in self.path
        )
        parts = ", ".join(
            f"{name} {value:+.2f}" for name, value in sorted(self.parts.items(), key=lambda p: -abs(p[1]))
        )
        return f"{steps or 'no path'} | {self.score:.2f} = {parts}"


class QueryReading(Record):
    """How a question was understood.

    ``stripped``: it without names of speakers, pronouns and words that only ask; ``terms`` are its index terms.
    ``entities``: known things that it names; ``speakers``: who is named and speaks, or asks. ``meant``: people whom it
    names by a relation, by its words ("my sister": Bea). ``asks_for``: the kind of answer ("who", "where", "when",
    "how many", "yes/no", "list", "outcome" or "anything"). ``about_the_past``: then how recent a hit is says nothing.
    ``time``: the words that name a time, which reaches from ``since`` (inclusive) to ``until`` (exclusive).
    """

    query: str
    stripped: str
    terms: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    meant: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    asks_for: str = "anything"
    about_the_past: bool = False
    time: str = ""
    since: Time | None = None
    until: Time | None = None


class SearchResult(Record):
    """Hits, best first, with the reading of the query and milliseconds per stage (``embed``, ``engine``, ``total``, …).

    ``timings``: stages may overlap, so that ``total`` can be less than their sum; ``engine`` is the total without
    ``embed``, ``rerank`` and ``wait``.

    ``as_of``: the time that was asked about, None for the present. ``more`` says whether further hits exist past
    ``offset + len(hits)``. ``partial``: the time limit was reached, or the reranker failed, so these are the best that
    were found without; ``skipped`` names what was left out: "embed" (the question was answered by its words alone),
    "spread", "graph", "rerank". ``seeds``: how many records the search started from, by how they were found.
    """

    hits: tuple[Hit, ...]
    reading: QueryReading
    timings: dict[str, float] = Field(default_factory=dict)
    seeds: dict[str, int] = Field(default_factory=dict)
    offset: int = 0
    more: bool = False
    partial: bool = False
    skipped: tuple[str, ...] = ()
    as_of: Time | None = None

    @property
    def answered(self) -> bool:
        """Whether the best hit is good enough that the answer is likely among the hits.

        A hint, not a proof: of the 28 questions about the demo conversation it tells the three that have no answer
        there from 24 of the 25 others. In spaces of a few messages scores are higher, and it says yes too easily.
        """
        return any(hit.score >= ANSWERING for hit in self.hits)

    def __iter__(self) -> Iterator[Hit]:  # type: ignore[override]
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]


class ContextBlock(Record):
    """Text for a prompt, within a budget of tokens, and the records it was made from, in order of appearance.

    ``str(block)`` is the text. ``tokenizer`` names what counted the tokens. ``partial`` is as in the search's result.
    """

    text: str
    tokens: int
    max_tokens: int
    facts: tuple[Fact, ...] = ()
    episodes: tuple[Episode, ...] = ()
    tokenizer: str = ""
    partial: bool = False

    def __str__(self) -> str:
        return self.text

"""Context: hits as a block of text for a prompt, inside a budget of tokens, facts first, then what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import Final

from factloom.retrieval.explanation import fact_note
from factloom.schemas.ports import TokenCounter
from factloom.schemas.records import Episode, Fact, Role
from factloom.schemas.search import CONTEXT_CLOSE, CONTEXT_OPEN, ContextBlock, Hit, SearchResult

FACTS_HEADING: Final = "Known facts:"
PASSAGES_HEADING: Final = "From earlier conversations:"

_FACTS_SHARE: Final = 1 / 3
"""Most of the budget that facts take while there are passages: what people said in their own words holds more."""

_SHORTEST_CUT: Final = 8
_ELLIPSIS: Final = " …"

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the block: its text, when it belongs, and the record that it shows.

    Passages of one day stand under its date; ``tokens`` are without that.
    """

    text: str
    at: datetime
    record: Fact | Episode
    tokens: int

    @property
    def day(self) -> str:
        """The heading of its day."""
        return f"[{self.at:%Y-%m-%d}]"


def approximate_tokens(text: str) -> int:
    """Tokens of ``text`` where no tokenizer is at hand: a third of its UTF-8 bytes, rounded up.

    English takes about 4 bytes a token, so this rather counts too many than too few.
    """
    return -(-len(text.encode("utf-8", "replace")) // 3)


def token_count(counter: object) -> Count:
    """The way to count: by ``counter`` or, if it wraps another embedder, that one's tokenizer; else approximately."""
    for owner in (counter, getattr(counter, "inner", None)):
        if isinstance(owner, TokenCounter):
            exact = owner
            return lambda text: exact.count_tokens([text])[0]
    return approximate_tokens


def build_context(result: SearchResult, *, max_tokens: int, now: datetime, counter: object) -> ContextBlock:
    """The best hits as text of at most ``max_tokens`` tokens.

    The block stands between two marks, by which ingest knows it again and does not learn from it.
    Hits are taken best first as long as they fit, each record once; they are shown oldest first, facts with dates
    and who said so, passages with date and speaker, and what no longer holds is marked. The same hits give the same
    text. A passage that is longer than the whole budget is cut.

    Args:
        result: what a search found.
        max_tokens: the budget, headings and line ends included.
        now: what "no longer true" is measured against.
        counter: counts tokens if it is a `TokenCounter` or wraps one.
    """
    count = token_count(counter)
    marks = count(f"{CONTEXT_OPEN}\n{CONTEXT_CLOSE}") + 2  # 2 for the line ends
    facts, passages = _choose(result.hits, max(0, max_tokens - marks), now, count)
    text = _render(facts, passages)
    tokens = count(text) if text else 0
    while tokens > max_tokens and (facts or passages):  # a tokenizer that joins line ends may count differently
        (passages if passages else facts).pop()
        text = _render(facts, passages)
        tokens = count(text) if text else 0
    return ContextBlock(
        text=text,
        tokens=tokens,
        max_tokens=max_tokens,
        partial=result.partial,
        facts=tuple(line.record for line in _in_order(facts) if isinstance(line.record, Fact)),
        episodes=tuple(line.record for line in _in_order(passages) if isinstance(line.record, Episode)),
    )


class _Packing:
    """Fills the budget: facts take at most their share of it while there are passages."""

    def __init__(self, max_tokens: int, facts_share: float, count: Count) -> None:
        self.facts: list[_Line] = []
        self.passages: list[_Line] = []
        self._days: set[str] = set()
        self._max_tokens = self._left = max_tokens
        self._facts_left = int(max_tokens * facts_share)
        self._count = count

    def add(self, line: _Line) -> None:
        """Take the line in if it fits; the first passage is cut if it is longer than the whole budget."""
        is_fact = isinstance(line.record, Fact)
        lines = self.facts if is_fact else self.passages
        heading = 0 if lines else self._count(FACTS_HEADING if is_fact else PASSAGES_HEADING) + 2
        if not is_fact and line.day not in self._days:
            heading += self._count(line.day) + 1
        room = (min(self._left, self._facts_left) if is_fact else self._left) - heading
        if line.tokens > room:
            cut = None
            if not is_fact and not self.passages and line.tokens > self._max_tokens:
                cut = _cut(line, room, self._count)
            if cut is None:
                return
            line = cut
        lines.append(line)
        self._left -= line.tokens + heading
        if is_fact:
            self._facts_left -= line.tokens + heading
        else:
            self._days.add(line.day)


def _choose(hits: Sequence[Hit], max_tokens: int, now: datetime, count: Count) -> tuple[list[_Line], list[_Line]]:
    share = _FACTS_SHARE if any(hit.kind == "episode" for hit in hits) else 1.0
    packing = _Packing(max_tokens, share, count)
    shown: set[str] = set()
    for hit in hits:
        if hit.id not in shown:
            shown.add(hit.id)
            packing.add(_line(hit, now, count))
    return packing.facts, packing.passages


def _line(hit: Hit, now: datetime, count: Count) -> _Line:
    if hit.fact is not None:
        text, at = _fact_text(hit, hit.fact, now), hit.fact.valid_at or hit.fact.created_at
    else:
        episode = hit.sources[0]
        text, at = _passage_text(episode, hit.note), episode.occurred_at
    return _Line(text, at, hit.record, count(text) + 1)  # 1 for the line end


def _fact_text(hit: Hit, fact: Fact, now: datetime) -> str:
    """As in: "- Ana lives in Porto. (since 2025-05-02; Ana, 2025-05-09)", the second date only where it is another."""
    told = hit.sources[0] if hit.sources else None
    said = hit.note or fact_note(fact, now)
    if fact.valid_at is not None and not said:
        said = f"since {fact.valid_at:%Y-%m-%d}"
    if told is not None:
        day = f"{told.occurred_at:%Y-%m-%d}"
        source = _speaker(told) if said.endswith(day) else f"{_speaker(told)}, {day}"
        said = f"{said}; {source}" if said else source
    return f"- {_one_line(fact.text)}" + (f" ({said})" if said else "")


def _passage_text(episode: Episode, note: str) -> str:
    """As in: "Ana: I live in Lisbon (no longer true …)"."""
    mark = f" ({note})" if note else ""
    if episode.role is Role.DOCUMENT and not episode.speaker:
        return f"{_one_line(episode.content)}{mark}"
    return f"{_speaker(episode)}: {_one_line(episode.content)}{mark}"


def _speaker(episode: Episode) -> str:
    return episode.speaker or episode.role.value


def _one_line(text: str) -> str:
    """``text`` on one line, without the marks of a block: whatever is quoted cannot end the block early."""
    return " ".join(text.replace(CONTEXT_OPEN, " ").replace(CONTEXT_CLOSE, " ").split())


def _cut(line: _Line, room: int, count: Count) -> _Line | None:
    """The longest beginning of ``line`` in whole words that fits; None if next to nothing does."""
    parts = line.text.split(" ")
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        if count(" ".join(parts[:middle]) + _ELLIPSIS) + 1 <= room:
            low = middle
        else:
            high = middle - 1
    if low < _SHORTEST_CUT:
        return None
    text = " ".join(parts[:low]) + _ELLIPSIS
    return _Line(text, line.at, line.record, count(text) + 1)


def _in_order(lines: Sequence[_Line]) -> list[_Line]:
    return sorted(lines, key=lambda line: (line.at, line.record.ref, line.record.id))


def _render(facts: Sequence[_Line], passages: Sequence[_Line]) -> str:
    blocks = []
    if facts:
        blocks.append("\n".join([FACTS_HEADING, *(line.text for line in _in_order(facts))]))
    if passages:
        days = groupby(_in_order(passages), key=lambda line: line.day)
        lines = chain.from_iterable((day, *(line.text for line in of_day)) for day, of_day in days)
        blocks.append("\n".join([PASSAGES_HEADING, *lines]))
    return "\n".join([CONTEXT_OPEN, "\n\n".join(blocks), CONTEXT_CLOSE]) if blocks else ""

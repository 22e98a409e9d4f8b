"""Context: hits as a block of text for a prompt, inside a budget of tokens, facts first, then what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    """A line of the block: its text, when it belongs, and the record that it shows."""

    text: str
    at: datetime
    record: Fact | Episode
    tokens: int


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
        facts=tuple(line.record for line in _in_order(facts) if isinstance(line.record, Fact)),
        episodes=tuple(line.record for line in _in_order(passages) if isinstance(line.record, Episode)),
    )


def _choose(hits: Sequence[Hit], max_tokens: int, now: datetime, count: Count) -> tuple[list[_Line], list[_Line]]:
    facts: list[_Line] = []
    passages: list[_Line] = []
    shown: set[str] = set()
    facts_budget = int(max_tokens * _FACTS_SHARE) if any(hit.kind == "episode" for hit in hits) else max_tokens
    left, facts_left = max_tokens, facts_budget
    for hit in hits:
        lines = facts if hit.kind == "fact" else passages
        heading = 0 if lines else count(FACTS_HEADING if hit.kind == "fact" else PASSAGES_HEADING) + 2
        room = (min(left, facts_left) if hit.kind == "fact" else left) - heading
        if hit.id in shown or room <= 0:
            continue
        line = _line(hit, now, count)
        if line.tokens > room:
            if hit.kind == "fact" or passages or line.tokens <= max_tokens:
                continue
            cut = _cut(line, room, count)
            if cut is None:
                continue
            line = cut
        lines.append(line)
        shown.add(hit.id)
        left -= line.tokens + heading
        facts_left -= (line.tokens + heading) if hit.kind == "fact" else 0
    return facts, passages


def _line(hit: Hit, now: datetime, count: Count) -> _Line:
    if hit.fact is not None:
        text, at = _fact_text(hit, hit.fact, now), hit.fact.valid_at or hit.fact.created_at
    else:
        episode = hit.sources[0]
        text, at = _passage_text(episode, hit.note), episode.occurred_at
    return _Line(text, at, hit.record, count(text) + 1)  # 1 for the line end


def _fact_text(hit: Hit, fact: Fact, now: datetime) -> str:
    """As in: "- Ana lives in Porto. (since 2025-05-02; Ana, 2025-05-02)"."""
    told = hit.sources[0] if hit.sources else None
    notes = [hit.note or fact_note(fact, now)]
    if fact.valid_at is not None and not notes[0]:
        notes = [f"since {fact.valid_at:%Y-%m-%d}"]
    if told is not None:
        notes.append(f"{_speaker(told)}, {told.occurred_at:%Y-%m-%d}")
    said = "; ".join(note for note in notes if note)
    return f"- {_one_line(fact.text)}" + (f" ({said})" if said else "")


def _passage_text(episode: Episode, note: str) -> str:
    """As in: "[2025-02-03 19:17] Ana: I live in Lisbon (no longer true …)"."""
    mark = f" ({note})" if note else ""
    if episode.role is Role.DOCUMENT and not episode.speaker:
        return f"[{episode.occurred_at:%Y-%m-%d}] {_one_line(episode.content)}{mark}"
    return f"[{episode.occurred_at:%Y-%m-%d %H:%M}] {_speaker(episode)}: {_one_line(episode.content)}{mark}"


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
        blocks.append("\n".join([PASSAGES_HEADING, *(line.text for line in _in_order(passages))]))
    return "\n".join([CONTEXT_OPEN, "\n\n".join(blocks), CONTEXT_CLOSE]) if blocks else ""

"""Context: hits as a block of text for a prompt, inside a budget of tokens, facts first, then what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import Final

from factloom.retrieval.explanation import fact_note
from factloom.retrieval.token_counting import Counter
from factloom.schemas.records import Episode, Fact, Role
from factloom.schemas.search import CONTEXT_CLOSE, CONTEXT_OPEN, ContextBlock, Hit, SearchResult

FACTS_HEADING: Final = "Known facts:"
PASSAGES_HEADING: Final = "From earlier conversations:"

_FACTS_SHARE: Final = 1 / 3
"""Most of the budget that facts take while there are passages: what people said in their own words holds more."""

SHOWN_WITH_NEIGHBOURS: Final = 2
"""Passages, the best, whose turns before and after are shown too: a question and its answer belong together."""

_FIRST: Final = 8
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


def build_context(
    result: SearchResult,
    *,
    max_tokens: int,
    now: datetime,
    counter: Counter,
    around: Mapping[str, Sequence[Episode]] | None = None,
) -> ContextBlock:
    """The best hits as text of at most ``max_tokens`` tokens.

    The block stands between two marks, by which ingest knows it again and does not learn from it.
    Hits are taken best first as long as they fit, each record once, and what was said in the same words once; the turns
    around the best passages come before the last of them. Facts stand together by whom they are about, passages by day,
    both oldest first, facts with dates and who said so; what no longer holds is marked. The same hits give the same
    text. A passage that is longer than the whole budget is cut.

    Args:
        result: what a search found.
        max_tokens: the budget, headings and line ends included.
        now: what "no longer true" is measured against, unless the search was as of another time.
        counter: counts tokens.
        around: the turns before and after a passage, by its id, for as many as are to be shown with them.
    """
    count = counter.count
    marks = count(f"{CONTEXT_OPEN}\n{CONTEXT_CLOSE}") + 2  # 2 for the line ends
    headings = _Headings(result.as_of)
    packing = _Packing(max(0, max_tokens - marks), headings, count, passages=any(h.kind == "episode" for h in result))
    for line in _lines(result, around or {}, result.as_of or now, count):
        packing.add(line)
    facts, passages = packing.facts, packing.passages
    text = _render(facts, passages, headings)
    tokens = count(text) if text else 0
    while tokens > max_tokens and (facts or passages):  # a tokenizer that joins line ends may count differently
        (passages if passages else facts).pop()
        text = _render(facts, passages, headings)
        tokens = count(text) if text else 0
    return ContextBlock(
        text=text,
        tokens=tokens,
        max_tokens=max_tokens,
        tokenizer=counter.name,
        partial=result.partial,
        facts=tuple(line.record for line in _by_topic(facts) if isinstance(line.record, Fact)),
        episodes=tuple(line.record for line in _in_order(passages) if isinstance(line.record, Episode)),
    )


class _Headings:
    """What stands over facts and passages; with the time that was asked about, where it is not the present."""

    def __init__(self, as_of: datetime | None) -> None:
        self.facts = FACTS_HEADING if as_of is None else f"{FACTS_HEADING[:-1]} as of {as_of:%Y-%m-%d}:"
        self.passages = PASSAGES_HEADING if as_of is None else f"{PASSAGES_HEADING[:-1]}, up to {as_of:%Y-%m-%d}:"


class _Packing:
    """Fills the budget: facts take at most their share of it while there are passages."""

    def __init__(self, max_tokens: int, headings: _Headings, count: Count, *, passages: bool) -> None:
        self.facts: list[_Line] = []
        self.passages: list[_Line] = []
        self._days: set[str] = set()
        self._max_tokens = self._left = max_tokens
        self._facts_left = int(max_tokens * _FACTS_SHARE) if passages else max_tokens
        self._headings = headings
        self._count = count

    def add(self, line: _Line) -> None:
        """Take the line in if it fits; the first passage is cut if it is longer than the whole budget."""
        is_fact = isinstance(line.record, Fact)
        lines = self.facts if is_fact else self.passages
        heading = 0 if lines else self._count(self._headings.facts if is_fact else self._headings.passages) + 2
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


def _lines(
    result: SearchResult, around: Mapping[str, Sequence[Episode]], now: datetime, count: Count
) -> Iterator[_Line]:
    """Lines in the order in which they are to be taken in, each record and each text once.

    Neighbours of the best come after the first `_FIRST` hits: by then what answers by itself is mostly there.
    """
    shown: set[str] = set()
    neighbours: list[Episode] = []
    for position, hit in enumerate(result.hits):
        neighbours += around.get(hit.id, ())
        if position == _FIRST:
            yield from _passages(neighbours, shown, count)
            neighbours = []
        line = _line(hit, now, count)
        if shown.isdisjoint((hit.id, line.text)):
            shown |= {hit.id, line.text}
            yield line
    yield from _passages(neighbours, shown, count)


def _passages(episodes: Sequence[Episode], shown: set[str], count: Count) -> Iterator[_Line]:
    for episode in episodes:
        text = _passage_text(episode, "")
        if shown.isdisjoint((episode.id, text)):
            shown |= {episode.id, text}
            yield _Line(text, episode.occurred_at, episode, count(text) + 1)


def _line(hit: Hit, now: datetime, count: Count) -> _Line:
    if hit.fact is not None:
        text, at = _fact_text(hit, hit.fact, now), hit.fact.valid_at or hit.fact.created_at
    else:
        episode = hit.sources[0]
        text, at = _passage_text(episode, hit.note), episode.occurred_at
    return _Line(text, at, hit.record, count(text) + 1)  # 1 for the line end


def _fact_text(hit: Hit, fact: Fact, now: datetime) -> str:
    """As in: "- Ana lives in Porto. (since 2025-05-02; Ana, 2025-05-09)", the second date only where it is another.

    Of what is not known since when it is so: "as of" when it was said.
    """
    told = hit.sources[0] if hit.sources else None
    said = hit.note or fact_note(fact, now)
    if not said:
        since = fact.valid_at or (told.occurred_at if told else fact.created_at)
        said = f"{'since' if fact.valid_at else 'as of'} {since:%Y-%m-%d}"
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


def _by_topic(facts: Sequence[_Line]) -> list[_Line]:
    """Facts about one entity together, oldest first, in the order of each entity's best fact."""
    topics: dict[str, list[_Line]] = {}
    for line in facts:
        if isinstance(line.record, Fact):
            topics.setdefault(line.record.subject_id, []).append(line)
    return [line for topic in topics.values() for line in _in_order(topic)]


def _render(facts: Sequence[_Line], passages: Sequence[_Line], headings: _Headings) -> str:
    blocks = []
    if facts:
        blocks.append("\n".join([headings.facts, *(line.text for line in _by_topic(facts))]))
    if passages:
        days = groupby(_in_order(passages), key=lambda line: line.day)
        lines = chain.from_iterable((day, *(line.text for line in of_day)) for day, of_day in days)
        blocks.append("\n".join([headings.passages, *lines]))
    return "\n".join([CONTEXT_OPEN, "\n\n".join(blocks), CONTEXT_CLOSE]) if blocks else ""

"""Drawing of how a search came to its hits: the reading of the question, its seeds, each hit's path and score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from factloom.engine.app.cli.tables import date, interval, last_line, line, moment, plain, said_by
from factloom.schemas.search import FOUND_BY, Hit, PathStep, QueryReading, SearchResult

_BAR: Final = 24
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_LEAST: Final = 0.005
"""Parts of a score that show as 0.00 are left out."""

PARTS: Final[dict[str, str]] = {
    "vector": "near to the question in meaning",
    "neighbours": "the turns beside it are near",
    "keyword": "has the question's words",
    "keyword_window": "they stand in the turns around it",
    "speaker": "said by who is asked about",
    "session_vector": "its session has a turn that is near",
    "session_keyword": "its session has the question's words",
    "date": "of the time that is named",
    "time": "names a time",
    "number": "names a number",
    "length": "its length",
    "question": "asks itself",
    "answers": "follows a turn that asks this",
    "facts": "states a fact that is nearer than its words",
    "graph": "shares things with the nearest facts",
    "relation": "the question's relations lead to it",
    "recency": "recent",
    "outcome": "the later of what is said about it",
    "entity": "about who or what is named",
    "evidence": "the message that states it fits",
    "support": "stated more than once",
    "confidence": "not quite sure",
    "stale": "no longer true",
    "said before": "repeats hits before it",
}
"""In words what a part of a score says of a hit."""


def explained(result: SearchResult) -> RenderableType:
    """The result with its reading, and the way of the search to each hit."""
    parts: list[RenderableType] = [_reading(result), Text()]
    if not result.hits:
        parts.append(Text("Nothing found."))
    largest = max((abs(value) for hit in result for value in hit.parts.values()), default=1.0)
    for rank, hit in enumerate(result.hits, start=result.offset + 1):
        parts += [_hit(rank, hit, largest), Text()]
    return Group(*parts, last_line(result))


def _reading(result: SearchResult) -> RenderableType:
    """What was understood, what the search started from, and what each stage took."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(no_wrap=True, style="dim")
    made.add_column(overflow="fold")
    for name, value in _understood(result.reading):
        made.add_row(name, Text(plain(value, longest=300)))
    if result.seeds:
        found = (f"{count} {FOUND_BY.get(how, how)}" for how, count in result.seeds.items())
        made.add_row("seeds", Text(", ".join(found)))
    if result.as_of is not None:
        made.add_row("as of", Text(moment(result.as_of)))
    made.add_row("took", _stages(result.timings))
    return made


def _understood(reading: QueryReading) -> Iterator[tuple[str, str]]:
    yield "asks for", reading.asks_for + (", about the past" if reading.about_the_past else "")
    if reading.entities:
        yield "names", ", ".join(reading.entities)
    if reading.speakers:
        yield "speakers", ", ".join(reading.speakers)
    if reading.meant:
        yield "means", "; ".join(f"{words}: {', '.join(names)}" for words, names in reading.meant.items())
    if reading.time:
        yield "time", f'"{reading.time}": {_span(reading.since, reading.until)}'
    if reading.terms:
        yield "words", ", ".join(reading.terms)


def _span(since: datetime | None, until: datetime | None) -> str:
    if since is None or until is None:
        return f"since {date(since)}" if until is None else f"before {date(until)}"
    return f"{date(since)} up to {date(until)}"


def _stages(timings: Mapping[str, float]) -> Text:
    """Milliseconds by stage, in order."""
    stages = [f"{name} {took:.1f}" for name, took in timings.items() if name not in ("total", "engine")]
    return Text(f"{', '.join(stages)} ms; without embedding {timings.get('engine', 0.0):.1f} ms")


def _hit(rank: int, hit: Hit, largest: float) -> RenderableType:
    """A hit, its source, the path to it and the parts of its score."""
    title = Text(f"{rank}  {hit.score:.2f}  ", style="bold").append_text(line(hit.text))
    if hit.note:
        title.append(f" [{plain(hit.note, longest=120)}]", style="italic")
    about = Table(box=None, show_header=False, pad_edge=False)
    about.add_column(no_wrap=True, style="dim")
    about.add_column(overflow="fold")
    when = interval(hit.fact) if hit.fact is not None else ""
    about.add_row(hit.kind, Text(hit.id + (f", {when}" if when else ""), style="dim"))
    if hit.sources:
        source = hit.sources[0]
        said = f": {plain(source.content, longest=160)}" if hit.fact is not None else ""
        more = f" (+{len(hit.sources) - 1})" if len(hit.sources) > 1 else ""
        about.add_row("source", Text(f"{said_by(source)}{said}{more}"))
    if hit.path:
        about.add_row("path", _path(hit.path))
    about.add_row("score", _score(hit.parts, largest))
    return Group(title, Padding(about, (0, 0, 0, 3)))


def _path(path: tuple[PathStep, ...]) -> RenderableType:
    """The way from the seed, each step under the one before."""
    seed = path[0]
    how = FOUND_BY.get(seed.found_by, seed.found_by)
    root = Tree(_node(seed).append(f" ({how})" if how else "", style="dim"), guide_style="dim")
    at = root
    for step in path[1:]:
        at = at.add(Text(f"{step.edge} → ", style="bold").append_text(_node(step)))
    return root


def _node(step: PathStep) -> Text:
    return Text(f"{step.kind} ", style="dim").append(plain(step.label, longest=120), style="not dim")


def _score(parts: Mapping[str, float], largest: float) -> RenderableType:
    """A bar for each part, the largest first; what takes away is hatched."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True, justify="right")
    made.add_column(no_wrap=True, min_width=_BAR)
    made.add_column(overflow="fold", style="dim")
    for name, value in sorted(parts.items(), key=lambda part: -abs(part[1])):
        if abs(value) >= _LEAST:
            taken = value < 0
            bar = Text(_bar(abs(value) / largest, hatched=taken), style="red" if taken else "green")
            words = PARTS.get(name, "the reranker's opinion" if name.startswith("rerank") else "")
            made.add_row(Text(plain(name)), f"{value:+.2f}", bar, words)
    return made


def _bar(share: float, *, hatched: bool) -> str:
    """A bar of up to 24 characters; one that is not hatched is drawn to an eighth of one."""
    if hatched:
        return "▒" * max(1, round(min(1.0, share) * _BAR))
    whole, eighths = divmod(round(min(1.0, share) * _BAR * 8), 8)
    return "█" * whole + (_EIGHTHS[eighths] if eighths else "")

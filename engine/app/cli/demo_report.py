"""Rendering of the demonstration."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from factloom.engine.app.cli.tables import counted, date, interval, line, plain, said_by, table
from factloom.engine.demo.questions import DemoQuestion
from factloom.engine.demo.run import Learned
from factloom.schemas.search import ANSWERING, Hit, SearchResult

_FACTS = 2
_PASSAGES = 1


def learned_report(learned: Learned) -> RenderableType:
    """Counts, a table of facts by person, and what changed over time."""
    stats = learned.stats
    counts = (
        f"{counted(stats.episodes, 'message')}, {counted(stats.entities, 'entity', 'entities')}, "
        f"{counted(stats.facts, 'fact')}, "
        f"{stats.current_facts:,} of them current; {stats.bytes / 1e6:.1f} MB on disk"
    )
    parts: list[RenderableType] = [Text(f"\nWhat was learned: {counts}", style="bold")]
    people = table("who", "what is known", "when", "said in>")
    for person in learned.people:
        aliases = f" ({plain(', '.join(person.entity.aliases), longest=40)})" if person.entity.aliases else ""
        for position, fact in enumerate(person.facts):
            name = f"{plain(person.entity.name, longest=40)}{aliases}" if position == 0 else ""
            people.add_row(name, line(fact.text), interval(fact), str(fact.support))
    if learned.people:
        parts.append(people)
    changes = table("was so", "when", "because")
    for ended in learned.ended:
        reason = line(ended.successor.text) if ended.successor else Text("")
        if ended.fact.expired_at is not None and ended.fact.invalid_at is None:
            reason = Text("corrected: ").append_text(reason)
        changes.add_row(line(ended.fact.text), interval(ended.fact), reason)
    if learned.ended:
        parts += [Text("What changed over time", style="bold"), changes]
    return Group(*parts)


def answer_report(number: int, question: DemoQuestion, result: SearchResult) -> RenderableType:
    """One question with what was found: the best facts and the best passage, each with its source and its path."""
    asked = [f"{plain(question.asker)} asks" if question.asker else ""]
    asked.append(f"about {date(question.as_of)}" if question.as_of else "")
    remark = ", ".join(part for part in asked if part)
    head = Text(f"\n{number}. {plain(question.question)}", style="bold")
    head.append(f"  {f'({remark}) ' if remark else ''}", style="not bold dim")
    parts: list[RenderableType] = [head]
    if result.answered:
        parts += [_hit_report(hit) for hit in _chosen(result.hits)]
    else:
        parts.append(_nothing_report(result))
    times = f"         {result.timings.get('engine', 0):.1f} ms engine, {result.timings.get('total', 0):.1f} ms in all"
    if question.judged:
        times += f"; expected: {plain(question.answer, longest=120) if question.answer else 'not known'}"
    return Group(*parts, Text(times, style="dim"))


def _nothing_report(result: SearchResult) -> RenderableType:
    text = Text("Nothing was found that answers this")
    if result.hits:
        closest = result.hits[0]
        text.append(f": the best of {len(result.hits)} hits scores {closest.score:.2f}, an answer reaches {ANSWERING}")
        text.append("\nclosest: ", style="dim").append_text(line(closest.text))
    return _beside("", text)


def _chosen(hits: Sequence[Hit]) -> list[Hit]:
    """The best facts and the best passage, in the order of the ranking."""
    facts = [hit for hit in hits if hit.fact is not None][:_FACTS]
    passages = [hit for hit in hits if hit.fact is None][:_PASSAGES]
    return [hit for hit in hits if hit in facts or hit in passages]


def _hit_report(hit: Hit) -> RenderableType:
    text = line(hit.text)
    if hit.note:
        text.append(f" [{plain(hit.note, longest=120)}]", style="italic")
    for source in hit.sources[:1]:
        said = f": {plain(source.content, longest=160)}" if hit.fact is not None else ""
        text.append(f"\nsource: {said_by(source)}{said}", style="dim")
    text.append(f"\npath: {plain(hit.why.partition(' | ')[0], longest=240)}", style="dim")
    return _beside(f"{hit.score:.2f}", text)


def _beside(label: str, text: Text) -> RenderableType:
    """The text with its label in the margin."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=7, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(label, text)
    return grid

"""Rendering of records and results as tables and lines of text for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from factloom.graph.merge_records import UNDO
from factloom.schemas.ontology import EntityType, PredicateSpec
from factloom.schemas.records import Action, Change, Entity, Episode, Fact
from factloom.schemas.results import AddResult, DeleteReceipt, EntityChange, Stats
from factloom.schemas.search import ANSWERING, Hit, SearchResult

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"\s+")
_LONGEST = 300
_NARROW = 22


def plain(text: str, *, longest: int | None = None) -> str:
    """What a user wrote, made safe for a terminal: no escape sequences, no reversed writing; cut to ``longest``."""
    safe = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    if longest is not None:
        safe = _SPACE.sub(" ", safe).strip()
        safe = safe if len(safe) <= longest else f"{safe[: longest - 1].rstrip()}…"
    return safe


def counted(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def line(text: str) -> Text:
    """One line of at most 300 characters of what a user wrote."""
    return Text(plain(text, longest=_LONGEST))


def date(time: datetime | None) -> str:
    """A day in UTC; empty for an open end."""
    return time.astimezone(UTC).strftime("%Y-%m-%d") if time else ""


def moment(time: datetime | None) -> str:
    """A minute in UTC; empty for an open end."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if time else ""


def interval(fact: Fact) -> str:
    """From when to when a fact holds."""
    if fact.invalid_at is None:
        return f"since {date(fact.valid_at)}" if fact.valid_at else ""
    return f"{date(fact.valid_at)} to {date(fact.invalid_at)}".strip()


def said_by(episode: Episode) -> str:
    """Who said it and when."""
    return f"{plain(episode.speaker or episode.role.value, longest=40)}, {moment(episode.occurred_at)}"


def table(*columns: str) -> Table:
    """An empty table; a column named with a trailing ``>`` is aligned right, with ``!`` it does not wrap.

    A column with a trailing ``~`` stays narrow, to leave one with ids its room.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        name = column.rstrip(">!~")
        made.add_column(
            name,
            justify="right" if ">" in column else "left",
            no_wrap="!" in column or ">" in column,
            overflow="fold",
            max_width=_NARROW if "~" in column else None,
        )
    return made


def hits_table(result: SearchResult) -> RenderableType:
    """The hits, best first."""
    if not result.hits:
        return Text(f"Nothing found{_partial(result)}.")
    made = table("#>", "score>", "text", "when", "source")
    for rank, hit in enumerate(result.hits, start=result.offset + 1):
        made.add_row(str(rank), f"{hit.score:.2f}", _hit_text(hit), _hit_when(hit), _hit_source(hit))
    return Group(made, last_line(result))


def last_line(result: SearchResult) -> Text:
    """How many hits in what time, whether the answer is likely among them, and what follows."""
    milliseconds = result.timings.get("total", 0.0)
    more = f"; more with --offset {result.offset + len(result.hits)}" if result.more else ""
    doubt = "" if result.answered else f"; none reaches {ANSWERING}, so the answer may not be there"
    found = f"{counted(len(result.hits), 'hit')} in {milliseconds:.0f} ms"
    return Text(f"{found}{doubt}{_partial(result)}{more}", style="dim")


def _partial(result: SearchResult) -> str:
    return f"; partial, time did not suffice for: {', '.join(result.skipped)}" if result.partial else ""


def _hit_text(hit: Hit) -> Text:
    text = line(hit.text)
    if hit.note:
        text.append(f" [{plain(hit.note, longest=120)}]", style="italic")
    return text


def _hit_when(hit: Hit) -> str:
    return interval(hit.fact) if hit.fact else moment(hit.episode.occurred_at if hit.episode else None)


def _hit_source(hit: Hit) -> Text:
    if not hit.sources:
        return Text("")
    source = hit.sources[0]
    more = f" (+{len(hit.sources) - 1})" if len(hit.sources) > 1 else ""
    said = f": {plain(source.content, longest=120)}" if hit.fact is not None else ""
    return Text(f"{said_by(source)}{said}{more}")


def _with_id(text: Text, id_: str) -> Text:
    """The text, and below it the id by which commands take the record."""
    return text.append(f"\n{id_}", style="dim")


def facts_table(facts: Sequence[Fact]) -> RenderableType:
    """Facts with their ids, as given."""
    if not facts:
        return Text("No facts.")
    made = table("fact", "predicate", "when", "support>")
    for fact in facts:
        text = line(fact.text)
        if fact.expired_at is not None:
            text.append(" [withdrawn]", style="italic")
        made.add_row(_with_id(text, fact.id), fact.predicate, interval(fact), str(fact.support))
    return made


def entities_table(entities: Sequence[Entity]) -> RenderableType:
    """Entities with their types, other names and ids."""
    if not entities:
        return Text("No entities.")
    made = table("entity", "type", "also called", "space")
    for entity in entities:
        aliases = plain(", ".join(entity.aliases), longest=80)
        made.add_row(_with_id(line(entity.name), entity.id), entity.type, aliases, plain(entity.space))
    return made


def episodes_table(episodes: Sequence[Episode], *, errors: bool = False) -> RenderableType:
    """Episodes with who said them and when, or, with ``errors``, with why they could not be learned from."""
    made = table("episode", "said", "status" if errors else "role", *(["error~"] if errors else []))
    for episode in episodes:
        state = episode.status.value if errors else episode.role.value
        error = [plain(episode.error or "", longest=200)] if errors else []
        made.add_row(_with_id(line(episode.content), episode.id), said_by(episode), state, *error)
    return made


def changes_table(changes: Sequence[Change]) -> RenderableType:
    """Changes, oldest first."""
    made = table("when!", "what", "by", "why~", "change")
    for change in changes:
        why = plain(change.reason, longest=200)
        what = Text(change.action.value)
        if UNDO in (change.before or {}):
            what.append(f"\nto undo: {change.id}", style="dim")
        made.add_row(moment(change.at), what, plain(change.actor, longest=40), why, _difference(change))
    return made


def _difference(change: Change) -> Text:
    """Each field that changed, with its values before and after."""
    before, after = change.before or {}, change.after or {}
    lines = []
    for name in dict.fromkeys((*before, *after)):
        if name == UNDO:  # as long as all that was merged
            continue
        old, new = (plain(str(values[name]), longest=80) if values.get(name) else "" for values in (before, after))
        if old or new:
            lines.append(f"{name.replace('_', ' ')}: {' → '.join(value for value in (old, new) if value)}")
    return Text("\n".join(lines))


def fields_table(fields: Iterable[tuple[str, object]]) -> RenderableType:
    """Names and values, one a line; empty values are left out."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(no_wrap=True, style="dim")
    made.add_column(overflow="fold")
    for name, value in fields:
        if value not in (None, "", (), {}):
            made.add_row(name, Text(plain(str(value))))
    return made


def add_report(result: AddResult) -> RenderableType:
    """What an add changed, fact by fact."""
    stored = len(result.episodes) - len(set(result.known_episode_ids))
    known = f", {len(result.known_episode_ids)} known already" if result.known_episode_ids else ""
    lines = [Text(f"stored {counted(stored, 'message')}{known}")]
    for change in result.changes:
        if change.fact is None:
            continue
        text = Text(f"{change.action.value}: ").append_text(line(change.fact.text))
        if change.previous is not None and change.previous.id != change.fact.id:
            text.append(f" (before: {plain(change.previous.text, longest=120)})", style="dim")
        lines.append(text.append(f"  {change.fact.id}", style="dim"))
    lines += [entity_change_report(merge) for merge in result.merges]
    if len(lines) == 1:
        lines.append(Text("no new facts"))
    return Group(*lines)


def entity_change_report(change: EntityChange) -> Text:
    """What became of two entities, and how it is undone."""
    name, facts = plain(change.entity.name, longest=80), counted(len(change.fact_ids), "fact")
    other = plain(change.other.name, longest=80) if change.other else ""
    if change.action is Action.MERGED:
        text = f"merged: {name} ({change.entity.type}) is what both are called; {facts} moved to it"
    elif change.action is Action.SPLIT:
        text = f"split: {other} is another than {name}; {facts} moved to it  {change.other_id}"
    elif other:
        text = f"undone: {other} is another than {name} again; {facts} moved back to it  {change.other_id}"
    else:
        text = f"undone: {name} is one again; {facts} moved back to it"
    undo = f"\nto undo this: factloom undo {change.change_id}" if _can_undo(change) else ""
    return Text(text).append(undo, style="dim")


def _can_undo(change: EntityChange) -> bool:
    return change.action is not Action.UNDONE or change.other is None


def ontology_report(types: Sequence[EntityType], predicates: Sequence[PredicateSpec], own: set[str]) -> RenderableType:
    """Types and predicates, those of the settings marked."""
    parts: list[RenderableType] = []
    if types:
        kinds = table("type", "means", "kind of")
        for each in types:
            kinds.add_row(_marked(each.name, own), plain(each.description), each.kind_of or "")
        parts.append(kinds)
    if predicates:
        rows = table("predicate", "from", "to", "what it does")
        for spec in predicates:
            rows.add_row(_marked(spec.name, own), spec.subject_type, spec.object_type, _meaning(spec))
        parts.append(rows)
    return Group(*parts) if parts else Text("Nothing of your own; see docs/ontology.md.")


def _marked(name: str, own: set[str]) -> Text:
    return Text(name).append(" *" if name in own else "", style="bold")


def _meaning(spec: PredicateSpec) -> str:
    told = [
        spec.category.value,
        "one at a time" if spec.cardinality == "one" else "",
        "never changes" if spec.fixed else "",
        "symmetric" if spec.symmetric else "",
        f"the other way round: {spec.inverse}{'' if spec.canonical else ', which is stored'}" if spec.inverse else "",
        f"implies {', '.join(spec.implies)}" if spec.implies else "",
        f"ends {', '.join(spec.ends)}" if spec.ends else "",
    ]
    return "; ".join(part for part in told if part)


def receipt_report(receipt: DeleteReceipt) -> RenderableType:
    """What a deletion removed, and what it kept."""
    facts, episodes, entities = (len(ids) for ids in (receipt.fact_ids, receipt.episode_ids, receipt.entity_ids))
    gone = (counted(facts, "fact"), counted(episodes, "episode"), counted(entities, "entity", "entities"))
    lines = [f"deleted {', '.join(gone)}"]
    if receipt.kept_episode_ids:
        lines.append(f"kept for the other facts that they state: {counted(len(receipt.kept_episode_ids), 'episode')}")
    if receipt.weakened_fact_ids:
        lines.append(f"kept with less support: {counted(len(receipt.weakened_fact_ids), 'fact')}")
    if receipt.residue:
        lines.append(
            "some bytes of it are still in files, as when another process is reading; the next deletion removes them"
        )
    return Text("\n".join(lines))


def stats_report(stats: Stats, store: str) -> RenderableType:
    """Counts in all and by space."""
    head = fields_table(
        [
            ("store", store),
            ("size", f"{stats.bytes / 1e6:.1f} MB" if stats.bytes else ""),
            ("embedder", f"{stats.embedder}, {stats.dimension} dimensions" if stats.embedder else "none yet"),
        ]
    )
    columns = ("episodes", "pending", "failed", "entities", "facts", "current_facts", "vectors")
    made = table("space", *(f"{column.replace('_', ' ')}>" for column in columns))
    for space, counts in stats.by_space.items():
        made.add_row(plain(space), *(f"{counts.get(column, 0):,}" for column in columns))
    if len(stats.by_space) != 1:
        made.add_section()
        made.add_row("all", *(f"{getattr(stats, column):,}" for column in columns))
    return Group(head, made)

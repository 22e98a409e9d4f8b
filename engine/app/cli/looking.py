"""Commands that look at what is there: facts, entities, show, history, pending and stats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from factloom.engine.app.cli.options import (
    Agent,
    Categories,
    History,
    Limit,
    MetadataOption,
    Offset,
    Predicates,
    RunId,
    Space,
    Spaces,
    User,
    parse_metadata,
    scope,
    wide_scope,
)
from factloom.engine.app.cli.running import ExitCode, Run, command
from factloom.schemas.errors import NotFoundError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from factloom.schemas.records import Entity, Episode, Fact

PANEL = "Look"
MOST_SOURCES = 20

RecordId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a fact, an episode or an entity.", show_default=False)
]


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example="factloom facts --user ana --predicate LIVES_IN --history", panel=PANEL)(facts)
    command(app, example="factloom entities --user ana --type person", panel=PANEL)(entities)
    command(app, example="factloom show 0198c0de-…", panel=PANEL)(show)
    command(app, example="factloom history 0198c0de-…", panel=PANEL)(history)
    command(app, example="factloom pending --user ana", panel=PANEL)(pending)
    command(app, example="factloom ontology SKIPPER_OF --config factloom.toml", panel=PANEL)(ontology)
    command(app, example="factloom stats", panel=PANEL)(stats)


def facts(
    run: Run,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    spaces: Spaces = None,
    category: Categories = None,
    predicate: Predicates = None,
    metadata: MetadataOption = None,
    history: History = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> None:
    """List facts, the newest first."""
    found = run.memory.get_all(
        **wide_scope(user, agent, run_id, spaces),
        categories=category,
        predicates=predicate,
        metadata=parse_metadata(metadata),
        include_history=history,
        limit=limit,
        offset=offset,
    )
    from factloom.engine.app.cli.documents import records
    from factloom.engine.app.cli.tables import facts_table

    run.show(lambda: {"facts": records(found)}, lambda: facts_table(found))


def entities(
    run: Run,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    spaces: Spaces = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only entities of this type, such as person. Repeatable.")
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> None:
    """List entities by name."""
    found = run.memory.entities(**wide_scope(user, agent, run_id, spaces), types=type_, limit=limit, offset=offset)
    from factloom.engine.app.cli.documents import records
    from factloom.engine.app.cli.tables import entities_table

    run.show(lambda: {"entities": records(found)}, lambda: entities_table(found))


def show(
    run: Run,
    record_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="Id of a record, or with a scope the name of an entity.", show_default=False),
    ],
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    history: History = False,
) -> None:
    """Show one record: a fact with its sources, an episode or an entity with its facts."""
    from factloom.engine.app.cli.documents import records
    from factloom.schemas.records import Entity, Episode, Fact

    memory = run.memory
    where = scope(user, agent, run_id, space)
    by_name = any(value is not None for value in where.values())
    record = memory.entity(record_id, **where).entity if by_name else _by_id(run, record_id)
    sources: list[Episode] = []
    about: list[Fact] = []
    if isinstance(record, Fact):
        newest = record.episode_ids[-MOST_SOURCES:]
        sources = [found for id_ in newest if isinstance(found := memory.get(id_), Episode)]
    elif isinstance(record, Entity):
        about = list(memory.entity(record.id, include_history=history).facts)
    else:
        about = memory.get_all(spaces=[record.space], episode_ids=[record.id], include_history=True, limit=1000)
    run.show(
        lambda: {
            "kind": type(record).__name__.lower(),
            "record": record.model_dump(mode="json"),
            "facts": records(about),
            "sources": records(sources),
        },
        lambda: _record_report(run, record, about, sources),
    )


def _by_id(run: Run, record_id: str) -> Fact | Episode | Entity:
    try:
        return run.memory.get(record_id)
    except NotFoundError as error:
        names = "an entity is found by its name too, where you say whose it is: --user, --agent, --run or --space"
        raise NotFoundError(f"{error}; {names}") from error


def _record_report(
    run: Run, record: Fact | Episode | Entity, about: list[Fact], sources: list[Episode]
) -> RenderableType:
    from rich.console import Group

    from factloom.engine.app.cli.tables import episodes_table, facts_table, fields_table
    from factloom.schemas.records import Fact

    fields: dict[str, Any] = {"kind": type(record).__name__.lower()}
    if isinstance(record, Fact):
        names = [getattr(run.memory.get(id_), "name", id_) for id_ in (record.subject_id, record.object_id)]
        fields["triple"] = f"{names[0]} – {record.predicate} – {names[1]}"
    for name, value in record:
        if name not in ("ref", "subject_id", "object_id", "predicate", "episode_ids", "labels"):
            fields[name.replace("_", " ")] = getattr(value, "value", value)
    fields |= record.labels.given() if not hasattr(record, "aliases") else {"aliases": ", ".join(record.aliases)}
    parts: list[RenderableType] = [fields_table(fields.items())]
    if sources:
        parts.append(episodes_table(sources))
    if about:
        parts.append(facts_table(about))
    return Group(*parts)


def history(run: Run, record_id: RecordId) -> None:
    """Show what was done to a record: when, by whom and why; for a fact, through all of its versions."""
    changes = run.memory.history(record_id)
    from factloom.engine.app.cli.documents import records
    from factloom.engine.app.cli.tables import changes_table

    run.show(lambda: {"changes": records(changes)}, lambda: changes_table(changes))


def pending(
    run: Run,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    limit: Limit = 100,
) -> None:
    """List messages that are stored but not learned from yet, with the reason. Exit code 1 if there are any."""
    episodes = run.memory.pending(**scope(user, agent, run_id, space), limit=limit)
    from rich.text import Text

    from factloom.engine.app.cli.documents import records
    from factloom.engine.app.cli.tables import episodes_table

    run.show(
        lambda: {"episodes": records(episodes)},
        lambda: episodes_table(episodes, errors=True) if episodes else Text("Nothing is pending."),
    )
    if episodes:
        run.exit_code = ExitCode.PROBLEMS


def ontology(
    run: Run,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One predicate or type.", show_default=False)
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="Only what the settings add or change.")] = False,
) -> None:
    """Show the predicates and types that are known, with those of the settings; checks them. Needs no store."""
    from factloom.engine.app.cli.tables import ontology_report
    from factloom.schemas.ontology import UNTYPED
    from factloom.schemas.own_ontology import build_ontology, own_names

    known = build_ontology(run.settings.ontology)
    added = [set(names) for names in own_names(known)]
    types = [each for key, each in sorted(known.types.items()) if not own or key in added[0]]
    predicates = [known[key] for key in known.names() if not own or key in added[1]]
    if name is not None:
        types = [each for each in types if each.name == name]
        predicates = [spec for spec in predicates if spec.name == name]
        if not types and not predicates:
            hint = (
                "predicates are in UPPER_SNAKE_CASE, types in small letters; others are allowed, and mean what they say"
            )
            raise NotFoundError(f"there is no predicate or type {name!r}; {hint}")
    run.show(
        lambda: {
            "types": [each.model_dump(mode="json") for each in types if each.name != UNTYPED],
            "predicates": [spec.model_dump(mode="json") for spec in predicates],
        },
        lambda: ontology_report(types, predicates, added[0] | added[1]),
    )


def stats(run: Run, user: User = None, agent: Agent = None, run_id: RunId = None, space: Space = None) -> None:
    """Show how much there is, in all and by space, and which embedder made the vectors."""
    counts = run.memory.stats(**scope(user, agent, run_id, space))
    from factloom.engine.app.cli.tables import stats_report
    from factloom.engine.wiring import store_file

    store = str(store_file(run.settings) or run.settings.store)
    run.show(lambda: {"store": store, **counts.model_dump(mode="json")}, lambda: stats_report(counts, store))

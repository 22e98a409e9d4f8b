"""Commands that forget: delete and reset. They ask first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from factloom.engine.app.cli.options import Actor, Agent, RunId, Space, User, Yes, scope
from factloom.engine.app.cli.running import ExitCode, Run, command
from factloom.schemas.errors import InvalidInputError, StoreError, VectorIndexError

if TYPE_CHECKING:
    from factloom.engine.memory import Memory
    from factloom.schemas.results import DeleteReceipt

PANEL = "Forget"


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example="factloom delete 0198c0de-… --yes", panel=PANEL)(delete)
    command(app, example="factloom reset --store old.db --yes", panel=PANEL)(reset)


def delete(
    run: Run,
    record_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Ids of facts, episodes or entities.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything in the scope that is given.")] = False,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    yes: Yes = False,
    actor: Actor = None,
) -> None:
    """Delete records, and what hangs on them alone, for good.

    A fact goes with the episodes that state nothing else, an episode with the facts that only it supports.
    Exit code 1 if you answer no.
    """
    from factloom.schemas.results import DeleteReceipt

    where = scope(user, agent, run_id, space)
    if everything == bool(record_ids):
        raise InvalidInputError("say what to delete: either ids, or --all with --user, --agent, --run or --space")
    if record_ids and any(where.values()):
        raise InvalidInputError("ids need no scope; leave out --user, --agent, --run and --space, or use --all")
    memory = run.memory
    if everything:
        named = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in where.items() if value) or "nobody"
        question = f"Delete everything of {named} for good?"
    else:
        texts = [_described(run, id_) for id_ in record_ids or ()]
        question = f"Delete for good: {'; '.join(texts)}?"
    if not run.confirm(question, yes=yes):
        _refused(run)
        return
    if everything:
        _report(run, memory.delete_all(**where, actor=actor))
        return
    receipt = DeleteReceipt()
    for id_ in record_ids or ():
        if id_ not in (*receipt.fact_ids, *receipt.episode_ids, *receipt.entity_ids):  # gone with one before it
            receipt = _joined(receipt, memory.delete(id_, actor=actor, vacuum=False))
    _report(run, _cleaned(memory, receipt))


def _cleaned(memory: Memory, receipt: DeleteReceipt) -> DeleteReceipt:
    """The receipt after the store's files were rewritten: once, however many records were deleted."""
    try:
        memory.vacuum()
    except (StoreError, VectorIndexError):  # the deletion stands; the receipt says what is left
        return receipt.model_copy(update={"residue": True})
    return receipt.model_copy(update={"residue": False})


def _described(run: Run, id_: str) -> str:
    from factloom.engine.app.cli.tables import plain

    record = run.memory.get(id_)
    text = next(str(getattr(record, field)) for field in ("text", "content", "name") if hasattr(record, field))
    return f"the {type(record).__name__.lower()} {plain(text, longest=80)!r}"


def _joined(first: DeleteReceipt, second: DeleteReceipt) -> DeleteReceipt:
    """Both receipts as one."""
    ids = {name: value for name, value in first if isinstance(value, tuple)}
    joined = {name: tuple(dict.fromkeys((*value, *getattr(second, name)))) for name, value in ids.items()}
    return type(first)(**joined, residue=second.residue)


def reset(run: Run, yes: Yes = False) -> None:
    """Delete everything in the store, all spaces, for good. Exit code 1 if you answer no."""
    counts = run.memory.stats()
    size = f"{counts.episodes:,} episodes and {counts.facts:,} facts in {counts.spaces:,} spaces"
    question = f"Delete everything, {size}, for good?"
    if run.confirm(question, yes=yes):
        _report(run, run.memory.reset())
    else:
        _refused(run)


def _report(run: Run, receipt: DeleteReceipt) -> None:
    from factloom.engine.app.cli.tables import receipt_report

    run.show(lambda: receipt.model_dump(mode="json"), lambda: receipt_report(receipt))


def _refused(run: Run) -> None:
    run.note("nothing was deleted")
    run.exit_code = ExitCode.PROBLEMS

"""Commands for upkeep: retry, reembed, rebuild-index, model and version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factloom.engine.app.cli.options import Actor, Agent, RunId, Space, User, scope
from factloom.engine.app.cli.progress import progress_bar
from factloom.engine.app.cli.running import ExitCode, Run, command

if TYPE_CHECKING:
    from factloom.schemas.settings import EmbedderSettings, RerankerSettings

PANEL = "Upkeep"
MODEL_NAME = Annotated[
    str | None,
    typer.Argument(
        metavar="[MODEL]",
        help="A folder, all-MiniLM-L6-v2, or owner/name@commit on the hub. Default: what the settings name.",
        show_default=False,
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example="factloom retry --user ana", panel=PANEL)(retry)
    command(app, example="FACTLOOM_EMBEDDER__PRECISION=fp32 factloom reembed", panel=PANEL)(reembed)
    command(app, name="rebuild-index", example="factloom rebuild-index", panel=PANEL)(rebuild_index)
    model = typer.Typer(no_args_is_help=True)
    app.add_typer(model, name="model", help="The embedding model and the language pipeline.", rich_help_panel=PANEL)
    command(model, example="factloom model fetch", panel=PANEL)(fetch)
    command(model, example="factloom model info", panel=PANEL)(info)
    command(app, example="factloom version --json", panel=PANEL)(version)


def retry(
    run: Run,
    user: User = None,
    agent: Agent = None,
    run_id: RunId = None,
    space: Space = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many messages at most.")] = 10_000,
    actor: Actor = None,
) -> None:
    """Learn from messages that are pending or failed. Exit code 1 if some still are."""
    waiting = len(run.memory.pending(**scope(user, agent, run_id, space), limit=limit))
    done = 0
    with progress_bar(run, "Learning") as advance:

        def learned(count: int) -> None:
            nonlocal done
            done += count
            advance(done, waiting, f"{done:,} of {waiting:,} messages")

        result = run.memory.retry(**scope(user, agent, run_id, space), limit=limit, actor=actor, on_progress=learned)
    from rich.text import Text

    from factloom.engine.app.cli.tables import counted

    still = len(result.pending)
    learned_from = counted(len(result.episodes) - still, "message")
    text = f"learned from {learned_from}: {counted(len(result.added), 'new fact')}"
    run.show(lambda: result.model_dump(mode="json"), lambda: Text(text))
    if still:
        run.note(f"{still:,} are still pending, the first because: {result.pending[0].reason}")
        run.exit_code = ExitCode.PROBLEMS


def reembed(run: Run) -> None:
    """Make all vectors of the store anew with the embedder that is now set.

    Other writers wait until it is done; killed in the middle, it leaves the store as it was.
    """
    from rich.text import Text

    from factloom.engine.memory import Memory

    run.require_store()
    with progress_bar(run, "Embedding") as advance:
        count = Memory.reembed(
            settings=run.settings,
            on_progress=lambda done, total: advance(done, total, f"{done:,} of {total:,} records"),
        )
    run.show(lambda: {"embedded": count}, lambda: Text(f"embedded {count:,} records"))


def rebuild_index(run: Run) -> None:
    """Build the vector index again from the store, which is the source of truth."""
    from rich.text import Text

    count = run.memory.rebuild_index()
    run.show(lambda: {"vectors": count}, lambda: Text(f"read {count:,} vectors"))


def fetch(run: Run, model: MODEL_NAME = None) -> None:
    """Make the embedding model available offline: download it once, if it is not here, and check it."""
    from factloom.retrieval.embedders import fetch_model, locate_weights

    settings = run.settings.embedder
    if model is None and settings.kind != "onnx":
        _describe(run, {"kind": settings.kind, "note": "this embedder needs no model on this machine"})
        return
    if model is None and settings.path is not None:  # a folder is here already, or cannot be fetched
        files = locate_weights(settings.path)
    else:
        progress = not run.wants_json and run.err.is_terminal
        files = fetch_model(model, progress=progress) if model else fetch_model(progress=progress)
    _describe(run, {"model": files.name, "folder": str(files.folder), "origin": files.origin, "sha256": files.sha256})


def info(run: Run, model: MODEL_NAME = None) -> None:
    """Show which models are used and where they are. Exit code 4 if the embedding model is missing."""
    described = {
        "embedder": _embedder_info(run.settings.embedder, model),
        "extractor": _extractor_info(run),
        "reranker": _reranker_info(run.settings.reranker),
    }
    if run.wants_json:
        run.write_json(described)
        return
    for part, fields in described.items():
        _describe(run, {part: fields.pop("kind"), **fields})


def _embedder_info(settings: EmbedderSettings, model: str | None) -> dict[str, Any]:
    if model is None and settings.kind == "openai":
        return {"kind": "openai", "model": settings.model, "base_url": settings.base_url or "https://api.openai.com/v1"}
    if model is None and settings.kind == "hashing":
        return {"kind": "hashing", "dimension": settings.dimension or 256}
    from factloom.retrieval.embedders import locate_weights

    named = model or settings.path
    files = locate_weights(named) if named else locate_weights()
    return {
        "kind": "onnx",
        "model": files.name,
        "precision": settings.precision,
        "folder": str(files.folder),
        "origin": files.origin,
        "sha256": files.sha256,
    }


def _extractor_info(run: Run) -> dict[str, Any]:
    settings = run.settings.extractor
    if settings.kind == "none":
        return {"kind": "none"}
    if settings.kind == "openai":
        address = settings.base_url or "https://api.openai.com/v1"
        return {"kind": "openai", "model": settings.model, "base_url": address, "fallback": settings.fallback}
    if settings.pipeline is not None:
        return {"kind": "spacy", "pipeline": settings.pipeline}
    import json

    from factloom.engine.extraction.pipeline import SHIPPED

    meta = json.loads((SHIPPED / "meta.json").read_text(encoding="utf-8"))
    return {"kind": "spacy", "pipeline": meta["name"], "version": meta["version"], "folder": str(SHIPPED)}


def _reranker_info(settings: RerankerSettings) -> dict[str, Any]:
    if settings.kind == "openai":
        return {"kind": "openai", "model": settings.model, "base_url": settings.base_url or "https://api.openai.com/v1"}
    if settings.kind == "onnx":
        return {"kind": "onnx", "precision": settings.precision, "folder": str(settings.path or "")}
    return {"kind": "none"}


def version(run: Run) -> None:
    """Show the versions of factloom, Python and the libraries that matter for a bug report."""
    import platform
    import sqlite3
    from importlib import metadata

    import factloom

    named = ("faiss-cpu", "onnxruntime", "spacy", "pydantic", "typer")
    versions = {
        "factloom": factloom.__version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: metadata.version(name) for name in named},
        "folder": str(Path(factloom.__file__).parent),
    }
    _describe(run, versions)


def _describe(run: Run, fields: dict[str, Any]) -> None:
    from factloom.engine.app.cli.tables import fields_table

    run.show(lambda: fields, lambda: fields_table(fields.items()))

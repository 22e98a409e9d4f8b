"""The demo command: shows the whole way from a conversation to answers, offline, in a store of its own."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factloom.engine.app.cli.progress import progress_bar
from factloom.engine.app.cli.running import ExitCode, Run, command

if TYPE_CHECKING:
    from factloom.engine.demo.questions import DemoQuestion
    from factloom.engine.demo.run import Demonstration
    from factloom.engine.importing import ImportProblem, ImportProgress, ImportSummary
    from factloom.schemas.search import SearchResult

PANEL = "Start here"


def add_commands(app: typer.Typer) -> None:
    """Register this group."""
    command(app, example="factloom demo chat.jsonl", panel=PANEL)(demo)


def demo(
    run: Run,
    conversation: Annotated[
        Path | None,
        typer.Argument(help="A file that import reads. Default: one that ships with factloom.", show_default=False),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(help="Questions to ask, in the form of engine/demo/questions.json.", show_default=False),
    ] = None,
) -> None:
    """Import a conversation into a new store, show what was learned, and answer eight questions. Needs no network.

    The store is in a temporary folder and is deleted at the end, unless --store names a place for it.
    """
    from factloom.engine.demo.run import Demonstration
    from factloom.engine.memory import Memory

    with ExitStack() as stack:
        if run.shared.store is not None:
            memory = run.memory_to_fill
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="factloom-demo-"))
            settings = run.settings.model_copy(update={"store": str(Path(folder) / "demo.db"), "index_dir": None})
            memory = stack.enter_context(Memory(settings=settings))
        _show(run, Demonstration(memory, conversation, questions=questions))


def _show(run: Run, demonstration: Demonstration) -> None:
    from factloom.engine.app.cli.demo_report import answer_report, learned_report

    summary = _take_in(run, demonstration)
    learned = demonstration.learned()
    if not run.wants_json:
        run.print(learned_report(learned))
    answers: list[dict[str, Any]] = []
    for number, question in enumerate(demonstration.questions(), start=1):
        result = demonstration.ask(question)
        if run.wants_json:
            answers.append(_answer_document(question, result))
        else:
            run.print(answer_report(number, question, result))
    if run.wants_json:
        documents = {"import": summary.model_dump(mode="json"), "learned": learned.model_dump(mode="json")}
        run.write_json({**documents, "answers": answers})


def _take_in(run: Run, demonstration: Demonstration) -> ImportSummary:
    import time

    from factloom.engine.app.cli.tables import counted, plain

    def report(problem: ImportProblem) -> None:
        run.err.print(plain(str(problem), longest=1000), soft_wrap=True)

    started = time.perf_counter()
    with progress_bar(run, "Importing") as advance:

        def progressed(state: ImportProgress) -> None:
            advance(state.bytes_done, state.bytes_total, f"{state.messages:,} messages, {state.facts:,} facts")

        summary = demonstration.take_in(on_progress=progressed, on_problem=report)
    if not run.wants_json:
        seconds = time.perf_counter() - started
        names = ", ".join(Path(file).name for file in summary.files)
        known = f", {summary.known:,} were there already," if summary.known else ""
        run.print(f"Imported {plain(names)}: {counted(summary.added, 'message')}{known} in {seconds:.1f} s")
    if not summary.clean:
        run.exit_code = ExitCode.PROBLEMS
    if summary.pending:
        run.note(f"stored, but not learned from: {counted(summary.pending, 'message')}")
    return summary


def _answer_document(question: DemoQuestion, result: SearchResult) -> dict[str, Any]:
    from factloom.engine.app.cli.documents import search_document

    found = search_document(question.question, result)
    return {"question": question.model_dump(mode="json"), **found}

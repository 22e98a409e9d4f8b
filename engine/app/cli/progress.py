"""A progress bar on standard error, shown only to a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from factloom.engine.app.cli.running import Run


@contextmanager
def progress_bar(run: Run, title: str) -> Iterator[Callable[[float, float | None, str], None]]:
    """Yield ``advance(done, total, remark)``; without a terminal or with ``--json`` it shows nothing."""
    if run.wants_json or not run.err.is_terminal:
        yield lambda done, total, remark: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[remark]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=run.err, transient=True) as bar:
        task = bar.add_task(title, total=None, remark="")

        def advance(done: float, total: float | None, remark: str) -> None:
            bar.update(task, completed=done, total=total, remark=remark)

        yield advance

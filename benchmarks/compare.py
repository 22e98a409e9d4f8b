"""Differences between two results of a benchmark: ``python -m benchmarks.compare A.json B.json [--least PERCENT]``.

Both come from a benchmark's ``--json``. Every number that is in one of them is a line: its value in A, in B, the
difference, and that in percent of A. What is in a list is named by what tells its entries apart (``facts``, ``name``).
Times are only comparable where both were measured on one processor, at best one after the other.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import RUN, read_result

_NAMES = ("name", "without", "facts", "space", "threads")
_ABOUT = ("commit", "date", "python", "cpu", "cores", "omp_num_threads")


def numbers(result: Any, at: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a result with their places, as ``recall.overall.factloom.5``."""
    if isinstance(result, bool):
        return
    if isinstance(result, int | float):
        yield at, float(result)
    elif isinstance(result, dict):
        for key, value in result.items():
            if at or key != RUN:
                yield from numbers(value, f"{at}.{key}" if at else str(key))
    elif isinstance(result, list):
        for position, value in enumerate(result):
            yield from numbers(value, f"{at}[{_name(value, position)}]")


def _name(entry: Any, position: int) -> str:
    """What tells an entry of a list apart from the others."""
    if isinstance(entry, dict):
        for key in _NAMES:
            if key in entry:
                return str(entry[key])
    return str(position)


def differences(one: dict[str, Any], other: dict[str, Any], *, least: float = 0.0) -> list[str]:
    """The lines of the table, in A's order; with ``least``, only changes of so many percent and more."""
    before, after = dict(numbers(one)), dict(numbers(other))
    lines = []
    for place in dict.fromkeys((*before, *after)):
        old, new = before.get(place), after.get(place)
        if old is None or new is None:
            lines.append((place, _shown(old), _shown(new), "only in " + ("B" if old is None else "A"), ""))
            continue
        percent = 100.0 * (new - old) / abs(old) if old else float("inf") if new else 0.0
        if abs(percent) >= least:
            share = "" if percent in (0.0, float("inf")) else f"{percent:+.1f} %"
            lines.append((place, _shown(old), _shown(new), f"{new - old:+.4g}" if new != old else "=", share))
    head = ("figure", "A", "B", "B - A", "")
    widths = [max(len(row[column]) for row in (head, *lines)) for column in range(5)]
    return [
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in (head, *lines))
    ]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}" if value == round(value) else f"{value:.4g}"


def about(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What both were measured on, and what in it keeps them from being compared."""
    lines = [f"{letter}: {_run(result)}" for letter, result in (("A", one), ("B", other))]
    if one.get("benchmark") != other.get("benchmark"):
        lines.append(f"These are of two benchmarks: {one.get('benchmark')!r} and {other.get('benchmark')!r}.")
    runs = one.get(RUN) or {}, other.get(RUN) or {}
    for what in ("cpu", "cores", "omp_num_threads"):
        if runs[0].get(what) != runs[1].get(what):
            lines.append(f"Times cannot be compared: {what} was {runs[0].get(what)!r} and {runs[1].get(what)!r}.")
    return lines


def _run(result: dict[str, Any]) -> str:
    run = result.get(RUN)
    if not run:
        return "not told what it was measured on"
    told = {key: str(run.get(key)) for key in _ABOUT if run.get(key) is not None}
    if "commit" in told:
        told["commit"] = told["commit"][:12] + (" with changes" if run.get("changed") else "")
    return ", ".join(f"{key} {value}" for key, value in told.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare two results and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("a", metavar="A.json", type=Path)
    parser.add_argument("b", metavar="B.json", type=Path)
    parser.add_argument("--least", metavar="PERCENT", type=float, default=0.0, help="leave out smaller changes")
    chosen = parser.parse_args(arguments)
    one, other = read_result(chosen.a), read_result(chosen.b)
    print("\n".join((*about(one, other), "", *differences(one, other, least=chosen.least))))


if __name__ == "__main__":
    main()

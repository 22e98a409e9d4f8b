"""Plots from results: ``python -m benchmarks.plots RESULT.json … --out docs/plots``.

Draws what the results hold, and says what it draws:

recall-locomo.png, recall-multihop.png  recall@k beside cosine in numpy (``benchmarks.retrieval``)
latency.png                             engine time by size beside numpy (``benchmarks.scale``)
throughput.png                          searches a second by threads beside numpy (``benchmarks.throughput``)
ablation.png                            what recall loses without each signal (``benchmarks.ablation``)

A later result of the same benchmark takes the place of an earlier one. The same results give the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import RUN, read_result

_OURS, _NUMPY, _LOSS = "#2f6f9f", "#b0b0b0", "#b5483a"
_DPI = 90
_MOST_BARS = 24

Figure = Any
"""A figure of matplotlib, which has no types."""


def recall(result: dict[str, Any]) -> Figure:
    """Recall by k, over all questions and by category."""
    groups = result["recall"]
    figure, axes = _axes(len(groups))
    for one, (name, group) in zip(axes, groups.items(), strict=False):
        for who, colour in (("factloom", _OURS), ("numpy", _NUMPY)):
            ks, values = [int(k) for k in group[who]], list(group[who].values())
            one.plot(ks, values, marker="o", color=colour, label=who)
        one.set_title(f"{name} ({group['n']})", fontsize=9)
        one.set_xscale("log")
        one.set_xticks(ks, [str(k) for k in ks])
        one.minorticks_off()
        one.set_ylim(0, 100)
        one.set_xlabel("k")
    axes[0].set_ylabel("recall@k, percent")
    axes[0].legend(frameon=False, loc="lower right", fontsize=8)
    return figure


def latency(result: dict[str, Any]) -> Figure:
    """Engine time by number of facts, in many spaces and in one."""
    figure, axes = _axes(2)
    for one, layout in zip(axes, ("many_spaces", "one_space"), strict=True):
        sizes = sorted((size for size in result["sizes"] if layout in size), key=lambda size: size["facts"])
        facts = [size["facts"] for size in sizes]
        for name, key, colour, style in (
            ("factloom, median", "engine_p50", _OURS, "-"),
            ("factloom, 95th percentile", "engine_p95", _OURS, ":"),
            ("numpy over the largest space, median", "numpy_p50", _NUMPY, "-"),
        ):
            one.plot(facts, [size[layout][key] for size in sizes], style, marker="o", color=colour, label=name)
        one.set_title(layout.replace("_", " "), fontsize=9)
        one.set_xscale("log")
        one.set_ylim(bottom=0)
        one.set_xlabel("facts")
    axes[0].set_ylabel("ms without embedding")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def throughput(result: dict[str, Any]) -> Figure:
    """Searches a second by threads, and the first answer from a cold and a warm start."""
    figure, axes = _axes(2)
    for at, (who, colour) in enumerate((("factloom", _OURS), ("numpy", _NUMPY))):
        found = result[who]
        threads = [entry["threads"] for entry in found["threads"]]
        places = [place + 0.4 * at for place in range(len(threads))]
        axes[0].bar(places, [entry["a_second"] for entry in found["threads"]], 0.38, color=colour, label=who)
        axes[0].set_xticks([place + 0.2 for place in range(len(threads))], [str(number) for number in threads])
        starts = [name for name in ("cold", "warm") if name in found]
        places = [("cold", "warm").index(name) + 0.4 * at for name in starts]
        axes[1].bar(places, [found[name]["first_answer_ms"] for name in starts], 0.38, color=colour)
    axes[0].set_xlabel("threads")
    axes[0].set_ylabel("searches a second")
    axes[0].legend(frameon=False, fontsize=8)
    axes[1].set_xticks([0.2, 1.2], ["cold", "warm"])
    axes[1].set_ylabel("ms from open to the first answer")
    return figure


def ablation(result: dict[str, Any]) -> Figure:
    """What recall changes by without each signal, in points, averaged over k; the largest losses first."""
    whole, *rows = result["signals"]
    kinds = [kind for kind in ("locomo", "multihop") if kind in whole]
    figure, axes = _axes(len(kinds), width=4.2, height=5.0)
    for one, kind in zip(axes, kinds, strict=True):
        changes = [(change, row["without"]) for row in rows if (change := _mean_change(row[kind], whole[kind]))]
        largest = sorted(sorted(changes, key=lambda change: -abs(change[0]))[:_MOST_BARS], reverse=True)
        values, names = [value for value, _ in largest], [name for _, name in largest]
        one.barh(names, values, color=[_LOSS if value < 0 else _OURS for value in values])
        one.axvline(0.0, color="black", linewidth=0.6)
        one.tick_params(axis="y", labelsize=7)
        one.set_title({"locomo": "LoCoMo", "multihop": "MuSiQue"}[kind], fontsize=9)
        one.set_xlabel("points of recall, mean over k", fontsize=8)
    return figure


def _mean_change(row: dict[str, float], whole: dict[str, float]) -> float:
    return sum(row[k] - whole[k] for k in whole) / len(whole)


def _axes(count: int, *, width: float = 2.9, height: float = 3.2) -> tuple[Figure, list[Any]]:
    """A figure with so many plots beside each other."""
    from matplotlib.figure import Figure as Drawing

    figure = Drawing(figsize=(max(5.0, width * count), height), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)[0]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=8)
    return figure, list(axes)


DRAWN: dict[str, tuple[str, Callable[[dict[str, Any]], Figure]]] = {
    "locomo": ("recall-locomo.png", recall),
    "multihop": ("recall-multihop.png", recall),
    "scale": ("latency.png", latency),
    "throughput": ("throughput.png", throughput),
    "ablation": ("ablation.png", ablation),
}
"""By benchmark: the file and what draws it."""


def draw(result: dict[str, Any], folder: Path) -> Path | None:
    """Draw one result into ``folder``; None where there is no plot for its benchmark."""
    if result.get("benchmark") not in DRAWN:
        return None
    name, plot = DRAWN[result["benchmark"]]
    figure = plot(result)
    run = result.get(RUN) or {}
    told = (str(run.get("date") or "")[:10], str(run.get("cpu") or ""))
    figure.text(
        0.995, 0.002, ", ".join(part for part in told if part), ha="right", va="bottom", fontsize=5, color="gray"
    )
    figure.savefig(folder / name, dpi=_DPI, metadata={"Software": None})
    return folder / name


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw all and say what was drawn."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.plots", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for the plots")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    for path in chosen.results:
        result = read_result(path)
        drawn = draw(result, chosen.out)
        print(f"{path}: " + (str(drawn) if drawn else f"no plot for {result.get('benchmark')!r}"))


if __name__ == "__main__":
    main()

"""Results of benchmarks: what they were measured on, and what changed between two of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks import ablation, compare, plots, throughput
from benchmarks.results import printed_figures, write_result

LOCOMO = [
    {
        "sample_id": "one",
        "conversation": {
            "session_1_date_time": "1:00 pm on 1 May, 2023",
            "session_1": [
                {"speaker": "Ana", "dia_id": "D1:1", "text": "I adopted a grey cat called Momo"},
                {"speaker": "Rui", "dia_id": "D1:2", "text": "my marathon is next week"},
                {"speaker": "Ana", "dia_id": "D1:3", "text": "the garden needs water"},
            ],
        },
        "qa": [
            {"question": "What did Ana adopt?", "evidence": ["D1:1"], "category": 4},
            {"question": "What does Rui train for?", "evidence": ["D1:2"], "category": 4},
        ],
    }
]


def write(path: Path, figures: dict[str, Any]) -> Path:
    write_result(path, figures)
    return path


def test_a_result_says_what_it_was_measured_on(tmp_path: Path) -> None:
    result = json.loads(write(tmp_path / "a.json", {"benchmark": "scale", "ms": 1.5}).read_text())
    assert result["benchmark"] == "scale"
    assert result["ms"] == 1.5
    assert {"commit", "changed", "date", "python", "packages", "cpu", "cores"} <= result["run"].keys()
    assert result["run"]["packages"]["numpy"]


def test_differences_are_told_by_place_and_in_percent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = {"benchmark": "scale", "sizes": [{"facts": 10, "ms": 2.0}, {"facts": 100, "ms": 4.0}], "gone": 1}
    other = {"benchmark": "scale", "sizes": [{"facts": 10, "ms": 2.0}, {"facts": 100, "ms": 3.0}]}
    files = [str(write(tmp_path / f"{i}.json", figures)) for i, figures in enumerate((one, other))]
    compare.main(files)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["sizes[100].ms", "4", "3", "-1", "-25.0", "%"] in lines
    assert ["sizes[10].ms", "2", "2", "="] in lines
    assert ["gone", "1", "-", "only", "in", "A"] in lines
    compare.main([*files, "--least", "5"])
    assert "sizes[10].ms" not in capsys.readouterr().out


def test_other_machines_and_benchmarks_are_pointed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = write(tmp_path / "a.json", {"benchmark": "a"}), write(tmp_path / "b.json", {"benchmark": "b"})
    told = json.loads(other.read_text())
    told["run"]["cpu"] = "another"
    other.write_text(json.dumps(told))
    compare.main([str(one), str(other)])
    out = capsys.readouterr().out
    assert "of two benchmarks" in out
    assert "Times cannot be compared: cpu" in out
    with pytest.raises(SystemExit, match="cannot read the result"):
        compare.main([str(one), str(tmp_path / "none.json")])


def test_an_ablation_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset, result = tmp_path / "locomo.json", tmp_path / "result.json"
    dataset.write_text(json.dumps(LOCOMO))
    asked = ["--locomo", str(dataset), "--work", str(tmp_path / "work"), "--json", str(result)]
    ablation.main([*asked, "--only", "episode: vector", "--seconds", "0"])
    assert "0 of 2 signals are measured; run it again" in capsys.readouterr().out
    ablation.main([*asked, "--only", "episode: vector"])
    figures = json.loads(result.read_text())
    assert [row["without"] for row in figures["signals"]] == ["nothing", "episode: vector"]
    assert figures["complete"]
    assert figures["signals"][0]["locomo"] == {"5": 100.0, "10": 100.0, "20": 100.0, "50": 100.0}


def test_every_switch_switches_something_off_and_on_again() -> None:
    before = ablation.fingerprint("retrieval"), dict(ablation.EPISODE_WEIGHTS), dict(ablation.FACT_WEIGHTS)
    names = [switch.name for switch in ablation.switches()]
    assert len(set(names)) == len(names)
    for switch in ablation.switches():
        with switch.off():
            pass
    assert (ablation.fingerprint("retrieval"), ablation.EPISODE_WEIGHTS, ablation.FACT_WEIGHTS) == before


def test_what_is_printed_is_written_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "store.json"
    with printed_figures("store", path):
        sys.stdout.write("one space\n")
        sys.stdout.write("read 50 facts                      1.25 ms\n")
        sys.stdout.write("insert 10,000 entities  1,234 rows   0.50 s\n")
    assert "read 50 facts" in capsys.readouterr().out
    assert json.loads(path.read_text())["figures"] == {
        "one space: read 50 facts": [1.25],
        "one space: insert 10,000 entities": [1234.0, 0.5],
    }


def test_throughput_is_measured_beside_numpy(tmp_path: Path) -> None:
    path = tmp_path / "throughput.json"
    throughput.main(["--facts", "200", "--spaces", "2", "--questions", "10", "--json", str(path)])
    figures = json.loads(path.read_text())
    for who, starts in (("factloom", {"cold", "warm"}), ("numpy", {"warm"})):
        assert starts == figures[who].keys() - {"threads"}
        assert [entry["threads"] for entry in figures[who]["threads"]] == [1, 4]
        assert all(entry["a_second"] > 0 and entry["resident_mb"] > 0 for entry in figures[who]["threads"])
        assert all(figures[who][start]["first_answer_ms"] > 0 for start in starts)


def test_results_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recalled = {"n": 3, "factloom": {"5": 80.0, "10": 90.0}, "numpy": {"5": 40.0, "10": 50.0}}
    layout = {"engine_p50": 3.0, "engine_p95": 4.0, "numpy_p50": 1.0}
    start = {"first_answer_ms": 9.0}
    busy = [{"threads": n, "a_second": 100.0 * n} for n in (1, 4)]
    results: list[dict[str, Any]] = [
        {"benchmark": "locomo", "recall": {"overall": recalled, "temporal": recalled}},
        {"benchmark": "multihop", "recall": {"overall": recalled}},
        {"benchmark": "scale", "sizes": [{"facts": n, "many_spaces": layout, "one_space": layout} for n in (10, 100)]},
        {
            "benchmark": "throughput",
            "factloom": {"threads": busy, "cold": start, "warm": start},
            "numpy": {"threads": busy, "warm": start},
        },
        {
            "benchmark": "ablation",
            "signals": [
                {"without": name, "locomo": {"5": recall}, "multihop": {"2": recall}}
                for name, recall in (("nothing", 74.0), ("episode: vector", 60.0), ("fact: recency", 74.5))
            ],
        },
        {"benchmark": "ingest", "import_s": 3.0},
    ]
    files = [str(write(tmp_path / f"{result['benchmark']}.json", result)) for result in results]
    out = tmp_path / "plots"
    plots.main([*files, "--out", str(out)])
    assert sorted(path.name for path in out.iterdir()) == sorted(name for name, _ in plots.DRAWN.values())
    for path in out.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size < 100_000
    assert "no plot for 'ingest'" in capsys.readouterr().out
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    plots.main([*files, "--out", str(out)])
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}

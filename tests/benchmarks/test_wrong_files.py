"""Benchmarks that are given a file that is missing or of another kind say so in one line."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("openie", "nowhere.txt"), "cannot read nowhere.txt"),
        (("openie", "--gold", "nowhere.tsv"), "cannot read nowhere.tsv"),
        (("retrieval", "locomo", "nowhere.json"), "cannot read nowhere.json"),
        (("retrieval", "locomo", "text.json"), "cannot read text.json"),
        (("retrieval", "multihop", "list.json"), "no data set of the kind multihop"),
        (("retrieval", "context", "list.json"), "no data set of the kind context"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "text.json").write_text("just some text")
    (tmp_path / "list.json").write_text("[]")
    root = Path(__file__).parents[2]
    code = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module(sys.argv[0], run_name='__main__')"
    code = code.replace("runpy.run_module(sys.argv[0]", "runpy.run_module('benchmarks.' + sys.argv.pop(1)")
    done = subprocess.run(
        [sys.executable, "-c", code, str(root), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr

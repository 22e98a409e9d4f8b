from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factloom.engine.extraction.openie.extract import OpenTuple, read_sentences
from factloom.engine.extraction.pipeline import load_pipeline

ROOT = Path(__file__).parents[3]

# sentence, then a tuple that it states: relation | first argument | the others joined
STATED = [
    ("Mr. Baker found an opening under the house .", "found | Mr. Baker | an opening under the house"),
    ("Tom packed his bags and left the hotel on Monday .", "left | Tom | the hotel on Monday"),
    ("The company wants to sell its shares .", "wants to sell | The company | its shares"),
    ("The bank did not sell the shares .", "did not sell | The bank | the shares"),
    ("The bill was signed by the president in 1990 .", "was signed by | The bill | the president in 1990"),
    ("The man who lives in Paris wrote a book .", "lives in | The man | Paris"),
    ("They elected a panel drafting a new law .", "be drafting | a panel | a new law"),
    ("Officials said the bank sold the house .", "said | Officials | the bank sold the house"),
    ("Officials said the bank sold the house .", "sold | the bank | the house"),
    ("Mary is a good doctor .", "is | Mary | a good doctor"),
    ("The soldiers were able to defend the hotel .", "were able to defend | The soldiers | the hotel"),
    ("Orkem , a chemical group , sold the plant .", "be | Orkem | a chemical group"),
    ("China 's parliament passed the law .", "has | China | parliament"),
    (
        "She said `` the law works in -LRB- most -RRB- cities '' .",
        "said | She | `` the law works in -LRB- most -RRB- cities ''",
    ),
]


def read(sentence: str) -> list[OpenTuple]:
    [found] = read_sentences([sentence], load_pipeline())
    return found


@pytest.mark.parametrize(("sentence", "stated"), STATED)
def test_a_sentence_gives_what_it_states_in_its_own_words(sentence: str, stated: str) -> None:
    found = [" | ".join([t.relation, t.arguments[0], " ".join(t.arguments[1:])]) for t in read(sentence)]
    assert stated in found


def test_what_a_verb_says_is_surer_than_what_a_noun_implies() -> None:
    found = read("China 's old parliament passed the law .")
    assert found[0].relation == "passed"
    assert found[0].confidence > found[-1].confidence


def test_empty_lines_and_lone_words_say_nothing() -> None:
    assert list(read_sentences(["", "Hello", "!"], load_pipeline())) == [[], [], []]


def test_the_benchmark_writes_tuples_and_scores_them(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("The man saw the dog .\tsaw\tThe man\tthe dog\n", encoding="utf-8")
    out = tmp_path / "out.tsv"
    command = [sys.executable, "-m", "benchmarks.openie", "--gold", str(gold), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "F1 1.000" in done.stdout
    assert out.read_text(encoding="utf-8").startswith("The man saw the dog .\t0.90\tsaw\tThe man\tthe dog\n")

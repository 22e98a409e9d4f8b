"""What a process that opens a memory has to load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_ASKING = """
import json, sys
from factloom import Memory
from factloom.schemas.settings import load_settings

memory = Memory(sys.argv[1], settings=load_settings(embedder={"kind": "hashing"}))
if sys.argv[2] == "add":
    memory.add("I live in Lisbon.", user_id="ana", name="Ana")
found = [hit.text for hit in memory.search("Where does Ana live?", user_id="ana", kinds=["fact"])]
memory.close()
print(json.dumps([found, sorted(sys.modules)]))
"""


def run(store: Path, what: str) -> tuple[list[str], list[str]]:
    """Facts found, and modules loaded."""
    done = subprocess.run([sys.executable, "-c", _ASKING, str(store), what], capture_output=True, text=True, check=True)
    found, modules = json.loads(done.stdout)
    return found, modules


def test_who_only_asks_does_not_load_what_reads_messages(tmp_path: Path) -> None:
    store = tmp_path / "memory.db"
    found, loaded = run(store, "add")
    assert found == ["Ana lives in Lisbon."]
    assert {"spacy", "factloom.engine.extraction.extractor"} <= set(loaded)
    found, loaded = run(store, "ask")
    assert found == ["Ana lives in Lisbon."]
    assert not {"spacy", "factloom.engine.extraction.extractor", "openai", "neo4j", "networkx", "torch"} & set(loaded)

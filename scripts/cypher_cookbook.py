"""The Cypher cookbook: reads the recipes of ``docs/cypher.md``, runs them on its example, writes their rows anew.

``python -m scripts.cypher_cookbook`` runs every recipe on the embedded store and puts the rows that it gives into the
page; the tests hold the page to the rows of both stores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from factloom import Memory
from factloom.schemas.cypher import CypherResult
from factloom.schemas.ports import GraphStore
from factloom.schemas.settings import load_settings

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE: Final = DOCS / "cypher.md"
EXAMPLE: Final = DOCS / "examples" / "friends.jsonl"
SPACE: Final = "team/friends"
NOW: Final = datetime(2025, 11, 20, 12, tzinfo=UTC)
"""The present of the recipes."""

_RECIPE: Final = re.compile(
    r"^### (?P<title>[^\n]+)\n\n(?:(?!^#|^```).)*"
    r"^```cypher\n(?P<query>.*?)^```\n"
    r"\n(?P<rows>(?:\|[^\n]*\n)+|No rows\.\n)",
    re.MULTILINE | re.DOTALL,
)


class Recipe(NamedTuple):
    """One recipe of the page, with its rows as they are written there."""

    title: str
    query: str
    rows: str


class PresentTime:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """The present."""
        return self.now


def recipes(page: str) -> Iterator[Recipe]:
    """The recipes of the page, in order."""
    for match in _RECIPE.finditer(page):
        yield Recipe(match["title"], match["query"], match["rows"])


def example_memory(store: str | GraphStore = ":memory:") -> Memory:
    """A memory that holds the example conversation, told at its own times, and whose present is ``NOW``."""
    clock = PresentTime()
    settings = load_settings(embedder={"kind": "hashing"}, extractor={"kind": "none"})
    memory = Memory(store, settings=settings, clock=clock)
    tell_example(memory, clock)
    return memory


def tell_example(memory: Memory, clock: PresentTime) -> None:
    """Tell the example; ``clock`` is the memory's, and stands at ``NOW`` afterwards."""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        clock.now = datetime.fromisoformat(entry["time"])
        if "update" in entry:
            (old,) = [fact for fact in memory.get_all(spaces=[SPACE]) if fact.text == entry["update"]]
            memory.update(old.id, object=entry["object"], reason=entry["reason"], actor=entry["actor"])
        else:
            _tell(memory, entry)
    clock.now = NOW


def _tell(memory: Memory, entry: dict[str, Any]) -> None:
    where = {"space": SPACE, "agent_id": entry.get("agent"), "time": entry["time"]}
    message = {"role": entry["role"], "name": entry["name"], "content": entry["content"]}
    said = memory.add([message], session=entry["session"], infer=False, **where).episodes[0]
    facts = [{**fact, "episode_id": said.id} for fact in entry.get("facts", ())]
    if facts:
        memory.add_facts(facts, **where)


def rows_of(result: CypherResult) -> str:
    """A result as the page shows it: a table, or a sentence where there are no rows."""
    if not result.rows:
        return "No rows.\n"
    lines = [result.columns, ["---"] * len(result.columns), *([_cell(value) for value in row] for row in result.rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item) for item in value)
    if isinstance(value, float):
        return format(value, "g")
    return "" if value is None else str(value).replace("|", "\\|")


def with_rows(page: str, rows: Callable[[Recipe], str]) -> str:
    """The page with the rows that each recipe gives."""
    for recipe in recipes(page):
        text = _RECIPE.search(page, page.index(f"### {recipe.title}\n"))
        assert text is not None, recipe.title
        page = page[: text.start("rows")] + rows(recipe) + page[text.end("rows") :]
    return page


def main() -> None:
    """Write the rows of all recipes into the page."""
    with example_memory() as memory:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_rows(page, lambda recipe: rows_of(memory.cypher(recipe.query))), encoding="utf-8")


if __name__ == "__main__":
    main()

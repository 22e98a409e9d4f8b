"""The recipes of docs/cypher.md give the rows that the page shows."""

from collections.abc import Iterator

import pytest
from scripts.cypher_cookbook import EXAMPLE, PAGE, SPACE, Recipe, example_memory, recipes, rows_of, with_rows

from factloom import Memory

RECIPES = list(recipes(PAGE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def friends() -> Iterator[Memory]:
    with example_memory() as memory:
        yield memory


def test_there_are_enough_and_none_is_overlooked() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(RECIPES) >= 30
    assert page.count("\n### ") == len(RECIPES) == len({recipe.title for recipe in RECIPES})


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.title for recipe in RECIPES])
def test_a_recipe_gives_its_rows(friends: Memory, recipe: Recipe) -> None:
    result = friends.cypher(recipe.query, spaces=[SPACE])

    assert rows_of(result) == recipe.rows
    assert result.warnings == ()
    assert "ORDER BY" in recipe.query or len(result.rows) < 2
    before, collects, _ = recipe.query.partition("collect(")
    assert not collects or "ORDER BY" in before, "the order in a list is up to the engine"
    assert "shortestPath(" not in recipe.query, "of several shortest paths, which one it gives is up to the engine"


def test_rows_that_differ_are_written_into_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    changed = with_rows(page, lambda recipe: "No rows.\n")

    assert with_rows(page, lambda recipe: recipe.rows) == page
    assert all(recipe.rows == "No rows.\n" for recipe in recipes(changed))
    assert with_rows(changed, lambda recipe: next(r.rows for r in RECIPES if r.title == recipe.title)) == page


def test_the_page_names_the_example() -> None:
    assert f"examples/{EXAMPLE.name}" in PAGE.read_text(encoding="utf-8")

"""Entity resolution against the real embedded store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from factloom.graph.entity_names import names_compatible
from factloom.graph.resolution import Resolver
from factloom.graph.sqlite import SqliteGraphStore
from factloom.schemas.extraction import Mention
from factloom.schemas.queries import EntityQuery
from factloom.schemas.records import Entity
from factloom.schemas.spaces import SpaceSet

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SPACE = "user/ana"
T = TypeVar("T")
Resolve = Callable[..., Entity]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteGraphStore]:
    store = SqliteGraphStore(tmp_path / "store.db")
    yield store
    store.close()


@pytest.fixture
def resolve(store: SqliteGraphStore) -> Resolve:
    def resolve_one(name: str, type_: str = "person", *aliases: str, space: str = SPACE) -> Entity:
        mention = Mention(name=name, type=type_, aliases=aliases)
        return store.write(lambda tx: Resolver(tx, space, NOW).resolve(mention))

    return resolve_one


def names(store: SqliteGraphStore) -> list[str]:
    return [entity.name for entity in store.find_entities(EntityQuery(), spaces=SpaceSet.of(SPACE))]


def test_the_same_name_is_the_same_entity(resolve: Resolve) -> None:
    assert resolve("Ana").id == resolve("ana ").id == resolve("Ana's").id


def test_spaces_have_their_own_entities(resolve: Resolve) -> None:
    assert resolve("Ana").id != resolve("Ana", space="user/bea").id


def test_conflicting_types_stay_apart(resolve: Resolve) -> None:
    assert resolve("Paris", "person").id != resolve("Paris", "place").id


def test_an_unknown_type_agrees_and_is_filled_in(resolve: Resolve) -> None:
    first = resolve("Porto", "thing")
    second = resolve("Porto", "place")
    assert first.id == second.id
    assert second.type == "place"


def test_an_alias_is_found(resolve: Resolve) -> None:
    assert resolve("Mateus", "person", "Teo").id == resolve("Teo").id


def test_a_relation_gets_its_name_later(resolve: Resolve, store: SqliteGraphStore) -> None:
    sister = resolve("Ana's sister")
    named = resolve("Bea", "person", "Ana's sister")
    assert sister.id == named.id
    assert named.name == "Bea"
    assert resolve("Ana's sister").id == named.id
    assert names(store) == ["Bea"]


def test_two_people_with_one_first_name_stay_two(resolve: Resolve) -> None:
    becker, whitlock = resolve("Tom Becker"), resolve("Tom Whitlock")
    assert becker.id != whitlock.id
    assert resolve("Tom").id == becker.id, "the first name is the first bearer's"


def test_a_full_name_is_the_one_known_by_the_first_name(resolve: Resolve, store: SqliteGraphStore) -> None:
    short = resolve("Ana")
    full = resolve("Ana Silva")
    assert short.id == full.id
    assert full.name == "Ana Silva"
    assert resolve("Ana").id == short.id
    assert names(store) == ["Ana Silva"]


def test_a_described_and_a_named_entity_are_merged(store: SqliteGraphStore, resolve: Resolve) -> None:
    resolve("Ana's sister")
    bea = resolve("Bea")

    def work(tx: object) -> list[tuple[str, str]]:
        resolver = Resolver(tx, SPACE, NOW)  # type: ignore[arg-type]
        assert resolver.resolve(Mention(name="Bea", type="person", aliases=("Ana's sister",))).id == bea.id
        return [(kept.name, gone.name) for kept, gone in resolver.merged]

    assert store.write(work) == [("Bea", "Ana's sister")]


def test_embedding_proposes_but_words_decide(store: SqliteGraphStore, resolve: Resolve) -> None:
    company = resolve("Kestrel Maps", "organisation")

    def work(name: str, type_: str, score: float = 0.95) -> Entity:
        from factloom.schemas.naming import normalise_name

        proposals = {normalise_name(name): [(company.ref, score)]}
        return store.write(lambda tx: Resolver(tx, SPACE, NOW, proposals).resolve(Mention(name=name, type=type_)))

    assert work("Kestrel Maps Ltd", "organisation").id == company.id
    assert work("Falcon Maps", "organisation").id != company.id
    assert work("Kestrel", "place").id != company.id
    assert work("kestrel", "organisation", 0.8).id != company.id, "not written as a name"
    assert work("Kestrel", "organisation", 0.5).id != company.id, "not similar enough"


def test_an_organisation_is_known_by_a_part_of_its_name(store: SqliteGraphStore, resolve: Resolve) -> None:
    company = resolve("Studio Corvina", "organisation")
    mention = Mention(name="Corvina", type="organisation")
    found = store.write(lambda tx: Resolver(tx, SPACE, NOW, {"corvina": [(company.ref, 0.74)]}).resolve(mention))
    assert found.id == company.id
    assert found.aliases == ("Corvina",)


@pytest.mark.parametrize(
    ("one", "other", "compatible"),
    [
        ("kestrel", "kestrel maps", True),
        ("boeing 737", "boeing 747", False),
        ("boeing", "boeing 747", False),
        ("", "a", False),
    ],
)
def test_names_compatible(one: str, other: str, compatible: bool) -> None:
    assert names_compatible(one, other) is compatible


def test_whose_somebody_is_means_the_last_who_was_called_so(resolve: Resolve) -> None:
    former = resolve("Rui", "person", "Ana's boyfriend")
    assert resolve("Ana's boyfriend").id == former.id
    present = resolve("Tiago", "person", "Ana's boyfriend")
    assert resolve("Ana's boyfriend").id == present.id
    assert resolve("Rui").id == former.id
    assert resolve("Rui").aliases == ()

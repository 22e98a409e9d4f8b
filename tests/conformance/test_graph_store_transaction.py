"""Look-ups inside a write, between its writes, give what the store would give if it were committed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factloom.schemas.ports import GraphStore, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Status

from .graph_records import ANA, BOTH, HOME, OTHER, days, entity, episode, fact, minutes

NAMES = ("ana", "bea", "lisbon")
PREDICATES = ("KNOWS", "LIKES")
EVERYTHING = 100_000

number = st.integers(0, 20)
step = st.tuples(
    st.sampled_from(("name", "rename", "learn", "move", "say", "status", "delete", "foresee", "look")), number, number
)


def look(tx: WriteTransaction, ids: dict[str, list[str]], a: int, b: int) -> None:
    """Ask each thing twice, in words that learning uses and in others that mean the same."""
    spaces = (ANA, BOTH)[a % 2]
    keys = (NAMES[a % 3], f"alias {b % 3}")
    assert tx.find_entities(EntityQuery(keys=keys, limit=50), spaces=spaces) == tx.find_entities(
        EntityQuery(keys=keys, limit=50, offset=0), spaces=spaces
    )
    ends: list[dict[str, Any]] = [
        {"subject_ids": tuple(ids["entity"][a % 3 : a % 3 + 1])},
        {"object_ids": tuple(ids["entity"][b % 3 : b % 3 + 2]), "predicates": PREDICATES[: 1 + a % 2]},
        {"subject_ids": tuple(ids["entity"][:2]), "object_ids": tuple(ids["entity"][1:]), "oldest_first": True},
        {"ids": tuple(ids["fact"][a % 4 :])},
    ]
    for fields in ends:
        query = FactQuery(**fields, limit=EVERYTHING)
        assert tx.find_facts(query, spaces=spaces) == tx.find_facts(
            FactQuery(**fields, limit=EVERYTHING, offset=0), spaces=spaces
        )
    said = tuple(ids["episode"][: 1 + b])
    assert tx.find_episodes(EpisodeQuery(ids=said, limit=99), spaces=spaces) == tx.find_episodes(
        EpisodeQuery(ids=said, limit=99, offset=0), spaces=spaces
    )
    known = [id_ for each in ids.values() for id_ in each]
    by_id = tx.locate([known[a % len(known)]] if known else [], spaces=spaces)
    assert by_id.items() <= tx.locate([*known, "nobody"], spaces=spaces).items()


def take(tx: WriteTransaction, ids: dict[str, list[str]], name: str, a: int, b: int) -> None:
    space = (HOME, OTHER)[b % 2]
    if name == "name":
        made = entity(f"{NAMES[a % 3]} {len(ids['entity'])}", space=space, aliases=(f"alias {b % 3}", NAMES[b % 3]))
        ids["entity"] += [each.id for each in tx.put_entities([made])]
    elif name == "foresee":
        tx.foresee((NAMES[a % 3], f"alias {b % 3}", "nobody"), space=space)
    elif name == "rename" and ids["entity"]:
        query = EntityQuery(ids=(ids["entity"][a % len(ids["entity"])],))
        for each in tx.find_entities(query, spaces=BOTH):
            tx.put_entities([each.model_copy(update={"name": f"new {b}", "aliases": (f"alias {b % 3}",)})])
    elif name == "learn":
        mine = [each for each in tx.find_entities(EntityQuery(limit=99), spaces=BOTH) if each.space == space]
        if mine:
            said = tx.find_episodes(EpisodeQuery(ids=tuple(ids["episode"]), limit=99), spaces=BOTH)
            stated = tuple(each.id for each in said if each.space == space)[:2]
            new = fact(
                mine[a % len(mine)], mine[b % len(mine)], PREDICATES[a % 2], created_at=days(b), episode_ids=stated
            )
            ids["fact"] += [each.id for each in tx.put_facts([new])]
    elif name == "move" and ids["fact"]:
        for each in tx.find_facts(FactQuery(ids=(ids["fact"][a % len(ids["fact"])],), limit=9), spaces=BOTH):
            changed = {"object_id": each.subject_id, "predicate": PREDICATES[b % 2], "invalid_at": days(30)}
            tx.put_facts([each.model_copy(update=changed)])
    elif name == "say":
        (said,) = tx.add_episodes([episode(f"words {a}", at=minutes(b), space=space)])
        ids["episode"].append(said.id)
    elif name == "status" and ids["episode"]:
        tx.set_status([ids["episode"][a % len(ids["episode"])]], Status.PENDING, error="why" if b % 2 else None)
    elif name == "delete":
        every = [id_ for each in ids.values() for id_ in each]
        if every:
            tx.delete([every[a % len(every)]])
    look(tx, ids, a, b)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(st.lists(step, min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_look_up_sees_what_was_written_before_it(
    new_graph_store: Callable[[], GraphStore], writes: list[list[tuple[str, int, int]]]
) -> None:
    store = new_graph_store()
    ids: dict[str, list[str]] = {"entity": [], "fact": [], "episode": []}
    for steps in writes:

        def work(tx: WriteTransaction, steps: list[tuple[str, int, int]] = steps) -> None:
            for name, a, b in steps:
                take(tx, ids, name, a, b)

        store.write(work)
    store.close()

"""What every graph store finds around given records: NEXT, evidence, entities, bounds, views, isolation."""

from __future__ import annotations

import random

import pytest

from factloom.schemas.ports import GraphStore, Neighbourhood, Probe
from factloom.schemas.queries import ExpandLimits, FactQuery, View
from factloom.schemas.records import Entity, Episode, Fact

from .graph_records import (
    ALL,
    ANA,
    BO,
    BOTH,
    LIMITS,
    NONE,
    NOW,
    OTHER,
    PRESENT,
    add_episodes,
    days,
    entity,
    episode,
    fact,
    minutes,
    put_entities,
    put_facts,
)


def around(store: GraphStore, *records: Episode | Entity | Fact, view: View = PRESENT, **limits: int) -> Neighbourhood:
    refs = [record.ref for record in records]
    return store.expand(refs, spaces=ANA, view=view, limits=ExpandLimits(**limits))


def session_order(store: GraphStore, any_ref: int) -> list[int]:
    """Refs along NEXT, after checking that PREVIOUS is its mirror."""
    nodes = store.expand([any_ref], spaces=ALL, view=PRESENT, limits=ExpandLimits(window=10)).episodes
    (first,) = (node for node in nodes.values() if not node.previous)
    order, node = [first.ref], first
    while node.next:
        assert nodes[node.next].previous == node.ref
        node = nodes[node.next]
        order.append(node.ref)
    return order


def ref_time(fact: Fact) -> float:
    """By what a newer fact goes before an older one."""
    return (fact.valid_at or fact.created_at).timestamp()


class TestNext:
    def test_it_follows_time_then_storing(self, graph_store: GraphStore) -> None:
        stored = add_episodes(
            graph_store, episode("c", at=minutes(2)), episode("a"), episode("d", at=minutes(2)), episode("b")
        )
        by_name = {each.content: each.ref for each in stored}
        assert session_order(graph_store, stored[0].ref) == [by_name[name] for name in "abcd"]

    def test_a_late_arrival_is_linked_in_between(self, graph_store: GraphStore) -> None:
        first, last = add_episodes(graph_store, episode("1"), episode("3", at=minutes(2)))
        (between,) = add_episodes(graph_store, episode("2", at=minutes(1)))
        (before,) = add_episodes(graph_store, episode("0", at=minutes(-1)))
        assert session_order(graph_store, last.ref) == [before.ref, first.ref, between.ref, last.ref]

    def test_deletion_closes_ranks(self, graph_store: GraphStore) -> None:
        stored = add_episodes(graph_store, *(episode(str(i), at=minutes(i)) for i in range(7)))
        graph_store.write(lambda tx: tx.delete([stored[i].id for i in (0, 2, 3, 6)]))
        assert session_order(graph_store, stored[4].ref) == [stored[1].ref, stored[4].ref, stored[5].ref]

    def test_sessions_and_spaces_are_apart(self, graph_store: GraphStore) -> None:
        stored = add_episodes(graph_store, episode("1"), episode("2", session="two"), episode("3", space=OTHER))
        for each in stored:
            assert session_order(graph_store, each.ref) == [each.ref]
        nodes = graph_store.expand([each.ref for each in stored], spaces=ALL, view=PRESENT, limits=LIMITS).episodes
        assert len({node.session for node in nodes.values()}) == 3

    @pytest.mark.parametrize("seed", range(5))
    def test_any_order_of_adding_and_deleting_gives_the_same_session(self, graph_store: GraphStore, seed: int) -> None:
        rng = random.Random(seed)
        alive: list[Episode] = []
        for step in range(25):
            if len(alive) > 8 or (alive and rng.random() < 0.3):
                gone = alive.pop(rng.randrange(len(alive)))
                graph_store.write(lambda tx, gone=gone: tx.delete([gone.id]))  # type: ignore[misc]
            else:
                batch = [episode(f"{step} {i}", at=minutes(rng.randrange(4))) for i in range(rng.randint(1, 2))]
                alive += add_episodes(graph_store, *batch)
            if alive:
                expected = [each.ref for each in sorted(alive, key=lambda each: (each.occurred_at, each.ref))]
                assert session_order(graph_store, expected[len(expected) // 2]) == expected

    def test_the_window_bounds_it(self, graph_store: GraphStore) -> None:
        stored = add_episodes(graph_store, *(episode(str(i), at=minutes(i)) for i in range(9)))
        for window in (0, 1, 3):
            found = around(graph_store, stored[4], window=window).episodes
            assert list(found) == [each.ref for each in stored[4 - window : 5 + window]]


class TestNodes:
    def test_they_say_what_ranking_needs(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode("Where is Bo? ", role="assistant", speaker=None))
        ana, lisbon = put_entities(graph_store, entity("Ana", type="person"), entity("Lisbon"))
        dates = {"valid_at": days(-1), "invalid_at": days(2)}
        (known,) = put_facts(graph_store, fact(ana, lisbon, confidence=0.5, support=3, episode_ids=(said.id,), **dates))
        found = around(graph_store, known)
        node = found.episodes[said.ref]
        assert node[4:] == (None, "assistant", NOW.timestamp(), 0, 13, True)
        assert found.facts[known.ref] == (
            known.ref, ana.ref, lisbon.ref, "LIVES_IN", "semantic", days(-1).timestamp(), days(2).timestamp(),
            NOW.timestamp(), None, 0.5, 3, (said.ref,),
        )  # fmt: skip
        assert found.entities == {
            ana.ref: (ana.ref, "Ana", "person", 1),
            lisbon.ref: (lisbon.ref, "Lisbon", "thing", 1),
        }

    @pytest.mark.parametrize(("content", "question"), [("Why?", True), ("Why not.", False), ("He said 'why?'", True)])
    def test_questions(self, graph_store: GraphStore, content: str, question: bool) -> None:
        (said,) = add_episodes(graph_store, episode(content))
        assert around(graph_store, said).episodes[said.ref].question is question


class TestReach:
    @pytest.fixture
    def chain(self, graph_store: GraphStore) -> list[Entity | Fact | Episode]:
        """Ana – Bea – Lisbon – Portugal: entities and facts in turn; each fact has an episode of its own session."""
        said = add_episodes(graph_store, *(episode(str(i), session=str(i), at=minutes(i)) for i in range(3)))
        people = put_entities(graph_store, *map(entity, ("Ana", "Bea", "Lisbon", "Portugal")))
        facts = put_facts(graph_store, *(fact(people[i], people[i + 1], episode_ids=(said[i].id,)) for i in range(3)))
        return [*people, *facts, *said]

    def test_hops_from_an_entity(self, graph_store: GraphStore, chain: list[Entity]) -> None:
        ana, facts, said = chain[0], chain[4:7], chain[7:]
        for hops in range(4):
            found = around(graph_store, ana, hops=hops)
            reached = min(hops + 1, 3)
            assert list(found.facts) == [each.ref for each in facts[:reached]]
            assert list(found.entities) == [each.ref for each in chain[: reached + 1]]
            assert list(found.episodes) == [each.ref for each in said[:reached]]

    def test_hops_from_an_episode_and_a_fact(self, graph_store: GraphStore, chain: list[Entity]) -> None:
        facts, said = chain[4:7], chain[7:]
        for start in (said[0], facts[0]):
            assert list(around(graph_store, start, hops=0).facts) == [facts[0].ref]
            assert list(around(graph_store, start, hops=1).facts) == [facts[0].ref, facts[1].ref]

    def test_a_fact_leads_to_its_episode_and_on_to_what_that_states(self, graph_store: GraphStore) -> None:
        said = add_episodes(graph_store, *(episode(str(i), at=minutes(i)) for i in range(5)))
        ana, bea = put_entities(graph_store, entity("Ana"), entity("Bea"))
        one, two = put_facts(
            graph_store,
            fact(ana, bea, "KNOWS", episode_ids=(said[2].id,)),
            fact(ana, bea, "LIKES", episode_ids=(said[2].id,)),
        )
        found = around(graph_store, one, hops=0, window=1)
        assert list(found.episodes) == [said[2].ref]
        assert list(found.facts) == [one.ref, two.ref]
        given = around(graph_store, one, said[4], hops=0, window=1)
        assert list(given.episodes) == [each.ref for each in said[2:]]

    def test_no_hop_starts_beyond_so_many_nodes(self, graph_store: GraphStore, chain: list[Entity]) -> None:
        assert len(around(graph_store, chain[0], hops=4, nodes=1).facts) == 1

    def test_unknown_refs_and_none(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())
        assert list(around(graph_store, said, said.model_copy(update={"ref": 999})).episodes) == [said.ref]
        empty = graph_store.expand([], spaces=ANA, view=PRESENT, limits=LIMITS)
        assert (dict(empty.episodes), dict(empty.facts), dict(empty.entities), empty.stale_episodes) == (
            {}, {}, {}, frozenset(),
        )  # fmt: skip


class TestBounds:
    def test_a_hub_shows_its_best_supported_then_newest_facts(self, graph_store: GraphStore) -> None:
        hub, *others = put_entities(graph_store, *(entity(f"e{i}") for i in range(13)))
        facts = put_facts(
            graph_store,
            *(
                # Both as subject and as object; the times decide among equal support, refs among equal times.
                fact(*((hub, other) if i % 2 else (other, hub)), support=1 + i // 6, valid_at=days(-(i // 2)))
                for i, other in enumerate(others)
            ),
        )
        best = sorted(facts, key=lambda each: (-each.support, -each.valid_at.timestamp(), each.ref))
        for bound in (1, 5, 6, 12, 40):
            found = around(graph_store, hub, hops=0, facts_per_entity=bound)
            assert set(found.facts) == {each.ref for each in best[:bound]}
            assert found.entities[hub.ref].degree == 12

    def test_newest_means_valid_at_else_created_at(self, graph_store: GraphStore) -> None:
        hub, other = put_entities(graph_store, entity("hub"), entity("other"))
        _, new = put_facts(
            graph_store, fact(hub, other, "OLD", valid_at=days(-5)), fact(hub, other, "NEW", created_at=days(-1))
        )
        assert list(around(graph_store, hub, hops=0, facts_per_entity=1).facts) == [new.ref]

    def test_a_fact_about_one_entity_twice_counts_once(self, graph_store: GraphStore) -> None:
        (narcissus,) = put_entities(graph_store, entity("Narcissus"))
        (loves,) = put_facts(graph_store, fact(narcissus, narcissus, "LOVES"))
        found = around(graph_store, loves)
        assert found.entities[narcissus.ref].degree == 1
        assert len(found.facts) == 1

    def test_the_newest_episodes_of_a_fact(self, graph_store: GraphStore) -> None:
        said = add_episodes(graph_store, *(episode(str(i), session=str(i), at=minutes(-i)) for i in range(6)))
        ana, bea = put_entities(graph_store, entity("Ana"), entity("Bea"))
        (known,) = put_facts(graph_store, fact(ana, bea, episode_ids=tuple(each.id for each in said)))
        found = around(graph_store, known, episodes_per_fact=3)
        assert found.facts[known.ref].episodes == tuple(each.ref for each in said[:3])
        assert list(found.episodes) == sorted(each.ref for each in said[:3])

    def test_an_episode_that_states_much_shows_its_best(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode())
        ana, bea = put_entities(graph_store, entity("Ana"), entity("Bea"))
        facts = put_facts(
            graph_store, *(fact(ana, bea, f"P{i}", support=i, episode_ids=(said.id,)) for i in range(1, 9))
        )
        found = around(graph_store, said, hops=0, facts_per_entity=3)
        assert list(found.facts) == [each.ref for each in facts[-3:]]


class TestViews:
    VIEWS = (PRESENT, View(now=NOW, at=days(-10)), View(now=NOW, at=days(10)), View(now=NOW, history=True))
    DATES = (
        {},
        {"valid_at": days(-5)},
        {"invalid_at": days(-5)},
        {"invalid_at": days(5)},
        {"valid_at": days(5)},
        {"expired_at": days(-1)},
        {"expires_at": days(-1)},
        {"expires_at": days(1)},
        {"valid_at": days(-20), "invalid_at": days(-15)},
    )

    @staticmethod
    def seen(view: View) -> list[int]:
        """Which of ``DATES`` the view sees, by hand."""
        if view.history:
            return list(range(9))
        return {None: [0, 1, 3, 4, 7], days(-10): [0, 2, 3, 7], days(10): [0, 1, 4, 7]}[view.at]

    @pytest.mark.parametrize("view", VIEWS, ids=("now", "before", "later", "history"))
    @pytest.mark.parametrize("bound", [2, 40])
    def test_facts_outside_are_neither_seen_nor_counted(self, graph_store: GraphStore, view: View, bound: int) -> None:
        hub, *others = put_entities(graph_store, *(entity(f"e{i}") for i in range(10)))
        facts = put_facts(
            graph_store,
            *(
                fact(*((hub, other) if i % 2 else (other, hub)), support=20 - i, **dates)
                for i, (other, dates) in enumerate(zip(others, self.DATES, strict=True))
            ),
        )
        expected = [facts[i].ref for i in self.seen(view)]
        found = around(graph_store, hub, view=view, facts_per_entity=bound)
        assert list(found.facts) == expected[:bound]
        assert found.entities[hub.ref].degree == len(expected)
        direct = around(graph_store, *facts, view=view, hops=0)
        assert list(direct.facts) == expected

    @pytest.mark.parametrize("bound", [2, 5, 40])
    def test_what_was_read_for_one_view_serves_the_next(self, graph_store: GraphStore, bound: int) -> None:
        """Each view asks in its turn for what another one has read; `select` says what it has to see."""
        rng = random.Random(bound)
        hub, *others = put_entities(graph_store, *(entity(f"e{i}") for i in range(30)))
        said = add_episodes(graph_store, *(episode(str(i), at=minutes(i), session=str(i)) for i in range(10)))
        stated = [
            fact(hub, other, support=rng.randrange(1, 4), episode_ids=(rng.choice(said).id,), **rng.choice(self.DATES))
            for other in others
        ]
        facts = {each.ref: each for each in put_facts(graph_store, *stated)}
        views = [*self.VIEWS, View(now=NOW, at=days(-10), history=True), View(now=days(30)), View(now=NOW, at=days(30))]
        for view in [*views, *reversed(views)]:
            seen = graph_store.select(FactQuery(view=view), spaces=ANA).tolist()
            best = sorted(seen, key=lambda ref: (-facts[ref].support, -ref_time(facts[ref]), ref))[:bound]
            assert list(around(graph_store, hub, view=view, facts_per_entity=bound, hops=0).facts) == sorted(best)
            direct = around(graph_store, *facts.values(), view=view, facts_per_entity=bound, hops=0)
            assert list(direct.facts) == seen
            assert direct.entities == {} if not seen else direct.entities[hub.ref].degree == len(seen)
            found = around(graph_store, *said, view=view, facts_per_entity=40, hops=0)
            assert list(found.facts) == seen

    def test_degrees_follow_changes_of_dates(self, graph_store: GraphStore) -> None:
        ana, bea, lisbon = put_entities(graph_store, entity("Ana"), entity("Bea"), entity("Lisbon"))

        def degrees() -> list[int]:
            found = around(graph_store, ana, bea, lisbon).entities
            return [found[each.ref].degree for each in (ana, bea, lisbon)]

        (known,) = put_facts(graph_store, fact(ana, lisbon))
        assert degrees() == [1, 0, 1]
        put_facts(graph_store, known.model_copy(update={"invalid_at": days(1)}))
        assert degrees() == [1, 0, 1]
        put_facts(graph_store, known.model_copy(update={"invalid_at": days(-1)}))
        assert degrees() == [0, 0, 0]
        put_facts(graph_store, known.model_copy(update={"subject_id": bea.id}))
        assert degrees() == [0, 1, 1]
        graph_store.write(lambda tx: tx.delete([known.id]))
        assert degrees() == [0, 0, 0]

    def test_stale_episodes_state_only_what_is_over(self, graph_store: GraphStore) -> None:
        over, mixed, current, chatter = add_episodes(
            graph_store, *(episode(name, at=minutes(i)) for i, name in enumerate("abcd"))
        )
        ana, bea = put_entities(graph_store, entity("Ana"), entity("Bea"))
        was, _ = put_facts(
            graph_store,
            fact(ana, bea, "WAS", invalid_at=days(-1), episode_ids=(over.id, mixed.id)),
            fact(ana, bea, "IS", episode_ids=(mixed.id, current.id)),
        )
        everything = (over, mixed, current, chatter)
        assert around(graph_store, *everything).stale_episodes == {over.ref}
        ended = around(graph_store, *everything).over
        assert {episode: [node.ref for node in nodes] for episode, nodes in ended.items()} == {
            over.ref: [was.ref], mixed.ref: [was.ref],
        }  # fmt: skip
        assert around(graph_store, *everything, view=View(now=NOW, history=True)).over == {}
        assert around(graph_store, *everything, view=View(now=NOW, at=days(-2))).over == {}
        assert around(graph_store, *everything, view=View(now=NOW, history=True)).stale_episodes == frozenset()
        assert around(graph_store, *everything, view=View(now=NOW, at=days(-2))).stale_episodes == frozenset()


class TestKnownStates:
    """Expanding as of a probe gives what expanding gives, however much is known by then."""

    @pytest.mark.parametrize("view", [PRESENT, View(now=NOW, at=days(-3)), View(now=NOW, history=True)])
    def test_what_is_known_is_what_is_there(self, graph_store: GraphStore, view: View) -> None:
        rng = random.Random(7)
        people = put_entities(graph_store, *(entity(f"e{i}") for i in range(9)))
        said = add_episodes(graph_store, *(episode(str(i), at=minutes(i)) for i in range(30)))
        facts = put_facts(
            graph_store,
            *(
                fact(
                    *rng.sample(people, 2),
                    f"P{i}",
                    episode_ids=tuple(each.id for each in rng.sample(said, 2)),
                    valid_at=rng.choice((None, days(-5))),
                    invalid_at=rng.choice((None, None, days(-4), days(-1), days(2))),
                )
                for i in range(120)
            ),
        )
        everything = [each.ref for each in (*people, *said, *facts)]
        for step in range(32):
            refs, hops = rng.sample(everything, 4), rng.choice((0, 0, 2))
            limits = ExpandLimits(hops=hops, facts_per_entity=rng.choice((2, 5, 40)), window=1)
            state = graph_store.probe(Probe(), spaces=ANA).state
            before = graph_store.expand(refs, spaces=ANA, view=view, limits=limits)
            if step % 8 == 4:  # written to since it was probed
                changed = facts[step].model_copy(update={"invalid_at": NOW, "support": 9})
                put_facts(graph_store, changed)
            if step % 16 == 9:
                graph_store.write(lambda tx, gone=facts[-step].id: tx.delete([gone]))  # type: ignore[misc]
            known = graph_store.expand(refs, spaces=ANA, view=view, limits=limits, state=state)
            assert known in (before, graph_store.expand(refs, spaces=ANA, view=view, limits=limits))

    def test_time_goes_on_while_nothing_is_written(self, graph_store: GraphStore) -> None:
        ana, bea = put_entities(graph_store, entity("Ana"), entity("Bea"))
        put_facts(graph_store, fact(ana, bea, invalid_at=days(1)), fact(ana, bea, "P2", expires_at=days(2)))
        state = graph_store.probe(Probe(), spaces=ANA).state
        for now, degree in ((0, 2), (1, 1), (2, 0), (0, 2), (1.5, 1)):
            view = View(now=days(now))
            nodes = graph_store.expand([ana.ref], spaces=ANA, view=view, limits=LIMITS, state=state).entities
            assert nodes[ana.ref].degree == degree

    def test_what_is_known_of_one_space_shows_nothing_of_another(self, graph_store: GraphStore) -> None:
        (said,) = add_episodes(graph_store, episode(space=OTHER))
        for spaces, visible in ((BOTH, {said.ref}), (ANA, set()), (BO, {said.ref}), (ANA, set())):
            state = graph_store.probe(Probe(), spaces=spaces).state
            found = graph_store.expand([said.ref], spaces=spaces, view=PRESENT, limits=LIMITS, state=state)
            assert set(found.episodes) == visible
        graph_store.write(lambda tx: tx.delete([said.id]))
        state = graph_store.probe(Probe(), spaces=BO).state
        assert not graph_store.expand([said.ref], spaces=BO, view=PRESENT, limits=LIMITS, state=state).episodes


class TestIsolation:
    def test_nothing_leads_into_another_space(self, graph_store: GraphStore) -> None:
        made = {}
        for space in ("user/ana", OTHER):
            (said,) = add_episodes(graph_store, episode(space=space))
            ana, bea = put_entities(graph_store, entity("Ana", space=space), entity("Bea", space=space))
            count = 1 if space == "user/ana" else 5
            facts = put_facts(graph_store, *(fact(ana, bea, f"P{i}", episode_ids=(said.id,)) for i in range(count)))
            made[space] = [said.ref, ana.ref, bea.ref, *(each.ref for each in facts)]
        refs = made["user/ana"] + made[OTHER]
        for spaces, visible in ((ANA, made["user/ana"]), (BO, made[OTHER]), (BOTH, refs), (ALL, refs), (NONE, [])):
            found = graph_store.expand(refs, spaces=spaces, view=PRESENT, limits=ExpandLimits(hops=3, window=5))
            assert {*found.episodes, *found.facts, *found.entities} == set(visible)
        own = graph_store.expand(refs, spaces=ANA, view=PRESENT, limits=LIMITS)
        assert [node.degree for node in own.entities.values()] == [1, 1]

    def test_it_is_the_same_every_time(self, graph_store: GraphStore) -> None:
        people = put_entities(graph_store, *(entity(f"e{i}") for i in range(12)))
        said = add_episodes(graph_store, *(episode(str(i)) for i in range(12)))
        rng = random.Random(4)
        facts = put_facts(
            graph_store,
            *(fact(*rng.sample(people, 2), f"P{i}", episode_ids=(rng.choice(said).id,)) for i in range(60)),
        )
        refs = [each.ref for each in (*facts[:5], *people[:2], *said[:2])]
        limits = ExpandLimits(facts_per_entity=3, hops=2)
        first = graph_store.expand(refs, spaces=ANA, view=PRESENT, limits=limits)
        second = graph_store.expand(refs[::-1], spaces=ALL, view=PRESENT, limits=limits)
        assert first == second
        assert list(first.facts) == list(second.facts) == sorted(first.facts)

"""Reconciliation against the real embedded store: what a new statement does to the facts that are held."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factloom.graph.reconciliation import Reconciler, Statement
from factloom.graph.resolution import Resolver
from factloom.graph.sqlite import SqliteGraphStore
from factloom.graph.statements import told_beginning
from factloom.schemas.extraction import BESIDES, Mention
from factloom.schemas.ontology import core_ontology
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import FactQuery, View
from factloom.schemas.records import Action, Episode, Fact, Role, new_id
from factloom.schemas.results import FactChange
from factloom.schemas.spaces import SpaceSet

SPACE = "user/ana"
JANUARY = datetime(2025, 1, 1, tzinfo=UTC)
NOW = JANUARY + timedelta(days=365)


def day(number: int) -> datetime:
    return JANUARY + timedelta(days=number)


class Book:
    """States facts in words and reads back what is held."""

    def __init__(self, store: SqliteGraphStore) -> None:
        self.store = store

    def state(self, subject: str, predicate: str, object_: str | None, when: int, **more: Any) -> list[FactChange]:
        ontology = core_ontology()

        def work(tx: WriteTransaction) -> list[FactChange]:
            resolver = Resolver(tx, SPACE, NOW)
            episode = Episode(
                id=new_id(),
                space=SPACE,
                session="s",
                role=Role.USER,
                content=new_id(),
                occurred_at=day(when),
                created_at=NOW,
            )
            tx.add_episodes([episode])
            statement = Statement(
                subject=resolver.resolve(Mention(name=subject, type=ontology[predicate].subject_type)),
                predicate=predicate,
                object=resolver.resolve(Mention(name=object_)) if object_ else None,
                text=f"{subject} {predicate} {object_}",
                category=ontology[predicate].category,
                **{"valid_at": day(when), "episode_id": episode.id, "confidence": 0.8, **more},
            )
            return Reconciler(tx, SPACE, ontology=ontology, now=NOW, actor="test").apply(statement)

        return self.store.write(work)

    def held(self, predicate: str, at: int | None = None, *, history: bool = False) -> list[str]:
        view = View(now=NOW, at=None if at is None else day(at), history=history)
        facts = self.store.find_facts(FactQuery(predicates=(predicate,), view=view), spaces=SpaceSet.of(SPACE))
        return sorted(fact.text.split()[-1] for fact in facts)

    def facts(self, predicate: str) -> list[Fact]:
        query = FactQuery(predicates=(predicate,), oldest_first=True)
        return self.store.find_facts(query, spaces=SpaceSet.of(SPACE))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    store = SqliteGraphStore(tmp_path / "store.db")
    yield Book(store)
    store.close()


class TestSupport:
    def test_the_same_fact_again_is_one_fact_with_more_support(self, book: Book) -> None:
        book.state("Ana", "LIKES", "tea", 1)
        (change,) = book.state("Ana", "LIKES", "tea", 5)
        (fact,) = book.facts("LIKES")
        assert change.action is Action.SUPPORTED
        assert fact.support == len(fact.episode_ids) == 2
        assert fact.confidence == pytest.approx(0.96)
        assert fact.valid_at == day(1)

    def test_an_earlier_beginning_is_taken_over(self, book: Book) -> None:
        book.state("Ana", "LIKES", "tea", 9)
        book.state("Ana", "LIKES", "tea", 2)
        assert book.facts("LIKES")[0].valid_at == day(2)

    def test_an_event_on_another_day_is_another_event(self, book: Book) -> None:
        book.state("Ana", "MOVED_TO", "Rome", 1)
        book.state("Ana", "MOVED_TO", "Rome", 2)
        book.state("Ana", "MOVED_TO", "Rome", 200)
        assert [fact.support for fact in book.facts("MOVED_TO")] == [2, 1]

    def test_a_symmetric_fact_said_the_other_way_round_supports(self, book: Book) -> None:
        book.state("Ana", "HAS_FRIEND", "Bea", 1)
        (change,) = book.state("Bea", "HAS_FRIEND", "Ana", 2)
        assert change.action is Action.SUPPORTED
        assert len(book.facts("HAS_FRIEND")) == 1

    def test_an_inverse_is_stored_in_its_canonical_direction(self, book: Book) -> None:
        book.state("Rui", "HAS_BOSS", "Helena", 1)
        (change,) = book.state("Helena", "BOSS_OF", "Rui", 2)
        assert change.action is Action.SUPPORTED
        assert book.facts("BOSS_OF") == []


class TestFunctional:
    def test_the_newer_closes_the_older_at_its_own_beginning(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Porto", 1)
        (change,) = book.state("Ana", "LIVES_IN", "Lisbon", 50)
        assert change.action is Action.SUPERSEDED
        assert change.previous is not None
        assert change.previous.invalid_at == day(50)
        assert book.held("LIVES_IN") == ["Lisbon"]
        assert book.held("LIVES_IN", at=49) == ["Porto"]
        assert book.held("LIVES_IN", at=50) == ["Lisbon"]

    def test_an_older_statement_that_arrives_late_does_not_overwrite(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 50)
        book.state("Ana", "LIVES_IN", "Porto", 10)
        assert book.held("LIVES_IN") == ["Lisbon"]
        assert book.held("LIVES_IN", at=20) == ["Porto"]

    def test_one_that_arrives_late_fits_in_between(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Porto", 1)
        book.state("Ana", "LIVES_IN", "Faro", 90)
        book.state("Ana", "LIVES_IN", "Braga", 40)
        assert [book.held("LIVES_IN", at=t) for t in (20, 60, 100)] == [["Porto"], ["Braga"], ["Faro"]]

    def test_what_is_told_as_over_closes_nothing(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Porto", 1)
        book.state("Ana", "LIVES_IN", "Rome", 30, invalid_at=day(40))
        assert book.held("LIVES_IN") == ["Porto"]
        assert book.held("LIVES_IN", at=35) == ["Porto", "Rome"]

    def test_moving_back_is_a_new_fact(self, book: Book) -> None:
        for when, where in ((1, "Porto"), (30, "Lisbon"), (60, "Porto")):
            book.state("Ana", "LIVES_IN", where, when)
        assert book.held("LIVES_IN") == ["Porto"]
        assert len(book.facts("LIVES_IN")) == 3

    def test_other_people_are_left_alone(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Porto", 1)
        book.state("Bea", "LIVES_IN", "Lisbon", 2)
        assert book.held("LIVES_IN") == ["Lisbon", "Porto"]

    def test_what_an_event_implies_is_reconciled_too(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Porto", 1)
        book.state("Ana", "MOVED_TO", "Lisbon", 50)
        held = book.store.find_facts(FactQuery(predicates=("LIVES_IN",), view=View(now=NOW)), spaces=SpaceSet.of(SPACE))
        assert [fact.text for fact in held] == ["Ana lives in Lisbon."]

    def test_a_correction_expires_instead_of_closing(self, book: Book) -> None:
        book.state("Bea", "HAS_BIRTHDAY", "12-March", 1)
        book.state("Bea", "HAS_BIRTHDAY", "14-March", 2, correction=True)
        assert book.held("HAS_BIRTHDAY") == ["14-March"]
        assert book.held("HAS_BIRTHDAY", at=1) == ["14-March"], "what was wrong was never so"
        assert book.held("HAS_BIRTHDAY", history=True) == ["12-March", "14-March"]


class TestOneMore:
    """What is told as one more ("I also work for Siemens") stands beside what else can be only one."""

    def test_neither_ends_the_other(self, book: Book) -> None:
        book.state("Ana", "WORKS_FOR", "Bosch", 1)
        book.state("Ana", "WORKS_FOR", "Siemens", 2, metadata={BESIDES: True})
        book.state("Ana", "WORKS_FOR", "Bosch", 3)
        assert book.held("WORKS_FOR") == ["Bosch", "Siemens"]

    def test_another_ends_the_first_alone(self, book: Book) -> None:
        book.state("Ana", "WORKS_FOR", "Bosch", 1)
        book.state("Ana", "WORKS_FOR", "Siemens", 2, metadata={BESIDES: True})
        book.state("Ana", "WORKS_FOR", "Lidl", 3)
        assert book.held("WORKS_FOR") == ["Lidl", "Siemens"]

    def test_what_it_implies_is_as_ever(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Faro", 1)
        book.state("Ana", "MOVED_TO", "Rome", 2, metadata={BESIDES: True})
        assert book.held("LIVES_IN") == ["Rome."]


class TestNegation:
    def test_it_closes_what_it_negates(self, book: Book) -> None:
        book.state("Ana", "WORKS_FOR", "Corvina", 1)
        changes = book.state("Ana", "WORKS_FOR", "Corvina", 20, negated=True)
        assert [change.action for change in changes] == [Action.CLOSED]
        assert book.held("WORKS_FOR") == []
        assert book.held("WORKS_FOR", at=10) == ["Corvina"]

    def test_without_an_object_it_closes_all(self, book: Book) -> None:
        book.state("Ana", "LIKES", "tea", 1)
        book.state("Ana", "LIKES", "jazz", 1)
        book.state("Ana", "LIKES", None, 5, negated=True)
        assert book.held("LIKES") == []

    def test_what_was_not_known_is_kept_as_its_opposite(self, book: Book) -> None:
        book.state("Ana", "EATS", "meat", 5, negated=True)
        assert book.held("NOT_EATS") == ["meat"]
        book.state("Ana", "EATS", "meat", 50)
        assert book.held("NOT_EATS") == []
        assert book.held("EATS") == ["meat"]

    def test_liking_ends_disliking(self, book: Book) -> None:
        book.state("Ana", "DISLIKES", "tea", 1)
        actions = [change.action for change in book.state("Ana", "LIKES", "tea", 9)]
        assert actions == [Action.ADDED, Action.CLOSED]
        assert book.held("DISLIKES") == []

    def test_a_break_up_ends_the_relationship_from_either_side(self, book: Book) -> None:
        book.state("Tom", "HAS_PARTNER", "Nadia", 1)
        book.state("Nadia", "HAS_EX", "Tom", 30)
        assert book.held("HAS_PARTNER") == []

    @pytest.mark.parametrize("parting", ["HAS_EX", "BROKE_UP_WITH"])
    @pytest.mark.parametrize("couple", ["HAS_PARTNER", "HAS_HUSBAND", "HAS_WIFE", "MARRIED_TO", "ENGAGED_TO"])
    def test_parting_ends_every_kind_of_couple_from_either_side(self, book: Book, couple: str, parting: str) -> None:
        book.state("Ana", couple, "Rui", 1)
        book.state("Tom", couple, "Nadia", 1)
        book.state("Nadia", parting, "Tom", 30)
        assert book.held(couple) == ["Rui"]
        assert book.held(couple, at=20) == ["Nadia", "Rui"]

    def test_a_wedding_ends_the_engagement_to_the_same_person(self, book: Book) -> None:
        book.state("Ana", "ENGAGED_TO", "Rui", 1)
        book.state("Ana", "HAS_HUSBAND", "Rui", 30)
        assert book.held("ENGAGED_TO") == []
        assert book.held("HAS_HUSBAND") == ["Rui"]

    def test_leaving_a_job_ends_that_one_only(self, book: Book) -> None:
        book.state("Ana", "STARTED_AT", "Corvina", 1)
        assert book.held("WORKS_FOR") == ["Corvina."]
        book.state("Ana", "LEFT_JOB_AT", "Lumenar", 20)
        assert book.held("WORKS_FOR") == ["Corvina."]
        book.state("Ana", "LEFT_JOB_AT", "Corvina", 30)
        assert book.held("WORKS_FOR") == []

    @pytest.mark.parametrize(
        ("first", "then"),
        [
            ("OWNS", "SOLD"),
            ("HAS", "SOLD"),
            ("LEARNS", "GAVE_UP"),
            ("PLAYS", "GAVE_UP"),
            ("LIVES_IN", "MOVED_FROM"),
            ("EATS", "AVOIDS"),
            ("LIKES", "DISLIKES"),
            ("PLANS", "CANCELLED"),
            ("STUDIES_AT", "GRADUATED_FROM"),
        ],
    )
    def test_what_is_over_is_closed_for_the_same_object(self, book: Book, first: str, then: str) -> None:
        book.state("Ana", first, "one", 1)
        book.state("Ana", then, "another", 20)
        assert book.held(first) == ["one"]
        book.state("Ana", then, "one", 30)
        assert book.held(first) == []
        assert book.held(first, at=29) == ["one"]

    def test_a_new_favourite_takes_the_place_of_the_old_one_of_its_kind(self, book: Book) -> None:
        book.state("Ana", "FAVOURITE_COLOUR", "green", 1)
        book.state("Ana", "FAVOURITE_FOOD", "sushi", 2)
        book.state("Ana", "FAVOURITE_COLOUR", "blue", 30)
        assert book.held("FAVOURITE_COLOUR") == ["blue"]
        assert book.held("FAVOURITE_FOOD") == ["sushi"]

    def test_a_plan_that_is_called_off_loosely_is_closed_if_it_is_the_only_one_meant(self, book: Book) -> None:
        book.state("Ana", "PLANS_TO", "go on a trip to the Azores", 1)
        book.state("Ana", "PLANS_TO", "run a marathon", 1)
        book.state("Bea", "PLANS_TO", "take a trip to Rome", 1)
        (change,) = book.state("Ana", "PLANS_TO", "trip", 30, negated=True)
        assert change.action is Action.CLOSED
        assert book.held("PLANS_TO") == ["Rome", "marathon"]
        assert book.held("PLANS_TO", at=20) == ["Azores", "Rome", "marathon"]

    def test_of_two_plans_that_may_be_meant_neither_is_closed(self, book: Book) -> None:
        book.state("Ana", "PLANS_TO", "go on a trip to the Azores", 1)
        book.state("Ana", "PLANS", "trip to Rome", 2)
        book.state("Ana", "PLANS_TO", "trip", 30, negated=True)
        assert book.held("PLANS_TO") == ["Azores"]
        assert book.held("PLANS") == ["Rome"]

    def test_a_plan_made_later_is_not_the_one_called_off(self, book: Book) -> None:
        book.state("Ana", "PLANS_TO", "go on a trip to the Azores", 40)
        book.state("Ana", "PLANS_TO", "trip", 30, negated=True)
        assert book.held("PLANS_TO") == ["Azores"]

    def test_a_late_negation_does_not_reach_what_came_after(self, book: Book) -> None:
        book.state("Ana", "WORKS_FOR", "Corvina", 30)
        book.state("Ana", "WORKS_FOR", "Corvina", 10, negated=True)
        assert book.held("WORKS_FOR") == ["Corvina"]


class TestIntervals:
    def test_another_stay_is_another_fact(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 100)
        book.state("Ana", "LIVES_IN", "Lisbon", 10, invalid_at=day(20))
        assert [book.held("LIVES_IN", at=t) for t in (15, 50, 120)] == [["Lisbon"], [], ["Lisbon"]]
        assert [fact.support for fact in book.facts("LIVES_IN")] == [1, 1]

    def test_an_end_that_is_told_of_a_held_fact_closes_it(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        (change,) = book.state("Ana", "LIVES_IN", "Lisbon", 60, valid_at=None, invalid_at=day(50))
        (fact,) = book.facts("LIVES_IN")
        assert change.action is Action.SUPPORTED
        assert (fact.valid_at, fact.invalid_at, fact.support) == (day(1), day(50), 2)
        assert book.held("LIVES_IN") == []

    def test_a_beginning_is_not_drawn_across_another_home(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Porto", 30)
        book.state("Ana", "LIVES_IN", "Lisbon", 60)
        book.state("Ana", "LIVES_IN", "Lisbon", 10)
        assert [book.held("LIVES_IN", at=t) for t in (20, 40, 70)] == [["Lisbon"], ["Porto"], ["Lisbon"]]

    def test_the_same_episode_may_tell_two_intervals(self, book: Book) -> None:
        (first,) = book.state("Ana", "WORKS_FOR", "Corvina", 100)
        again = book.state("Ana", "WORKS_FOR", "Corvina", 10, invalid_at=day(20), episode_id=first.episode_id)
        assert [change.action for change in again] == [Action.ADDED]
        assert book.held("WORKS_FOR", at=15) == ["Corvina"]

    def test_an_end_without_a_beginning_began_nobody_knows_when(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Porto", 60, valid_at=None, invalid_at=day(-100))
        assert book.held("LIVES_IN") == ["Lisbon"]
        assert book.held("LIVES_IN", at=-200) == ["Porto"]
        assert book.held("LIVES_IN", at=-50) == []

    @pytest.mark.parametrize(
        ("begin", "end", "told"),
        [(None, None, 50), (None, 20, None), (None, 90, 50), (10, 20, 10), (20, 10, None), (60, 90, 60)],
    )
    def test_what_is_not_dated_holds_from_when_it_was_said_unless_it_is_over(
        self, begin: int | None, end: int | None, told: int | None
    ) -> None:
        times = [None if number is None else day(number) for number in (begin, end, told)]
        assert told_beginning(times[0], times[1], day(50)) == times[2]


class TestLateStatements:
    def test_what_was_said_again_later_is_held_again(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Lisbon", 100)
        book.state("Ana", "LIVES_IN", "Porto", 50)
        assert book.held("LIVES_IN") == ["Lisbon"]
        assert [book.held("LIVES_IN", at=t) for t in (20, 60, 110)] == [["Lisbon"], ["Porto"], ["Lisbon"]]
        assert [fact.support for fact in book.facts("LIVES_IN")] == [1, 1, 1]

    def test_what_is_said_later_of_an_earlier_time_is_not_late(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Lisbon", 100)
        book.state("Ana", "LIVES_IN", "Porto", 120, valid_at=day(50))
        assert book.held("LIVES_IN") == ["Porto"]

    def test_a_negation_leaves_what_was_said_again_later(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Lisbon", 100)
        book.state("Ana", "LIVES_IN", "Lisbon", 50, negated=True)
        assert [book.held("LIVES_IN", at=t) for t in (20, 60, 110)] == [["Lisbon"], [], ["Lisbon"]]

    def test_a_correction_leaves_what_came_after(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Faro", 100)
        book.state("Ana", "LIVES_IN", "Porto", 20, correction=True)
        assert [book.held("LIVES_IN", at=t) for t in (10, 60, 110)] == [["Porto"], ["Porto"], ["Faro"]]
        assert book.held("LIVES_IN") == ["Faro"]

    def test_a_correction_leaves_what_was_said_again_later(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Lisbon", 100)
        book.state("Ana", "LIVES_IN", "Porto", 20, correction=True)
        assert [book.held("LIVES_IN", at=t) for t in (10, 60, 110)] == [["Porto"], ["Porto"], ["Lisbon"]]


class TestRetentionAndCouples:
    def test_a_fact_said_again_past_its_retention_is_shown_again(self, book: Book) -> None:
        book.state("Ana", "LIKES", "tea", 1, expires_at=day(30))
        assert book.held("LIKES") == []
        book.state("Ana", "LIKES", "tea", 60)
        assert book.held("LIKES") == ["tea"]

    def test_a_longer_retention_extends_a_shorter_one(self, book: Book) -> None:
        book.state("Ana", "LIKES", "tea", 1, expires_at=day(30))
        book.state("Ana", "LIKES", "tea", 2, expires_at=day(90))
        book.state("Ana", "LIKES", "tea", 3, expires_at=day(60))
        assert book.facts("LIKES")[0].expires_at == day(90)

    def test_a_new_marriage_ends_the_old_one_of_either_side(self, book: Book) -> None:
        book.state("Bea", "MARRIED_TO", "Carlos", 1)
        book.state("Rui", "MARRIED_TO", "Bea", 50)
        assert book.held("MARRIED_TO") == ["Bea"]
        assert book.held("MARRIED_TO", at=20) == ["Carlos"]


class TestCorrectedEvents:
    def test_a_corrected_move_takes_the_home_along(self, book: Book) -> None:
        book.state("Ana", "MOVED_TO", "Lisbon", 1)
        book.state("Ana", "MOVED_TO", "Porto", 30, correction=True)
        assert book.held("MOVED_TO") == ["Porto"]
        assert book.held("LIVES_IN") == ["Porto."]
        assert book.held("LIVES_IN", at=10) == ["Porto."]

    def test_another_visit_long_ago_is_not_the_one_corrected(self, book: Book) -> None:
        book.state("Ana", "VISITED", "Rome", 1)
        book.state("Ana", "VISITED", "Oslo", 100)
        book.state("Ana", "VISITED", "Bergen", 101, correction=True)
        assert book.held("VISITED") == ["Bergen", "Rome"]

    def test_a_move_that_never_was_implies_no_home(self, book: Book) -> None:
        book.state("Ana", "MOVED_TO", "Lisbon", 1)
        book.state("Ana", "MOVED_TO", "Lisbon", 30, negated=True, correction=True)
        assert book.held("MOVED_TO") == []
        assert book.held("LIVES_IN") == []

    def test_a_home_that_is_also_stated_outlives_the_move(self, book: Book) -> None:
        book.state("Ana", "MOVED_TO", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Lisbon", 5)
        book.state("Ana", "MOVED_TO", "Lisbon", 30, negated=True, correction=True)
        assert book.held("LIVES_IN") == ["Lisbon."]

    @pytest.mark.parametrize("home", ["LIVES_IN", "MOVED_TO"])
    def test_a_denied_move_opens_the_home_that_it_had_closed(self, book: Book, home: str) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", home, "Porto", 30)
        book.state("Ana", home, "Porto", 60, negated=True, correction=True)
        assert [book.held("LIVES_IN", at=at) for at in (10, 40, 70)] == [["Lisbon"]] * 3
        (fact,) = (fact for fact in book.facts("LIVES_IN") if fact.expired_at is None)
        assert (fact.invalid_at, fact.superseded_by) == (None, None)
        last = book.store.history([fact.id], spaces=SpaceSet.of(SPACE))[-1]
        assert (last.action, last.reason) == (Action.UPDATED, "what had ended it was denied by a later statement")

    def test_a_home_behind_a_denied_move_still_ends_where_the_next_begins(self, book: Book) -> None:
        for when, where in ((1, "Lisbon"), (30, "Porto"), (60, "Faro")):
            book.state("Ana", "MOVED_TO", where, when)
        book.state("Ana", "MOVED_TO", "Porto", 90, negated=True, correction=True)
        assert [book.held("LIVES_IN", at=at) for at in (40, 70)] == [["Lisbon."], ["Faro."]]

    def test_who_never_left_lives_there_still(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "MOVED_FROM", "Lisbon", 30)
        assert book.held("LIVES_IN") == []
        book.state("Ana", "MOVED_FROM", "Lisbon", 60, negated=True, correction=True)
        assert book.held("LIVES_IN") == ["Lisbon"]

    def test_what_is_past_can_be_taken_back(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1)
        book.state("Ana", "LIVES_IN", "Porto", 50)
        book.state("Ana", "LIVES_IN", "Lisbon", 90, negated=True, correction=True)
        assert book.held("LIVES_IN", at=20) == []
        assert book.held("LIVES_IN") == ["Porto"]

    def test_an_end_to_come_does_not_shield_from_a_negation(self, book: Book) -> None:
        book.state("Ana", "LIVES_IN", "Lisbon", 1, invalid_at=day(400))
        book.state("Ana", "LIVES_IN", "Lisbon", 60, negated=True)
        assert book.held("LIVES_IN") == []
        assert book.held("LIVES_IN", at=50) == ["Lisbon"]


class TestEndsThatArriveFirst:
    def test_a_negation_ends_what_is_told_of_an_earlier_time(self, book: Book) -> None:
        book.state("Ana", "WORKS_FOR", "Corvina", 60, negated=True)
        book.state("Ana", "WORKS_FOR", "Corvina", 10)
        assert book.held("WORKS_FOR") == []
        assert book.held("WORKS_FOR", at=30) == ["Corvina"]

    def test_so_does_an_event_that_ends_it(self, book: Book) -> None:
        book.state("Ana", "LEFT_JOB_AT", "Corvina", 60)
        book.state("Ana", "WORKS_FOR", "Corvina", 10)
        assert book.held("WORKS_FOR") == []

    def test_and_a_change_of_mind(self, book: Book) -> None:
        book.state("Ana", "DISLIKES", "tea", 60)
        book.state("Ana", "LIKES", "tea", 10)
        assert (book.held("LIKES"), book.held("DISLIKES")) == ([], ["tea"])
        assert book.held("LIKES", at=30) == ["tea"]


def test_every_change_is_recorded_without_quoting_another_fact(book: Book) -> None:
    book.state("Ana", "LIVES_IN", "Porto", 1)
    book.state("Ana", "LIVES_IN", "Porto", 2)
    book.state("Ana", "LIVES_IN", "Lisbon", 50)
    old, new = book.facts("LIVES_IN")
    recorded = book.store.history([old.id], spaces=SpaceSet.of(SPACE))
    assert [change.action for change in recorded] == [Action.ADDED, Action.SUPPORTED, Action.SUPERSEDED]
    assert all(change.actor == "test" and change.at == NOW for change in recorded)
    assert recorded[-1].after == {"invalid_at": day(50).isoformat(), "superseded_by": new.id}
    assert "Lisbon" not in str(recorded)

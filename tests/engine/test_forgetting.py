"""Forgetting where facts hang together: what is open again, what other labels keep, what is left to clean up."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factloom import Memory
from factloom.schemas.errors import NotFoundError, VectorIndexError

PAST = datetime(2025, 1, 1, tzinfo=UTC)


def current(memory: Memory) -> list[str]:
    return sorted(fact.text for fact in memory.get_all(user_id="ana"))


def say(memory: Memory, text: str, month: int, agent: str | None = None) -> str:
    result = memory.add(text, user_id="ana", agent_id=agent, time=PAST + timedelta(days=30 * month))
    return result.episodes[0].id


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


class TestReopening:
    def test_a_chain_that_loses_its_middle_leaves_one_home(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0)
        say(memory, "I | LIVES_IN | Porto", 1, "juno")
        say(memory, "I | LIVES_IN | Faro", 2, "juno")
        say(memory, "I | LIVES_IN | Rome", 3)
        memory.delete_all(user_id="ana", agent_id="juno")
        assert current(memory) == ["Ana lives in Rome."]
        lisbon, rome = memory.get_all(user_id="ana", include_history=True)[::-1]
        assert (lisbon.superseded_by, lisbon.invalid_at) == (rome.id, rome.valid_at)

    def test_a_negation_that_is_deleted_no_longer_ends_anything(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0)
        negation = say(memory, "not I | LIVES_IN | Lisbon", 1)
        assert current(memory) == []
        memory.delete(negation)
        assert current(memory) == ["Ana lives in Lisbon."]

    def test_what_is_reopened_ends_where_the_next_begins(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0)
        negation = say(memory, "not I | LIVES_IN | Lisbon", 1)
        say(memory, "I | LIVES_IN | Porto", 3)
        memory.delete(negation)
        assert current(memory) == ["Ana lives in Porto."]
        lisbon, porto = sorted(memory.get_all(user_id="ana", include_history=True), key=lambda fact: fact.text)
        assert lisbon.invalid_at == porto.valid_at

    def test_what_two_negations_ended_stays_over_when_one_of_them_goes(self, memory: Memory) -> None:
        say(memory, "I | EATS | meat", 0)
        first, second = (say(memory, "not I | EATS | meat", month) for month in (1, 2))
        memory.delete(first)
        assert current(memory) == ["It is not so that Ana eats meat."]
        (eats,) = (f for f in memory.get_all(user_id="ana", include_history=True) if f.predicate == "EATS")
        assert eats.invalid_at == memory.get(second).occurred_at  # type: ignore[union-attr]
        memory.delete(second)
        assert current(memory) == ["Ana eats meat."]

    def test_what_was_negated_after_it_was_over_stays_over(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0)
        move = say(memory, "I | LIVES_IN | Porto", 1)
        negation = say(memory, "not I | LIVES_IN | Lisbon", 2)
        memory.delete(move)
        assert current(memory) == []
        memory.delete(negation)
        assert current(memory) == ["Ana lives in Lisbon."]

    def test_a_denial_that_is_deleted_lets_what_it_denied_count_again(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0)
        say(memory, "I | MOVED_TO | Porto", 1)
        denial = say(memory, "never I | MOVED_TO | Porto", 2)
        assert current(memory) == ["Ana lives in Lisbon."]
        again = say(memory, "never I | MOVED_TO | Porto", 3)
        memory.delete(denial)
        assert current(memory) == ["Ana lives in Lisbon."], "the other denial still stands"
        memory.delete(again)
        assert current(memory) == ["Ana lives in Porto.", "Ana moved to Porto."]


class TestLabels:
    def test_what_others_heard_too_is_theirs_and_stays(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0, "juno")
        say(memory, "I | LIVES_IN | Lisbon", 1, "kepler")
        assert len(memory.get_all(user_id="ana", agent_id="kepler")) == 1
        receipt = memory.delete_all(user_id="ana", agent_id="juno")
        assert (receipt.fact_ids, len(receipt.episode_ids), len(receipt.weakened_fact_ids)) == ((), 1, 1)
        assert memory.get_all(user_id="ana", agent_id="juno") == []
        assert [f.support for f in memory.get_all(user_id="ana", agent_id="kepler")] == [1]

    def test_every_look_is_narrowed_by_them(self, memory: Memory) -> None:
        say(memory, "I | LIVES_IN | Lisbon", 0, "juno")
        say(memory, "I | LIVES_IN | Lisbon", 1, "kepler")
        say(memory, "I | LIKES | tea", 2, "kepler")

        def seen(**labels: str) -> tuple[list[str], list[str], int, list[str]]:
            graph = memory.to_networkx(user_id="ana", **labels)
            return (
                [entity.name for entity in memory.entities(user_id="ana", **labels)],
                sorted(name for _, name in graph.nodes(data="name")),
                graph.number_of_edges(),
                sorted(fact.text for fact in memory.entity("Ana", user_id="ana", **labels).facts),
            )

        assert seen(agent_id="juno") == (["Ana", "Lisbon"], ["Ana", "Lisbon"], 1, ["Ana lives in Lisbon."])
        assert seen(agent_id="kepler") == seen()
        with pytest.raises(NotFoundError):
            memory.entity("tea", user_id="ana", agent_id="juno")


def test_history_up_to_a_time_does_not_know_what_came_later(memory: Memory) -> None:
    for month, where in enumerate(("Lisbon", "Porto", "Faro")):
        say(memory, f"I | LIVES_IN | {where}", month)

    def found(**options: object) -> set[str]:
        hits = memory.search("where does Ana live?", user_id="ana", kinds=["fact"], **options)  # type: ignore[arg-type]
        return {hit.text.split()[-1] for hit in hits}

    at = PAST + timedelta(days=40)
    assert found(as_of=at) == {"Porto."}
    assert found(as_of=at, include_history=True) == {"Lisbon.", "Porto."}
    assert found(as_of=datetime(1900, 1, 1, tzinfo=UTC), include_history=True) == set()
    assert found(include_history=True) == {"Lisbon.", "Porto.", "Faro."}


def test_no_word_of_a_deleted_episode_stays_in_a_fact(memory: Memory, tmp_path: Path) -> None:
    first = memory.add("I | LIVES_IN | Lisbon ## with zyzzogetons", user_id="ana", time=PAST).episodes[0]
    say(memory, "I | LIVES_IN | Lisbon", 1)
    memory.delete(first.id)
    memory.close()
    assert b"zyzzogeton" not in bytes_of(tmp_path)


def test_a_reader_elsewhere_delays_only_the_cleaning(open_memory: Callable[..., Memory], tmp_path: Path) -> None:
    memory = open_memory(settings={"busy_timeout": 0.2})
    said = memory.add("I | LIKES | zyzzogetons", user_id="ana").episodes[0]
    reader = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM episode").fetchone()
    assert memory.delete(said.id).residue
    assert memory.stats().episodes == 0
    reader.close()
    memory.vacuum()
    assert b"zyzzogeton" not in bytes_of(tmp_path)


def test_an_index_that_fails_after_a_deletion_is_told_in_the_receipt(
    memory: Memory, open_memory: Callable[..., Memory], tmp_path: Path
) -> None:
    said = memory.add("I | LIKES | zyzzogetons", user_id="ana").episodes[0]
    memory._parts.index.close()
    receipt = memory.delete(said.id)
    assert (receipt.episode_ids, receipt.residue) == ((said.id,), True)
    assert memory.stats().episodes == 0
    with pytest.raises(VectorIndexError):
        memory.vacuum()
    open_memory().vacuum()
    assert b"zyzzogeton" not in bytes_of(tmp_path)


def test_an_index_that_fails_while_adding_leaves_the_message_to_be_learned_later(
    memory: Memory, open_memory: Callable[..., Memory]
) -> None:
    memory._parts.index.close()
    result = memory.add("I | LIVES_IN | Lisbon", user_id="ana")
    assert [change.reason.split(":")[0] for change in result.pending] == ["VectorIndexError"]
    again = open_memory()
    assert [fact.text for fact in again.retry().added] == ["Ana lives in Lisbon."]


class TestPuttingOffTheCleaning:
    def test_the_receipt_says_so_and_vacuum_does_it(self, memory: Memory, tmp_path: Path) -> None:
        said = memory.add("I | LIKES | zyzzogetons", user_id="ana").episodes[0]
        assert memory.delete(said.id, vacuum=False).residue
        assert memory.stats().episodes == 0
        assert b"zyzzogeton" in bytes_of(tmp_path)
        memory.vacuum()
        assert b"zyzzogeton" not in bytes_of(tmp_path)

    def test_so_do_the_next_deletion_and_closing(
        self, memory: Memory, open_memory: Callable[..., Memory], tmp_path: Path
    ) -> None:
        words = ("zyzzogetons", "quokkas", "axolotls", "tea")
        said = [memory.add(f"I | LIKES | {what}", user_id="ana").episodes[0].id for what in words]
        memory.delete(said[0], vacuum=False)
        assert not memory.delete(said[1]).residue
        assert b"zyzzogeton" not in bytes_of(tmp_path)
        memory.delete(said[2], vacuum=False)
        memory.close()
        assert b"axolotl" not in bytes_of(tmp_path)
        assert current(open_memory()) == ["Ana likes tea."]

    def test_a_search_after_it_finds_nothing_of_it(self, memory: Memory) -> None:
        said = [memory.add(f"I | LIKES | {what}", user_id="ana").episodes[0].id for what in ("tea", "jazz")]
        assert "Ana likes tea." in {hit.text for hit in memory.search("tea", user_id="ana")}
        memory.delete(said[0], vacuum=False)
        assert {hit.text for hit in memory.search("tea", user_id="ana")} <= {"Ana likes jazz.", "I | LIKES | jazz"}

"""Adding: what is stored, what is learned, what happens when it cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from factloom import Action, Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import InvalidInputError, MissingScopeError, ModelUnavailableError, NotFoundError
from factloom.schemas.records import Status, new_id
from factloom.schemas.search import CONTEXT_CLOSE, CONTEXT_OPEN

PAST = datetime(2025, 5, 1, tzinfo=UTC)
TRIPLE = {"subject": "a", "predicate": "b", "object": "c"}


def texts(memory: Memory, **options: Any) -> list[str]:
    return sorted(fact.text for fact in memory.get_all(user_id="ana", **options))


class TestLearning:
    def test_a_message_becomes_an_episode_and_facts_that_lead_back_to_it(self, memory: Memory) -> None:
        result = memory.add("I | LIVES_IN | Lisbon", user_id="ana")
        (episode,) = result.episodes
        assert episode.status is Status.DONE
        (fact,) = result.added
        assert fact.episode_ids == (episode.id,)
        assert fact.text == "Ana lives in Lisbon."
        assert memory.get(fact.id) == fact
        assert memory.get(episode.id) == episode

    def test_what_changed_is_told(self, memory: Memory, clock: Any) -> None:
        memory.add(["I | LIVES_IN | Porto", "I | EATS | meat"], user_id="ana")
        clock.pass_(days=1)
        memory.add("I | LIVES_IN | Porto", user_id="ana")
        clock.pass_(days=1)
        result = memory.add(
            ["I | LIVES_IN | Lisbon", "so: \nI | LIVES_IN | Lisbon", "not I | EATS | meat", "hm"], user_id="ana"
        )
        assert [change.action for change in result.changes] == [
            Action.SUPERSEDED,
            Action.SUPPORTED,
            Action.CLOSED,
            Action.ADDED,
            Action.NOTHING,
        ]
        assert [change.previous.support for change in result.superseded if change.previous] == [2]
        assert texts(memory) == ["Ana lives in Lisbon.", "It is not so that Ana eats meat."]

    def test_the_turns_before_are_at_hand_even_from_earlier_adds(self, memory: Memory, extractor: Any) -> None:
        for number in range(8):
            memory.add(f"turn {number}", user_id="ana", session="s", time=PAST + timedelta(minutes=number))
        assert [e.content for e in extractor.seen[-1].previous] == [f"turn {n}" for n in range(1, 7)]

    def test_turns_of_other_sessions_and_spaces_are_not(self, memory: Memory, extractor: Any) -> None:
        memory.add("secret", user_id="bea", session="s", time=PAST)
        memory.add("old", user_id="ana", session="before", time=PAST)
        memory.add("new", user_id="ana", session="s", time=PAST + timedelta(minutes=1))
        assert extractor.seen[-1].previous == ()

    def test_what_factloom_put_into_a_prompt_is_not_learned_back(self, memory: Memory) -> None:
        block = f"{CONTEXT_OPEN}\nI | LIVES_IN | Rome\n{CONTEXT_CLOSE}"
        result = memory.add(f"{block}\nI | LIKES | tea", user_id="ana")
        assert [fact.text for fact in result.added] == ["Ana likes tea."]
        assert CONTEXT_OPEN in result.episodes[0].content, "the episode itself is kept as it came"

    def test_a_context_block_of_its_own_is_not_learned_back_whatever_it_quotes(self, memory: Memory) -> None:
        memory.add(f"I | LIKES | tea and {CONTEXT_CLOSE}\nI | LIVES_IN | Rome", user_id="ana")
        before = memory.stats().facts
        block = memory.context("what does Ana like?", user_id="ana")
        assert "LIVES_IN" in block.text
        memory.add(f"{block}\nthanks", user_id="ana", role="assistant")
        assert memory.stats().facts == before

    def test_infer_false_stores_and_does_not_learn(self, memory: Memory) -> None:
        result = memory.add("I | LIVES_IN | Lisbon", user_id="ana", infer=False)
        assert result.added == ()
        assert result.episodes[0].status is Status.DONE

    def test_what_a_triple_leaves_out_keeps_two_events_apart(self, memory: Memory) -> None:
        facts = [
            {"subject": "Ana", "predicate": "buy in", "object": "Rome", "text": f"Ana bought {thing} in Rome."}
            for thing in ("tool45", "tool49", "tool45")
        ]
        memory.add_facts([{**fact, "category": "episodic"} for fact in facts], user_id="ana", time=PAST)
        assert texts(memory) == ["Ana bought tool45 in Rome.", "Ana bought tool49 in Rome."]

    def test_an_episode_does_not_tell_whether_its_id_is_known_elsewhere(self, memory: Memory) -> None:
        theirs = memory.add("secret", user_id="bea", time=PAST).episodes[0]
        unknown = theirs.model_copy(update={"id": new_id()})
        results = [memory.add(one.model_copy(update={"space": "user/ana"}), user_id="ana") for one in (theirs, unknown)]
        assert len({episode.id for result in results for episode in result.episodes} | {theirs.id}) == 2
        assert results[0].known_episode_ids == ()
        assert memory.get(theirs.id).space == "user/bea"

    def test_labels_are_on_everything(self, memory: Memory) -> None:
        result = memory.add("I | LIKES | tea", user_id="ana", agent_id="juno", run_id="r1")
        for record in (*result.episodes, *result.added):
            assert record.labels.given() == {"user_id": "ana", "agent_id": "juno", "run_id": "r1"}
            assert record.space == "user/ana"
        assert memory.get_all(user_id="ana", agent_id="other") == []

    def test_facts_say_who_read_them_whatever_the_caller_says(self, memory: Memory) -> None:
        memory.add("I | MOVED_TO | Lisbon", user_id="ana", metadata={"extractor": "somebody"})
        facts = memory.get_all(user_id="ana")
        assert {(fact.predicate, fact.metadata["extractor"]) for fact in facts} == {
            ("MOVED_TO", "notation"),
            ("LIVES_IN", "notation"),
        }

    def test_metadata_is_on_the_facts_too(self, memory: Memory) -> None:
        memory.add("I | MOVED_TO | Lisbon", user_id="ana", metadata={"topic": "home"})
        memory.add("I | LIKES | tea", user_id="ana", metadata={"topic": "taste", "implied_by": "X"})
        home = memory.get_all(user_id="ana", metadata={"topic": "home"})
        assert {fact.predicate for fact in home} == {"MOVED_TO", "LIVES_IN"}
        found = memory.search("Lisbon", user_id="ana", metadata={"topic": "home"})
        assert {hit.kind for hit in found} == {"fact", "episode"}
        (tea,) = memory.get_all(user_id="ana", metadata={"topic": "taste"})
        assert "implied_by" not in tea.metadata

    def test_entities_are_shared_by_facts_of_one_space_only(self, memory: Memory) -> None:
        memory.add(["Tom | LIVES_IN | Lisbon", "tom | LIKES | tea"], user_id="ana")
        memory.add("Tom | LIVES_IN | Porto", user_id="bea")
        assert [entity.name for entity in memory.entities(user_id="ana")] == ["Lisbon", "Tom", "tea"]
        assert len(memory.entity("Tom", user_id="ana").facts) == 2

    def test_a_person_who_is_named_later_is_one_entity(self, memory: Memory, open_memory: Any) -> None:
        memory.add("Ana's sister | LIVES_IN | Faro", user_id="ana")
        memory.add_facts([("Bea", "LIKES", "tea")], user_id="ana")
        assert {entity.name for entity in memory.entities(user_id="ana")} == {"Ana's sister", "Bea", "Faro", "tea"}


class TestIdempotence:
    def test_the_same_message_twice_changes_nothing(self, memory: Memory) -> None:
        first = memory.add("I | LIKES | tea", user_id="ana", time=PAST)
        before = memory.stats()
        second = memory.add("I | LIKES | tea", user_id="ana", time=PAST)
        assert second.known_episode_ids == (first.episodes[0].id,)
        assert second.changes == ()
        assert memory.stats().model_copy(update={"bytes": 0}) == before.model_copy(update={"bytes": 0})

    def test_twice_in_one_call_too(self, memory: Memory) -> None:
        memory.add(["I | LIKES | tea"] * 2, user_id="ana", time=PAST)
        assert memory.stats().episodes == 1
        assert memory.get_all(user_id="ana")[0].support == 1

    def test_another_time_role_speaker_or_space_is_another_message(self, memory: Memory) -> None:
        memory.add("hi", user_id="ana", time=PAST)
        memory.add("hi", user_id="ana", time=PAST + timedelta(seconds=1))
        memory.add("hi", user_id="ana", time=PAST, role="assistant")
        memory.add("hi", user_id="ana", time=PAST, name="Bea")
        memory.add("hi", user_id="bea", time=PAST)
        assert memory.stats().episodes == 5


class TestFailures:
    def test_a_message_that_cannot_be_read_stays_pending_with_its_error(self, memory: Memory) -> None:
        result = memory.add(["I | LIKES | tea", "fail: too hard", "I | LIKES | jazz"], user_id="ana")
        assert texts(memory) == ["Ana likes jazz.", "Ana likes tea."]
        (waiting,) = memory.pending(user_id="ana")
        assert (waiting.content, waiting.error, waiting.attempts) == ("fail: too hard", "too hard", 1)
        assert [change.reason for change in result.pending] == ["too hard"]

    def test_retry_learns_what_was_pending(self, memory: Memory, extractor: Any) -> None:
        memory.add("fail: later\nI | LIKES | tea", user_id="ana")
        extractor.failing = False
        assert [fact.text for fact in memory.retry().added] == ["Ana likes tea."]
        assert memory.pending() == []

    def test_after_some_failures_it_is_failed_and_can_still_be_retried(
        self, open_memory: Callable[..., Memory], extractor: Any
    ) -> None:
        memory = open_memory(settings={"ingest": {"max_attempts": 2}})
        memory.add("fail: never\nI | LIKES | tea", user_id="ana")
        memory.retry()
        assert [(e.status, e.attempts) for e in memory.pending()] == [(Status.FAILED, 2)]
        extractor.failing = False
        assert len(memory.retry().added) == 1

    def test_without_a_model_everything_is_kept(self, memory: Memory, extractor: Any) -> None:
        extractor.broken = True
        result = memory.add(["I | LIKES | tea", "I | LIKES | jazz"], user_id="ana")
        assert len(result.pending) == len(memory.pending()) == 2
        assert "not installed" in result.pending[0].reason
        extractor.broken = False
        memory.retry()
        assert texts(memory) == ["Ana likes jazz.", "Ana likes tea."]

    def test_when_nothing_can_be_embedded_everything_is_kept(
        self, open_memory: Callable[..., Memory], memory: Memory
    ) -> None:
        class Down:
            name = "hashing-1/64"
            dimension = 64

            def embed_documents(self, texts: Any) -> Any:
                raise ModelUnavailableError("the service is down")

            embed_queries = embed_documents

        result = open_memory(embedder=Down()).add("I | LIKES | tea", user_id="ana")
        assert result.pending[0].reason == "ModelUnavailableError: the service is down"
        assert memory.stats().facts == 0
        memory.retry()
        assert texts(memory) == ["Ana likes tea."]

    @pytest.mark.parametrize("call", [2, 3])
    def test_when_embedding_fails_halfway_everything_is_kept(
        self, open_memory: Callable[..., Memory], memory: Memory, call: int
    ) -> None:
        class Failing(HashingEmbedder):
            calls = 0

            def embed_documents(self, texts: Any) -> Any:
                self.calls += 1
                if self.calls == call:
                    raise ModelUnavailableError("the service is down")
                return super().embed_documents(texts)

        memory.add("I | WORKS_FOR | Corvina", user_id="ana", time=PAST)
        failing = open_memory(embedder=Failing(64))
        learned = [failing.add(f"I | MOVED_TO | {place}", user_id="ana") for place in ("Lisbon", "Porto", "Faro")]
        assert sum(len(result.pending) for result in learned) == 1
        failing.retry()
        assert memory.pending() == []
        assert "Ana moved to Faro." in texts(memory)

    def test_no_text_is_embedded_while_the_store_is_locked(self, open_memory: Callable[..., Memory]) -> None:
        bystander = open_memory(settings={"busy_timeout": 0.2})

        class Watching(HashingEmbedder):
            def embed_documents(self, texts: Any) -> Any:
                bystander.add("passing by", user_id="bea", infer=False)  # waits in vain if the store is locked
                return super().embed_documents(texts)

        watching = open_memory(embedder=Watching(64))
        watching.add("I | MOVED_TO | Lisbon", user_id="ana", time=PAST)
        watching.add(["I | MOVED_TO | Porto", "I | MOVED_TO | lisbon"], user_id="ana")
        assert watching.pending() == []
        assert "Ana moved to Porto." in texts(watching)

    def test_an_extractor_that_breaks_on_one_message_learns_the_others(self, memory: Memory, extractor: Any) -> None:
        read = extractor.extract

        def breaking(requests: Any) -> Any:
            if any("poison" in request.episode.content for request in requests):
                raise KeyError("boom")
            return read(requests)

        extractor.extract = breaking
        result = memory.add(["I | LIKES | tea", "poison", "I | LIKES | jazz"], user_id="ana")
        assert [change.reason for change in result.pending] == ["KeyError: 'boom'"]
        assert texts(memory) == ["Ana likes jazz.", "Ana likes tea."]
        (waiting,) = memory.pending()
        assert (waiting.content, waiting.error, waiting.attempts) == ("poison", "KeyError: 'boom'", 1)

    def test_what_another_process_learned_meanwhile_is_not_pending_again(
        self, open_memory: Callable[..., Memory], memory: Memory
    ) -> None:
        class Slow:
            name = "notation"

            def extract(self, requests: Any) -> Any:
                memory.retry()
                raise ModelUnavailableError("timed out")

        result = open_memory(extractor=Slow()).add("I | LIKES | tea", user_id="ana")
        assert not result.pending
        assert memory.pending() == []
        assert texts(memory) == ["Ana likes tea."]

    @pytest.mark.parametrize("bad", ["", "a\x00b", "\ud800", {"role": "wizard", "content": "x"}])
    def test_one_bad_message_stores_none(self, memory: Memory, bad: Any) -> None:
        with pytest.raises(InvalidInputError, match="message 1"):
            memory.add(["fine", bad], user_id="ana")
        assert memory.stats().episodes == 0

    def test_no_scope(self, memory: Memory) -> None:
        with pytest.raises(MissingScopeError, match="user_id"):
            memory.add("hello")
        with pytest.raises(MissingScopeError, match="user_id"):
            memory.get_all()


class TestSessions:
    def test_silence_parts_sessions(self, memory: Memory) -> None:
        times = [PAST, PAST + timedelta(hours=5), PAST + timedelta(hours=10), PAST + timedelta(hours=17)]
        stored = [memory.add(f"{time}", user_id="ana", time=time).episodes[0].session for time in times]
        assert stored[0] == stored[1] == stored[2] != stored[3]

    def test_a_run_is_a_session(self, memory: Memory) -> None:
        assert memory.add("a", user_id="ana", run_id="r1").episodes[0].session == "r1"

    def test_a_named_one_is_kept(self, memory: Memory) -> None:
        (episode,) = memory.add({"content": "a", "session": "mine"}, user_id="ana", session="other").episodes
        assert episode.session == "mine"

    def test_a_late_message_joins_its_neighbours(self, memory: Memory) -> None:
        first = memory.add("a", user_id="ana", time=PAST).episodes[0]
        memory.add("b", user_id="ana", time=PAST + timedelta(days=9))
        late = memory.add("c", user_id="ana", time=PAST + timedelta(hours=1)).episodes[0]
        assert late.session == first.session

    def test_what_factloom_made_itself_is_no_neighbour(self, memory: Memory) -> None:
        memory.add_facts([("Ana", "LIKES", "tea")], user_id="ana", time=PAST)
        said = memory.add("a", user_id="ana", time=PAST + timedelta(minutes=1)).episodes[0]
        assert not said.session.startswith("facts/")


class TestExplicitFacts:
    def test_no_model_is_asked_while_others_wait_to_write(self, open_memory: Callable[..., Memory]) -> None:
        import sqlite3

        class Watching(HashingEmbedder):
            """Checks at every call that another connection could write now."""

            asked = 0

            def embed_documents(self, texts: Any) -> Any:
                if self.path is not None:
                    other = sqlite3.connect(self.path, timeout=0, isolation_level=None)
                    other.execute("BEGIN IMMEDIATE")
                    other.execute("ROLLBACK")
                    other.close()
                    self.asked += 1
                return super().embed_documents(texts)

            path: str | None = None

        embedder = Watching(64)
        memory = open_memory(embedder=embedder)
        embedder.path = memory.settings.store
        memory.add_facts([("Ana", "MOVED_TO", "Lisbon")], user_id="ana")
        assert "Ana lives in Lisbon." in texts(memory)
        assert embedder.asked == 2, "once before, and once between two attempts, for what the move implies"

    def test_triples_dicts_and_words(self, memory: Memory) -> None:
        memory.add_facts(
            [
                ("Ana", "LIVES_IN", "Lisbon"),
                {"subject": "Ana", "predicate": "went to school with", "object": "Bea", "confidence": 0.5},
            ],
            user_id="ana",
        )
        facts = {fact.predicate: fact for fact in memory.get_all(user_id="ana")}
        assert facts["LIVES_IN"].text == "Ana lives in Lisbon."
        assert facts["WENT_TO_SCHOOL_WITH"].text == "Ana went to school with Bea."
        assert facts["WENT_TO_SCHOOL_WITH"].confidence == 0.5

    def test_each_can_be_traced(self, memory: Memory) -> None:
        (document,) = memory.add("A long text.", user_id="ana", role="document", infer=False).episodes
        memory.add_facts(
            [{"subject": "A", "predicate": "likes", "object": "B", "episode_id": document.id}], user_id="ana"
        )
        memory.add_facts([("A", "likes", "C")], user_id="ana")
        named, made = sorted(memory.get_all(user_id="ana"), key=lambda fact: fact.text)
        assert named.episode_ids == (document.id,)
        assert memory.get(made.episode_ids[0]).content == "A likes C."  # type: ignore[union-attr]

    def test_they_are_reconciled(self, memory: Memory) -> None:
        memory.add_facts([("Ana", "lives in", "Porto")], user_id="ana", time=PAST)
        memory.add_facts([("Ana", "lives in", "Lisbon")], user_id="ana", time=PAST + timedelta(days=1))
        assert texts(memory) == ["Ana lives in Lisbon."]

    @pytest.mark.parametrize(
        ("facts", "what"),
        [
            ([("a", "b")], "fact 0: a triple"),
            ([("a", "b", "c"), {"subject": "a"}], "fact 1 cannot be used: predicate: Field required"),
            ([{"subject": "a", "predicate": "b", "object": "c", "confidence": 2}], "confidence"),
            ([("", "b", "c")], "subject"),
            ([("a\x00", "b", "c")], "NUL"),
            ("a b c", "must be a list"),
            ([5], "must be a triple or a dict"),
            (
                [{**TRIPLE, "valid_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}],
                "fact 0.*outside the calendar",
            ),
        ],
    )
    def test_bad_ones_are_named_and_nothing_is_stored(self, memory: Memory, facts: Any, what: str) -> None:
        with pytest.raises(InvalidInputError, match=what):
            memory.add_facts(facts, user_id="ana")
        assert memory.stats().spaces == 0

    def test_an_unknown_episode(self, memory: Memory) -> None:
        (elsewhere,) = memory.add("x", user_id="bea").episodes
        fact = {"subject": "a", "predicate": "b", "object": "c", "episode_id": elsewhere.id}
        with pytest.raises(NotFoundError, match=elsewhere.id):
            memory.add_facts([("d", "e", "f"), fact], user_id="ana")
        assert memory.get_all(user_id="ana") == []

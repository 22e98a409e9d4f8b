"""A memory that learns with a language model: facts with sources, failures that wait, fallback, and what it cost."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from factloom import Memory
from factloom.engine.accounts import EXTRACTION
from factloom.schemas.records import Episode, Status

from .chat_service import ChatStandIn, completion, error, fact
from .conftest import MONDAY

MOVED = fact("I moved to Lisbon", "ana", "MOVED_TO", "Lisbon", types=("person", "place"), text="ana moved to Lisbon.")
Open = Callable[..., Memory]


def episode_of(memory: Memory, id_: str) -> Episode:
    record = memory.get(id_)
    assert isinstance(record, Episode)
    return record


def test_what_is_added_is_learned_with_its_source(open_memory: Open, service: ChatStandIn) -> None:
    service.knows["I moved to Lisbon last Friday!"] = [
        MOVED | {"time_words": "last Friday", "valid_from": "2025-04-11"}
    ]
    memory = open_memory()
    result = memory.add("I moved to Lisbon last Friday!", user_id="ana", time=MONDAY)
    hit = memory.search("where does she live?", user_id="ana", predicates=["LIVES_IN"])[0]
    assert hit.text == "Ana lives in Lisbon."
    assert [source.content for source in hit.sources] == ["I moved to Lisbon last Friday!"]
    moved = next(found for found in result.added if found.predicate == "MOVED_TO")
    assert moved.valid_at == MONDAY.replace(day=11, hour=0)
    assert moved.metadata["extractor"] == "openai/reader"
    assert result.episodes[0].status is Status.DONE


def test_what_it_cost_is_on_the_episode_and_not_on_the_facts(open_memory: Open, service: ChatStandIn) -> None:
    service.knows["I moved to Lisbon"] = [MOVED, MOVED | {"evidence": "never said"}]
    memory = open_memory(prompt_price=2.5, answer_price=10.0)
    result = memory.add("I moved to Lisbon", user_id="ana", metadata={"topic": "home"})
    told = episode_of(memory, result.episodes[0].id).metadata
    assert told["topic"] == "home"
    assert told[EXTRACTION]["usage"] == {"prompt_tokens": 1000, "completion_tokens": 50, "cost": 0.003}
    assert told[EXTRACTION]["notes"] == ["fact 2 was left out: its evidence does not stand in the message"]
    for stored in memory.get_all(user_id="ana"):
        assert stored.metadata["topic"] == "home"
        assert EXTRACTION not in stored.metadata


def test_a_failure_waits_with_its_reason_and_is_made_good_by_retry(open_memory: Open, service: ChatStandIn) -> None:
    service.script = [completion("I'd rather not.")]
    service.knows["I moved to Lisbon"] = [MOVED]
    memory = open_memory()
    result = memory.add("I moved to Lisbon", user_id="ana")
    assert memory.get_all(user_id="ana") == []
    (waiting,) = memory.pending(user_id="ana")
    assert waiting.error is not None
    assert "cannot be used" in waiting.error
    assert (waiting.status, waiting.attempts) == (Status.PENDING, 1)
    assert "cannot be used" in result.pending[0].reason
    assert memory.search("Lisbon", user_id="ana")[0].text == "I moved to Lisbon", "it is found all the same"

    again = memory.retry(user_id="ana")
    assert {stored.predicate for stored in again.added} == {"MOVED_TO", "LIVES_IN"}
    assert memory.pending(user_id="ana") == []
    done = episode_of(memory, waiting.id)
    assert (done.status, done.error) == (Status.DONE, None)
    assert done.metadata[EXTRACTION]["usage"]["prompt_tokens"] == 2000, "both attempts are paid for"


def test_what_was_taken_back_before_it_could_be_read_is_not_learned_later(
    open_memory: Open, service: ChatStandIn
) -> None:
    service.script = [completion("I'd rather not.")]
    service.knows["I moved to Lisbon"] = [MOVED]
    memory = open_memory()
    memory.add("I moved to Lisbon", user_id="ana", session="s")
    assert len(memory.pending(user_id="ana")) == 1
    memory.add("Just kidding!", user_id="ana", session="s")
    assert memory.pending(user_id="ana") == []
    memory.retry(user_id="ana")
    assert memory.get_all(user_id="ana") == []


def test_one_message_that_fails_does_not_hold_up_the_others(open_memory: Open, service: ChatStandIn) -> None:
    def says(body: dict[str, Any]) -> Any:
        data = json.loads(body["messages"][1]["content"])
        asked = [row for row in data["conversation"] if row["id"] in data["read"]]
        if any("awful" in row["text"] for row in asked):
            return completion(None, refusal="I can't help with that.")
        return completion(json.dumps({"facts": [MOVED | {"message": asked[0]["id"]}]}))

    service.says = says
    memory = open_memory()
    messages = [{"role": "user", "content": text} for text in ("I moved to Lisbon", "Something awful")]
    result = memory.add(messages, user_id="ana")
    assert {stored.predicate for stored in result.added} == {"MOVED_TO", "LIVES_IN"}
    (waiting,) = memory.pending(user_id="ana")
    assert waiting.content == "Something awful"
    assert [episode.status for episode in result.episodes] == [Status.DONE, Status.PENDING]


def test_a_service_that_is_away_loses_nothing(open_memory: Open, service: ChatStandIn) -> None:
    service.script = [error(401, "Incorrect API key provided")] * 3
    memory = open_memory()
    memory.add([{"role": "user", "content": f"turn {n}"} for n in range(20)], user_id="ana")
    waiting = memory.pending(user_id="ana")
    assert len(waiting) == 20
    assert all("api_key" in (episode.error or "") for episode in waiting)


def test_the_offline_extractor_reads_what_the_service_could_not(open_memory: Open, service: ChatStandIn) -> None:
    service.knows["I moved to Lisbon"] = [MOVED]
    memory = open_memory(fallback="offline")
    memory.add("I moved to Lisbon", user_id="ana")
    service.script = [error(500, "The server had an error")]
    result = memory.add("I work for Studio Corvina.", user_id="ana")
    by_predicate = {stored.predicate: stored for stored in memory.get_all(user_id="ana")}
    assert by_predicate["MOVED_TO"].metadata["extractor"] == "openai/reader"
    assert by_predicate["WORKS_FOR"].metadata["extractor"].startswith("offline/")
    assert memory.pending(user_id="ana") == []
    told = episode_of(memory, result.episodes[0].id).metadata[EXTRACTION]
    assert told["extractor"].startswith("offline/")
    assert "failed (500)" in told["notes"][0]


def test_what_is_known_and_what_was_said_before_is_told(open_memory: Open, service: ChatStandIn) -> None:
    service.knows["My sister Bea is here"] = [
        fact(
            "My sister Bea",
            "ana",
            "HAS_SISTER",
            "Bea",
            types=("person", "person"),
            aliases=([], ["ana's sister"]),
            text="ana's sister is called Bea.",
        )
    ]
    memory = open_memory(previous_turns=1)
    for minute, text in enumerate(["Good morning", "My sister Bea is here", "my sister likes tea"]):
        memory.add(text, user_id="ana", time=MONDAY + timedelta(minutes=minute))
    data = service.data()
    assert [row["text"] for row in data["conversation"]] == ["My sister Bea is here", "my sister likes tea"]
    assert {"name": "Bea", "type": "person", "aliases": ["ana's sister"]} in data["known_entities"]


def test_what_factloom_put_into_a_prompt_is_neither_sent_nor_learned(open_memory: Open, service: ChatStandIn) -> None:
    service.knows["I moved to Lisbon"] = [MOVED]
    memory = open_memory()
    memory.add("I moved to Lisbon", user_id="ana", time=MONDAY)
    block = memory.context("where does ana live?", user_id="ana").text
    assert "Lisbon" in block

    service.says = lambda body: completion(json.dumps({"facts": [MOVED | {"evidence": "ana moved to Lisbon."}]}))
    memory.add(f"{block}\nThanks for that", user_id="ana", time=MONDAY + timedelta(minutes=5))
    (sent,) = [row["text"] for row in service.data()["conversation"] if row["id"] in service.data()["read"]]
    assert "Lisbon" not in sent
    assert all(stored.support == 1 for stored in memory.get_all(user_id="ana"))

    memory.add("Good night", user_id="ana", time=MONDAY + timedelta(minutes=6))
    earlier = [row["text"] for row in service.data()["conversation"]]
    assert not any("factloom-memory" in text for text in earlier), "nor as an earlier turn"


def test_forgetting_an_episode_takes_its_account_along(open_memory: Open, service: ChatStandIn, tmp_path: Path) -> None:
    service.knows["I moved to Lisbon"] = [MOVED, MOVED | {"evidence": "never said"}]
    memory = open_memory()
    result = memory.add("I moved to Lisbon", user_id="ana")
    memory.delete(result.episodes[0].id)
    memory.close()
    assert b"never said" not in (tmp_path / "memory.db").read_bytes()
    assert b"does not stand" not in (tmp_path / "memory.db").read_bytes()


def test_another_spaces_entities_are_never_told(open_memory: Open, service: ChatStandIn) -> None:
    memory = open_memory()
    memory.add_facts([("Bob", "LIKES", "Secret Club")], user_id="bob")
    memory.add("Do you know the Secret Club?", user_id="ana")
    assert service.data()["known_entities"] == []


def test_settings_reach_the_service(open_memory: Open, service: ChatStandIn) -> None:
    memory = open_memory(batch=1, max_answer_tokens=321, api_key="sk-other", model="some-model")
    memory.add([{"role": "user", "content": text} for text in ("one", "two")], user_id="ana")
    assert len(service.requests) == 2
    for request in service.requests:
        assert (request["max_tokens"], request["key"]) == (321, "Bearer sk-other")
        assert request["model"] == "some-model"
    assert "sk-other" not in repr(memory.settings)


def test_an_edit_is_read_by_the_model_too(open_memory: Open, service: ChatStandIn) -> None:
    memory = open_memory()
    (made,) = memory.add_facts([("ana", "LIVES_IN", "Lisbon")], user_id="ana").added
    service.knows["ana lives in Porto now."] = [
        fact("ana lives in Porto now.", "ana", "LIVES_IN", "Porto", types=("person", "place"))
    ]
    changed = memory.update(made.id, "ana lives in Porto now.")
    place = memory.get(changed.object_id)
    assert (changed.predicate, getattr(place, "name", None)) == ("LIVES_IN", "Porto")

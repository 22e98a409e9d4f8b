"""Memory.cypher: what a query sees, whose it is, and that it follows what changes."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import factloom.graph.cypher.projection as projection
from factloom import AsyncMemory, Memory, SpaceSet, load_settings
from factloom.schemas.errors import ConfigurationError, InvalidInputError, QueryError, QueryTimeoutError

LIVES = "MATCH (p:Person)-[r:LIVES_IN]->(x) RETURN p.name AS who, x.name AS place ORDER BY who, place"


def rows(memory: Memory, query: str, parameters: dict[str, Any] | None = None, **where: Any) -> list[Any]:
    return [row[0] if len(row) == 1 else row for row in memory.cypher(query, parameters, **where).rows]


def test_current_facts_are_edges_and_all_facts_are_nodes(memory: Memory, clock: Any) -> None:
    memory.add("I | LIVES_IN | Lisbon", user_id="ana", name="Ana")
    clock.pass_(days=10)
    memory.add("I | LIVES_IN | Porto", user_id="ana", name="Ana")

    assert rows(memory, LIVES, user_id="ana") == [("Ana", "Porto")]
    facts = "MATCH (f:Fact)-[:OBJECT]->(x:Place) RETURN x.name AS place, f.invalid_at AS until ORDER BY place"
    assert rows(memory, facts, user_id="ana") == [("Lisbon", clock.now), ("Porto", None)]
    newer = "MATCH (:Fact)-[:SUPERSEDED_BY]->(f:Fact)-[:STATED_IN]->(e:Episode) RETURN e.content AS words"
    assert rows(memory, newer, user_id="ana") == ["I | LIVES_IN | Porto"]


def test_an_edge_ends_with_its_fact_though_nobody_writes(memory: Memory, clock: Any) -> None:
    soon = clock.now + timedelta(days=3)
    memory.add_facts([{"subject": "Ana", "predicate": "VISITS", "object": "Rui", "expires_at": soon}], user_id="ana")
    visits = "MATCH ()-[r:VISITS]->() RETURN r.text AS text"

    assert rows(memory, visits, user_id="ana") == ["Ana visits Rui."]
    clock.pass_(days=3)
    assert rows(memory, visits, user_id="ana") == []
    clock.pass_(days=-2)
    assert rows(memory, visits, user_id="ana") == ["Ana visits Rui."]


def test_messages_follow_each_other_within_their_session(memory: Memory, clock: Any) -> None:
    for session, words in (("s", "one"), ("t", "other"), ("s", "two"), ("s", "three")):
        clock.pass_(minutes=1)
        memory.add(words, user_id="ana", session=session)

    following = "MATCH (a:Episode)-[:NEXT]->(b:Episode) RETURN a.content AS a, b.content AS b ORDER BY a.occurred_at"
    assert rows(memory, following, user_id="ana") == [("one", "two"), ("two", "three")]
    sessions = (
        "MATCH (e:Episode)-[:IN_SESSION]->(s:Session) RETURN s.name AS s, s.space AS space, count(*) AS n ORDER BY s"
    )
    assert rows(memory, sessions, user_id="ana") == [("s", "user/ana", 3), ("t", "user/ana", 1)]


def test_only_the_readable_spaces_exist(open_memory: Callable[..., Memory]) -> None:
    memory = open_memory()
    memory.add("I | LIVES_IN | Lisbon", user_id="ana", name="Ana")
    memory.add("I | LIVES_IN | Faro", user_id="rui", name="Rui")
    memory.add("I | LIVES_IN | Leeds", space="team/x", name="Nadia")
    confined = open_memory(spaces=["user/ana", "team/x"])

    assert rows(memory, LIVES) == [("Ana", "Lisbon"), ("Nadia", "Leeds"), ("Rui", "Faro")]
    assert rows(memory, LIVES, user_id="rui") == [("Rui", "Faro")]
    assert rows(memory, LIVES, spaces=["user/ana", "user/rui"]) == [("Ana", "Lisbon"), ("Rui", "Faro")]
    assert rows(memory, LIVES, spaces=[]) == []
    assert rows(confined, LIVES) == [("Ana", "Lisbon"), ("Nadia", "Leeds")]
    assert rows(confined, LIVES, spaces=SpaceSet.everything()) == [("Ana", "Lisbon"), ("Nadia", "Leeds")]
    everything = "MATCH (n) RETURN DISTINCT n.space AS space ORDER BY space"
    assert rows(confined, everything, {"spaces": ["user/rui"]}) == ["team/x", "user/ana"]
    assert rows(confined, "RETURN $spaces AS s") == [["team/x", "user/ana"]]
    assert rows(confined, LIVES, user_id="rui") == []


def test_labels_beside_the_one_that_names_the_space_narrow(memory: Memory) -> None:
    memory.add("Ana | LIKES | tea", user_id="ana", agent_id="juno")
    memory.add("Ana | LIKES | coffee", user_id="ana", agent_id="scout")

    likes = "MATCH ()-[:LIKES]->(x) RETURN x.name AS what ORDER BY what"
    assert rows(memory, likes, user_id="ana") == ["coffee", "tea"]
    assert rows(memory, likes, user_id="ana", agent_id="juno") == ["tea"]
    agents = "MATCH (n) WHERE n:Fact OR n:Episode RETURN DISTINCT n.agent_id AS agent"
    assert rows(memory, agents, user_id="ana", agent_id="juno") == ["juno"]


def test_a_query_follows_every_write_and_reads_again_only_then(
    open_memory: Callable[..., Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, other = open_memory(), open_memory()
    reads: list[int] = []
    read_projection = projection.read_projection
    monkeypatch.setattr(projection, "read_projection", lambda *a, **k: (reads.append(1), read_projection(*a, **k))[1])
    facts = "MATCH (f:Fact) RETURN f.text AS text ORDER BY text"

    memory.add("Ana | LIKES | tea", user_id="ana")
    assert rows(memory, facts, user_id="ana") == rows(memory, facts, user_id="ana") == ["Ana likes tea."]
    assert len(reads) == 1
    other.add("Ana | LIKES | coffee", user_id="ana")
    assert rows(memory, facts, user_id="ana") == ["Ana likes coffee.", "Ana likes tea."]
    (tea,) = [fact for fact in memory.get_all(user_id="ana") if fact.text == "Ana likes tea."]
    other.delete(tea.id)
    assert rows(memory, facts, user_id="ana") == ["Ana likes coffee."]
    assert len(reads) == 3
    memory.reset()
    assert rows(memory, facts, user_id="ana") == []


def test_history_is_there_with_its_reasons(memory: Memory) -> None:
    memory.add("Ana | LIKES | tea", user_id="ana", actor="juno")
    (fact,) = memory.get_all(user_id="ana")
    memory.update(fact.id, object="green tea", reason="more exactly", actor="ana")

    query = (
        "MATCH (c:Change {target_id: $id}) RETURN c.action AS action, c.actor AS actor, c.reason AS why ORDER BY c.at"
    )
    changes = rows(memory, query, {"id": fact.id}, user_id="ana")

    assert ("added", "juno", "") in changes
    assert ("updated", "ana", "more exactly") in changes


def test_the_present_is_the_memorys(memory: Memory, clock: Any) -> None:
    assert rows(memory, "RETURN $now AS now") == [clock.now]
    assert rows(memory, "RETURN $now AS now", {"now": 3}) == [3]


def test_bounds_come_from_the_settings_and_from_the_call(open_memory: Callable[..., Memory]) -> None:
    memory = open_memory(settings={"cypher": {"limit": 2, "timeout": 0.2}})
    numbers = "UNWIND range(1, 5) AS x RETURN x"
    slow = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS n"

    assert rows(memory, numbers) == [1, 2]
    assert memory.cypher(numbers).truncated
    assert rows(memory, numbers, limit=4) == [1, 2, 3, 4]
    with pytest.raises(QueryTimeoutError, match=r"0\.2 s"):
        memory.cypher(slow)
    with pytest.raises(QueryTimeoutError, match=r"0\.3 s"):
        memory.cypher(slow, timeout=0.3)


def test_more_than_may_be_read_into_memory_is_refused_before_it_is_read(open_memory: Callable[..., Memory]) -> None:
    memory = open_memory(settings={"cypher": {"max_records": 3}})
    memory.add("one", user_id="rui")
    memory.add(["one", "two", "three", "four"], user_id="ana")

    assert rows(memory, "MATCH (e:Episode) RETURN count(e) AS n", user_id="rui") == [1]
    with pytest.raises(InvalidInputError, match=r"4 records, and Cypher reads at most 3.*cypher\.max_records"):
        memory.cypher("RETURN 1 AS one", user_id="ana")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"query": 7}, "must be a string"),
        ({"query": "RETURN 1 AS one", "parameters": ["x"]}, "must be a mapping"),
        ({"query": "RETURN 1 AS one", "parameters": {"a b": 1}}, "'a b'"),
        ({"query": "RETURN 1 AS one", "parameters": {1: 1}}, "parameter name 1"),
        ({"query": "RETURN 1 AS one", "limit": 0}, "limit"),
        ({"query": "RETURN 1 AS one", "limit": 2.5}, "limit"),
        ({"query": "RETURN 1 AS one", "timeout": 0}, "timeout"),
        ({"query": "RETURN 1 AS one", "timeout": float("inf")}, "timeout"),
        ({"query": "RETURN 1 AS one", "timeout": "1"}, "timeout"),
        ({"query": "CREATE (n:Fact)"}, "would write"),
        ({"query": "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l"}, "LOAD CSV"),
    ],
)
def test_wrong_arguments_are_named(memory: Memory, arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        memory.cypher(**arguments)


def test_a_wrong_query_is_an_error_about_the_query(memory: Memory) -> None:
    with pytest.raises(QueryError, match="cannot be run"):
        memory.cypher("MATCH (n RETURN n")


def test_types_become_labels(memory: Memory) -> None:
    facts = [("fact", "Fact"), ("meeting place", "MeetingPlace"), ("3d model", "3dModel"), ("???", "")]
    given = [
        {"subject": f"s{i}", "predicate": "IS", "object": "x", "subject_type": t} for i, (t, _) in enumerate(facts)
    ]
    memory.add_facts(given, user_id="ana")

    labels = "MATCH (e:Entity) WHERE e.name STARTS WITH 's' RETURN labels(e) AS l ORDER BY e.name"
    assert rows(memory, labels, user_id="ana") == [
        ["Entity", "Fact_"],
        ["Entity", "MeetingPlace"],
        ["Entity", "_3dModel"],
        ["Entity"],
    ]
    assert rows(memory, "MATCH (f:Fact) RETURN count(f) AS n", user_id="ana") == [4]


def test_asyncio() -> None:
    settings = load_settings(embedder={"kind": "hashing"}, extractor={"kind": "none"})

    async def ask() -> tuple[tuple[Any, ...], ...]:
        async with AsyncMemory(":memory:", settings=settings) as memory:
            await memory.add("hello", user_id="ana")
            found = await asyncio.gather(*(memory.cypher("MATCH (e:Episode) RETURN e.content AS c") for _ in range(4)))
            return found[3].rows

    assert asyncio.run(ask()) == (("hello",),)


def test_a_missing_package_is_named(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kglite", None)
    with pytest.raises(ConfigurationError, match=r"factloom\[cypher\]"):
        memory.cypher("RETURN 1 AS one")


def test_the_embedded_engine_needs_no_driver_and_is_loaded_late() -> None:
    script = (
        "import sys; sys.modules['neo4j'] = None\n"
        "from factloom import Memory, load_settings\n"
        "settings = load_settings(embedder={'kind': 'hashing'}, extractor={'kind': 'none'})\n"
        "memory = Memory(':memory:', settings=settings)\n"
        "before = 'kglite' in sys.modules\n"
        "print(before, memory.cypher('MATCH (n) RETURN count(n) AS n').rows, 'kglite' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False ((0,),) True"

"""Near-equal names in documents: the graph leads from one to the other, and names of other things stay apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from tests.retrieval.clocked_memory import clocked_memory

from factloom import Memory
from factloom.retrieval.near_names import NEAR
from factloom.schemas.search import Hit

QUESTION = "Who directed The Long Voyage?"
FIRST = "The Long Voyage was made for Royal Harbour Pictures of Lisbon."
PLACES = ("Royal Harbour Pictures Lisbon", "Northern Granite Quarry Works")


@pytest.fixture
def memory() -> Iterator[Memory]:
    with clocked_memory() as made:
        yield made


def tell(memory: Memory, *, role: str) -> dict[str, Hit]:
    """One text names a studio, two more are about a near-equal and about another name; how each is found.

    By its words the latter fits better, and the facts nearest to the question are all in the first.
    """
    said = [FIRST, f"{PLACES[0]} hired Vasco in the spring.", f"{PLACES[1]} hired Vasco in the long spring."]
    added = memory.add([{"role": role, "content": text, "session": str(n)} for n, text in enumerate(said)], space="t")
    facts = [
        ("The Long Voyage", "directed for", "Royal Harbour Pictures of Lisbon"),
        (PLACES[0], "hired", "Vasco"),
        (PLACES[1], "hired", "Vasco"),
    ]
    given = [(fact, episode.id) for fact, episode in zip(facts, added.episodes, strict=True)]
    given += [
        (("The Long Voyage", f"was directed in week {n} by", f"a man of {n} years"), given[0][1]) for n in range(7)
    ]
    memory.add_facts(
        [
            {"subject": subject, "predicate": predicate, "object": object_, "episode_id": id_}
            for (subject, predicate, object_), id_ in given
        ],
        space="t",
    )
    found = memory.search(QUESTION, space="t", kinds=["episode"])
    return {hit.text: hit for hit in found}


def test_documents_are_found_by_a_near_equal_name(memory: Memory) -> None:
    embedder = memory._parts.embedder
    near, other = embedder.embed_documents(list(PLACES)) @ embedder.embed_documents([FIRST[26:-1]])[0]
    assert near > NEAR > other  # what the test rests on

    hits = tell(memory, role="document")
    near_hit, other_hit = (next(hit for text, hit in hits.items() if text.startswith(name)) for name in PLACES)
    assert near_hit.parts["graph"] > other_hit.parts["graph"]


def test_in_talk_names_are_taken_as_they_are(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    vectors = type(memory._parts.index).vectors
    monkeypatch.setattr(
        type(memory._parts.index), "vectors", lambda *args, **kw: (asked.append("vectors"), vectors(*args, **kw))[1]
    )
    tell(memory, role="user")
    assert asked == []


def test_entities_without_vectors_are_left_out(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        type(memory._parts.index), "vectors", lambda self, refs, **_: np.full((len(refs), 256), np.nan, np.float32)
    )
    hits = tell(memory, role="document")
    near_hit, other_hit = (next(hit for text, hit in hits.items() if text.startswith(name)) for name in PLACES)
    assert near_hit.parts.get("graph", 0.0) <= other_hit.parts.get("graph", 0.0)

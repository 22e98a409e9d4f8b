"""Comparing what two stores hold: counts and checksums of a space, and where they begin to differ.

A checksum runs over canonical JSON in the order of storing, so that stores agree on it only if every field, vector,
term and change is the same and those that are ranked by age rank the same. Numbers of records may differ.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple, Protocol

import numpy as np

from factloom.schemas.ports import ChangeFeed, Exportable, GraphStore
from factloom.schemas.records import Entity, Episode, Fact, Record
from factloom.schemas.spaces import SpaceSet

PAGE: Final = 256
"""How many records are held at a time."""

PARTS: Final = {"entity": "entities", "episode": "episodes", "fact": "facts"}
"""Kinds in an order in which they can be stored, and what they are called in tallies."""

COMPARED: Final = ("episodes", "entities", "facts", "terms", "vectors", "history")


class CopyableStore(GraphStore, ChangeFeed, Exportable, Protocol):
    """A store that can be copied and compared."""


class Tally(Record):
    """How many of something a space holds, and the BLAKE2b checksum over all of them, in hex."""

    count: int = 0
    checksum: str = ""


class _Item(NamedTuple):
    """One record's share in a checksum."""

    part: str
    id: str
    amount: int
    text: bytes


def records_of(store: GraphStore, kind: str, refs: Sequence[int], space: str) -> Sequence[Episode | Entity | Fact]:
    """The records of ``kind`` with these refs, in this order; unknown ones are left out."""
    spaces = SpaceSet.of(space)
    if kind == "episode":
        return store.episodes(refs, spaces=spaces)
    return store.entities(refs, spaces=spaces) if kind == "entity" else store.facts(refs, spaces=spaces)


def pages_of(store: Exportable, kind: str, space: str) -> Iterator[list[int]]:
    """Refs of all records of ``kind``, in the order of storing, a page at a time."""
    refs = store.stored_refs(kind, space=space)
    for start in range(0, len(refs), PAGE):
        yield refs[start : start + PAGE].tolist()


def _canonical(record: Record) -> bytes:
    return json.dumps(record.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()


def _items(store: CopyableStore, space: str) -> Iterator[_Item]:
    """Everything in the space, part by part."""
    for kind, part in PARTS.items():
        for refs in pages_of(store, kind, space):
            for record in records_of(store, kind, refs, space):
                yield _Item(part, record.id, 1, _canonical(record))
            for entry in store.index_entries(kind, refs, space=space):
                if entry.terms:
                    counts = sorted(Counter(entry.terms).items())
                    yield _Item("terms", entry.id, len(entry.terms), json.dumps([entry.id, counts]).encode())
                if entry.vectors is not None and len(entry.vectors):
                    bits = entry.vectors.astype(np.dtype("<f4"), copy=False).tobytes()
                    yield _Item("vectors", entry.id, len(entry.vectors), f"{entry.id} {len(bits)} ".encode() + bits)
    position = 0
    while page := store.recorded(space, after=position, limit=PAGE):
        if not page.changes:
            return
        position = page.position
        for change in page.changes:
            yield _Item("history", change.id, 1, _canonical(change))


def tally(store: CopyableStore, space: str, *, on_record: Callable[[], None] = lambda: None) -> dict[str, Tally]:
    """Counts and checksums of the space, by what is counted; ``on_record`` is called for each record."""
    counts: Counter[str] = Counter()
    digests = {part: hashlib.blake2b(digest_size=16) for part in COMPARED}
    for item in _items(store, space):
        counts[item.part] += item.amount
        digests[item.part].update(len(item.text).to_bytes(8, "little") + item.text)
        if item.part in PARTS.values():
            on_record()
    return {part: Tally(count=counts[part], checksum=digests[part].hexdigest()) for part in COMPARED}


def first_difference(one: CopyableStore, other: CopyableStore, space: str, part: str) -> str | None:
    """The id of the first record, or change, in which the stores differ in ``part``; None when they do not any more."""

    def items(store: CopyableStore) -> Iterator[_Item]:
        return (item for item in _items(store, space) if item.part == part)

    for mine, theirs in zip_longest(items(one), items(other)):
        if mine != theirs:
            return (mine or theirs).id
    return None

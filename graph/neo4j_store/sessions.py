"""Sessions and NEXT: where new episodes belong among those of their sessions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from factloom.graph.neo4j_store.pending import Pending


class Place(NamedTuple):
    """Where a new episode belongs: in which session, after which stored one and before which (0: at an end)."""

    session: int
    occurred: int
    ref: int
    previous: int
    next: int


def link(pending: Pending, places: Iterable[Place]) -> None:
    """Link new episodes into their sessions, by ``occurred_at`` and then by ref.

    New ones that have the same stored one before them form a chain between it and the next stored one.
    """
    gaps: dict[tuple[int, int, int], list[Place]] = {}
    for place in places:
        gaps.setdefault((place.session, place.previous, place.next), []).append(place)
    for (_, previous, next_), chain in gaps.items():
        chain.sort(key=lambda place: (place.occurred, place.ref))
        if previous and next_:
            pending.add("unlink_episodes", {"ref": previous})
        refs = [previous, *(place.ref for place in chain), next_]
        for before, after in pairwise(refs):
            if before and after:
                pending.add("link_episodes", {"previous": before, "next": after})

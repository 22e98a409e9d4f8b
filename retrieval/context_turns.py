"""The turns before and after a passage, for a context: one read for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from factloom.schemas.queries import ExpandLimits, View
from factloom.schemas.records import Episode, Role

if TYPE_CHECKING:
    from factloom.schemas.ports import GraphReader
    from factloom.schemas.spaces import SpaceSet

_BESIDE: Final = ExpandLimits(window=1, hops=0, facts_per_entity=1, episodes_per_fact=1)
_NO_TALK: Final = frozenset({Role.DOCUMENT, Role.TOOL})


def turns_around(
    episodes: Sequence[Episode], *, store: GraphReader, spaces: SpaceSet, view: View
) -> dict[str, list[Episode]]:
    """The turn before and the turn after each of ``episodes``, by its id, as far as there are any.

    Documents and tool results have none: they merely lie side by side. With ``view.at``, none that was said later.
    """
    talk = [episode for episode in episodes if episode.role not in _NO_TALK]
    if not talk:
        return {}
    nodes = store.expand([episode.ref for episode in talk], spaces=spaces, view=view, limits=_BESIDE).episodes
    beside = {
        episode.id: [ref for ref in (nodes[episode.ref].previous, nodes[episode.ref].next) if ref in nodes]
        for episode in talk
        if episode.ref in nodes
    }
    wanted = list(dict.fromkeys(ref for refs in beside.values() for ref in refs))
    read = {episode.ref: episode for episode in store.episodes(wanted, spaces=spaces)}
    return {
        id: [
            read[ref]
            for ref in refs
            if ref in read and read[ref].role not in _NO_TALK and (view.at is None or read[ref].occurred_at <= view.at)
        ]
        for id, refs in beside.items()
    }

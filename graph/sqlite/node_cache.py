"""A cache of episodes as ranking sees them: questions about one space visit the same neighbourhoods again and again.

It holds nodes per space, each set for one sequence number of its space, which grows with every write there. A set for
an older number is dropped, so what is read here is what the store would give. Bounded by the number of nodes.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from factloom.schemas.ports import EpisodeNode

_MOST_NODES: Final = 100_000
"""About 40 MB; the spaces that were not read for longest go first."""

Nodes = dict[int, EpisodeNode]


class NodeCache:
    """Episode nodes by space and ref; safe to use from several threads."""

    def __init__(self, most_nodes: int = _MOST_NODES) -> None:
        self._most_nodes = most_nodes
        self._lock = Lock()
        self._spaces: OrderedDict[int, tuple[int, Nodes]] = OrderedDict()

    def nodes(self, space: int, sequence: int) -> Nodes:
        """The nodes known of ``space`` at this sequence number; the caller adds those that it reads.

        A reader whose snapshot is older than what is held gets a set of its own, which is not kept.
        """
        with self._lock:
            held = self._spaces.get(space)
            if held is not None and held[0] > sequence:
                return {}
            if held is None or held[0] < sequence:
                held = self._spaces[space] = (sequence, {})
            self._spaces.move_to_end(space)
            total = sum(len(nodes) for _, nodes in self._spaces.values())
            while total > self._most_nodes:
                _, (_, dropped) = self._spaces.popitem(last=False)
                total -= len(dropped)
            return held[1]

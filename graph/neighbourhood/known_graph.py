"""What was read of the graph: questions about the same spaces visit the same neighbourhoods again and again.

A `KnownGraph` belongs to one state of the spaces that are read, told by their sequence numbers, which grow with every
write there. `KnownGraphs` drops one for another state, so what is known is what the store would give.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable, Sequence
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from factloom.graph.neighbourhood.stored_facts import StoredFact, best_first
from factloom.schemas.ports import EntityNode, EpisodeNode

if TYPE_CHECKING:
    from factloom.schemas.queries import View

_MOST_NODES: Final = 100_000
"""About 55 MB where one node in six is a fact; the spaces that were not read for longest go first."""

MOST_SPACES: Final = 8
"""Spaces read together whose nodes are kept; who reads more hardly asks for the same twice."""


_DATED: Final = attrgetter("dated")


class KnownEntity:
    """An entity's node with the number of its facts without any end, and how many facts of it have one."""

    __slots__ = ("dated", "node")

    def __init__(self, node: EntityNode, dated: int) -> None:
        self.node = node
        self.dated = dated

    @property
    def facts(self) -> int:
        """How many facts there ever were about it."""
        return self.node.degree + self.dated


class Stated(NamedTuple):
    """The facts that an episode states, and whether any of them has, or had, an end."""

    facts: tuple[StoredFact, ...]
    dated: bool

    @classmethod
    def of(cls, facts: Iterable[StoredFact]) -> Stated:
        """These facts."""
        stated = tuple(facts)
        return cls(stated, any(map(_DATED, stated)))


STATES_NOTHING: Final = Stated((), False)
"""Of most episodes."""


class Best(NamedTuple):
    """An entity's best facts, best first, and whether these are all."""

    facts: tuple[StoredFact, ...]
    complete: bool

    @classmethod
    def of(cls, facts: Iterable[StoredFact], bound: int, entity: KnownEntity) -> Best:
        """The best ``bound`` of these facts; either end of the entity gave as many, so that no better is missing."""
        best = tuple(sorted(facts, key=best_first)[:bound])
        return cls(best, len(best) < bound or entity.facts <= len(best))

    def reaches(self, bound: int) -> bool:
        """Whether there are ``bound``, or all."""
        return self.complete or len(self.facts) >= bound


class Count(NamedTuple):
    """How many facts of an entity that have, or had, an end are seen at the present, from ``since`` until ``until``.

    In microseconds since 1970; None: for ever.
    """

    facts: int
    since: int
    until: int | None

    def holds(self, now: int) -> bool:
        """Whether as many are seen then."""
        return self.since <= now and (self.until is None or now < self.until)


class GraphSource(Protocol):
    """Reads from a store into a `KnownGraph` what is missing there.

    ``given``: these are what the caller asks about, so only what is in a readable space is read; everything else
    follows links, none of which leads from one space to another. What does not exist is left out. A source may also
    note what is missing, read it all together, and have the walk begin again (`factloom.graph.neo4j_store.expansion`).
    """

    def read_episodes(self, refs: Collection[int], *, given: bool, further: bool) -> None:
        """Episodes into ``episodes``. ``further``: what they state and what is next to them will be asked for too."""

    def read_facts(self, refs: Collection[int]) -> None:
        """Given facts into ``facts``."""

    def read_entities(self, refs: Collection[int], *, given: bool) -> None:
        """Entities into ``entities``."""

    def read_stated(self, refs: Collection[int]) -> None:
        """What these episodes state, into ``stated``, whatever a view sees of it."""

    def read_best(self, refs: Collection[int], bound: int, *, hops: int) -> None:
        """The best ``bound`` facts about entities, or all, into ``best``, whatever a view sees of them.

        ``hops``: how many more lead on from these facts.
        """

    def best_seen(self, refs: Collection[int], bound: int, view: View) -> dict[int, tuple[StoredFact, ...]]:
        """By entity, the best ``bound`` facts about it that ``view`` sees."""

    def count_facts(self, refs: Collection[int], view: View) -> dict[int, int]:
        """By entity, how many facts about it ``view`` sees: those with any kind of end; at a time, of all."""


class KnownGraph:
    """Nodes by ref, the facts that an episode states, and those about an entity; what is missing a source reads.

    Every fact is known with its newest ``sources`` episodes. Threads may share one: what they add is the same.
    ``counts`` and ``absent`` (refs that were asked for and are not there) are for sources that note what is missing.
    """

    def __init__(self, sources: int) -> None:
        self.sources = sources
        self.episodes: dict[int, EpisodeNode] = {}
        self.facts: dict[int, StoredFact] = {}
        self.entities: dict[int, KnownEntity] = {}
        self.stated: dict[int, Stated] = {}
        self.best: dict[int, Best] = {}
        self.counts: dict[int, Count] = {}
        self.absent: set[int] = set()

    @property
    def size(self) -> int:
        """How many nodes are held."""
        return len(self.episodes) + len(self.facts) + len(self.entities)

    def missing(self, refs: Iterable[int]) -> list[int]:
        """Those of ``refs`` of which no node is held."""
        episodes, facts, entities = self.episodes, self.facts, self.entities
        return [ref for ref in refs if ref not in episodes and ref not in facts and ref not in entities]

    def find_entities(self, source: GraphSource, refs: Iterable[int], *, given: bool = False) -> dict[int, KnownEntity]:
        """The entities among ``refs``."""
        wanted, known = list(refs), self.entities
        missing = [ref for ref in wanted if ref not in known]
        if missing:
            source.read_entities(missing, given=given)
        return {ref: known[ref] for ref in wanted if ref in known}

    def stated_in(self, source: GraphSource, refs: Iterable[int]) -> dict[int, Stated]:
        """By episode, the facts that it states; those that state none are left out."""
        known = self.stated
        wanted = list(refs)
        missing = [ref for ref in wanted if ref not in known]
        if missing:
            source.read_stated(missing)
        return {ref: stated for ref in wanted if ref in known and (stated := known[ref]).facts}

    def best_about(self, source: GraphSource, refs: Sequence[int], bound: int, *, hops: int) -> dict[int, Best]:
        """By entity, at least ``bound`` of the facts about it, whether they are over or not; all if there are fewer.

        Of a hub no more are read than that: the indexes are in this order. ``hops``: how many more follow.
        """
        known = self.best
        missing = [ref for ref in refs if (best := known.get(ref)) is None or not best.reaches(bound)]
        if missing:
            source.read_best(missing, bound, hops=hops)
        return {ref: known[ref] for ref in refs if ref in known}


class KnownGraphs:
    """What is known, by spaces read together and by how many newest episodes their facts have; for several threads."""

    def __init__(self, most_nodes: int = _MOST_NODES) -> None:
        self._most_nodes = most_nodes
        self._lock = Lock()
        self._held: OrderedDict[Hashable, tuple[Hashable, KnownGraph]] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}  # as of when they were last looked at
        self._nodes = 0
        self._asked_last: Hashable = None

    def graph(self, spaces: Hashable, state: Hashable, sources: int) -> KnownGraph:
        """What is known of ``spaces`` in this state of theirs; the caller adds to it, what is read in this state only.

        A graph of another state is dropped: nearly always it is the older one.
        """
        key = (spaces, sources)
        with self._lock:
            held = self._held.get(key)
            if held is None or held[0] != state:
                held = self._held[key] = (state, KnownGraph(sources))
            self._held.move_to_end(key)
            for grown in (self._asked_last, key):  # a graph grows after it was asked for, and only then
                self._look_at(grown)
            self._asked_last = key
            while self._nodes > self._most_nodes:
                dropped, _ = self._held.popitem(last=False)
                self._nodes -= self._sizes.pop(dropped, 0)
            return held[1]

    def _look_at(self, key: Hashable) -> None:
        """Count the nodes of one graph anew; to count all of a hundred would take longer than a walk's step."""
        if key in self._held:
            size = self._held[key][1].size
            self._nodes += size - self._sizes.get(key, 0)
            self._sizes[key] = size

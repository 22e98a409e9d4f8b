"""The walk: the neighbourhood of some records, one set-based question per step for what is not known yet.

1. The episodes given, from them ``window`` steps along NEXT either way, and the episodes of the facts given.
2. The facts given, those that these episodes state, and the best facts of the entities given.
3. ``hops`` times: the entities at the ends of the facts found last, and their best facts.
4. Around all facts: their newest episodes and the entities at both ends.

An episode states at most ``facts_per_entity`` of its facts here, chosen as an entity's are: by support, then newest,
then ref. Only the given refs are checked against the readable spaces: no link leads from one to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from itertools import chain
from operator import attrgetter
from typing import Final

from factloom.graph.neighbourhood.known_graph import GraphSource, KnownEntity, KnownGraph, Stated
from factloom.graph.neighbourhood.stored_facts import Sight, StoredFact, best_first
from factloom.schemas.ports import EntityNode, EpisodeNode, FactNode, Neighbourhood
from factloom.schemas.queries import ExpandLimits, View

_PREVIOUS: Final = attrgetter("previous")
_NEXT: Final = attrgetter("next")
_STATED_IN: Final = attrgetter("episodes")
_DATED: Final = attrgetter("dated")
_SPARE: Final = 4


def facts_read(limits: ExpandLimits) -> int:
    """How many of a hub's best facts are read: some to spare, as what is over counts among them, but is not seen."""
    return limits.facts_per_entity + min(limits.facts_per_entity, _SPARE)


class _Walk:
    """What one walk has found so far."""

    def __init__(self, known: KnownGraph, source: GraphSource, view: View, limits: ExpandLimits) -> None:
        self._known = known
        self._source = source
        self._limits = limits
        self._view = view
        self._sight = Sight(view)
        self.episodes: dict[int, EpisodeNode] = {}
        self.facts: dict[int, FactNode] = {}
        self.entities: set[int] = set()
        self._looked_at: set[int] = set()
        self._over: dict[int, list[FactNode]] = {}
        self._current: set[int] = set()

    # --- episodes ---

    def add_episodes(self, refs: Iterable[int], *, given: bool = False, further: bool = True) -> list[EpisodeNode]:
        """Take in episodes that are not here yet. A ref may be 0 for none."""
        known, episodes = self._known.episodes, self.episodes
        fresh = set(refs).difference(episodes)
        fresh.discard(0)
        missing = fresh.difference(known)
        if missing:
            self._source.read_episodes(missing, given=given, further=further)
            fresh.difference_update([ref for ref in missing if ref not in known])
        found = {ref: known[ref] for ref in fresh}
        episodes.update(found)
        return list(found.values())

    def follow_next(self, start: list[EpisodeNode]) -> None:
        """Follow NEXT both ways for ``window`` steps."""
        frontier = start
        for _ in range(self._limits.window):
            frontier = self.add_episodes([*map(_PREVIOUS, frontier), *map(_NEXT, frontier)])

    # --- what is over ---

    def _seen(self, episode: int, stated: Stated) -> Sequence[StoredFact]:
        """The facts stated that the view sees; those that are over are noted."""
        seen = [fact for fact in stated.facts if self._sight.sees(fact)]
        if stated.dated and not self._view.history:
            over = [fact.node for fact in stated.facts if self._sight.is_over(fact)]
            if over:
                self._over[episode] = over
                if seen:
                    self._current.add(episode)
        return seen

    def look_for_over(self) -> None:
        """Find what is over of that which episodes state that were found since ``add_facts_of_episodes``."""
        late = self.episodes.keys() - self._looked_at
        if late and not self._view.history:
            for episode, stated in self._known.stated_in(self._source, late).items():
                if stated.dated:
                    self._seen(episode, stated)

    @property
    def over(self) -> dict[int, tuple[FactNode, ...]]:
        """By episode, the facts that it states and that ended before the time of the view."""
        bound = self._limits.facts_per_entity
        return {episode: tuple(sorted(facts)[:bound]) for episode, facts in sorted(self._over.items())}

    @property
    def stale(self) -> frozenset[int]:
        """Those of the episodes in ``over`` that state no fact that is in the view."""
        return frozenset(self._over.keys() - self._current)

    # --- facts ---

    def _keep(self, facts: Iterable[StoredFact]) -> list[FactNode]:
        kept = {fact.node.ref: fact.node for fact in facts if fact.node.ref not in self.facts}
        self.facts.update(kept)
        return list(kept.values())

    def add_facts(self, refs: Sequence[int]) -> list[FactNode]:
        """Take in the facts among the given ``refs``, as far as the view sees them."""
        known = self._known
        unknown = known.missing(refs)
        if unknown:
            self._source.read_facts(unknown)
        given = [known.facts[ref] for ref in refs if ref in known.facts]
        return self._keep(self._in_view(given))

    def add_facts_of_episodes(self, episodes: Iterable[int]) -> list[FactNode]:
        """Take in the best facts that each episode states, and note what is over of that."""
        self._looked_at = set(episodes)
        bound, at_present = self._limits.facts_per_entity, self._view.at is None
        found: list[StoredFact] = []
        for episode, stated in self._known.stated_in(self._source, self._looked_at).items():
            seen = stated.facts if at_present and not stated.dated else self._seen(episode, stated)
            found += seen if len(seen) <= bound else nsmallest(bound, seen, key=best_first)
        return self._keep(found)

    def _in_view(self, facts: Sequence[StoredFact]) -> Sequence[StoredFact]:
        """Those of the facts that the view sees."""
        if self._view.at is None and not any(map(_DATED, facts)):
            return facts
        return list(filter(self._sight.sees, facts))

    def add_facts_of_entities(self, entities: Mapping[int, KnownEntity], hops: int) -> list[FactNode]:
        """Take in the best facts of each entity, of a hub no more than the bound; ``hops`` more follow."""
        bound = self._limits.facts_per_entity
        found: list[StoredFact] = []
        hidden: list[int] = []
        for ref, best in self._known.best_about(
            self._source, list(entities), facts_read(self._limits), hops=hops
        ).items():
            seen = self._in_view(best.facts)[:bound]
            if len(seen) == bound or best.complete:
                found += seen
            else:
                hidden.append(ref)
        if hidden:  # hubs most of whose best facts the view does not see
            found += chain.from_iterable(self._source.best_seen(hidden, bound, self._view).values())
        return self._keep(found)

    # --- entities ---

    def entity_nodes(self) -> dict[int, EntityNode]:
        """All entities found, by ref, with the number of facts about each that the view sees.

        Facts without any end are counted already. Those with one are counted here; at another time than the present,
        all are.
        """
        known = self._known.find_entities(self._source, sorted(self.entities))
        if self._view.history and self._view.at is None:
            return {ref: entity.node._replace(degree=entity.facts) for ref, entity in known.items()}
        nodes = {ref: entity.node for ref, entity in known.items()}
        at_a_time = self._view.at is not None
        counted = [ref for ref, entity in known.items() if at_a_time or entity.dated]
        if counted:
            for ref, count in self._source.count_facts(counted, self._view).items():
                node = nodes[ref]
                nodes[ref] = node._replace(degree=count if at_a_time else node.degree + count)
        return nodes

    @property
    def size(self) -> int:
        """How many nodes have been found."""
        return len(self.episodes) + len(self.facts) + len(self.entities)


def walk(
    refs: Iterable[int], *, known: KnownGraph, source: GraphSource, view: View, limits: ExpandLimits
) -> Neighbourhood:
    """The neighbourhood of ``refs``, as the module's first lines say.

    ``known``: what was read before in the same state of the same spaces; ``source`` adds to it.
    """
    given = sorted(set(map(int, refs)))
    found = _Walk(known, source, view, limits)
    seeds = found.add_facts(given)
    others = [ref for ref in given if ref not in known.facts]
    found.follow_next(found.add_episodes([ref for ref in others if ref not in known.entities], given=True))
    entities = known.find_entities(source, [ref for ref in others if ref not in found.episodes], given=True)
    found.add_episodes(chain.from_iterable(map(_STATED_IN, seeds)))
    latest = seeds + found.add_facts_of_episodes(found.episodes)
    found.entities.update(entities)
    if entities:
        latest += found.add_facts_of_entities(entities, limits.hops)
    expanded = set(entities)
    for hop in range(limits.hops + 1):
        ends = {end for fact in latest for end in (fact.subject, fact.object)}
        found.entities |= ends
        fresh = ends - expanded
        if hop == limits.hops or not fresh or found.size > limits.nodes:
            break
        expanded |= fresh
        latest = found.add_facts_of_entities(known.find_entities(source, sorted(fresh)), limits.hops - hop - 1)
    found.add_episodes(chain.from_iterable(map(_STATED_IN, found.facts.values())), further=False)
    found.look_for_over()
    return Neighbourhood(
        episodes={ref: found.episodes[ref] for ref in sorted(found.episodes)},
        facts={ref: found.facts[ref] for ref in sorted(found.facts)},
        entities=found.entity_nodes(),
        over=found.over,
        stale_episodes=found.stale,
    )

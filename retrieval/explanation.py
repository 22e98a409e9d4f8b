"""Explanations: the way from where a search entered the graph to a hit, and what is no longer true about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

from factloom.retrieval.candidates import Candidates
from factloom.schemas.ports import FactNode, Neighbourhood
from factloom.schemas.records import Episode, Fact
from factloom.schemas.search import PathStep
from factloom.schemas.trusted import trusted

_MOST_STEPS: Final = 4
_MOST_VISITED: Final = 400
_LABEL: Final = 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Step(NamedTuple):
    """One step of a path, before the records are read: the edge taken (None at the seed) and the ref reached."""

    edge: str | None
    kind: str
    ref: int


class PathFinder:
    """Finds short ways through one neighbourhood, for all hits of a page.

    ``ways`` are those already known, by the ref of the fact that they lead to.
    """

    def __init__(self, found: Candidates, ways: Mapping[int, tuple[Step, ...]]) -> None:
        self._ways = ways
        self._found_by = found.seeds.found_by
        self._around = found.around
        self._named = {ref for ref, how in self._found_by.items() if how == "entity" and ref in self._around.entities}

    def path(self, kind: str, ref: int) -> tuple[Step, ...]:
        """From a seed to the record: for a fact about what the question names, from there; else from the nearest seed.

        A record that was itself found is its own path.
        """
        if ref in self._ways:
            return self._ways[ref]
        if kind == "fact" and self._named:
            fact = self._around.facts[ref]
            for edge, end in (("SUBJECT_OF", fact.subject), ("OBJECT_OF", fact.object)):
                if end in self._named:
                    return (Step(None, "entity", end), Step(edge, kind, ref))
        if ref in self._found_by:
            return (Step(None, kind, ref),)
        return self._search(kind, ref)

    @cached_property
    def _facts_of(self) -> dict[int, list[int]]:
        """Facts by their ends and episodes: built only for a hit that was not found directly."""
        facts: dict[int, list[int]] = {}
        for ref, node in self._around.facts.items():
            for end in node.episodes:
                facts.setdefault(end, []).append(ref)
            facts.setdefault(node.subject, []).append(ref)
            if node.object != node.subject:
                facts.setdefault(node.object, []).append(ref)
        return facts

    def _search(self, kind: str, ref: int) -> tuple[Step, ...]:
        """Breadth first from the record back to the nearest seed; equal ways by ref."""
        seeds = self._found_by
        if not seeds:
            return ()
        came_from: dict[int, tuple[str, int]] = {}
        kinds = {ref: kind}
        frontier = [ref]
        for _ in range(_MOST_STEPS):
            following: list[int] = []
            for at in frontier:
                for edge, other_kind, other in self._neighbours(kinds[at], at):
                    if other in kinds:
                        continue
                    kinds[other] = other_kind
                    came_from[other] = (edge, at)
                    following.append(other)
            reached = min((other for other in following if other in seeds), default=None)
            if reached is not None:
                return self._trace(reached, ref, kinds, came_from)
            if len(kinds) > _MOST_VISITED:
                return ()
            frontier = sorted(following)
        return ()

    @staticmethod
    def _trace(
        goal: int, ref: int, kinds: Mapping[int, str], came_from: Mapping[int, tuple[str, int]]
    ) -> tuple[Step, ...]:
        steps = [Step(None, kinds[goal], goal)]
        at = goal
        while at != ref:
            edge, at = came_from[at]
            steps.append(Step(edge, kinds[at], at))
        return tuple(steps)

    def _neighbours(self, kind: str, ref: int) -> Iterable[tuple[str, str, int]]:
        """(edge as walked towards ``ref``, kind, ref) of the records beside a record."""
        around = self._around
        if kind == "fact":
            node = around.facts[ref]
            yield "SUBJECT_OF", "entity", node.subject
            yield "OBJECT_OF", "entity", node.object
            yield from (("STATES", "episode", episode) for episode in node.episodes if episode in around.episodes)
        elif kind == "episode":
            yield from (("STATED_IN", "fact", fact) for fact in self._facts_of.get(ref, ()))
            node_ = around.episodes[ref]
            if node_.previous in around.episodes:
                yield "NEXT", "episode", node_.previous
            if node_.next in around.episodes:
                yield "PREVIOUS", "episode", node_.next
        else:
            for fact in self._facts_of.get(ref, ()):
                yield ("SUBJECT" if around.facts[fact].subject == ref else "OBJECT"), "fact", fact


def render_path(
    steps: tuple[Step, ...],
    around: Neighbourhood,
    facts: Mapping[int, Fact],
    episodes: Mapping[int, Episode],
    entity_ids: Mapping[int, str],
    found_by: Mapping[int, str],
) -> tuple[PathStep, ...]:
    """The path with ids and labels: an entity's name, a fact's sentence, the beginning of an episode.

    ``found_by``: how seeds were found, by ref.
    """
    rendered = []
    for step in steps:
        if step.kind == "entity":
            label, id = around.entities[step.ref].name, entity_ids.get(step.ref, "")
        elif step.kind == "fact" and step.ref in facts:
            label, id = facts[step.ref].text, facts[step.ref].id
        elif step.kind == "episode" and step.ref in episodes:
            label, id = shorten(episodes[step.ref].content), episodes[step.ref].id
        else:  # deleted between two reads
            continue
        how = found_by.get(step.ref, "") if step.edge is None else ""
        rendered.append(trusted(PathStep, edge=step.edge, kind=step.kind, id=id, label=label, found_by=how))
    return tuple(rendered)


def shorten(text: str, limit: int = _LABEL) -> str:
    """``text`` on one line, cut after a word where it is longer than ``limit`` characters."""
    beginning = text[: 8 * limit]  # of a long document, no more is looked at
    line = " ".join(beginning.split())
    if len(line) <= limit:
        return line if len(beginning) == len(text) else f"{line}…"
    return line[: limit - 1].rsplit(" ", 1)[0] + "…"


def fact_note(fact: Fact, now: datetime, present: datetime | None = None) -> str:
    """What is to be said about a fact that does not hold at ``now``; empty if it does.

    Retention runs until the ``present``, whatever time is asked about; default: ``now``.
    """
    if fact.expired_at is not None and fact.expired_at <= now:
        return f"corrected on {fact.expired_at:%Y-%m-%d}"
    if fact.invalid_at is not None and fact.invalid_at <= now:
        return f"no longer true (since {fact.invalid_at:%Y-%m-%d})"
    if fact.valid_at is not None and fact.valid_at > now:
        return f"from {fact.valid_at:%Y-%m-%d}"
    if fact.expires_at is not None and fact.expires_at <= (present or now):
        return f"kept until {fact.expires_at:%Y-%m-%d}"
    return ""


def episode_note(over: Iterable[FactNode], now: datetime, all_over: bool) -> str:
    """The note on an outdated episode: since when what it states is over, and whether all of it is."""
    ends = [
        min(end for end in (fact.invalid_at, fact.expired_at) if end is not None)
        for fact in over
        if fact.invalid_at is not None or fact.expired_at is not None
    ]
    what = "no longer true" if all_over else "partly no longer true"
    passed = [end for end in ends if end <= now.timestamp()]
    return f"{what} (since {_EPOCH + timedelta(seconds=max(passed)):%Y-%m-%d})" if passed else what

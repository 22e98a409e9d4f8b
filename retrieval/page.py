"""A page of hits: cut from the ranking, near-duplicates left out, records fetched in one batch, each hit explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from factloom.retrieval.analysis import analyse, document_text, words
from factloom.retrieval.candidates import Candidates
from factloom.retrieval.contradictions import TOLD_OTHERWISE, contradicted
from factloom.retrieval.diversity import PLACES, spread_out, words_said
from factloom.retrieval.explanation import PathFinder, Step, episode_note, fact_note, render_path
from factloom.retrieval.first_look import Scope
from factloom.retrieval.ranking import EPISODE_WEIGHTS, Ranking
from factloom.retrieval.staleness import ended_since
from factloom.schemas.queries import EpisodeQuery, ExpandLimits, FactQuery
from factloom.schemas.records import Category, Episode, Fact
from factloom.schemas.search import Hit, HitKind
from factloom.schemas.trusted import trusted

if TYPE_CHECKING:
    from factloom.schemas.ports import GraphReader, Refs, VectorIndex, Vectors

_SAME_WORDS: Final = 0.8
_NEGATIONS: Final = frozenset({"not", "no", "never", "nothing", "nobody", "none", "without", "stopped", "quit"})
_ARTICLES: Final = frozenset({"a", "an", "the"})
_SOURCES: Final = 4
_SPARE: Final = 3
_CHUNK: Final = 32
_ALONE: Final = ExpandLimits(window=0, hops=0, facts_per_entity=1, episodes_per_fact=1)


class Place(NamedTuple):
    """One place of the final order, before its records are read. ``position``: in the ranking, -1 beyond it.

    ``moved``: what changed the score after the ranking, and by how much: a reranker, repeating what stands before.
    """

    kind: HitKind
    ref: int
    score: float
    position: int
    moved: tuple[tuple[str, float], ...] = ()


class Second(NamedTuple):
    """A second opinion on the first ``places``: who has it, and one score per text, None where there is none."""

    name: str
    places: int
    opinions: Callable[[Sequence[str]], Sequence[float] | None]


class PageReader:
    """Reads pages of one ranking."""

    def __init__(
        self,
        store: GraphReader,
        index: VectorIndex,
        found: Candidates,
        ranking: Ranking,
        *,
        scope: Scope,
        queries: Vectors,
        ways: Mapping[int, tuple[Step, ...]],
    ) -> None:
        self._store = store
        self._index = index
        self._found = found
        self._ranking = ranking
        self._scope = scope
        self._queries = queries
        self._finder = PathFinder(found, ways)
        self._paths: dict[int, tuple[Step, ...]] = {}
        self._facts: dict[int, Fact] = {}
        self._episodes: dict[int, Episode] = {}
        self._entity_ids: dict[int, str] = {}
        self._stale = set(ranking.episodes.refs[ranking.stale].tolist())

    def page(
        self, limit: int, offset: int, *, second: Second | None = None, known: Set[str] | None = None
    ) -> tuple[list[Hit], bool]:
        """Hits ``offset`` to ``offset + limit``, and whether there are more.

        ``second`` reorders the first places, whatever page is read; then they are spread out among the items of a
        list, where ``known`` is what the question says itself (None: no list is asked for).
        """
        wanted = offset + limit + 1
        if second is not None:
            wanted = max(wanted, second.places)
        if known is not None:
            wanted = max(wanted, PLACES + 1)
        places = list(islice(self._without_repeats(chain(self._ranked(), self._tail()), wanted), wanted))
        if second is not None:
            places = self._reranked(places, second)
        if known is not None:
            places = self._spread_out(places, known)
        return self._hits(places[offset : offset + limit]), len(places) > offset + limit

    # --- the order -----------------------------------------------------------------------------------------------

    def _ranked(self) -> Iterator[Place]:
        ranking = self._ranking
        for i in range(len(ranking)):
            yield Place(ranking.kind(i), ranking.ref(i), float(ranking.scores[i]), i)

    def _tail(self) -> Iterator[Place]:
        """All other records by cosine alone, so that paging goes on where the candidates end."""
        ranking, scope = self._ranking, self._scope
        least = float(ranking.scores[-1]) if len(ranking) else np.inf
        known = {kind: self._known(kind) for kind in sorted(scope.kinds)}
        places: list[Place] = []
        for kind, refs in known.items():
            among = self._visible(kind)
            among = among[~np.isin(among, refs, assume_unique=True)]
            if not len(among):
                continue
            (hits,) = self._index.search(
                self._queries[-1:],
                kind=kind,
                spaces=scope.spaces,
                limit=len(among),
                among=among,
                sequences=scope.sequences,
            )
            for ref, cosine in zip(hits.refs.tolist(), hits.scores.tolist(), strict=True):
                score = min(least, EPISODE_WEIGHTS["vector"] * cosine)
                places.append(Place("fact" if kind == "fact" else "episode", ref, score, -1))
        places.sort(key=lambda place: (-place.score, place.kind != "fact", place.ref))
        yield from places

    def _known(self, kind: HitKind) -> Refs:
        return self._ranking.facts.refs if kind == "fact" else self._ranking.episodes.refs

    def _visible(self, kind: HitKind) -> Refs:
        among = self._scope.facts if kind == "fact" else self._scope.episodes
        if among is not None:
            return among
        query = FactQuery(view=self._scope.view) if kind == "fact" else EpisodeQuery()
        return self._store.select(query, spaces=self._scope.spaces)

    def _without_repeats(self, places: Iterator[Place], wanted: int) -> Iterator[Place]:
        """Leave out facts that say in other words what a better one about the same things says.

        In history every version counts. Records deleted since they were found are left out too. ``wanted``: how many
        places will be asked for; a few more are read at once, to make up for what is left out.
        """
        kept: dict[tuple[str, str], list[Fact]] = {}
        size, spare = wanted, _SPARE
        while chunk := list(islice(places, size)):
            # Nothing but facts is left out as a rule, so that no more are missing than there are.
            chunk += islice(places, min(spare, sum(place.kind == "fact" for place in chunk)))
            self._read(chunk)
            for place in chunk:
                if place.kind == "fact":
                    fact = self._facts.get(place.ref)
                    if fact is None or (not self._scope.view.history and _is_repeat(fact, kept)):
                        continue
                elif place.ref not in self._episodes:
                    continue
                yield place
            size, spare = _CHUNK, 0

    def _reranked(self, places: list[Place], second: Second) -> list[Place]:
        """The first places in the reranker's order; scores stay in their places, and a part makes up the difference."""
        first = places[: second.places]
        opinions = second.opinions([self._text(place) for place in first])
        if opinions is None:
            return places
        order = sorted(range(len(first)), key=lambda i: (-opinions[i], i))
        moved = [
            first[i]._replace(
                score=first[position].score,
                moved=((f"rerank ({second.name})", first[position].score - first[i].score),),
            )
            for position, i in enumerate(order)
        ]
        return moved + places[second.places :]

    def _spread_out(self, places: list[Place], known: Set[str]) -> list[Place]:
        """The first places so that each item of a list comes early; what is said again loses, as a part tells."""
        first, rest = places[:PLACES], places[PLACES:]
        order = spread_out(
            [place.score for place in first],
            [self._says(place) - known for place in first],
            rest[0].score if rest else -np.inf,
        )
        spread = []
        for position, lost in order:
            place = first[position]
            moved = (*place.moved, ("said before", lost)) if lost else place.moved
            spread.append(place._replace(score=place.score + lost, moved=moved))
        return spread + rest

    def _says(self, place: Place) -> set[str]:
        """What a hit says: its words, and the ids of what its facts are about."""
        if place.kind == "fact":
            fact = self._facts[place.ref]
            return {*words_said(fact.text), fact.subject_id, fact.object_id}
        return words_said(self._episodes[place.ref].content)

    def _text(self, place: Place) -> str:
        return self._facts[place.ref].text if place.kind == "fact" else document_text(self._episodes[place.ref])

    # --- the hits ------------------------------------------------------------------------------------------------

    def _hits(self, places: Sequence[Place]) -> list[Hit]:
        around, seeds, view = self._found.around, self._found.seeds, self._scope.view
        sources = self._sources([self._facts[place.ref] for place in places if place.kind == "fact"])
        notes = self._stale_notes(places)
        at = view.at or view.now
        disputed = contradicted(around.facts, {place.ref for place in places if place.kind == "fact"}, at)
        hits = []
        for place in places:
            path = render_path(
                self._paths[place.ref], around, self._facts, self._episodes, self._entity_ids, seeds.found_by
            )
            if place.kind == "fact":
                fact, episode = self._facts[place.ref], None
                evidence = tuple(sources[place.ref])
                note = fact_note(fact, at, view.now) or (TOLD_OTHERWISE if place.ref in disputed else "")
            else:
                fact, episode = None, self._episodes[place.ref]
                evidence = (episode,)
                note = notes.get(place.ref, "")
            hits.append(
                trusted(
                    Hit,
                    kind=place.kind,
                    score=place.score,
                    parts=self._parts(place),
                    path=path,
                    fact=fact,
                    episode=episode,
                    sources=evidence,
                    note=note,
                )
            )
        return hits

    def _parts(self, place: Place) -> dict[str, float]:
        """What makes up the score."""
        moved = dict(place.moved)
        if place.position < 0:
            return {"vector": place.score - sum(moved.values()), **moved}
        return {**self._ranking.parts(place.position), **moved}

    def _read(self, places: Sequence[Place]) -> None:
        """Read the records of these places, of the paths to them, and of what states them, all at once."""
        around = self._found.around
        for place in places:
            inside = place.ref in around.facts or place.ref in around.episodes
            self._paths[place.ref] = (
                self._finder.path(place.kind, place.ref) if inside else (Step(None, place.kind, place.ref),)
            )
        steps = [step for place in places for step in self._paths[place.ref]]
        facts = [place.ref for place in places if place.kind == "fact"]
        fitting = {ref: self._fitting(ref)[:_SOURCES] for ref in facts}
        short = any(
            (node := around.facts.get(ref)) is None or len(found) < min(_SOURCES, node.support)
            for ref, found in fitting.items()
        )
        read = self._store.records(
            spaces=self._scope.spaces,
            facts=_new(chain(facts, (step.ref for step in steps if step.kind == "fact")), self._facts),
            episodes=_new(
                chain(
                    (place.ref for place in places if place.kind == "episode"),
                    (step.ref for step in steps if step.kind == "episode"),
                    chain.from_iterable(fitting.values()),
                ),
                self._episodes,
            ),
            entities=_new((step.ref for step in steps if step.kind == "entity"), self._entity_ids),
            sources=_SOURCES if short else 0,
        )
        self._facts.update((fact.ref, fact) for fact in read.facts)
        self._episodes.update((episode.ref, episode) for episode in read.episodes)
        self._entity_ids.update((entity.ref, entity.id) for entity in read.entities)

    def _sources(self, facts: Sequence[Fact]) -> dict[int, list[Episode]]:
        """The episodes that state each fact, whenever they were said: the best fitting first, then the newest.

        With labels asked for, only episodes that bear them.
        """
        if not facts:
            return {}
        if self._scope.labels.given():
            self._read_bearing(facts)
        bears = self._scope.labels.given().items()
        by_id = {episode.id: episode for episode in self._episodes.values()}
        chosen = {}
        for fact in facts:
            fitting = [self._episodes[ref] for ref in self._fitting(fact.ref) if ref in self._episodes]
            newest = [by_id[id] for id in reversed(fact.episode_ids) if id in by_id]
            stating = {episode.ref: episode for episode in (*fitting, *newest)}.values()
            fitting_labels = [e for e in stating if all(getattr(e.labels, name) == value for name, value in bears)]
            chosen[fact.ref] = fitting_labels[:_SOURCES]
        return chosen

    def _read_bearing(self, facts: Sequence[Fact]) -> None:
        """Read the episodes with the labels asked for: a fact's newest ones may all bear others."""
        ids = tuple(dict.fromkeys(chain.from_iterable(fact.episode_ids for fact in facts)))
        if ids:
            query = EpisodeQuery(ids=ids, labels=self._scope.labels)
            refs = self._store.select(query, spaces=self._scope.spaces).tolist()
            read = self._store.episodes(_new(refs, self._episodes), spaces=self._scope.spaces)
            self._episodes.update((episode.ref, episode) for episode in read)

    def _fitting(self, ref: int) -> list[int]:
        """Refs of the episodes among the candidates that state a fact, the one that fits best first."""
        ranking = self._ranking
        at = int(np.searchsorted(ranking.facts.refs, ref))
        if at == len(ranking.facts.refs) or ranking.facts.refs[at] != ref:
            return []
        rows = ranking.facts.stated[ranking.facts.stating == at]
        order = np.lexsort((rows, -ranking.episode_scores[rows]))
        return [int(r) for r in ranking.episodes.refs[rows[order]]]

    def _stale_notes(self, places: Sequence[Place]) -> dict[int, str]:
        """Notes on episodes that are outdated: since when."""
        around, scope = self._found.around, self._scope
        over, stale, said = dict(around.over), set(around.stale_episodes), dict(around.episodes)
        beyond = [p.ref for p in places if p.kind == "episode" and p.ref not in around.episodes]
        if beyond:
            others = self._store.expand(beyond, spaces=scope.spaces, view=scope.view, limits=_ALONE, state=scope.state)
            over.update(others.over)
            stale |= others.stale_episodes
            said.update(others.episodes)
            self._stale |= others.stale_episodes
        notes = {}
        for place in places:
            if place.kind == "episode" and place.ref in self._stale:
                ended = ended_since(said[place.ref].occurred_at, over.get(place.ref, ()))
                if ended:
                    notes[place.ref] = episode_note(ended, scope.view.at or scope.view.now, place.ref in stale)
        return notes


def _new(refs: Iterable[int], known: Mapping[int, object]) -> list[int]:
    """Those of ``refs`` that are not known yet, each once."""
    return [ref for ref in dict.fromkeys(refs) if ref not in known]


def _is_repeat(fact: Fact, kept: dict[tuple[str, str], list[Fact]]) -> bool:
    """Whether ``fact`` repeats one in ``kept`` (by subject and object); if not, it is put there."""
    others = kept.setdefault((fact.subject_id, fact.object_id), [])
    if any(_says_the_same(fact, other) for other in others):
        return True
    others.append(fact)
    return False


def _says_the_same(one: Fact, other: Fact) -> bool:
    """Whether two facts with the same ends say the same: one relation in like words, or the very same words.

    Prepositions count among the very same words: who flew from Rome did not fly to it. Two events of one kind at
    different times are two, in whatever words.
    """
    if one.category is Category.EPISODIC and other.category is Category.EPISODIC and one.valid_at != other.valid_at:
        return False
    if _words(one) == _words(other):
        return True
    if one.predicate != other.predicate or _is_negated(one) != _is_negated(other):
        return False
    terms, others = frozenset(analyse(one.text)), frozenset(analyse(other.text))
    return len(terms & others) >= _SAME_WORDS * len(terms | others)


def _words(fact: Fact) -> list[str]:
    return [word for word in words(fact.text) if word not in _ARTICLES]


def _is_negated(fact: Fact) -> bool:
    return not _NEGATIONS.isdisjoint(fact.text.lower().replace("n't", " not").split())

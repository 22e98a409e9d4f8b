"""A page of hits: cut from the ranking, near-duplicates left out, records fetched in one batch, each hit explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from factloom.retrieval.analysis import analyse, words
from factloom.retrieval.candidates import Candidates
from factloom.retrieval.explanation import PathFinder, Step, episode_note, fact_note, render_path
from factloom.retrieval.first_look import Scope
from factloom.retrieval.ranking import EPISODE_WEIGHTS, Ranking
from factloom.schemas.queries import EpisodeQuery, ExpandLimits, FactQuery
from factloom.schemas.records import Category, Episode, Fact
from factloom.schemas.search import Hit, HitKind

if TYPE_CHECKING:
    from factloom.schemas.ports import GraphReader, Refs, Reranker, VectorIndex, Vectors

_SAME_WORDS: Final = 0.8
_NEGATIONS: Final = frozenset({"not", "no", "never", "nothing", "nobody", "none", "without", "stopped", "quit"})
_ARTICLES: Final = frozenset({"a", "an", "the"})
_SOURCES: Final = 4
_CHUNK: Final = 32
_RERANKED: Final = 30
_ALONE: Final = ExpandLimits(window=0, hops=0, facts_per_entity=1, episodes_per_fact=1)


class Place(NamedTuple):
    """One place of the final order, before its records are read."""

    kind: HitKind
    ref: int
    score: float
    parts: dict[str, float]


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
        self._ways = ways
        self._facts: dict[int, Fact] = {}
        self._episodes: dict[int, Episode] = {}
        self._stale = set(ranking.episodes.refs[ranking.stale].tolist())

    def page(self, limit: int, offset: int, *, reranker: tuple[Reranker, str] | None = None) -> tuple[list[Hit], bool]:
        """Hits ``offset`` to ``offset + limit``, and whether there are more.

        ``reranker`` comes with the question; it reorders the first 30 places, whatever page is read.
        """
        wanted = offset + limit + 1
        places: list[Place] = []
        for place in self._without_repeats(chain(self._ranked(), self._tail())):
            places.append(place)
            if len(places) >= (wanted if reranker is None else max(wanted, _RERANKED)):
                break
        if reranker is not None:
            places = self._reranked(places, *reranker)
        return self._hits(places[offset : offset + limit]), len(places) > offset + limit

    # --- the order -----------------------------------------------------------------------------------------------

    def _ranked(self) -> Iterator[Place]:
        for i in range(len(self._ranking)):
            ranking = self._ranking
            yield Place(ranking.kind(i), ranking.ref(i), float(ranking.scores[i]), ranking.parts(i))

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
                self._queries[-1:], kind=kind, spaces=scope.spaces, limit=len(among), among=among
            )
            for ref, cosine in zip(hits.refs.tolist(), hits.scores.tolist(), strict=True):
                score = min(least, EPISODE_WEIGHTS["vector"] * cosine)
                places.append(Place("fact" if kind == "fact" else "episode", ref, score, {"vector": score}))
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

    def _without_repeats(self, places: Iterator[Place]) -> Iterator[Place]:
        """Leave out facts that say in other words what a better one about the same things says.

        In history every version counts. Records deleted since they were found are left out too.
        """
        kept: dict[tuple[str, str], list[Fact]] = {}
        for chunk in _chunks(places):
            self._read_facts(place.ref for place in chunk if place.kind == "fact")
            for place in chunk:
                if place.kind == "fact":
                    fact = self._facts.get(place.ref)
                    if fact is None or (not self._scope.view.history and _is_repeat(fact, kept)):
                        continue
                yield place

    def _reranked(self, places: list[Place], reranker: Reranker, query: str) -> list[Place]:
        """The first places in the reranker's order; scores stay in their places, and a part makes up the difference."""
        first = places[:_RERANKED]
        self._read_episodes(place.ref for place in first if place.kind == "episode")
        texts = [self._text(place) for place in first]
        opinions = reranker.rerank(query, texts) if first else []
        order = sorted(range(len(first)), key=lambda i: (-opinions[i], i))
        moved = [
            first[i]._replace(
                score=first[position].score,
                parts={**first[i].parts, f"rerank ({reranker.name})": first[position].score - first[i].score},
            )
            for position, i in enumerate(order)
        ]
        return moved + places[_RERANKED:]

    def _text(self, place: Place) -> str:
        if place.kind == "fact":
            return self._facts[place.ref].text
        episode = self._episodes.get(place.ref)
        return episode.content if episode else ""

    # --- the hits ------------------------------------------------------------------------------------------------

    def _hits(self, places: Sequence[Place]) -> list[Hit]:
        finder = PathFinder(self._found, self._ways)
        ranked = self._found.around
        paths = {
            place.ref: finder.path(place.kind, place.ref)
            if place.ref in ranked.facts or place.ref in ranked.episodes
            else (Step(None, place.kind, place.ref),)
            for place in places
        }
        steps = [step for path in paths.values() for step in path]
        sources = self._sources([self._facts[place.ref] for place in places if place.kind == "fact"])
        self._read_facts(step.ref for step in steps if step.kind == "fact")
        self._read_episodes(
            chain(
                (step.ref for step in steps if step.kind == "episode"),
                chain.from_iterable(sources.values()),
                (place.ref for place in places if place.kind == "episode"),
            )
        )
        entity_refs = sorted({step.ref for step in steps if step.kind == "entity"})
        entities = self._store.entities(entity_refs, spaces=self._scope.spaces) if entity_refs else []
        entity_ids = {entity.ref: entity.id for entity in entities}
        notes = self._stale_notes(places)
        hits = []
        for place in places:
            path = render_path(paths[place.ref], ranked, self._facts, self._episodes, entity_ids)
            if place.kind == "fact":
                fact = self._facts[place.ref]
                evidence = tuple(self._episodes[ref] for ref in sources[place.ref] if ref in self._episodes)
                note = fact_note(fact, self._scope.view.at or self._scope.view.now, self._scope.view.now)
                hit = Hit(
                    kind="fact", score=place.score, parts=place.parts, path=path, fact=fact, sources=evidence, note=note
                )
            else:
                episode = self._episodes.get(place.ref)
                if episode is None:
                    continue
                hit = Hit(
                    kind="episode",
                    score=place.score,
                    parts=place.parts,
                    path=path,
                    episode=episode,
                    sources=(episode,),
                    note=notes.get(place.ref, ""),
                )
            hits.append(hit)
        return hits

    def _sources(self, facts: Sequence[Fact]) -> dict[int, list[int]]:
        """Refs of the episodes that state each fact, whenever they were said: the best fitting first, then the newest.

        With labels asked for, only episodes that bear them.
        """
        spaces, labels = self._scope.spaces, self._scope.labels
        chosen = {fact.ref: self._fitting(fact.ref)[:_SOURCES] for fact in facts}
        if labels.given():
            latest = {fact.ref: fact.episode_ids[::-1] for fact in facts}
        else:
            short = [fact for fact in facts if len(chosen[fact.ref]) < min(_SOURCES, len(fact.episode_ids))]
            latest = {fact.ref: fact.episode_ids[: -_SOURCES - 1 : -1] for fact in short}
        ids = tuple(dict.fromkeys(chain.from_iterable(latest.values())))
        located = {id: place.ref for id, place in self._store.locate(ids, spaces=spaces).items()} if ids else {}
        if ids and labels.given():
            bearing = set(self._store.select(EpisodeQuery(ids=ids, labels=labels), spaces=spaces).tolist())
            located = {id: ref for id, ref in located.items() if ref in bearing}
            chosen = {fact: [ref for ref in refs if ref in bearing] for fact, refs in chosen.items()}
        for ref, stating in latest.items():
            others = [located[id] for id in stating if id in located]
            chosen[ref] = list(dict.fromkeys([*chosen[ref], *others]))[:_SOURCES]
        return chosen

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
        beyond = [p.ref for p in places if p.kind == "episode" and p.ref not in self._found.around.episodes]
        if beyond:
            around = self._store.expand(beyond, spaces=self._scope.spaces, view=self._scope.view, limits=_ALONE)
            self._stale |= around.stale_episodes
        stale = [self._episodes[p.ref] for p in places if p.ref in self._stale and p.ref in self._episodes]
        if not stale:
            return {}
        query = FactQuery(episode_ids=tuple(episode.id for episode in stale), limit=_SOURCES * 10 * len(stale))
        stated: dict[str, list[Fact]] = {}
        for fact in self._store.find_facts(query, spaces=self._scope.spaces):
            for id in fact.episode_ids:
                stated.setdefault(id, []).append(fact)
        now = self._scope.view.at or self._scope.view.now
        return {episode.ref: episode_note(stated.get(episode.id, ()), now) for episode in stale}

    def _read_facts(self, refs: Iterable[int]) -> None:
        missing = list(dict.fromkeys(ref for ref in refs if ref not in self._facts))
        if missing:
            self._facts.update((fact.ref, fact) for fact in self._store.facts(missing, spaces=self._scope.spaces))

    def _read_episodes(self, refs: Iterable[int]) -> None:
        missing = list(dict.fromkeys(ref for ref in refs if ref not in self._episodes))
        if missing:
            read = self._store.episodes(missing, spaces=self._scope.spaces)
            self._episodes.update((episode.ref, episode) for episode in read)


def _chunks(places: Iterator[Place]) -> Iterator[list[Place]]:
    while chunk := list(islice(places, _CHUNK)):
        yield chunk


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

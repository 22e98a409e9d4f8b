"""Ingest of explicit facts: each traced to an episode, then resolved and reconciled as learned ones are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from factloom.engine.explicit import FactInput, to_candidate
from factloom.engine.fact_writing import FactWriter
from factloom.engine.ingest import Progress
from factloom.engine.scope import Scope
from factloom.engine.text_vectors import vectors_of, write_with_vectors
from factloom.retrieval.analysis import document_terms, embedded_texts
from factloom.schemas.errors import NotFoundError
from factloom.schemas.extraction import Candidate
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import Embedder, GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import Episode, Role, Status, new_id
from factloom.schemas.results import AddResult, EntityChange, FactChange
from factloom.schemas.settings import Settings
from factloom.schemas.spaces import SpaceSet


class ExplicitIngest:
    """Stores facts that a caller states outright, a batch a transaction."""

    def __init__(
        self,
        store: GraphStore,
        embedder: Embedder,
        *,
        settings: Settings,
        ontology: Ontology,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._settings = settings
        self._ontology = ontology
        self._clock = clock

    def add(
        self,
        facts: Sequence[FactInput],
        scope: Scope,
        *,
        stated_at: datetime,
        actor: str,
        on_progress: Progress | None = None,
    ) -> AddResult:
        """Store ``facts``; embeddings are made before each transaction.

        Raises:
            NotFoundError: a fact names an episode that is not in the space; nothing was stored.
        """
        self._check_episodes(facts, scope.space)
        size = 4 * self._settings.ingest.batch
        episodes: list[Episode] = []
        changes: list[FactChange] = []
        merges: list[EntityChange] = []
        for start in range(0, len(facts), size):
            batch = facts[start : start + size]
            result = self._add_batch(batch, scope, stated_at, actor)
            episodes += result.episodes
            changes += result.changes
            merges += result.merges
            if on_progress is not None:
                on_progress(len(batch))
        return AddResult(episodes=tuple(episodes), changes=tuple(changes), merges=tuple(merges))

    def _check_episodes(self, facts: Sequence[FactInput], space: str) -> None:
        named = sorted({fact.episode_id for fact in facts if fact.episode_id is not None})
        found = self._store.locate(named, spaces=SpaceSet.of(space)) if named else {}
        missing = [id_ for id_ in named if id_ not in found or found[id_].kind != "episode"]
        if missing:
            raise NotFoundError(f"there is no episode {', '.join(missing[:5])} in the space {space!r}")

    def _add_batch(self, facts: Sequence[FactInput], scope: Scope, stated_at: datetime, actor: str) -> AddResult:
        candidates = [to_candidate(fact, self._ontology) for fact in facts]
        names = [mention.name for c in candidates for mention in (c.subject, c.object) if mention]
        texts = list(dict.fromkeys([*(c.text for c in candidates), *names]))
        vectors = dict(zip(texts, self._embedder.embed_documents(texts), strict=True))

        def work(tx: WriteTransaction) -> AddResult:
            episodes = self._episodes(tx, facts, candidates, scope, stated_at)
            made = {e.id: e for e, fact in zip(episodes, facts, strict=True) if fact.episode_id is None}
            writer = FactWriter(tx, scope.space, self._ontology, now=self._clock(), actor=actor)
            writer.foresee(candidates)
            changes = [
                change
                for candidate, episode in zip(candidates, episodes, strict=True)
                for change in writer.take(candidate, episode)
            ]
            entries = [
                IndexEntry("episode", e.id, document_terms(e), vectors_of(embedded_texts(e), vectors))
                for e in made.values()
            ]
            tx.put_index(
                [*entries, *writer.finish(lambda wanted: vectors_of(wanted, vectors))], embedder=self._embedder.name
            )
            return AddResult(
                episodes=tuple(made.values()),
                changes=tuple(writer.refreshed(c) for c in changes),
                merges=tuple(writer.merges),
            )

        return write_with_vectors(self._store, self._embedder, vectors, work)

    def _episodes(
        self,
        tx: WriteTransaction,
        facts: Sequence[FactInput],
        candidates: Sequence[Candidate],
        scope: Scope,
        stated_at: datetime,
    ) -> list[Episode]:
        """The episode of each fact: the one it names, else one made of its sentence."""
        named = tuple({fact.episode_id for fact in facts if fact.episode_id is not None})
        query = EpisodeQuery(ids=named, limit=max(1, len(named)))
        known = {e.id: e for e in tx.find_episodes(query, spaces=SpaceSet.of(scope.space))} if named else {}
        gone = [id_ for id_ in named if id_ not in known]
        if gone:
            raise NotFoundError(f"the episode {gone[0]} was deleted in the meantime")
        session = f"facts/{new_id()}"
        drafts = [
            Episode(
                id=new_id(),
                space=scope.space,
                labels=scope.labels,
                session=session,
                role=Role.TOOL,
                content=candidate.text,
                occurred_at=stated_at,
                created_at=self._clock(),
                status=Status.DONE,
                infer=False,
                metadata={"explicit": True},
            )
            for fact, candidate in zip(facts, candidates, strict=True)
            if fact.episode_id is None
        ]
        stored = iter(tx.add_episodes(drafts))
        return [known[fact.episode_id] if fact.episode_id is not None else next(stored) for fact in facts]

"""Ingest: episodes first, durably; then what is learned from them. The way of a message into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from factloom.engine.learning import Learner
from factloom.engine.sessions import assign_sessions
from factloom.retrieval.analysis import document_terms
from factloom.schemas.ports import GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.records import Episode, Status
from factloom.schemas.results import AddResult
from factloom.schemas.settings import Settings

Progress = Callable[[int], None]


class Ingest:
    """Takes in episodes and hands them to the learner."""

    def __init__(
        self, store: GraphStore, learner: Learner, *, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._learner = learner
        self._settings = settings
        self._clock = clock

    def add(self, episodes: Sequence[Episode], *, actor: str, on_progress: Progress | None = None) -> AddResult:
        """Store ``episodes``, then learn from those that are pending.

        When this returns or raises after the first step, every episode is on disk. One that was there already is
        not stored again, and is learned from only if it is still pending.
        """
        stored = self._store.write(lambda tx: self._store_episodes(tx, episodes))
        known = tuple(new.id for draft, new in zip(episodes, stored, strict=True) if draft.id != new.id)
        distinct = list({episode.id: episode for episode in stored}.values())
        pending = [episode for episode in distinct if episode.status is Status.PENDING]
        learned = self._learner.learn(pending, actor=actor, on_progress=on_progress)
        now = tuple(
            learned.episodes.get(episode.id, episode)
            for episode in distinct
            if episode.id in learned.episodes
            or episode.status is not Status.PENDING  # else it was deleted in the meantime
        )
        changes, merges = tuple(learned.changes), tuple(learned.merges)
        return AddResult(episodes=now, known_episode_ids=known, changes=changes, merges=merges)

    def _store_episodes(self, tx: WriteTransaction, episodes: Sequence[Episode]) -> list[Episode]:
        stored = tx.add_episodes(assign_sessions(tx, episodes, gap=self._settings.ingest.session_gap))
        new_ids = {episode.id for episode in episodes}
        entries = [IndexEntry("episode", e.id, document_terms(e), None) for e in stored if e.id in new_ids]
        tx.put_index(entries, embedder=None)
        return stored

    def retry(self, episodes: Sequence[Episode], *, actor: str, on_progress: Progress | None = None) -> AddResult:
        """Learn from stored episodes that are pending or failed."""
        waiting = sorted(episodes, key=lambda episode: (episode.space, episode.occurred_at, episode.ref))
        learned = self._learner.learn(waiting, actor=actor, on_progress=on_progress)
        now = tuple(learned.episodes[episode.id] for episode in waiting if episode.id in learned.episodes)
        return AddResult(episodes=now, changes=tuple(learned.changes), merges=tuple(learned.merges))

"""Learning: from episodes that are stored to facts that are stored, one transaction a batch.

Reading (extraction) and embedding come first, outside the transaction; resolution and reconciliation inside it, so that
what they read stays true until it is committed. An episode that cannot be read stays pending with its error.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from factloom.engine.accounts import EXTRACTION, account
from factloom.engine.fact_writing import FactWriter, nothing
from factloom.engine.known_names import known_entities
from factloom.engine.text_vectors import vectors_of, write_with_vectors
from factloom.graph.resolution import NEVER_PROPOSED
from factloom.retrieval.analysis import embedded_texts
from factloom.schemas.errors import ModelError, StoreError, VectorIndexError
from factloom.schemas.extraction import Candidate, Extraction, ExtractionRequest, Mention
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology, using
from factloom.schemas.ports import (
    Embedder,
    Extractor,
    GraphStore,
    IndexEntry,
    UsesEntities,
    VectorIndex,
    WriteTransaction,
)
from factloom.schemas.queries import EntityQuery, EpisodeQuery
from factloom.schemas.records import Action, Episode, Status
from factloom.schemas.results import EntityChange, FactChange
from factloom.schemas.search import CONTEXT_CLOSE, CONTEXT_OPEN
from factloom.schemas.settings import Settings
from factloom.schemas.spaces import SpaceSet

_CONTEXT = re.compile(f"{re.escape(CONTEXT_OPEN)}.*?(?:{re.escape(CONTEXT_CLOSE)}|$)", re.DOTALL)
_PROPOSALS = 3
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta.resolution
_OURS = frozenset({"sentence", "implied_by", "tool_call_id", "extractor", EXTRACTION})
"""Metadata that factloom writes itself, on facts or on messages; a caller's does not take its place."""

_MEANWHILE = "it was learned from, or deleted, in the meantime"
_log = logging.getLogger(__name__)


@dataclass
class _Batch:
    """One batch on its way: what was read from each episode, the vector of every text in it, and what is stored."""

    space: str
    episodes: list[Episode]
    extractions: dict[str, Extraction] = field(default_factory=dict)
    candidates: dict[str, Sequence[Candidate]] = field(default_factory=dict)
    failures: dict[str, Extraction] = field(default_factory=dict)
    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    proposals: dict[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    stored: dict[str, Episode] = field(default_factory=dict)
    merges: list[EntityChange] = field(default_factory=list)

    def alone(self, episode: Episode) -> _Batch:
        """A batch of this episode only, which is not read again if it was read already."""
        read = self.extractions.get(episode.id)
        return _Batch(self.space, [episode], extractions={} if read is None else {episode.id: read})


class Learned(NamedTuple):
    """Changes in the order of the episodes, these as they are stored now, by id, and entities that became one."""

    changes: list[FactChange]
    episodes: dict[str, Episode]
    merges: list[EntityChange]


class Learner:
    """Extracts, resolves, reconciles and commits; see the module."""

    def __init__(
        self,
        store: GraphStore,
        index: VectorIndex,
        embedder: Embedder,
        extractor: Extractor | None,
        *,
        settings: Settings,
        ontology: Ontology,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._index = index
        self._embedder = embedder
        self._extractor = extractor
        self._settings = settings
        self._ontology = ontology
        self._clock = clock

    def learn(
        self, episodes: Sequence[Episode], *, actor: str, on_progress: Callable[[int], None] | None = None
    ) -> Learned:
        """Learn from pending episodes, of any spaces.

        One that fails is reported with ``Action.PENDING`` and its error, and does not stop the others.
        """
        learned = Learned([], {}, [])
        for batch in self._batches(episodes):
            learned.changes.extend(self._learn_batch(batch, actor))
            learned.episodes.update(batch.stored)
            learned.merges.extend(batch.merges)
            if on_progress is not None:
                on_progress(len(batch.episodes))
        return learned

    def _batches(self, episodes: Sequence[Episode]) -> Iterable[_Batch]:
        size = self._settings.ingest.batch
        current: _Batch | None = None
        for episode in episodes:
            if current and (current.space != episode.space or len(current.episodes) >= size):
                yield current
                current = None
            if current is None:
                current = _Batch(episode.space, [])
            current.episodes.append(episode)
        if current:
            yield current

    def _learn_batch(self, batch: _Batch, actor: str) -> list[FactChange]:
        try:
            self._read(batch)
            self._embed(batch)
            return write_with_vectors(
                self._store, self._embedder, batch.vectors, lambda tx: self._commit(tx, batch, actor)
            )
        except (ModelError, VectorIndexError) as error:  # stored is what was said; what it means is learned later
            return self._postpone(batch, error)
        except StoreError:  # no episode's fault
            raise
        except Exception as error:  # noqa: BLE001 - it is kept on the episode that is to blame
            if len(batch.episodes) == 1:
                _log.warning("episode %s cannot be learned from: %s", batch.episodes[0].id, type(error).__name__)
                return self._postpone(batch, error)
            # One of them is to blame: each alone, so that it does not stop the others.
            alone = [batch.alone(episode) for episode in batch.episodes]
            changes = [change for one in alone for change in self._learn_batch(one, actor)]
            batch.stored = {id_: episode for one in alone for id_, episode in one.stored.items()}
            batch.merges = [merge for one in alone for merge in one.merges]
            return changes

    def _postpone(self, batch: _Batch, error: Exception) -> list[FactChange]:
        """Keep the episodes for later, with the reason; nothing else of the batch is stored."""
        reason = f"{type(error).__name__}: {error}"

        def work(tx: WriteTransaction) -> list[FactChange]:
            waiting = self._waiting(tx, batch)
            changes = []
            for episode in batch.episodes:
                if episode.id in waiting:
                    self._account(tx, waiting[episode.id], batch.extractions.get(episode.id))
                    self._set_failure(tx, waiting[episode.id], reason)
                    changes.append(FactChange(action=Action.PENDING, episode_id=episode.id, reason=reason))
                else:
                    changes.append(nothing(episode, _MEANWHILE))
            batch.stored = self._stored(tx, batch)
            return changes

        return self._store.write(work)

    @staticmethod
    def _stored(tx: WriteTransaction, batch: _Batch) -> dict[str, Episode]:
        ids = tuple(e.id for e in batch.episodes)
        stored = tx.find_episodes(EpisodeQuery(ids=ids, limit=len(ids)), spaces=SpaceSet.of(batch.space))
        return {e.id: e for e in stored}

    def _waiting(self, tx: WriteTransaction, batch: _Batch) -> dict[str, Episode]:
        """Those episodes of the batch, as they are stored now, that nobody learned from or deleted in the meantime."""
        return {id_: e for id_, e in self._stored(tx, batch).items() if e.status is not Status.DONE}

    def _set_failure(self, tx: WriteTransaction, episode: Episode, reason: str) -> None:
        given_up = episode.attempts + 1 >= self._settings.ingest.max_attempts
        tx.set_status([episode.id], Status.FAILED if given_up else Status.PENDING, error=reason)

    @staticmethod
    def _account(tx: WriteTransaction, episode: Episode, extraction: Extraction | None) -> None:
        """Keep on the episode what reading it cost and left out."""
        told = account(episode, extraction) if extraction is not None else None
        if told is not None:
            tx.set_episode_metadata({episode.id: told})

    # --- before the transaction ----------------------------------------------------------------------------------

    def _read(self, batch: _Batch) -> None:
        """Extract candidates from the episodes that are to be learned from."""
        if self._extractor is None:
            return
        requests = [r for r in self._requests(batch) if r.episode.infer and r.episode.content.strip()]
        requests = [r for r in requests if r.episode.id not in batch.extractions]
        if isinstance(self._extractor, UsesEntities) and requests:
            known = known_entities(self._store, requests, limit=self._extractor.known_entities)
            requests = [r.model_copy(update={"entities": e}) for r, e in zip(requests, known, strict=True)]
        with using(self._ontology):
            extractions = self._extractor.extract(requests) if requests else []
        for extraction in extractions:
            batch.extractions[extraction.episode_id] = extraction
        for extraction in batch.extractions.values():
            if extraction.error is None:
                batch.candidates[extraction.episode_id] = extraction.candidates
            else:
                batch.failures[extraction.episode_id] = extraction

    def _requests(self, batch: _Batch) -> list[ExtractionRequest]:
        """Each episode with the turns of its session before it; what factloom put into a prompt is left out."""
        window = self._settings.extractor.previous_turns
        earlier: dict[str, list[Episode]] = {}
        requests = []
        for episode in batch.episodes:
            if episode.session not in earlier:
                earlier[episode.session] = self._earlier_turns(episode, window, len(batch.episodes))
            before = earlier[episode.session]
            readable = _without_context(episode)
            requests.append(ExtractionRequest(episode=readable, previous=tuple(before[-window:] if window else ())))
            before.append(readable)
        return requests

    def _earlier_turns(self, episode: Episode, window: int, among: int) -> list[Episode]:
        """The turns before ``episode``, the first of ``among`` of a batch, which may have been said at one time."""
        if window == 0:
            return []
        end = min(episode.occurred_at, _LAST) + timedelta.resolution  # it is exclusive
        query = EpisodeQuery(session=episode.session, until=end, limit=window + 2 * among)
        found = self._store.find_episodes(query, spaces=SpaceSet.of(episode.space))
        before = [e for e in found if (e.occurred_at, e.ref) < (episode.occurred_at, episode.ref)]
        return [_without_context(e) for e in before[:window][::-1]]

    def _embed(self, batch: _Batch) -> None:
        """One call for every text of the batch: episodes whole and by sentence, facts, and names not known yet."""
        texts: list[str] = []
        for episode in batch.episodes:
            texts += embedded_texts(episode)
        names = self._unknown_names(batch)
        candidates = [candidate for read in batch.candidates.values() for candidate in read]
        facts = [text for candidate in candidates for text in (candidate.text, *self._implied_texts(candidate))]
        distinct = list(dict.fromkeys([*texts, *facts, *names.values()]))
        vectors = self._embedder.embed_documents(distinct)
        batch.vectors = dict(zip(distinct, vectors, strict=True))
        proposable = self._proposable(batch)
        unsure = [key for key in names if key in proposable]
        if unsure:
            queries = np.stack([batch.vectors[names[key]] for key in unsure])
            found = self._index.search(queries, kind="entity", spaces=SpaceSet.of(batch.space), limit=_PROPOSALS)
            for key, hits in zip(unsure, found, strict=True):
                batch.proposals[key] = list(zip(hits.refs.tolist(), hits.scores.tolist(), strict=True))

    def _implied_texts(self, candidate: Candidate) -> list[str]:
        """The sentences of what a candidate implies, as far as its entities are called as it calls them."""
        if candidate.object is None or candidate.negated:
            return []
        implied = (self._ontology[predicate] for predicate in self._ontology[candidate.predicate].implies)
        return [spec.sentence(candidate.subject.name, candidate.object.name) for spec in implied]

    @staticmethod
    def _mentions(batch: _Batch) -> list[Mention]:
        return [
            mention for read in batch.candidates.values() for c in read for mention in (c.subject, c.object) if mention
        ]

    def _proposable(self, batch: _Batch) -> set[str]:
        """Keys of names that may be another spelling of an entity's: of some types, none is taken for one."""
        return {normalise_name(m.name) for m in self._mentions(batch) if m.type not in NEVER_PROPOSED}

    def _unknown_names(self, batch: _Batch) -> dict[str, str]:
        """Names that no entity of the space bears yet, by key."""
        names = {normalise_name(mention.name): mention.name for mention in self._mentions(batch)}
        if not names:
            return {}
        query = EntityQuery(keys=tuple(names), limit=10 * len(names))
        known = {e.key for e in self._store.find_entities(query, spaces=SpaceSet.of(batch.space))}
        return {key: name for key, name in names.items() if key not in known}

    # --- inside the transaction ----------------------------------------------------------------------------------

    def _commit(self, tx: WriteTransaction, batch: _Batch, actor: str) -> list[FactChange]:
        waiting = self._waiting(tx, batch)
        writer = FactWriter(
            tx,
            batch.space,
            self._ontology,
            now=self._clock(),
            actor=actor,
            proposals=batch.proposals,
            similarity=self._settings.ingest.entity_similarity,
            vectors=batch.vectors,
        )
        writer.foresee(candidate for id_ in waiting for candidate in batch.candidates.get(id_, ()))
        changes: list[FactChange] = []
        entries: list[IndexEntry] = []
        done: list[str] = []
        for episode in batch.episodes:
            if episode.id not in waiting:
                changes.append(nothing(episode, _MEANWHILE))
                continue
            entries.append(self._episode_entry(episode, batch))
            extraction = batch.extractions.get(episode.id)
            self._account(tx, waiting[episode.id], extraction)
            failure = batch.failures.get(episode.id)
            if failure is not None:
                self._set_failure(tx, waiting[episode.id], failure.error or "extraction failed")
                changes.append(FactChange(action=Action.PENDING, episode_id=episode.id, reason=failure.error or ""))
                continue
            candidates = batch.candidates.get(episode.id, ())
            taken_back = extraction.takes_back if extraction is not None else None
            learned = writer.take_back(taken_back, episode) if taken_back is not None else []
            if taken_back is not None:  # what could not be read yet is not to be learned later either
                done.append(taken_back)
            learned += writer.take_all(_with_metadata(candidates, episode, self._reader_of(extraction)), episode)
            changes += learned or [nothing(episode, "it states nothing new that is worth keeping")]
            done.append(episode.id)
        entries += writer.finish(lambda texts: vectors_of(texts, batch.vectors))
        tx.put_index(entries, embedder=self._embedder.name)
        tx.set_status(done, Status.DONE)
        batch.stored = self._stored(tx, batch)
        batch.merges = writer.merges
        return [writer.refreshed(change) for change in changes]

    def _reader_of(self, extraction: Extraction | None) -> str | None:
        """Who read an episode: the extractor, unless it let another one do it."""
        asked = self._extractor.name if self._extractor is not None else None
        return (extraction.extractor if extraction is not None else None) or asked

    def _episode_entry(self, episode: Episode, batch: _Batch) -> IndexEntry:
        return IndexEntry("episode", episode.id, None, vectors_of(embedded_texts(episode), batch.vectors))


def _without_context(episode: Episode) -> Episode:
    """The episode without what factloom itself put into a prompt."""
    return episode.model_copy(update={"content": _CONTEXT.sub(" ", episode.content)})


def _with_metadata(candidates: Sequence[Candidate], episode: Episode, extractor: str | None) -> list[Candidate]:
    """The candidates with who read them and the caller's metadata: filters find the facts as they find the episode."""
    given = {name: value for name, value in episode.metadata.items() if name not in _OURS}
    given |= {"extractor": extractor} if extractor else {}
    return [c.model_copy(update={"metadata": {**given, **c.metadata}}) if given else c for c in candidates]

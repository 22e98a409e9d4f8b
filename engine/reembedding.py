"""Re-embedding: all vectors of a store made anew by another embedder, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from factloom.retrieval.analysis import embedded_texts
from factloom.schemas.ports import Embedder, GraphStore, IndexEntry, VectorIndex, WriteTransaction
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Status
from factloom.schemas.spaces import SpaceSet

_PAGE = 256
_UNBOUNDED = 10_000_000


def reembed(
    store: GraphStore, index: VectorIndex, embedder: Embedder, *, on_progress: Callable[[int, int], None] | None = None
) -> int:
    """Make every vector anew with ``embedder``; returns how many records were embedded.

    Other writers wait until it is done; a process that is killed leaves the store as it was.
    ``on_progress`` is called with the number of records done and their total.
    """

    def work(tx: WriteTransaction) -> int:
        texts = list(_texts(tx))
        tx.clear_vectors()
        for start in range(0, len(texts), _PAGE):
            page = texts[start : start + _PAGE]
            flat = [text for _, _, parts in page for text in parts]
            vectors = iter(embedder.embed_documents(flat))
            entries = [_entry(kind, id_, len(parts), vectors) for kind, id_, parts in page]
            tx.put_index(entries, embedder=embedder.name)
            if on_progress is not None:
                on_progress(min(start + _PAGE, len(texts)), len(texts))
        return len(texts)

    done = store.write(work)
    index.forget(SpaceSet.everything())
    store.vacuum()
    return done


def _texts(tx: WriteTransaction) -> Iterator[tuple[str, str, list[str]]]:
    """Kind, id and the texts to embed of every record that has been learned from."""
    everything = SpaceSet.everything()
    for episode in tx.find_episodes(EpisodeQuery(statuses=(Status.DONE,), limit=_UNBOUNDED), spaces=everything):
        yield "episode", episode.id, embedded_texts(episode)
    for fact in tx.find_facts(FactQuery(limit=_UNBOUNDED), spaces=everything):
        yield "fact", fact.id, [fact.text]
    for entity in tx.find_entities(EntityQuery(limit=_UNBOUNDED), spaces=everything):
        yield "entity", entity.id, [entity.name]


def _entry(kind: str, id_: str, count: int, vectors: Iterator[np.ndarray]) -> IndexEntry:
    return IndexEntry(kind, id_, None, np.stack([next(vectors) for _ in range(count)]))

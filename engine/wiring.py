"""Wiring: the one place where ports meet their adapters. Settings in, a working set of parts out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from factloom.schemas.errors import ConfigurationError, EmbedderMismatchError
from factloom.schemas.ontology import Ontology, core_ontology
from factloom.schemas.own_ontology import build_ontology
from factloom.schemas.ports import (
    ChangeFeed,
    CypherRunner,
    Embedder,
    Extractor,
    GraphStore,
    NativeVectors,
    Reranker,
    TakesTurns,
    VectorIndex,
)
from factloom.schemas.settings import EmbedderSettings, ExtractorSettings, Settings
from factloom.schemas.spaces import Labels, SpaceSet

if TYPE_CHECKING:
    from factloom.engine.cypher import CypherQueries
    from factloom.retrieval.searcher import Searcher


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What a memory is made of."""

    store: GraphStore
    index: VectorIndex
    embedder: Embedder
    extractor: Extractor | None
    ontology: Ontology = field(default_factory=core_ontology)


def default_store_path() -> Path:
    """Where the store is when nobody says otherwise: ``factloom.db`` in the user's data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("factloom", appauthor=False)) / "factloom.db"


def store_file(settings: Settings) -> Path | None:
    """The file in which the store is; None for one in memory or behind a URL."""
    if settings.store == ":memory:" or "://" in settings.store:
        return None
    return Path(settings.store).expanduser() if settings.store else default_store_path()


def build_embedder(settings: EmbedderSettings, cache_dir: Path | None = None) -> Embedder:
    """The embedder that the settings name; its weights are read at the first text, not here."""
    if settings.kind == "hashing":
        from factloom.retrieval.embedders import HashingEmbedder

        return HashingEmbedder(settings.dimension or 256)
    from factloom.retrieval.embedders import CachingEmbedder, OnnxEmbedder, OpenAIEmbedder

    if settings.kind == "openai":
        return CachingEmbedder(
            OpenAIEmbedder(
                model=settings.model,
                dimension=settings.dimension,
                base_url=settings.base_url,
                api_key=settings.api_key.get_secret_value() if settings.api_key else None,
                timeout=settings.timeout,
            )
        )
    from factloom.retrieval.embedders import ALL_MINILM_L6_V2

    model = settings.path or ALL_MINILM_L6_V2
    return CachingEmbedder(
        OnnxEmbedder(model, precision=settings.precision, threads=settings.threads, cache_dir=cache_dir)
    )


def build_extractor(settings: Settings, ontology: Ontology) -> Extractor | None:
    """The extractor that the settings name; None when nothing is to be extracted."""
    named = settings.extractor
    if named.kind == "none":
        return None
    from factloom.engine.extraction.deferred import DeferredExtractor
    from factloom.engine.extraction.pipeline import is_there, missing, offline_name

    if named.pipeline is not None and not is_there(named.pipeline):  # told at once, not with the first message
        _log.warning("messages will be stored but not learned from: %s", missing(named.pipeline))

    def make() -> Extractor:
        from factloom.engine.extraction.extractor import OfflineExtractor

        return OfflineExtractor(named.pipeline, ontology=ontology, dates=named.dates)

    offline = DeferredExtractor(offline_name(named.pipeline), make)
    if named.kind == "spacy":
        return offline
    model = _build_llm_extractor(named, ontology)
    if named.fallback == "none":
        return model
    from factloom.engine.extraction.llm.fallback import FallbackExtractor

    return FallbackExtractor(model, offline)


def _build_llm_extractor(settings: ExtractorSettings, ontology: Ontology) -> Extractor:
    """The extractor that asks a language model; it connects at the first message, not here."""
    from factloom.engine.extraction.llm.accounting import Prices
    from factloom.engine.extraction.llm.extractor import LlmExtractor
    from factloom.engine.extraction.llm.service import ChatService

    service = ChatService(
        settings.model,
        base_url=settings.base_url,
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        timeout=settings.timeout,
        max_retries=settings.max_retries,
        max_answer_tokens=settings.max_answer_tokens,
    )
    return LlmExtractor(
        service,
        batch=settings.batch,
        concurrency=settings.concurrency,
        max_prompt_tokens=settings.max_prompt_tokens,
        known_entities=settings.known_entities,
        prices=Prices(settings.prompt_price, settings.answer_price),
        ontology=ontology,
    )


def build_reranker(settings: Settings) -> Reranker | None:
    """The reranker that the settings name; None when there is none. It loads or connects at the first search.

    Raises:
        ConfigurationError: kind onnx without the folder of a model.
    """
    named = settings.reranker
    if named.kind == "none":
        return None
    if named.kind == "onnx":
        if named.path is None:
            raise ConfigurationError(
                "reranker.kind is onnx, so reranker.path has to name the folder of a cross-encoder"
            )
        from factloom.retrieval.rerankers import CrossEncoder

        return CrossEncoder(
            named.path.expanduser(), precision=named.precision, threads=named.threads, cache_dir=settings.cache_dir
        )
    from factloom.engine.extraction.llm.service import ChatService
    from factloom.engine.reranking import ANSWER_FORM, ChatReranker

    return ChatReranker(
        ChatService(
            named.model,
            base_url=named.base_url,
            api_key=named.api_key.get_secret_value() if named.api_key else None,
            timeout=named.timeout,
            max_retries=named.max_retries,
            max_answer_tokens=named.max_answer_tokens,
            form=ANSWER_FORM,
            section="reranker",
        )
    )


def open_store(settings: Settings, *, clock: Callable[[], datetime]) -> GraphStore:
    """The graph store that ``settings.store`` names; the folder of a file is made if it is missing.

    Raises:
        ConfigurationError: the name is a URL of a kind that is not supported, or what it needs is not installed.
        StoreError: it cannot be opened.
    """
    if "://" in settings.store:
        return _open_server(settings, clock=clock)
    from factloom.graph.sqlite import SqliteGraphStore

    return SqliteGraphStore(store_file(settings) or ":memory:", busy_timeout=settings.busy_timeout, clock=clock)


def _open_server(settings: Settings, *, clock: Callable[[], datetime]) -> GraphStore:
    """The store on the server that ``settings.store`` is the address of."""
    scheme = settings.store.split("://", 1)[0]
    if scheme.split("+")[0] not in {"neo4j", "bolt"}:
        raise ConfigurationError(
            f"there is no store for {scheme}://; give the path of a file, or neo4j://host:7687 for a Neo4j server"
        )
    try:
        from factloom.graph.neo4j_store import Access, Neo4jGraphStore
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "neo4j":
            raise
        raise ConfigurationError(
            f"the store {scheme}:// needs the Neo4j driver, which is not installed: pip install 'factloom[neo4j]'"
        ) from error
    named = settings.neo4j
    access = Access(
        settings.store,
        user=named.user,
        password=named.password.get_secret_value(),
        database=named.database,
        pool_size=named.pool_size,
        connection_timeout=named.connection_timeout,
        acquisition_timeout=named.acquisition_timeout,
        max_retry_time=named.max_retry_time,
        transaction_timeout=named.transaction_timeout,
        busy_timeout=settings.busy_timeout,
    )
    return Neo4jGraphStore(access, label_prefix=named.label_prefix, clock=clock)


def _server_index_dir(store: ChangeFeed) -> Path:
    """Where snapshots of the index of a store on a server are: in the user's cache folder, by the store's id."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("factloom", appauthor=False)) / "index" / store.store_id()


def build_index(settings: Settings, store: GraphStore) -> VectorIndex:
    """The index that ``neo4j.vectors`` names for a store on a server; else FAISS, which follows the store.

    FAISS keeps its snapshots beside the store's file or in the cache folder. A server's own index is made when it is
    first asked for, which takes a while for a store that holds vectors already.
    """
    if settings.neo4j.vectors == "native" and isinstance(store, NativeVectors):
        return store.native_vectors()
    from factloom.retrieval.vectors import FaissVectorIndex

    if not isinstance(store, ChangeFeed):
        raise ConfigurationError(f"{type(store).__name__} has no change feed for the vector index to follow")
    directory, file = settings.index_dir, store_file(settings)
    if directory is None and file is not None:
        directory = file.with_name(f"{file.name}.index")
    elif directory is None and "://" in settings.store:
        directory = _server_index_dir(store)
    return FaissVectorIndex(store, directory=directory)


def build(
    settings: Settings,
    *,
    store: GraphStore | None = None,
    embedder: Embedder | None = None,
    extractor: Extractor | None = None,
    clock: Callable[[], datetime],
    check_embedder: bool = True,
) -> Parts:
    """All parts; those given are used as they are.

    Raises:
        ConfigurationError: the settings cannot be used, such as types or predicates of the user's own.
        EmbedderMismatchError: the store's vectors come from another embedder.
    """
    ontology = build_ontology(settings.ontology)
    embedder = embedder or build_embedder(settings.embedder, settings.cache_dir)
    opened = store or open_store(settings, clock=clock)
    recorded = opened.embedder()
    if check_embedder and recorded is not None and recorded[0] != embedder.name:
        if store is None:
            opened.close()
        raise EmbedderMismatchError(
            f"the store's vectors were made by {recorded[0]}, the embedder now set is {embedder.name}; "
            f"set it back, or make the vectors anew with: factloom reembed"
        )
    reader = extractor or build_extractor(settings, ontology)
    return Parts(opened, build_index(settings, opened), embedder, reader, ontology)


def build_searcher(
    parts: Parts, settings: Settings, *, reranker: Reranker | None = None, clock: Callable[[], datetime]
) -> Searcher:
    """The searcher over these parts; ``reranker`` as ``settings.reranker`` says how to use one."""
    from factloom.graph.pagerank import personalised_pagerank
    from factloom.retrieval.rerankers import Reranking
    from factloom.retrieval.searcher import Searcher

    how = settings.reranker
    return Searcher(
        parts.store,
        parts.index,
        parts.embedder,
        spread=personalised_pagerank,
        settings=settings.search,
        reranking=Reranking(reranker, candidates=how.candidates, on_failure=how.on_failure) if reranker else None,
        turns=parts.store.turns() if isinstance(parts.store, TakesTurns) else None,
        clock=clock,
    )


def build_cypher(parts: Parts, settings: Settings, *, clock: Callable[[], datetime]) -> CypherQueries:
    """Read-only Cypher over these parts; the engine is loaded at the first query."""
    from factloom.engine.cypher import CypherQueries

    def project(spaces: SpaceSet, labels: Labels, now: datetime) -> tuple[CypherRunner, datetime | None]:
        from factloom.graph.cypher.embedded import EmbeddedGraph
        from factloom.graph.cypher.projection import read_projection

        projection = read_projection(parts.store, spaces=spaces, labels=labels, now=now)
        return EmbeddedGraph(projection), projection.valid_until

    return CypherQueries(parts.store, project, settings.cypher, clock=clock)

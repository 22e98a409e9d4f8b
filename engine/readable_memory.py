"""The reading half of Memory: opening a store, searching it, looking at what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from factloom.engine.arguments import (
    check_flag,
    check_function,
    check_id,
    check_list,
    check_name,
    check_number,
    check_page,
    check_spaces,
    check_text,
)
from factloom.engine.filters import make_filter
from factloom.engine.inspection import EntityProfile, Inspection
from factloom.engine.scope import spaces_to_read
from factloom.engine.searching import checked_queries, checked_query, search_arguments
from factloom.engine.wiring import build, build_cypher, build_reranker, build_searcher
from factloom.retrieval.token_counting import named_counter
from factloom.schemas.cypher import CypherResult
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ontology import Ontology, using
from factloom.schemas.ports import Closable, Embedder, Extractor, GraphStore, Reranker
from factloom.schemas.queries import FactQuery, View
from factloom.schemas.records import Category, Change, Entity, Episode, Fact, utc_now
from factloom.schemas.results import Stats
from factloom.schemas.search import ContextBlock, HitKind, SearchResult
from factloom.schemas.settings import Settings, load_settings
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    import networkx


_LEAST_TOKENS = 40
"""A context block has marks and a heading before its first line."""


class ReadableMemory:
    """What can be asked of a memory. ``Memory`` adds what changes it."""

    def __init__(
        self,
        store: str | Path | GraphStore | None = None,
        *,
        spaces: SpaceSet | Iterable[str] | None = None,
        settings: Settings | None = None,
        config_file: str | Path | None = None,
        embedder: Embedder | None = None,
        extractor: Extractor | None = None,
        reranker: Reranker | None = None,
        clock: Callable[[], datetime] = utc_now,
        **arguments: Any,
    ) -> None:
        """Open a memory; the store's file is made if it is missing.

        Args:
            store: path of the store's file, ``":memory:"``, or a store; default: what the settings say.
            spaces: the only spaces that this handle may use; default: all.
            settings: complete settings; default: from the environment, ``config_file`` and ``arguments``.
            config_file: a TOML file of settings.
            embedder: used instead of the one that the settings name.
            extractor: used instead of the one that the settings name.
            reranker: used instead of the one that the settings name (by default none).
            clock: the present, for tests.
            arguments: single settings, nested ones as dicts: ``embedder={"precision": "fp32"}`` goes by ``settings``.

        Raises:
            ConfigurationError: settings cannot be used.
            StoreError: the store cannot be opened, or was made by another program, embedder or a newer version.
        """
        settings = settings_for(store, settings, config_file, arguments)
        check_parts(embedder=embedder, extractor=extractor, reranker=reranker, clock=clock)
        given = None if store is None or isinstance(store, (str, Path)) else store
        self._settings = settings
        self._clock = clock
        self._visible = SpaceSet.everything() if spaces is None else check_spaces(spaces)
        self._parts = parts = build(settings, store=given, embedder=embedder, extractor=extractor, clock=clock)
        self._inspection = Inspection(parts.store, clock=clock)
        self._reranker = reranker or build_reranker(settings)
        self._searcher = build_searcher(parts, settings, reranker=self._reranker, clock=clock)
        self._cypher = build_cypher(parts, settings, clock=clock)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    @property
    def ontology(self) -> Ontology:
        """The predicates and types that are known: the core's, and those of the settings."""
        return self._parts.ontology

    @property
    def embedder(self) -> Embedder:
        """The embedder in use."""
        return self._parts.embedder

    # --- asking --------------------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        spaces: SpaceSet | list[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        kinds: Sequence[HitKind] = ("fact", "episode"),
        categories: Sequence[Category | str] | None = None,
        predicates: Sequence[str] | None = None,
        metadata: dict[str, Any] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        as_of: datetime | str | None = None,
        include_history: bool = False,
        asker: str | None = None,
        now: datetime | str | None = None,
        rerank: bool = True,
        time_limit: float | None = None,
    ) -> SearchResult:
        """The facts and episodes that answer ``query``, best first, each with its sources and its explanation.

        Args:
            query: a question or some words.
            user_id: whose memory; also who asks, unless ``asker`` says otherwise.
            agent_id: as ``user_id``; beside it, a filter.
            run_id: as ``agent_id``.
            space: the space to search, if not the one that the labels name.
            spaces: several spaces to search together.
            limit: how many hits; default: ``search.limit`` of the settings.
            offset: how many hits to pass over, for paging.
            kinds: only facts, only episodes, or both.
            categories: only facts of these categories.
            predicates: only facts with these predicates.
            metadata: only records whose metadata has these values.
            since: only what became true, or was said, at or after this time.
            until: only what became true, or was said, before this time.
            as_of: what was so at this time, instead of now.
            include_history: also what is no longer so; with ``as_of``, of all that had begun by then.
            asker: who "I" is in the question.
            now: the present, for "yesterday" and for recency; default: the clock.
            rerank: False leaves out the reranker, where the settings name one.
            time_limit: seconds after which what was found so far is returned, marked as ``partial``; without time to
                embed the query, it is answered by its words. Default: as long as it takes.

        Raises:
            InvalidInputError: the query is blank, or a filter cannot be used.
            MissingScopeError: nothing says whose memory to search.
            ModelError: the query cannot be embedded.
        """
        readable, how = search_arguments(
            self._visible,
            self._settings,
            self._clock,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            space=space,
            spaces=spaces,
            limit=limit,
            offset=offset,
            kinds=kinds,
            categories=categories,
            predicates=predicates,
            metadata=metadata,
            since=since,
            until=until,
            as_of=as_of,
            include_history=include_history,
            asker=asker,
            now=now,
            rerank=rerank,
            time_limit=time_limit,
        )
        with using(self._parts.ontology):
            return self._searcher.search(checked_query(query, self._settings), spaces=readable, **how)

    def search_many(self, /, queries: Sequence[str], **search: Any) -> list[SearchResult]:
        """What ``search`` finds for each of several questions, in their order, with the same further arguments for all.

        The questions are embedded together, which with a service is one request instead of many; the results are
        those of single searches. A ``time_limit`` is for all of them together.

        Raises:
            InvalidInputError: as ``search``; the message names the question that cannot be asked.
        """
        asked = checked_queries(queries, self._settings)
        readable, how = search_arguments(self._visible, self._settings, self._clock, **search)
        with using(self._parts.ontology):
            return self._searcher.search_many(asked, spaces=readable, **how)

    def context(
        self, /, query: str, max_tokens: int | None = None, *, tokenizer: str | None = None, **search: Any
    ) -> ContextBlock:
        """A block of text for a prompt: what ``search`` (same arguments) finds, within ``max_tokens``, with sources.

        Args:
            query: a question or some words.
            max_tokens: the budget; default: ``search.max_tokens`` of the settings.
            tokenizer: whose tokens are counted: ``tiktoken:`` and a model of OpenAI, or the path of a
                ``tokenizer.json``; default: ``search.tokenizer`` of the settings, else the embedder's.
            search: as for ``search``.

        Raises:
            InvalidInputError: as ``search``, or ``max_tokens`` is too small for any block.
            ConfigurationError, ModelNotFoundError: the tokenizer cannot be used, or is not on this machine.
        """
        budget = self._settings.search.max_tokens if max_tokens is None else max_tokens
        check_number(budget, "max_tokens", least=_LEAST_TOKENS)
        budget = int(budget)
        named = check_name(tokenizer, "tokenizer") or self._settings.search.tokenizer
        counter = named_counter(named) if named else None
        search.setdefault("limit", min(1000, max(20, budget // 12)))
        readable, how = search_arguments(self._visible, self._settings, self._clock, **search)
        with using(self._parts.ontology):
            result = self._searcher.search(checked_query(query, self._settings), spaces=readable, **how)
        return self._searcher.context(result, spaces=readable, max_tokens=budget, now=how["now"], counter=counter)

    # --- reading -------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Fact | Episode | Entity:
        """The record with this id.

        Raises:
            NotFoundError: there is none in the spaces that this handle may read.
        """
        return self._inspection.get(check_id(id), spaces=self._visible)

    def get_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        spaces: SpaceSet | list[str] | None = None,
        limit: int = 100,
        offset: int = 0,
        categories: Sequence[Category | str] | None = None,
        predicates: Sequence[str] | None = None,
        metadata: dict[str, Any] | None = None,
        episode_ids: Sequence[str] | None = None,
        include_history: bool = False,
    ) -> list[Fact]:
        """Facts that are current (or all of them), the newest first; with ``episode_ids``, those that they state."""
        readable, labels = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        filters = make_filter(labels=labels, categories=categories, predicates=predicates, metadata=metadata)
        check_page(limit, offset)
        check_list(episode_ids, "episode_ids")
        check_flag(include_history, "include_history")
        query = FactQuery(
            labels=labels,
            categories=filters.categories,
            predicates=filters.predicates,
            metadata=filters.metadata,
            episode_ids=None if episode_ids is None else tuple(episode_ids),
            view=View(now=self._clock(), history=include_history),
            limit=limit,
            offset=offset,
        )
        return self._parts.store.find_facts(query, spaces=readable)

    def history(self, id: str) -> list[Change]:
        """What was done to a record, oldest first: who, when, why; for a fact, through all of its versions.

        Raises:
            NotFoundError: there is no such record.
        """
        return self._inspection.history(check_id(id), spaces=self._visible)

    def entities(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        spaces: SpaceSet | list[str] | None = None,
        types: Sequence[str] | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Entity]:
        """Entities by name; with further labels, those that a fact or an episode with these labels is about."""
        readable, labels = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        check_page(limit, offset)
        check_list(types, "types")
        return self._inspection.entities(types, limit=limit, offset=offset, spaces=readable, labels=labels)

    def entity(
        self,
        name_or_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        include_history: bool = False,
    ) -> EntityProfile:
        """An entity by id, name or alias, with the facts about it.

        Raises:
            NotFoundError: there is none.
            InvalidInputError: several bear the name; the message lists them.
        """
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        check_text(name_or_id, "name_or_id", longest=self._settings.ingest.max_characters, if_empty="name an entity")
        check_flag(include_history, "include_history")
        return self._inspection.profile(name_or_id, spaces=spaces, labels=labels, include_history=include_history)

    def to_networkx(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        spaces: SpaceSet | list[str] | None = None,
        include_history: bool = False,
    ) -> networkx.MultiDiGraph[str]:
        """Entities and current facts (or all) as a networkx graph; see ``factloom.graph.networkx_export``.

        Further labels filter both, as in ``get_all``.
        """
        readable, labels = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        check_flag(include_history, "include_history")
        return self._inspection.graph(spaces=readable, labels=labels, include_history=include_history)

    def cypher(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        spaces: SpaceSet | list[str] | None = None,
        timeout: float | None = None,
        limit: int | None = None,
    ) -> CypherResult:
        """The rows that a read-only Cypher query gives over the graph of ``docs/graph-model.md`` (``docs/cypher.md``).

        Without a scope it reads all that this handle may read. ``timeout`` is in seconds, ``limit`` a number of rows;
        defaults: ``cypher.timeout`` and ``cypher.limit`` of the settings. Queries may use ``$spaces`` and ``$now``.

        Raises:
            QueryError: the query is wrong, or would write.
            QueryTimeoutError: it took too long.
            InvalidInputError: an argument cannot be used, or there is more than may be read into memory.
            ConfigurationError: the extra ``cypher`` is not installed.
        """
        readable, labels = spaces_to_read(
            user_id, agent_id, run_id, space, spaces, visible=self._visible, required=False
        )
        return self._cypher.run(query, parameters, spaces=readable, labels=labels, timeout=timeout, limit=limit)

    def pending(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        limit: int = 100,
    ) -> list[Episode]:
        """Episodes that are stored but not learned from yet, oldest first, with their errors; default: everyone's."""
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        check_page(limit)
        return self._inspection.pending(spaces=spaces, labels=labels, limit=limit)

    def stats(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
    ) -> Stats:
        """How much there is; without a scope, in all spaces."""
        spaces, _ = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        return self._inspection.stats(spaces=spaces)

    def close(self) -> None:
        """Write the index's snapshots, release the store and connections to models; safe to call twice."""
        self._cypher.forget()
        self._parts.index.close()
        self._parts.store.close()
        for part in (self._parts.extractor, self._reranker):
            if isinstance(part, Closable):
                part.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def settings_for(
    store: str | Path | GraphStore | None,
    settings: Settings | None,
    config_file: str | Path | None,
    arguments: dict[str, Any],
) -> Settings:
    """Settings with the store that was named, if one was.

    Raises:
        ConfigurationError: a setting cannot be used.
        InvalidInputError: an argument is of a wrong type, or complete settings and single ones are both given.
    """
    named = {"store": _path_of_store(store)} if isinstance(store, (str, Path)) else {}
    if not named and store is not None and not isinstance(store, GraphStore):
        raise InvalidInputError(f"store must be the path of a file, or a GraphStore, got {store!r}")
    if config_file is not None and not (isinstance(config_file, (str, Path)) and _can_be_a_path(str(config_file))):
        raise InvalidInputError(f"config_file must be the path of a TOML file, got {config_file!r}")
    if settings is None:
        return _checked(load_settings(config_file, **{**arguments, **named}))
    if not isinstance(settings, Settings):
        raise InvalidInputError(f"settings must be Settings, as load_settings() makes them, got {settings!r}")
    if arguments or config_file is not None:
        raise InvalidInputError("give either settings, or config_file and single settings, not both")
    return _checked(settings.model_copy(update=named))


def check_parts(
    *, embedder: object = None, extractor: object = None, reranker: object = None, clock: object = None
) -> None:
    """Check what a caller gives instead of a part that the settings name.

    Raises:
        InvalidInputError: one has not the methods that its port asks for.
    """
    for part, what, methods in (
        (embedder, "embedder", ("embed_documents", "embed_queries")),
        (extractor, "extractor", ("extract",)),
        (reranker, "reranker", ("rerank",)),
    ):
        if part is not None and not all(callable(getattr(part, method, None)) for method in methods):
            raise InvalidInputError(
                f"{what} must have the methods {' and '.join(methods)}, got {type(part).__name__}; "
                f"settings go by settings=load_settings({what}=…)"
            )
    check_function(clock, "clock")


def _path_of_store(store: str | Path) -> str:
    if not str(store).strip():
        raise InvalidInputError(
            "store is empty; give the path of its file, or leave it out for the one of the settings"
        )
    return str(store)


def _checked(settings: Settings) -> Settings:
    """The settings, if a file can have the store's name."""
    if not _can_be_a_path(settings.store):
        raise InvalidInputError(
            f"store {settings.store!r} cannot be the path of a file; take out what no path can have"
        )
    return settings


def _can_be_a_path(name: str) -> bool:
    try:
        return b"\x00" not in os.fsencode(name)
    except UnicodeEncodeError:
        return False

"""Memory: the public face. Takes messages in, answers questions, changes and forgets what it holds.

The way of a message: ``Memory.add`` → ``MessageReader`` → ``Ingest`` → ``Learner`` → ``GraphStore``.
The way of a question: ``Memory.search`` → ``Searcher`` → ``GraphStore``, ``VectorIndex``, ``Embedder``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from factloom.engine.editing import Editor, FactEdit
from factloom.engine.explicit import FactLike, read_facts
from factloom.engine.explicit_ingest import ExplicitIngest
from factloom.engine.filters import check_page, make_filter
from factloom.engine.forgetting import Forgetting
from factloom.engine.ingest import Ingest, Progress
from factloom.engine.inspection import EntityProfile, Inspection
from factloom.engine.learning import Learner
from factloom.engine.messages import Message, MessageReader, check_metadata, check_text, parse_time
from factloom.engine.reembedding import reembed as reembed_store
from factloom.engine.scope import scope_to_write, spaces_to_read
from factloom.engine.wiring import build, build_searcher
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ontology import core_ontology
from factloom.schemas.ports import Embedder, Extractor, GraphStore
from factloom.schemas.queries import FactQuery, View
from factloom.schemas.records import Category, Change, Entity, Episode, Fact, utc_now
from factloom.schemas.results import AddResult, DeleteReceipt, Stats
from factloom.schemas.search import ContextBlock, HitKind, SearchFilter, SearchResult
from factloom.schemas.settings import Settings, load_settings
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    import networkx


class Memory:
    """A graph-plus-vector memory.

    >>> memory = Memory("memory.db")
    >>> memory.add("I moved to Lisbon", user_id="ana")
    >>> memory.search("where does she live?", user_id="ana")[0].text
    'Ana lives in Lisbon.'

    Scope: a call says whose memory it is about by ``user_id``, ``agent_id`` or ``run_id`` (the first of them that is
    given names the space, the others filter) or by ``space`` directly; reads may name several ``spaces``. A handle made
    with ``spaces`` can neither read nor write any other. Safe to use from several threads and, on one file, from several
    processes. Times must carry a time zone.
    """

    def __init__(
        self,
        store: str | Path | GraphStore | None = None,
        *,
        spaces: SpaceSet | Iterable[str] | None = None,
        settings: Settings | None = None,
        config_file: str | Path | None = None,
        embedder: Embedder | None = None,
        extractor: Extractor | None = None,
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
            clock: the present, for tests.
            arguments: single settings, nested ones as dicts: ``embedder={"precision": "fp32"}`` goes by ``settings``.

        Raises:
            ConfigurationError: settings cannot be used.
            StoreError: the store cannot be opened, or was made by another program, embedder or a newer version.
        """
        settings = _settings(store, settings, config_file, arguments)
        given = None if store is None or isinstance(store, (str, Path)) else store
        self._settings = settings
        self._clock = clock
        self._visible = (
            spaces if isinstance(spaces, SpaceSet) else SpaceSet(spaces) if spaces else SpaceSet.everything()
        )
        self._parts = parts = build(settings, store=given, embedder=embedder, extractor=extractor, clock=clock)
        ontology = core_ontology()
        learner = Learner(
            parts.store, parts.index, parts.embedder, parts.extractor, settings=settings, ontology=ontology, clock=clock
        )
        self._ingest = Ingest(parts.store, learner, settings=settings, clock=clock)
        self._explicit = ExplicitIngest(parts.store, parts.embedder, settings=settings, ontology=ontology, clock=clock)
        self._editor = Editor(parts.store, parts.embedder, parts.extractor, clock=clock)
        self._forgetting = Forgetting(parts.store, parts.index, clock=clock)
        self._inspection = Inspection(parts.store, clock=clock)
        self._searcher = build_searcher(parts, settings, clock=clock)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    # --- writing -------------------------------------------------------------------------------------------------

    def add(
        self,
        messages: Message | Iterable[Message],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        session: str | None = None,
        time: datetime | str | float | None = None,
        metadata: dict[str, Any] | None = None,
        role: str = "user",
        name: str | None = None,
        infer: bool = True,
        actor: str | None = None,
        on_progress: Progress | None = None,
    ) -> AddResult:
        """Take in what was said, and learn from it.

        Args:
            messages: a text; OpenAI-style messages (``role``, ``content``, ``name`` is the speaker, and optionally
                ``time``, ``session``, ``metadata``); or episodes.
            user_id: whose memory it is, and the speaker of messages from the user without a name.
            agent_id: which agent heard or said it.
            run_id: in which run; it is the session too if none is named.
            space: where it goes, if not to the space that the labels name.
            session: which sitting the messages belong to; default: by the silence between messages.
            time: when it was said, aware; default: now. A message's own ``time`` goes first.
            metadata: JSON data to keep with every message.
            role: of plain texts: user, assistant, system, tool or document.
            name: speaker of messages that name none.
            infer: False stores the messages as they are, to be found but not learned from.
            actor: who changes the memory, for history; default: the agent, else the ``actor`` of the settings.
            on_progress: called with the number of messages learned from, batch by batch.

        Returns:
            What changed. Every message is on disk when this returns, also those that could not be learned from yet.

        Raises:
            InvalidInputError: a message cannot be used; nothing was stored.
            StoreError: the store failed; nothing was stored, or, past the first step, the messages are pending.
        """
        scope = scope_to_write(user_id, agent_id, run_id, space, visible=self._visible)
        reader = MessageReader(now=self._clock(), longest=self._settings.ingest.max_characters)
        episodes = reader.read(
            messages, scope, session=session, time=time, metadata=metadata, role=role, name=name, infer=infer
        )
        return self._ingest.add(episodes, actor=actor or agent_id or self._settings.actor, on_progress=on_progress)

    def add_facts(
        self,
        facts: Sequence[FactLike],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        time: datetime | str | float | None = None,
        actor: str | None = None,
        on_progress: Progress | None = None,
    ) -> AddResult:
        """Add facts outright: triples, dicts or ``FactInput``; no extractor is needed.

        They are resolved and reconciled as learned ones are. ``time``: when they were stated, and from when they
        hold if they do not say; default: now.

        Raises:
            InvalidInputError: one cannot be used; nothing was stored.
            NotFoundError: one names an episode that is not in the space; nothing was stored.
        """
        scope = scope_to_write(user_id, agent_id, run_id, space, visible=self._visible)
        now = self._clock()
        stated_at = now if time is None else parse_time(time, "time", now=now)
        read = read_facts(facts)
        for position, fact in enumerate(read):
            for what in ("subject", "predicate", "object", "text"):
                value = getattr(fact, what)
                if value is not None:
                    check_text(value, f"fact {position}: {what}", longest=self._settings.ingest.max_characters)
            check_metadata(fact.metadata, f"fact {position}: metadata")
        actor = actor or agent_id or self._settings.actor
        return self._explicit.add(read, scope, stated_at=stated_at, actor=actor, on_progress=on_progress)

    def update(
        self,
        fact_id: str,
        text: str | None = None,
        *,
        predicate: str | None = None,
        object: str | None = None,
        valid_at: datetime | str | float | None = None,
        invalid_at: datetime | str | float | None = None,
        confidence: float | None = None,
        metadata: dict[str, Any] | None = None,
        reason: str = "",
        actor: str | None = None,
    ) -> Fact:
        """Write a new version of a fact and return it; the old one stays in history.

        A new ``text`` alone is read as a triple again; if it cannot be, the fact becomes a note about its subject.

        Raises:
            NotFoundError: there is no such fact.
            InvalidInputError: nothing to change, an unusable value, or not the current version.
        """
        now = self._clock()
        longest = self._settings.ingest.max_characters
        for what, value in (("text", text), ("predicate", predicate), ("object", object)):
            if value is not None:
                check_text(value, what, longest=200 if what != "text" else longest)
        times = {
            what: None if value is None else parse_time(value, what, now=now, past_only=False)
            for what, value in (("valid_at", valid_at), ("invalid_at", invalid_at))
        }
        edit = FactEdit(
            text=text,
            predicate=predicate,
            object=object,
            confidence=confidence,
            metadata=None if metadata is None else check_metadata(metadata),
            **times,
        )
        if edit == FactEdit():
            raise InvalidInputError("nothing to update: give a text, an object, a predicate, a time or metadata")
        actor = actor or self._settings.actor
        return self._editor.update(fact_id, edit, spaces=self._visible, actor=actor, reason=reason)

    def retry(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        limit: int = 10_000,
        actor: str | None = None,
        on_progress: Progress | None = None,
    ) -> AddResult:
        """Learn from episodes that are pending or failed; without a scope, from those of all spaces."""
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        actor = actor or agent_id or self._settings.actor
        return self._ingest.retry(spaces=spaces, labels=labels, limit=limit, actor=actor, on_progress=on_progress)

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
            include_history: also what is no longer so.
            asker: who "I" is in the question.
            now: the present, for "yesterday" and for recency; default: the clock.

        Raises:
            InvalidInputError: the query is blank, or a filter cannot be used.
            MissingScopeError: nothing says whose memory to search.
            ModelError: the query cannot be embedded.
        """
        readable, labels = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        present = self._clock() if now is None else parse_time(now, "now", now=self._clock(), past_only=False)
        times = {
            what: None if value is None else parse_time(value, what, now=present, past_only=False)
            for what, value in (("since", since), ("until", until), ("as_of", as_of))
        }
        at = times.pop("as_of")
        filters = make_filter(labels=labels, categories=categories, predicates=predicates, metadata=metadata, **times)
        return self._searcher.search(
            check_text(query, "the query", longest=self._settings.ingest.max_characters),
            spaces=readable,
            limit=self._settings.search.limit if limit is None else limit,
            offset=offset,
            kinds=tuple(kinds),
            filters=filters,
            as_of=at,
            include_history=include_history,
            asker=asker or user_id,
            now=present,
        )

    def context(self, query: str, max_tokens: int | None = None, **search: Any) -> ContextBlock:
        """A block of text for a prompt: what ``search`` (same arguments) finds, within ``max_tokens``, with sources.

        Raises:
            InvalidInputError: as ``search``, or ``max_tokens`` is too small for any block.
        """
        budget = self._settings.search.max_tokens if max_tokens is None else max_tokens
        if budget < 16:
            raise InvalidInputError(f"max_tokens must be at least 16, got {budget}")
        search.setdefault("limit", min(1000, max(20, budget // 12)))
        return self._searcher.context(self.search(query, **search), max_tokens=budget)

    # --- reading -------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Fact | Episode | Entity:
        """The record with this id.

        Raises:
            NotFoundError: there is none in the spaces that this handle may read.
        """
        return self._inspection.get(id, spaces=self._visible)

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
        include_history: bool = False,
    ) -> list[Fact]:
        """Facts that are current (or all of them), the newest first."""
        readable, labels = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        filters = make_filter(labels=labels, categories=categories, predicates=predicates, metadata=metadata)
        check_page(limit, offset)
        query = FactQuery(
            labels=labels,
            categories=filters.categories,
            predicates=filters.predicates,
            metadata=filters.metadata,
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
        return self._inspection.history(id, spaces=self._visible)

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
        """Entities by name."""
        readable, _ = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        return self._inspection.entities(types, limit=limit, offset=offset, spaces=readable)

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
        spaces, _ = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        return self._inspection.profile(name_or_id, spaces=spaces, include_history=include_history)

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
        """Entities and current facts (or all) as a networkx graph; see ``factloom.graph.networkx_export``."""
        readable, _ = spaces_to_read(user_id, agent_id, run_id, space, spaces, visible=self._visible)
        return self._inspection.graph(spaces=readable, include_history=include_history)

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
        return self._ingest.pending(spaces=spaces, labels=labels, limit=limit)

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

    # --- forgetting ----------------------------------------------------------------------------------------------

    def delete(self, id: str, *, actor: str | None = None) -> DeleteReceipt:
        """Delete a fact, an episode or an entity, with everything that hangs on it alone; see ``engine.forgetting``.

        Raises:
            NotFoundError: there is no such record.
        """
        return self._forgetting.delete([id], spaces=self._visible, actor=actor or self._settings.actor)

    def delete_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        actor: str | None = None,
    ) -> DeleteReceipt:
        """Delete everything in one space; with further labels, all that bears them."""
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible)
        return self._forgetting.delete_all(spaces=spaces, labels=labels, actor=actor or self._settings.actor)

    def reset(self) -> DeleteReceipt:
        """Delete everything in every space that this handle may use."""
        labels = SearchFilter().labels
        return self._forgetting.delete_all(spaces=self._visible, labels=labels, actor=self._settings.actor)

    # --- upkeep --------------------------------------------------------------------------------------------------

    @classmethod
    def reembed(
        cls,
        store: str | Path | GraphStore | None = None,
        *,
        settings: Settings | None = None,
        config_file: str | Path | None = None,
        embedder: Embedder | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
        **arguments: Any,
    ) -> int:
        """Make all vectors of a store anew with the embedder that is now set; returns how many records were embedded.

        Arguments as for the constructor. Other writers wait; killed in the middle, it leaves the store as it was.
        ``on_progress`` is called with the number of records done and their total.
        """
        settings = _settings(store, settings, config_file, arguments)
        given = None if store is None or isinstance(store, (str, Path)) else store
        parts = build(settings, store=given, embedder=embedder, clock=clock, check_embedder=False)
        try:
            return reembed_store(parts.store, parts.index, parts.embedder, on_progress=on_progress)
        finally:
            parts.index.close()
            if given is None:
                parts.store.close()

    def rebuild_index(self) -> int:
        """Read all vectors from the store again, which is the source of truth; returns their number."""
        return self._parts.index.rebuild(spaces=self._visible)

    def close(self) -> None:
        """Write the index's snapshots and release the store; safe to call twice."""
        self._parts.index.close()
        self._parts.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _settings(
    store: str | Path | GraphStore | None,
    settings: Settings | None,
    config_file: str | Path | None,
    arguments: dict[str, Any],
) -> Settings:
    """Settings with the store that was named, if one was."""
    named = {"store": str(store)} if isinstance(store, (str, Path)) else {}
    if settings is None:
        return load_settings(config_file, **{**arguments, **named})
    if arguments or config_file is not None:
        raise InvalidInputError("give either settings, or config_file and single settings, not both")
    return settings.model_copy(update=named)

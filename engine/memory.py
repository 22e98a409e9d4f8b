"""Memory: the public face. Takes messages in, answers questions, changes and forgets what it holds.

The way of a message: ``Memory.add`` → ``MessageReader`` → ``Ingest`` → ``Learner`` → ``GraphStore``.
The way of a question: ``Memory.search`` → ``Searcher`` → ``GraphStore``, ``VectorIndex``, ``Embedder``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from factloom.engine.arguments import (
    check_flag,
    check_function,
    check_id,
    check_page,
    check_text,
)
from factloom.engine.editable_memory import EditableMemory
from factloom.engine.explicit import FactLike, read_facts
from factloom.engine.explicit_ingest import ExplicitIngest
from factloom.engine.forgetting import Forgetting
from factloom.engine.ingest import Ingest, Progress
from factloom.engine.learning import Learner
from factloom.engine.messages import Message, MessageReader, check_metadata, parse_time
from factloom.engine.readable_memory import check_parts, settings_for
from factloom.engine.reembedding import reembed as reembed_store
from factloom.engine.scope import scope_to_write, spaces_to_read
from factloom.engine.wiring import build
from factloom.schemas.ports import Embedder, Extractor, GraphStore
from factloom.schemas.records import utc_now
from factloom.schemas.results import AddResult, DeleteReceipt
from factloom.schemas.search import SearchFilter
from factloom.schemas.settings import ExtractorSettings, Settings
from factloom.schemas.spaces import SpaceSet


class Memory(EditableMemory):
    """A graph-plus-vector memory.

    >>> memory = Memory("memory.db")
    >>> memory.add("I moved to Lisbon", user_id="ana")
    >>> memory.search("where does she live?", user_id="ana")[0].text
    'Ana lives in Lisbon.'

    Scope: a call says whose memory it is about by ``user_id``, ``agent_id`` or ``run_id`` (the first of them that is
    given names the space, the others filter) or by ``space`` directly; reads may name several ``spaces``. A handle made
    with ``spaces`` can neither read nor write any other. Safe to use from several threads and, on one file,
    from several processes. Times must carry a time zone.
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
        """Open a memory; arguments and errors as for ``ReadableMemory``."""
        super().__init__(
            store,
            spaces=spaces,
            settings=settings,
            config_file=config_file,
            embedder=embedder,
            extractor=extractor,
            clock=clock,
            **arguments,
        )
        parts, settings = self._parts, self._settings
        ontology = parts.ontology
        learner = Learner(
            parts.store, parts.index, parts.embedder, parts.extractor, settings=settings, ontology=ontology, clock=clock
        )
        self._ingest = Ingest(parts.store, learner, settings=settings, clock=clock)
        self._explicit = ExplicitIngest(parts.store, parts.embedder, settings=settings, ontology=ontology, clock=clock)
        self._forgetting = Forgetting(parts.store, parts.index, parts.embedder, ontology=ontology, clock=clock)

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
        actor = self._actor(actor, agent_id)
        check_function(on_progress, "on_progress")
        reader = MessageReader(now=self._clock(), longest=self._settings.ingest.max_characters)
        episodes = reader.read(
            messages, scope, session=session, time=time, metadata=metadata, role=role, name=name, infer=infer
        )
        return self._ingest.add(episodes, actor=actor, on_progress=on_progress)

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
        actor = self._actor(actor, agent_id)
        check_function(on_progress, "on_progress")
        now = self._clock()
        stated_at = now if time is None else parse_time(time, "time", now=now)
        read = read_facts(facts)
        for position, fact in enumerate(read):
            for what in ("subject", "predicate", "object", "text"):
                value = getattr(fact, what)
                if value is not None:
                    check_text(value, f"fact {position}: {what}", longest=self._settings.ingest.max_characters)
            check_metadata(fact.metadata, f"fact {position}: metadata")
        return self._explicit.add(read, scope, stated_at=stated_at, actor=actor, on_progress=on_progress)

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
        actor = self._actor(actor, agent_id)
        check_function(on_progress, "on_progress")
        check_page(limit)
        waiting = self._inspection.pending(spaces=spaces, labels=labels, limit=limit)
        return self._ingest.retry(waiting, actor=actor, on_progress=on_progress)

    # --- forgetting ----------------------------------------------------------------------------------------------

    def delete(self, id: str, *, actor: str | None = None, vacuum: bool = True) -> DeleteReceipt:
        """Delete a fact, an episode or an entity, with everything that hangs on it alone; see ``engine.forgetting``.

        ``vacuum``: False puts off rewriting the store's file, which costs as much as the file is large, to a later
        ``vacuum()``, the next deletion, or ``close``; the receipt then has ``residue``.

        Raises:
            NotFoundError: there is no such record.
        """
        actor = self._actor(actor)
        check_flag(vacuum, "vacuum")
        receipt = self._forgetting.delete([check_id(id)], spaces=self._visible, actor=actor, vacuum=vacuum)
        self._cypher.forget()
        return receipt

    def delete_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        actor: str | None = None,
        vacuum: bool = True,
    ) -> DeleteReceipt:
        """Delete everything in one space; with further labels, all that bears them. ``vacuum`` as for ``delete``."""
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible)
        actor = self._actor(actor)
        check_flag(vacuum, "vacuum")
        receipt = self._forgetting.delete_all(spaces=spaces, labels=labels, actor=actor, vacuum=vacuum)
        self._cypher.forget()
        return receipt

    def reset(self) -> DeleteReceipt:
        """Delete everything in every space that this handle may use."""
        labels = SearchFilter().labels
        receipt = self._forgetting.delete_all(spaces=self._visible, labels=labels, actor=self._settings.actor)
        self._cypher.forget()
        return receipt

    def vacuum(self) -> None:
        """Finish deletions whose receipt has ``residue``: take what is left of deleted text out of all files.

        Raises:
            StoreUnavailableError: another process still reads a state from before the deletion.
            VectorIndexError: a snapshot of the vector index could not be deleted.
        """
        self._forgetting.vacuum(spaces=self._visible)

    def close(self) -> None:
        """Finish deletions that were put off, write the index's snapshots, release the store; safe to call twice."""
        self._forgetting.finish()
        super().close()

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
        settings = settings_for(store, settings, config_file, arguments)
        check_parts(embedder=embedder, clock=clock)
        check_function(on_progress, "on_progress")
        given = None if store is None or isinstance(store, (str, Path)) else store
        settings = settings.model_copy(update={"extractor": ExtractorSettings(kind="none")})
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

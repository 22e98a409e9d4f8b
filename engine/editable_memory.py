"""The editing half of Memory: what a user corrects by hand, facts and entities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from factloom.engine.arguments import check_id, check_list, check_name, check_number, check_text
from factloom.engine.editing import Editor, FactEdit
from factloom.engine.entity_editing import EntityEditor, SplitRequest
from factloom.engine.messages import check_metadata, parse_time
from factloom.engine.readable_memory import ReadableMemory
from factloom.engine.scope import spaces_to_read
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import Embedder, Extractor, GraphStore
from factloom.schemas.records import Entity, Fact, utc_now
from factloom.schemas.results import EntityChange
from factloom.schemas.settings import Settings
from factloom.schemas.spaces import Labels, SpaceSet

_LONGEST_REASON = 10_000


class EditableMemory(ReadableMemory):
    """What can be corrected in a memory. ``Memory`` adds what is said and what is forgotten."""

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
        parts = self._parts
        self._editor = Editor(parts.store, parts.embedder, parts.extractor, ontology=parts.ontology, clock=clock)
        self._entities = EntityEditor(parts.store, parts.embedder, ontology=parts.ontology, clock=clock)

    # --- facts ---------------------------------------------------------------------------------------------------

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
        if reason != "":
            check_text(reason, "reason", longest=longest)
        times = {
            what: None if value is None else parse_time(value, what, now=now, past_only=False)
            for what, value in (("valid_at", valid_at), ("invalid_at", invalid_at))
        }
        if confidence is not None:
            check_number(confidence, "confidence", least=0, most=1)
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
        fact_id = check_id(fact_id, "fact_id")
        return self._editor.update(fact_id, edit, spaces=self._visible, actor=self._actor(actor), reason=reason)

    # --- entities ------------------------------------------------------------------------------------------------

    def merge_entities(
        self,
        keep: str,
        gone: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        type: str | None = None,
        reason: str = "",
        actor: str | None = None,
    ) -> EntityChange:
        """Say that two entities are one: every fact about ``gone`` is about ``keep`` from now on, which has both names.

        Args:
            keep: the one whose id and name stay: an id, or in a scope a name or an alias.
            gone: the other one.
            user_id: whose memory, where names are given.
            agent_id: as ``user_id``.
            run_id: as ``user_id``.
            space: as ``user_id``.
            type: what they are; must be said where their types conflict.
            reason: why, for history.
            actor: who says so, for history.

        Returns:
            What was done; ``undo(change_id)`` takes it back.

        Raises:
            NotFoundError: there is no such entity.
            InvalidInputError: several bear a name, or the two cannot be one.
        """
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        first, second = (
            self._entity_named(value, what, spaces, labels) for value, what in ((keep, "keep"), (gone, "gone"))
        )
        done = self._entities.merge(
            first, second, type=check_name(type, "type"), actor=self._actor(actor, agent_id), reason=_reason(reason)
        )
        self._cypher.forget()
        return done

    def split_entity(
        self,
        entity: str,
        name: str,
        *,
        fact_ids: Sequence[str] = (),
        episode_ids: Sequence[str] = (),
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] = (),
        reason: str = "",
        actor: str | None = None,
    ) -> EntityChange:
        """Say that an entity is two: some of its facts are about a new one, ``name``, from now on.

        Args:
            entity: the one to split: an id, or in a scope a name or an alias.
            name: what the new one is called, such as "John Baker" or "John (Ana's boss)".
            fact_ids: facts that are about the new one.
            episode_ids: messages that mean the new one; what they and others state is taken apart.
            user_id: whose memory, where a name is given.
            agent_id: as ``user_id``.
            run_id: as ``user_id``.
            space: as ``user_id``.
            type: what the new one is; default: what ``entity`` is.
            aliases: further names of the new one; ``entity`` has them no more.
            reason: why, for history.
            actor: who says so, for history.

        Returns:
            What was done; ``undo(change_id)`` takes it back.

        Raises:
            NotFoundError: there is no such entity or episode.
            InvalidInputError: several bear the name, the new one is taken, nothing or everything would move.
        """
        spaces, labels = spaces_to_read(user_id, agent_id, run_id, space, None, visible=self._visible, required=False)
        for values, what in ((fact_ids, "fact_ids"), (episode_ids, "episode_ids"), (aliases, "aliases")):
            check_list(values, what, optional=False)
        wanted = SplitRequest(
            name=check_text(name, "name", longest=200),
            fact_ids=tuple(fact_ids),
            episode_ids=tuple(episode_ids),
            type=check_name(type, "type"),
            aliases=tuple(check_text(alias, "one of aliases", longest=200) for alias in aliases),
        )
        found = self._entity_named(entity, "entity", spaces, labels)
        done = self._entities.split(found, wanted, actor=self._actor(actor, agent_id), reason=_reason(reason))
        self._cypher.forget()
        return done

    def undo(self, change_id: str, *, reason: str = "", actor: str | None = None) -> EntityChange:
        """Take back a merge or a split of entities, also one that was learned: see ``history`` of the entity.

        What was learned since stays with the entity that it was told of.

        Raises:
            NotFoundError: there is no such change.
            InvalidInputError: it is neither, was undone already, or cannot be undone any more.
        """
        change_id = check_id(change_id, "change_id")
        done = self._entities.undo(change_id, spaces=self._visible, actor=self._actor(actor), reason=_reason(reason))
        self._cypher.forget()
        return done

    def _entity_named(self, name_or_id: str, what: str, spaces: SpaceSet, labels: Labels) -> Entity:
        longest = self._settings.ingest.max_characters
        check_text(name_or_id, what, longest=longest, if_empty="name an entity, or give its id")
        return self._inspection.entity(name_or_id, spaces=spaces, labels=labels)

    def _actor(self, actor: str | None, agent_id: str | None = None) -> str:
        """Who changes the memory, for history."""
        return check_name(actor, "actor") or agent_id or self._settings.actor


def _reason(reason: str) -> str:
    return reason if reason == "" else check_text(reason, "reason", longest=_LONGEST_REASON)

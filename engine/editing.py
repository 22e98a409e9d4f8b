"""Editing: a user's change to a fact makes a new version; the old one stays in history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import ValidationError

from factloom.graph.resolution import Resolver
from factloom.retrieval.analysis import analyse, document_terms, embedded_texts
from factloom.schemas.errors import InvalidInputError, NotFoundError
from factloom.schemas.extraction import Candidate, ExtractionRequest, Mention
from factloom.schemas.naming import to_predicate
from factloom.schemas.ontology import Ontology, using
from factloom.schemas.ports import Embedder, Extractor, GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.records import (
    Action,
    Change,
    Entity,
    Episode,
    Fact,
    Metadata,
    Probability,
    Record,
    Role,
    Status,
    new_id,
)
from factloom.schemas.spaces import SpaceSet

NOTE = "NOTED"
"""Predicate of a fact whose new text could not be read as a triple: the subject, and the text itself."""


EDIT_OF = "edit_of"
"""Metadata of the episode that an edit makes: the id of the fact that was edited."""


class FactEdit(Record):
    """What to change of a fact; what is None stays."""

    text: str | None = None
    predicate: str | None = None
    object: str | None = None
    valid_at: datetime | None = None
    invalid_at: datetime | None = None
    confidence: Probability | None = None
    metadata: Metadata | None = None


class Editor:
    """Writes new versions of facts."""

    def __init__(
        self,
        store: GraphStore,
        embedder: Embedder,
        extractor: Extractor | None,
        *,
        ontology: Ontology,
        clock: Callable[[], datetime],
    ) -> None:
        self._ontology = ontology
        self._store = store
        self._embedder = embedder
        self._extractor = extractor
        self._clock = clock

    def update(self, fact_id: str, edit: FactEdit, *, spaces: SpaceSet, actor: str, reason: str) -> Fact:
        """Replace the current version of a fact and return the new one.

        The new version rests on an episode of its own, which holds the edit, so that it can be traced to who made it.
        A new text alone is read as a triple again; if it cannot be, the fact becomes a note (``NOTED``) of its subject.

        Raises:
            NotFoundError: there is no such fact.
            InvalidInputError: nothing is to be changed, the object is the subject, or the fact is no longer the
                current version.
        """
        old, subject, object_ = self._read(fact_id, spaces)
        mention, predicate, text = self._target(edit, old, subject, object_)
        episode = _edit_episode(old, text, actor, self._clock())
        texts = list(dict.fromkeys([text, mention.name, *embedded_texts(episode)]))
        vectors = dict(zip(texts, self._embedder.embed_documents(texts), strict=True))
        target = (mention, predicate, text)
        return self._store.write(lambda tx: self._write(tx, old, edit, target, episode, vectors, reason))

    def _read(self, fact_id: str, spaces: SpaceSet) -> tuple[Fact, Entity, Entity]:
        place = self._store.locate([fact_id], spaces=spaces).get(fact_id)
        if place is None or place.kind != "fact":
            raise NotFoundError(f"there is no fact {fact_id} in the spaces that may be read")
        (fact,) = self._store.facts([place.ref], spaces=spaces)
        ends = self._store.locate([fact.subject_id, fact.object_id], spaces=spaces)
        refs = [ends[fact.subject_id].ref, ends[fact.object_id].ref]
        subject, object_ = self._store.entities(refs, spaces=spaces)
        if fact.expired_at is not None:
            raise InvalidInputError(f"fact {fact_id} was replaced by {fact.superseded_by}; update that one")
        return fact, subject, object_

    def _target(self, edit: FactEdit, old: Fact, subject: Entity, object_: Entity) -> tuple[Mention, str, str]:
        """The object, predicate and text of the new version."""
        same = Mention(name=object_.name, type=object_.type)
        predicate = to_predicate(edit.predicate) if edit.predicate is not None else old.predicate
        if edit.object is not None:
            mention = Mention(name=edit.object, type=object_.type)
            words = predicate.lower().replace("_", " ")
            swapped = old.text.replace(object_.name, edit.object)
            text = (
                swapped if swapped != old.text and edit.predicate is None else f"{subject.name} {words} {edit.object}."
            )
            return mention, predicate, edit.text or text
        if edit.text is None:
            if edit.predicate is None:
                return same, predicate, old.text
            return same, predicate, f"{subject.name} {predicate.lower().replace('_', ' ')} {object_.name}."
        if edit.predicate is not None or edit.text == old.text:
            return same, predicate, edit.text
        read = self._extract(edit.text, old, subject)
        if read is not None and read.object is not None:
            return read.object, read.predicate, edit.text
        return Mention(name=edit.text[:200], type="note"), NOTE, edit.text

    def _extract(self, text: str, old: Fact, subject: Entity) -> Candidate | None:
        """The one fact about the same subject that a text states, if it states just one."""
        if self._extractor is None:
            return None
        now = self._clock()
        episode = Episode(
            id=new_id(),
            space=old.space,
            session=new_id(),
            role=Role.USER,
            speaker=subject.name,
            content=text,
            occurred_at=now,
            created_at=now,
        )
        with using(self._ontology):
            (extraction,) = self._extractor.extract([ExtractionRequest(episode=episode)])
        names = {subject.name.casefold(), *(alias.casefold() for alias in subject.aliases)}
        read = [c for c in extraction.candidates if c.subject.name.casefold() in names and not c.negated]
        return read[0] if len(read) == 1 else None

    def _write(
        self,
        tx: WriteTransaction,
        old: Fact,
        edit: FactEdit,
        target: tuple[Mention, str, str],
        draft: Episode,
        vectors: Mapping[str, np.ndarray],
        reason: str,
    ) -> Fact:
        mention, predicate, text = target
        now, actor = draft.created_at, draft.speaker or ""
        spaces = SpaceSet.of(old.space)
        found = tx.facts([old.ref], spaces=spaces)
        if not found or found[0].expired_at is not None:
            raise InvalidInputError(f"fact {old.id} was changed or deleted in the meantime; read it again")
        latest = found[0]
        resolver = Resolver(tx, old.space, now, ontology=self._ontology)
        object_ = resolver.resolve(mention)
        if object_.id == latest.subject_id:
            raise InvalidInputError(f"{mention.name!r} is the subject of the fact; a fact joins two entities")
        (episode,) = tx.add_episodes([draft])
        new = latest.model_copy(
            update={
                "id": new_id(),
                "object_id": object_.id,
                "predicate": predicate,
                "text": text,
                "created_at": now,
                "episode_ids": (episode.id,),
                "support": 1,
                "ref": 0,
                **_given(edit),
            }
        )
        (new,) = tx.put_facts([_checked(new)])
        tx.put_facts([latest.model_copy(update={"expired_at": now, "superseded_by": new.id})])
        entries = [IndexEntry("fact", new.id, analyse(text), vectors[text][None, :])]
        said = np.stack([vectors[part] for part in embedded_texts(episode)])
        entries.append(IndexEntry("episode", episode.id, document_terms(episode), said))
        if object_.id in resolver.named:
            entries.append(IndexEntry("entity", object_.id, analyse(mention.name), vectors[mention.name][None, :]))
        tx.put_index(entries, embedder=self._embedder.name)
        tx.record(_changes(latest, new, actor, now, reason, episode.id, {"object": [mention.name]}))
        return new


def _checked(fact: Fact) -> Fact:
    """The fact if its fields fit together, which ``model_copy`` does not see to.

    Raises:
        InvalidInputError: it would end before it begins.
    """
    try:
        return Fact.model_validate({name: getattr(fact, name) for name in Fact.model_fields})
    except ValidationError as error:
        raise InvalidInputError("; ".join(problem["msg"] for problem in error.errors())) from error


def _given(edit: FactEdit) -> dict[str, Any]:
    given: dict[str, Any] = {"valid_at": edit.valid_at, "invalid_at": edit.invalid_at, "confidence": edit.confidence}
    if edit.metadata is not None:
        given["metadata"] = edit.metadata
    return {name: value for name, value in given.items() if value is not None}


def _edit_episode(old: Fact, text: str, actor: str, now: datetime) -> Episode:
    return Episode(
        id=new_id(),
        space=old.space,
        labels=old.labels,
        session=f"edits/{old.id}",
        role=Role.TOOL,
        speaker=actor,
        content=text,
        occurred_at=now,
        created_at=now,
        status=Status.DONE,
        infer=False,
        metadata={EDIT_OF: old.id},
    )


def _changes(
    old: Fact, new: Fact, actor: str, now: datetime, reason: str, episode_id: str, called: Metadata
) -> list[Change]:
    """The edit in the history of both versions; each holds only its own words, so that deleting one leaves none."""
    names = ("text", "predicate", "object_id", "valid_at", "invalid_at", "confidence", "metadata")
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    differ = [name for name in names if before[name] != after[name]]
    common: dict[str, Any] = {
        "space": old.space,
        "kind": "fact",
        "action": Action.UPDATED,
        "actor": actor,
        "at": now,
        "reason": reason,
        "episode_id": episode_id,
    }
    was, became = {name: before[name] for name in differ}, {name: after[name] for name in differ} | called
    return [
        Change(id=new_id(), target_id=old.id, before=was, after={"superseded_by": new.id}, **common),
        Change(id=new_id(), target_id=new.id, before={"id": old.id}, after=became, **common),
    ]

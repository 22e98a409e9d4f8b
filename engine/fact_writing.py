"""Writing facts: the candidates of one transaction, resolved, reconciled, and made to be found again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from factloom.engine.entity_editing import merged_change
from factloom.graph.ages import year_at_age
from factloom.graph.merging import Act, merge_entities
from factloom.graph.reconciliation import Reconciler, Statement
from factloom.graph.resolution import Resolver
from factloom.graph.statements import told_beginning
from factloom.retrieval.analysis import analyse
from factloom.schemas.extraction import AT_AGE, UNDATED, Candidate, Mention
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import IndexEntry, WriteTransaction
from factloom.schemas.records import Action, Category, Change, Entity, Episode, Metadata, Role, new_id
from factloom.schemas.results import EntityChange, FactChange
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors


class FactWriter:
    """Resolves and reconciles the candidates of one transaction, and says how the results are found again."""

    def __init__(
        self,
        tx: WriteTransaction,
        space: str,
        ontology: Ontology,
        *,
        now: datetime,
        actor: str,
        proposals: dict[str, Sequence[tuple[int, float]]] | None = None,
        similarity: float = 0.93,
        vectors: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self._tx = tx
        self._space = space
        self._now = now
        self._actor = actor
        self._resolver = Resolver(
            tx, space, now, proposals or {}, similarity, vectors or {}, terms=analyse, ontology=ontology
        )
        self._ontology = ontology
        self._episode_id: str | None = None
        self.merges: list[EntityChange] = []
        self._reconciler = Reconciler(tx, space, ontology=ontology, now=now, actor=actor)

    def foresee(self, candidates: Iterable[Candidate]) -> None:
        """Look up all names in ``candidates`` at once: a store that keeps what it reads asks its server once then."""
        names = [name for c in candidates for end in (c.subject, c.object) if end for name in (end.name, *end.aliases)]
        keys = tuple(dict.fromkeys(normalise_name(name) for name in names))
        if len(keys) > 1:
            self._tx.foresee(keys, space=self._space)

    def take_back(self, told: str, episode: Episode) -> list[FactChange]:
        """Take back what the episode with the id ``told`` stated, since ``episode`` says so."""
        return self._reconciler.take_back(told, by=episode.id)

    def take_all(self, candidates: Sequence[Candidate], episode: Episode) -> list[FactChange]:
        """Resolve and reconcile what ``episode`` states, in order."""
        named = [m.name for c in candidates for m in (c.subject, c.object) if m is not None]
        self._begin(episode, named)
        affirmed = [candidate for candidate in candidates if not candidate.negated]
        return [
            change
            for one in candidates
            for change in self.take(one, episode, restated=self._is_restated(one, affirmed) or _is_mere_no(one))
        ]

    def _is_restated(self, candidate: Candidate, affirmed: Sequence[Candidate]) -> bool:
        """Whether another one says the same: in the same words, or what it denies is what the other one ends.

        "Does not like olives" is said by "dislikes olives" already.
        """
        return any(
            other.text == candidate.text
            or (
                candidate.negated
                and _ends(candidate) == _ends(other)
                and candidate.predicate in self._ontology[other.predicate].ends
            )
            for other in affirmed
        )

    def take(self, candidate: Candidate, episode: Episode, *, restated: bool = False) -> list[FactChange]:
        """Resolve and reconcile one candidate that ``episode`` states, ``restated`` if another says the same."""
        if self._episode_id != episode.id:
            self._begin(episode, [candidate.subject.name, *([candidate.object.name] if candidate.object else [])])
        subject = self._resolver.resolve(candidate.subject)
        object_ = self._resolver.resolve(candidate.object) if candidate.object else None
        if object_ is not None and candidate.subject is not candidate.object:
            subject = self._resolver.touched.get(subject.id, subject)
        self._merge_found(episode)
        self._note_freed(episode)
        self._note_called(episode)
        if object_ is not None and subject.id == object_.id:
            return [nothing(episode, f"{candidate.predicate} of {subject.name} to itself says nothing")]
        metadata = dict(candidate.metadata)
        statement = Statement(
            subject=subject,
            predicate=candidate.predicate,
            object=object_,
            text=candidate.text,
            category=candidate.category,
            valid_at=self._beginning(candidate, subject, episode),
            invalid_at=candidate.invalid_at,
            expires_at=candidate.expires_at,
            confidence=candidate.confidence,
            negated=candidate.negated,
            correction=candidate.correction,
            restated=restated,
            labels=episode.labels,
            episode_id=episode.id,
            metadata=metadata,
            speaker=_speaker(episode),
            changed=_tells_of_change(candidate),
            dated="time_expression" in candidate.metadata,
            said_at=episode.occurred_at,
            subject_names=_names(candidate.subject),
            object_names=_names(candidate.object) if candidate.object else (),
        )
        changes = self._reconciler.apply(statement)
        if all(change.action is Action.NOTHING for change in changes):
            self._note_names(statement, episode)
        return changes

    def _beginning(self, candidate: Candidate, subject: Entity, episode: Episode) -> datetime | None:
        """Since when the candidate holds; of what is told by an age, the year in which its subject had it."""
        if UNDATED not in candidate.metadata or candidate.valid_at or candidate.invalid_at:
            return told_beginning(candidate.valid_at, candidate.invalid_at, episode.occurred_at)
        age = candidate.metadata.get(AT_AGE)
        began = year_at_age(self._tx, subject, age) if isinstance(age, int) else None
        return began if began is not None and began <= episode.occurred_at else None

    def _begin(self, episode: Episode, named: Sequence[str]) -> None:
        self._episode_id = episode.id
        self._resolver.begin(episode, named)

    def _note_called(self, episode: Episode) -> None:
        """Keep on record who was found by a part of the name, and why it was thought that it means them."""
        called = self._resolver.called
        self._tx.record([self._renamed(e, episode, why, after={"names": [name]}) for e, name, why in called])
        called.clear()

    def _note_names(self, statement: Statement, episode: Episode) -> None:
        """Keep on record what an episode calls entities where no fact's history tells it."""
        ends = [(statement.subject, statement.subject_names)]
        ends += [(statement.object, statement.object_names)] if statement.object else []
        reason = "named without anything new being said"
        self._tx.record(
            [
                self._renamed(entity, episode, reason, after={"names": list(names)})
                for entity, names in ends
                if entity.id in self._resolver.touched or {normalise_name(name) for name in names} != {entity.key}
            ]
        )

    def _note_freed(self, episode: Episode) -> None:
        """Keep on record who is no longer called "Ana's boyfriend", should the episode that says so be forgotten."""
        reason = "another one is called so now"
        freed = self._resolver.freed
        self._tx.record([self._renamed(e, episode, reason, before={"names": list(names)}) for e, names in freed])
        freed.clear()

    def _renamed(self, entity: Entity, episode: Episode, reason: str, **names: Metadata) -> Change:
        return Change(
            id=new_id(),
            space=entity.space,
            kind="entity",
            target_id=entity.id,
            action=Action.UPDATED,
            actor=self._actor,
            at=self._now,
            reason=reason,
            episode_id=episode.id,
            **names,
        )

    def _merge_found(self, episode: Episode) -> None:
        """Merge what this episode calls by both of two names."""
        while self._resolver.merged:
            before, gone = self._resolver.merged.pop(0)
            act = Act(self._actor, self._now, "one message calls it by the names of both", episode.id)
            kept = self._resolver.touched.get(before.id, before)
            done = merge_entities(self._tx, kept, gone, act, reconciler=self._reconciler, before=before)
            self._resolver.note_merged(done.entity)
            self.merges.append(merged_change(done, gone.id))

    def finish(self, vectors_of: Callable[[Sequence[str]], Vectors]) -> list[IndexEntry]:
        """Index entries of every entity and fact that is new, or called otherwise now; the others have theirs."""
        facts = [fact for id_, fact in self._reconciler.written.items() if id_ in self._reconciler.worded]
        entities = [entity for id_, entity in self._resolver.touched.items() if id_ in self._resolver.named]
        if not (facts or entities):
            return []
        alive = self._tx.locate([*(f.id for f in facts), *(e.id for e in entities)], spaces=SpaceSet.everything())
        texts = [("fact", fact.id, fact.text) for fact in facts if fact.id in alive]
        texts += [("entity", entity.id, entity.name) for entity in entities if entity.id in alive]
        if not texts:
            return []
        vectors = vectors_of([text for _, _, text in texts])
        return [IndexEntry(k, i, analyse(t), v[None, :]) for (k, i, t), v in zip(texts, vectors, strict=True)]

    def refreshed(self, change: FactChange) -> FactChange:
        """The change with its fact as it stands at the end of the transaction."""
        latest = self._reconciler.written.get(change.fact.id) if change.fact else None
        return change.model_copy(update={"fact": latest}) if latest else change


def _ends(candidate: Candidate) -> tuple[str, str]:
    """The names at both ends."""
    return candidate.subject.name, candidate.object.name if candidate.object is not None else ""


def _is_mere_no(candidate: Candidate) -> bool:
    """Whether it only answers a question by "no": that ends what is held, and is not worth a fact of its own."""
    return candidate.negated and "answers" in candidate.metadata and candidate.category is not Category.PREFERENCE


_CHANGE = re.compile(
    r"\b(?:now|nowadays|these days|currently|no longer|any ?more|since|recently|meanwhile|lately|again)\b", re.I
)
"""Words that tell that something is so by now, whatever it was before."""


def _tells_of_change(candidate: Candidate) -> bool:
    """Whether a statement is told as news: with its date, as what an event brought about, or in such words."""
    dated = candidate.valid_at is not None and "time_expression" in candidate.metadata
    return dated or candidate.invalid_at is not None or bool(_CHANGE.search(candidate.sentence))


def _speaker(episode: Episode) -> str | None:
    """Who says something; None where a caller states it outright, or a document does."""
    if episode.role in (Role.TOOL, Role.DOCUMENT, Role.SYSTEM):
        return None
    return episode.speaker or episode.labels.user_id


def _names(mention: Mention) -> tuple[str, ...]:
    return (mention.name, *mention.aliases)


def nothing(episode: Episode, reason: str) -> FactChange:
    """Nothing came of a candidate, or of an episode."""
    return FactChange(action=Action.NOTHING, episode_id=episode.id, reason=reason)

"""Records as rows and rows as records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from factloom.graph.sqlite.database import Row
from factloom.graph.stored_values import is_question as is_question
from factloom.graph.stored_values import labels_from, loaded_object, to_micros_or_none, to_time_or_none
from factloom.graph.stored_values import to_json as to_json
from factloom.graph.stored_values import to_micros as to_micros
from factloom.graph.stored_values import to_time as to_time
from factloom.graph.stored_values import without_nul as without_nul
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.records import Action, Category, Change, Entity, Episode, Fact, Role, Status
from factloom.schemas.trusted import trusted

KIND_NUMBERS: Final[Mapping[str, int]] = {"episode": 1, "fact": 2, "entity": 3}
_ROLES: Final = {role.value: role for role in Role}
_STATUSES: Final = {status.value: status for status in Status}
_CATEGORIES: Final = {category.value: category for category in Category}
KIND_NAMES: Final[Mapping[int, str]] = {number: name for name, number in KIND_NUMBERS.items()}


def kind_number(kind: str) -> int:
    """The number by which the tables know ``kind``.

    Raises:
        InvalidInputError: there is no such kind.
    """
    number = KIND_NUMBERS.get(kind)
    if number is None:
        raise InvalidInputError(f"the kind {kind!r} does not exist; kinds are {', '.join(KIND_NUMBERS)}")
    return number


def _to_json_or_none(value: object, field: str) -> str | None:
    return None if value is None else to_json(value, field)


# --- episodes ---

EPISODE_FROM: Final = "episode e JOIN space s ON s.number = e.space JOIN session n ON n.number = e.session"
EPISODE_COLUMNS: Final = (
    "e.ref, e.id, s.name, e.user_id, e.agent_id, e.run_id, n.name, e.role, e.speaker, e.content, e.occurred_at, "
    "e.created_at, e.status, e.error, e.attempts, e.infer, e.metadata"
)


def episode_of(row: Row) -> Episode:
    """The episode in a row of ``EPISODE_COLUMNS``."""
    return trusted(
        Episode,
        ref=row[0],
        id=row[1],
        space=row[2],
        labels=labels_from(row[3], row[4], row[5]),
        session=row[6],
        role=_ROLES[row[7]],
        speaker=row[8],
        content=row[9],
        occurred_at=to_time(row[10]),
        created_at=to_time(row[11]),
        status=_STATUSES[row[12]],
        error=row[13],
        attempts=row[14],
        infer=row[15] == 1,
        metadata=loaded_object(row[16]),
    )


EPISODE_INSERT: Final = """
INSERT INTO episode (ref, space, session, previous, next, occurred_at, text_length, question, role, speaker, status,
    attempts, infer, created_at, user_id, agent_id, run_id, id, content_hash, metadata, error, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def episode_values(episode: Episode, content_hash: bytes) -> Row:
    """The values of ``EPISODE_INSERT`` after the first five."""
    labels = episode.labels
    speaker, error = episode.speaker, episode.error
    return (
        to_micros(episode.occurred_at),
        len(episode.content),
        is_question(episode.content),
        str(episode.role),
        None if speaker is None else without_nul(speaker, "speaker"),
        str(episode.status),
        episode.attempts,
        episode.infer,
        to_micros(episode.created_at),
        labels.user_id,
        labels.agent_id,
        labels.run_id,
        without_nul(episode.id, "id"),
        content_hash,
        to_json(episode.metadata, "metadata"),
        None if error is None else error.replace("\x00", ""),
        without_nul(episode.content, "content"),
    )


# --- entities ---

ENTITY_FROM: Final = "entity e JOIN space s ON s.number = e.space"
ENTITY_COLUMNS: Final = (
    "e.ref, e.id, s.name, e.name, e.key, e.type, e.aliases, e.attributes, e.created_at, e.updated_at"
)


def entity_of(row: Row) -> Entity:
    """The entity in a row of ``ENTITY_COLUMNS``."""
    return trusted(
        Entity,
        ref=row[0],
        id=row[1],
        space=row[2],
        name=row[3],
        key=row[4],
        type=row[5],
        aliases=() if row[6] == "[]" else tuple(json.loads(row[6])),
        attributes=loaded_object(row[7]),
        created_at=to_time(row[8]),
        updated_at=to_time(row[9]),
    )


ENTITY_INSERT: Final = """
INSERT INTO entity (name, type, key, updated_at, aliases, attributes, ref, id, space, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ENTITY_UPDATE: Final = (
    "UPDATE entity SET name = ?, type = ?, key = ?, updated_at = ?, aliases = ?, attributes = ? WHERE ref = ?"
)


def entity_values(entity: Entity) -> Row:
    """The values that ``ENTITY_INSERT`` and ``ENTITY_UPDATE`` have in common."""
    return (
        without_nul(entity.name, "name"),
        without_nul(entity.type, "type"),
        without_nul(entity.key, "key"),
        to_micros(entity.updated_at),
        to_json(list(entity.aliases), "aliases"),
        to_json(entity.attributes, "attributes"),
    )


# --- facts ---

FACT_FROM: Final = (
    "fact f JOIN space s ON s.number = f.space JOIN entity a ON a.ref = f.subject JOIN entity b ON b.ref = f.object"
)
FACT_COLUMNS: Final = """
f.ref, f.id, s.name, f.user_id, f.agent_id, f.run_id, a.id, f.predicate, b.id, f.text, f.category, f.valid_at,
f.invalid_at, f.created_at, f.expired_at, f.expires_at, f.confidence, f.support,
(SELECT json_group_array(id) FROM (SELECT p.id FROM fact_episode l JOIN episode p ON p.ref = l.episode
    WHERE l.fact = f.ref ORDER BY l.occurred_at, l.episode)), f.superseded_by, f.metadata
"""


def fact_of(row: Row) -> Fact:
    """The fact in a row of ``FACT_COLUMNS``."""
    return trusted(
        Fact,
        ref=row[0],
        id=row[1],
        space=row[2],
        labels=labels_from(row[3], row[4], row[5]),
        subject_id=row[6],
        predicate=row[7],
        object_id=row[8],
        text=row[9],
        category=_CATEGORIES[row[10]],
        valid_at=to_time_or_none(row[11]),
        invalid_at=to_time_or_none(row[12]),
        created_at=to_time(row[13]),
        expired_at=to_time_or_none(row[14]),
        expires_at=to_time_or_none(row[15]),
        confidence=row[16],
        support=row[17],
        episode_ids=() if row[18] == "[]" else tuple(json.loads(row[18])),
        superseded_by=row[19],
        metadata=loaded_object(row[20]),
    )


FACT_INSERT: Final = """
INSERT INTO fact (subject, object, predicate, category, valid_at, invalid_at, expired_at, expires_at, confidence,
    support, user_id, agent_id, run_id, superseded_by, metadata, text, since, ref, id, space, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
FACT_UPDATE: Final = """
UPDATE fact SET subject = ?, object = ?, predicate = ?, category = ?, valid_at = ?, invalid_at = ?, expired_at = ?,
    expires_at = ?, confidence = ?, support = ?, user_id = ?, agent_id = ?, run_id = ?, superseded_by = ?,
    metadata = ?, text = ?, since = ? WHERE ref = ?
"""


def fact_values(fact: Fact, subject: int, object_: int, created_at: int) -> Row:
    """The values that ``FACT_INSERT`` and ``FACT_UPDATE`` have in common."""
    valid_at = to_micros_or_none(fact.valid_at)
    labels = fact.labels
    return (
        subject,
        object_,
        fact.predicate,
        str(fact.category),
        valid_at,
        to_micros_or_none(fact.invalid_at),
        to_micros_or_none(fact.expired_at),
        to_micros_or_none(fact.expires_at),
        fact.confidence,
        fact.support,
        labels.user_id,
        labels.agent_id,
        labels.run_id,
        fact.superseded_by,
        to_json(fact.metadata, "metadata"),
        without_nul(fact.text, "text"),
        created_at if valid_at is None else valid_at,
    )


# --- history ---

CHANGE_COLUMNS: Final = (
    "c.id, s.name, c.kind, c.target_id, c.action, c.actor, c.at, c.reason, c.episode_id, c.before, c.after"
)
CHANGE_INSERT: Final = """
INSERT INTO change (space, id, kind, target_id, action, actor, at, reason, episode_id, before, after)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def change_of(row: Row) -> Change:
    """The change in a row of ``CHANGE_COLUMNS``."""
    return trusted(
        Change,
        id=row[0],
        space=row[1],
        kind=row[2],
        target_id=row[3],
        action=Action(row[4]),
        actor=row[5],
        at=to_time(row[6]),
        reason=row[7],
        episode_id=row[8],
        before=None if row[9] is None else json.loads(row[9]),
        after=None if row[10] is None else json.loads(row[10]),
    )


def change_values(change: Change) -> Row:
    """The values of ``CHANGE_INSERT`` after the space."""
    return (
        without_nul(change.id, "id"),
        change.kind,
        without_nul(change.target_id, "target_id"),
        str(change.action),
        without_nul(change.actor, "actor"),
        to_micros(change.at),
        without_nul(change.reason, "reason"),
        change.episode_id,
        _to_json_or_none(change.before, "before"),
        _to_json_or_none(change.after, "after"),
    )

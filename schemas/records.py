"""Immutable records: episodes, entities, facts, and the changes made to them.

All times are aware and in UTC; all ids are UUIDv7 strings. ``ref`` is the number by which a store knows a
record: small, unique over all kinds, kept as long as the record lives and never used again. Ports speak in refs
because sets of integers are cheap; users speak in ids. It is 0 until a record is stored and is not serialised.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import uuid_utils
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from factloom.schemas.spaces import Labels

Metadata = dict[str, Any]

KINDS: Final = ("episode", "fact", "entity")


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562): unique, and sortable by the time it was made."""
    return str(uuid_utils.uuid7())


def utc_now() -> datetime:
    """The present, aware and in UTC."""
    return datetime.now(UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs a time zone, e.g. datetime(2025, 3, 1, tzinfo=UTC)")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"the time {value} is outside the calendar") from error


Time = Annotated[datetime, AfterValidator(_in_utc)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Predicate = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]


class Role(StrEnum):
    """Who a message comes from."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"
    DOCUMENT = "document"


class Status(StrEnum):
    """How far an episode has come: stored, learned from, or failed to be learned from (and why)."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Category(StrEnum):
    """What kind of memory a fact is."""

    SEMANTIC = "semantic"
    EPISODIC = "episodic"
    PROCEDURAL = "procedural"
    PREFERENCE = "preference"


class Action(StrEnum):
    """What a change did to its target."""

    ADDED = "added"
    SUPPORTED = "supported"
    SUPERSEDED = "superseded"
    CLOSED = "closed"
    UPDATED = "updated"
    DELETED = "deleted"
    MERGED = "merged"
    SPLIT = "split"
    UNDONE = "undone"
    DISPUTED = "disputed"
    NOTHING = "nothing"
    PENDING = "pending"


class Record(BaseModel):
    """Base of all records: immutable, with no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Episode(Record):
    """One message or document exactly as it came in, with who said it and when. Never rewritten.

    ``session`` groups the messages of one sitting, in which NEXT leads from each to the following one.
    """

    id: str
    space: str
    labels: Labels = Labels()
    session: str
    role: Role
    speaker: str | None = None
    content: str
    occurred_at: Time
    created_at: Time
    status: Status = Status.PENDING
    error: str | None = None
    attempts: int = 0
    infer: bool = True
    metadata: Metadata = Field(default_factory=dict)
    ref: int = Field(default=0, exclude=True, repr=False)

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of speaker and content: with space, time and role it makes an episode the same one."""
        return hashlib.sha256(f"{self.speaker or ''}\x00{self.content}".encode()).hexdigest()


class Entity(Record):
    """A person, place, organisation, product, event, topic or value that facts are about.

    ``(space, key, type)`` is unique; ``key`` is the normalised name. ``aliases`` are further names as written.
    """

    id: str
    space: str
    name: str
    key: str
    type: str = "thing"
    aliases: tuple[str, ...] = ()
    attributes: Metadata = Field(default_factory=dict)
    created_at: Time
    updated_at: Time
    ref: int = Field(default=0, exclude=True, repr=False)


class Fact(Record):
    """Subject entity – PREDICATE – object entity, with a sentence that says it.

    ``valid_at``/``invalid_at``: from when to when it was true in the world (start inclusive, end exclusive,
    None: open). ``created_at``/``expired_at``: from when to when we held it to be so; a correction expires
    a fact, a change in the world closes it. ``expires_at``: retention; past it the fact is no longer shown.
    ``support``: number of distinct episodes that state it. ``episode_ids`` names them, oldest first.
    """

    id: str
    space: str
    labels: Labels = Labels()
    subject_id: str
    predicate: Predicate
    object_id: str
    text: str
    category: Category = Category.SEMANTIC
    valid_at: Time | None = None
    invalid_at: Time | None = None
    created_at: Time
    expired_at: Time | None = None
    expires_at: Time | None = None
    confidence: Probability = 1.0
    support: int = 1
    episode_ids: tuple[str, ...] = ()
    superseded_by: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    ref: int = Field(default=0, exclude=True, repr=False)

    @model_validator(mode="after")
    def _interval(self) -> Fact:
        if self.valid_at and self.invalid_at and self.invalid_at < self.valid_at:
            raise ValueError(f"a fact cannot end ({self.invalid_at}) before it begins ({self.valid_at})")
        return self

    def is_current(self, now: datetime) -> bool:
        """Whether it is held to be so, within retention, and not over at ``now``."""
        return (
            self.expired_at is None
            and (self.invalid_at is None or self.invalid_at > now)
            and (self.expires_at is None or self.expires_at > now)
        )


class Change(Record):
    """One entry of history: who did what to which record, when and why.

    ``before`` and ``after`` hold the fields that differ, as JSON values. A deletion keeps neither.
    """

    id: str
    space: str
    kind: str
    target_id: str
    action: Action
    actor: str
    at: Time
    reason: str = ""
    episode_id: str | None = None
    before: Metadata | None = None
    after: Metadata | None = None

"""What may be asked of a graph store: filters, views in time, limits."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from factloom.schemas.records import Category, Predicate, Record, Status, Time
from factloom.schemas.spaces import Labels


class View(Record):
    """Which facts count: those that hold at ``at`` and are within retention at ``now``; with ``history`` all.

    ``at`` is a time in the world; None means now, and then facts that are yet to begin (plans) count too. ``history``
    with ``at`` is what had begun by then, whether it was over or not.
    Facts that were corrected (``expired_at``) count only with ``history``.
    """

    now: Time
    at: Time | None = None
    history: bool = False


class FactQuery(Record):
    """Facts by what they are; every field that is set must match. ``metadata`` compares top-level keys for equality.

    ``since``/``until`` bound ``valid_at`` (else ``created_at``), inclusive and exclusive. ``about`` matches subject
    or object. ``superseded_by``: ids of the facts that took their place. ``labels`` are the fact's own, or those of an
    episode that states it. Order: newest first by ``created_at``, then ``id``; ``oldest_first`` turns it round.
    """

    ids: tuple[str, ...] | None = None
    subject_ids: tuple[str, ...] | None = None
    object_ids: tuple[str, ...] | None = None
    about_ids: tuple[str, ...] | None = None
    predicates: tuple[Predicate, ...] | None = None
    episode_ids: tuple[str, ...] | None = None
    superseded_by: tuple[str, ...] | None = None
    categories: tuple[Category, ...] | None = None
    labels: Labels = Labels()
    metadata: dict[str, Any] = Field(default_factory=dict)
    since: Time | None = None
    until: Time | None = None
    view: View | None = None
    oldest_first: bool = False
    limit: int = Field(default=100, ge=1)
    offset: int = Field(default=0, ge=0)


class EpisodeQuery(Record):
    """Episodes by what they are. ``since``/``until`` bound ``occurred_at``, inclusive and exclusive.

    Order: newest first by ``occurred_at``, then by when they were stored; ``oldest_first`` turns it round.
    """

    ids: tuple[str, ...] | None = None
    statuses: tuple[Status, ...] | None = None
    session: str | None = None
    labels: Labels = Labels()
    metadata: dict[str, Any] = Field(default_factory=dict)
    since: Time | None = None
    until: Time | None = None
    oldest_first: bool = False
    limit: int = Field(default=100, ge=1)
    offset: int = Field(default=0, ge=0)


class EntityQuery(Record):
    """Entities by id, by normalised name or alias (``keys``), or by type. Order: by name, then id.

    ``labels`` are those of a fact about the entity, its own or those of an episode that states it (see ``FactQuery``).
    """

    ids: tuple[str, ...] | None = None
    keys: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    labels: Labels = Labels()
    limit: int = Field(default=100, ge=1)
    offset: int = Field(default=0, ge=0)


class ExpandLimits(Record):
    """Bounds of one expansion, so that its cost does not grow with the store.

    ``window``: how far NEXT is followed either way from the episodes given. ``facts_per_entity``: the best supported
    and then newest ones; an entity with more is a hub. ``episodes_per_fact``: the newest ones. ``hops``: how often
    facts lead to entities and on to their facts. ``nodes``: no further hop starts beyond so many nodes.
    """

    window: int = Field(default=2, ge=0, le=10)
    hops: int = Field(default=1, ge=0, le=4)
    facts_per_entity: int = Field(default=40, ge=1)
    episodes_per_fact: int = Field(default=4, ge=1)
    nodes: int = Field(default=1200, ge=1)

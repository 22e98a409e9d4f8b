"""Statements: candidate facts whose entities are resolved, and how their time compares with that of held facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from factloom.schemas.extraction import UNDATED
from factloom.schemas.ports import GraphReader
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import Action, Category, Change, Entity, Fact, Metadata
from factloom.schemas.spaces import Labels, SpaceSet

_LATELY = timedelta(days=366)
_FOR_AGES = timedelta(days=90)
SAME_EVENT = timedelta(days=2)
"""Two mentions of one event differ by no more than this; a visit in May and one in June are two."""


@dataclass(frozen=True)
class Statement:
    """A candidate fact whose entities are resolved.

    ``valid_at``: what is not dated holds from when it was said; None only if just an ``invalid_at`` is told, or the
    metadata say that it is undated (``UNDATED``), and then nobody knows since when it held. ``restated``: the same
    episode also says it in another, affirmative way ("she avoids meat"), so that a negation need not be kept as a fact
    of its own.
    ``speaker``: who says it, None where it is stated outright. ``changed``: the words tell of a change ("now", a date),
    so that it is news and no contradiction; ``dated``: they say when; ``said_at``: when that was said.
    ``subject_names`` and ``object_names``: what the episode calls them; a name goes with the last that gives it.
    """

    subject: Entity
    predicate: str
    object: Entity | None
    text: str
    category: Category
    valid_at: datetime | None
    invalid_at: datetime | None = None
    confidence: float = 1.0
    negated: bool = False
    correction: bool = False
    restated: bool = False
    expires_at: datetime | None = None
    labels: Labels = field(default_factory=Labels)
    episode_id: str | None = None
    metadata: Metadata = field(default_factory=dict)
    speaker: str | None = None
    changed: bool = False
    dated: bool = False
    said_at: datetime | None = None
    subject_names: tuple[str, ...] = ()
    object_names: tuple[str, ...] = ()

    @property
    def began(self) -> datetime:
        """When it began or, where only its end is told, the last moment at which it can have begun."""
        told = self.valid_at or self.invalid_at or _said_undated(self.metadata)
        if told is None:
            raise ValueError("a statement needs valid_at or invalid_at, or to be marked as undated")
        return told


def told_beginning(valid_at: datetime | None, invalid_at: datetime | None, said_at: datetime) -> datetime | None:
    """Since when a statement that was made at ``said_at`` holds; None if all that it tells is that it is over.

    A beginning that lies after the end cannot be what was meant and is not known either.
    """
    if invalid_at is None:
        return valid_at or said_at
    if valid_at is None:
        return said_at if said_at < invalid_at else None
    return valid_at if valid_at <= invalid_at else None


def replaced(statement: Statement, **changes: Any) -> Statement:
    """The statement with some fields changed."""
    return Statement(**{**statement.__dict__, **changes})


def began(fact: Fact) -> datetime:
    """When a fact began; where nobody knows, no later than when it ended or when it was first held."""
    if fact.valid_at is not None:
        return fact.valid_at
    latest = _said_undated(fact.metadata) or fact.created_at
    return min(fact.invalid_at or latest, latest)


def begun_by(fact: Fact, time: datetime) -> bool:
    """Whether a fact had begun at ``time``: what has been so "for ages" had, some while before it was said."""
    lasting = fact.valid_at is None and fact.category is not Category.EPISODIC and UNDATED in fact.metadata
    return began(fact) <= time + (_FOR_AGES if lasting else timedelta(0))


def outdates(statement: Statement, fact: Fact) -> bool:
    """Whether a statement tells of a change that came before the fact was told, but is told itself after that.

    Of "I live in Oslo" and, later, "I moved to Bergen last week" the second is how it is now: what was told undated had
    its time before. What changed long ago may have changed back.
    """
    if statement.said_at is None or not statement.dated or fact.category is Category.EPISODIC:
        return False
    told = fact.valid_at
    undated = told is not None and "time_expression" not in fact.metadata and "implied_by" not in fact.metadata
    if told is None or not undated or statement.said_at <= told:
        return False
    return told - _LATELY <= statement.began < told


def _said_undated(metadata: Metadata) -> datetime | None:
    """When a fact whose beginning nobody knows was said; None of others."""
    said = metadata.get(UNDATED)
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def holds_after(fact: Fact, time: datetime) -> bool:
    """Whether a fact is not over at ``time``."""
    return fact.invalid_at is None or fact.invalid_at > time


def overlap(fact: Fact, statement: Statement) -> bool:
    """Whether there is a time at which both hold; an unknown beginning may be any."""
    if statement.valid_at is not None and not holds_after(fact, statement.valid_at):
        return False
    return statement.invalid_at is None or fact.valid_at is None or fact.valid_at < statement.invalid_at


def tellings(tx: GraphReader, fact: Fact, *, said_after: str | None = None) -> dict[str, datetime]:
    """The times at which the fact's episodes say that it holds, by episode, as far as history knows them.

    ``said_after``: only of the episodes that were said later than this one.
    """
    spaces = SpaceSet.of(fact.space)
    if len(fact.episode_ids) < 2:
        return {}
    ids = set(fact.episode_ids)
    if said_after is not None:
        asked = (*fact.episode_ids, said_after)
        found = tx.find_episodes(EpisodeQuery(ids=asked, limit=len(asked)), spaces=spaces)
        said = {episode.id: episode.occurred_at for episode in found}
        ids = {id_ for id_ in ids if id_ in said and said_after in said and said[id_] > said[said_after]}
    told: dict[str, datetime] = {}
    for change in tellings_of(tx, fact) if ids else ():
        time = (change.after or {}).get("valid_at")
        if change.episode_id is not None and change.episode_id in ids and time:
            told[change.episode_id] = datetime.fromisoformat(time)
    return told


def tellings_of(tx: GraphReader, fact: Fact) -> list[Change]:
    """The entries of the fact's history in which an episode states it, oldest first."""
    changes = tx.history([fact.id], spaces=SpaceSet.of(fact.space))
    return [c for c in changes if c.action in (Action.ADDED, Action.SUPPORTED) and c.episode_id is not None]

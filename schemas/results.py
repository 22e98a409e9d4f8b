"""What writes answer: what an add changed, what a deletion removed, what a store holds."""

from __future__ import annotations

from pydantic import Field

from factloom.schemas.records import Action, Entity, Episode, Fact, Record


class FactChange(Record):
    """What became of one candidate fact, and why; ``previous`` is the fact that it supported, superseded or closed."""

    action: Action
    fact: Fact | None = None
    previous: Fact | None = None
    episode_id: str | None = None
    reason: str = ""


class EntityChange(Record):
    """What became of two entities: ``merged`` into one, ``split`` from one, or apart again since that was ``undone``.

    ``change_id`` names it in history, and ``Memory.undo`` takes it. ``entity`` is the one that stayed, or was split;
    ``other_id`` the one that went, is new or is back, which is ``other`` where it is there. ``fact_ids``: the facts
    that were moved. ``episode_id``: the message that shows it, if one does.
    """

    action: Action
    change_id: str
    entity: Entity
    other_id: str
    other: Entity | None = None
    fact_ids: tuple[str, ...] = ()
    reason: str = ""
    episode_id: str | None = None


class AddResult(Record):
    """What an add changed. ``episodes`` are as stored; those that were there already are in ``known_episode_ids``.

    ``changes`` has one entry per candidate fact, and one with ``Action.PENDING`` per episode that could not be
    learned from yet, with the reason; such an episode is kept and can be retried. An episode that states nothing
    new has an entry with ``Action.NOTHING``. ``merges``: entities that turned out to be one.
    """

    episodes: tuple[Episode, ...] = ()
    known_episode_ids: tuple[str, ...] = ()
    changes: tuple[FactChange, ...] = ()
    merges: tuple[EntityChange, ...] = ()

    def _with(self, action: Action) -> tuple[FactChange, ...]:
        return tuple(change for change in self.changes if change.action is action)

    @property
    def added(self) -> tuple[Fact, ...]:
        """Facts that are new."""
        new = (Action.ADDED, Action.SUPERSEDED, Action.DISPUTED)
        return tuple({c.fact.id: c.fact for c in self.changes if c.fact and c.action in new}.values())

    @property
    def supported(self) -> tuple[FactChange, ...]:
        """Facts that were known and are now better supported."""
        return self._with(Action.SUPPORTED)

    @property
    def superseded(self) -> tuple[FactChange, ...]:
        """Facts that took the place of an older one (``previous``)."""
        return self._with(Action.SUPERSEDED)

    @property
    def disputed(self) -> tuple[FactChange, ...]:
        """New facts beside which somebody else's stand that cannot be so as well (``previous``)."""
        return self._with(Action.DISPUTED)

    @property
    def closed(self) -> tuple[FactChange, ...]:
        """Facts that a negation ended."""
        return self._with(Action.CLOSED)

    @property
    def pending(self) -> tuple[FactChange, ...]:
        """Episodes that are stored and still to be learned from."""
        return self._with(Action.PENDING)


class DeleteReceipt(Record):
    """What a deletion removed, by id, and what it left on purpose.

    ``kept_episode_ids``: episodes that state other facts too and so were kept. ``weakened_fact_ids``: facts that
    stay with less support, since other episodes state them as well. ``residue``: everything is deleted, but some of
    its bytes may still be in files, since cleaning these failed or was put off; ``Memory.vacuum`` removes them.
    """

    fact_ids: tuple[str, ...] = ()
    episode_ids: tuple[str, ...] = ()
    entity_ids: tuple[str, ...] = ()
    kept_episode_ids: tuple[str, ...] = ()
    weakened_fact_ids: tuple[str, ...] = ()
    residue: bool = False


class Stats(Record):
    """Counts over the spaces that were asked for. ``bytes`` is the size of the store's files, 0 when it has none."""

    spaces: int = 0
    episodes: int = 0
    pending: int = 0
    failed: int = 0
    entities: int = 0
    facts: int = 0
    current_facts: int = 0
    vectors: int = 0
    bytes: int = 0
    embedder: str | None = None
    dimension: int | None = None
    by_space: dict[str, dict[str, int]] = Field(default_factory=dict)

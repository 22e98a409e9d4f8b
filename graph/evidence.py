"""Evidence beside the name: who speaks, whose relatives they are, and who was spoken of last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

from factloom.graph.people import PersonName, kin_of, relations_conflict
from factloom.schemas.extraction import Mention
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import GraphReader
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Entity, Episode
from factloom.schemas.spaces import SpaceSet

_LAST = datetime.max.replace(tzinfo=UTC) - timedelta.resolution
_TURNS = 8
_UNBOUNDED = 1000


class Evidence:
    """What speaks for or against a person of a space being meant, in the episode that is being read."""

    def __init__(self, tx: GraphReader, space: str) -> None:
        self._tx = tx
        self._spaces = SpaceSet.of(space)
        self._episode: Episode | None = None
        self._named: frozenset[str] = frozenset()
        self._recent: dict[str, int] | None = None
        self._speakers: set[str] | None = None

    def begin(self, episode: Episode, named: Iterable[str]) -> None:
        """What follows is about this episode, which names these people and things."""
        self._episode = episode
        self._named = frozenset(normalise_name(name) for name in named)
        self._recent = self._speakers = None

    def against(self, entity: Entity, mention: Mention, why: str | None = None) -> bool:
        """Whether something speaks against a person being the one that a mention names.

        ``why``: what speaks for it, where that is not the name itself ("a nickname").
        """
        if mention.type != "person" or entity.type != "person" or (why is None and not mention.aliases):
            return False
        if why is not None and not mention.is_speaker and self.speaks(entity):
            return True
        if why == "a nickname" and entity.key in self._named:
            return True  # one message names both
        name = PersonName.read(mention.name)
        if name is not None and why is not None and name.differs_by_title(entity.aliases):
            return True
        if why is None and name is not None and name.is_full and entity.key == normalise_name(mention.name):
            return False  # two of one full name are one, whatever they are to somebody
        known = (entity.name, *entity.aliases)
        return relations_conflict(known, mention.aliases) or self._of_strangers(known, mention.aliases)

    def speaks(self, entity: Entity) -> bool:
        """Whether an entity bears the name of who says this."""
        if self._speakers is None:
            speaker = self._episode.speaker if self._episode is not None else None
            key = normalise_name(speaker) if speaker else ""
            found = self._tx.find_entities(EntityQuery(keys=(key,)), spaces=self._spaces) if key else []
            self._speakers = {e.id for e in found if e.key == key} or {e.id for e in found}
        return entity.id in self._speakers

    def _of_strangers(self, one: Iterable[str], other: Iterable[str]) -> bool:
        """Whether two are the same kin of people who are not related themselves: Ana's brother and Rui's brother."""
        mine, theirs = kin_of(one), kin_of(other)
        pairs = [(a, b) for a, b in product(mine, theirs) if a != b and not mine[a].isdisjoint(theirs[b])]
        return bool(pairs) and mine.keys().isdisjoint(theirs) and not any(self._related(a, b) for a, b in pairs)

    def _related(self, one: str, other: str) -> bool:
        """Whether two people, by key, are one or known to be kin."""
        found = self._tx.find_entities(EntityQuery(keys=(one, other)), spaces=self._spaces)
        ones, others = ([e for e in found if key in _keys(e)] for key in (one, other))
        if {e.id for e in ones} & {e.id for e in others}:
            return True
        ids = tuple(sorted({e.id for e in (*ones, *others)}))
        query = FactQuery(subject_ids=ids, object_ids=ids, limit=_UNBOUNDED)
        kin = [fact.predicate for fact in self._tx.find_facts(query, spaces=self._spaces)] if len(ids) > 1 else []
        return any(predicate.removeprefix("HAS_") in _KIN_FACTS for predicate in kin)

    def last_named(self, entities: Sequence[Entity], *, only: bool = False) -> Entity | None:
        """Whom of these the session spoke of last; None if of none. ``only``: None too if it spoke of several."""
        spoken_of = self._spoken_of()
        found = sorted((spoken_of[e.id], e.id, e) for e in entities if e.id in spoken_of)
        return found[0][2] if found and not (only and len(found) > 1) else None

    def has_spoken_of(self, entity: Entity) -> bool:
        """Whether the session has just spoken of somebody; so it has where no message is read, but names alone."""
        return self._episode is None or self.last_named([entity]) is not None

    def _spoken_of(self) -> dict[str, int]:
        """Entities that the last turns of the session state something of, with how many turns ago that was."""
        if self._recent is None:
            self._recent = {}
            turns = {episode.id: turn for turn, episode in enumerate(self._turns())}
            query = FactQuery(episode_ids=tuple(turns), limit=_UNBOUNDED)
            for fact in self._tx.find_facts(query, spaces=self._spaces) if turns else ():
                turn = min(turns[id_] for id_ in fact.episode_ids if id_ in turns)
                for id_ in (fact.subject_id, fact.object_id):
                    self._recent[id_] = min(turn, self._recent.get(id_, turn))
        return self._recent

    def _turns(self) -> list[Episode]:
        """The episode and those before it, newest first."""
        if self._episode is None:
            return []
        end = min(self._episode.occurred_at, _LAST) + timedelta.resolution  # it is exclusive
        query = EpisodeQuery(session=self._episode.session, until=end, limit=_TURNS)
        return self._tx.find_episodes(query, spaces=self._spaces)


_KIN_FACTS = frozenset(
    [
        *("MOTHER", "FATHER", "PARENT", "SISTER", "BROTHER", "CHILD", "DAUGHTER", "SON", "RELATIVE", "COUSIN"),
        *("AUNT", "UNCLE", "NIECE", "NEPHEW", "GRANDMOTHER", "GRANDFATHER", "WIFE", "HUSBAND", "PARTNER"),
        *("MARRIED_TO", "ENGAGED_TO"),
    ]
)
"""What follows HAS_ in predicates between kin, and the others between them."""


def _keys(entity: Entity) -> set[str]:
    return {entity.key, *(normalise_name(alias) for alias in entity.aliases)}

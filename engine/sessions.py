"""Sessions: which sitting a message belongs to when its caller did not say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EpisodeQuery
from factloom.schemas.records import Episode, Role, new_id
from factloom.schemas.spaces import SpaceSet

_NEAREST_OF = (4, 50)
"""Among how many the nearest is looked for: among few first, since it mostly is the last one before the message."""

_MADE = frozenset({"edit_of", "explicit"})


def assign_sessions(tx: WriteTransaction, episodes: Sequence[Episode], *, gap: timedelta) -> list[Episode]:
    """Give each episode without a session one: its run's, else that of its nearest neighbour in time, else a new one.

    Neighbours are episodes of the same space and labels, at most ``gap`` away, whether stored or in this batch.
    """
    assigned: list[Episode] = []
    latest: dict[object, Episode] = {}
    for episode in episodes:
        same = (episode.space, episode.labels)
        if not episode.session:
            before = latest.get(same)
            near = before if before and _apart(before, episode.occurred_at) <= gap else None
            session = episode.labels.run_id or (near.session if near else _stored_session(tx, episode, gap))
            episode = episode.model_copy(update={"session": session or new_id()})
        latest[same] = episode
        assigned.append(episode)
    return assigned


def _stored_session(tx: WriteTransaction, episode: Episode, gap: timedelta) -> str | None:
    """The session of the stored episode that is nearest in time, if it is within the gap."""
    since, until = episode.occurred_at - gap, episode.occurred_at + gap
    for limit in _NEAREST_OF:
        query = EpisodeQuery(labels=episode.labels, since=since, until=until, limit=limit)
        found = tx.find_episodes(query, spaces=SpaceSet.of(episode.space))
        same = [other for other in found if other.labels == episode.labels and not _is_made(other)]
        # They come newest first: if the first one is not later than the message, all others are further away.
        if len(found) < limit or (same and same[0].occurred_at <= episode.occurred_at):
            break
    nearest = min(same, key=lambda other: _apart(other, episode.occurred_at), default=None)
    return nearest.session if nearest else None


def _is_made(episode: Episode) -> bool:
    """Whether factloom made it itself, for an edit or an explicit fact: nobody said it in a sitting."""
    return episode.role is Role.TOOL and not _MADE.isdisjoint(episode.metadata)


def _apart(episode: Episode, time: datetime) -> timedelta:
    return abs(episode.occurred_at - time)

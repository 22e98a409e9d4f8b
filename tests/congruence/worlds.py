"""What generated operations are made of: few names, times and words, so that they meet; and hostile ones."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from factloom.schemas.queries import EntityQuery, EpisodeQuery, ExpandLimits, FactQuery, View
from factloom.schemas.records import Category, Role, Status
from factloom.schemas.spaces import Labels, SpaceSet

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SPACES = ("user/ana", "user/ana/x", "team/`b` \"c\" 'd' %_\\ $1", "İ 🙂 user/ana")
"""Of which names begin others, hold other languages' quotes and wild cards, and fold to several letters."""

NAMES = ("Ana", "ANA", "Bea", "São Paulo", "sao paulo", "O'Neil", "a`b", "日本", "ﬁx", "Ana's", "x" * 200, "-", "🙂")
TYPES = ("person", "place", "thing", "meeting place", "fact", "Entity", "a`b", "ü", "1st", "_")
PREDICATES = ("LIVES_IN", "KNOWS", "SUBJECT", "P1", "X" * 64)
SPEAKERS = (None, "Ana", "", "bo@x.y")
SESSIONS = ("one", "two", "", "a/b ` ' \" \\")
TERMS = ("lisbon", "moved", "@ana", "#when", "a`b", "ß", "日本", "AND", "user", "*", "\\", '"', "x" * 300, "🙂", "a b")
METADATA: tuple[dict[str, Any], ...] = (
    {},
    {"n": 1},
    {"n": 1.0},
    {"n": True},
    {"n": "1", "none": None},
    {"deep": {"b": [1, "é", None], "a": {}}, "e": []},
    {"k=v": "a=b", "": "", "`$.x": 2**53 + 1, "f": 0.1},
)
LABELS = (
    Labels(),
    Labels(user_id="ana"),
    Labels(user_id="ana", agent_id="juno"),
    Labels(run_id="r 7"),
    Labels(agent_id=""),
)
VECTOR_SIZE = 3

MINUTES = (-600_000, -1441, -60, -1, 0, 1, 2, 60, 1441, 600_000)
times = st.sampled_from(
    [NOW + timedelta(minutes=m) for m in MINUTES]
    + [NOW + timedelta(microseconds=1), datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
)
moments = st.none() | times
texts = st.text(alphabet="ab?？؟ \t\n\"'”»)*_.é🙂\u00a0", max_size=8) | st.sampled_from(
    ["I moved to Lisbon.", "Why?", "x" * 3000]
)
broken = st.sampled_from(["nul \x00 inside", "surrogate \ud800 inside"])
spaces = st.sampled_from(SPACES)
scopes = st.one_of(
    st.just(SpaceSet.everything()),
    st.sampled_from([SpaceSet.of(space) for space in SPACES]),
    st.lists(spaces, max_size=3).map(SpaceSet),
    st.just(SpaceSet.of("user/nobody", SPACES[0])),
)
labels = st.sampled_from(LABELS)
metadata = st.sampled_from(METADATA)
confidences = st.sampled_from([0.0, 0.1, 1 / 3, 0.9, 1.0])
names = st.sampled_from(NAMES)
views = st.builds(View, now=times, at=moments, history=st.booleans()) | st.just(View(now=NOW))
# A server plans an expansion anew for every window and number of hops, for a second or more: so there are few of them.
limits = st.sampled_from([(2, 1), (0, 2), (1, 0), (2, 1)]).flatmap(
    lambda reach: st.builds(
        ExpandLimits,
        window=st.just(reach[0]),
        hops=st.just(reach[1]),
        facts_per_entity=st.sampled_from([1, 2, 3, 40]),
        episodes_per_fact=st.sampled_from([1, 2, 4]),
        nodes=st.sampled_from([1, 3, 10, 1200]),
    )
)
pages: dict[str, Any] = {
    "limit": st.sampled_from([1, 2, 5, 1000]),
    "offset": st.sampled_from([0, 0, 0, 1, 3]),
}


def new_id(number: int) -> str:
    """The same id in every run; ids do not follow the order in which they are made."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly None."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


def some(values: Any) -> st.SearchStrategy[Any]:
    """Tuples of some of these values, repeats included."""
    return st.lists(st.sampled_from(list(values)), max_size=3).map(tuple)


def given_filter(strategy: st.SearchStrategy[Any], nothing: Any) -> st.SearchStrategy[Any]:
    """Mostly ``nothing``, the filter that lets all through."""
    return st.one_of(st.just(nothing), st.just(nothing), strategy)


def episode_queries(ids: list[str]) -> st.SearchStrategy[EpisodeQuery]:
    """Any combination of filters, mostly few."""
    return st.builds(
        EpisodeQuery,
        ids=sometimes(some([*ids, "nobody"])),
        statuses=sometimes(some(Status)),
        session=sometimes(st.sampled_from([*SESSIONS, "none such"])),
        labels=given_filter(labels, Labels()),
        metadata=given_filter(metadata, {}),
        since=sometimes(times),
        until=sometimes(times),
        oldest_first=st.booleans(),
        **pages,
    )


def fact_queries(ids: list[str], entities: list[str], episodes: list[str]) -> st.SearchStrategy[FactQuery]:
    """Any combination of filters, mostly few."""
    ends = sometimes(some([*entities, "nobody"]))
    return st.builds(
        FactQuery,
        ids=sometimes(some([*ids, "nobody"])),
        subject_ids=ends,
        object_ids=ends,
        about_ids=ends,
        predicates=sometimes(some(PREDICATES)),
        episode_ids=sometimes(some([*episodes, "nobody"])),
        categories=sometimes(some(Category)),
        labels=given_filter(labels, Labels()),
        metadata=given_filter(metadata, {}),
        since=sometimes(times),
        until=sometimes(times),
        view=st.none() | views,
        oldest_first=st.booleans(),
        **pages,
    )


def entity_queries(ids: list[str], keys: list[str]) -> st.SearchStrategy[EntityQuery]:
    """Any combination of filters, mostly few."""
    return st.builds(
        EntityQuery,
        ids=sometimes(some([*ids, "nobody"])),
        keys=sometimes(some([*keys, "none such"])),
        types=sometimes(some(TYPES)),
        **pages,
    )


roles = st.sampled_from(list(Role))

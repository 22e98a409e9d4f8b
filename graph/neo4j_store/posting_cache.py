"""A cache of postings: questions about one space use the same common words again and again.

It holds postings per space, each set for one sequence number of its space, which grows with every write there. The
statement that looks terms up is told the number and leaves out what is known only if it still finds that number, before
it reads any posting: so what comes from here is what the index would give. Bounded by the number of refs held.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final, NamedTuple

from factloom.schemas.ports import Posting

_MOST_REFS: Final = 1_000_000
"""About 24 MB; the spaces that were not asked about for longest go first."""

Key = tuple[str, str]
"""Kind and encoded term."""


class KnownPostings(NamedTuple):
    """Postings of one space at one sequence number; -1 when nothing is known."""

    sequence: int
    postings: dict[Key, Posting]


NOTHING_KNOWN: Final = KnownPostings(-1, {})


class PostingCache:
    """Postings by space, kind and term; safe to use from several threads."""

    def __init__(self, most_refs: int = _MOST_REFS) -> None:
        self._most_refs = most_refs
        self._lock = Lock()
        self._spaces: OrderedDict[str, KnownPostings] = OrderedDict()
        self._refs: dict[str, int] = {}

    def known(self, space: str) -> KnownPostings:
        """What is known of ``space``; not to be changed."""
        with self._lock:
            held = self._spaces.get(space)
            if held is None:
                return NOTHING_KNOWN
            self._spaces.move_to_end(space)
            return KnownPostings(held.sequence, dict(held.postings))

    def keep(self, space: str, sequence: int, found: dict[Key, Posting]) -> None:
        """Take in what was read of ``space`` when it had this number; what is of an older number goes."""
        with self._lock:
            held = self._spaces.get(space)
            if held is not None and held.sequence > sequence:
                return
            if held is None or held.sequence < sequence:
                held = self._spaces[space] = KnownPostings(sequence, {})
                self._refs[space] = 0
            for key, posting in found.items():
                if key not in held.postings:
                    held.postings[key] = posting
                    self._refs[space] += 1 + len(posting.refs)
            self._spaces.move_to_end(space)
            while sum(self._refs.values()) > self._most_refs:
                oldest, _ = self._spaces.popitem(last=False)
                del self._refs[oldest]

"""Copying a memory from one store to another: everything that its spaces hold, through the ports alone.

Records go in the order of storing, a batch to a transaction, each with its terms and vectors. Every transaction notes
in the destination where the space came from, and the note lasts only until somebody else writes to the space. So a copy
that was killed goes on where it was, a finished one can be brought up to date, and other data are never touched.
At the end both sides are read again and compared, part by part.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple, TypeVar, cast

import numpy as np
from pydantic import Field

from factloom.engine.comparing import (
    PARTS,
    CopyableStore,
    Tally,
    first_difference,
    pages_of,
    records_of,
    tally,
)
from factloom.schemas.errors import (
    ConfigurationError,
    EmbedderMismatchError,
    InvalidInputError,
    NotFoundError,
    StoreError,
)
from factloom.schemas.ports import ChangeFeed, Exportable, GraphStore, IndexEntry, WriteTransaction
from factloom.schemas.records import Change, Entity, Episode, Fact, Record
from factloom.schemas.spaces import SpaceSet

_ROUNDS: Final = 5
"""How often a copy follows a source that is being written, before it says so and leaves the rest to the next run."""

_MADE_UP: Final = "(the copy counts an earlier attempt)"

T = TypeVar("T")
Stored = Episode | Entity | Fact


class CopyProgress(NamedTuple):
    """How far a copy is, in records that were copied or compared, and where it is."""

    done: int
    total: int
    space: str
    doing: str


class SpaceCopy(Record):
    """One space: what source and destination hold of it, by part ("facts", "vectors", …), and where they differ.

    ``differences`` names the first record, by part, in which they do. ``written_meanwhile``: the source was written
    since it was read for the last time.
    """

    space: str
    source: dict[str, Tally]
    destination: dict[str, Tally]
    differences: dict[str, str] = Field(default_factory=dict)
    written_meanwhile: bool = False


class CopyReport(Record):
    """What a copy did. ``written`` counts records that had to be stored, ``deleted`` those that had to go."""

    spaces: tuple[SpaceCopy, ...] = ()
    embedder: str | None = None
    written: int = 0
    deleted: int = 0

    @property
    def same(self) -> bool:
        """Whether both stores hold the same in every space that was copied."""
        return not any(space.differences for space in self.spaces)


def copy_store(
    source: GraphStore,
    destination: GraphStore,
    *,
    spaces: SpaceSet | None = None,
    on_progress: Callable[[CopyProgress], None] | None = None,
) -> CopyReport:
    """Copy ``spaces`` (default: all) of ``source`` into ``destination``, and compare them.

    Ids, times, history, index terms and vectors (bit by bit) are those of the source; ``ref`` numbers are the
    destination's own, in the same order. Nothing is embedded or extracted anew. Interrupted anywhere, the same call
    goes on; after it was finished, it brings the copy up to date, deletions included, as long as nobody else has
    written to those spaces of the destination. Its other spaces are left alone.

    Raises:
        InvalidInputError: source and destination are one store, or the destination holds other data in a space that is
            to be copied; checked for all spaces before anything is written.
        NotFoundError: the source has no such space.
        EmbedderMismatchError: the stores' vectors come from different embedders.
        ConfigurationError: a store cannot be copied.
        StoreError: a store failed, or somebody else wrote to a space of the destination while it was being copied.
    """
    return _Copier(_copyable(source), _copyable(destination), on_progress).run(spaces or SpaceSet.everything())


def _copyable(store: GraphStore) -> CopyableStore:
    if not isinstance(store, ChangeFeed) or not isinstance(store, Exportable):
        raise ConfigurationError(f"{type(store).__name__} cannot give all that it holds, so it cannot be copied")
    return cast(CopyableStore, store)


class _Copier:
    """One copy from one store to another."""

    def __init__(
        self, source: CopyableStore, destination: CopyableStore, on_progress: Callable[[CopyProgress], None] | None
    ) -> None:
        self._source = source
        self._destination = destination
        self._on_progress = on_progress
        self._done = self._total = 0
        self._written = self._deleted = 0
        self._unfinished = json.dumps({"copied_from": source.store_id(), "complete": False})
        self._complete = json.dumps({"copied_from": source.store_id(), "complete": True})

    def run(self, spaces: SpaceSet) -> CopyReport:
        """Copy and compare; see ``copy_store``."""
        self._check_stores()
        copied: dict[str, SpaceCopy] = {}
        while wanted := [
            space for space in self._wanted(spaces) if space not in copied
        ]:  # more may have come meanwhile
            same = {space: found for space in wanted if (found := self._check_space(space)) is not None}
            counted = self._source.statistics(spaces=SpaceSet(wanted))
            self._total += sum(2 * (s.episodes + s.entities + s.facts) for s in counted if s.space not in same)
            copied |= {space: same.get(space) or self._copy_space(space) for space in wanted}
        if self._deleted:
            self._destination.vacuum()
        made = self._source.embedder()
        return CopyReport(
            spaces=tuple(copied[space] for space in sorted(copied)),
            embedder=made[0] if made else None,
            written=self._written,
            deleted=self._deleted,
        )

    # --- what may be copied --------------------------------------------------------------------------------------

    def _check_stores(self) -> None:
        if self._source.store_id() == self._destination.store_id():
            raise InvalidInputError(
                "source and destination are the same store, or one is a copy of the other's file; give two stores"
            )
        ours, theirs = self._source.embedder(), self._destination.embedder()
        if ours is not None and theirs is not None and ours != theirs:
            raise EmbedderMismatchError(
                f"the source's vectors come from {ours[0]} ({ours[1]} dimensions), the destination's from {theirs[0]} "
                f"({theirs[1]}); embed one of them again first, with the embedder of the other: factloom reembed"
            )

    def _wanted(self, spaces: SpaceSet) -> list[str]:
        """The spaces to copy by name, with those that an earlier copy brought and the source has emptied since."""
        copied = {s for s in self._destination.spaces() if self._is_ours(self._destination.origin(s))}
        found = copied.union(self._source.spaces())
        if spaces.is_everything:
            return sorted(found)
        missing = sorted(set(spaces.names) - found)
        if missing:
            raise NotFoundError(f"the source holds nothing in {', '.join(missing)}; factloom stats lists its spaces")
        return list(spaces.names)

    def _check_space(self, space: str) -> SpaceCopy | None:
        """See that the space may be written; returns the result when the destination holds the same already.

        Raises:
            InvalidInputError: the destination holds other data there.
            StoreError: the source is a copy that was not finished.
        """
        left = self._source.origin(space)
        if left is not None and not json.loads(left).get("complete", True):
            raise StoreError(f"{space} of the source is itself a copy that was not finished; finish that one first")
        if self._is_ours(self._destination.origin(space)) or space not in self._destination.spaces():
            return None
        counts = [store.statistics(spaces=SpaceSet.of(space)) for store in (self._source, self._destination)]
        ours, theirs = (tuple(s[1:6]) if (s := next(iter(found), None)) else () for found in counts)
        if ours == theirs:
            result = self._compare(space)
            if not result.differences:
                return result
        raise InvalidInputError(
            f"the destination holds other data in {space}, or was written since it was copied; nothing was changed. "
            f"Copy into another store, or empty the space there first: {_emptying(space)}"
        )

    def _is_ours(self, note: str | None) -> bool:
        return note in (self._unfinished, self._complete)

    # --- copying -------------------------------------------------------------------------------------------------

    def _copy_space(self, space: str) -> SpaceCopy:
        new = self._destination.origin(space) is None
        for _ in range(_ROUNDS):
            before = self._sequence(space)
            if not new:
                self._drop_vanished(space)
            for kind in PARTS:
                self._copy_kind(space, kind, new=new)
            self._copy_history(space)
            result = self._compare(space)
            if not result.differences or self._sequence(space) == before:
                break
            new = False
        if not result.differences and any(part.count for part in result.source.values()):
            self._write(space, lambda tx: None, note=self._complete)  # not for an empty one: its name is forgotten
        return result.model_copy(update={"written_meanwhile": self._sequence(space) != before})

    def _sequence(self, space: str) -> int:
        found = self._source.statistics(spaces=SpaceSet.of(space))
        return found[0].sequence if found else 0

    def _write(self, space: str, work: Callable[[WriteTransaction], T], *, note: str | None = None) -> T:
        """One transaction on the destination's space, which nobody else may have written since the last one."""

        def checked(tx: WriteTransaction) -> T:
            if not self._is_ours(tx.origin(space)) and tx.statistics(spaces=SpaceSet.of(space)):
                raise StoreError(
                    f"somebody else wrote to {space} of the destination while it was being copied; stop that, empty "
                    f"the space ({_emptying(space)}) and copy again"
                )
            done = work(tx)
            tx.set_origin(space, note or self._unfinished)
            return done

        return self._destination.write(checked)

    def _drop_vanished(self, space: str) -> None:
        """Delete what an earlier run copied and the source has deleted since."""
        for kind in reversed(PARTS):
            for refs in pages_of(self._destination, kind, space):
                ids = [record.id for record in records_of(self._destination, kind, refs, space)]
                known = self._source.locate(ids, spaces=SpaceSet.of(space))
                gone = [id_ for id_ in ids if id_ not in known]
                if gone:
                    self._deleted += len(self._write(space, lambda tx, gone=gone: tx.delete(gone)))  # type: ignore[misc]

    def _copy_kind(self, space: str, kind: str, *, new: bool) -> None:
        """Store all records of ``kind`` that are not there yet, or not as they should be, with terms and vectors."""
        for refs in pages_of(self._source, kind, space):
            records = records_of(self._source, kind, refs, space)
            entries = self._source.index_entries(kind, refs, space=space)
            stored: dict[str, Stored] = {}
            if new:
                entries = [entry for entry in entries if entry.terms or _vectors(entry).size]
            else:
                stored, entries = self._stored(space, kind, records, entries)
            changed = [r for r in records if r.id not in stored or not _same(r, stored[r.id])]
            names = {record.id for record in records}
            entries = [entry for entry in entries if entry.id in names]
            try:
                if changed or entries:
                    self._write(space, lambda tx, c=changed, s=stored, e=entries: self._put(tx, kind, c, s, e))  # type: ignore[misc]
            except NotFoundError:
                return  # the source was written since its episodes or entities were read: the next round has them
            self._written += len(changed)
            self._advance(space, PARTS[kind], len(refs))

    def _stored(
        self, space: str, kind: str, records: Sequence[Stored], entries: Sequence[IndexEntry]
    ) -> tuple[dict[str, Stored], list[IndexEntry]]:
        """Those of the records that the destination has, as it has them, and the entries that differ there."""
        places = self._destination.locate([record.id for record in records], spaces=SpaceSet.of(space))
        refs = sorted(place.ref for place in places.values())
        stored = {record.id: record for record in records_of(self._destination, kind, refs, space)}
        found = {entry.id: entry for entry in self._destination.index_entries(kind, refs, space=space)}
        return stored, [e for e in entries if e.id not in found or not _same_entry(e, found[e.id])]

    def _put(
        self,
        tx: WriteTransaction,
        kind: str,
        records: Sequence[Stored],
        stored: dict[str, Stored],
        entries: Sequence[IndexEntry],
    ) -> None:
        if kind == "entity":
            tx.put_entities(cast(Sequence[Entity], records))
        elif kind == "fact":
            tx.put_facts(cast(Sequence[Fact], records))
        else:
            for episode in cast(Sequence[Episode], records):
                if episode.id in stored:
                    _bring_up_to_date(tx, cast(Episode, stored[episode.id]), episode)
            tx.add_episodes([e for e in cast(Sequence[Episode], records) if e.id not in stored])
        made = self._source.embedder()
        tx.put_index(entries, embedder=made[0] if made else None)

    def _copy_history(self, space: str) -> None:
        """Append the source's history from where the destination's differs on, in the same order."""
        position = there = 0
        same = True
        while (page := self._source.recorded(space, after=position)).changes:
            position = page.position
            changes = page.changes
            if same:
                stored = self._destination.recorded(space, after=there)
                there = stored.position
                agreed = _length_in_common(changes, stored.changes)
                same = agreed == len(changes)
                changes = changes[agreed:]
            if changes:
                self._write(space, lambda tx, rest=changes: tx.record_again(rest))  # type: ignore[misc]

    # --- comparing -----------------------------------------------------------------------------------------------

    def _compare(self, space: str) -> SpaceCopy:
        source = tally(self._source, space, on_record=lambda: self._advance(space, "comparing", 1))
        destination = tally(self._destination, space)
        differ = [part for part in source if source[part] != destination[part]]
        first = {part: first_difference(self._source, self._destination, space, part) for part in differ}
        return SpaceCopy(
            space=space,
            source=source,
            destination=destination,
            differences={part: id_ or "" for part, id_ in first.items()},
        )

    def _advance(self, space: str, doing: str, count: int) -> None:
        self._done += count
        if self._on_progress is not None:
            self._total = max(self._total, self._done)
            self._on_progress(CopyProgress(self._done, self._total, space, doing))


def _same(one: Stored, other: Stored) -> bool:
    """Whether two records are equal but for their numbers."""
    return one.model_copy(update={"ref": other.ref}) == other


def _vectors(entry: IndexEntry) -> np.ndarray:
    return np.empty((0, 0), dtype=np.float32) if entry.vectors is None else entry.vectors


def _same_entry(one: IndexEntry, other: IndexEntry) -> bool:
    mine, theirs = _vectors(one), _vectors(other)
    same_vectors = mine.shape[0] == theirs.shape[0] and mine.tobytes() == theirs.tobytes()
    return same_vectors and list(one.terms or ()) == list(other.terms or ())


def _bring_up_to_date(tx: WriteTransaction, stored: Episode, wanted: Episode) -> None:
    """Bring a copied episode to where the source's has come since; attempts count with an error only."""
    if wanted.metadata != stored.metadata:
        tx.set_episode_metadata({wanted.id: wanted.metadata})
    for _ in range(wanted.attempts - stored.attempts):
        tx.set_status([wanted.id], wanted.status, error=wanted.error or _MADE_UP)
    if wanted.error is None:
        tx.set_status([wanted.id], wanted.status)


def _length_in_common(one: Sequence[Change], other: Sequence[Change]) -> int:
    """How many changes both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _emptying(space: str) -> str:
    """The command that empties a space of the destination."""
    return f"factloom delete --all --space {shlex.quote(space)} --store DST"

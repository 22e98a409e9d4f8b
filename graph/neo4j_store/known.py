"""What the writes of one store know of records that are stored, so that they ask for each once.

Writers exclude each other, so what was read stays true until a transaction changes it, and it notes what it does. It
stays true for the next one, too, unless somebody else writes in between (``WorkingSet.begin``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import KIND_LABELS, findable


class Known(NamedTuple):
    """A stored record: ``created`` in microseconds; ``details`` by kind.

    Episodes: occurred_at in microseconds, status. Entities: key, type. Facts: refs of subject and object, predicate,
    whether it has an end of any kind, whether it was not corrected.
    """

    ref: int
    space: str
    created: int
    details: tuple[Any, ...]


class Indexed(NamedTuple):
    """What is held of a record for search: encoded terms, how many terms, how many vectors."""

    terms: str
    length: int
    parts: int


NOT_INDEXED = Indexed("", 0, 0)


class KnownRecords:
    """Records by kind and id, as far as they were asked for."""

    runner: Runner
    """Of the transaction that is open."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self._records: dict[str, dict[str, Known | None]] = {kind: {} for kind in KIND_LABELS}
        self._indexed: dict[int, Indexed] = {}
        self._keys: dict[tuple[str, str, str], str | None] = {}

    def __len__(self) -> int:
        return sum(map(len, self._records.values())) + len(self._indexed) + len(self._keys)

    # --- records ---

    def look_up(self, kind: str, ids: Iterable[str]) -> dict[str, Known]:
        """Those of the ids that are stored."""
        known = self._records[kind]
        wanted = list(dict.fromkeys(ids))
        missing = [id_ for id_ in wanted if id_ not in known]
        if missing:
            known.update(dict.fromkeys(missing))
            for row in self.runner.rows(self._queries[f"known_{kind}"], {"w": {"ids": findable(missing)}}):
                known[row[0]] = Known(row[1], row[2], row[3], tuple(row[4:]))
        return {id_: found for id_ in wanted if (found := known[id_]) is not None}

    def assume_new(self, kind: str, ids: Iterable[str]) -> None:
        """Take records with these ids for new, unless they are known; the constraint on ids tells if one is not."""
        for id_ in ids:
            self._records[kind].setdefault(id_, None)

    def note(self, kind: str, id_: str, record: Known | None) -> None:
        """Note that a record is so now; None: it is not there."""
        self._records[kind][id_] = record

    def note_found(self, kind: str, id_: str, record: Known) -> None:
        """Note a record that was read, unless it is known better."""
        if self._records[kind].get(id_) is None:
            self._records[kind][id_] = record

    def places(self, ids: Iterable[str]) -> dict[str, tuple[str, Known]] | None:
        """Kind and record of each id; None if one of them is not known to be stored."""
        found = {}
        for id_ in ids:
            place = next(((kind, r) for kind, held in self._records.items() if (r := held.get(id_)) is not None), None)
            if place is None:
                return None
            found[id_] = place
        return found

    # --- what is indexed of them ---

    def indexed(self, kind: str, refs: Sequence[int]) -> Mapping[int, Indexed]:
        """What is held of the records with these refs."""
        missing = [ref for ref in dict.fromkeys(refs) if ref not in self._indexed]
        if missing:
            text = self._queries.of_kind("index_state", kind)
            for ref, terms, length, parts in self.runner.rows(text, {"w": {"refs": missing}}):
                self._indexed[ref] = Indexed(terms or "", length if terms else 0, parts or 0)
        return {ref: self._indexed.get(ref, NOT_INDEXED) for ref in refs}

    def note_indexed(self, ref: int, held: Indexed) -> None:
        """Note what is held of a record now."""
        self._indexed[ref] = held

    def forget_vectors(self) -> None:
        """No record has vectors any more."""
        self._indexed = {ref: held._replace(parts=0) for ref, held in self._indexed.items()}

    # --- keys of entities ---

    def holders(self, keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
        """By (space, key, type): the id of the entity that has it."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self._keys]
        if missing:
            self._keys.update(dict.fromkeys(missing))
            rows = [{"space": space, "key": key, "type": type_} for space, key, type_ in missing]
            for space, key, type_, id_ in self.runner.rows(self._queries["entities_with_keys"], {"w": {"rows": rows}}):
                self._keys[space, key, type_] = id_
        return {key: id_ for key in wanted if (id_ := self._keys[key]) is not None}

    def note_key(self, key: tuple[str, str, str], id_: str | None) -> None:
        """Note which entity has the key now; None: nobody has."""
        self._keys[key] = id_

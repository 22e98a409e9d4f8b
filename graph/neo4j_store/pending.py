"""What a transaction has decided to write and not sent yet, so that it takes few round trips.

A section is one statement with its rows. ``send`` sends the sections that have rows in one statement, in an order in
which each finds what it links to. Records that are new here take later changes into their first row, so that they are
written once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.native_storage import SECTIONS as NATIVE_SECTIONS
from factloom.graph.neo4j_store.queries import Queries, rows_key
from factloom.graph.neo4j_store.rows import KIND_LABELS, forgotten_name
from factloom.schemas.spaces import check_space

Properties = dict[str, Any]

_COUNTERS: Final = (
    *("episodes", "pending", "failed", "entities", "facts", "vectors", "sequence", "vector_sequence"),
    *(f"{kind}_{what}" for kind in KIND_LABELS for what in ("documents", "terms")),
)
_ORDER: Final = (
    *("free_keys", "change_entities", "put_entities", "remove_names", "put_names"),
    *("put_episodes", "unlink_episodes", "link_episodes", "set_statuses", "set_metadata"),
    *("remove_edges", "change_facts", "put_facts", "move_facts", "unstate_facts", "state_facts"),
    *("unsupersede_facts", "supersede_facts", "find_superseded", "count_degrees", "draw_edges"),
)
_BY_KIND: Final = ("put_terms", "drop_vectors", "put_vectors")
MANY: Final = 200
"""Rows from which on each section is a statement of its own: beside so much work trips cost nothing, and plans of small
statements are made in a tenth of the time and serve every batch, whatever else it writes."""

_NEW: Final = {"episode": "put_episodes", "fact": "put_facts", "entity": "put_entities"}


SECTIONS: Final = (
    *("put_spaces", *_ORDER),
    *(f"{name} {kind}" for name in _BY_KIND for kind in KIND_LABELS),
    *("put_removals", "count_terms", "put_changes", "put_origins", "forget_empty_spaces", "put_store"),
)


_NATIVE: Final = tuple(f"{name} {kind}" for name in NATIVE_SECTIONS for kind in KIND_LABELS)

PARTS: Final[Mapping[str, frozenset[str]]] = {
    "frame": frozenset(("put_spaces", "count_terms", "put_changes", "put_store")),
    "episodes": frozenset(("put_episodes", "link_episodes")),
    "progress": frozenset(("set_statuses", "put_vectors episode")),
    "learned": frozenset(
        (
            *("put_entities", "put_names", "put_facts", "state_facts", "find_superseded", "count_degrees"),
            *("draw_edges", "put_vectors entity", "put_vectors fact"),
        )
    ),
    "changed": frozenset(
        (
            *("change_facts", "remove_edges", "unstate_facts", "unsupersede_facts", "supersede_facts"),
            *("put_terms fact", "forget_empty_spaces"),
        )
    ),
    "native": frozenset(_NATIVE),
}
"""Sections that mostly have rows together; those of no part are the part "others"."""


def _part_of(section: str) -> str:
    return next((part for part, sections in PARTS.items() if section in sections), "others")


@lru_cache(maxsize=512)
def sending(queries: Queries, sections: Iterable[str] | None = None) -> tuple[str, tuple[str, ...]]:
    """The statement that writes rows of ``sections`` (None: of all), and which sections it has room for.

    It consists of whole parts. A section without rows costs the server 0.1 to 0.2 ms, and planning all 43 seconds after
    a start; a statement for each set of sections that has rows would have it plan again and again.
    """
    every = (*SECTIONS, *_NATIVE)
    parts = {"frame", *map(_part_of, every if sections is None else sections)}
    chosen = tuple(section for section in every if _part_of(section) in parts)
    return queries.together(chosen), chosen


class Pending:
    """Rows by section, counts by space, and the records that are new.

    ``native``: whether the store keeps its vectors for the server's own index, too.
    """

    def __init__(self, runner: Runner, queries: Queries, store_id: str) -> None:
        self._runner = runner
        self._queries = queries
        self.store_id = store_id
        self._rows: dict[str, dict[object, Properties]] = {}
        self._new: dict[str, dict[int, Properties]] = {kind: {} for kind in KIND_LABELS}
        self._counts: dict[str, Counter[str]] = {}
        self._degrees: dict[int, list[int]] = {}
        self._terms: Counter[tuple[str, str, str]] = Counter()
        self._vectors_counted: set[str] = set()
        self.touched: dict[str, None] = {}
        self.native = False
        self._large = False

    def expect_many(self) -> None:
        """Take the write for a large one, whose sections are sent each by itself, few rows or many."""
        self._large = True

    # --- spaces ---

    def touch(self, space: str) -> None:
        """Note that ``space`` is written to; it is made if need be."""
        if space not in self.touched:
            self.touched[check_space(space)] = None
        self._counts.setdefault(space, Counter())

    def count(self, space: str, **changes: int) -> None:
        """Change the counts of a space by so much."""
        counts = self._counts.setdefault(space, Counter())
        for name, change in changes.items():
            counts[name] += change

    def begin_vectors(self, space: str) -> None:
        """Note that vectors of ``space`` are written, all in this transaction under one new number."""
        self.touch(space)
        if space not in self._vectors_counted:
            self._vectors_counted.add(space)
            self.count(space, vector_sequence=1)

    # --- rows ---

    def add(self, section: str, row: Properties) -> None:
        """Add a row to a section."""
        rows = self._rows.setdefault(section, {})
        rows["row", len(rows)] = row

    def put(self, section: str, key: object, row: Properties) -> None:
        """Add a row to a section, in place of an earlier one with the same key."""
        rows = self._rows.setdefault(section, {})
        rows.pop(key, None)
        rows[key] = row

    def drop(self, section: str, key: object) -> None:
        """Take back the row with this key, if there is one."""
        rows = self._rows.get(section)
        if rows is not None and rows.pop(key, None) is not None and not rows:
            del self._rows[section]

    def add_new(self, kind: str, ref: int, row: Properties) -> None:
        """Add a record that is new; ``row["properties"]`` may still change until it is sent."""
        self._new[kind][ref] = row
        self.add(_NEW[kind], row)

    def new_row(self, kind: str, ref: int) -> Properties | None:
        """The row of a record that is new and not sent yet."""
        return self._new[kind].get(ref)

    def of_new(self, kind: str, ref: int) -> Properties | None:
        """The properties of a record that is new and not sent yet."""
        row = self._new[kind].get(ref)
        return None if row is None else row["properties"]

    def count_degree(self, entity: int, *, dated: bool, change: int) -> None:
        """One fact about the entity more or less."""
        new = self.of_new("entity", entity)
        if new is not None:
            new["_dated" if dated else "_open"] += change
        else:
            self._degrees.setdefault(entity, [0, 0])[dated] += change

    def count_terms(self, space: str, kind: str, terms: str, change: int) -> None:
        """The encoded terms of one record more or less."""
        for term in terms.split():
            self._terms[space, kind, term] += change

    # --- sending ---

    def send(self) -> None:
        """Send everything, few rows in one statement; rows that fail fail the whole transaction."""
        self._gather()
        sections = self._rows
        if not sections:
            return
        self._rows = {}
        for records in self._new.values():
            records.clear()
        if sum(map(len, sections.values())) >= MANY:
            self.expect_many()
        if self._large:
            for name in (*SECTIONS, *_NATIVE):
                if name in sections:
                    self._runner.rows(self._queries.alone(name), {"w": {"rows": list(sections.pop(name).values())}})
            assert not sections, sections.keys()
            return
        text, names = sending(self._queries, frozenset(sections))
        w = {rows_key(name): list(sections.pop(name, {}).values()) for name in names}
        assert not sections, sections.keys()
        self._runner.rows(text, {"w": w})

    def _gather(self) -> None:
        """Turn what was counted into rows."""
        for space, counts in self._counts.items():
            row: Properties = {name: counts[name] for name in _COUNTERS}
            self.add("put_spaces", {**row, "name": space, "digest": forgotten_name(self.store_id, space)})
        self._counts = {}
        for entity, (open_, dated) in self._degrees.items():
            if open_ or dated:
                self.add("count_degrees", {"ref": entity, "open": open_, "dated": dated})
        self._degrees = {}
        for (space, kind, term), change in sorted(self._terms.items()):
            if change:
                self.add("count_terms", {"space": space, "kind": kind, "term": term, "documents": change})
        self._terms.clear()

    def finish(self, store: Mapping[str, Any], origins: Mapping[str, str], *, forget: bool) -> None:
        """Number the write in each space that it touched, and send everything with what the store's node is to hold.

        ``origins``: notes that belong to this number, by space. ``forget``: spaces may have been emptied.
        """
        for space in self.touched:
            self.count(space, sequence=1)
            if forget:
                self.add("forget_empty_spaces", {"name": space, "digest": forgotten_name(self.store_id, space)})
        for space, text in origins.items():
            self.add("put_origins", {"name": space, "text": text})
        self.add("put_store", dict(store))
        self.send()

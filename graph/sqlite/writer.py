"""Writes of the SQLite store, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from factloom.graph.sqlite import rows as r
from factloom.graph.sqlite.database import Database, Row
from factloom.graph.sqlite.deletion import delete_records
from factloom.graph.sqlite.exporting import keep_origins
from factloom.graph.sqlite.failures import ConstraintError, translate
from factloom.graph.sqlite.keywords import put_terms
from factloom.graph.sqlite.reader import Reader
from factloom.graph.sqlite.scope import Scope, as_json, scope_of
from factloom.graph.sqlite.sessions import SessionOrder
from factloom.graph.sqlite.space_names import forget_empty, number_of
from factloom.graph.sqlite.vectors import check_embedder, clear_vectors, put_vectors
from factloom.graph.stored_values import as_vectors
from factloom.schemas.errors import NotFoundError, StoreError
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import IndexEntry
from factloom.schemas.records import Change, Entity, Episode, Fact, Metadata, Status
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors

StoredKind = TypeVar("StoredKind", Entity, Fact)
_Known = dict[str, tuple[int, int, int]]


class Writer(Reader):
    """``WriteTransaction`` on the writing connection. Each call counts all or not at all."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        super().__init__(database, clock)
        self._touched: set[int] = set()
        self._sequences: dict[int, int] = {}
        self._origins: dict[int, str] = {}
        self._left_residue = False

    def finish(self) -> None:
        """Number the write in each space that it touched."""
        self._db.run_many(
            "UPDATE space SET sequence = sequence + 1 WHERE number = ?", [(space,) for space in sorted(self._touched)]
        )
        keep_origins(self._db, self._origins)
        if self._left_residue:
            forget_empty(self._db, sorted(self._touched))
            self._db.run("INSERT INTO meta (name, value) VALUES ('residue', '1') ON CONFLICT (name) DO NOTHING")

    # --- numbers ---

    def _scope(self, spaces: SpaceSet) -> Scope:
        """As for a reader, but asked each time: spaces are made meanwhile."""
        return scope_of(self._db, spaces)

    def _spaces(self, names: Iterable[str]) -> dict[str, int]:
        """Numbers of spaces, made if need be. Called before a savepoint, which could undo what is remembered."""
        return {name: number_of(self._db, name) for name in dict.fromkeys(names)}

    @contextmanager
    def _call(self, spaces: Mapping[str, int]) -> Iterator[None]:
        """A call that counts all or not at all, and if it counts, as a write to these spaces."""
        with self._db.savepoint():
            yield
        self._touched.update(spaces.values())

    def _new_refs(self, count: int) -> range:
        """Refs that no record has or ever had."""
        self._db.run("UPDATE counter SET ref = ref + ?", (count,))
        last = (self._db.row("SELECT ref FROM counter") or (count,))[0]
        return range(last - count + 1, last + 1)

    def _next_sequence(self, space: int) -> int:
        """The number of this write to the vectors of ``space``: the same for the whole transaction."""
        if space not in self._sequences:
            self._db.run("UPDATE space SET vector_sequence = vector_sequence + 1 WHERE number = ?", (space,))
            row = self._db.row("SELECT vector_sequence FROM space WHERE number = ?", (space,))
            self._sequences[space] = row[0] if row else 0
        return self._sequences[space]

    def _stored(self, kind: str, ids: Iterable[str]) -> _Known:
        """Ref, space and created_at of the ids that are stored."""
        rows = self._db.rows(
            f"SELECT x.id, x.ref, x.space, x.created_at FROM json_each(?) j CROSS JOIN {kind} x ON x.id = j.value",
            (as_json(ids),),
        )
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    # --- episodes ---

    def add_episodes(self, episodes: Sequence[Episode]) -> list[Episode]:
        """Store episodes that are not there yet and link them into their sessions."""
        spaces = self._spaces(episode.space for episode in episodes)
        with self._call(spaces):
            order = SessionOrder(self._db)
            return [self._add_episode(episode, spaces[episode.space], order) for episode in episodes]

    def _add_episode(self, episode: Episode, space: int, order: SessionOrder) -> Episode:
        occurred_at = r.to_micros(episode.occurred_at)
        try:
            content_hash = bytes.fromhex(episode.content_hash)
        except UnicodeEncodeError as error:
            raise translate(error, self._db.path, 0) from error
        same = self._db.row(
            f"SELECT {r.EPISODE_COLUMNS} FROM {r.EPISODE_FROM} "
            "WHERE e.space = ? AND e.content_hash = ? AND e.occurred_at = ? AND e.role = ?",
            (space, content_hash, occurred_at, str(episode.role)),
        )
        if same is not None:
            return r.episode_of(same)
        values = r.episode_values(episode, content_hash)
        session = order.number(space, r.without_nul(episode.session, "session"))
        previous, next_ = order.neighbours(session, occurred_at)
        ref = self._new_refs(1)[0]
        try:
            self._db.run(r.EPISODE_INSERT, (ref, space, session, previous, next_, *values))
        except ConstraintError as error:
            raise StoreError(f"another episode has the id {episode.id}; ids are never used twice") from error
        order.link(session, ref, occurred_at, previous, next_)
        return episode.model_copy(update={"ref": ref})

    def set_status(self, ids: Sequence[str], status: Status, *, error: str | None = None) -> None:
        """Set how far episodes have come; counts an attempt when an error is given."""
        stored = self._stored("episode", ids)
        self._touched.update(space for _, space, _ in stored.values())
        self._db.run_many(
            "UPDATE episode SET status = ?, error = ?, attempts = attempts + ? WHERE ref = ?",
            [
                (str(status), None if error is None else error.replace("\x00", ""), error is not None, ref)
                for ref, _, _ in stored.values()
            ],
        )

    def set_episode_metadata(self, values: Mapping[str, Metadata]) -> None:
        """Replace the metadata of stored episodes, by id; unknown ids are passed over."""
        stored = self._stored("episode", values)
        self._touched.update(space for _, space, _ in stored.values())
        rows = [(r.to_json(values[id_], "metadata"), ref) for id_, (ref, _, _) in stored.items()]
        self._db.run_many("UPDATE episode SET metadata = ? WHERE ref = ?", rows)

    # --- entities and facts ---

    def _sort_out(
        self, kind: str, records: Sequence[StoredKind], spaces: dict[str, int]
    ) -> tuple[list[StoredKind], list[bool]]:
        """The records with ref and the first created_at, and whether each is new."""
        known = self._stored(kind, (record.id for record in records))
        refs = iter(self._new_refs(len({record.id for record in records} - known.keys())))
        made, new = [], []
        for record in records:
            space = spaces[record.space]
            new.append(record.id not in known)
            if new[-1]:
                known[record.id] = (next(refs), space, r.to_micros(record.created_at))
            ref, home, created_at = known[record.id]
            if home != space:
                raise StoreError(f"the {kind} {record.id} is in another space than {record.space}, and cannot move")
            made.append(record.model_copy(update={"ref": ref, "created_at": r.to_time(created_at)}))
        self._left_residue = self._left_residue or not all(new)
        return made, new

    def put_entities(self, entities: Sequence[Entity]) -> list[Entity]:
        """Insert or, by id, replace entities and the keys of their aliases."""
        spaces = self._spaces(entity.space for entity in entities)
        with self._call(spaces):
            made, new = self._sort_out("entity", entities, spaces)
            for entity, is_new in zip(made, new, strict=True):
                values = r.entity_values(entity)
                try:
                    if is_new:
                        birth = (entity.ref, r.without_nul(entity.id, "id"), spaces[entity.space])
                        self._db.run(r.ENTITY_INSERT, (*values, *birth, r.to_micros(entity.created_at)))
                    else:
                        self._db.run(r.ENTITY_UPDATE, (*values, entity.ref))
                except ConstraintError as error:
                    raise StoreError(
                        f"another entity of type {entity.type} has the key {entity.key!r} in {entity.space}; "
                        "look it up in the same transaction and use it"
                    ) from error
            old = [(entity.ref,) for entity, is_new in zip(made, new, strict=True) if not is_new]
            self._db.run_many("DELETE FROM alias WHERE entity = ?", old)
            # Of an entity that comes twice in one call, the last version counts.
            latest = {entity.ref: entity for entity in made}
            aliases = {
                (spaces[entity.space], normalise_name(alias), entity.ref)
                for entity in latest.values()
                for alias in entity.aliases
            }
            self._db.run_many("INSERT INTO alias (space, key, entity) VALUES (?, ?, ?)", sorted(aliases))
        return made

    def put_facts(self, facts: Sequence[Fact]) -> list[Fact]:
        """Insert or, by id, replace facts and their links to episodes."""
        spaces = self._spaces(fact.space for fact in facts)
        with self._call(spaces):
            entities = self._stored("entity", {end for fact in facts for end in (fact.subject_id, fact.object_id)})
            episodes = self._episodes_with_times({id_ for fact in facts for id_ in fact.episode_ids})
            made, new = self._sort_out("fact", facts, spaces)
            inserts: list[Row] = []
            updates: list[Row] = []
            links: dict[int, list[Row]] = {}
            results = []
            for fact, is_new in zip(made, new, strict=True):
                space = spaces[fact.space]
                subject = _in_space(entities, fact.subject_id, space, fact, "subject")
                object_ = _in_space(entities, fact.object_id, space, fact, "object")
                created_at = r.to_micros(fact.created_at)
                values = r.fact_values(fact, subject, object_, created_at)
                if is_new:
                    inserts.append((*values, fact.ref, r.without_nul(fact.id, "id"), space, created_at))
                else:
                    updates.append((*values, fact.ref))
                stated = {
                    (episodes.get(id_, (0, 0, 0))[2], _in_space(episodes, id_, space, fact, "episode"), id_)
                    for id_ in fact.episode_ids
                }
                links[fact.ref] = [(fact.ref, time, episode, space) for time, episode, _ in stated]
                results.append(fact.model_copy(update={"episode_ids": tuple(id_ for _, _, id_ in sorted(stated))}))
            self._db.run_many(r.FACT_INSERT, inserts)
            self._db.run_many(r.FACT_UPDATE, updates)
            self._db.run_many("DELETE FROM fact_episode WHERE fact = ?", [(row[-1],) for row in updates])
            self._db.run_many(
                "INSERT INTO fact_episode (fact, occurred_at, episode, space) VALUES (?, ?, ?, ?)",
                sorted(link for rows in links.values() for link in rows),
            )
        return results

    def _episodes_with_times(self, ids: Iterable[str]) -> _Known:
        """Ref, space and occurred_at of the episodes that are stored."""
        rows = self._db.rows(
            "SELECT e.id, e.ref, e.space, e.occurred_at FROM json_each(?) j CROSS JOIN episode e ON e.id = j.value",
            (as_json(ids),),
        )
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    # --- index ---

    def put_index(self, entries: Sequence[IndexEntry], *, embedder: str | None) -> None:
        """Replace the terms and vectors of records."""
        vectors: dict[int, Vectors] = {
            i: as_vectors(entry.vectors, f"{entry.kind} {entry.id}")
            for i, entry in enumerate(entries)
            if entry.vectors is not None
        }
        touched: set[int] = set()
        with self._sequences_kept(), self._db.savepoint():
            for size in sorted({made.shape[1] for made in vectors.values() if len(made)}):
                check_embedder(self._db, embedder, size)
            for kind in dict.fromkeys(entry.kind for entry in entries):
                number = r.kind_number(kind)
                # Of a record that comes twice, the last terms and the last vectors count.
                mine = [(i, entry) for i, entry in enumerate(entries) if entry.kind == kind]
                stored = self._stored(kind, (entry.id for _, entry in mine))
                missing = next((entry.id for _, entry in mine if entry.id not in stored), None)
                if missing is not None:
                    raise NotFoundError(f"the {kind} {missing} is not stored; store it before its terms and vectors")
                touched.update(space for _, space, _ in stored.values())
                terms = {entry.id: entry.terms for _, entry in mine if entry.terms is not None}
                if put_terms(self._db, kind, [(*stored[id_][:2], words) for id_, words in terms.items()]):
                    self._left_residue = True
                rows = {entry.id: vectors[i] for i, entry in mine if i in vectors}
                records = [(*stored[id_][:2], made) for id_, made in rows.items()]
                put_vectors(self._db, number, records, self._next_sequence)
        self._touched |= touched

    def clear_vectors(self) -> None:
        """Remove every vector of the store and forget which embedder made them."""
        self._touched.update(space for (space,) in self._db.rows("SELECT DISTINCT space FROM vector"))
        with self._sequences_kept(), self._db.savepoint():
            clear_vectors(self._db, self._next_sequence)

    def set_origin(self, space: str, text: str) -> None:
        """Note where the space's records come from, until the next write to it."""
        (number,) = self._spaces([space]).values()
        self._touched.add(number)
        self._origins[number] = text

    def _sequences_kept(self) -> _SequencesKept:
        return _SequencesKept(self._sequences)

    # --- history and deletion ---

    def record(self, changes: Sequence[Change]) -> None:
        """Append to history."""
        spaces = self._spaces(change.space for change in changes)
        with self._call(spaces):
            self._db.run_many(r.CHANGE_INSERT, [(spaces[c.space], *r.change_values(c)) for c in changes])

    def foresee(self, keys: Sequence[str], *, space: str) -> None:
        """Nothing: a look-up costs no trip."""

    def record_again(self, changes: Sequence[Change]) -> None:
        """Append changes in place of those with the same ids."""
        with self._db.savepoint():
            self._db.run_many("DELETE FROM change WHERE id = ?", [(change.id,) for change in changes])
            self.record(changes)
        self._left_residue = self._left_residue or bool(changes)

    def delete(self, ids: Sequence[str]) -> list[str]:
        """Delete records with their terms, vectors, links and history."""
        with self._sequences_kept(), self._db.savepoint():
            gone, spaces = delete_records(self._db, list(ids), self._next_sequence)
        self._touched |= spaces
        self._left_residue = self._left_residue or bool(gone)
        return gone


class _SequencesKept:
    """Forgets sequence numbers that a savepoint has undone."""

    def __init__(self, sequences: dict[int, int]) -> None:
        self._sequences = sequences

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._sequences.clear()


def _in_space(known: _Known, id_: str, space: int, fact: Fact, part: str) -> int:
    """The ref of a part of ``fact``.

    Raises:
        NotFoundError: it is not stored in the fact's space.
    """
    found = known.get(id_)
    if found is None or found[1] != space:
        raise NotFoundError(f"the {part} {id_} of the fact {fact.id} is not in {fact.space}; store it there first")
    return found[0]

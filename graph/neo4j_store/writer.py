"""Writes of the Neo4j store, inside one transaction.

What is written is checked first and then kept until a read, or the end, sends it (``pending``). A call that is refused
has therefore left nothing, although the server knows no savepoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from factloom.graph.neo4j_store import exporting
from factloom.graph.neo4j_store import rows as r
from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.deletion import Deletion
from factloom.graph.neo4j_store.facts import FactWriting
from factloom.graph.neo4j_store.keywords import put_terms
from factloom.graph.neo4j_store.known import NOT_INDEXED, Known, KnownRecords
from factloom.graph.neo4j_store.pending import MANY, Pending
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.reader import Reader
from factloom.graph.neo4j_store.sessions import Place, link
from factloom.graph.neo4j_store.typed_edges import remove_lapsed
from factloom.graph.neo4j_store.vectors import Embeddings
from factloom.graph.neo4j_store.working_set import WorkingSet
from factloom.graph.stored_values import as_vectors
from factloom.schemas.errors import NotFoundError, StoreError
from factloom.schemas.naming import normalise_name
from factloom.schemas.ports import IndexEntry, Located
from factloom.schemas.queries import EntityQuery, EpisodeQuery, FactQuery
from factloom.schemas.records import Change, Entity, Episode, Fact, Metadata, Status
from factloom.schemas.spaces import SpaceSet

if TYPE_CHECKING:
    from factloom.schemas.ports import Vectors


class Client(NamedTuple):
    """Who writes: an id of the store object, and the number of its write.

    The number is stored with the write, so that a client which lost the server's answer can find out whether it was
    kept.
    """

    id: str
    write: int


class Held:
    """What the writes of one store keep from one to the next."""

    def __init__(self, queries: Queries) -> None:
        self.known = KnownRecords(queries)
        self.working = WorkingSet(self.known)


class _Flushing:
    """Runs statements after what is pending was sent."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.pending: Pending | None = None

    def rows(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        if self.pending is not None:
            self.pending.send()
        return self._runner.rows(text, parameters)


class Writer(Reader):
    """``WriteTransaction`` in a transaction of the server. Each call counts all or not at all.

    ``begin`` locks the store before anything else, ``finish`` sends the rest. ``careful``: an id that comes without a
    ref is looked up, too; otherwise it is taken for new, and the constraint on ids fails the transaction if it is not.
    ``assumes``: whether any was.
    """

    _in_transaction = True

    def __init__(
        self,
        runner: Runner,
        queries: Queries,
        store_id: str,
        clock: Callable[[], datetime],
        client: Client,
        held: Held,
        *,
        careful: bool,
    ) -> None:
        self._flushing = _Flushing(runner)
        super().__init__(self._flushing, queries, store_id, clock)
        self._direct = runner
        self._texts = queries
        self._client = client
        self._now = r.to_micros(clock())
        self._pending = self._flushing.pending = Pending(runner, queries, store_id)
        self._stored = Reader(runner, queries, store_id, clock)
        self._known, self._working = held.known, held.working
        self._known.runner = runner
        self._careful = careful
        self.assumes = False
        self._last: int | None = None
        self._facts = FactWriting(self._pending, self._known, self._now)
        self._ref = 0
        self._left_residue = self._deleted = False
        self._origins: dict[str, str] = {}

    def begin(self, place: str) -> bool:
        """Lock the store against other writers; returns whether this very write was kept already."""
        rows = self._direct.rows(self._texts["lock_store"], {"client": self._client.id, "now": self._now})
        if not rows:
            raise StoreError(f"the store {place} is gone: somebody removed its nodes; open it again")
        ((self._ref, name, dimension, latest, last, embedded, lapsed, self._pending.native),) = rows
        self._last = last if latest == self._client.id else None
        self._working.begin(self._stored, self._last)
        if last is not None and last >= self._client.write:
            return True
        self._embeddings = Embeddings(self._pending, self._known, place, name, dimension, embedded)
        if lapsed:
            remove_lapsed(self._direct, self._texts, self._now)
        return False

    def finish(self) -> None:
        """Send what is left, and number the write in each space that it touched."""
        if not self._pending.touched:
            self._working.keep(self._last)
            return
        store = {
            "ref": self._ref,
            "embedder": self._embeddings.name,
            "dimension": self._embeddings.dimension,
            "client": self._client.id,
            "number": self._client.write,
        }
        self._pending.finish(store, self._origins, forget=self._left_residue)
        self._working.keep(None if self._deleted else self._client.write)

    def _next_ref(self) -> int:
        self._ref += 1
        return self._ref

    # --- reads that need no trip ---

    def foresee(self, keys: Sequence[str], *, space: str) -> None:
        """Read the bearers of these normalised names, and the facts about them, in two trips."""
        if len(keys) >= MANY:
            self._pending.expect_many()
        self._working.foresee(keys, SpaceSet.of(space))

    def find_entities(self, query: EntityQuery, *, spaces: SpaceSet) -> list[Entity]:
        """Entities that match, in the query's order."""
        found = self._working.find_entities(query, spaces)
        return super().find_entities(query, spaces=spaces) if found is None else found

    def find_facts(self, query: FactQuery, *, spaces: SpaceSet) -> list[Fact]:
        """Facts that match, in the query's order."""
        found = self._working.find_facts(query, spaces)
        return super().find_facts(query, spaces=spaces) if found is None else found

    def find_episodes(self, query: EpisodeQuery, *, spaces: SpaceSet) -> list[Episode]:
        """Episodes that match, in the query's order."""
        found = self._working.find_episodes(query, spaces)
        return super().find_episodes(query, spaces=spaces) if found is None else found

    def locate(self, ids: Iterable[str], *, spaces: SpaceSet) -> dict[str, Located]:
        """Kind, ref and space of each id; unknown ids are left out."""
        wanted = list(ids)
        places = self._known.places(wanted)
        if places is None:
            return super().locate(wanted, spaces=spaces)
        return {
            id_: Located(kind, record.ref, record.space)
            for id_, (kind, record) in places.items()
            if record.space in spaces
        }

    # --- episodes ---

    def add_episodes(self, episodes: Sequence[Episode]) -> list[Episode]:
        """Store episodes that are not there yet and link them into their sessions."""
        if not episodes:
            return []
        properties = [r.episode_properties(episode) for episode in episodes]
        found = self._find_same(properties)
        stored: dict[tuple[Any, ...], Episode] = {}
        new: list[tuple[Episode, dict[str, Any]]] = []
        ids = set()
        for episode, values, (same, twin, *_) in zip(episodes, properties, found, strict=True):
            identity = _identity(values)
            if same is not None:
                stored.setdefault(identity, r.episode_of(same))
            if identity in stored:
                continue
            if twin or episode.id in ids:
                raise StoreError(f"another episode has the id {episode.id}; ids are never used twice")
            ids.add(episode.id)
            values["_ref"] = self._next_ref()
            stored[identity] = episode.model_copy(update={"ref": values["_ref"]})
            new.append((episode, values))
        for episode in episodes:
            self._pending.touch(episode.space)
        sessions = {
            (values["space"], values["session"]): row[2]
            for values, row in zip(properties, found, strict=True)
            if row[2] is not None
        }
        places = []
        neighbours = {id(values): row[3:] for values, row in zip(properties, found, strict=True)}
        for _, values in new:
            session = (values["space"], values["session"])
            if session not in sessions:
                sessions[session] = self._next_ref()
            before, first = neighbours[id(values)]
            previous, next_ = before[0] if before else (0, first[0] if first else 0)
            values |= {"_session": sessions[session], "_previous": 0, "_next": 0}
            self._put_episode(values)
            places.append(Place(values["_session"], values["_occurred"], values["_ref"], previous, next_))
        link(self._pending, places)
        self._working.note_episodes(stored.values())
        return [stored[_identity(values)] for values in properties]

    def _find_same(self, properties: Sequence[dict[str, Any]]) -> list[list[Any]]:
        """For each: the same episode if stored, whether its id is taken, its session's number, its neighbours."""
        rows = [
            {
                "i": i,
                "id": values["id"],
                "space": values["space"],
                "hash": values["_content_hash"],
                "occurred": values["_occurred"],
                "role": values["role"],
                "session": values["session"],
            }
            for i, values in enumerate(properties)
        ]
        found = self._flushing.rows(self._texts["same_episodes"], {"w": {"rows": rows}})
        return [row[1:] for row in sorted(found, key=lambda row: row[0])]

    def _put_episode(self, values: dict[str, Any]) -> None:
        status = values["status"]
        self._pending.add_new("episode", values["_ref"], {"properties": values})
        self._pending.count(
            values["space"], episodes=1, pending=int(status == "pending"), failed=int(status == "failed")
        )
        known = Known(values["_ref"], values["space"], values["_created"], (values["_occurred"], status))
        self._known.note("episode", values["id"], known)
        self._known.note_indexed(values["_ref"], NOT_INDEXED)

    def set_status(self, ids: Sequence[str], status: Status, *, error: str | None = None) -> None:
        """Set how far episodes have come; counts an attempt when an error is given."""
        message = None if error is None else r.plain_text(error.replace("\x00", ""), "error")
        for id_, episode in self._known.look_up("episode", ids).items():
            occurred, old = episode.details
            self._pending.touch(episode.space)
            self._pending.count(
                episode.space,
                pending=(status == "pending") - (old == "pending"),
                failed=(status == "failed") - (old == "failed"),
            )
            self._known.note("episode", id_, episode._replace(details=(occurred, str(status))))
            attempts = int(error is not None)
            self._working.change_episode(
                id_, status=status, error=message, attempts=self._working.attempted(id_) + attempts
            )
            new = self._pending.of_new("episode", episode.ref)
            if new is not None:
                new |= {"status": str(status), "error": message, "attempts": new["attempts"] + attempts}
            else:
                row = {"ref": episode.ref, "status": str(status), "error": message, "attempts": attempts}
                self._pending.add("set_statuses", row)

    def set_episode_metadata(self, values: Mapping[str, Metadata]) -> None:
        """Replace the metadata of stored episodes, by id; unknown ids are passed over."""
        for id_, episode in self._known.look_up("episode", values).items():
            self._pending.touch(episode.space)
            written = r.metadata_properties(values[id_])
            self._working.change_episode(id_, metadata=dict(values[id_]))
            new = self._pending.of_new("episode", episode.ref)
            if new is not None:
                new |= written
            else:
                self._pending.put("set_metadata", episode.ref, {"ref": episode.ref, "properties": written})

    # --- entities ---

    def _assume_new(self, kind: str, ids: Sequence[str]) -> None:
        if ids and not self._careful:
            self.assumes = True
            self._known.assume_new(kind, ids)

    def put_entities(self, entities: Sequence[Entity]) -> list[Entity]:
        """Insert or, by id, replace entities and the keys of their names."""
        properties = [r.entity_properties(entity) for entity in entities]
        self._assume_new("entity", [entity.id for entity in entities if not entity.ref])
        known = self._known.look_up("entity", (entity.id for entity in entities))
        self._check_keys(entities, known)
        made = []
        new = {entity.id for entity in entities} - known.keys()
        for entity, values in zip(entities, properties, strict=True):
            self._pending.touch(entity.space)
            old = self._known.look_up("entity", [entity.id]).get(entity.id)
            ref, created = (old.ref, old.created) if old else (self._next_ref(), r.to_micros(entity.created_at))
            key = (entity.space, entity.key, entity.type)
            names = {
                "ref": ref,
                "space": entity.space,
                "keys": sorted({entity.key, *map(normalise_name, entity.aliases)}),
            }
            if old is None:
                self._put_new_entity(entity, ref, values)
            else:
                self._change_entity(old, key, values, names)
            self._known.note_key(key, entity.id)
            self._known.note("entity", entity.id, Known(ref, entity.space, created, key[1:]))
            self._pending.put("put_names", ref, names)
            made.append(entity.model_copy(update={"ref": ref, "created_at": r.to_time(created)}))
        self._working.note_entities(made, new)
        return made

    def _check_keys(self, entities: Sequence[Entity], known: Mapping[str, Known]) -> None:
        """See that each can have its key, in order, and stays in its space, before anything is changed.

        Raises:
            StoreError: another entity has it, or it would move.
        """
        keys = [(entity.space, entity.key, entity.type) for entity in entities]
        self._working.tell_holders(keys)
        taken = dict(self._known.holders(keys))
        held = {id_: (record.space, *record.details) for id_, record in known.items()}
        for entity in entities:
            key = (entity.space, entity.key, entity.type)
            old = held.get(entity.id)
            if old is not None and old[0] != entity.space:
                raise StoreError(f"the entity {entity.id} is in another space than {entity.space}, and cannot move")
            if taken.get(key, entity.id) != entity.id:
                raise StoreError(
                    f"another entity of type {entity.type} has the key {entity.key!r} in {entity.space}; "
                    "look it up in the same transaction and use it"
                )
            if old is not None and taken.get(old) == entity.id:
                del taken[old]
            taken[key] = entity.id
            held[entity.id] = key

    def _put_new_entity(self, entity: Entity, ref: int, values: dict[str, Any]) -> None:
        values |= {
            "_ref": ref,
            "id": r.indexed_text(entity.id, "id"),
            "space": entity.space,
            "_created": r.to_micros(entity.created_at),
            "_open": 0,
            "_dated": 0,
        }
        self._pending.add_new("entity", ref, {"properties": values, "labels": self._type_labels(entity.type)})
        self._pending.count(entity.space, entities=1)
        self._known.note_indexed(ref, NOT_INDEXED)

    def _change_entity(
        self, old: Known, key: tuple[str, str, str], values: dict[str, Any], names: dict[str, Any]
    ) -> None:
        self._left_residue = True
        old_key = (old.space, *old.details)
        if old_key != key:
            self._known.note_key(old_key, None)
        new = self._pending.new_row("entity", old.ref)
        if new is not None:
            new["properties"].update(values)
            new["labels"] = self._type_labels(key[2])
            return
        if old_key != key:
            self._pending.add("free_keys", {"ref": old.ref})
        row = {
            "ref": old.ref,
            "properties": values,
            "old_labels": self._type_labels(old.details[1]),
            "labels": self._type_labels(key[2]),
        }
        self._pending.add("change_entities", row)
        self._pending.put("remove_names", old.ref, names)

    def _type_labels(self, type_: str) -> list[str]:
        label = r.type_label(type_)
        return [] if label is None else [f"{self._texts.prefix}{label}"]

    # --- facts ---

    def put_facts(self, facts: Sequence[Fact]) -> list[Fact]:
        """Insert or, by id, replace facts, their links to episodes and their typed edges."""
        self._assume_new("fact", [fact.id for fact in facts if not fact.ref])
        made, replaced = self._facts.put(facts, self._next_ref)
        self._left_residue = self._left_residue or replaced
        self._working.note_facts(made)
        return made

    # --- index ---

    def put_index(self, entries: Sequence[IndexEntry], *, embedder: str | None) -> None:
        """Replace the terms and vectors of records."""
        vectors: dict[int, Vectors] = {
            i: as_vectors(entry.vectors, f"{entry.kind} {entry.id}")
            for i, entry in enumerate(entries)
            if entry.vectors is not None
        }
        sizes = sorted({made.shape[1] for made in vectors.values() if len(made)})
        fixed = self._embeddings.check(embedder, sizes)
        stored: dict[tuple[str, str], Known] = {}
        for kind in dict.fromkeys(entry.kind for entry in entries):
            ids = [entry.id for entry in entries if entry.kind == r.check_kind(kind)]
            known = self._known.look_up(kind, ids)
            missing = next((id_ for id_ in ids if id_ not in known), None)
            if missing is not None:
                raise NotFoundError(f"the {kind} {missing} is not stored; store it before its terms and vectors")
            stored.update({(kind, id_): record for id_, record in known.items()})
            self._known.indexed(kind, [record.ref for record in known.values()])
        # Of a record that comes twice, the last terms and the last vectors count.
        terms = {(entry.kind, entry.id): entry.terms for entry in entries if entry.terms is not None}
        made = {(entries[i].kind, entries[i].id): each for i, each in vectors.items()}
        self._embeddings.fix(fixed)
        for place, record in stored.items():
            self._pending.touch(record.space)
            held = self._known.indexed(place[0], [record.ref])[record.ref]
            if (words := terms.get(place)) is not None:
                self._left_residue = self._left_residue or bool(held.terms)
                held = put_terms(self._pending, place[0], record.ref, record.space, words, held)
            if (matrix := made.get(place)) is not None:
                held = self._embeddings.put(place[0], record, matrix, held)
            self._known.note_indexed(record.ref, held)

    def clear_vectors(self) -> None:
        """Remove every vector of the store and forget which embedder made them."""
        self._embeddings.clear(self._flushing, self._texts)

    # --- where a copy comes from ---

    def origin(self, space: str) -> str | None:
        """What was noted with the last write to the space."""
        return exporting.origin(self._flushing, self._texts, space)

    def set_origin(self, space: str, text: str) -> None:
        """Note where the space's records come from, with the number that this write gets."""
        self._pending.touch(space)
        self._origins[space] = r.plain_text(text, "origin")

    # --- history and deletion ---

    def record(self, changes: Sequence[Change]) -> None:
        """Append to history."""
        for values in [r.change_properties(change) for change in changes]:
            self._pending.touch(values["space"])
            values["_number"] = self._next_ref()
            self._pending.add("put_changes", values)

    def record_again(self, changes: Sequence[Change]) -> None:
        """Append changes in place of those with the same ids."""
        ids = r.findable([change.id for change in changes])
        if ids:
            self._flushing.rows(self._texts["unrecord"], {"w": {"ids": ids}})
            self._left_residue = True
        self.record(changes)

    def delete(self, ids: Sequence[str]) -> list[str]:
        """Delete records with their terms, vectors, links and history."""
        deletion = Deletion(self._flushing, self._texts, self._pending, self._known, self._embeddings)
        gone = deletion.delete(ids)
        self._working.forget()
        self._deleted = True
        self._left_residue = self._left_residue or bool(gone)
        return gone


def _identity(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes an episode the same one."""
    return values["space"], values["_content_hash"], values["_occurred"], values["role"]

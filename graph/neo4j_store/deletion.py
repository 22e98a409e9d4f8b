"""Deletion: a record goes with its terms, vectors, links, edges and history, and its neighbours close ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factloom.graph.neo4j_store.connection import Runner
from factloom.graph.neo4j_store.facts import FactState
from factloom.graph.neo4j_store.keywords import remove_terms
from factloom.graph.neo4j_store.known import NOT_INDEXED, Known, KnownRecords
from factloom.graph.neo4j_store.pending import Pending
from factloom.graph.neo4j_store.queries import Queries
from factloom.graph.neo4j_store.rows import KIND_LABELS
from factloom.graph.neo4j_store.vectors import Embeddings

_COUNTERS = {"episode": "episodes", "fact": "facts", "entity": "entities"}


class Deletion:
    """Deletes records in one transaction. ``runner`` sends what is pending before each statement."""

    def __init__(
        self, runner: Runner, queries: Queries, pending: Pending, known: KnownRecords, embeddings: Embeddings
    ) -> None:
        self._runner = runner
        self._queries = queries
        self._pending = pending
        self._known = known
        self._embeddings = embeddings

    def delete(self, ids: Sequence[str]) -> list[str]:
        """Delete the records with these ids; returns the ids that went.

        They are in the order given, and then those of facts that lost their subject or object, by ref.
        """
        self._pending.send()
        doomed = {kind: self._known.look_up(kind, ids) for kind in KIND_LABELS}
        named = {id_ for found in doomed.values() for id_ in found}
        if not named:
            return []
        about = self._run("facts_about", refs=[entity.ref for entity in doomed["entity"].values()])
        orphans = [id_ for id_, _ in about if id_ not in named]
        doomed["fact"] |= self._known.look_up("fact", orphans)
        for kind, records in doomed.items():
            self._uncount(kind, records)
        self._delete_facts(doomed["fact"])
        self._delete_episodes(doomed["episode"])
        self._run("delete_entities", refs=[entity.ref for entity in doomed["entity"].values()])
        self._run("delete_changes", ids=[*named, *orphans])
        for kind, records in doomed.items():
            for id_, record in records.items():
                self._known.note(kind, id_, None)
                if kind == "entity":
                    key, type_ = record.details
                    self._known.note_key((record.space, key, type_), None)
        return [id_ for id_ in dict.fromkeys(ids) if id_ in named] + orphans

    def _run(self, name: str, **w: Any) -> list[list[Any]]:
        return self._runner.rows(self._queries[name], {"w": w}) if all(map(len, w.values())) else []

    def _uncount(self, kind: str, records: dict[str, Known]) -> None:
        """Take records out of all counts, and tell followers of their vectors."""
        held = self._known.indexed(kind, [record.ref for record in records.values()])
        for record in records.values():
            self._pending.touch(record.space)
            self._pending.count(record.space, **{_COUNTERS[kind]: -1})
            remove_terms(self._pending, kind, record.space, held[record.ref])
            self._embeddings.remove(kind, record, held[record.ref])
            self._known.note_indexed(record.ref, NOT_INDEXED)
            if kind == "episode":
                status = record.details[1]
                self._pending.count(record.space, pending=-int(status == "pending"), failed=-int(status == "failed"))

    def _delete_facts(self, facts: dict[str, Known]) -> None:
        for id_, fact in facts.items():
            state = FactState(*fact.details)
            for entity in {state.subject, state.object}:
                self._pending.count_degree(entity, dated=state.dated, change=-1)
            if state.held:
                row = {"subject": state.subject, "object": state.object, "type": state.predicate, "id": id_}
                self._pending.add("remove_edges", row)
        self._run("forget_successors", ids=list(facts))
        self._run("delete_facts", refs=[fact.ref for fact in facts.values()])

    def _delete_episodes(self, episodes: dict[str, Known]) -> None:
        refs = [episode.ref for episode in episodes.values()]
        places = {row[0]: row[1:] for row in self._run("neighbours", refs=refs)}
        self._run("unname_episodes", refs=refs, ids=list(episodes))
        # What a forgotten episode did to other records stays told, but not in its words.
        self._run("redact_changes", ids=list(episodes))
        self._run("delete_episodes", refs=refs)
        links, ends = _closed_ranks({ref: (previous, next_) for ref, (_, previous, next_) in places.items()})
        self._run("close_ranks", rows=ends)
        self._run("link_episodes", rows=links)
        sessions = {(episode.space, places[episode.ref][0]) for episode in episodes.values()}
        self._run("delete_empty_sessions", rows=[{"space": space, "name": name} for space, name in sorted(sessions)])


def _closed_ranks(gone: dict[int, tuple[int, int]]) -> tuple[list[dict[str, int]], list[dict[str, int]]]:
    """Rows of new links, and of episodes that are at an end of their session now, when those in ``gone`` go."""
    links, ends = [], []
    for ref, (previous, _) in gone.items():
        if previous in gone:
            continue  # the first of each run of neighbours speaks for all of it
        last = ref
        while gone[last][1] in gone:
            last = gone[last][1]
        next_ = gone[last][1]
        if previous and next_:
            links.append({"previous": previous, "next": next_})
        elif previous:
            ends.append({"ref": previous, "next": 0})
        elif next_:
            ends.append({"ref": next_, "previous": 0})
    return links, ends

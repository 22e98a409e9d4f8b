"""Deletion: a record goes with its terms, vectors, links and history, and its neighbours close ranks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factloom.graph.sqlite.database import Database, Row
from factloom.graph.sqlite.keywords import remove_terms
from factloom.graph.sqlite.rows import KIND_NUMBERS
from factloom.graph.sqlite.scope import as_json
from factloom.graph.sqlite.vectors import remove_vectors


def _found(database: Database, kind: str, ids: Sequence[str]) -> list[Row]:
    return database.rows(
        f"SELECT DISTINCT x.id, x.ref, x.space FROM json_each(?) j CROSS JOIN {kind} x ON x.id = j.value "
        "ORDER BY x.ref",
        (as_json(ids),),
    )


def delete_records(
    database: Database, ids: Sequence[str], next_sequence: Callable[[int], int]
) -> tuple[list[str], set[int]]:
    """Delete the records with these ids; returns the ids that went and the spaces they were in.

    The ids are in the order given, and then those of facts that lost their subject or object, by ref.
    """
    rows = {kind: _found(database, kind, ids) for kind in KIND_NUMBERS}
    about = database.rows(
        "SELECT f.id, f.ref, f.space FROM json_each(?1) j CROSS JOIN fact f ON f.subject = j.value "
        "UNION SELECT f.id, f.ref, f.space FROM json_each(?1) j CROSS JOIN fact f ON f.object = j.value ORDER BY 2",
        (_refs(rows["entity"]),),
    )
    named = {row[0] for found in rows.values() for row in found}
    orphans = [row for row in about if row[0] not in named]
    rows["fact"] += orphans
    everything = [row for found in rows.values() for row in found]
    remove_terms(database, [ref for _, ref, _ in everything])
    remove_vectors(database, [(ref, space) for _, ref, space in everything], next_sequence)
    _delete_facts(database, rows["fact"])
    _delete_episodes(database, rows["episode"])
    _delete_entities(database, rows["entity"])
    database.run_many("DELETE FROM change WHERE target_id = ?", [(id_,) for id_, _, _ in everything])
    gone = [id_ for id_ in dict.fromkeys(ids) if id_ in named] + [row[0] for row in orphans]
    return gone, {space for _, _, space in everything}


def _refs(rows: Sequence[Row]) -> str:
    return str([ref for _, ref, _ in rows])


def _delete_facts(database: Database, rows: Sequence[Row]) -> None:
    refs = [(ref,) for _, ref, _ in rows]
    database.run_many("DELETE FROM fact_episode WHERE fact = ?", refs)
    database.run_many("UPDATE fact SET superseded_by = NULL WHERE superseded_by = ?", [(id_,) for id_, _, _ in rows])
    database.run_many("DELETE FROM fact WHERE ref = ?", refs)


def _delete_episodes(database: Database, rows: Sequence[Row]) -> None:
    refs = [(ref,) for _, ref, _ in rows]
    sessions = database.rows(
        "SELECT DISTINCT e.session FROM json_each(?) j CROSS JOIN episode e ON e.ref = j.value", (_refs(rows),)
    )
    database.run_many("DELETE FROM fact_episode WHERE episode = ?", refs)
    for ref in refs:
        links = database.row("SELECT previous, next FROM episode WHERE ref = ?", ref)
        if links is not None:
            previous, next_ = links
            if previous:
                database.run("UPDATE episode SET next = ? WHERE ref = ?", (next_, previous))
            if next_:
                database.run("UPDATE episode SET previous = ? WHERE ref = ?", (previous, next_))
        database.run("DELETE FROM episode WHERE ref = ?", ref)
    database.run_many(
        "DELETE FROM session WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM episode WHERE session = ?1)", sessions
    )
    # What a forgotten episode did to other records stays told, but not in its words.
    database.run_many(
        "UPDATE change SET episode_id = NULL, reason = '', before = NULL, after = NULL WHERE episode_id = ?",
        [(id_,) for id_, _, _ in rows],
    )


def _delete_entities(database: Database, rows: Sequence[Row]) -> None:
    refs = [(ref,) for _, ref, _ in rows]
    database.run_many("DELETE FROM alias WHERE entity = ?", refs)
    database.run_many("DELETE FROM entity WHERE ref = ?", refs)

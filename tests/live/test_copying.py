"""Copies between the embedded store and a server, both ways: the same records, and a graph that is whole."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.engine.copying_stores import NOW, SPACES, change, fact, fill, holdings, sqlite

from factloom.engine.copying import copy_store
from factloom.schemas.errors import InvalidInputError
from factloom.schemas.ports import WriteTransaction
from factloom.schemas.queries import EntityQuery, FactQuery
from factloom.schemas.records import Action
from factloom.schemas.spaces import SpaceSet

from .stores import Neo4jStores

HOME = SpaceSet.of(SPACES[0])


def test_to_a_server_and_back(neo4j_stores: Neo4jStores, tmp_path: Path) -> None:
    server = neo4j_stores.new(clock=lambda: NOW)
    with closing(sqlite(tmp_path / "source.db")) as source, closing(sqlite(tmp_path / "back.db")) as back:
        for space in SPACES:
            fill(source, space=space)
        assert copy_store(source, server).same
        assert copy_store(source, server).written == 0
        assert copy_store(server, back).same
        for space in SPACES:
            expected = holdings(source, space)
            assert holdings(server, space) == expected
            assert holdings(back, space) == expected


def test_what_changed_since_goes_along(neo4j_stores: Neo4jStores, tmp_path: Path) -> None:
    server = neo4j_stores.new(clock=lambda: NOW)
    with closing(sqlite(tmp_path / "source.db")) as source:
        fill(source)
        copy_store(source, server)

        def work(tx: WriteTransaction) -> None:
            old, gone, *_ = tx.find_facts(FactQuery(), spaces=HOME)
            one, other, *_ = tx.find_entities(EntityQuery(), spaces=HOME)
            (new,) = tx.put_facts([fact(one, other, 99)])
            tx.put_facts([old.model_copy(update={"expired_at": NOW, "superseded_by": new.id})])
            tx.put_entities([one.model_copy(update={"name": "Zoë", "key": "zoë", "aliases": ()})])
            tx.record([change(new, 1, action=Action.SUPERSEDED)])
            tx.delete([gone.id])

        source.write(work)
        report = copy_store(source, server)
        assert report.same
        assert (report.written, report.deleted) == (3, 1)
        assert holdings(server, SPACES[0]) == holdings(source, SPACES[0])


def test_the_graph_is_whole(neo4j_stores: Neo4jStores, tmp_path: Path) -> None:
    """A fact that was superseded comes before its successor, and yet the relationship is there."""
    prefix = neo4j_stores.take_prefix()
    neo4j_stores.give_back(prefix)  # the next store takes it
    server = neo4j_stores.new(clock=lambda: NOW)
    with closing(sqlite(tmp_path / "source.db")) as source:
        fill(source)
        copy_store(source, server)
        facts = source.find_facts(FactQuery(limit=1000), spaces=HOME)

    def pairs(pattern: str) -> set[tuple[str, str]]:
        query = f"MATCH {pattern.replace(':', f':{prefix}', 2)} RETURN a.id, b.id"
        return {(one, other) for one, other in neo4j_stores.rows(query)}

    assert pairs("(a:Fact)-[r]->(b:Fact) WHERE type(r) = 'SUPERSEDED_BY'") == {
        (each.id, each.superseded_by) for each in facts if each.superseded_by
    }
    assert pairs("(a:Fact)-[r]->(b:Entity) WHERE type(r) = 'SUBJECT'") == {(each.id, each.subject_id) for each in facts}
    assert pairs("(a:Fact)-[r]->(b:Episode) WHERE type(r) = 'STATED_IN'") == {
        (each.id, episode) for each in facts for episode in each.episode_ids
    }
    assert pairs("(a:Entity)-[r]->(b:Entity) WHERE r.fact_id IS NOT NULL") == {
        (each.subject_id, each.object_id) for each in facts if each.is_current(NOW)
    }


def test_other_data_on_the_server_are_refused(neo4j_stores: Neo4jStores, tmp_path: Path) -> None:
    server = neo4j_stores.new(clock=lambda: NOW)
    fill(server, 20)
    before = holdings(server, SPACES[0])
    with closing(sqlite(tmp_path / "source.db")) as source:
        fill(source, 40)
        with pytest.raises(InvalidInputError, match="other data in user/ana"):
            copy_store(source, server)
    assert holdings(server, SPACES[0]) == before


def test_the_command_copies_to_a_url(neo4j_stores: Neo4jStores, tmp_path: Path) -> None:
    prefix = neo4j_stores.take_prefix()
    with closing(sqlite(tmp_path / "source.db")) as source:
        fill(source)
    access = neo4j_stores.access()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTLOOM_")}
    settings = {
        "FACTLOOM_EMBEDDER__KIND": "hashing",
        "FACTLOOM_NEO4J__USER": access.user,
        "FACTLOOM_NEO4J__PASSWORD": access.password,
        "FACTLOOM_NEO4J__LABEL_PREFIX": prefix,
    }
    command = [sys.executable, "-m", "factloom.engine.app.cli", "copy"]
    for one, other in ((str(tmp_path / "source.db"), access.uri), (access.uri, str(tmp_path / "back.db"))):
        done = subprocess.run(
            [*command, one, other], env={**kept, **settings}, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "100 records" in done.stdout
    neo4j_stores.give_back(prefix)
    with closing(sqlite(tmp_path / "source.db")) as source, closing(sqlite(tmp_path / "back.db")) as back:
        assert holdings(back, SPACES[0]) == holdings(source, SPACES[0])

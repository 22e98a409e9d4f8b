"""Tables of the SQLite store, and the migrations that lead to them."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x46614C6D
"""Written into the file's header ("FaLm"), so that another program's file is never taken for a store."""

# Columns that reads of nodes need come before long texts, which may spill into overflow pages.
# Times are microseconds since 1970, UTC. Refs come from one counter over all kinds.
_FIRST: Final = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    ref INTEGER NOT NULL
) STRICT;
INSERT INTO counter (number, ref) VALUES (1, 0);

CREATE TABLE space (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    episodes INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    entities INTEGER NOT NULL DEFAULT 0,
    facts INTEGER NOT NULL DEFAULT 0,
    vectors INTEGER NOT NULL DEFAULT 0,
    sequence INTEGER NOT NULL DEFAULT 0,
    vector_sequence INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (number),
    name TEXT NOT NULL,
    UNIQUE (space, name),
    UNIQUE (space, number)
) STRICT;

CREATE TABLE episode (
    ref INTEGER PRIMARY KEY,
    space INTEGER NOT NULL,
    session INTEGER NOT NULL,
    previous INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    occurred_at INTEGER NOT NULL,
    length INTEGER NOT NULL DEFAULT 0,
    text_length INTEGER NOT NULL,
    question INTEGER NOT NULL,
    role TEXT NOT NULL,
    speaker TEXT,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    infer INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    user_id TEXT,
    agent_id TEXT,
    run_id TEXT,
    id TEXT NOT NULL UNIQUE,
    content_hash BLOB NOT NULL,
    metadata TEXT NOT NULL,
    error TEXT,
    content TEXT NOT NULL,
    UNIQUE (space, content_hash, occurred_at, role),
    UNIQUE (space, ref),
    FOREIGN KEY (space, session) REFERENCES session (space, number)
) STRICT;
CREATE INDEX episode_by_session ON episode (session, occurred_at, ref);
-- What deleting a session asks for its foreign key.
CREATE INDEX episode_session_in_space ON episode (space, session);
CREATE INDEX episode_by_time ON episode (space, occurred_at, ref);
CREATE INDEX episode_waiting ON episode (space, status, occurred_at, ref) WHERE status <> 'done';
CREATE INDEX episode_by_user ON episode (space, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX episode_by_agent ON episode (space, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX episode_by_run ON episode (space, run_id) WHERE run_id IS NOT NULL;

CREATE TABLE entity (
    ref INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (number),
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    open_facts INTEGER NOT NULL DEFAULT 0,
    dated_facts INTEGER NOT NULL DEFAULT 0,
    id TEXT NOT NULL UNIQUE,
    aliases TEXT NOT NULL,
    attributes TEXT NOT NULL,
    UNIQUE (space, key, type),
    UNIQUE (space, ref)
) STRICT;
CREATE INDEX entity_by_name ON entity (space, name, id);

CREATE TABLE alias (
    space INTEGER NOT NULL,
    key TEXT NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (space, key, entity),
    FOREIGN KEY (space, entity) REFERENCES entity (space, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_by_entity ON alias (entity);

-- "since" is valid_at, else created_at: by it facts are newer or older than others.
CREATE TABLE fact (
    ref INTEGER PRIMARY KEY,
    space INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    object INTEGER NOT NULL,
    predicate TEXT NOT NULL,
    category TEXT NOT NULL,
    valid_at INTEGER,
    invalid_at INTEGER,
    created_at INTEGER NOT NULL,
    expired_at INTEGER,
    expires_at INTEGER,
    since INTEGER NOT NULL,
    confidence REAL NOT NULL,
    support INTEGER NOT NULL,
    user_id TEXT,
    agent_id TEXT,
    run_id TEXT,
    id TEXT NOT NULL UNIQUE,
    superseded_by TEXT,
    metadata TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (space, ref),
    FOREIGN KEY (space, subject) REFERENCES entity (space, ref),
    FOREIGN KEY (space, object) REFERENCES entity (space, ref)
) STRICT;
-- Both ways along an edge, best facts first, with all that a view needs, so that hops never touch the table.
CREATE INDEX fact_by_subject ON fact
    (subject, support DESC, since DESC, ref, valid_at, invalid_at, expired_at, expires_at, object);
CREATE INDEX fact_by_object ON fact
    (object, support DESC, since DESC, ref, valid_at, invalid_at, expired_at, expires_at, subject);
CREATE INDEX fact_by_time ON fact (space, created_at, id);
CREATE INDEX fact_by_since ON fact (space, since);
-- Facts that have an end of any kind; the others need no look at the clock.
CREATE INDEX fact_dated ON fact (space, expired_at, invalid_at, expires_at)
    WHERE expired_at IS NOT NULL OR invalid_at IS NOT NULL OR expires_at IS NOT NULL;
CREATE INDEX fact_dated_by_subject ON fact (subject, expired_at, invalid_at, expires_at)
    WHERE expired_at IS NOT NULL OR invalid_at IS NOT NULL OR expires_at IS NOT NULL;
CREATE INDEX fact_dated_by_object ON fact (object, expired_at, invalid_at, expires_at, subject)
    WHERE expired_at IS NOT NULL OR invalid_at IS NOT NULL OR expires_at IS NOT NULL;
CREATE INDEX fact_by_user ON fact (space, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX fact_by_agent ON fact (space, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX fact_by_run ON fact (space, run_id) WHERE run_id IS NOT NULL;
-- What deleting an entity asks for its foreign keys; without them SQLite would walk all facts of the space.
CREATE INDEX fact_subject_in_space ON fact (space, subject);
CREATE INDEX fact_object_in_space ON fact (space, object);
CREATE INDEX fact_by_successor ON fact (superseded_by) WHERE superseded_by IS NOT NULL;

CREATE TABLE fact_episode (
    fact INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    episode INTEGER NOT NULL,
    space INTEGER NOT NULL,
    PRIMARY KEY (fact, occurred_at, episode),
    FOREIGN KEY (space, fact) REFERENCES fact (space, ref),
    FOREIGN KEY (space, episode) REFERENCES episode (space, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_episode_by_episode ON fact_episode (episode, fact);

-- The keyword index: docs/decisions/001-keyword-index.md, packing in keywords.py.
CREATE TABLE term (
    number INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    space INTEGER NOT NULL REFERENCES space (number),
    documents INTEGER NOT NULL,
    written INTEGER NOT NULL,
    UNIQUE (kind, text, space)
) STRICT;
CREATE TABLE posting (
    term INTEGER NOT NULL,
    block INTEGER NOT NULL,
    postings BLOB NOT NULL,
    PRIMARY KEY (term, block)
) STRICT;
CREATE TABLE document (
    ref INTEGER PRIMARY KEY,
    terms BLOB NOT NULL,
    length INTEGER NOT NULL
) STRICT;
CREATE TABLE corpus (
    space INTEGER NOT NULL REFERENCES space (number),
    kind INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    terms INTEGER NOT NULL,
    PRIMARY KEY (space, kind)
) STRICT, WITHOUT ROWID;

-- All vectors of a record in one row: parts x dimension float32, little-endian.
CREATE TABLE vector (
    ref INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (number),
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX vector_by_sequence ON vector (space, sequence, ref, parts);
CREATE TABLE vector_removal (
    space INTEGER NOT NULL REFERENCES space (number),
    sequence INTEGER NOT NULL,
    ref INTEGER NOT NULL,
    PRIMARY KEY (space, sequence, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
    number INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (number),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    target_id TEXT NOT NULL,
    episode_id TEXT,
    reason TEXT NOT NULL,
    before TEXT,
    after TEXT
) STRICT;
CREATE INDEX change_by_target ON change (target_id, at, number);
CREATE INDEX change_by_episode ON change (episode_id) WHERE episode_id IS NOT NULL;

-- Counts per space, kept by the database, so that statistics never scan.
CREATE TRIGGER episode_added AFTER INSERT ON episode BEGIN
    UPDATE space SET episodes = episodes + 1, pending = pending + (new.status = 'pending'),
        failed = failed + (new.status = 'failed') WHERE number = new.space;
END;
CREATE TRIGGER episode_removed AFTER DELETE ON episode BEGIN
    UPDATE space SET episodes = episodes - 1, pending = pending - (old.status = 'pending'),
        failed = failed - (old.status = 'failed') WHERE number = old.space;
END;
CREATE TRIGGER episode_moved_on AFTER UPDATE OF status ON episode WHEN new.status <> old.status BEGIN
    UPDATE space SET pending = pending + (new.status = 'pending') - (old.status = 'pending'),
        failed = failed + (new.status = 'failed') - (old.status = 'failed') WHERE number = new.space;
END;
CREATE TRIGGER entity_added AFTER INSERT ON entity BEGIN
    UPDATE space SET entities = entities + 1 WHERE number = new.space;
END;
CREATE TRIGGER entity_removed AFTER DELETE ON entity BEGIN
    UPDATE space SET entities = entities - 1 WHERE number = old.space;
END;
-- A fact counts once for an entity that is both its subject and its object.
CREATE TRIGGER fact_added AFTER INSERT ON fact BEGIN
    UPDATE space SET facts = facts + 1 WHERE number = new.space;
    UPDATE entity SET
        open_facts = open_facts + (COALESCE(new.expired_at, new.invalid_at, new.expires_at) IS NULL),
        dated_facts = dated_facts + (COALESCE(new.expired_at, new.invalid_at, new.expires_at) IS NOT NULL)
        WHERE ref IN (new.subject, new.object);
END;
CREATE TRIGGER fact_removed AFTER DELETE ON fact BEGIN
    UPDATE space SET facts = facts - 1 WHERE number = old.space;
    UPDATE entity SET
        open_facts = open_facts - (COALESCE(old.expired_at, old.invalid_at, old.expires_at) IS NULL),
        dated_facts = dated_facts - (COALESCE(old.expired_at, old.invalid_at, old.expires_at) IS NOT NULL)
        WHERE ref IN (old.subject, old.object);
END;
CREATE TRIGGER fact_changed AFTER UPDATE OF subject, object, expired_at, invalid_at, expires_at ON fact
WHEN new.subject <> old.subject OR new.object <> old.object
    OR (COALESCE(new.expired_at, new.invalid_at, new.expires_at) IS NULL)
    <> (COALESCE(old.expired_at, old.invalid_at, old.expires_at) IS NULL) BEGIN
    UPDATE entity SET
        open_facts = open_facts - (COALESCE(old.expired_at, old.invalid_at, old.expires_at) IS NULL),
        dated_facts = dated_facts - (COALESCE(old.expired_at, old.invalid_at, old.expires_at) IS NOT NULL)
        WHERE ref IN (old.subject, old.object);
    UPDATE entity SET
        open_facts = open_facts + (COALESCE(new.expired_at, new.invalid_at, new.expires_at) IS NULL),
        dated_facts = dated_facts + (COALESCE(new.expired_at, new.invalid_at, new.expires_at) IS NOT NULL)
        WHERE ref IN (new.subject, new.object);
END;
CREATE TRIGGER vector_added AFTER INSERT ON vector BEGIN
    UPDATE space SET vectors = vectors + new.parts WHERE number = new.space;
END;
CREATE TRIGGER vector_removed AFTER DELETE ON vector BEGIN
    UPDATE space SET vectors = vectors - old.parts WHERE number = old.space;
END;
"""

_SECOND: Final = """
-- A space's history in the order of recording, and whether there is any.
CREATE INDEX change_by_space ON change (space);
"""

_THIRD: Final = """
-- The facts about an entity with some predicates, as a view sees them, without a look at the table; what deleting an
-- entity asks for its foreign keys, too.
DROP INDEX fact_subject_in_space;
DROP INDEX fact_object_in_space;
CREATE INDEX fact_by_subject_and_predicate ON fact
    (space, subject, predicate, expired_at, expires_at, invalid_at, valid_at);
CREATE INDEX fact_by_object_and_predicate ON fact
    (space, object, predicate, expired_at, expires_at, invalid_at, valid_at);
"""

MIGRATIONS: Final = (_FIRST, _SECOND, _THIRD)
"""Script i leads from version i to i + 1; a released one is never changed."""

VERSION: Final = len(MIGRATIONS)

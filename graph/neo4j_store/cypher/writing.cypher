// What a write does. Rows come in batches, in one map parameter $w. A plan is made once, maybe while the store is empty,
// and kept: hints name the index wherever it is not that of a constraint, since to the counts of an empty store, or of one
// whose counts are old, walking a whole index costs no more than a seek.

// name: lock_store
// Every writer changes the store's node first, so that writers exclude each other; what is read follows the lock.
MATCH (locked:{prefix}Store {_one: 1})
SET locked._lock = $client
WITH count(*) AS stores
MATCH (s:{prefix}Store {_one: 1})
OPTIONAL MATCH (w:{prefix}Writer {client: $client})
RETURN s.ref, s.embedder, s.dimension, s._last, w.number, COUNT { (:{prefix}Embedded) },
  EXISTS { MATCH (f:{prefix}Fact) USING INDEX SEEK f:{prefix}Fact(_drawn_until) WHERE f._drawn_until <= $now }, s._native IS NOT NULL

// name: put_store
UNWIND $w.rows AS row
MATCH (s:{prefix}Store {_one: 1})
SET s.ref = row.ref, s.embedder = row.embedder, s.dimension = row.dimension, s._last = row.client
MERGE (w:{prefix}Writer {client: row.client})
SET w.number = row.number, w.at = datetime()

// name: put_spaces
UNWIND $w.rows AS row
CALL (row) { MATCH (old:{prefix}Space {name: row.digest}) SET old.name = row.name }
MERGE (s:{prefix}Space {name: row.name})
ON CREATE SET s.episodes = 0, s.pending = 0, s.failed = 0, s.entities = 0, s.facts = 0, s.vectors = 0,
  s.sequence = 0, s.vector_sequence = 0, s.episode_documents = 0, s.episode_terms = 0, s.fact_documents = 0,
  s.fact_terms = 0, s.entity_documents = 0, s.entity_terms = 0
SET s.episodes = s.episodes + row.episodes, s.pending = s.pending + row.pending, s.failed = s.failed + row.failed,
  s.entities = s.entities + row.entities, s.facts = s.facts + row.facts, s.vectors = s.vectors + row.vectors,
  s.sequence = s.sequence + row.sequence, s.vector_sequence = s.vector_sequence + row.vector_sequence,
  s.episode_documents = s.episode_documents + row.episode_documents, s.episode_terms = s.episode_terms + row.episode_terms,
  s.fact_documents = s.fact_documents + row.fact_documents, s.fact_terms = s.fact_terms + row.fact_terms,
  s.entity_documents = s.entity_documents + row.entity_documents, s.entity_terms = s.entity_terms + row.entity_terms

// name: forget_empty_spaces
UNWIND $w.rows AS row
MATCH (s:{prefix}Space {name: row.name})
WHERE s.episodes + s.entities + s.facts = 0 AND NOT EXISTS { MATCH (c:{prefix}Change {space: row.name}) WHERE c._number > 0 }
SET s.name = row.digest
REMOVE s._origin, s._origin_sequence

// name: known_episode
UNWIND $w.ids AS id
MATCH (x:{prefix}Episode {id: id})
RETURN x.id, x._ref, x.space, x._created, x._occurred, x.status

// name: known_entity
UNWIND $w.ids AS id
MATCH (x:{prefix}Entity {id: id})
RETURN x.id, x._ref, x.space, x._created, x.key, x.type

// name: known_fact
UNWIND $w.ids AS id
MATCH (x:{prefix}Fact {id: id})
RETURN x.id, x._ref, x.space, x._created, x._subject, x._object, x.predicate, x._dated IS NOT NULL, x._expired IS NULL

// name: same_episodes
UNWIND $w.rows AS row
OPTIONAL MATCH (e:{prefix}Episode {space: row.space, _content_hash: row.hash, _occurred: row.occurred, role: row.role})
OPTIONAL MATCH (twin:{prefix}Episode {id: row.id})
OPTIONAL MATCH (s:{prefix}Session {space: row.space, name: row.session})
RETURN row.i, CASE WHEN e IS NULL THEN null ELSE {episode_columns} END, twin IS NOT NULL, s._number,
  COLLECT {
    MATCH (p:{prefix}Episode) USING INDEX SEEK p:{prefix}Episode(_session, _occurred, _ref)
    WHERE p._session = s._number AND p._occurred <= row.occurred AND p._ref > 0
    RETURN [p._ref, p._next] ORDER BY p._session DESC, p._occurred DESC, p._ref DESC LIMIT 1
  },
  COLLECT {
    MATCH (p:{prefix}Episode) USING INDEX SEEK p:{prefix}Episode(_session, _occurred, _ref)
    WHERE p._session = s._number AND p._occurred >= -100000000000000000 AND p._ref > 0
    RETURN p._ref ORDER BY p._session, p._occurred, p._ref LIMIT 1
  }

// name: put_episodes
UNWIND $w.rows AS row
MERGE (s:{prefix}Session {space: row.properties.space, name: row.properties.session})
ON CREATE SET s._number = row.properties._session
CREATE (e:{prefix}Episode)
SET e = row.properties
SET e.occurred_at = {time e._occurred}, e.created_at = {time e._created}
CREATE (e)-[:IN_SESSION]->(s)

// name: unlink_episodes
UNWIND $w.rows AS row
MATCH (:{prefix}Episode {_ref: row.ref})-[r:NEXT]->()
DELETE r

// name: link_episodes
UNWIND $w.rows AS row
MATCH (a:{prefix}Episode {_ref: row.previous})
MATCH (b:{prefix}Episode {_ref: row.next})
SET a._next = row.next, b._previous = row.previous
CREATE (a)-[:NEXT]->(b)

// name: set_statuses
UNWIND $w.rows AS row
MATCH (e:{prefix}Episode {_ref: row.ref})
SET e.status = row.status, e.error = row.error, e.attempts = e.attempts + row.attempts

// name: set_metadata
UNWIND $w.rows AS row
MATCH (e:{prefix}Episode {_ref: row.ref})
SET e += row.properties

// name: entities_with_keys
UNWIND $w.rows AS row
MATCH (x:{prefix}Entity {space: row.space, key: row.key, type: row.type})
RETURN row.space, row.key, row.type, x.id

// name: free_keys
// A unique key may pass from one entity to another in one batch.
UNWIND $w.rows AS row
MATCH (n:{prefix}Entity {_ref: row.ref})
REMOVE n.key

// name: change_entities
UNWIND $w.rows AS row
MATCH (n:{prefix}Entity {_ref: row.ref})
REMOVE n:$(row.old_labels)
SET n:$(row.labels)
SET n += row.properties
SET n.updated_at = {time n._updated}

// name: put_entities
UNWIND $w.rows AS row
CREATE (n:{prefix}Entity:$(row.labels))
SET n = row.properties
SET n.created_at = {time n._created}, n.updated_at = {time n._updated}

// name: remove_names
UNWIND $w.rows AS row
MATCH (n:{prefix}Entity {_ref: row.ref})-[r:NAMED]->(m:{prefix}Name)
WHERE NOT m.key IN row.keys
DELETE r
WITH DISTINCT m
WHERE NOT EXISTS { (m)<-[:NAMED]-() }
DELETE m

// name: put_names
UNWIND $w.rows AS row
MATCH (n:{prefix}Entity {_ref: row.ref})
UNWIND row.keys AS key
MERGE (m:{prefix}Name {space: row.space, key: key})
MERGE (n)-[:NAMED]->(m)

// name: put_facts
UNWIND $w.rows AS row
MATCH (s:{prefix}Entity {_ref: row.properties._subject})
MATCH (o:{prefix}Entity {_ref: row.properties._object})
CREATE (f:{prefix}Fact)
SET f = row.properties
SET f.valid_at = {time f._valid}, f.invalid_at = {time f._invalid}, f.expired_at = {time f._expired},
  f.expires_at = {time f._expires}, f.created_at = {time f._created}
CREATE (f)-[:SUBJECT]->(s)
CREATE (f)-[:OBJECT]->(o)

// name: change_facts
UNWIND $w.rows AS row
MATCH (f:{prefix}Fact {_ref: row.ref})
SET f += row.properties
SET f.valid_at = {time f._valid}, f.invalid_at = {time f._invalid}, f.expired_at = {time f._expired},
  f.expires_at = {time f._expires}, f.created_at = {time f._created}

// name: move_facts
UNWIND $w.rows AS row
MATCH (f:{prefix}Fact {_ref: row.ref})-[r:SUBJECT|OBJECT]->()
DELETE r
WITH DISTINCT row, f
MATCH (s:{prefix}Entity {_ref: row.subject})
MATCH (o:{prefix}Entity {_ref: row.object})
CREATE (f)-[:SUBJECT]->(s)
CREATE (f)-[:OBJECT]->(o)

// name: unstate_facts
UNWIND $w.rows AS row
MATCH (f:{prefix}Fact {_ref: row.ref})-[r:STATED_IN]->(e:{prefix}Episode)
WHERE NOT e._ref IN row.episodes
DELETE r

// name: state_facts
UNWIND $w.rows AS row
MATCH (f:{prefix}Fact {_ref: row.ref})
UNWIND row.episodes AS episode
MATCH (e:{prefix}Episode {_ref: episode})
MERGE (f)-[:STATED_IN]->(e)

// name: unsupersede_facts
UNWIND $w.rows AS row
MATCH (f:{prefix}Fact {_ref: row.ref})-[r:SUPERSEDED_BY]->()
DELETE r

// name: supersede_facts
UNWIND $w.rows AS row
MATCH (f:{prefix}Fact {_ref: row.ref})
MATCH (newer:{prefix}Fact {id: row.by}) WHERE newer.space = f.space
MERGE (f)-[:SUPERSEDED_BY]->(newer)

// name: find_superseded
UNWIND $w.rows AS row
MATCH (newer:{prefix}Fact {id: row.id})
MATCH (f:{prefix}Fact {superseded_by: row.id}) USING INDEX SEEK f:{prefix}Fact(superseded_by) WHERE newer.space = f.space
MERGE (f)-[:SUPERSEDED_BY]->(newer)

// name: count_degrees
UNWIND $w.rows AS row
MATCH (n:{prefix}Entity {_ref: row.ref})
SET n._open = n._open + row.open, n._dated = n._dated + row.dated

// name: remove_edges
UNWIND $w.rows AS row
MATCH (s:{prefix}Entity {_ref: row.subject})
MATCH (o:{prefix}Entity {_ref: row.object})
MATCH (s)-[r]->(o) WHERE type(r) = row.type AND r.fact_id = row.id
DELETE r

// name: draw_edges
UNWIND $w.rows AS row
MATCH (s:{prefix}Entity {_ref: row.subject})
MATCH (o:{prefix}Entity {_ref: row.object})
CREATE (s)-[r:$(row.type)]->(o)
SET r = row.properties
SET r.since = {time row.since}, r.until = {time row.until}

// name: has_lapsed
RETURN EXISTS { MATCH (f:{prefix}Fact) USING INDEX SEEK f:{prefix}Fact(_drawn_until) WHERE f._drawn_until <= $now }

// name: lapsed_edges
MATCH (f:{prefix}Fact) USING INDEX SEEK f:{prefix}Fact(_drawn_until) WHERE f._drawn_until <= $now
WITH f LIMIT 1000
CALL (f) {
  MATCH (s:{prefix}Entity {_ref: f._subject})
  MATCH (o:{prefix}Entity {_ref: f._object})
  MATCH (s)-[r]->(o) WHERE type(r) = f.predicate AND r.fact_id = f.id
  DELETE r
}
REMOVE f._drawn_until
RETURN count(f)

// name: put_changes
UNWIND $w.rows AS row
CREATE (c:{prefix}Change)
SET c = row
SET c.at = {time c._at}

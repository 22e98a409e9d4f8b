// Deleting records. What surrounds them is put in order first, so that DETACH only takes what is theirs.

// name: neighbours
UNWIND $w.refs AS ref
MATCH (e:{prefix}Episode {_ref: ref})
RETURN e._ref, e.session, e._previous, e._next

// name: facts_about
UNWIND $w.refs AS ref
MATCH (n:{prefix}Entity {_ref: ref})<-[:SUBJECT|OBJECT]-(f:{prefix}Fact)
RETURN DISTINCT f.id, f._ref AS ref ORDER BY ref

// name: unname_episodes
// Facts that the episodes state lose them from their lists; the relationships go with the episodes.
UNWIND $w.refs AS ref
MATCH (e:{prefix}Episode {_ref: ref})<-[:STATED_IN]-(f:{prefix}Fact)
WITH DISTINCT f
SET f._episode_ids = [id IN f._episode_ids WHERE NOT id IN $w.ids]

// name: redact_changes
UNWIND $w.ids AS id
MATCH (c:{prefix}Change {episode_id: id}) USING INDEX SEEK c:{prefix}Change(episode_id)
SET c.reason = ''
REMOVE c.episode_id, c.before, c.after

// name: delete_changes
UNWIND $w.ids AS id
MATCH (c:{prefix}Change {target_id: id}) USING INDEX SEEK c:{prefix}Change(target_id)
DELETE c

// name: unrecord
UNWIND $w.ids AS id
MATCH (c:{prefix}Change {id: id})
DELETE c

// name: close_ranks
UNWIND $w.rows AS row
MATCH (e:{prefix}Episode {_ref: row.ref})
SET e._previous = coalesce(row.previous, e._previous), e._next = coalesce(row.next, e._next)

// name: delete_episodes
UNWIND $w.refs AS ref
MATCH (e:{prefix}Episode {_ref: ref})
DETACH DELETE e

// name: delete_empty_sessions
UNWIND $w.rows AS row
MATCH (s:{prefix}Session {space: row.space, name: row.name})
WHERE NOT EXISTS { (s)<-[:IN_SESSION]-() }
DETACH DELETE s

// name: delete_facts
UNWIND $w.refs AS ref
MATCH (f:{prefix}Fact {_ref: ref})
DETACH DELETE f

// name: forget_successors
UNWIND $w.ids AS id
MATCH (f:{prefix}Fact {superseded_by: id}) USING INDEX SEEK f:{prefix}Fact(superseded_by)
REMOVE f.superseded_by

// name: delete_entities
UNWIND $w.refs AS ref
MATCH (n:{prefix}Entity {_ref: ref})
OPTIONAL MATCH (n)-[:NAMED]->(m:{prefix}Name)
WITH n, collect(m) AS names
DETACH DELETE n
WITH names
UNWIND names AS m
WITH DISTINCT m
WHERE NOT EXISTS { (m)<-[:NAMED]-() }
DELETE m

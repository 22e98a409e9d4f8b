// Everything that a space holds, in the order of storing, and where a copy came from.

// name: filled_spaces
MATCH (s:{prefix}Space)
WHERE s.episodes + s.entities + s.facts > 0 OR EXISTS { MATCH (c:{prefix}Change {space: s.name}) }
RETURN s.name

// name: stored_episodes
MATCH (x:{prefix}Episode) WHERE x.space = $w.space AND x._occurred IS NOT NULL AND x._ref > 0
RETURN collect(x._ref)

// name: stored_facts
MATCH (x:{prefix}Fact) WHERE x.space = $w.space AND x._since IS NOT NULL
RETURN collect(x._ref)

// name: stored_entities
MATCH (x:{prefix}Entity) WHERE x.space = $w.space AND x.name IS NOT NULL AND x.id IS NOT NULL
RETURN collect(x._ref)

// name: index_entries
UNWIND $w.refs AS ref
MATCH (x:{prefix}{kind} {_ref: ref}) WHERE x.space = $w.space
RETURN x._ref, x.id, x._terms, x._repeats, x._spelled, x._parts, x._vectors

// name: recorded
MATCH (c:{prefix}Change) WHERE c.space = $w.space AND c._number > $w.after
WITH c ORDER BY c._number LIMIT toInteger($w.limit)
RETURN {change_columns}, c._number

// name: origin
// Void once the space was written again without a note.
MATCH (s:{prefix}Space {name: $space}) WHERE s._origin_sequence = s.sequence
RETURN s._origin

// name: put_origins
UNWIND $w.rows AS row
MATCH (s:{prefix}Space {name: row.name})
SET s._origin = row.text, s._origin_sequence = s.sequence

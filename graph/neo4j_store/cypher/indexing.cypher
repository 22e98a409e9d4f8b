// Terms and vectors of records. {kind} stands for the label of their kind.

// name: index_state
UNWIND $w.refs AS ref
MATCH (x:{prefix}{kind} {_ref: ref})
RETURN x._ref, x._terms, x._length, x._parts

// name: put_terms
UNWIND $w.rows AS row
MATCH (x:{prefix}{kind} {_ref: row.ref})
SET x += row.properties

// name: count_terms
UNWIND $w.rows AS row
MERGE (t:{prefix}Term {space: row.space, kind: row.kind, term: row.term})
ON CREATE SET t.documents = row.documents
ON MATCH SET t.documents = t.documents + row.documents
WITH t WHERE t.documents <= 0
DELETE t

// name: put_vectors
UNWIND $w.rows AS row
MATCH (s:{prefix}Space {name: row.space})
MATCH (x:{prefix}{kind} {_ref: row.ref})
SET x:{prefix}Embedded
SET x._vectors = row.data, x._parts = row.parts, x._vector_sequence = s.vector_sequence

// name: drop_vectors
UNWIND $w.rows AS row
MATCH (x:{prefix}{kind} {_ref: row.ref})
REMOVE x:{prefix}Embedded, x._vectors, x._parts, x._vector_sequence

// name: put_removals
UNWIND $w.rows AS row
MATCH (s:{prefix}Space {name: row.space})
MERGE (:{prefix}Removal {space: row.token, sequence: s.vector_sequence, _ref: row.ref})

// name: all_embedded
MATCH (x:{prefix}Embedded)
RETURN x.space, x._ref, x._parts, [label IN labels(x) WHERE label IN $w.labels][0]

// name: embedder
MATCH (s:{prefix}Store {_one: 1})
RETURN s.embedder, s.dimension, COUNT { (:{prefix}Embedded) }

// name: vector_sequence
MATCH (s:{prefix}Space {name: $space}) RETURN s.vector_sequence

// name: vector_spaces
MATCH (s:{prefix}Space) WHERE s.vector_sequence > 0 RETURN s.name

// name: vector_count
MATCH (x:{prefix}Embedded) RETURN count(x)

// name: vector_writes
MATCH (s:{prefix}Store {_one: 1})
OPTIONAL MATCH (p:{prefix}Space {name: $space})
RETURN s.dimension, p.vector_sequence, COLLECT {
  MATCH (x:{prefix}Embedded) USING INDEX SEEK x:{prefix}Embedded(space, _vector_sequence, _ref)
  WHERE x.space = $space AND x._vector_sequence > $after AND x._ref > 0
  WITH x._vector_sequence AS sequence, sum(x._parts) AS parts
  RETURN [sequence, parts] ORDER BY sequence
}

// name: removed_vectors
MATCH (r:{prefix}Removal) WHERE r.space = $token AND r.sequence > $after AND r.sequence <= $upto AND r._ref > 0
RETURN DISTINCT r._ref AS ref ORDER BY ref

// name: added_vectors
MATCH (x:{prefix}Embedded) USING INDEX SEEK x:{prefix}Embedded(space, _vector_sequence, _ref)
WHERE x.space = $space AND x._vector_sequence > $after AND x._vector_sequence <= $upto AND x._ref > 0
RETURN x._ref, [label IN labels(x) WHERE label IN $labels][0], x._parts, x._vectors
ORDER BY x._vector_sequence, x._ref

// The server's own vector index: nodes that hold one vector each, in step with `_vectors`. {kind} is the label of their
// records' kind. They are there only in stores that were opened with neo4j.vectors = native.

// name: native_state
MATCH (s:{prefix}Store {_one: 1}) RETURN s._native

// name: native_constraint
CREATE CONSTRAINT {index} IF NOT EXISTS FOR (v:{prefix}{kind}Vector) REQUIRE (v._ref, v.part) IS UNIQUE

// name: native_spaces
CREATE INDEX {index} IF NOT EXISTS FOR (v:{prefix}{kind}Vector) ON (v.space)

// name: native_index
// No dimension is fixed, so that another embedder can take over; vectors of other lengths are then not compared.
CREATE VECTOR INDEX {index} IF NOT EXISTS FOR (v:{prefix}{kind}Vector) ON (v.embedding)
OPTIONS {indexConfig: {
  `vector.similarity_function`: 'cosine', `vector.quantization.enabled`: false,
  `vector.hnsw.m`: 24, `vector.hnsw.ef_construction`: 200
}}

// name: native_begin
// From the commit of this on, every writer keeps the nodes in step; writers hold the store's node, so none is under way.
MATCH (s:{prefix}Store {_one: 1})
SET s._native = coalesce(s._native, 'filling')

// name: native_ready
MATCH (s:{prefix}Store {_one: 1})
SET s._native = 'ready'

// name: native_lock
MATCH (s:{prefix}Store {_one: 1})
SET s._lock = $client
RETURN s._native

// name: native_missing
MATCH (x:{prefix}{kind}:{prefix}Embedded)
WHERE $spaces IS NULL OR x.space IN $spaces
OPTIONAL MATCH (v:{prefix}{kind}Vector) USING INDEX v:{prefix}{kind}Vector(_ref, part)
WHERE v._ref = x._ref AND v.part >= 0
WITH x, count(v) AS made
WHERE $again OR made <> x._parts
RETURN x._ref AS ref, x._parts ORDER BY ref

// name: native_stored
UNWIND $w.refs AS ref
MATCH (x:{prefix}{kind} {_ref: ref}) WHERE x._vectors IS NOT NULL
RETURN x._ref, x.space, x._parts, x._vectors

// name: native_strays
MATCH (v:{prefix}{kind}Vector)
WHERE ($spaces IS NULL OR v.space IN $spaces)
  AND NOT EXISTS { MATCH (x:{prefix}{kind} {_ref: v._ref}) WHERE x._vectors IS NOT NULL }
DELETE v

// name: put_native
UNWIND $w.rows AS row
UNWIND row.vectors AS one
MERGE (v:{prefix}{kind}Vector {_ref: row.ref, part: one.part})
SET v.space = row.space, v.zero = one.zero
WITH v, one
CALL (v, one) {
  WITH v, one WHERE one.zero IS NULL
  CALL db.create.setNodeVectorProperty(v, 'embedding', one.embedding)
  RETURN count(*) AS put
}
CALL (v, one) {
  WITH v, one WHERE one.zero
  REMOVE v.embedding
}
FINISH

// name: drop_native
UNWIND $w.rows AS row
MATCH (v:{prefix}{kind}Vector) USING INDEX v:{prefix}{kind}Vector(_ref, part)
WHERE v._ref = row.ref AND v.part >= row.parts
DELETE v

// name: vectors_in_spaces
CALL () {
  MATCH (v:{prefix}{kind}Vector) USING INDEX v:{prefix}{kind}Vector(space)
  WHERE v.space IN $w.spaces
  WITH v LIMIT $w.bound
  RETURN collect(v) AS found
}

// name: vectors_everywhere
CALL () {
  MATCH (v:{prefix}{kind}Vector)
  WITH v LIMIT $w.bound
  RETURN collect(v) AS found
}

// name: vectors_of_records
CALL () {
  MATCH (v:{prefix}{kind}Vector) USING INDEX v:{prefix}{kind}Vector(_ref, part)
  WHERE v._ref IN $w.refs AND v.part >= 0 AND v.part < $w.parts AND ($w.spaces IS NULL OR v.space IN $w.spaces)
  RETURN collect(v) AS found
}

// name: whole_vectors
MATCH (v:{prefix}{kind}Vector) USING INDEX v:{prefix}{kind}Vector(_ref, part)
WHERE v._ref IN $w.refs AND v.part = 0 AND ($w.spaces IS NULL OR v.space IN $w.spaces)
MATCH (s:{prefix}Store {_one: 1})
WITH v._ref AS ref, v.embedding AS embedding, v.zero AS zero, s.dimension AS dimension
WHERE ref IS NOT NULL AND (zero OR embedding IS NOT NULL) // one that a writer is just removing has none any more
RETURN ref, embedding, dimension

// name: rank_vectors
// Follows one of the three above. A record counts with its best vector; a query or a vector of zeros is at right angles
// to all; one that a writer is just removing has no properties any more.
MATCH (s:{prefix}Store {_one: 1})
WITH found, size(found) < $w.bound AS complete,
  CASE WHEN COUNT { (:{prefix}Embedded) } > 0 THEN s.dimension END AS dimension
UNWIND range(0, size($w.queries) - 1) AS i
CALL (i, found, complete, dimension) {
  UNWIND CASE WHEN complete AND dimension = $w.dimension THEN found ELSE [] END AS v
  WITH v._ref AS ref, max(CASE
    WHEN size($w.queries[i]) = 0 OR v.zero THEN 0.5
    ELSE vector.similarity.cosine(v.embedding, $w.queries[i])
  END) AS score
  WHERE ref IS NOT NULL AND score IS NOT NULL
  WITH ref, score ORDER BY score DESC, ref LIMIT $w.limit
  RETURN collect(ref) AS refs, collect(score) AS scores
}
RETURN complete, dimension, refs, scores ORDER BY i

// name: nearest_by_index
// The index knows no spaces: it is asked for so many more as others hold, and the answer says how far it went.
CALL () {
  UNWIND $w.spaces AS name
  MATCH (p:{prefix}Space {name: name})
  RETURN sum(p.vectors) AS readable
}
MATCH (s:{prefix}Store {_one: 1})
WITH CASE WHEN $w.everywhere THEN COUNT { (:{prefix}{kind}Vector) } ELSE readable END AS readable,
  CASE WHEN COUNT { (:{prefix}Embedded) } > 0 THEN s.dimension END AS dimension,
  COUNT { (:{prefix}EpisodeVector) } + COUNT { (:{prefix}FactVector) } + COUNT { (:{prefix}EntityVector) } AS stored,
  COUNT { (:{prefix}{kind}Vector) } AS stored_of_kind
WITH readable, dimension, toInteger($w.least + $w.times * $w.limit *
  CASE WHEN $w.everywhere OR readable = 0 THEN 1 ELSE toFloat(stored) / readable END) AS fetch
WITH dimension, fetch, dimension = $w.dimension AND fetch <= readable * $w.share AS worthwhile
UNWIND range(0, size($w.queries) - 1) AS i
CALL (i, fetch, worthwhile) {
  WITH i, fetch WHERE worthwhile
  CALL db.index.vector.queryNodes($w.index, fetch, $w.queries[i]) YIELD node, score
  WITH count(*) AS fetched, min(score) AS lowest,
    collect(CASE WHEN $w.everywhere OR node.space IN $w.spaces THEN {node: node, score: score} END) AS found
  CALL (i, found) {
    UNWIND found AS each
    WITH each.node AS v, each.score AS proposed ORDER BY proposed DESC
    WITH v._ref AS ref, collect(v)[0] AS v, max(proposed) AS proposed
    WHERE ref IS NOT NULL
    ORDER BY proposed DESC, ref LIMIT $w.limit
    WITH ref, proposed, vector.similarity.cosine(v.embedding, $w.queries[i]) AS score
    WHERE score IS NOT NULL
    WITH ref, proposed, score ORDER BY score DESC, ref
    RETURN collect(ref) AS refs, collect(score) AS scores, min(proposed) AS last
  }
  RETURN refs, scores, fetched = fetch AND size(refs) = $w.limit AND lowest < last AS complete
}
RETURN complete, dimension, refs, scores ORDER BY i

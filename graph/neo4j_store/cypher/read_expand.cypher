// What lies around some records, whatever a view sees of it, in one statement: docs/graph-model.md says what the
// properties hold, expansion.py what is asked. In braces: {window} and the repeated {learn_hop}; {counted}, how many
// facts about the entity n a view sees, where {seen} is whether it sees the fact f; {viewed}, the same elsewhere.

// name: learn
// $w.refs: records to begin at; $w.late: episodes of which no more is asked than what they state; $w.ends: entities
// that facts lead to; $w.known: hubs whose best facts are known, which hops pass over. The numbers of the spaces are
// read first, so that what is read is never older than they say.
CALL () {
  UNWIND $w.spaces AS name
  MATCH (s:{prefix}Space {name: name})
  RETURN collect([s.name, s.sequence]) AS state
}
CALL (state) {
  MATCH (f:{prefix}Fact) WHERE f._ref IN $w.refs AND ($w.everything OR f.space IN $w.spaces)
  RETURN collect(f) AS seeds
}
CALL (seeds) {
  MATCH (n:{prefix}Entity) WHERE n._ref IN $w.refs AND ($w.everything OR n.space IN $w.spaces)
  RETURN collect(n) AS given
}
CALL (seeds) {
  CALL (seeds) {
    MATCH (start:{prefix}Episode) WHERE start._ref IN $w.refs AND ($w.everything OR start.space IN $w.spaces)
    MATCH (start)-[:NEXT*0..{window}]-(e:{prefix}Episode)
    RETURN e
    UNION
    UNWIND seeds AS f
    CALL (f) {
      MATCH (f)-[:STATED_IN]->(p:{prefix}Episode)
      RETURN p ORDER BY p._occurred DESC, p._ref DESC LIMIT $w.sources
    }
    RETURN p AS e
  }
  RETURN collect(DISTINCT e) AS near
}
CALL (near) {
  UNWIND near AS e
  {what_is_said}
  RETURN collect({episode_node_columns}) AS near_nodes, collect(said) AS stated
}
CALL (given) {
  UNWIND given AS n
  {best_of}
  RETURN collect([n._ref, best, led]) AS bests
}
// Facts that the view sees lead on; the others are only known then. Those that lead come first among all.
CALL (seeds, stated, bests) {
  WITH reduce(all = seeds, each IN stated | all + each) AS said, bests
  UNWIND reduce(all = [f IN said WHERE {viewed}], each IN bests | all + each[2]) AS f
  RETURN collect(DISTINCT f) AS leading
}
CALL (seeds, stated, bests, leading) {
  UNWIND reduce(all = reduce(some = leading + seeds, each IN stated | some + each), each IN bests | all + each[1]) AS f
  RETURN collect(DISTINCT f) AS facts
}
{hops}
CALL (facts) {
  UNWIND facts AS f
  {newest_sources}
  RETURN collect({fact_node_columns}) AS fact_nodes, collect(newest) AS sources
}
CALL (near, leading, sources) {
  CALL (near) {
    MATCH (e:{prefix}Episode) WHERE e._ref IN $w.late
    RETURN collect(e) AS late
  }
  UNWIND reduce(all = near + late, each IN sources[..size(leading)] | all + each) AS e
  WITH near, collect(DISTINCT e) AS all  // those that are near come first, and were looked at
  UNWIND all[size(near)..] AS e
  {what_is_said}
  RETURN collect({episode_node_columns}) AS late_nodes, collect(said) AS late_stated
}
CALL (facts, late_stated) {
  UNWIND reduce(all = facts, each IN late_stated | all + each) AS f
  WITH facts, collect(DISTINCT f) AS all
  UNWIND all[size(facts)..] AS f
  {newest_sources}
  RETURN collect({fact_node_columns}) AS late_fact_nodes
}
CALL (given, leading) {
  CALL (given, leading) {
    UNWIND given AS n
    RETURN n
    UNION
    UNWIND leading AS f
    MATCH (f)-[:SUBJECT|OBJECT]->(n:{prefix}Entity)
    RETURN n
    UNION
    MATCH (n:{prefix}Entity) WHERE n._ref IN $w.ends
    RETURN n
  }
  {counted}
  RETURN collect([n._ref, n.name, n.type, n._open, n._dated, counted]) AS entity_nodes
}
RETURN state, near_nodes + late_nodes AS episode_nodes, fact_nodes + late_fact_nodes AS fact_nodes, entity_nodes,
  [each IN bests | [each[0], [f IN each[1] | f._ref]]] AS best

// name: learn_hop
CALL (near, given, leading) {
  CALL (given, leading) {
    CALL (given, leading) {
      UNWIND given AS n
      RETURN n
      UNION
      UNWIND leading AS f
      MATCH (f)-[:SUBJECT|OBJECT]->(n:{prefix}Entity)
      RETURN n
    }
    WITH n WHERE NOT n._ref IN $w.known
    RETURN collect(n) AS ends
  }
  UNWIND CASE WHEN size(near) + size(leading) + size(ends) <= $w.nodes THEN ends ELSE [] END AS n
  {best_of}
  RETURN collect([n._ref, best, led]) AS further
}
CALL (leading, further) {
  UNWIND reduce(all = leading, each IN further | all + each[2]) AS f
  RETURN collect(DISTINCT f) AS led_on
}
CALL (facts, further, led_on) {
  UNWIND reduce(all = led_on + facts, each IN further | all + each[1]) AS f
  RETURN collect(DISTINCT f) AS reached
}
WITH state, given, near, near_nodes, bests + further AS bests, led_on AS leading, reached AS facts

// name: best_of
CALL (n) {
  {best_facts}
  WITH f ORDER BY f.support DESC, f._since DESC, f._back DESC
  WITH collect(f) AS best
  RETURN best, [f IN best WHERE {viewed}][..$w.most] AS led
}

// name: best_facts
// Of an entity with few facts all, of a hub the best by the order of an index.
CALL (n) {
  WITH n WHERE n._open + n._dated <= $w.bound
  MATCH (n)<-[:SUBJECT|OBJECT]-(f:{prefix}Fact) WHERE {seen}
  RETURN f
  UNION
  WITH n WHERE n._open + n._dated > $w.bound
  CALL (n) {
    MATCH (f:{prefix}Fact)
    WHERE f._subject = n._ref AND f.support IS NOT NULL AND f._since IS NOT NULL AND f._back IS NOT NULL AND {seen}
    RETURN f ORDER BY f._subject DESC, f.support DESC, f._since DESC, f._back DESC LIMIT $w.bound
    UNION
    MATCH (f:{prefix}Fact)
    WHERE f._object = n._ref AND f.support IS NOT NULL AND f._since IS NOT NULL AND f._back IS NOT NULL AND {seen}
    RETURN f ORDER BY f._object DESC, f.support DESC, f._since DESC, f._back DESC LIMIT $w.bound
  }
  RETURN f ORDER BY f.support DESC, f._since DESC, f._back DESC LIMIT $w.bound
}

// name: best_seen
// Hubs most of whose best facts a view does not see.
UNWIND $w.hubs AS ref
MATCH (n:{prefix}Entity {_ref: ref})
{best_facts}
{newest_sources}
RETURN n._ref, {fact_node_columns}

// name: newest_sources
CALL (f) {
  MATCH (f)-[:STATED_IN]->(p:{prefix}Episode)
  WITH p ORDER BY p._occurred DESC, p._ref DESC LIMIT $w.sources
  RETURN collect(p) AS newest
}

// name: what_is_said
CALL (e) {
  OPTIONAL MATCH (e)<-[:STATED_IN]-(f:{prefix}Fact)
  RETURN collect(f) AS said
}

// name: episode_node_columns
[e._ref, e._session, e._previous, e._next, e.speaker, e.role, e._occurred, e._length, e._text_length, e._question,
 [f IN said | f._ref]]

// name: fact_node_columns
[f._ref, f._subject, f._object, f.predicate, f.category, f._valid, f._invalid, f._created, f._expired, f.confidence,
 f.support, [p IN newest | p._ref], f._since, f._expires]

// name: counted_always
// Facts without an end of any kind are counted already; of all, those that have one are too.
WITH *, [0, null, null] AS counted

// name: counted_now
// And until when as many are seen.
CALL (n) {
  WITH n WHERE n._dated > 0
  CALL (n) {
    MATCH (f:{prefix}Fact) USING INDEX f:{prefix}Fact(_subject, _dated)
    WHERE f._subject = n._ref AND f._dated = true AND {seen}
    RETURN f
    UNION
    MATCH (f:{prefix}Fact) USING INDEX f:{prefix}Fact(_object, _dated)
    WHERE f._object = n._ref AND f._dated = true AND {seen}
    RETURN f
  }
  RETURN [count(f), min(f._invalid), min(f._expires)] AS counted
}

// name: counted_at
CALL (n) {
  MATCH (n)<-[:SUBJECT|OBJECT]-(f:{prefix}Fact) WHERE {seen}
  RETURN [count(DISTINCT f), null, null] AS counted
}

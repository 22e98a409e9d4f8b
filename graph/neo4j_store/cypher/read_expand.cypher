// The neighbourhood of some records in one statement: docs/graph-model.md says what the properties hold, expansion.py
// what is asked. In braces: {seen}, whether the view sees the fact f; {window} and the repeated {expand_hop}.

// name: expand
CALL () {
  MATCH (f:{prefix}Fact) WHERE f._ref IN $w.refs AND ($w.everything OR f.space IN $w.spaces) AND {seen}
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
  CALL (e) {
    MATCH (e)<-[:STATED_IN]-(f:{prefix}Fact) WHERE {seen}
    RETURN f ORDER BY f.support DESC, f._since DESC, f._ref LIMIT $w.bound
  }
  RETURN collect(DISTINCT f) AS stated
}
CALL (given) {
  UNWIND given AS n
  {best_facts}
  RETURN collect(f) AS about
}
CALL (seeds, stated, about) {
  UNWIND seeds + stated + about AS f
  RETURN collect(DISTINCT f) AS facts
}
{hops}
CALL (facts) {
  UNWIND facts AS f
  {newest_sources}
  RETURN collect(newest) AS sources, collect({fact_node_columns}) AS fact_nodes
}
CALL (near, sources) {
  UNWIND near + reduce(all = [], each IN sources | all + each) AS e
  RETURN collect(DISTINCT e) AS episodes
}
CALL (episodes) {
  UNWIND CASE WHEN $w.history THEN [] ELSE episodes END AS e
  MATCH (e)<-[:STATED_IN]-(f:{prefix}Fact)
  WHERE f._dated AND NOT ({seen}) AND (f._valid IS NULL OR f._valid <= $w.at)
  WITH e, f ORDER BY f._ref
  WITH e, collect(f)[..$w.bound] AS ended
  UNWIND ended AS f
  {newest_sources}
  WITH e, collect({fact_node_columns}) AS ended
  RETURN collect([
    e._ref, NOT EXISTS { MATCH (e)<-[:STATED_IN]-(f:{prefix}Fact) WHERE {seen} }, ended
  ]) AS over
}
CALL (given, facts) {
  CALL (given, facts) {
    UNWIND given AS n
    RETURN n
    UNION
    UNWIND facts AS f
    MATCH (f)-[:SUBJECT|OBJECT]->(n:{prefix}Entity)
    RETURN n
  }
  RETURN collect([n._ref, n.name, n.type, {degree}]) AS entity_nodes
}
RETURN [e IN episodes | {episode_node_columns}], fact_nodes, entity_nodes, over

// name: expand_hop
CALL (near, given, facts) {
  CALL (given, facts) {
    UNWIND given AS n
    RETURN n
    UNION
    UNWIND facts AS f
    MATCH (f)-[:SUBJECT|OBJECT]->(n:{prefix}Entity)
    RETURN n
  }
  WITH near, facts, collect(n) AS ends
  CALL (near, facts, ends) {
    UNWIND CASE WHEN size(near) + size(facts) + size(ends) <= $w.nodes THEN ends ELSE [] END AS n
    {best_facts}
    RETURN collect(DISTINCT f) AS further
  }
  UNWIND facts + further AS f
  RETURN collect(DISTINCT f) AS reached
}
WITH seeds, given, near, reached AS facts

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

// name: newest_sources
CALL (f) {
  MATCH (f)-[:STATED_IN]->(p:{prefix}Episode)
  WITH p ORDER BY p._occurred DESC, p._ref DESC LIMIT $w.sources
  RETURN collect(p) AS newest
}

// name: episode_node_columns
[e._ref, e._session, e._previous, e._next, e.speaker, e.role, e._occurred, e._length, e._text_length, e._question]

// name: fact_node_columns
[f._ref, f._subject, f._object, f.predicate, f.category, f._valid, f._invalid, f._created, f._expired, f.confidence,
 f.support, [p IN newest | p._ref]]

// name: degree_of_all
n._open + n._dated

// name: degree_now
// Facts without an end of any kind are counted already.
n._open + CASE WHEN n._dated > 0 THEN
  COUNT {
    MATCH (f:{prefix}Fact) USING INDEX f:{prefix}Fact(_subject, _dated)
    WHERE f._subject = n._ref AND f._dated = true AND {seen}
  } + COUNT {
    MATCH (f:{prefix}Fact) USING INDEX f:{prefix}Fact(_object, _dated)
    WHERE f._object = n._ref AND f._dated = true AND f._subject <> n._ref AND {seen}
  }
ELSE 0 END

// name: degree_at
COUNT { MATCH (n)<-[:SUBJECT]-(f:{prefix}Fact) WHERE {seen} }
+ COUNT { MATCH (n)<-[:OBJECT]-(f:{prefix}Fact) WHERE f._subject <> n._ref AND {seen} }

// Records by ref, by id and by filters. {matching} is put together by filters.py. {way} is ASC or DESC; {first} orders
// by the space where it is only one, without which the planner does not see that an index has the order already.
// Subqueries import what came before them even where they do without: uncorrelated ones are planned as a product.
// $w.everything says that all spaces may be read, $w.spaces names them otherwise.

// name: locate
UNWIND $w.ids AS id
CALL (id) {
  MATCH (x:{prefix}Episode {id: id}) RETURN x, 'episode' AS kind
  UNION
  MATCH (x:{prefix}Fact {id: id}) RETURN x, 'fact' AS kind
  UNION
  MATCH (x:{prefix}Entity {id: id}) RETURN x, 'entity' AS kind
}
WITH x, kind WHERE $w.everything OR x.space IN $w.spaces
RETURN x.id, kind, x._ref, x.space

// name: records
// "sources": the newest so many episodes of each fact, whose lists of refs are in the order of time.
CALL () {
  MATCH (f:{prefix}Fact) WHERE f._ref IN $w.facts AND ($w.everything OR f.space IN $w.spaces)
  RETURN collect({fact_columns}) AS facts
}
CALL (facts) {
  MATCH (n:{prefix}Entity) WHERE n._ref IN $w.entities AND ($w.everything OR n.space IN $w.spaces)
  RETURN collect({entity_columns}) AS entities
}
CALL (facts) {
  UNWIND CASE WHEN $w.sources > 0 THEN $w.facts ELSE [] END AS ref
  MATCH (f:{prefix}Fact {_ref: ref})
  CALL (f) {
    MATCH (f)-[:STATED_IN]->(p:{prefix}Episode)
    RETURN p ORDER BY p._occurred DESC, p._ref DESC LIMIT $w.sources
  }
  WITH ref, collect(p._ref) AS stated
  RETURN collect([ref, stated]) AS sources
}
CALL (sources) {
  UNWIND $w.episodes + reduce(all = [], each IN sources | all + each[1]) AS ref
  WITH DISTINCT ref
  MATCH (e:{prefix}Episode {_ref: ref}) WHERE $w.everything OR e.space IN $w.spaces
  RETURN collect({episode_columns}) AS episodes
}
RETURN episodes, facts, entities, sources

// name: find_episodes
{matching}
WITH e ORDER BY {first}e._occurred {way}, e._ref {way} SKIP $w.offset LIMIT $w.limit
RETURN {episode_columns}

// name: find_facts
{matching}
WITH f ORDER BY {first}f._created {way}, f.id {way} SKIP $w.offset LIMIT $w.limit
RETURN {fact_columns}

// name: find_entities
{matching}
WITH n ORDER BY {first}n.name {way}, n.id {way} SKIP $w.offset LIMIT $w.limit
RETURN {entity_columns}

// name: select_facts
{matching}
RETURN collect(f._ref) AS {name}

// name: select_episodes
{matching}
RETURN collect(e._ref) AS {name}

// name: history
MATCH (c:{prefix}Change) WHERE c.target_id IN $w.ids AND ($w.everything OR c.space IN $w.spaces)
WITH c ORDER BY c._at, c._number
RETURN {change_columns}

// name: changes_by
MATCH (c:{prefix}Change) WHERE c.episode_id IN $w.ids AND ($w.everything OR c.space IN $w.spaces)
WITH c ORDER BY c._at, c._number
RETURN {change_columns}

// name: changes
MATCH (c:{prefix}Change) WHERE c.id IN $w.ids AND ($w.everything OR c.space IN $w.spaces)
WITH c ORDER BY c._at, c._number
RETURN {change_columns}

// name: statistics
// Only facts that have an end of any kind are looked at; the others are current.
CALL () {
  UNWIND CASE WHEN $w.everything THEN [] ELSE $w.spaces END AS name
  MATCH (s:{prefix}Space {name: name}) RETURN s
  UNION
  UNWIND CASE WHEN $w.everything THEN [1] ELSE [] END AS all
  MATCH (s:{prefix}Space) RETURN s
}
WITH s WHERE s.episodes + s.entities + s.facts > 0
WITH s, COUNT {
  MATCH (f:{prefix}Fact) WHERE f.space = s.name AND f._dated = true
    AND (f._expired IS NOT NULL OR f._invalid <= $w.now OR f._expires <= $w.now)
} AS over
RETURN s.name, s.episodes, s.pending, s.failed, s.entities, s.facts, s.facts - over, s.vectors, s.sequence
ORDER BY s.name

// Everything that a search asks first, in one statement. In braces: {seen}, whether the view sees the fact f, and
// {selections}, one subquery for each, named in {selected}.

// name: probe
// $w.spaces names the readable spaces; of everything, those that exist are looked up.
CALL () {
  UNWIND CASE WHEN $w.everything THEN [1] ELSE [] END AS all
  MATCH (s:{prefix}Space)
  RETURN collect(s.name) AS existing
}
WITH CASE WHEN $w.everything THEN existing ELSE $w.spaces END AS spaces
CALL (spaces) {
  UNWIND spaces AS name
  MATCH (s:{prefix}Space {name: name})
  RETURN
    collect(CASE WHEN s.vector_sequence > 0 THEN [s.name, s.vector_sequence] END) AS sequences,
    [sum(s.episode_documents), sum(s.episode_terms), sum(s.fact_documents), sum(s.fact_terms),
     sum(s.entity_documents), sum(s.entity_terms)] AS totals
}
CALL (spaces) {
  UNWIND $w.terms AS asked
  CALL (asked, spaces) {
    MATCH (t:{prefix}Term) WHERE t.space IN spaces AND t.kind = asked.kind AND t.term IN asked.terms
    RETURN t.term AS term, sum(t.documents) AS documents
  }
  CALL (asked, term, documents) {
    // The space and the kind are in the query of the index; without spaces in it, the label tells the kind.
    UNWIND CASE WHEN documents <= asked.most THEN asked.within ELSE [] END AS within
    CALL db.index.fulltext.queryNodes($w.index, within + term) YIELD node AS n
    WITH n, CASE WHEN n._repeats CONTAINS term THEN n._repeats END AS repeats
    WHERE NOT $w.everything OR asked.label IN labels(n)
    RETURN
      collect(n._ref) AS refs, collect(n._length) AS lengths,
      collect(CASE WHEN repeats IS NOT NULL THEN n._ref END) AS repeating, collect(repeats) AS repeated
  }
  RETURN collect([asked.at, term, documents, refs, lengths, repeating, repeated]) AS postings
}
CALL (spaces) {
  MATCH (k:{prefix}Name)<-[:NAMED]-(n:{prefix}Entity) WHERE k.space IN spaces AND k.key IN $w.keys
  WITH DISTINCT n ORDER BY n.name, n.id LIMIT $w.limit
  RETURN collect(n) AS named
}
CALL (named) {
  UNWIND CASE WHEN size($w.predicates) > 0 THEN named ELSE [] END AS n
  MATCH (n)<-[:SUBJECT|OBJECT]-(f:{prefix}Fact) WHERE f.predicate IN $w.predicates AND {seen}
  RETURN collect([n._ref, f._ref]) AS relations
}
{selections}
RETURN totals, sequences, postings, [n IN named | {entity_columns}] AS entities, relations, {selected}

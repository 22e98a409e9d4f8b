// Everything that a search asks first, in one statement. In braces: {seen}, whether the view sees the fact f, and
// {selections}, one subquery for each, named in {selected}; {of_kind} where the index query does not tell the kind.
// $w.known is the number of the space's last write when what is known of its terms was read (posting_cache.py): the
// number is read before the postings are, so a write in between makes what was read look old, never what is old new.

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
    max(s.sequence) AS sequence,
    collect(CASE WHEN NOT $w.everything THEN [s.name, s.sequence] END) AS states,
    collect(CASE WHEN s.vector_sequence > 0 THEN [s.name, s.vector_sequence] END) AS sequences,
    [sum(s.episode_documents), sum(s.episode_terms), sum(s.fact_documents), sum(s.fact_terms),
     sum(s.entity_documents), sum(s.entity_terms)] AS totals
}
CALL (sequence) {
  // The index follows commits in the background: by now it must have those that the number counts.
  UNWIND CASE WHEN any(asked IN $w.terms WHERE sequence <> $w.known OR size(asked.terms) > size(asked.known))
    THEN [1] ELSE [] END AS behind
  {await_index}
  RETURN count(*) AS awaited
}
CALL (spaces, sequence, awaited) {
  UNWIND $w.terms AS asked
  CALL (asked, spaces) {
    MATCH (t:{prefix}Term) WHERE t.space IN spaces AND t.kind = asked.kind AND t.term IN asked.terms
    RETURN t.term AS term, sum(t.documents) AS documents
  }
  CALL (asked, term, documents, sequence, spaces) {
    // The space and the kind are in the query of the index; without spaces in it, the label tells the kind.
    UNWIND CASE
      WHEN documents > asked.most OR (sequence = $w.known AND term IN asked.known) THEN []
      ELSE asked.within
    END AS within
    {index_hits}
    {of_kind}
    RETURN
      collect(coalesce(n._ref, 0)) AS refs, collect(coalesce(n._length, 0)) AS lengths,
      collect(CASE WHEN n._repeats CONTAINS term THEN [n._ref, n._repeats] END) AS repeated
  }
  RETURN collect([asked.at, term, documents, refs, lengths, repeated]) AS postings
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
RETURN sequence, states, totals, sequences, postings, [n IN named | {entity_columns}] AS entities, relations, {selected}


// name: index_hits
CALL db.index.fulltext.queryNodes($w.index, within + term) YIELD node AS n

// name: unindexed_hits
// The index knows nothing of what a transaction has written so far, so what reads inside one looks at its records.
CALL (asked, spaces, term) {
  WITH * WHERE asked.kind = 'episode'
  MATCH (n:{prefix}Episode) WHERE n.space IN spaces AND n._occurred IS NOT NULL AND n._ref IS NOT NULL
    AND ' ' + n._terms + ' ' CONTAINS ' ' + term + ' '
  RETURN n
  UNION ALL
  WITH * WHERE asked.kind = 'fact'
  MATCH (n:{prefix}Fact) WHERE n.space IN spaces AND n._created IS NOT NULL AND n.id IS NOT NULL
    AND ' ' + n._terms + ' ' CONTAINS ' ' + term + ' '
  RETURN n
  UNION ALL
  WITH * WHERE asked.kind = 'entity'
  MATCH (n:{prefix}Entity) WHERE n.space IN spaces AND n.name IS NOT NULL AND n.id IS NOT NULL
    AND ' ' + n._terms + ' ' CONTAINS ' ' + term + ' '
  RETURN n
}

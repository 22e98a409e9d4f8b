// Lists of columns, in the order that rows.py reads; a statement takes one in by its name in braces.

// name: episode_columns
[e._ref, e.id, e.space, e.user_id, e.agent_id, e.run_id, e.session, e.role, e.speaker, e.content, e._occurred,
 e._created, e.status, e.error, e.attempts, e.infer, e.metadata]

// name: entity_columns
[n._ref, n.id, n.space, n.name, n.key, n.type, n.aliases, n.attributes, n._created, n._updated]

// name: fact_columns
[f._ref, f.id, f.space, f.user_id, f.agent_id, f.run_id, f._subject_id, f.predicate, f._object_id, f.text, f.category,
 f._valid, f._invalid, f._created, f._expired, f._expires, f.confidence, f.support, f._episode_ids, f.superseded_by,
 f.metadata]

// name: change_columns
[c.id, c.space, c.kind, c.target_id, c.action, c.actor, c._at, c.reason, c.episode_id, c.before, c.after]

// The version node, constraints and indexes. Every statement may run again, and in several processes at once.

// name: find_store
MATCH (s:{prefix}Store {_one: 1}) RETURN s.version, s.store_id

// name: find_foreign
UNWIND [
  COUNT { (:{prefix}Episode) }, COUNT { (:{prefix}Fact) }, COUNT { (:{prefix}Entity) }, COUNT { (:{prefix}Session) },
  COUNT { (:{prefix}Change) }, COUNT { (:{prefix}Space) }, COUNT { (:{prefix}Name) }, COUNT { (:{prefix}Term) },
  COUNT { (:{prefix}Removal) }, COUNT { (:{prefix}Embedded) }, COUNT { (:{prefix}Writer) },
  COUNT { (:{prefix}EpisodeVector) }, COUNT { (:{prefix}FactVector) }, COUNT { (:{prefix}EntityVector) },
  COUNT { (s:{prefix}Store) WHERE s._one IS NULL }
] AS nodes
RETURN sum(nodes)

// name: one_store
CREATE CONSTRAINT factloom{prefix}_store IF NOT EXISTS FOR (s:{prefix}Store) REQUIRE s._one IS UNIQUE

// name: make_store
MERGE (s:{prefix}Store {_one: 1})
ON CREATE SET s.store_id = $store_id, s.version = 0, s.ref = 0
RETURN s.version, s.store_id

// name: await_indexes
CALL db.awaitIndexes(300)

// name: set_version
MATCH (s:{prefix}Store {_one: 1}) WHERE s.version < $version SET s.version = $version

// name: migration_1
CREATE CONSTRAINT factloom{prefix}_episode_id IF NOT EXISTS FOR (n:{prefix}Episode) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_episode_ref IF NOT EXISTS FOR (n:{prefix}Episode) REQUIRE n._ref IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_episode_same IF NOT EXISTS
  FOR (n:{prefix}Episode) REQUIRE (n.space, n._content_hash, n._occurred, n.role) IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_fact_id IF NOT EXISTS FOR (n:{prefix}Fact) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_fact_ref IF NOT EXISTS FOR (n:{prefix}Fact) REQUIRE n._ref IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_entity_id IF NOT EXISTS FOR (n:{prefix}Entity) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_entity_ref IF NOT EXISTS FOR (n:{prefix}Entity) REQUIRE n._ref IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_entity_key IF NOT EXISTS
  FOR (n:{prefix}Entity) REQUIRE (n.space, n.key, n.type) IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_change_id IF NOT EXISTS FOR (n:{prefix}Change) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_session IF NOT EXISTS FOR (n:{prefix}Session) REQUIRE (n.space, n.name) IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_name IF NOT EXISTS FOR (n:{prefix}Name) REQUIRE (n.space, n.key) IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_term IF NOT EXISTS
  FOR (n:{prefix}Term) REQUIRE (n.space, n.kind, n.term) IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_space IF NOT EXISTS FOR (n:{prefix}Space) REQUIRE n.name IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_writer IF NOT EXISTS FOR (n:{prefix}Writer) REQUIRE n.client IS UNIQUE;
CREATE CONSTRAINT factloom{prefix}_removal IF NOT EXISTS
  FOR (n:{prefix}Removal) REQUIRE (n.space, n.sequence, n._ref) IS UNIQUE;
CREATE INDEX factloom{prefix}_episode_session IF NOT EXISTS FOR (n:{prefix}Episode) ON (n._session, n._occurred, n._ref);
CREATE INDEX factloom{prefix}_episode_time IF NOT EXISTS FOR (n:{prefix}Episode) ON (n.space, n._occurred, n._ref);
CREATE INDEX factloom{prefix}_episode_status IF NOT EXISTS
  FOR (n:{prefix}Episode) ON (n.space, n.status, n._occurred, n._ref);
CREATE INDEX factloom{prefix}_episode_user IF NOT EXISTS FOR (n:{prefix}Episode) ON (n.space, n.user_id);
CREATE INDEX factloom{prefix}_episode_agent IF NOT EXISTS FOR (n:{prefix}Episode) ON (n.space, n.agent_id);
CREATE INDEX factloom{prefix}_episode_run IF NOT EXISTS FOR (n:{prefix}Episode) ON (n.space, n.run_id);
CREATE INDEX factloom{prefix}_fact_subject IF NOT EXISTS
  FOR (n:{prefix}Fact) ON (n._subject, n.support, n._since, n._back);
CREATE INDEX factloom{prefix}_fact_object IF NOT EXISTS
  FOR (n:{prefix}Fact) ON (n._object, n.support, n._since, n._back);
CREATE INDEX factloom{prefix}_fact_dated_subject IF NOT EXISTS FOR (n:{prefix}Fact) ON (n._subject, n._dated);
CREATE INDEX factloom{prefix}_fact_dated_object IF NOT EXISTS FOR (n:{prefix}Fact) ON (n._object, n._dated);
CREATE INDEX factloom{prefix}_fact_dated IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.space, n._dated);
CREATE INDEX factloom{prefix}_fact_time IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.space, n._created, n.id);
CREATE INDEX factloom{prefix}_fact_since IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.space, n._since);
CREATE INDEX factloom{prefix}_fact_user IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.space, n.user_id);
CREATE INDEX factloom{prefix}_fact_agent IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.space, n.agent_id);
CREATE INDEX factloom{prefix}_fact_run IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.space, n.run_id);
CREATE INDEX factloom{prefix}_fact_successor IF NOT EXISTS FOR (n:{prefix}Fact) ON (n.superseded_by);
CREATE INDEX factloom{prefix}_fact_drawn IF NOT EXISTS FOR (n:{prefix}Fact) ON (n._drawn_until);
CREATE INDEX factloom{prefix}_entity_name IF NOT EXISTS FOR (n:{prefix}Entity) ON (n.space, n.name, n.id);
CREATE INDEX factloom{prefix}_change_target IF NOT EXISTS FOR (n:{prefix}Change) ON (n.target_id);
CREATE INDEX factloom{prefix}_change_episode IF NOT EXISTS FOR (n:{prefix}Change) ON (n.episode_id);
CREATE INDEX factloom{prefix}_change_space IF NOT EXISTS FOR (n:{prefix}Change) ON (n.space, n._number);
CREATE INDEX factloom{prefix}_embedded IF NOT EXISTS FOR (n:{prefix}Embedded) ON (n.space, n._vector_sequence, n._ref);
CREATE FULLTEXT INDEX factloom{prefix}_terms IF NOT EXISTS
  FOR (n:{prefix}Episode|{prefix}Fact|{prefix}Entity) ON EACH [n._space_token, n._terms]
  OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: true}}

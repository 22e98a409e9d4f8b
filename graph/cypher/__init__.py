"""Read-only Cypher over the memory: a projection of the readable spaces into an embedded engine."""

"""The Neo4j graph store: the same memory on a server, for many processes."""

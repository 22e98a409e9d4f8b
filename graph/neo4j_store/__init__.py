"""The Neo4j graph store: the same memory on a server, for many processes."""

from factloom.graph.neo4j_store.connection import Access
from factloom.graph.neo4j_store.store import Neo4jGraphStore

__all__ = ["Access", "Neo4jGraphStore"]

"""The embedded graph store: one SQLite file, no server, several processes."""

from factloom.graph.sqlite.store import SqliteGraphStore

__all__ = ["SqliteGraphStore"]

"""Embedders, the vector index, and the search that ranks what they and the graph find."""

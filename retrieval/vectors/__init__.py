"""The vector index: exact cosine search per space with FAISS, following the store's change feed.

Importing this does not load FAISS; the first search does.
"""

from factloom.retrieval.vectors.faiss_index import FaissVectorIndex

__all__ = ["FaissVectorIndex"]

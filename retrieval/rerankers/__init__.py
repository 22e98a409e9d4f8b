"""Rerankers: models that read question and text together, for the first hits only."""

from factloom.retrieval.rerankers.cross_encoder import CrossEncoder
from factloom.retrieval.rerankers.reranking import Reranking

__all__ = ["CrossEncoder", "Reranking"]

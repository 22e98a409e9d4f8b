"""Embedders: MiniLM and its kin on ONNX Runtime, the OpenAI API, hashing for tests, and a cache for queries.

Importing this loads no model and none of their libraries; each is loaded at first use.
"""

from factloom.retrieval.embedders.caching_embedder import CachingEmbedder
from factloom.retrieval.embedders.hashing_embedder import HashingEmbedder
from factloom.retrieval.embedders.onnx_embedder import OnnxEmbedder
from factloom.retrieval.embedders.openai_embedder import OpenAIEmbedder
from factloom.retrieval.embedders.weights import (
    ALL_MINILM_L6_V2,
    ModelFiles,
    PublishedModel,
    fetch_model,
    locate_weights,
)

__all__ = [
    "ALL_MINILM_L6_V2",
    "CachingEmbedder",
    "HashingEmbedder",
    "ModelFiles",
    "OnnxEmbedder",
    "OpenAIEmbedder",
    "PublishedModel",
    "fetch_model",
    "locate_weights",
]

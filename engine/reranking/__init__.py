"""Reranking by a language model over the chat completions API."""

from factloom.engine.reranking.chat_reranker import ANSWER_FORM, ChatReranker

__all__ = ["ANSWER_FORM", "ChatReranker"]

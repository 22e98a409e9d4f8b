"""The words with which a question asks for a predicate: "boss" for HAS_BOSS, "work" for WORKS_FOR."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from factloom.retrieval.analysis import analyse
from factloom.schemas.ontology import core_ontology


@lru_cache(maxsize=4096)
def predicate_terms(predicate: str) -> frozenset[str]:
    """Index terms by which a question asks for a predicate: those of its name, its phrase and its further words."""
    spec = core_ontology()[predicate.removeprefix("NOT_")]
    words = (predicate.removeprefix("NOT_").replace("_", " ").lower(), spec.phrase, *spec.asked_by)
    return frozenset(term for text in words for term in analyse(text))


@lru_cache(maxsize=1)
def relation_words() -> dict[str, tuple[str, ...]]:
    """Predicates of the core ontology by the terms that ask for them."""
    found: dict[str, list[str]] = {}
    for name in core_ontology().names():
        for term in predicate_terms(name):
            found.setdefault(term, []).append(name)
    return {term: tuple(names) for term, names in found.items()}


def predicates_asked_for(terms: Iterable[str]) -> tuple[str, ...]:
    """Core predicates that index terms of a question ask for."""
    words = relation_words()
    return tuple(dict.fromkeys(name for term in terms for name in words.get(term, ())))

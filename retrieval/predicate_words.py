"""The words with which a question asks for a predicate: "boss" for HAS_BOSS, "work" for WORKS_FOR."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from factloom.retrieval.analysis import analyse
from factloom.schemas.ontology import Ontology, ontology_in_use


def predicate_terms(predicate: str) -> frozenset[str]:
    """Index terms by which a question asks for a predicate: those of its name, its phrase and its further words."""
    return _terms(ontology_in_use(), predicate)


def terms_of_predicates(predicates: Iterable[str]) -> dict[str, frozenset[str]]:
    """`predicate_terms` of each."""
    ontology = ontology_in_use()
    return {predicate: _terms(ontology, predicate) for predicate in predicates}


@lru_cache(maxsize=4096)
def _terms(ontology: Ontology, predicate: str) -> frozenset[str]:
    spec = ontology[predicate.removeprefix("NOT_")]
    words = (predicate.removeprefix("NOT_").replace("_", " ").lower(), spec.phrase, *spec.asked_by)
    return frozenset(term for text in words for term in analyse(text))


def relation_words() -> dict[str, tuple[str, ...]]:
    """Predicates of the ontology in use by the terms that ask for them."""
    return _words(ontology_in_use())


@lru_cache(maxsize=8)
def _words(ontology: Ontology) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in ontology.names():
        for term in _terms(ontology, name):
            found.setdefault(term, []).append(name)
    return {term: tuple(names) for term, names in found.items()}


def predicates_asked_for(terms: Iterable[str]) -> tuple[str, ...]:
    """Known predicates that index terms of a question ask for."""
    words = relation_words()
    return tuple(dict.fromkeys(name for term in terms for name in words.get(term, ())))

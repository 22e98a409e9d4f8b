"""People whom a question names by what they are to somebody ("my sister", "Ana's boss"), looked up in the graph.

Only the neighbourhood that was read anyway is looked at: facts that hold in the view, along predicates between two
people. A chain ("Rui's boss's sister", "the sister of Rui's boss") is followed step by step, each told by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from factloom.retrieval.analysis import analyse
from factloom.retrieval.predicate_words import relation_words
from factloom.retrieval.reading import Reading
from factloom.schemas.naming import normalise_name
from factloom.schemas.ontology import Ontology, ontology_in_use
from factloom.schemas.ports import FactNode, Neighbourhood
from factloom.schemas.records import Category

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’](?=s\b)s|['’](?=\s|$))?|[^\w\s]")
_POSSESSIVE: Final = re.compile(r"['’]s?$")
_OWN: Final = frozenset({"my", "our"})
_THEIRS: Final = frozenset({"his", "her", "their"})
# Words for relations between people that are words for no person.
_NO_PERSON: Final = ("wedding", "marry", "married", "engaged", "date", "together", "former", "relationship", "relative")
_MOST_PEOPLE: Final = 8


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom words of the question mean: the words, and the people, by ref."""

    words: str
    people: tuple[int, ...]


def who_is_meant(reading: Reading, around: Neighbourhood) -> list[Meant]:
    """The people whom the question names by a relation, in the order of its words; those who are not known left out."""
    roles = _roles(ontology_in_use())
    if roles.keys().isdisjoint(reading.terms) or not reading.entities:
        return []
    tokens = _TOKEN.findall(reading.query)
    found: list[Meant] = []
    for first, last, owners in _owners(reading, tokens):
        at, people, start, told = last + 1, owners, first, len(found)
        while at < len(tokens) and people:
            role = _role(tokens[at], roles)
            if role is None and at + 1 < len(tokens):  # "my older sister"
                at, role = at + 1, _role(tokens[at + 1], roles)
            if role is None:
                break
            people = _related(people, roles[role], around)
            _note(found, tokens[start : at + 1], people)
            if not _POSSESSIVE.search(tokens[at]):
                break
            at += 1
        if len(found) == told:
            continue
        while people and start >= 2 and (of := _role_of(tokens[:start], roles)) is not None:
            start = of[1]
            people = _related(people, roles[of[0]], around)
            _note(found, tokens[start : at + 1], people)
    return found


def _note(found: list[Meant], tokens: Sequence[str], people: tuple[int, ...]) -> None:
    if people:
        found.append(Meant(_POSSESSIVE.sub("", " ".join(tokens)), people))


def _owners(reading: Reading, tokens: Sequence[str]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Whose relatives and colleagues are spoken of: first and last token, and who they are."""
    asker = normalise_name(reading.asker) if reading.asker else ""
    persons = [entity for entity in reading.entities if entity.type == "person" or not entity.type]
    named = {key: entity.ref for entity in reversed(persons) for key in _keys(entity.key, entity.aliases)}
    own = tuple(entity.ref for entity in persons if asker and asker in _keys(entity.key, entity.aliases))
    theirs = tuple(entity.ref for entity in persons) if len(persons) == 1 else own
    for position, token in enumerate(tokens):
        word = token.lower()
        if word in _OWN and own:
            yield position, position, own
        elif word in _THEIRS and theirs:
            yield position, position, theirs
        elif _POSSESSIVE.search(token):
            for first in range(max(0, position - 3), position + 1):
                name = normalise_name(_POSSESSIVE.sub("", " ".join(tokens[first : position + 1])))
                if name in named:
                    yield first, position, (named[name],)
                    break


def _keys(key: str, aliases: Iterable[str]) -> set[str]:
    return {key, *(normalise_name(alias) for alias in aliases)}


def _role(token: str, roles: Mapping[str, object]) -> str | None:
    """The index term of a word for a relation between people."""
    terms = analyse(_POSSESSIVE.sub("", token))
    return terms[0] if len(terms) == 1 and terms[0] in roles else None


def _role_of(before: Sequence[str], roles: Mapping[str, object]) -> tuple[str, int] | None:
    """The relation in "the sister of" at the end of these tokens, and where its word stands."""
    if before[-1].lower() != "of":
        return None
    role = _role(before[-2], roles)
    return (role, len(before) - 2) if role is not None else None


def _related(people: Sequence[int], predicates: frozenset[tuple[str, bool]], around: Neighbourhood) -> tuple[int, ...]:
    """Who stands at the other end of these predicates' facts about ``people``."""
    ends = [
        end
        for fact in around.facts.values()
        for end in _other_ends(fact, predicates)
        if end[0] in people and end[1] in around.entities
    ]
    return tuple(dict.fromkeys(other for _, other in ends))[:_MOST_PEOPLE]


def _other_ends(fact: FactNode, predicates: frozenset[tuple[str, bool]]) -> Iterator[tuple[int, int]]:
    if (fact.predicate, False) in predicates:
        yield fact.subject, fact.object
    if (fact.predicate, True) in predicates:
        yield fact.object, fact.subject


@lru_cache(maxsize=8)
def _roles(ontology: Ontology) -> dict[str, frozenset[tuple[str, bool]]]:
    """Predicates between two people by the words for such a person; True: read from object to subject."""
    no_person = {term for word in _NO_PERSON for term in analyse(word)}
    roles: dict[str, set[tuple[str, bool]]] = {}
    for term, names in relation_words().items():
        for name in names:
            spec = ontology[name]
            if (spec.subject_type, spec.object_type) != ("person", "person") or spec.category is Category.EPISODIC:
                continue
            if term in no_person or not (name.startswith("HAS_") or spec.symmetric):
                continue
            own_word = term in analyse(name.removeprefix("HAS_").replace("_", " ").lower())
            if spec.canonical:
                roles.setdefault(term, set()).add((name, False))
                if spec.symmetric:
                    roles[term].add((name, True))
            elif spec.inverse and own_word:  # stored the other way round
                roles.setdefault(term, set()).add((spec.inverse, True))
    return {term: frozenset(predicates) for term, predicates in roles.items()}

"""The ontology: what factloom knows of predicates and of the types of entities.

The core is data (``predicates.toml`` and ``types.toml`` beside this file); users add their own (``own_ontology.py``).
Reconciliation asks it how many objects a predicate may have at a time, what a new fact ends, and which facts mean
the same; resolution asks which types agree; extraction asks for categories and types, and holds how the core's
predicates are said. Predicates that it does not know are allowed: they hold many objects, but for favourites
(FAVOURITE_COLOUR), of which there is one of a kind.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.records import Category, Predicate, Record

MILESTONE: Final = "HAD_MILESTONE"
DEATH: Final = "death"
"""The milestone with which what is ``until_death_of`` somebody ends."""

UNTYPED: Final = "thing"
"""The type of what is not known, which agrees with every other."""

_FAVOURITE = "FAVOURITE_"
# Open predicates of which a newer object takes the place of the older one.
_ONE_AT_A_TIME: Final = re.compile(
    r"HAS_(?:\w+_)?(?:PHONE_NUMBER|EMAIL|MAIL|ADDRESS|PASSWORD|PASSCODE|USERNAME)$|(?:TAKES_PLACE|RUNS_AT|IS_FOUND)$"
)
"""Begins the predicates of favourites, one for each kind of thing; there is no list of kinds."""


TypeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 _-]{0,63}$")]


class EntityType(Record):
    """One type of entities. ``kind_of``: a wider type, with which it agrees; ``description``: for people and models."""

    name: TypeName
    description: str = ""
    kind_of: TypeName | None = None


class Said(Record):
    """How a predicate is said in English, for the offline extractor, and as examples for a language model.

    ``verbs``: "lemma" or "lemma+particle" with a direct object, "lemma prep|prep" with an oblique, "lemma ~" with a
    clause; a leading "not " wants a negated verb. ``adjectives``: "adjective preposition" after a form of "be".
    ``nouns``: what names the object by the relation ("my skipper Tom"); ``gender``: of whom these nouns mean.
    ``text``: the sentence in the third person with {s} and {o}; without it, the speaker's own words are turned.
    ``past``: what the simple past says: that it held and is over (closed), that it holds (same), or an event (event).
    ``denied``: the predicate that states the opposite.
    """

    verbs: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    gender: Literal["f", "m"] | None = None
    text: str | None = None
    past: Literal["closed", "same", "event"] | None = None
    denied: Predicate | None = None


class PredicateSpec(Record):
    """One predicate.

    ``cardinality`` one: a newer object closes the older fact at the newer's ``valid_at``. ``fixed``: it never
    changes (BORN_IN), so that two objects are a contradiction and no news. ``ends``: other predicates whose facts
    between the same two a new fact of this one closes (MARRIED_TO ends ENGAGED_TO; LEFT_JOB_AT does not end the
    work for another employer). ``implies``: states the fact of another predicate with the same subject and object
    as well (MOVED_TO implies LIVES_IN). ``leaves``: predicates whose facts a new fact of this one closes whatever their
    object, unless the object has the same (MOVED_IN_WITH leaves LIVES_IN). ``until_death_of``: the ends with whose
    death it is over (HAS_PET: the pet's). ``inverse``: the same fact said the other way round; the one of the two that
    is ``canonical`` is stored. ``symmetric``: subject and object may change places. ``phrase``: how to say it, between
    subject and object.
    ``asked_by``: further words with which a question asks for it. ``said``: how it is said, for those that users
    add; the core's are said in ``engine/extraction/predicates.toml``.
    """

    name: Predicate
    category: Category = Category.SEMANTIC
    cardinality: Literal["one", "many"] = "many"
    fixed: bool = False
    symmetric: bool = False
    inverse: Predicate | None = None
    canonical: bool = True
    implies: tuple[Predicate, ...] = ()
    ends: tuple[Predicate, ...] = ()
    leaves: tuple[Predicate, ...] = ()
    until_death_of: tuple[Literal["subject", "object"], ...] = ()
    subject_type: str = "thing"
    object_type: str = "thing"
    phrase: str = ""
    asked_by: tuple[str, ...] = ()
    said: Said | None = None

    def sentence(self, subject: str, object: str) -> str:
        """The fact in words, for one that comes without a sentence: subject, phrase, object."""
        return f"{subject} {_agreeing(self.words(), subject)} {object}."

    def words(self) -> str:
        """What stands between subject and object in a sentence."""
        return self.phrase or self.name.lower().replace("_", " ")


_SEVERAL: Final = re.compile(r"['’]s (?:\w+ )?(?:\w+[^s\W]s|children|people)$")
_PLURAL: Final = {"is": "are", "has": "have", "was": "were", "does": "do"}


def _agreeing(words: str, subject: str) -> str:
    """The phrase with its first word in the plural, where the subject is several people: "Ana's parents live in"."""
    verb, blank, rest = words.partition(" ")
    if not _SEVERAL.search(subject):
        return words
    if verb not in _PLURAL:
        plain = f"{verb[:-3]}y" if verb.endswith("ies") else re.sub(r"(?<=sh|ch|ss)es$|(?<!s)s$", "", verb)
        return f"{plain}{blank}{rest}"
    return f"{_PLURAL[verb]}{blank}{rest}"


class Ontology:
    """Predicates and types by name."""

    def __init__(self, predicates: Iterable[PredicateSpec], types: Iterable[EntityType] = ()) -> None:
        self._by_name: Mapping[str, PredicateSpec] = {spec.name: spec for spec in predicates}
        self._types: Mapping[str, EntityType] = {each.name: each for each in types}
        for spec in self._by_name.values():
            for other in (*spec.implies, *spec.ends, *spec.leaves, *((spec.inverse,) if spec.inverse else ())):
                if other not in self._by_name:
                    raise ConfigurationError(f"predicate {spec.name} refers to {other}, which is not defined")

    def __getitem__(self, name: str) -> PredicateSpec:
        """The predicate's description; an unknown one holds many objects (a favourite, an e-mail address: one)."""
        known = self._by_name.get(name)
        if known is None and name.startswith("NOT_"):
            positive = self[name.removeprefix("NOT_")]
            return PredicateSpec(name=name, category=positive.category, symmetric=positive.symmetric)
        if known is None and name.startswith(_FAVOURITE):
            kind = name.removeprefix(_FAVOURITE).replace("_", " ").lower()
            phrase = f"has the favourite {kind}"
            return PredicateSpec(name=name, category=Category.PREFERENCE, cardinality="one", phrase=phrase)
        if known is None and _ONE_AT_A_TIME.match(name):
            return PredicateSpec(name=name, cardinality="one")
        return known or PredicateSpec(name=name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @staticmethod
    def opposite(name: str) -> str:
        """The predicate that says the contrary: NOT_EATS of EATS, and the other way round."""
        return name.removeprefix("NOT_") if name.startswith("NOT_") else f"NOT_{name}"[:64]

    def names(self) -> tuple[str, ...]:
        """All known predicates, sorted."""
        return tuple(sorted(self._by_name))

    # --- types ---------------------------------------------------------------------------------------------------

    @property
    def types(self) -> Mapping[str, EntityType]:
        """All known types, by name."""
        return self._types

    def wider(self, name: str) -> tuple[str, ...]:
        """The type and the types that it is a kind of, from the narrowest to the widest."""
        found = [name]
        while (known := self._types.get(found[-1])) is not None and known.kind_of and known.kind_of not in found:
            found.append(known.kind_of)
        return tuple(found)

    def types_agree(self, one: str, other: str) -> bool:
        """Whether two types may be the same entity's: equal, one a kind of the other, or one of them not known."""
        return UNTYPED in (one, other) or one in self.wider(other) or other in self.wider(one)

    def narrower(self, one: str, other: str) -> str:
        """Of two types that agree, the one that says more."""
        return other if one == UNTYPED or one in self.wider(other) else one


class _Predicates(Record):
    predicate: dict[str, dict[str, object]] = Field(default_factory=dict)


class _Types(Record):
    type: dict[str, dict[str, object]] = Field(default_factory=dict)


@cache
def core_ontology() -> Ontology:
    """The ontology that ships with factloom."""
    folder = resources.files("factloom.schemas")
    try:
        predicates = _Predicates(
            **tomllib.loads(folder.joinpath("predicates.toml").read_text(encoding="utf-8"))
        ).predicate
        types = _Types(**tomllib.loads(folder.joinpath("types.toml").read_text(encoding="utf-8"))).type
        return Ontology(
            [PredicateSpec(name=name, **fields) for name, fields in predicates.items()],
            [EntityType(name=name, **fields) for name, fields in types.items()],
        )
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"the core ontology cannot be used: {error}") from error


_in_use: ContextVar[Ontology | None] = ContextVar("factloom_ontology", default=None)


def ontology_in_use() -> Ontology:
    """The ontology of the memory that works in this thread; without one, the core."""
    return _in_use.get() or core_ontology()


@contextmanager
def using(ontology: Ontology) -> Iterator[None]:
    """Within, the rules that read messages and questions go by this ontology."""
    token = _in_use.set(ontology)
    try:
        yield
    finally:
        _in_use.reset(token)

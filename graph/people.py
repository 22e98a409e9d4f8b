"""People: whether two names, or two relations, can be one person's.

Names are compared by their parts: title, given name or initial, surname. What titles, nicknames and relatives are
called is data (``people.toml``), in English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from factloom.graph.entity_names import is_relational, without_qualifier
from factloom.schemas.naming import normalise_name

_SUFFIXES = frozenset({"jr", "sr", "junior", "senior", "ii", "iii", "iv"})
_NON_KIN = "other"
_ANY_KIN = "some"
_COUPLE = "couple"


@dataclass(frozen=True)
class _Data:
    titles: Mapping[str, str]
    formal: Mapping[str, frozenset[str]]
    kin: Mapping[str, str]


@cache
def _data() -> _Data:
    text = resources.files("factloom.graph").joinpath("people.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    formal: dict[str, set[str]] = {}
    for name, nicknames in tables["nicknames"].items():
        for short in (name, *nicknames.split()):
            formal.setdefault(short, set()).add(name)
    kin = {word: group for group, words in tables["kin"].items() for word in words.split()}
    return _Data(tables["titles"], {name: frozenset(names) for name, names in formal.items()}, kin)


@dataclass(frozen=True)
class PersonName:
    """The parts of a person's name, in small letters and without full stops. ``given`` may be an initial.

    After a title, a single name is a surname ("Dr. Silva"); else it is a given name.
    """

    title: str = ""
    given: str = ""
    middle: tuple[str, ...] = ()
    surname: str = ""
    suffix: str = ""

    @classmethod
    def read(cls, name: str) -> PersonName | None:
        """The parts of a name; None of one that only says whose somebody is, or that is nothing but a title."""
        if is_relational(name):
            return None
        words = [word.strip(".,") for word in normalise_name(without_qualifier(name)).split()]
        words = [word for word in words if word]
        title = ""
        while len(words) > 1 and words[0] in _data().titles:
            title = words.pop(0)
        suffix = words.pop() if len(words) > 1 and words[-1] in _SUFFIXES else ""
        if not words or (len(words) == 1 and words[0] in _data().titles):
            return None
        if len(words) == 1:
            given, surname = ("", words[0]) if title else (words[0], "")
            return cls(title=title, given=given, surname=surname, suffix=suffix)
        return cls(title=title, given=words[0], middle=tuple(words[1:-1]), surname=words[-1], suffix=suffix)

    @property
    def has_initial(self) -> bool:
        """Whether the given name is only an initial."""
        return len(self.given) == 1

    def differs_by_title(self, others: Iterable[str]) -> bool:
        """Whether one of these names has a title that this one's bearer cannot have: Mrs. Silva is no Mr. Silva."""
        read = [PersonName.read(other) for other in others]
        own = _data().titles.get(self.title, "")
        theirs = {_data().titles.get(other.title, "") for other in read if other is not None}
        return bool(own) and bool(theirs - {"", own})

    @property
    def is_full(self) -> bool:
        """Whether it has a given name in full and a surname."""
        return bool(self.surname) and len(self.given) > 1


def same_person(one: PersonName, other: PersonName) -> str | None:
    """Why two different names can be one person's; None if they cannot, or if nothing speaks for it."""
    titles = {_data().titles.get(name.title, "") for name in (one, other)} - {""}
    surnames = {name.surname for name in (one, other)} - {""}
    if len(titles) > 1 or len(surnames) > 1 or (one.suffix != other.suffix):
        return None
    same_surname = one.surname == other.surname != ""
    if not (one.given and other.given):
        return "a title and a surname" if same_surname else None
    if one.has_initial or other.has_initial:
        return "an initial and a surname" if same_surname and one.given[0] == other.given[0] else None
    if one.given == other.given:
        if not same_surname:
            return "a first name"
        return "a title" if one.middle == other.middle else _middle(one, other)
    nickname = not _data().formal.get(one.given, frozenset()).isdisjoint(_data().formal.get(other.given, ()))
    return "a nickname" if nickname and (same_surname or not (one.surname and other.surname)) else None


def _middle(one: PersonName, other: PersonName) -> str | None:
    """Middle names may be left out or given as initials, not differ."""
    if not (one.middle and other.middle):
        return "a middle name"
    same = len(one.middle) == len(other.middle) and all(
        a == b or (a[0] == b[0] and 1 in (len(a), len(b))) for a, b in zip(one.middle, other.middle, strict=True)
    )
    return "a middle name" if same else None


def other_keys(name: PersonName) -> Iterator[str]:
    """Keys under which the bearer of a name may be known: without the title, by nickname, by initial, by title."""
    data = _data()
    formal = data.formal.get(name.given, frozenset())
    given = {short for short, names in data.formal.items() if not names.isdisjoint(formal)} - {name.given}
    if not name.surname:
        yield from sorted(given)
        return
    if name.given:
        for first in (name.given, *sorted(given)):
            yield f"{first} {name.surname}"
    if name.is_full:
        yield from (f"{name.given[0]}. {name.surname}", f"{name.given[0]} {name.surname}")
        yield from (name.given, *sorted(given))
    for title in data.titles:
        yield from (f"{title}. {name.surname}", f"{title} {name.surname}")
        if name.is_full:
            yield from (f"{title}. {name.given} {name.surname}", f"{title} {name.given} {name.surname}")


def first_name(name: str) -> str | None:
    """The given name in a person's full name, as it is written there; None if it has none in full."""
    read = PersonName.read(name)
    if read is None or not read.is_full:
        return None
    return next((word for word in name.split() if normalise_name(word).strip(".,") == read.given), None)


def completes(name: str, other: str) -> bool:
    """Whether a person's name says more than another one: given name and surname, where that has not both in full."""
    one, known = PersonName.read(name), PersonName.read(other)
    return one is not None and known is not None and one.is_full and not known.is_full


def relations_conflict(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two people cannot be one by what they are said to be: somebody's brother, and his boss or his cousin.

    Names that say nothing of a relation are passed over, and relations to different people are not compared.
    """
    mine, theirs = _relations(one), _relations(other)
    for owner in mine.keys() & theirs.keys():
        if not any(_can_be_one(a, b) for a in mine[owner] for b in theirs[owner]):
            return True
    return False


def _can_be_one(one: str, other: str) -> bool:
    pair = {one, other}
    return one == other or pair == {_COUPLE, _NON_KIN} or (_ANY_KIN in pair and _NON_KIN not in pair)


def kin_of(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """By the key of somebody, as what blood kin of theirs these names call a person ("brother")."""
    found = {owner: frozenset(groups - {_NON_KIN, _ANY_KIN, _COUPLE}) for owner, groups in _relations(names).items()}
    return {owner: groups for owner, groups in found.items() if groups}


def _relations(names: Iterable[str]) -> dict[str, set[str]]:
    """By the key of whose they are: the groups of relatives that names tell of ("Ana's brother")."""
    found: dict[str, set[str]] = {}
    for name in names:
        key = normalise_name(name).replace("’", "'")
        owner, mark, noun = key.rpartition("'s ")
        if mark and not is_relational(owner):
            found.setdefault(normalise_name(owner), set()).add(_data().kin.get(noun, _NON_KIN))
    return found

"""Names of entities: what they tell of whom they mean, and whether two of them may mean one."""

from __future__ import annotations

from collections.abc import Iterable

from factloom.schemas.naming import normalise_name


def is_relational(name: str) -> bool:
    """Whether a name only says whose somebody is ("Ana's sister"), for want of a name of their own."""
    plain = without_qualifier(name)
    return "'s " in plain or "’s " in plain


def without_qualifier(name: str) -> str:
    """The name without what tells its bearer from others of the name: "John" of "John (Ana's boss)"."""
    return name.partition(" (")[0]


def words_of(text: str) -> frozenset[str]:
    """The words of a name or a sentence, each normalised as a name is."""
    return frozenset(normalise_name(word) for word in normalise_name(text).split())


def _words(key: str) -> frozenset[str]:
    return frozenset(key.split())


def names_compatible(one: str, other: str) -> bool:
    """Whether two keys may name one thing: the words of one are among the other's, and no number differs."""
    shorter, longer = sorted((_words(one), _words(other)), key=len)
    digits = {word for word in shorter ^ longer if any(c.isdigit() for c in word)}
    return bool(shorter) and shorter <= longer and not digits


def distinct_names(names: Iterable[str], key: str) -> tuple[str, ...]:
    """Names in order, without those that normalise to ``key`` or to an earlier one."""
    seen = {key}
    kept = []
    for name in names:
        alias = normalise_name(name)
        if alias not in seen:
            seen.add(alias)
            kept.append(name)
    return tuple(kept)
